"""Embeddings of items as codes: which of a few centroids is nearest, group of dimensions by group of dimensions.

Legend: V items, E dimensions of an embedding, M groups of dimensions, K centroids of a group, S = E / M dimensions of a
group.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError, OptionError
from graph.unit_vectors import unit_rows

FloatArray = NDArray[np.float32]
Codes = NDArray[np.uint8]

GROUPS = 64
"""Bytes of an item."""
CENTROIDS = 64
"""A power of two.  More of them leave each too few items of a catalogue of some thousand to be learned from."""
MOST_CENTROIDS = 256
"""A code is one byte."""
ROUNDS = 20
"""Of centroids and rotation in turn."""
ROUND_ITERATIONS, ITERATIONS = 4, 25
"""Of k-means in a round, and at the end."""
AT_ONCE = 65_536
"""Items that are coded at once: 17 MB a group."""


@dataclass(frozen=True)
class ItemCoder:
    """Optimised product quantisation: the embedding, less a mean and turned, cut into groups, each named by a centroid.

    Jegou, Douze and Schmid 2011, "Product quantization for nearest neighbor search", TPAMI; Ge, He, Ke and Sun 2013,
    "Optimized product quantization", CVPR; used for recommendation that transfers by Hou, He, McAuley and Zhao 2023,
    "Learning vector-quantized item representation for transferable sequential recommenders" (VQ-Rec), WWW.

    The mean belongs to a catalogue: what all its texts share says nothing, and the texts of another catalogue share
    something else.  Rotation and centroids are learned once and stay as they are wherever the coder goes.
    """

    mean: FloatArray
    """What is taken from each embedding, shape (E,)."""
    rotation: FloatArray
    """Orthogonal, multiplied from the right, shape (E, E)."""
    centroids: FloatArray
    """Shape (M, K, S)."""

    @classmethod
    def fit(cls, embeddings: FloatArray, seed: int, groups: int = GROUPS, centroids: int = CENTROIDS) -> "ItemCoder":
        """Learn from the embeddings of a training catalogue, shape (V, E), in whatever order they stand.

        :param groups: at most so many; the most that divide E.
        :param centroids: of a group at most, a power of two; fewer where there are fewer items.
        :raises OptionError: when there are no items, or centroids are not a power of two up to 256.
        """
        if not len(embeddings):
            raise OptionError("item codes: the catalogue has no items, so there is nothing to learn codes from")
        if centroids not in {2**bits for bits in range(1, 9)}:
            raise OptionError(f"item codes: {centroids} centroids; choose 2, 4, 8, 16, 32, 64, 128 or {MOST_CENTROIDS}")
        dimensions = embeddings.shape[1]
        n_groups = next(each for each in range(min(groups, dimensions), 0, -1) if dimensions % each == 0)
        bits = min(int(np.log2(centroids)), max(int(np.log2(len(embeddings))), 1))
        mean = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
        points = unit_rows(embeddings - mean)
        points = points[np.lexsort(points.T)]  # where an item stands in its catalogue says nothing
        points = np.resize(points, (max(len(points), 2**bits), dimensions))
        rotation, found = _quantise(np.ascontiguousarray(points), n_groups, bits, seed)
        return cls(mean, rotation, found)

    @property
    def n_groups(self) -> int:
        """M, the bytes that an item's codes take."""
        return self.centroids.shape[0]

    @property
    def n_centroids(self) -> int:
        """K."""
        return self.centroids.shape[1]

    @property
    def n_dimensions(self) -> int:
        """E."""
        return self.rotation.shape[0]

    def moved_to(self, embeddings: FloatArray) -> "ItemCoder":
        """The same rotation and centroids for another catalogue, with the mean of its embeddings, shape (V, E).

        :raises DataError: when the embeddings come of another model.
        """
        self._check(embeddings)
        return replace(self, mean=embeddings.mean(axis=0, dtype=np.float64).astype(np.float32))

    def codes(self, embeddings: FloatArray) -> Codes:
        """The nearest centroid of each group, in 0..K-1, shape (V, M); a row depends on its item alone.

        :raises DataError: when the embeddings come of another model.
        """
        self._check(embeddings)
        found = np.zeros((len(embeddings), self.n_groups), np.uint8)
        for first in range(0, len(embeddings), AT_ONCE):
            turned = unit_rows(embeddings[first : first + AT_ONCE] - self.mean) @ self.rotation
            found[first : first + AT_ONCE] = _nearest(turned, self.centroids)
        return found

    def decoded(self, codes: Codes) -> FloatArray:
        """Embeddings as the centroids have them, turned, shape (V, E)."""
        return _decoded(codes, self.centroids)

    def arrays(self) -> Mapping[str, FloatArray]:
        """Everything that was learned."""
        return {"mean": self.mean, "rotation": self.rotation, "centroids": self.centroids}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[np.generic]]) -> "ItemCoder":
        """What :meth:`arrays` gave, as a coder again.

        :raises DataError: when shapes or values cannot be a coder's.
        """
        mean, rotation, centroids = (np.asarray(arrays[key]) for key in ("mean", "rotation", "centroids"))
        dimensions = mean.size
        fits = (
            mean.shape == (dimensions,)
            and rotation.shape == (dimensions, dimensions)
            and centroids.ndim == 3
            and 0 < centroids.shape[1] <= MOST_CENTROIDS
            and centroids.shape[0] * centroids.shape[2] == dimensions > 0
        )
        whole = all(each.dtype == np.float32 and np.isfinite(each).all() for each in (mean, rotation, centroids))
        if not (fits and whole):
            raise DataError(
                f"mean {mean.shape}, rotation {rotation.shape} and centroids {centroids.shape} are no item coder's"
            )
        return cls(mean.astype(np.float32), rotation.astype(np.float32), centroids.astype(np.float32))

    def _check(self, embeddings: FloatArray) -> None:
        if embeddings.ndim != 2 or embeddings.shape[1] != self.n_dimensions:
            raise DataError(
                f"item codes: embeddings of shape {embeddings.shape}, but the coder knows {self.n_dimensions} "
                "dimensions; embed with the model it was fitted with"
            )


def _quantise(points: FloatArray, groups: int, bits: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Rotation, shape (E, E), and centroids, shape (M, K, S), of unit vectors, shape (V, E).

    Section 3.1 of Ge et al.: centroids for the rotation, then the rotation that brings the vectors nearest to their
    centroids, in turn.  ``faiss.OPQMatrix`` does the same, and then this process crashed now and again.
    """
    rng = np.random.default_rng(seed)
    dimensions = points.shape[1]
    rotation = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0].astype(np.float32)
    for _ in range(ROUNDS):
        turned = np.ascontiguousarray(points @ rotation)
        centroids = _centroids(turned, groups, bits, ROUND_ITERATIONS, int(rng.integers(2**31)))
        near = _decoded(_nearest(turned, centroids), centroids)
        left, _, right = np.linalg.svd(points.T.astype(np.float64) @ near)
        rotation = (left @ right).astype(np.float32)
    turned = np.ascontiguousarray(points @ rotation)
    return rotation, _centroids(turned, groups, bits, ITERATIONS, int(rng.integers(2**31)))


def _centroids(points: FloatArray, groups: int, bits: int, iterations: int, seed: int) -> FloatArray:
    """K-means of each group, shape (M, K, S)."""
    import faiss

    dimensions = points.shape[1]
    quantiser = faiss.ProductQuantizer(dimensions, groups, bits)
    quantiser.cp.niter = iterations
    quantiser.cp.seed = seed
    quantiser.cp.min_points_per_centroid = 1  # small catalogues are no fault, and warnings go to nobody
    with _one_thread():  # with more, sums are taken in another order each time
        quantiser.train(points)
    return faiss.vector_to_array(quantiser.centroids).reshape(groups, 2**bits, dimensions // groups).copy()


def _nearest(turned: FloatArray, centroids: FloatArray) -> Codes:
    """The nearest centroid of each part of each vector, shape (V, M)."""
    parts, lengths = turned.reshape(len(turned), len(centroids), -1), (centroids**2).sum(axis=2)
    found = np.zeros(parts.shape[:2], np.uint8)
    for group, each in enumerate(centroids):
        # The square of what is coded is the same for all centroids.
        found[:, group] = (lengths[group] - 2 * (parts[:, group] @ each.T)).argmin(axis=1)
    return found


def _decoded(codes: Codes, centroids: FloatArray) -> FloatArray:
    """Each part as its centroid has it, shape (V, E)."""
    return np.concatenate([each[codes[:, group]] for group, each in enumerate(centroids)], axis=1)


@contextmanager
def _one_thread() -> Iterator[None]:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
