"""A table as it was read: cells as text, each kept once, and what is wrong with some of them.

Legend: R rows of a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError
from graph.printable import printable

UNKNOWN = frozenset({"", "nan", "null", "n/a", "#n/a"})
"""What programs write into a cell of which nothing is known, in lower case."""

_SHOWN = 40
"""Characters of a cell or a name that fit in a message."""
_NAMED = 4
"""Problems that a message names, the first of them in full."""


def fold(name: str) -> str:
    """A name as it is compared: case, underscores and spaces around it do not matter."""
    return " ".join(name.replace("_", " ").split()).casefold()


def quoted(text: str) -> str:
    """A cell or a name as messages show it."""
    shown = printable(text)
    return f"'{shown}'" if len(shown) <= _SHOWN else f"'{shown[: _SHOWN - 1]}…' ({len(shown):,} characters)"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; what was cut off is shown by "…"."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def counted(number: int, noun: str) -> str:
    """How many of something, such as "1 row" or "3,000 rows"."""
    return f"{number:,} {noun}{'s'[: number != 1]}"


def enumerated(names: Sequence[str], most: int = 8) -> str:
    """Names as a message lists them."""
    listed = ", ".join(quoted(name) for name in names[:most])
    return f"{listed} and {len(names) - most:,} more" if len(names) > most else listed


@dataclass(frozen=True)
class Column:
    """One column: every distinct cell once, and which of them each row has."""

    name: str
    """As the header writes it."""
    values: list[str]
    """Distinct cells, on one line each, without spaces around them."""
    codes: NDArray[np.int32]
    """Place in ``values`` of each row's cell, shape (R,)."""

    def __getitem__(self, row: int) -> str:
        return self.values[self.codes[row]]

    @cached_property
    def unknown(self) -> NDArray[np.bool_]:
        """Whether nothing is known in each row, shape (R,)."""
        return np.array([value.casefold() in UNKNOWN for value in self.values], bool)[self.codes]

    @cached_property
    def first_rows(self) -> NDArray[np.int64]:
        """The first row with each of ``values``, shape (distinct cells,)."""
        first = np.zeros(len(self.values), np.int64)
        first[self.codes[::-1]] = np.arange(len(self.codes) - 1, -1, -1)
        return first

    def taken(self, rows: NDArray[np.int64]) -> "Column":
        """The same column with some of its rows."""
        return Column(self.name, self.values, self.codes[rows])


@dataclass(frozen=True)
class Table:
    """A table, column by column."""

    path: Path
    columns: dict[str, Column]
    """By :func:`fold` of their name, in the order of the table."""
    lines: NDArray[np.int64]
    """Where each row stands in the file, shape (R,): the line it begins on, from 1."""
    counted_in: str = "line"
    """What ``lines`` count: "line" of a text, "row" of a Parquet file."""
    decimal_comma: bool = False
    """Whether numbers are written as in 12,50."""
    remarks: tuple[str, ...] = ()
    """What was odd but could be read."""

    @property
    def n_rows(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> list[str]:
        """Every column as the header writes it."""
        return [column.name for column in self.columns.values()]

    def where(self, row: int) -> str:
        """Where a row stands, such as "line 12"."""
        return f"{self.counted_in} {self.lines[row]:,}"

    def taken(self, rows: NDArray[np.int64]) -> "Table":
        """The same table with some of its rows."""
        columns = {name: column.taken(rows) for name, column in self.columns.items()}
        return Table(
            self.path, columns, self.lines[rows], self.counted_in, self.decimal_comma, self.remarks
        )  # fmt: skip


class Problem(NamedTuple):
    """One cell that cannot be used."""

    row: int
    column: Column
    wrong: str
    """What is wrong with it, such as "is not a year"."""
    mend: str

    @property
    def shown(self) -> str:
        return quoted(self.column[self.row]) if self.column[self.row] else "an empty cell"


class Problems:
    """What is wrong with a table, so that a person can mend several things in one go."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._first: list[Problem] = []
        self._count = 0

    def add(self, rows: NDArray[np.integer[Any]], column: Column, wrong: str, mend: str) -> None:
        """The same thing is wrong with a column in each of these rows, which ascend."""
        self._count += len(rows)
        self._first += [Problem(int(row), column, wrong, mend) for row in rows[:_NAMED]]

    def raise_if_any(self) -> None:
        """Name the first few.

        :raises DataError: when there is one.
        """
        if not self._first:
            return
        first, *others = sorted(self._first, key=lambda problem: problem.row)[:_NAMED]
        also = [f"{self.table.where(each.row)}, {quoted(each.column.name)}: {each.shown}" for each in others]
        if self._count > _NAMED:
            also.append(f"and {self._count - _NAMED:,} more")
        more = f" (also {'; '.join(also)})" if also else ""
        where = f"{self.table.path}: {self.table.where(first.row)}, column {quoted(first.column.name)}"
        raise DataError(f"{where}: {first.shown} {first.wrong}; {first.mend}{more}")
