"""Affinity by co-occurrence: a linear item-item model in closed form.

Legend: B users asked for at once, U users, V items, W items that somebody liked in train.
"""

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from graph.affinity.contests import ContestsConfig, draw_contests
from graph.affinity.protocol import checked_users, has_history
from graph.affinity.weights import fit_best
from graph.csr import CSR, IntArray
from graph.dataset import Dataset
from graph.errors import OptionError


def liked_items(likes: CSR) -> NDArray[np.int64]:
    """Items that somebody liked in train, ascending, shape (W,)."""
    return np.flatnonzero(np.bincount(likes.indices, minlength=likes.n_columns))


def ease_weights(likes: sp.csr_array, l2: float) -> NDArray[np.float32]:
    """Item-item weights B of EASE^R, shape (W, W), zero on the diagonal.

    They minimise ``|X - X B|^2 + l2 |B|^2`` under ``diag(B) = 0``: with ``P = (X'X + l2 I)^-1``, B is ``-P / diag(P)``
    column by column (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", WWW, equation 8).

    :param likes: X, zeros and ones, shape (U, W).
    """
    gram = np.asarray((likes.T @ likes).toarray(order="F"), dtype=np.float32)
    n_items = len(gram)
    gram[np.diag_indices(n_items)] += l2
    # Cholesky in place: a general inverse would hold three matrices of 1.6 GB at 20,000 items.
    factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise OptionError(f"ease: the item-item matrix cannot be inverted with l2 = {l2}; raise l2")
    for item in range(n_items):
        inverse[item, item + 1 :] = inverse[item + 1 :, item]
    diagonal = inverse.diagonal().copy()
    inverse /= -diagonal
    inverse[np.diag_indices(n_items)] = 0
    return np.ascontiguousarray(inverse)


class EaseScores:
    """What EASE^R makes of each user's train likes, for the W items that somebody liked.

    :raises OptionError: when there are no likes, or more than ``max_items`` such items.
    """

    def __init__(self, likes: CSR, l2: float, max_items: int) -> None:
        self.items = liked_items(likes)
        if not len(self.items):
            raise OptionError("ease: nobody likes anything in train; choose popularity or uniform for these data")
        if len(self.items) > max_items:
            raise OptionError(
                f"ease: {len(self.items):,} items have train interactions and its dense item-item matrix is kept to "
                f"{max_items:,}; choose content or blend for these data"
            )
        self.n_items = likes.n_columns
        self._likes = sp.csr_array(sp.csc_array(likes.to_scipy())[:, self.items])
        self._weights = ease_weights(self._likes, l2)

    def of(self, users: IntArray) -> NDArray[np.float32]:
        """Predicted likes, shape (B, W), mostly in 0..1.

        :param users: known users, shape (B,), in 0..U-1.
        """
        return np.asarray(self._likes[np.asarray(users)] @ self._weights)

    def log_of(self, users: IntArray, softening: float) -> NDArray[np.float32]:
        """``log(max(prediction, 0) / softening + 1)``, shape (B, V): 0 for items that nobody liked, never below 0."""
        logs = np.zeros((len(users), self.n_items), dtype=np.float32)
        logs[:, self.items] = np.log1p(np.maximum(self.of(users), 0) / np.float32(softening))
        return logs


@dataclass(frozen=True)
class EaseConfig:
    """Regularisation, size limit, and how predictions become a prior."""

    l2: float = 300.0
    """Added to the diagonal of X'X; 100 and 300 differ by 0.003 nats a target in the blend on Last.fm."""
    max_items: int = 20_000
    """Refuse above so many items with train interactions: 1.6 GB and some minutes."""
    softenings: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)
    """Divides predictions before the logarithm; the one with the best likelihood on valid is kept."""
    contests: ContestsConfig = field(default_factory=ContestsConfig)


class Ease:
    """``log prior(i | user) = sharpness * log(1 + max(ease(user, i), 0) / softening)``, plus two constants.

    Items without train interactions ("cold") are all alike to EASE: they take one constant.  So do the items a user
    has in train, which EASE scores highest and which few look for again.  The four numbers maximise the likelihood of
    valid targets.  Flat for people without history.
    """

    name = "ease"

    def __init__(
        self, ease: EaseScores, likes: CSR, sharpness: float, softening: float, cold: float, owned: float
    ) -> None:
        self._ease = ease
        self._likes = likes
        self.n_items = likes.n_columns
        self.sharpness = sharpness
        self.softening = softening
        self.cold = cold
        self.owned = owned
        self._constant = np.full(self.n_items, cold, dtype=np.float32)
        self._constant[ease.items] = 0

    @classmethod
    def fit(cls, dataset: Dataset, config: EaseConfig = EaseConfig()) -> "Ease":
        """Learn from train and valid; the test split is not looked at.

        :raises OptionError: when there are no train likes, or too many items have some.
        """
        likes = dataset.interactions.train_likes
        ease = EaseScores(likes, config.l2, config.max_items)
        drawn = draw_contests(dataset, config.contests)
        contests = drawn.subset(has_history(likes, drawn.users))
        if not contests.n_contests:
            return cls(ease, likes, sharpness=1.0, softening=config.softenings[-1], cold=0.0, owned=0.0)
        cold = ~np.isin(contests.items, ease.items)
        owned = likes.contains(contests.users[:, None], contests.items)
        predictions = np.expm1(contests.gather(lambda users: ease.log_of(users, softening=1.0)))
        softening, best = fit_best(
            contests,
            config.softenings,
            lambda divisor: np.stack([np.log1p(predictions / divisor), cold, owned], axis=-1),
        )
        sharpness, at_cold, at_owned = best.weights.tolist()
        return cls(ease, likes, sharpness, softening, at_cold, at_owned)

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        asked = checked_users(users, self._likes.n_rows)
        scores = np.zeros((len(asked), self.n_items), dtype=np.float32)
        known = np.flatnonzero(has_history(self._likes, asked))
        if len(known):
            logs = self._ease.log_of(asked[known], self.softening)
            scores[known] = np.float32(self.sharpness) * logs + self._constant
            place, items = self._likes.gather(asked[known])
            scores[known[place], items] += np.float32(self.owned)
        return scores
