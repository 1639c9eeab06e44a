"""What a column of an items table says of the items: attributes of a facet, or nothing that can be asked about.

Legend: V items, A attributes of one facet, E (item, attribute) pairs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.errors import DataError
from graph.tables.numbers import Numbers, cut_ranges, name_ranges, read_numbers
from graph.tables.options import TableOptions
from graph.tables.table import UNKNOWN, Column, Table, counted, quoted, shortened

LONGEST_NAME = 80
"""Characters of a value, or of the name of a facet, that are kept."""
FEW = 12
"""Different numbers up to which each may stay a value of its own."""
_MOSTLY, _HARDLY = 0.8, 0.1
"""Shares of the items with a value: below the second, a column tells items by name and is no facet."""
_CODE_DIGITS = 8
"""Digits from which whole numbers of one length, another for nearly every item, are codes: EAN, telephone."""
_RUNNING = 20
"""Whole numbers without a gap, another for every item, count the rows from this many on."""
_SEPARATORS = (",", ";", "|")
"""What may stand between several values in one cell."""
_DATE = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}([T ].*)?")
YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})

_Groups = NDArray[np.integer[Any]]
"""The attribute each value belongs to."""


@dataclass(frozen=True)
class FacetColumn:
    """A column as a facet."""

    column: str
    """What the table calls it."""
    kind: str
    """What its attributes are: "words", "yes or no", "numbers", "ranges" or "in order"."""
    names: tuple[str, ...]
    """Attributes in the order they are shown in, length A."""
    held: CSR
    """Attributes of each item, V rows, A columns."""
    recorded: NDArray[np.bool_]
    """Whether the table has a value for each item, shape (V,)."""
    n_rare: int = 0
    """Values that too few items have."""
    n_respelled: int = 0
    """Spellings that were taken for another one."""
    remark: str = ""

    @property
    def name(self) -> str:
        """What people call it: "Screen_Size" is "screen size"; capitals of abbreviations stay."""
        words = self.column.replace("_", " ").split()
        return shortened(" ".join(word.lower() if word.istitle() else word for word in words), LONGEST_NAME)

    @property
    def ordered(self) -> bool:
        """Whether the attributes have an order people use."""
        return self.kind in ("numbers", "ranges", "in order")


@dataclass(frozen=True)
class LeftOut:
    """A column that is no facet, and why."""

    column: str
    why: str


def make_facet(table: Table, column: Column, options: TableOptions, order: Sequence[str] = ()) -> FacetColumn | LeftOut:
    """Make attributes of a column's values.

    Spellings that differ in case alone are one value, called as most items write it. Numbers, all of one unit, keep
    their order; many different ones become ranges. Of dates the year is kept. Yes and no, in any usual spelling, become
    "yes" and "no".

    A column that a person asked for is left out only if nothing is left of it.

    :param order: all values of an ordered facet, first to last; any order of their own if none are given.
    :raises DataError: when a value is missing from ``order``.
    """
    values, chosen = _Values.split(column, options.separator), bool(options.facets)
    if not values.names:
        return LeftOut(column.name, "every cell is empty")
    if order:
        facet = _in_order(values, table, column, order)
    elif (yes_or_no := _yes_or_no(values)) is not None:
        facet = yes_or_no
    elif (years := _years(values)) is not None:
        facet = _of_numbers(values, years, options.least_items)
    elif (numbers := read_numbers(values.names, table.decimal_comma)) is not None:
        why = "" if chosen else _tells_rows(values, numbers)
        if why:
            return LeftOut(column.name, why)
        facet = _of_numbers(values, numbers, options.least_items)
    else:
        facet = _of_words(values)
    n_respelled = values.n_respelled if facet.kind in ("words", "in order") else 0
    facet = replace(_shared(facet, options.least_items), column=column.name, n_respelled=n_respelled)
    remark = _doubts(values, table.decimal_comma, options.separator) if facet.kind == "words" else ""
    why = _useless(facet, values, chosen, options.least_items)
    if why:
        return LeftOut(column.name, f"{why}; {remark}" if remark else why)
    return replace(facet, remark=remark)


@dataclass(frozen=True)
class _Values:
    """Different values of a column, before anything is made of them."""

    names: list[str]
    held: CSR
    """Values of each item, V rows."""
    n_respelled: int

    @classmethod
    def split(cls, column: Column, separator: str) -> "_Values":
        spellings: dict[str, int] = {}
        cells, parts = [], []
        for cell, text in enumerate(column.values):
            for part in text.split(separator):
                name = part.strip()
                if name.casefold() not in UNKNOWN:
                    cells.append(cell)
                    parts.append(spellings.setdefault(shortened(name, LONGEST_NAME), len(spellings)))
        written = CSR.from_pairs(cells, parts, len(column.values), len(spellings))
        items, spelled = written.gather(column.codes)
        often = np.bincount(spelled, minlength=len(spellings))
        # Of each value the spelling that most items have, the first of several.
        numbers: dict[str, int] = {}
        value_of = np.array([numbers.setdefault(name.casefold(), len(numbers)) for name in spellings], np.int64)
        best = np.zeros(len(numbers), np.int64)
        order = np.lexsort((-np.arange(len(spellings)), often))
        best[value_of[order]] = order
        listed = list(spellings)
        held = CSR.from_pairs(items, value_of[spelled] if len(spelled) else [], len(column.codes), len(numbers))
        return cls([listed[place] for place in best], held, len(spellings) - len(numbers))

    @property
    def recorded(self) -> NDArray[np.bool_]:
        return self.held.degrees > 0

    @property
    def often(self) -> NDArray[np.int64]:
        """Items that have each value."""
        return np.bincount(self.held.indices, minlength=len(self.names))

    def grouped(self, kind: str, names: Sequence[str], group_of: _Groups) -> FacetColumn:
        """A facet whose attributes are groups of these values."""
        edges = CSR.from_pairs(
            self.held.row_of_edge(), group_of[self.held.indices], self.held.n_rows, len(names)
        )  # fmt: skip
        return FacetColumn("", kind, tuple(names), edges, self.recorded)


def _of_words(values: _Values) -> FacetColumn:
    order = sorted(range(len(values.names)), key=lambda value: (values.names[value].casefold(), values.names[value]))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return values.grouped("words", [values.names[value] for value in order], place)


def _in_order(values: _Values, table: Table, column: Column, order: Sequence[str]) -> FacetColumn:
    place = {name.casefold(): number for number, name in enumerate(order)}
    missing = [name for name in values.names if name.casefold() not in place]
    if missing:
        row = int(values.held.row_of_edge()[values.held.indices == values.names.index(missing[0])][0])
        more = f" (and {counted(len(missing) - 1, 'more value')})" if len(missing) > 1 else ""
        raise DataError(
            f"{table.path}: {table.where(row)}, column {quoted(column.name)}: {quoted(missing[0])} has no place in "
            f"--order {','.join(order)}; add it there{more}"
        )
    return values.grouped("in order", order, np.array([place[name.casefold()] for name in values.names]))


def _yes_or_no(values: _Values) -> FacetColumn | None:
    said = {name.casefold() for name in values.names}
    if not said <= YES | NO or said in ({"0"}, {"1"}):
        return None
    return values.grouped("yes or no", ("yes", "no"), np.array([int(name.casefold() in NO) for name in values.names]))


def _years(values: _Values) -> Numbers | None:
    """The years of dates; None unless every value is a date or a moment, as ISO 8601 writes them."""
    found = [_DATE.fullmatch(name) for name in values.names]
    return Numbers(np.array([float(each[1]) for each in found if each]), "", "") if all(found) else None


def _of_numbers(values: _Values, numbers: Numbers, least_items: int) -> FacetColumn:
    levels, level_of = np.unique(numbers.values, return_inverse=True)
    each = values.grouped("numbers", [numbers.written(level) for level in levels], level_of)
    often = np.bincount(each.held.indices, minlength=len(levels))
    shared = _shared(each, least_items)
    if len(levels) <= FEW and _share_held(shared) >= _MOSTLY:
        return each
    borders = cut_ranges(levels, often, numbers.whole, least_items)
    if not borders:
        return each
    return values.grouped(
        "ranges", name_ranges(numbers, borders, levels), np.searchsorted(borders, numbers.values, side="right")
    )


def _shared(facet: FacetColumn, least_items: int) -> FacetColumn:
    """The same facet without the attributes that too few items have."""
    often = np.bincount(facet.held.indices, minlength=len(facet.names))
    kept = np.flatnonzero(often >= least_items)
    place = np.full(len(facet.names), -1)
    place[kept] = np.arange(len(kept))
    attributes, items = place[facet.held.indices], facet.held.row_of_edge()
    chosen = attributes >= 0
    held = CSR.from_pairs(items[chosen], attributes[chosen], facet.held.n_rows, len(kept))
    names = tuple(facet.names[attribute] for attribute in kept)
    n_rare = int(((often > 0) & (often < least_items)).sum())
    return replace(facet, names=names, held=held, n_rare=n_rare)


def _share_held(facet: FacetColumn) -> float:
    """Share of the items with a value that have an attribute."""
    return float((facet.held.degrees > 0).sum() / max(facet.recorded.sum(), 1))


def _useless(facet: FacetColumn, values: _Values, chosen: bool, least_items: int) -> str:
    """Why nothing can be asked about a facet; empty when something can."""
    n_values, n_recorded = len(values.names), int(facet.recorded.sum())
    if not facet.names:
        return f"no value is shared by {counted(least_items, 'item')}"
    if chosen:
        return ""
    if _share_held(facet) < _HARDLY:
        return f"nearly every item has a value of its own ({n_values:,} values, {counted(n_recorded, 'item')})"
    if len(facet.names) == 1 and facet.held.n_edges == n_recorded:
        no = ", an empty cell says nothing; write no where it does not hold" if n_recorded < len(facet.recorded) else ""
        return f"it is {quoted(facet.names[0])} wherever it is anything{no}"
    return ""


def _tells_rows(values: _Values, numbers: Numbers) -> str:
    """Why numbers are no quantity; empty when they may be one."""
    n_recorded = int(values.recorded.sum())
    if not numbers.whole or numbers.before or numbers.after or len(values.names) < _MOSTLY * n_recorded:
        return ""
    low, high = numbers.values.min(), numbers.values.max()
    if len(values.names) == n_recorded >= _RUNNING and high - low + 1 == n_recorded:
        return f"it counts the rows, from {low:.0f} to {high:.0f}"
    if len({len(name) for name in values.names}) == 1 and len(values.names[0]) >= _CODE_DIGITS:
        return f"its numbers are codes, such as {values.names[0]}"
    return ""


def _doubts(values: _Values, decimal_comma: bool, separator: str) -> str:
    """What may have kept a column of words from being what it was meant to be; empty where nothing did."""
    n_most = (1 - _MOSTLY) * len(values.names)
    others = [name for name in values.names if read_numbers([name], decimal_comma) is None]
    if len(others) <= n_most:
        return f"taken as words: {quoted(others[0])} is not a number" if others else "taken as words: its units differ"
    for sign in _SEPARATORS:
        if sign != separator and sum(sign not in name for name in values.names) <= len(values.names) / 2:
            return f"cells hold {sign!r}; if that stands between several values, give --separator {sign!r}"
    return ""
