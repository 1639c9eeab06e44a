"""Arrays with a row for each dialogue, taken and put together.

Legend: N dialogues, E some of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass
class RowArrays:
    """A dataclass whose fields are arrays that share their first axis, a row for each dialogue."""

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Some of the rows, shape (E,), as a copy."""
        return type(self)(**{name: array[rows] for name, array in self._arrays()})

    def put(self, rows: NDArray[np.intp], other: Self) -> None:
        """Write ``other`` over some of the rows, shape (E,)."""
        for name, array in self._arrays():
            array[rows] = getattr(other, name)

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The rows of several, one after the other."""
        return cls(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)})

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for _, array in self._arrays())

    def _arrays(self) -> list[tuple[str, NDArray[np.generic]]]:
        return [(each.name, getattr(self, each.name)) for each in fields(self)]
