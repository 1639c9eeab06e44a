"""Loops over sparse edges that signals share; every person is worked out alone, so that company changes nothing.

Legend: B people, V rows or items, P columns or attributes.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from graph.csr import CSR

FloatArray = NDArray[np.float32]

BLOCK = 8192
"""Rows that one thread takes at once."""


def sum_over(edges: CSR, values: FloatArray, scale: FloatArray) -> FloatArray:
    """``scale[v]`` times the sum of a person's values over the columns of row v, shape (B, V).

    :param values: of each person and column, shape (B, P).
    :param scale: of each row, shape (V,).
    """
    found = np.empty((len(values), edges.n_rows), dtype=np.float32)
    _sum_over(edges.indptr, edges.indices, np.ascontiguousarray(values), scale, found)
    return found


def sum_three_over(
    edges: CSR, values: FloatArray, scales: FloatArray, found: FloatArray, places: tuple[int, int, int]
) -> None:
    """Three sums of :func:`sum_over` in one walk over the edges, what is below 0 raised to 0.

    :param values: of each person and column, shape (B, P, 3).
    :param scales: of each row, shape (V, 3).
    :param found: written to, shape (B, D, V).
    :param places: which of the D take the sums.
    """
    _sum_three_over(edges.indptr, edges.indices, np.ascontiguousarray(values), scales, found, places)


def spread_over(edges: CSR, values: FloatArray, scale: FloatArray) -> FloatArray:
    """The other way: each row hands its value to each of its columns, which scale the sum; shape (B, P).

    Only rows with a value other than 0 cost anything.

    :param values: of each person and row, shape (B, V).
    :param scale: of each column, shape (P,).
    """
    n_blocks = -(-edges.n_rows // BLOCK)
    # A part for each block of rows, so that threads share one person's work and sums stand in the same order for any
    # number of threads.
    parts = np.zeros((len(values), n_blocks, edges.n_columns), dtype=np.float32)
    _spread_over(edges.indptr, edges.indices, np.ascontiguousarray(values), parts)
    return np.asarray(parts.sum(axis=1) * scale)


@njit(cache=True, fastmath=True, parallel=True)
def _sum_over(indptr, indices, values, scale, found):  # type: ignore[no-untyped-def]
    n_people, n_rows = found.shape
    n_blocks = (n_rows + BLOCK - 1) // BLOCK
    for job in prange(n_people * n_blocks):
        person, first = job // n_blocks, (job % n_blocks) * BLOCK
        own = values[person]
        for row in range(first, min(first + BLOCK, n_rows)):
            total = np.float32(0)
            for place in range(indptr[row], indptr[row + 1]):
                total += own[indices[place]]
            found[person, row] = total * scale[row]


@njit(cache=True, fastmath=True, parallel=True)
def _sum_three_over(indptr, indices, values, scales, found, places):  # type: ignore[no-untyped-def]
    n_people, _, n_rows = found.shape
    n_blocks = (n_rows + BLOCK - 1) // BLOCK
    zero = np.float32(0)
    for job in prange(n_people * n_blocks):
        person, first = job // n_blocks, (job % n_blocks) * BLOCK
        own = values[person]
        for row in range(first, min(first + BLOCK, n_rows)):
            one, two, three = zero, zero, zero
            for place in range(indptr[row], indptr[row + 1]):
                column = indices[place]
                one += own[column, 0]
                two += own[column, 1]
                three += own[column, 2]
            found[person, places[0], row] = max(one * scales[row, 0], zero)
            found[person, places[1], row] = max(two * scales[row, 1], zero)
            found[person, places[2], row] = max(three * scales[row, 2], zero)


@njit(cache=True, parallel=True)
def _spread_over(indptr, indices, values, parts):  # type: ignore[no-untyped-def]
    n_people, n_rows = values.shape
    n_blocks = parts.shape[1]
    for job in prange(n_people * n_blocks):
        person, block = job // n_blocks, job % n_blocks
        part = parts[person, block]
        for row in range(block * BLOCK, min((block + 1) * BLOCK, n_rows)):
            value = values[person, row]
            if value != 0:
                for place in range(indptr[row], indptr[row + 1]):
                    part[indices[place]] += value
