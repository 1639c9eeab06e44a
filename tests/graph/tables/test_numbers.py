"""Numbers in cells, and the ranges that many of them become."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.tables.numbers import RANGES, Numbers, cut_ranges, name_ranges, read_numbers


def ranges_of(cells: list[str], least: int = 2) -> tuple[list[str], list[int]]:
    """Names of the ranges, and how many cells fall into each."""
    numbers = read_numbers(cells)
    assert numbers is not None
    levels, n_items = np.unique(numbers.values, return_counts=True)
    borders = cut_ranges(levels, n_items, numbers.whole, least)
    parts = np.searchsorted(borders, numbers.values, side="right")
    names = name_ranges(numbers, borders, levels) if borders else []
    return names, np.bincount(parts, minlength=len(borders) + 1).tolist()


@pytest.mark.parametrize(
    ("cells", "values", "before", "after"),
    [
        (["3", "0", "-7", "+2"], [3, 0, -7, 2], "", ""),
        (["1.50", "0.5"], [1.5, 0.5], "", ""),
        (["1,299", "12,500,000.5"], [1299, 12_500_000.5], "", ""),
        (["$12", "$ 3.99"], [12, 3.99], "$", ""),
        (["12 €", "3€"], [12, 3], "", "€"),
        (["12 cm", "150 cm"], [12, 150], "", " cm"),
        (["5 %", "99 %"], [5, 99], "", " %"),
        (["13340.000000000002"], [13340], "", ""),
    ],
)
def test_numbers_with_one_unit_are_read(cells: list[str], values: list[float], before: str, after: str) -> None:
    numbers = read_numbers(cells)
    assert numbers is not None
    assert numbers.values.tolist() == values
    assert (numbers.before, numbers.after) == (before, after)


@pytest.mark.parametrize(
    "cells",
    [
        ["12", "about 20"], ["12 cm", "13 mm"], ["$5", "€5"], ["007"], ["1e5"], ["nan"], ["inf"], ["1.2.3"], ["1,2"],
        ["2024-05-31"], ["９"], ["1" * 30], ["-"], ["."], ["12 very long unit"], ["4 | 5"], ["12,5"],
    ],
)  # fmt: skip
def test_what_is_no_number_makes_words_of_all(cells: list[str]) -> None:
    assert read_numbers(cells) is None


def test_a_decimal_comma_is_read_where_it_is_said() -> None:
    numbers = read_numbers(["12,5", "1.299,00", "7"], decimal_comma=True)
    assert numbers is not None
    assert numbers.values.tolist() == [12.5, 1299, 7]


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ([str(n) for n in range(100)], ["under 20", "20 to 39", "40 to 59", "60 to 79", "80 and more"]),
        ([f"{n} cm" for n in range(150, 200)],
         ["under 160 cm", "160 to 169 cm", "170 to 179 cm", "180 to 189 cm", "190 cm and more"]),
        ([f"${n / 4:.2f}" for n in range(400)],
         ["under $20", "$20 to under $40", "$40 to under $60", "$60 to under $80", "$80 and more"]),
        ([str(n) for n in range(1950, 2020)],
         ["under 1960", "1960 to 1979", "1980 to 1989", "1990 to 2009", "2010 and more"]),
        ([str(n * 10_000) for n in range(100)],
         ["under 200,000", "200,000 to 399,999", "400,000 to 599,999", "600,000 to 799,999", "800,000 and more"]),
        (["0"] * 60 + [str(n) for n in range(1, 41)], ["0", "1 to 19", "20 and more"]),
        (["1"] * 20 + ["2"] * 20 + ["3"] * 20 + ["4"] * 20 + ["9"] * 20, ["1", "2", "3", "4", "9"]),
        (["7"] * 50, []),
        (["1", "2"], []),
    ],
)  # fmt: skip
def test_ranges_have_round_borders_and_names_people_use(cells: list[str], names: list[str]) -> None:
    assert ranges_of(cells)[0] == names


def test_ranges_are_much_the_same_in_size() -> None:
    rng = np.random.default_rng(0)
    for draw in (rng.lognormal(3, 1, 500), rng.normal(50, 9, 500), rng.uniform(0, 1, 500), rng.exponential(9, 500)):
        _, sizes = ranges_of([f"{number:.3f}" for number in draw])
        assert len(sizes) == RANGES
        assert min(sizes) > 500 / RANGES / 3


@given(
    st.lists(st.integers(-(10**9), 10**9) | st.integers(0, 30), min_size=2, max_size=80),
    st.sampled_from([1, 10, 1000]),
    st.integers(1, 5),
)
def test_every_number_is_in_the_range_that_is_called_after_it(found: list[int], divided: int, least: int) -> None:
    numbers = Numbers(np.array(found) / divided, "", "")
    levels, n_items = np.unique(numbers.values, return_counts=True)
    borders = cut_ranges(levels, n_items, numbers.whole, least)
    assert borders == sorted(set(borders))
    assert len(borders) < RANGES
    if not borders:
        return
    parts = np.searchsorted(borders, numbers.values, side="right")
    assert np.bincount(parts, minlength=len(borders) + 1).min() >= least
    names = name_ranges(numbers, borders, levels)
    assert len(set(names)) == len(names) == len(borders) + 1
    for number, part in zip(numbers.values, parts, strict=True):
        assert holds(names[part], float(number)), (names, number)


def holds(name: str, number: float) -> bool:
    """Whether a name, read by itself, says that the number is meant."""
    words = name.replace(",", "").split()
    if words[0] == "under":
        return number < float(words[1])
    if words[-1] == "more":
        return number >= float(words[0])
    if len(words) == 1:
        return number == float(words[0])
    low, high = float(words[0]), float(words[-1])
    return low <= number < high if "under" in words else low <= number <= high
