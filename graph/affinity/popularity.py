"""Affinities that know nothing of the user: all items alike, or by how sought they are.

Legend: B users asked for at once, U users, V items.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.affinity.contests import ContestsConfig, draw_contests
from graph.affinity.profiles import Profiles
from graph.affinity.protocol import checked_users
from graph.affinity.rehearsals import rehearsals
from graph.affinity.weights import fit_best
from graph.csr import IntArray
from graph.dataset import Dataset


class Uniform:
    """Every item is as likely as every other: the line that a prior has to beat."""

    name = "uniform"

    def __init__(self, n_users: int, n_items: int) -> None:
        self.n_users = n_users
        self.n_items = n_items

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Zeros, shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return np.zeros((len(checked_users(users, self.n_users)), self.n_items), dtype=np.float32)

    def scores_of(self, profiles: Profiles) -> NDArray[np.float32]:
        """Zeros, shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return np.zeros((len(profiles), self.n_items), dtype=np.float32)


@dataclass(frozen=True)
class PopularityConfig:
    """How counts become a prior."""

    smoothings: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    """Likes added to every count; the one with the best likelihood on valid is kept."""
    floor: float = 0.01
    """Share of the smallest positive popularity that an item of popularity zero is given, so that it can be found."""
    contests: ContestsConfig = field(default_factory=ContestsConfig)


class Popularity:
    """``log prior(i) = exponent * log(likes of i + smoothing)``, the same for everybody.

    Both numbers maximise the likelihood of the targets of a rehearsal.  Where nobody has a history it is
    ``log(popularity)`` of the catalogue, so that items are drawn exactly in proportion to how sought they are.
    """

    name = "popularity"

    def __init__(self, log_prior: NDArray[np.float32], n_users: int, exponent: float, smoothing: float) -> None:
        self.log_prior = log_prior
        """Shape (V,)."""
        self.n_users = n_users
        self.n_items = len(log_prior)
        self.exponent = exponent
        self.smoothing = smoothing

    @classmethod
    def fit(cls, dataset: Dataset, config: PopularityConfig = PopularityConfig()) -> "Popularity":
        """Learn from train and valid; the test split is not looked at."""
        likes = dataset.interactions.known_likes
        rehearsal = next(rehearsals(dataset), None)
        if rehearsal is None:
            return cls(catalogue_log_prior(dataset, config.floor), likes.n_rows, exponent=1.0, smoothing=0.0)
        contests = draw_contests(rehearsal, config.contests)
        known = count_likes(rehearsal)
        smoothing, best = fit_best(
            contests, config.smoothings, lambda smoothing: np.log(known + smoothing)[contests.items][..., None]
        )
        exponent = float(best.weights[0])
        log_prior = (exponent * np.log(count_likes(dataset) + smoothing)).astype(np.float32)
        return cls(log_prior, likes.n_rows, exponent, smoothing)

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return np.tile(self.log_prior, (len(checked_users(users, self.n_users)), 1))

    def scores_of(self, profiles: Profiles) -> NDArray[np.float32]:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return np.tile(self.log_prior, (len(profiles), 1))


def count_likes(dataset: Dataset) -> NDArray[np.int64]:
    """Likes of every item in train and valid, shape (V,)."""
    return np.bincount(dataset.interactions.known_likes.indices, minlength=dataset.catalogue.n_items)


def catalogue_log_prior(dataset: Dataset, floor: float) -> NDArray[np.float32]:
    """Log of the catalogue's popularity, shape (V,); zeros become ``floor`` times the smallest positive value."""
    popularity = dataset.catalogue.popularity.astype(np.float64)
    positive = popularity[popularity > 0]
    least = positive.min() * floor if len(positive) else 1.0
    return np.log(np.maximum(popularity, least)).astype(np.float32)
