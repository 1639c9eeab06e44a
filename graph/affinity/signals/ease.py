"""Co-occurrence: linear item-item models in closed form.

Legend: B people, U users, V items, W items that the model covers.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from graph.affinity.profiles import Profiles
from graph.affinity.signals.content import tf_idf
from graph.affinity.signals.protocol import FloatArray
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import OptionError

MOST_ITEMS = 20_000
"""Refuse to cover more: a dense matrix of 1.6 GB and some minutes."""


def liked_items(likes: CSR) -> NDArray[np.int64]:
    """Items that somebody liked, ascending, shape (W,)."""
    return np.flatnonzero(np.bincount(likes.indices, minlength=likes.n_columns))


def ease_weights(likes: sp.csr_array, l2: float) -> FloatArray:
    """Item-item weights B of EASE^R, shape (W, W), zero on the diagonal.

    They minimise ``|X - X B|^2 + l2 |B|^2`` under ``diag(B) = 0``: with ``P = (X'X + l2 I)^-1``, B is ``-P / diag(P)``
    column by column (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", WWW, equation 8).  Where there
    are fewer users than items, ``l2 P = I - G`` with ``G = X' (X X' + l2 I)^-1 X`` (Woodbury) costs a fraction.

    :param likes: X, shape (U, W).
    """
    n_users, n_items = likes.shape
    if n_users < n_items:
        weights = _user_side(likes, l2)
        weights /= 1 - weights.diagonal()
    else:
        weights = _item_side(likes, l2)
        weights /= -weights.diagonal()
    weights[np.diag_indices(n_items)] = 0
    return weights


def _item_side(likes: sp.csr_array, l2: float) -> FloatArray:
    """P, shape (W, W)."""
    gram = _regularised(sp.csr_array(likes.T @ likes), l2)
    # Cholesky in place: a general inverse would hold three matrices of 1.6 GB at 20,000 items.
    inverse, failed = lapack.spotri(_lower_factor(gram, l2), lower=1, overwrite_c=1)
    _check(failed, l2)
    # P is symmetric, so the transpose is P itself in the order of rows.
    return _mirrored(inverse.T)


def _user_side(likes: sp.csr_array, l2: float) -> FloatArray:
    """G, shape (W, W)."""
    factor = _lower_factor(_regularised(sp.csr_array(likes @ likes.T), l2), l2)
    half = blas.strsm(1.0, factor, likes.toarray(order="F"), lower=1, overwrite_b=1)
    return _mirrored(blas.ssyrk(1.0, half, trans=1, lower=1).T)


def _regularised(gram: sp.csr_array, l2: float) -> FloatArray:
    dense = np.asarray(gram.toarray(order="F"), dtype=np.float32)
    dense[np.diag_indices(len(dense))] += np.float32(l2)
    return dense


def _lower_factor(gram: FloatArray, l2: float) -> FloatArray:
    factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
    _check(failed, l2)
    return np.asarray(factor)


def _check(failed: int, l2: float) -> None:
    if failed:
        raise OptionError(f"ease: the matrix of likes cannot be inverted with l2 = {l2}; raise l2")


def _mirrored(upper: FloatArray) -> FloatArray:
    """The symmetric matrix of which the upper triangle is given, in place."""
    for row in range(1, len(upper)):
        upper[row, :row] = upper[:row, row]
    return upper


class EaseScores:
    """What EASE^R makes of the items a person liked, the latest of them first if wanted.

    :raises OptionError: when there are no likes, or more than :data:`MOST_ITEMS` items have some.
    """

    name = "ease"
    softenings = (0.003, 0.01, 0.001, 0.03, 0.1)

    def __init__(
        self, items: NDArray[np.int64], weights: FloatArray, n_items: int, decay: float = 1.0, name: str = "ease"
    ) -> None:
        self.name = name
        self.items = items
        """Those covered, ascending, shape (W,)."""
        self._weights = weights
        self._decay = decay
        self.covers = np.zeros(n_items, dtype=bool)
        self.covers[items] = True

    @classmethod
    def fit(cls, dataset: Dataset, l2: float = 300.0, most_items: int = MOST_ITEMS) -> "EaseScores":
        """Learn from train and valid."""
        likes = dataset.interactions.known_likes
        items = liked_items(likes)
        if not len(items):
            raise OptionError("ease: nobody likes anything in train; choose popularity or uniform for these data")
        check_size("ease", len(items), most_items)
        matrix = sp.csr_array(sp.csc_array(likes.to_scipy())[:, items])
        return cls(items, ease_weights(matrix, l2), likes.n_columns)

    def favouring_recent(self, decay: float) -> "EaseScores":
        """The same model for people whose last likes tell more: a like counts ``decay`` times the next one."""
        return EaseScores(self.items, self._weights, len(self.covers), decay, f"{self.name}, decay {decay:g}")

    def of(self, profiles: Profiles) -> FloatArray:
        """Predicted likes >= 0, mostly below 1, shape (B, V); 0 for items that nobody liked."""
        likes = profiles.liked() if self._decay == 1 else profiles.recent(self._decay)
        if len(self.items) == len(self.covers):
            predicted = np.asarray(likes @ self._weights)
            return np.maximum(predicted, 0, out=predicted)
        values = np.zeros((len(profiles), len(self.covers)), dtype=np.float32)
        values[:, self.items] = np.maximum(np.asarray(likes[:, self.items] @ self._weights), 0)
        return values

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}


ATTRIBUTE_WEIGHT = 0.3
"""What a shared attribute counts for beside a user who likes both items."""


def fit_ease_with_attributes(dataset: Dataset, l2: float = 50.0, most_items: int = MOST_ITEMS) -> EaseScores:
    """EASE^R in which attributes are further users, who "like" the items that have them: it covers every item.

    Collective EASE (Jeunen, Van Balen and Goethals 2020, "Closed-form models for collaborative filtering with
    side-information", RecSys).
    """
    catalogue = dataset.catalogue
    check_size("ease with attributes", catalogue.n_items, most_items)
    likes = dataset.interactions.known_likes.to_scipy()
    both = sp.csr_array(sp.vstack([likes, np.float32(ATTRIBUTE_WEIGHT) * sp.csr_array(tf_idf(catalogue).T)]))
    return EaseScores(
        np.arange(catalogue.n_items), ease_weights(both, l2), catalogue.n_items, name="ease with attributes"
    )


def check_size(name: str, n_items: int, most_items: int) -> None:
    """Refuse a dense item-item matrix that would not fit.

    :raises OptionError: when more than ``most_items`` items have to be covered.
    """
    if n_items > most_items:
        raise OptionError(
            f"{name}: {n_items:,} items have train interactions and its dense item-item matrix is kept to "
            f"{most_items:,}; choose content or hybrid for these data"
        )
