"""Random walks from a person over the items they liked to users who like them, and on to what those like.

Legend: B people, U users, V items.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.affinity.kernels import spread_over, sum_over
from graph.affinity.profiles import Profiles
from graph.affinity.signals.content import inverse, rarities
from graph.affinity.signals.protocol import FloatArray
from graph.catalogue import Catalogue
from graph.dataset import Dataset


class Walks:
    """Chance that a walk of three steps ends at an item, divided by the item's likes to the power of beta.

    RP3-beta (Paudel, Christoffel, Newell and Bernstein 2017, "Updatable, accurate, diverse, and scalable
    recommendations for interactive applications", ACM TiiS).
    """

    name = "walks"
    softenings = (0.001, 0.003, 0.0001, 0.01)

    def __init__(self, dataset: Dataset, beta: float = 0.6) -> None:
        likes = dataset.interactions.known_likes
        counts = np.bincount(likes.indices, minlength=likes.n_columns)
        self._likes = likes
        self._per_user = inverse(likes.degrees)
        self._popular = (1 / np.maximum(counts, 1) ** beta).astype(np.float32)
        self._from_items = sp.csr_array(sp.csr_array(likes.to_scipy()).multiply(inverse(counts)[None, :]).T)
        self.covers = np.asarray(counts > 0)

    @classmethod
    def fit(cls, dataset: Dataset) -> "Walks":
        """Learn from train and valid."""
        return cls(dataset)

    def of(self, profiles: Profiles) -> FloatArray:
        """Values >= 0, shape (B, V)."""
        likes = profiles.liked()
        steps = np.repeat(1 / np.maximum(profiles.n_liked, 1), np.diff(likes.indptr)).astype(np.float32)
        first = sp.csr_array((steps, likes.indices, likes.indptr), shape=likes.shape)
        at_users = (first @ self._from_items).toarray()
        return spread_over(self._likes, at_users * self._per_user, self._popular)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}


class SmoothedWalks:
    """Mean over an item's attributes of what walks make of all items that have them: reaches what nobody liked yet.

    Rare attributes count more, as in the content cosine.
    """

    name = "smoothed walks"
    softenings = (0.001, 0.003, 0.0001, 0.01)

    def __init__(self, walks: Walks, catalogue: Catalogue) -> None:
        self._walks = walks
        self._edges = catalogue.item_attributes
        self._rarities = rarities(catalogue)
        self._per_attribute = inverse(catalogue.attribute_items.degrees)
        totals = np.bincount(
            self._edges.row_of_edge(), weights=self._rarities[self._edges.indices], minlength=catalogue.n_items
        )
        self.scale = inverse(totals)
        self.covers = np.asarray(catalogue.item_attributes.degrees > 0)

    @classmethod
    def fit(cls, dataset: Dataset) -> "SmoothedWalks":
        """Learn from train and valid."""
        return cls(Walks.fit(dataset), dataset.catalogue)

    def of(self, profiles: Profiles) -> FloatArray:
        """Values >= 0, shape (B, V)."""
        return self.smooth(self._walks.of(profiles))

    def smooth(self, walked: FloatArray) -> FloatArray:
        """The same for values of the walks that are there already, shape (B, V)."""
        return sum_over(self._edges, self.at_attributes(walked), self.scale)

    def at_attributes(self, walked: FloatArray) -> FloatArray:
        """What each attribute adds to a mean before it is scaled, shape (B, P)."""
        return np.asarray(spread_over(self._edges, walked, self._per_attribute) * self._rarities)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}
