"""Numbers in cells, and how many of them become a few ranges between round borders.

Legend: L levels (distinct numbers, ascending).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RANGES = 5
"""Ranges that are aimed at: as many as a person takes in at a glance."""
_SLACK = 0.06
"""Share of the items by which a border may miss its place for the sake of a rounder number."""
_LEAST_SHARE = 0.02
"""Share of the items that every range holds at least."""
_GROUPED_FROM = 10_000
"""Numbers from here on are written with commas; four digits may be a year."""
_MOST_DIGITS = 24
"""Characters of the longest number, 13340.000000000002 among them; what is longer is a code."""
_HAIR = 1e-9
_DECIMALS = 6
"""Digits after the point that are looked at."""

_GROUPED = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"
# A number that begins with a needless 0 is a code.
_PLAIN = r"(?:0|[1-9]\d*)(?:\.\d+)?"
_NUMBER = re.compile(
    rf"(?P<before>[$€£¥₹]?)\s?(?P<number>[+-]?(?:{_GROUPED}|{_PLAIN}))(?P<after>\s?[A-Za-zµ%°\"'$€£²³/ ]{{0,12}})",
    re.ASCII,
)
_OF_COMMAS = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Numbers:
    """Cells that are all numbers of one unit."""

    values: NDArray[np.float64]
    """The number in each cell."""
    before: str
    """What stands before every number, such as "$"."""
    after: str
    """What stands behind every number, such as " cm"."""

    @property
    def whole(self) -> bool:
        """Whether none of them is broken."""
        return bool((self.values == np.round(self.values)).all())

    def written(self, number: float) -> str:
        """One number with its unit."""
        return f"{self.before}{_digits(number)}{self.after}"

    def between(self, low: float, high: float) -> str:
        """The range from one number up to, but without, another, with its unit."""
        up_to = _digits(high - 1) if self.whole else f"under {self.before}{_digits(high)}"
        return f"{self.before}{_digits(low)} to {self.before if self.whole else ''}{up_to}{self.after}"


def read_numbers(cells: Sequence[str], decimal_comma: bool = False) -> Numbers | None:
    """Cells as numbers; None unless every cell is one, all with the same unit.

    :param cells: distinct cells, none of them empty.
    :param decimal_comma: True where 12,50 is twelve and a half.
    """
    numbers, units = [], set()
    for cell in cells:
        found = _NUMBER.fullmatch(cell.translate(_OF_COMMAS) if decimal_comma else cell)
        if found is None or len(found["number"]) > _MOST_DIGITS:
            return None
        numbers.append(float(found["number"].replace(",", "")))
        units.add((found["before"], found["after"].rstrip()))
        if len({(before, after.strip()) for before, after in units}) > 1:
            return None
    before, after = max(units, default=("", ""))
    return Numbers(np.array([round(number, _DECIMALS) for number in numbers], np.float64), before, after)


def cut_ranges(levels: NDArray[np.float64], n_items: NDArray[np.int64], whole: bool, least: int = 2) -> list[float]:
    """Round borders that cut numbers into ranges of much the same number of items.

    :param levels: distinct numbers, ascending, shape (L,).
    :param n_items: items with each, shape (L,).
    :param whole: True where borders have to be whole numbers.
    :param least: items that every range has to hold.
    :return: borders, ascending; a number equal to a border is above it. Empty where there is nothing to cut.
    """
    below = np.cumsum(n_items)[:-1] / n_items.sum()
    borders: list[float] = []
    for part in range(1, RANGES if len(below) else 1):
        misses = np.abs(below - part / RANGES)
        slack = max(_SLACK, misses.min())
        if borders and misses[np.searchsorted(levels, borders[-1]) - 1] <= slack:
            continue  # so many items have one number that the border above it serves for this place too
        near, best = np.flatnonzero(misses <= slack), int(misses.argmin())
        borders.append(_roundest(levels[near[0]], levels[near[-1] + 1], (levels[best] + levels[best + 1]) / 2, whole))
    return _merge_small(sorted(set(borders)), levels, n_items, max(least, _LEAST_SHARE * n_items.sum()))


def name_ranges(numbers: Numbers, borders: Sequence[float], levels: NDArray[np.float64]) -> list[str]:
    """What people call each range, such as "under 20", "20 to 49" and "50 and more".

    :param borders: at least one, ascending.
    :param levels: distinct numbers, ascending, shape (L,).
    """
    parts = np.searchsorted(borders, levels, side="right")
    names = [
        f"under {numbers.written(borders[0])}",
        *(numbers.between(low, high) for low, high in pairwise(borders)),
        f"{numbers.written(borders[-1])} and more",
    ]
    for place in range(len(names)):
        held = levels[parts == place]
        if len(held) == 1:
            names[place] = numbers.written(held[0])
    return names


@dataclass(frozen=True)
class NumberRange:
    """What the name of a value says of numbers: from ``low`` up to, but without, ``high``."""

    low: float
    high: float
    units: tuple[str, str]
    """What stands before and behind the numbers, without spaces."""

    def holds(self, cell: Numbers) -> bool:
        """Whether the number of one cell lies in it; one without a unit is taken to be in the same."""
        units = cell.before, cell.after.strip()
        return units in (self.units, ("", "")) and self.low <= float(cell.values[0]) < self.high


def read_range(name: str) -> NumberRange | None:
    """Read a name as :func:`name_ranges` writes it, one number, or a decade such as "1990s"; None for anything else."""
    if found := _DECADE.fullmatch(name):
        return NumberRange(float(found[1]), float(found[1]) + 10, ("", ""))
    if found := _UNDER.fullmatch(name):
        return None if (top := read_numbers([found[1]])) is None else _range(-np.inf, float(top.values[0]), top)
    if found := _FROM.fullmatch(name):
        return None if (foot := read_numbers([found[1]])) is None else _range(float(foot.values[0]), np.inf, foot)
    if found := _BETWEEN.fullmatch(name):
        low, high = read_numbers([found[1]]), read_numbers([found[3]])
        if low is None or high is None:
            return None
        # "20 to 49" is of whole numbers and takes in all below 50.
        border = float(high.values[0]) + (0 if found[2] else 1)
        return _range(float(low.values[0]), border, Numbers(high.values, low.before, high.after))
    one = read_numbers([name])
    return None if one is None else _range(float(one.values[0]), float(np.nextafter(one.values[0], np.inf)), one)


_DECADE = re.compile(r"(\d{3}0)s")
_UNDER, _FROM = re.compile(r"under (.+)"), re.compile(r"(.+) (?:and|or) more")
_BETWEEN = re.compile(r"(.+?) to (under )?(.+)")


def _range(low: float, high: float, units_of: Numbers) -> NumberRange:
    return NumberRange(low, high, (units_of.before, units_of.after.strip()))


def _roundest(low: float, high: float, middle: float, whole: bool) -> float:
    """The roundest number above ``low`` and up to ``high``; of several, the one nearest to the middle."""
    for step, digits in _steps(max(abs(low), abs(high)), whole):
        # A hair's breadth, so that 0.3 is three times 0.1.
        first, last = np.floor(low / step + _HAIR) + 1, np.floor(high / step + _HAIR)
        number = round(float(np.clip(round(middle / step), first, last)) * step, digits)
        if low < number <= high:
            return number
    return high


def _steps(largest: float, whole: bool) -> Iterator[tuple[float, int]]:
    """5, 2 and 1 times powers of ten, the largest first, with how many digits after the point each has."""
    power = int(np.ceil(np.log10(largest))) if largest else 0
    for exponent in range(power, -1 if whole else -_DECIMALS - 1, -1):
        for times in (5, 2, 1):
            yield times * 10.0**exponent, max(-exponent, 0)


def _merge_small(
    borders: list[float], levels: NDArray[np.float64], n_items: NDArray[np.int64], least: float
) -> list[float]:
    """Take borders away until every range holds enough."""
    while borders:
        parts = np.searchsorted(borders, levels, side="right")
        held = np.bincount(parts, n_items, minlength=len(borders) + 1)
        smallest = int(held.argmin())
        if held[smallest] >= least:
            break
        # The smaller neighbour takes it in.
        above = smallest == 0 or (smallest < len(borders) and held[smallest + 1] < held[smallest - 1])
        del borders[smallest if above else smallest - 1]
    return borders


def _digits(number: float) -> str:
    number += 0.0  # no "-0"
    text = f"{number:,.{_DECIMALS}f}" if abs(number) >= _GROUPED_FROM else f"{number:.{_DECIMALS}f}"
    return text.rstrip("0").rstrip(".")
