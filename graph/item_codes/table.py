"""The table behind the codes: what each centroid of each group adds to the vector of an item.

Legend: B people, V items, M groups, K centroids of a group, D dimensions of a vector, E dimensions of an embedding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.errors import DataError
from graph.item_codes.coder import Codes, FloatArray, ItemCoder
from graph.unit_vectors import unit_rows

DIMENSIONS = 128
SHARPNESS = 10.0
"""Of a table that nothing was learned for: what the cosine of person and item is multiplied with."""


@dataclass(frozen=True)
class CodeTable:
    """An item is the sum of one row a group, scaled to length 1; a person the sum of the items they liked, scaled too.

    There is nothing of any user or item in it, so it serves who and what it has never met.  The fit of an item is
    ``sharpness * cosine(person, item) + bias``, the bias of an item again a sum over its codes: what people look for
    whoever they are.
    """

    rows: FloatArray
    """Shape (M, K, D)."""
    biases: FloatArray
    """Shape (M, K)."""
    sharpness: float

    @classmethod
    def of_centroids(cls, coder: ItemCoder, codes: Codes, dimensions: int = DIMENSIONS) -> "CodeTable":
        """What the coder itself knows: centroids on the main axes of the items it is to tell apart.

        :param codes: of those items, shape (V, M).
        :param dimensions: D at most; no more than E.
        """
        axes = main_axes(coder, codes, dimensions)
        rows = np.einsum("mks,msd->mkd", coder.centroids, axes)
        return cls(np.asarray(rows, np.float32), np.zeros(rows.shape[:2], np.float32), SHARPNESS)

    @classmethod
    def random(cls, groups: int, centroids: int, seed: int, dimensions: int = DIMENSIONS) -> "CodeTable":
        """A table that knows nothing yet."""
        rows = np.random.default_rng(seed).normal(size=(groups, centroids, dimensions)) / np.sqrt(groups * dimensions)
        return cls(rows.astype(np.float32), np.zeros((groups, centroids), np.float32), SHARPNESS)

    @property
    def n_dimensions(self) -> int:
        """D."""
        return self.rows.shape[2]

    @property
    def n_bytes(self) -> int:
        """Bytes of the table, however many items there are."""
        return self.rows.nbytes + self.biases.nbytes

    def items(self, codes: Codes) -> FloatArray:
        """Unit vectors of items, shape (V, D)."""
        vectors = np.zeros((len(codes), self.n_dimensions), np.float32)
        for group, rows in enumerate(self.rows):
            vectors += rows[codes[:, group]]
        return unit_rows(vectors)

    def item_biases(self, codes: Codes) -> FloatArray:
        """Shape (V,)."""
        return np.asarray(self.biases[np.arange(len(self.biases)), codes].sum(axis=1), np.float32)

    def scores(self, codes: Codes, liked: sp.csr_array) -> FloatArray:
        """Fit of every item for every person, shape (B, V).

        :param liked: weights of the items each person liked, shape (B, V).
        """
        items = self.items(codes)
        people = unit_rows(np.asarray(liked @ items, np.float32))
        return np.asarray(self.sharpness * (people @ items.T) + self.item_biases(codes), np.float32)

    def permuted(self, permutation: NDArray[np.int64]) -> "CodeTable":
        """The same rows under other codes: code k of group m takes what ``permutation[m, k]`` had, shape (M, K)."""
        groups = np.arange(len(self.rows))[:, None]
        return CodeTable(self.rows[groups, permutation], self.biases[groups, permutation], self.sharpness)

    def arrays(self) -> Mapping[str, FloatArray]:
        """Everything that was learned."""
        return {"rows": self.rows, "biases": self.biases, "sharpness": np.array([self.sharpness], np.float32)}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[np.generic]]) -> "CodeTable":
        """What :meth:`arrays` gave, as a table again.

        :raises DataError: when shapes or values cannot be a table's.
        """
        rows, biases, sharpness = (np.asarray(arrays[key]) for key in ("rows", "biases", "sharpness"))
        fits = rows.ndim == 3 and rows.size and biases.shape == rows.shape[:2] and sharpness.shape == (1,)
        if not fits or not all(
            each.dtype == np.float32 and np.isfinite(each).all() for each in (rows, biases, sharpness)
        ):
            raise DataError(f"rows {rows.shape}, biases {biases.shape} and sharpness {sharpness.shape} are no table's")
        return cls(rows.astype(np.float32), biases.astype(np.float32), float(sharpness.astype(np.float64)[0]))


def main_axes(coder: ItemCoder, codes: Codes, dimensions: int) -> FloatArray:
    """The directions in which items differ most, cut as the coder cuts embeddings, shape (M, S, D)."""
    decoded = coder.decoded(codes).astype(np.float64)
    _, vectors = np.linalg.eigh(decoded.T @ decoded)
    largest = vectors[:, ::-1][:, : min(dimensions, coder.n_dimensions)]
    return np.asarray(largest.reshape(coder.n_groups, -1, largest.shape[1]), np.float32)
