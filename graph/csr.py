"""Compressed sparse rows: the one form in which edges are kept and walked.

Legend: R rows, C columns, E edges, B rows asked for at once.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int32] | NDArray[np.int64]


def ragged_ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate ``arange(start, start + length)`` for each pair, without a loop.

    :param starts: first value of each range, shape (B,).
    :param lengths: length of each range, shape (B,), zero allowed.
    :return: all ranges end to end, shape (sum of lengths,).
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shifts = np.repeat(starts - (ends - lengths), lengths)
    return np.asarray(np.arange(total, dtype=np.int64) + shifts)


def sorted_unique(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct values, ascending; ``np.unique`` of numpy 2 hashes before it sorts and takes ten times as long."""
    ordered = np.sort(keys)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


@dataclass(frozen=True)
class CSR:
    """Which columns each row is tied to, sorted and without repeats."""

    indptr: NDArray[np.int64]
    """Where each row begins in ``indices``, shape (R + 1,)."""
    indices: NDArray[np.int32]
    """Column of each edge, row by row, ascending within a row, shape (E,)."""
    n_columns: int
    _cache: dict[str, sp.csr_array] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_pairs(cls, rows: ArrayLike, columns: ArrayLike, n_rows: int, n_columns: int) -> "CSR":
        """Build from edge lists of shape (E,); repeated edges are kept once.

        :raises ValueError: when an end of an edge is outside the given sizes.
        """
        row = np.asarray(rows, dtype=np.int64)
        column = np.asarray(columns, dtype=np.int64)
        if row.size and (row.min() < 0 or row.max() >= n_rows or column.min() < 0 or column.max() >= n_columns):
            raise ValueError(f"an edge points outside {n_rows} rows x {n_columns} columns")
        keys = sorted_unique(row * n_columns + column)
        counts = np.bincount(keys // n_columns, minlength=n_rows) if n_columns else np.zeros(n_rows, np.int64)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(indptr, (keys % max(n_columns, 1)).astype(np.int32), n_columns)

    @property
    def n_rows(self) -> int:
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        return len(self.indices)

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """Edges of each row, shape (R,)."""
        return np.diff(self.indptr)

    def row(self, index: int) -> NDArray[np.int32]:
        """Columns of one row, ascending."""
        return self.indices[self.indptr[index] : self.indptr[index + 1]]

    def row_of_edge(self) -> NDArray[np.int32]:
        """The row of every edge, shape (E,)."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int32), self.degrees)

    def gather(self, rows: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Edges of many rows at once.

        :param rows: rows asked for, shape (B,), repeats allowed.
        :return: position within ``rows`` and column of each edge found, both shape (edges found,).
        """
        index = np.asarray(rows, dtype=np.int64)
        lengths = self.degrees[index]
        edges = ragged_ranges(self.indptr[index], lengths)
        return np.repeat(np.arange(len(index)), lengths), self.indices[edges]

    def contains(self, rows: ArrayLike, columns: ArrayLike) -> NDArray[np.bool_]:
        """Whether each (row, column) is an edge; any shapes that broadcast."""
        row, column = np.broadcast_arrays(np.asarray(rows, np.int64), np.asarray(columns, np.int64))
        keys = row * self.n_columns + column
        place = np.searchsorted(self._keys, keys)
        found = (
            self._keys[np.minimum(place, max(self.n_edges - 1, 0))] == keys
            if self.n_edges
            else np.zeros(keys.shape, bool)
        )
        return np.asarray(found & (place < self.n_edges))

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        return self.row_of_edge().astype(np.int64) * self.n_columns + self.indices

    @cached_property
    def transposed(self) -> "CSR":
        """The same edges seen from the columns."""
        return CSR.from_pairs(self.indices, self.row_of_edge(), self.n_columns, self.n_rows)

    def to_scipy(self) -> sp.csr_array:
        """A float32 matrix of ones, shape (R, C); made once and shared, so do not write to it."""
        if "ones" not in self._cache:
            ones = np.ones(self.n_edges, dtype=np.float32)
            self._cache["ones"] = sp.csr_array((ones, self.indices, self.indptr), shape=(self.n_rows, self.n_columns))
        return self._cache["ones"]
