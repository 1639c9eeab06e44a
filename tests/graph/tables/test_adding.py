"""New items come to a catalogue by a table."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph.dataset import Dataset
from graph.errors import ConvrecError
from graph.item_attribute_graph import ItemAttributeGraph
from graph.tables import TableOptions, import_table
from graph.tables import example_shop as shops
from graph.tables.adding import AddReport, add_items
from graph.tables.placing import ANOTHER
from tests.worlds import closed_world, item, open_world

Add = Callable[..., tuple[Dataset, AddReport]]


@pytest.fixture
def add(tmp_path: Path) -> Add:
    """Add texts as they would stand in a file."""

    def add(text: str, to: Dataset | None = None, **options: object) -> tuple[Dataset, AddReport]:
        path = tmp_path / "new.csv"
        path.write_text(text)
        chosen = TableOptions(**{"least_items": 2} | options)  # type: ignore[arg-type]
        return add_items(open_world() if to is None else to, path, "grown", chosen)

    return add


@pytest.fixture
def shop(tmp_path: Path) -> Dataset:
    path = shops.write_table(tmp_path / "shop.csv", shops.instruments(200))
    return import_table("shop", path, options=TableOptions(noun="instrument"))[0]


def has(dataset: Dataset, title: str) -> set[str]:
    place = item(dataset.catalogue, title)
    return {dataset.catalogue.describe_attribute(each) for each in dataset.catalogue.attributes_of(place)}


def notes(report: AddReport, heading: str) -> list[str]:
    return [text for each, text in report.notes if each == heading]


def refused(add: Add, text: str, to: Dataset | None = None, **options: object) -> str:
    with pytest.raises(ConvrecError) as caught:
        add(text, to, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_facets_and_values_are_found_by_name_in_any_case(add: Add) -> None:
    grown, report = add("id,title,year,GENRE,Director\n7,Ali,2001,Drama|CRIME,michael mann\n")
    assert has(grown, "Ali") == {"genre: drama", "genre: crime", "director: Michael Mann"}
    assert grown.catalogue.describe_item(7) == "Ali (2001)"
    assert (grown.catalogue.item_ids[-1], grown.interactions.n_items, grown.name) == (7, 8, "grown")
    assert [(each.name, each.source, each.n_known, each.n_values, each.new) for each in report.found] == [
        ("genre", "GENRE", 1, 2, ()), ("director", "Director", 1, 1, ()),
    ]  # fmt: skip
    assert report.n_added == 1
    assert ItemAttributeGraph(grown).findings().problems == ()


def test_what_was_there_stays_in_its_place(add: Add) -> None:
    old = open_world()
    grown, _ = add("id,title,genre\n7,Ali,sport|drama\n8,Rush,sport\n", old)
    before, after = old.catalogue, grown.catalogue
    n_attributes = before.n_attributes
    assert after.attribute_names == (*before.attribute_names, "sport")
    assert after.attribute_ids.tolist() == [*before.attribute_ids.tolist(), before.attribute_ids.max() + 1]
    assert after.vocabulary_of_first(n_attributes) == before.vocabulary != after.vocabulary
    assert [after.attributes_of(each).tolist() for each in range(7)] == [
        before.attributes_of(each).tolist() for each in range(7)
    ]
    assert (after.known[:7] == before.known).all()
    assert grown.interactions.users.tolist() == old.interactions.users.tolist()


def test_new_attributes_of_several_facets_do_not_get_mixed_up(add: Add) -> None:
    grown, report = add(
        "id,title,genre,director\n7,A,sport|heist,Sofia Coppola\n8,B,heist|sport,Sofia Coppola|Ang Lee\n"
        "9,C,drama,Ang Lee\n"
    )
    assert [each.new for each in report.found] == [("heist", "sport"), ("Ang Lee", "Sofia Coppola")]
    both = {"genre: heist", "genre: sport", "director: Sofia Coppola"}
    assert [has(grown, title) for title in "ABC"] == [
        both, both | {"director: Ang Lee"}, {"genre: drama", "director: Ang Lee"},
    ]  # fmt: skip


def test_a_value_of_too_few_is_known_and_no_attribute(add: Add) -> None:
    grown, report = add("id,title,genre\n7,Ali,sport\n8,Rush,\n9,Speed,action\n10,Crank,Action\n")
    assert has(grown, "Ali") == has(grown, "Rush") == set()
    genre = grown.catalogue.facet_index("genre")
    assert grown.catalogue.known[7:, genre].tolist() == [True, False, True, True]
    assert has(grown, "Speed") == has(grown, "Crank") == {"genre: action"}
    assert notes(report, "rare") == ["'genre': 1 value of fewer than 2 new items, never asked about: 'sport'"]
    assert [each.new for each in report.found] == [("action",)]
    assert notes(report, "note") == ["2 items without any attribute: nobody can say it is what they look for"]


def test_several_spellings_are_one_new_attribute_of_the_commonest(add: Add) -> None:
    grown, _ = add("id,title,genre\n7,A,Sport\n8,B,sport|SPORT\n9,C,sport\n10,D,heist|sport\n11,E,heist\n")
    assert grown.catalogue.attribute_names[-2:] == ("heist", "sport")
    assert has(grown, "B") == {"genre: sport"}


def test_another_value_is_known_and_never_an_attribute(add: Add) -> None:
    grown, report = add(f"id,title,genre,director\n7,A,{ANOTHER},Robert Altman\n8,B,{ANOTHER}|drama,\n")
    assert has(grown, "A") == {"director: Robert Altman"}
    assert has(grown, "B") == {"genre: drama"}
    assert grown.catalogue.known[7:].tolist() == [[True, True], [True, False]]
    assert notes(report, "rare") == []


def test_in_a_closed_world_an_empty_cell_lacks_everything(add: Add) -> None:
    grown, _ = add("id,title,genre\n7,A,\n8,B,drama\n", closed_world())
    assert grown.catalogue.known.all()
    assert grown.catalogue.recorded is None


def test_numbers_fall_into_the_ranges_of_an_imported_catalogue(add: Add, shop: Dataset) -> None:
    header = "id,title,price,weight,left handed,strings,Brand\n"
    grown, report = add(f"{header}N-1,Lute,19.5,850 g,true,8,ARIA\nN-2,Harp,999,90000,no,47,Salvi\n", shop)
    assert has(grown, "Lute") >= {"left handed: yes", "strings: 8", "brand: Aria"}
    names = {"price": shop, "weight": shop}
    for facet, first_and_last in names.items():
        place = first_and_last.catalogue.facet_index(facet)
        own = [
            name
            for name, each in zip(shop.catalogue.attribute_names, shop.catalogue.attribute_facet, strict=True)
            if each == place
        ]
        assert f"{facet}: {own[0]}" in has(grown, "Lute") or facet == "weight"
        assert f"{facet}: {own[-1]}" in has(grown, "Harp")
    assert "left handed: no" in has(grown, "Harp")
    assert grown.catalogue.item_keys is not None
    assert grown.catalogue.item_keys[-2:] == ("N-1", "N-2")
    assert len(np.unique(grown.catalogue.item_ids)) == 202
    assert grown.catalogue.texts is not None
    assert grown.catalogue.texts[-1] == ""
    assert any("'strings'" in text and "'47'" in text for text in notes(report, "rare"))


def test_decades_follow_from_the_years(add: Add, tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text(
        "id,title,genre,decade\n" + "".join(f"{n},t,{'ab'[n % 2]},{1980 + n % 3 * 10}s\n" for n in range(12))
    )
    films = import_table("films", path, options=TableOptions(orders={"decade": ("1980s", "1990s", "2000s")}))[0]
    table = "id,title,genre,year\n20,A,a,1994\n21,B,a,2021\n22,C,a,2023\n23,D,a,1951\n24,E,a,1952\n25,F,a,\n"
    grown, report = add(table, films)
    assert [sorted(has(grown, title) - {"genre: a"}) for title in "ABCDEF"] == [
        ["decade: 1990s"], ["decade: 2020s"], ["decade: 2020s"], [], [], [],
    ]  # fmt: skip
    assert [(each.name, each.source) for each in report.found] == [("genre", "genre"), ("decade", "year")]
    assert "no place in the order" in notes(report, "rare")[0]
    said, _ = add("id,title,genre,year,decade\n20,A,a,1994,1980s\n21,B,a,2021,\n", films)
    assert has(said, "A") == {"genre: a", "decade: 1980s"}
    assert has(said, "B") == {"genre: a"}


def test_how_sought_they_are_is_the_median_unless_it_is_said(add: Add) -> None:
    world = open_world()
    sought = replace(world, catalogue=replace(world.catalogue, popularity=np.arange(7, dtype=np.float32)))
    grown, report = add("id,title,genre,popularity\n7,A,drama,50\n8,B,drama,\n", sought)
    assert grown.catalogue.popularity[7:].tolist() == [50, 3]
    assert notes(report, "popularity") == [
        "1 item without one: taken as 3, the median of those there were",
        "up to 50, but of the items there were up to 6: on one scale?",
    ]
    assert add("id,title,genre\n7,A,drama\n", sought)[0].catalogue.popularity[7] == 3


def test_where_all_count_alike_new_ones_do_too(add: Add) -> None:
    """What is learned takes a popularity of 1 for one that nobody knows."""
    grown, report = add("id,title,genre,popularity\n7,A,drama,50\n")
    assert grown.catalogue.popularity.tolist() == [1] * 8
    assert notes(report, "left out") == ["the popularity: all items there were count as equally sought"]
    assert notes(report, "popularity") == []


def test_where_it_comes_from_and_what_may_be_done_with_it(add: Add) -> None:
    grown, _ = add("id,title,genre\n7,A,drama\n", licence="mine")
    assert (grown.source, grown.licence) == ("made by hand; items of new.csv", "CC0; items of new.csv: mine")
    assert add("id,title,genre\n7,A,drama\n", licence="CC0")[0].licence == "CC0"


def test_columns_that_are_no_facet_are_told_with_a_guess(add: Add) -> None:
    _, report = add("id,title,genres,director,text\n7,A,drama,Robert Altman,nice\n")
    assert notes(report, "left out") == [
        "'genres': no facet of by hand; if it is 'genre', give --column 'genre'='genres'",
        "'text': the items there were have no descriptions",
    ]
    assert notes(report, "not there") == ["'genre': unknown for the new items"]
    grown, _ = add("name,code,genres\nA,7,drama\n", called={"title": "name", "id": "code", "genre": "Genres"})
    assert has(grown, "A") == {"genre: drama"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,title,genre\n501,A,drama\n", "line 2, column 'id': '501' is the id of an item of by hand already"),
        ("id,title,genre\n7,A,drama\n8,B,drama\n7,A,drama\n", "line 4, column 'id': '7' stands in an earlier row too"),
        ("id,title,genre\nA-7,A,drama\n", "line 2, column 'id': 'A-7' is no whole number; give every item one"),
        ("id,title,genre\n,A,drama\n", "line 2, column 'id': an empty cell is no id"),
        ("id,title,genre\n7,,drama\n", "line 2, column 'title': an empty cell is no title"),
        ("id,title,genre,year\n7,A,drama,soon\n", "line 2, column 'year': 'soon' is not a year"),
        ("id,title,colour\n7,A,red\n", "no column is a facet of by hand, which are 'genre', 'director'; rename"),
        ("title,genre\nA,drama\n", "no column 'id'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(add: Add, text: str, message: str) -> None:
    assert message in refused(add, text)


def test_ids_of_an_imported_catalogue_are_compared_as_they_are_written(add: Add, shop: Dataset) -> None:
    assert "'MS-1000' is the id of an item of shop already" in refused(add, "id,title,kind\nMS-1000,A,bass\n", shop)
    assert add("id,title,kind\nms-1000,A,bass\n", shop)[0].catalogue.n_items == 201


@pytest.mark.parametrize(
    ("called", "message"),
    [
        ({"genres": "x"}, "--column genres=x: no column or facet of ours 'genres'; did you mean 'genre'?"),
        ({"title": "nam"}, "--column title=nam: no column 'nam'; did you mean 'name'?"),
    ],
)
def test_options_that_name_nothing_are_refused(add: Add, called: dict[str, str], message: str) -> None:
    assert message in refused(add, "id,name,genre\n7,A,drama\n", called=called)
