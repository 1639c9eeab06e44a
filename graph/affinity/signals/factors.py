"""Matrix factorisation: items as vectors, and a person as the vector that follows from the items they liked.

What is kept are the vectors of items; those of the users they were learned with are thrown away, so that everybody is
folded in alike.
Legend: B people, U users, V items, D dimensions of a vector.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from graph.affinity.profiles import Profiles
from graph.affinity.signals.item_knn import check_likes
from graph.affinity.signals.protocol import FloatArray
from graph.dataset import Dataset

DIMENSIONS = 64


class Als:
    """Alternating least squares: a like is a 1 to be met with more confidence than the zeros everywhere else.

    Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets", ICDM; the learner is that of
    the package ``implicit``.

    :raises OptionError: when there are no likes.
    """

    name = "als"
    softenings: tuple[float, ...] = ()
    CONFIDENCE = 60.0
    """What a like weighs beside an item that was not chosen."""
    REGULARISATION = 100.0

    def __init__(self, items: FloatArray) -> None:
        self._items = items
        self.covers = np.asarray(items.any(axis=1))
        exact = items.astype(np.float64)
        self._exact = exact
        self._all = exact.T @ exact + self.REGULARISATION * np.eye(items.shape[1])

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0, dimensions: int = DIMENSIONS, rounds: int = 15) -> "Als":
        """Learn from train and valid."""
        from implicit.cpu.als import AlternatingLeastSquares

        likes = dataset.interactions.known_likes
        check_likes(cls.name, likes)
        # The learner warns of a BLAS with threads of its own.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=dimensions, regularization=cls.REGULARISATION, alpha=cls.CONFIDENCE, iterations=rounds,
                num_threads=1, random_state=seed,
            )  # fmt: skip
            model.fit(sp.csr_matrix(likes.to_scipy()), show_progress=False)
        items = np.ascontiguousarray(model.item_factors, dtype=np.float32)
        items[np.bincount(likes.indices, minlength=likes.n_columns) == 0] = 0
        return cls(items)

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "Als":
        """What :meth:`arrays` gave, as a signal again."""
        return cls(np.ascontiguousarray(arrays["items"], dtype=np.float32))

    def people(self, profiles: Profiles) -> FloatArray:
        """Vectors of people by the normal equations of one user (equation 4 of the paper), shape (B, D)."""
        likes = profiles.liked()
        people = np.zeros((len(profiles), self._items.shape[1]), dtype=np.float32)
        for person in np.flatnonzero(profiles.n_liked):
            liked = self._exact[likes.indices[likes.indptr[person] : likes.indptr[person + 1]]]
            matrix = self._all + (self.CONFIDENCE - 1) * (liked.T @ liked)
            people[person] = np.linalg.solve(matrix, self.CONFIDENCE * liked.sum(axis=0))
        return people

    def of(self, profiles: Profiles) -> FloatArray:
        """Predicted likes, most of them in 0..1, shape (B, V); 0 for items that nobody liked."""
        return np.asarray(self.people(profiles) @ self._items.T)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Vectors of items, shape (V, D)."""
        return {"items": self._items}


class Bpr:
    """Vectors that put a liked item before one that was not chosen.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme 2009, "BPR: Bayesian personalized ranking from implicit feedback",
    UAI; the learner is that of the package ``implicit``.  It has a vector of its own for each user; here a person is
    ``s M``, with s the sum of the vectors of the items they liked and M the ridge regression of the users' own vectors
    on their sums.

    :raises OptionError: when there are no likes.
    """

    name = "bpr"
    softenings: tuple[float, ...] = ()
    LEARNING_RATE = 0.05
    REGULARISATION = 0.03
    RIDGE = 0.01
    """Penalty of M, as a share of the mean square of what it is multiplied with."""

    def __init__(self, items: FloatArray, biases: FloatArray, fold_in: FloatArray, covers: NDArray[np.bool_]) -> None:
        self._items = items
        self._biases = biases
        self._fold_in = fold_in
        self.covers = covers

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0, dimensions: int = DIMENSIONS, rounds: int = 100) -> "Bpr":
        """Learn from train and valid."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        likes = dataset.interactions.known_likes
        check_likes(cls.name, likes)
        model = BayesianPersonalizedRanking(
            factors=dimensions, learning_rate=cls.LEARNING_RATE, regularization=cls.REGULARISATION, iterations=rounds,
            num_threads=1, random_state=seed,
        )  # fmt: skip
        model.fit(sp.csr_matrix(likes.to_scipy()), show_progress=False)
        covers = np.bincount(likes.indices, minlength=likes.n_columns) > 0
        # The learner keeps an item's bias behind its vector, and a 1 behind a user's.
        items = np.ascontiguousarray(model.item_factors[:, :dimensions] * covers[:, None], dtype=np.float32)
        biases = np.where(covers, model.item_factors[:, dimensions], 0).astype(np.float32)
        known = likes.degrees > 0
        sums = np.asarray(likes.to_scipy() @ items)[known].astype(np.float64)
        gram = sums.T @ sums
        gram[np.diag_indices(dimensions)] += cls.RIDGE * max(np.trace(gram) / dimensions, np.finfo(np.float32).tiny)
        fold_in = np.linalg.solve(gram, sums.T @ model.user_factors[known, :dimensions])
        return cls(items, biases, fold_in.astype(np.float32), covers)

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "Bpr":
        """What :meth:`arrays` gave, as a signal again."""
        items, biases, fold_in = (
            np.ascontiguousarray(arrays[key], np.float32) for key in ("items", "biases", "fold_in")
        )
        return cls(items, biases, fold_in, np.asarray(items.any(axis=1)))

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over the items that somebody liked, shape (B, V); 0 for the others."""
        people = np.asarray(profiles.liked() @ self._items) @ self._fold_in
        return centred(people @ self._items.T + self._biases, self.covers, profiles)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Vectors of items, shape (V, D), their biases, shape (V,), and M, shape (D, D)."""
        return {"items": self._items, "biases": self._biases, "fold_in": self._fold_in}


def centred(logits: FloatArray, covers: NDArray[np.bool_], profiles: Profiles) -> FloatArray:
    """Logits less their mean over the covered items, shape (B, V); 0 elsewhere and for who liked none of these."""
    told = np.asarray(profiles.liked() @ covers.astype(np.float32)) > 0
    means = logits[:, covers].mean(axis=1, keepdims=True)
    return np.where(told[:, None] & covers, logits - means, np.float32(0))
