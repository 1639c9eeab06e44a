"""Which attribute of a facet a value in a cell stands for.

Legend: P attributes, R rows of a table.
"""

from collections.abc import Iterator

import numpy as np

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.tables.facets import LONGEST_NAME, NO, YES
from graph.tables.numbers import NumberRange, read_numbers, read_range
from graph.tables.table import UNKNOWN, Column, shortened

ANOTHER = "(another)"
"""In a cell: there is a value, but none of the catalogue's: the facet is known, and nothing asked of it holds."""
NOWHERE = -1


def split_cells(column: Column, separator: str) -> tuple[list[str], CSR]:
    """Every different value of a column as it is written, and which of them each row has; R rows."""
    numbers: dict[str, int] = {}
    cells, values = [], []
    for cell, text in enumerate(column.values):
        for part in text.split(separator):
            if (value := part.strip()).casefold() not in UNKNOWN:
                cells.append(cell)
                values.append(numbers.setdefault(value, len(numbers)))
    written = CSR.from_pairs(cells, values, len(column.values), len(numbers))
    rows, held = written.gather(column.codes)
    return list(numbers), CSR.from_pairs(rows, held, len(column.codes), len(numbers))


class FacetValues:
    """The attributes of one facet, to be found by what people write for them."""

    def __init__(self, catalogue: Catalogue, facet: int, decimal_comma: bool = False) -> None:
        own = np.flatnonzero(catalogue.attribute_facet == facet).tolist()
        names = {attribute: catalogue.attribute_names[attribute] for attribute in own}
        self.ordered = catalogue.facets[facet].ordered
        self._decimal_comma = decimal_comma
        self._places: dict[str, int] = {}
        for attribute, name in names.items():
            self._places[name] = attribute
        for attribute, name in names.items():
            self._places.setdefault(name.casefold(), attribute)
        if {name.casefold() for name in names.values()} <= {"yes", "no"}:
            for said, name in ((YES, "yes"), (NO, "no")):
                for spelling in said if name in self._places else ():
                    self._places.setdefault(spelling, self._places[name])
        read = {attribute: read_range(name) for attribute, name in names.items()} if self.ordered else {}
        self._ranges = {attribute: found for attribute, found in read.items() if found is not None}
        self._all_read = len(self._ranges) == len(names)

    def find(self, value: str) -> int:
        """The attribute a value stands for, :data:`NOWHERE` for none.

        By name first, whatever its case; then, where values have an order, by the range its number lies in.
        """
        for spelling in self._spellings(value):
            if spelling in self._places:
                return self._places[spelling]
        cell = read_numbers([value], self._decimal_comma) if self._ranges else None
        held = [] if cell is None else [each for each, there in self._ranges.items() if there.holds(cell)]
        return held[0] if len(held) == 1 else NOWHERE

    def follows(self, value: str) -> float | None:
        """Where a new value of an ordered facet begins if that is beyond all it has; None where it has no place."""
        new = self._read(value)
        if not self._all_read or new is None:
            return None
        last = max((each.high for each in self._ranges.values()), default=-np.inf)
        return new.low if new.low >= last else None

    def _read(self, value: str) -> NumberRange | None:
        if self._decimal_comma and (cell := read_numbers([value], decimal_comma=True)) is not None:
            value = cell.written(float(cell.values[0]))
        return read_range(value)

    @staticmethod
    def _spellings(value: str) -> Iterator[str]:
        yield value
        yield value.casefold()
        yield shortened(value, LONGEST_NAME)
        yield shortened(value, LONGEST_NAME).casefold()
