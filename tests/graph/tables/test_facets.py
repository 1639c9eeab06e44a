"""What columns say of items: words, yes or no, numbers, ranges, an order, or nothing that can be asked about."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from graph.errors import DataError
from graph.tables.columns import Builder
from graph.tables.facets import LONGEST_NAME, FacetColumn, LeftOut, make_facet
from graph.tables.options import TableOptions
from graph.tables.table import Table


def made(
    cells: Sequence[str], name: str = "colour", order: Sequence[str] = (), **options: object
) -> FacetColumn | LeftOut:
    builder = Builder(name)
    builder.add(cells)
    column = builder.finish()
    table = Table(Path("t.csv"), {name: column}, np.arange(2, len(cells) + 2))
    return make_facet(table, column, TableOptions(**options), order)  # type: ignore[arg-type]


def facet(cells: Sequence[str], name: str = "colour", order: Sequence[str] = (), **options: object) -> FacetColumn:
    found = made(cells, name, order, **options)
    assert isinstance(found, FacetColumn), found
    return found


def why(cells: Sequence[str], name: str = "colour", **options: object) -> str:
    found = made(cells, name, **options)
    assert isinstance(found, LeftOut), found
    assert found.column == name
    return found.why


def held(found: FacetColumn) -> list[list[str]]:
    return [[found.names[attribute] for attribute in found.held.row(item)] for item in range(found.held.n_rows)]


def test_words_stand_in_the_order_of_the_alphabet() -> None:
    found = facet(["red", "blue", "", "Azure", "red", "blue", "Azure", "n/a"])
    assert (found.kind, found.names, found.ordered) == ("words", ("Azure", "blue", "red"), False)
    assert held(found) == [["red"], ["blue"], [], ["Azure"], ["red"], ["blue"], ["Azure"], []]
    assert found.recorded.tolist() == [True, True, False, True, True, True, True, False]


def test_a_cell_may_hold_several_values() -> None:
    found = facet(["a|b", " b | a|", "|", "b||b"])
    assert held(found) == [["a", "b"], ["a", "b"], [], ["b"]]
    assert held(facet(["a; b", "b", "a"], separator=";")) == [["a", "b"], ["b"], ["a"]]


def test_spellings_in_another_case_are_one_value_called_as_most_write_it() -> None:
    found = facet(["Red", "red", "red", "RED|red", "blue", "Blue"])
    assert found.names == ("blue", "red")
    assert held(found) == [["red"], ["red"], ["red"], ["red"], ["blue"], ["blue"]]
    assert found.n_respelled == 3


def test_what_a_single_item_has_is_known_but_no_attribute() -> None:
    found = facet(["a", "a", "b", "c|a"])
    assert found.names == ("a",)
    assert found.recorded.all()
    assert found.n_rare == 2
    assert facet(["a", "a", "b", "c|a"], least_items=1).names == ("a", "b", "c")
    assert facet(["a", "a", "b", "b", "a"], least_items=3).names == ("a",)


@pytest.mark.parametrize("written", [("yes", "no"), ("TRUE", "False"), ("1", "0"), ("Y", "n")])
def test_yes_and_no_are_called_so_however_they_are_written(written: tuple[str, str]) -> None:
    yes, no = written
    found = facet([yes, no, "", no.lower(), yes.upper()], "water_proof")
    assert (found.kind, found.name, found.names, found.ordered) == ("yes or no", "water proof", ("yes", "no"), False)
    assert held(found) == [["yes"], ["no"], [], ["no"], ["yes"]]


def test_few_numbers_stay_themselves_in_their_order() -> None:
    found = facet(["10", "9", "9.0", "10", "100", "100", ""])
    assert (found.kind, found.names, found.ordered) == ("numbers", ("9", "10", "100"), True)
    assert held(found) == [["10"], ["9"], ["9"], ["10"], ["100"], ["100"], []]
    assert facet(["8 GB", "16 GB"] * 3).names == ("8 GB", "16 GB")


def test_many_numbers_become_ranges() -> None:
    found = facet([str(number) for number in range(0, 500, 5)], "price")
    assert found.names == ("under 100", "100 to 199", "200 to 299", "300 to 399", "400 and more")
    assert (found.kind, found.ordered) == ("ranges", True)
    assert held(found)[20:22] == [["100 to 199"], ["100 to 199"]]
    several = facet(["1|90", "5|50", "99", *(str(number) for number in range(100))], "size")
    assert held(several)[:3] == [["under 20", "80 and more"], ["under 20", "40 to 59"], ["80 and more"]]


def test_of_dates_the_year_is_kept() -> None:
    found = facet(["2020-05-01", "2020-06-30T12:00", "2021-01-01", "", "2021-12-31 08:00"])
    assert (found.kind, found.names) == ("numbers", ("2020", "2021"))
    assert held(found) == [["2020"], ["2020"], ["2021"], [], ["2021"]]
    assert facet([f"{year}-01-01" for year in range(1950, 2020)]).names[0] == "under 1960"
    assert facet(["2020-05-01", "2020-05-01", "soon", "soon"]).kind == "words"


def test_an_order_that_is_given_is_kept() -> None:
    found = facet(["m", "S", "XL", "s|M", "xl"], "size", ("S", "M", "L", "XL"))
    assert (found.kind, found.names, found.ordered) == ("in order", ("S", "M", "XL"), True)
    assert held(found) == [["M"], ["S"], ["XL"], ["S", "M"], ["XL"]]
    assert facet(["2", "10", "2", "10"], "age", ("10", "2")).names == ("10", "2")


def test_a_value_without_a_place_in_the_order_is_named() -> None:
    with pytest.raises(DataError, match=r"t.csv: line 4, column 'size': 'XXL' has no place in --order S,M; .*1 more"):
        made(["S", "M", "M|XXL", "XXL", "L"], "size", ("S", "M"))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["", " ", "n/a", "NaN", "null", "|"], "every cell is empty"),
        (["a", "b", "c"], "no value is shared by 2 items"),
        ([f"v{number}" for number in range(100)] + ["x"] * 2, "nearly every item has a value of its own (101 values"),
        (["EUR"] * 5, "it is 'EUR' wherever it is anything"),
        (["yes", "", "yes"], "it is 'yes' wherever it is anything, an empty cell says nothing; write no where"),
        ([str(4_006_381_333_931 + 7 * number) for number in range(40)], "its numbers are codes, such as 4006381333931"),
        ([str(number) for number in range(7, 40)], "it counts the rows, from 7 to 39"),
        (["1", "2", "3", "4", "5", "ca. 6"], "no value is shared by 2 items; taken as words: 'ca. 6' is not a number"),
        (["1 g", "2 g", "3 kg"], "no value is shared by 2 items; taken as words: its units differ"),
    ],
)
def test_columns_that_tell_nothing_or_everything_are_left_out(cells: list[str], says: str) -> None:
    assert says in why(cells)


def test_prices_are_a_quantity_even_where_all_differ() -> None:
    assert facet([str(100 + 3 * number) for number in range(60)], "price").kind == "ranges"
    assert facet([f"{number}.99" for number in range(60)], "price").kind == "ranges"


def test_a_column_that_is_asked_for_stays_while_anything_is_left_of_it() -> None:
    codes = [str(4_006_381_333_931 + 7 * number) for number in range(40)]
    assert facet(codes, "ean", facets=("ean",)).kind == "ranges"
    assert facet(["yes", "", "yes"], facets=("colour",)).names == ("yes",)
    assert facet([f"v{number}" for number in range(100)] + ["x"] * 2, facets=("colour",)).names == ("x",)
    assert why(["a", "b"], facets=("colour",)) == "no value is shared by 2 items"


def test_numbers_that_became_words_are_remarked_on() -> None:
    found = facet(["10", "10", "20", "20", "30", "30", "40", "40", "50", "50", "about 60", "about 60"])
    assert (found.kind, found.remark) == ("words", "taken as words: 'about 60' is not a number")


def test_several_values_between_another_sign_are_suspected() -> None:
    cells = ["folk, pop", "pop, rock", "folk, pop", "pop, rock", "rock", "rock"]
    assert facet(cells).remark == "cells hold ','; if that stands between several values, give --separator ','"
    assert facet(cells, separator=",").remark == ""
    assert facet(cells, separator=",").names == ("folk", "pop", "rock")
    assert facet(["a", "b", "c, d"] * 2).remark == ""


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Screen_Size", "screen size"), ("USB ports", "USB ports"), ("brand", "brand"), ("iOS", "iOS"),
        ("x" * 200, "x" * (LONGEST_NAME - 1) + "…"), ("<b>", "<b>"),
    ],
)  # fmt: skip
def test_facets_are_called_as_in_a_sentence(column: str, name: str) -> None:
    assert facet(["a", "b"] * 2, column).name == name


def test_long_values_are_cut_and_then_may_be_one() -> None:
    found = facet(["y" * 500 + "1", "y" * 500 + "2", "x", "x"])
    assert found.names == ("x", "y" * (LONGEST_NAME - 1) + "…")
