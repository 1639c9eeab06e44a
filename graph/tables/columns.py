"""Columns while they are read, block by block.

Legend: R rows of a table.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError
from graph.printable import printable
from graph.tables.table import Column, fold, quoted

MOST_COLUMNS = 1_000
_REMEMBERED = 100_000
"""Spellings of cells whose number is looked up without a closer look."""


class Builder:
    """A column that grows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._cells = _Numbers()
        self._blocks: list[NDArray[np.int32]] = []

    def add(self, cells: Sequence[str]) -> None:
        """Append the cells of the next rows."""
        self._blocks.append(np.fromiter(map(self._cells.__getitem__, cells), np.int32, len(cells)))

    def finish(self) -> Column:
        """The column of everything that was added."""
        codes = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int32)
        return Column(self.name, list(self._cells.by_look), codes)


class _Numbers(dict[str, int]):
    """Cells and their numbers, in the order they are met; cells that look alike on one line share a number."""

    def __init__(self) -> None:
        super().__init__()
        self.by_look: dict[str, int] = {}

    def __missing__(self, cell: str) -> int:
        shown = printable(cell)
        # Most cells look as they are written; then one text serves both tables.
        number = self.by_look.setdefault(cell if cell == shown else shown, len(self.by_look))
        if len(self) >= _REMEMBERED:
            self.clear()
        self[cell] = number
        return number


def name_columns(path: Path, header: Sequence[str]) -> dict[int, Builder]:
    """Columns that have a name, by place; names that differ in case or underscores alone are the same.

    :raises DataError: when two are called the same, none has a name, or there are too many.
    """
    if len(header) > MOST_COLUMNS:
        raise DataError(f"{path}: {len(header):,} columns, but {MOST_COLUMNS:,} at most; keep those that matter")
    names = {place: printable(name) for place, name in enumerate(header) if printable(name)}
    if not names:
        raise DataError(f"{path}: no column has a name; write the names of the columns into the first line")
    places: dict[str, int] = {}
    for place, name in names.items():
        earlier = places.setdefault(fold(name), place)
        if earlier != place:
            both = f"{quoted(names[earlier])} and {quoted(name)}"
            raise DataError(f"{path}: columns {earlier + 1} and {place + 1}, {both}, have the same name; rename one")
    return {place: Builder(name) for place, name in names.items()}
