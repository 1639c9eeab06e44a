"""Which attribute a value in a cell stands for."""

import numpy as np
import pytest

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.tables.numbers import cut_ranges, name_ranges, read_numbers, read_range
from graph.tables.placing import NOWHERE, FacetValues, split_cells
from graph.tables.table import Column
from tests.graph.tables.test_numbers import ranges_of


def values_of(*names: str, ordered: bool = True, decimal_comma: bool = False) -> FacetValues:
    """A facet with these attributes, behind one of another facet."""
    n_attributes = 1 + len(names)
    catalogue = Catalogue(
        np.arange(1), ("t",), np.zeros(1, np.int16), np.ones(1, np.float32),
        (Facet("other"), Facet("facet", ordered=ordered)), np.arange(n_attributes), ("red", *names),
        np.array([0] + [1] * len(names), np.int16), CSR.from_pairs([], [], 1, n_attributes),
    )  # fmt: skip
    return FacetValues(catalogue, 1, decimal_comma)


PRICES = ("under 20", "20 to 49", "50 to 99", "100 and more")
MINUTES = ("under 90 minutes", "90 to 104 minutes", "105 to 119 minutes", "150 minutes or more")


@pytest.mark.parametrize(
    ("names", "value", "place"),
    [
        (PRICES, "20 to 49", 2),
        (PRICES, "UNDER 20", 1),
        (PRICES, "19.99", 1),
        (PRICES, "20", 2),
        (PRICES, "49.5", 2),
        (PRICES, "50", 3),
        (PRICES, "1,000", 4),
        (PRICES, "-3", 1),
        (PRICES, "$20", NOWHERE),
        (PRICES, "dear", NOWHERE),
        (MINUTES, "89", 1),
        (MINUTES, "90 minutes", 2),
        (MINUTES, "150", 4),
        (MINUTES, "130", NOWHERE),
        (MINUTES, "90 km", NOWHERE),
        (("$10 to under $20", "$20 and more"), "$19.99", 1),
        (("$10 to under $20", "$20 and more"), "20", 2),
        (("1980s", "1990s"), "1987", 1),
        (("1980s", "1990s"), "2001", NOWHERE),
        (("4", "5", "6"), "5.0", 2),
        (("4", "5", "6"), "7", NOWHERE),
        (("4", "6 to 9"), "5", NOWHERE),
    ],
)
def test_a_number_falls_into_its_range_where_there_is_one(names: tuple[str, ...], value: str, place: int) -> None:
    assert values_of(*names).find(value) == place


def test_without_an_order_only_names_count() -> None:
    tags = values_of("1980s", "rock", "Rock", "100 and more", ordered=False)
    assert [tags.find(each) for each in ("1985", "rock", "Rock", "ROCK", "200", "red")] == [-1, 2, 3, 2, -1, -1]


def test_yes_and_no_in_any_usual_spelling() -> None:
    said = values_of("yes", "no", ordered=False)
    assert [said.find(each) for each in ("yes", "True", "1", "y", "No", "false", "0", "perhaps")] == [1] * 4 + [
        2
    ] * 3 + [NOWHERE]
    assert values_of("yes", ordered=False).find("no") == NOWHERE


def test_a_long_value_is_found_by_what_the_importer_kept_of_it() -> None:
    long = "soft and warm " * 10
    assert values_of(f"{long[:79].rstrip()}…", ordered=False).find(long.strip()) == 1


def test_with_decimal_commas() -> None:
    assert values_of(*PRICES, decimal_comma=True).find("19,99") == 1
    assert values_of(*PRICES, decimal_comma=True).find("1.000") == 4


@pytest.mark.parametrize(
    ("names", "value", "begins"),
    [
        (("1980s", "1990s"), "2020s", 2020), (("1980s", "1990s"), "1970s", None), (("1980s", "2000s"), "1990s", None),
        (("4", "5"), "12", 12), (("4", "5"), "3", None), (PRICES, "200", None), (("S", "M"), "XL", None),
        (("1980s", "old"), "2020s", None),
    ],
)  # fmt: skip
def test_a_new_value_has_a_place_only_behind_all_others(
    names: tuple[str, ...], value: str, begins: float | None
) -> None:
    assert values_of(*names).follows(value) == begins


@pytest.mark.parametrize(
    "cells",
    [
        [str(number) for number in range(200)],
        [f"${number / 4:.2f}" for number in range(400)],
        [f"{number * 100} g" for number in range(150)],
        [str(1900 + number) for number in range(100)],
        [f"{number * 137:,}" for number in range(300)],
    ],
)
def test_every_number_is_found_in_the_range_the_importer_put_it_in(cells: list[str]) -> None:
    names, _ = ranges_of(cells)
    numbers = read_numbers(cells)
    assert numbers is not None
    levels, often = np.unique(numbers.values, return_counts=True)
    borders = cut_ranges(levels, often, numbers.whole)
    assert name_ranges(numbers, borders, levels) == names
    wanted = np.searchsorted(borders, numbers.values, side="right") + 1
    values = values_of(*names)
    assert [values.find(cell) for cell in cells] == wanted.tolist()


def test_words_are_no_range() -> None:
    for name in ("under water", "S to XL", "more or more", "and more", ""):
        assert read_range(name) is None


def test_cells_are_split_and_what_is_unknown_left_out() -> None:
    column = Column("c", ["a| b|a", "", "n/a|b"], np.array([0, 1, 2, 0], np.int32))
    written, held = split_cells(column, "|")
    assert written == ["a", "b"]
    assert [held.row(row).tolist() for row in range(4)] == [[0, 1], [], [1], [0, 1]]
