"""``convrec data add-items`` as a person calls it, and the conversation that follows."""

import json
from pathlib import Path

import pytest

from graph import datasets
from graph.places import Places
from graph.tables import example_shop as shops
from tests.convrec.at_a_terminal import Run, places, run

__all__ = ["places", "run"]  # fixtures


@pytest.fixture
def shop(run: Run) -> Run:
    """A shop of 120 instruments; hands out ``run``."""
    shops.write_table(Path("shop.csv"), shops.instruments(120))
    assert run("data", "import", "table", "--items", "shop.csv", "--name", "shop", "--noun", "instrument")[0] == 0
    return run


NEW = """\
id,title,year,kind,brand,style,price,shine
N-1,Old lute,1990,Lute,Aria,folk|baroque,80,much
N-2,Older lute,1980,lute,aria,baroque,800,little
N-3,Small banjo,,banjo,Salvi,,,
"""

REPORT = """\
 facet   from    known for   values met   new attributes
─────────────────────────────────────────────────────────
 kind    kind         100%            1   'Lute'
 brand   brand        100%            1
 style   style         67%            1   'baroque'
 price   price         67%            2
rows read   new.csv 3
left out    'shine': no facet of shop
rare        'brand': 1 value of fewer than 2 new items, never asked about: 'Salvi'
not there   'wood', 'weight', 'level', 'left handed', 'strings': unknown for the new items
"""


def test_the_report_says_what_became_of_the_table_and_a_dry_run_keeps_nothing(shop: Run, places: Places) -> None:
    before = datasets.load("shop", places).fingerprint
    Path("new.csv").write_text(NEW)
    code, out, err = shop("data", "add-items", "new.csv", "--data", "shop", "--least", "2", "--dry-run")
    assert (code, err) == (0, "")
    assert [line.rstrip() for line in out.splitlines()][: len(REPORT.splitlines())] == REPORT.splitlines()
    assert "popularity  3 items without one: taken as " in out
    assert "3 items can be added to shop: shop would have 123 items" in out
    assert "nothing is kept (--dry-run)" in out
    assert datasets.load("shop", places).fingerprint == before


def test_new_items_are_found_in_the_next_conversation(shop: Run, places: Places) -> None:
    rows = shops.instruments(160, seed=3)[120:]
    for number, row in enumerate(rows):
        row["id"], row["popularity"] = f"N-{number}", 1_000_000
    shops.write_table(Path("new.csv"), rows)
    code, out, _ = shop("data", "add-items", "new.csv", "--data", "shop")
    assert code == 0
    assert "40 items are added to shop: shop has 160 items" in out
    assert "next: convrec chat --data shop" in out
    found = datasets.load("shop", places)
    assert [(each.name, each.n_items) for each in found.grown_from] == [("shop", 120)]
    assert shop("data", "validate", "shop")[0] == 0
    assert "grown from" in shop("data", "show", "shop", "--item", "N-7")[1]
    for policy in ("bayes", "unified"):
        talk = ("evaluate", "--data", "shop", "--policy", policy, "--dialogues", "40", "--json", "out.json")
        assert shop(*talk, "--dialogues-out", "said.jsonl")[0] == 0
        (row,) = json.loads(Path("out.json").read_text())["results"]
        assert row["sr"]["15"] > 0.9
        said = [json.loads(line) for line in Path("said.jsonl").read_text().splitlines()]
        assert sum(each["item"].startswith("N-") for each in said) > 35, "they are what is sought"


def test_what_convrec_brings_along_grows_under_a_name_of_its_own(run: Run, places: Places) -> None:
    columns = "id,title,year,genre,director,actor"
    films = f"{columns}\n90000001,Arrival,2016,Drama,Denis Villeneuve,Amy Adams|Jeremy Renner\n"
    Path("films.csv").write_text(films)
    code, _, err = run("data", "add-items", "films.csv", "--data", "movies-all")
    assert code == 2
    assert "'movies-all' is made from its source and never changed; give --name" in err
    code, out, _ = run("data", "add-items", "films.csv", "--data", "movies-all", "--name", "my-films")
    assert code == 0
    assert "1 item is added to movies-all: my-films has 17,473 items" in out
    code, out, _ = run("data", "list")
    assert "my-films" in out
    assert run("data", "show", "my-films", "--item", "Arrival")[0] == 0
    talk = ("evaluate", "--data", "my-films", "--policy", "bayes", "--dialogues", "10", "--json", "out.json")
    assert run(*talk)[0] == 0
    (row,) = json.loads(Path("out.json").read_text())["results"]
    assert row["tuned_for"]["data"] == "movies-all", "the rule is that of what it grew from"


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (NEW.replace("N-2", "MS-1001"), (), "new.csv: line 3, column 'id': 'MS-1001' is the id of an item of shop"),
        (NEW.replace("N-2", "N-1"), (), "new.csv: line 3, column 'id': 'N-1' stands in an earlier row too"),
        ("id,title,wod\n1,A,oak\n", (), "no column is a facet of shop"),
        (NEW, ("--column", "title"), "--column title: write it as title=NAME"),
        (NEW, ("--column", "brnd=brand"), "no column or facet of ours 'brnd'; did you mean 'brand'?"),
        (NEW, ("--separator", "a"), "--separator 'a': would cut words"),
        (NEW, ("--data", "shpo"), "no data set 'shpo'; did you mean shop"),
        (NEW, ("--name", "movies"), "'movies' is the name of a data set that convrec brings along"),
        (NEW, ("--encoding", "klingon"), "no such encoding"),
    ],
)
def test_bad_input_is_one_line_and_keeps_what_was_there(
    shop: Run, places: Places, table: str, options: tuple[str, ...], message: str
) -> None:
    before = sorted(path.name for path in places.datasets.iterdir()), datasets.load("shop", places).fingerprint
    Path("new.csv").write_text(table)
    code, out, err = shop("data", "add-items", "new.csv", "--data", "shop", *options)
    assert code == 2
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1
    after = sorted(path.name for path in places.datasets.iterdir()), datasets.load("shop", places).fingerprint
    assert after == before


def test_names_stay_text_in_the_report(shop: Run) -> None:
    nasty = "[red]x[/red]"
    Path("new.csv").write_text(f"id,title,kind,{nasty}\nN-1,{nasty},{nasty},{nasty}\nN-2,{nasty},{nasty},{nasty}\n")
    code, out, _ = shop("data", "add-items", "new.csv", "--data", "shop", "--least", "2")
    assert code == 0
    assert f"'{nasty}'" in out
