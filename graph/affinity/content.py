"""Affinity by content: items like those a user liked, as their attributes tell.

Legend: B users asked for at once, U users, V items, P attributes.
"""

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.affinity.contests import ContestsConfig, draw_contests
from graph.affinity.protocol import checked_users, has_history
from graph.affinity.weights import fit_best
from graph.catalogue import Catalogue
from graph.csr import CSR, IntArray
from graph.dataset import Dataset


def tf_idf(catalogue: Catalogue) -> sp.csr_array:
    """Items as unit vectors of their attributes, each weighted by ``log(V / items that have it)``, shape (V, P).

    An item without attributes, or with none but those that all items have, is a row of zeros.
    """
    degrees = np.maximum(catalogue.attribute_items.degrees, 1)
    edges = catalogue.item_attributes
    weights = np.log(max(catalogue.n_items, 1) / degrees)[edges.indices]
    rows = edges.row_of_edge()
    lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=edges.n_rows))
    units = np.divide(weights, lengths[rows], out=np.zeros_like(weights), where=lengths[rows] > 0)
    return sp.csr_array((units.astype(np.float32), edges.indices, edges.indptr), shape=(edges.n_rows, edges.n_columns))


class ContentCosine:
    """Cosine between an item and the sum of the items that a user liked in train (Rocchio 1971, without negatives)."""

    def __init__(self, catalogue: Catalogue, likes: CSR) -> None:
        self._items = tf_idf(catalogue)
        self._likes = likes
        # Profiles are remembered as sparse rows: at 27,675 users a dense float32 matrix of 8,438 attributes is 930 MB.
        profiles = sp.csr_array(likes.to_scipy() @ self._items)
        rows = np.repeat(np.arange(likes.n_rows), np.diff(profiles.indptr))
        lengths = np.sqrt(np.bincount(rows, weights=profiles.data.astype(np.float64) ** 2, minlength=likes.n_rows))
        profiles.data /= np.maximum(lengths[rows], np.finfo(np.float32).tiny).astype(np.float32)
        self._profiles = profiles

    def of(self, users: IntArray) -> NDArray[np.float32]:
        """Cosines in 0..1, shape (B, V).

        :param users: known users, shape (B,), in 0..U-1.
        """
        # Sparse items times dense profiles: the items are the larger side and stay unexpanded.
        dense = self._profiles[np.asarray(users)].toarray()
        return np.asarray((self._items @ np.ascontiguousarray(dense.T)).T)


@dataclass(frozen=True)
class ContentConfig:
    """How a cosine becomes a prior."""

    softenings: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    """Added to every cosine before the logarithm; the one with the best likelihood on valid is kept."""
    contests: ContestsConfig = field(default_factory=ContestsConfig)


class Content:
    """``log prior(i | user) = sharpness * log(cosine(user, i) + softening)``; flat for people without history.

    Both numbers maximise the likelihood of valid targets; everything else comes from attributes and train likes, with
    no popularity and no identity of items.  Of the forms tried (cosine, its powers, z-score, log rank) this one makes
    valid targets the likeliest, among all items and among those that share an attribute (results/LOG.md).
    """

    name = "content"

    def __init__(self, cosine: ContentCosine, likes: CSR, sharpness: float, softening: float) -> None:
        self._cosine = cosine
        self._likes = likes
        self.n_items = likes.n_columns
        self.sharpness = sharpness
        self.softening = softening

    @classmethod
    def fit(cls, dataset: Dataset, config: ContentConfig = ContentConfig()) -> "Content":
        """Learn from train and valid; the test split is not looked at."""
        likes = dataset.interactions.train_likes
        cosine = ContentCosine(dataset.catalogue, likes)
        drawn = draw_contests(dataset, config.contests)
        contests = drawn.subset(has_history(likes, drawn.users))
        if not contests.n_contests:
            return cls(cosine, likes, sharpness=1.0, softening=config.softenings[-1])
        cosines = contests.gather(cosine.of)
        softening, best = fit_best(contests, config.softenings, lambda added: np.log(cosines + added)[..., None])
        return cls(cosine, likes, float(best.weights[0]), softening)

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        asked = checked_users(users, self._likes.n_rows)
        scores = np.zeros((len(asked), self.n_items), dtype=np.float32)
        known = has_history(self._likes, asked)
        if known.any():
            cosines = self._cosine.of(asked[known])
            scores[known] = self.sharpness * np.log(cosines + np.float32(self.softening))
        return scores
