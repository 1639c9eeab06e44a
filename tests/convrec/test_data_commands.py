"""``convrec data`` as a person calls it: through the command line's own entry, with its exit codes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest
from matplotlib.figure import Figure

from convrec import cli
from graph import datasets, storage
from graph.dataset import Dataset
from graph.places import Places
from graph.synthetic import make_synthetic

Run = Callable[..., tuple[int, str, str]]
SMALL = "synthetic:users=30,items=60,attributes=15"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty cache, an empty shared folder, and an empty folder to work in."""
    for folder in ("cache", "shared", "here"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CONVREC_SHARED", str(tmp_path / "shared"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path / "here")
    return Places(tmp_path / "cache", tmp_path / "shared")


@pytest.fixture
def run(places: Places, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["data", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def benchmark_folder(tmp_path: Path) -> Path:
    """Two users and three items in the layout of UNICORN; item 2 has no attribute."""
    files = {
        "Graph_generate_data/item_dict.json": {
            str(item): {"feature_index": [0] if item < 2 else []} for item in range(3)
        },
        "Graph_generate_data/user_dict.json": {"0": {"friends": [], "like": []}},
        "UI_Interaction_data/review_dict_train.json": {"0": [0], "1": [1]},
        "UI_Interaction_data/review_dict_valid.json": {"0": [1]},
        "UI_Interaction_data/review_dict_test.json": {"0": [2]},
    }
    for name, content in files.items():
        path = tmp_path / "mcr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path / "mcr"


def one_line(err: str) -> str:
    assert err.startswith("convrec: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    "command", [(), ("fetch",), ("import",), ("import", "mcr"), ("list",), ("show",), ("validate",)]
)
def test_every_command_has_help_with_an_example(run: Run, command: tuple[str, ...]) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert f"$ convrec data {' '.join(command)}".rstrip() in out


def test_list_says_what_is_ready_and_what_is_missing(run: Run, places: Places) -> None:
    datasets.keep(replace(make_synthetic(users=3, items=9, attributes=6), name="mine"), places)
    code, out, err = run("list")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert "not here yet" in out
    assert "movies has not been fetched; run: convrec data fetch movies" in out.splitlines()
    assert rows["mine"] == ["imported", "3", "9", "6", rows["mine"][-1]]
    assert set(rows) > {"movies-all", "lastfm", "lastfm_star"}


def test_import_keeps_the_data_set_and_says_what_is_odd(run: Run, places: Places, benchmark_folder: Path) -> None:
    code, out, _ = run("import", "mcr", str(benchmark_folder), "--name", "mine")
    assert code == 0
    assert "mine is imported: 2 users, 3 items, 1 attributes, 4 interactions" in out
    assert "! 1 items have no attribute, the first has the id 2" in out
    assert datasets.load("mine", places).interactions.n_edges == 4


@pytest.mark.parametrize(
    ("name", "says"), [("movies", "choose another --name"), ("../x", "cannot be the name"), ("X", "cannot be the name")]
)
def test_import_refuses_a_name(run: Run, places: Places, benchmark_folder: Path, name: str, says: str) -> None:
    code, _, err = run("import", "mcr", str(benchmark_folder), "--name", name)
    assert code == 2
    assert says in one_line(err)
    assert list(places.cache.iterdir()) == []


def test_import_names_what_is_damaged(run: Run, places: Places, benchmark_folder: Path) -> None:
    path = benchmark_folder / "UI_Interaction_data/review_dict_test.json"
    path.write_text('{"0": [0]}')
    code, _, err = run("import", "mcr", str(benchmark_folder), "--name", "mine")
    assert code == 2
    assert "user 0, item 0 stands in review_dict_train.json and review_dict_test.json" in one_line(err)
    assert list(places.cache.iterdir()) == []


def test_ctrl_c_in_an_import_leaves_nothing(
    run: Run, places: Places, benchmark_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "_replace_folder", interrupt)
    assert run("import", "mcr", str(benchmark_folder), "--name", "mine")[0] == 130
    assert list(places.datasets.iterdir()) == []


def test_fetch_shows_the_terms_and_builds(run: Run, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(make_synthetic(users=4, items=9, attributes=5), name="movies")

    def fetch(cache: Path, report: Callable[[str], None]) -> Path:
        report("the terms of use")
        (cache / "ml-100k").mkdir()
        return cache / "ml-100k"

    monkeypatch.setattr("graph.movielens.fetch_ratings", fetch)
    monkeypatch.setitem(datasets.RECIPES, "movies", replace(datasets.RECIPES["movies"], build=lambda _: small))
    code, out, err = run("fetch", "movies")
    assert code == 0
    assert "the terms of use" in err
    assert "movies is ready: 4 users, 9 items, 5 attributes" in out
    assert datasets.load("movies", places).fingerprint == small.fingerprint


@pytest.mark.parametrize(
    ("name", "says"),
    [("lastfm", "convrec data import mcr DIR"), ("movies-all", "built at first use"), ("x", "no such data set")],
)
def test_fetch_of_anything_else_says_what_to_do(run: Run, name: str, says: str) -> None:
    code, _, err = run("fetch", name)
    assert code == 2
    assert says in one_line(err)


def test_validate_says_that_all_is_well(run: Run) -> None:
    code, out, _ = run("validate", SMALL)
    assert code == 0
    assert "is sound: 30 users, 60 items, 15 attributes" in out
    assert "train alone" in out


def test_validate_names_every_problem(run: Run, places: Places) -> None:
    made = make_synthetic(users=4, items=9, attributes=5, interactions=4)
    history = made.interactions
    broken = replace(history, items=history.items * 0)
    names = ("same",) * 5
    catalogue = replace(made.catalogue, attribute_names=names, attribute_facet=made.catalogue.attribute_facet * 0)
    datasets.keep(replace(made, name="broken", interactions=broken, catalogue=catalogue), places)
    code, out, err = run("validate", "broken")
    assert code == 2
    assert "two attributes of the facet 'facet 1' are called 'same'" in out
    assert "interactions stand there twice" in out
    assert "(and 1 more)" in one_line(err)


def test_show_tells_sizes_splits_facets_and_a_neighbourhood(run: Run) -> None:
    code, out, _ = run("show", SMALL, "--item", "item 7")
    assert code == 0
    assert "CC0: generated" in out
    assert [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│ t") and "│" in line[2:]] == [
        "train",
        "test",
    ]
    assert "closed" in out
    tree = out[out.index("\nitem 7\n") :]
    dataset = datasets.load(SMALL, Places(Path()))
    for attribute in dataset.catalogue.attributes_of(7):
        assert f"{dataset.catalogue.attribute_names[attribute]}  " in tree
    assert "nearest items" in tree


def test_show_of_a_catalogue_alone_has_no_splits(run: Run) -> None:
    code, out, _ = run("show", "synthetic:users=0,items=50,attributes=9")
    assert code == 0
    assert "everybody is a stranger" in out
    assert "valid" not in out


def test_names_are_shown_as_text_and_cannot_drive_the_terminal(run: Run, places: Places) -> None:
    made = make_synthetic(users=0, items=9, attributes=5)
    titles = ("[red]loud[/red]\x1b[2J", *made.catalogue.titles[1:])
    tricky: Dataset = replace(made, name="tricky", catalogue=replace(made.catalogue, titles=titles))
    datasets.keep(tricky, places)
    code, out, _ = run("show", "tricky", "--item", "0")
    assert code == 0
    assert "[red]loud[/red] [2J" in out
    assert "\x1b[2J" not in out


def test_show_draws_and_writes_where_it_is_told(run: Run) -> None:
    code, out, _ = run("show", SMALL, "--picture", "a.png", "--graphml", "a.graphml")
    assert code == 0
    assert "drawn: a.png" in out
    assert "nearest items" not in out
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert nx.read_graphml("a.graphml").number_of_nodes() == 30 + 60 + 15


def test_a_picture_without_a_name_is_named_after_the_data_set(run: Run) -> None:
    assert run("show", "synthetic:users=0,items=20,attributes=9", "--picture")[0] == 0
    assert [path.name for path in Path().iterdir()] == ["synthetic-users=0,items=20,attributes=9-neighbourhood.png"]


def test_nothing_is_written_unless_asked(run: Run) -> None:
    assert run("show", SMALL)[0] == 0
    assert list(Path().iterdir()) == []


def test_ctrl_c_while_drawing_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: Figure, path: Path, **__: object) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", interrupt)
    assert run("show", SMALL, "--picture", "a.png")[0] == 130
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "lastfn"), "did you mean lastfm"),
        (("show", "movies"), "run: convrec data fetch movies"),
        (("show", "../etc"), "no data set '../etc'"),
        (("show", "synthetic:items=x"), "'x' is not a whole number for items"),
        (("show", SMALL, "--item", "nobody's"), "no item \"nobody's\""),
        (("show", SMALL, "--picture", "a.bmp"), "end the name in .png, .svg, .pdf"),
        (("show", SMALL, "--picture", "no/a.png"), "--picture no/a.png: lies in"),
        (("show", SMALL, "--graphml", "no/a.xml"), "--graphml no/a.xml: lies in"),
        (("import", "mcr", "nowhere", "--name", "x"), "nowhere: no such folder"),
        (("validate", "lastfm"), "convrec data import mcr DIR --name lastfm"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(run: Run, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in one_line(err)
    assert list(Path().iterdir()) == []
