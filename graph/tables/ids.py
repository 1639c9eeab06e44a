"""Ids of any kind as numbers, and rows that stand in a table twice.

Legend: R rows of a table.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError
from graph.tables.table import Column, Table, counted, quoted

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def number_ids(ids: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...] | None]:
    """A number for each id, and the ids themselves unless all are whole numbers, which then stand for themselves.

    "007" is a text: as a number it would lose its zeros.
    """
    if all(is_whole(each) for each in ids):
        return np.array([int(each) for each in ids], np.int64), None
    return np.arange(len(ids), dtype=np.int64), tuple(ids)


def is_whole(text: str) -> bool:
    """Whether an id is a whole number as people write it."""
    return _WHOLE.fullmatch(text) is not None


def without_repeats(table: Table, key: Column, of: str) -> tuple[Table, str]:
    """The rows without those that repeat an earlier one, cell by cell, whatever their case.

    :param key: what tells rows apart, one of the table's columns.
    :param of: what a row is, such as "item".
    :return: the table, and a line about what was merged, empty where nothing was.
    :raises DataError: when two rows of one id say different things.
    """
    first = key.first_rows[key.codes]
    again = np.flatnonzero(first != np.arange(table.n_rows))
    if not len(again):
        return table, ""
    conflicts = {
        int(row): column
        for column in reversed(table.columns.values())
        for row in again[column.codes[again] != column.codes[first[again]]]
        if column[int(row)].casefold() != column[int(first[row])].casefold()
    }
    if conflicts:
        row = min(conflicts)
        column, earlier = conflicts[row], int(first[row])
        more = f" (and {counted(len(conflicts) - 1, 'more row')})" if len(conflicts) > 1 else ""
        raise DataError(
            f"{table.path}: {table.where(row)}, column {quoted(key.name)}: {quoted(key[row])} stands in "
            f"{table.where(earlier)} too, with another {quoted(column.name)} ({quoted(column[earlier])} there, "
            f"{quoted(column[row])} here); leave one row for each {of}{more}"
        )
    repeats = f"{counted(len(again), 'row')} of {table.path.name}, each a repeat of another"
    once = table.taken(np.flatnonzero(first == np.arange(table.n_rows)))
    return once, f"{repeats}, {table.where(int(again[0]))} first"
