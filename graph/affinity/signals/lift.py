"""How much more often than everybody a person meets the attributes of an item.

Legend: B people, V items, P attributes.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.affinity.kernels import sum_over
from graph.affinity.profiles import Profiles
from graph.affinity.signals.content import inverse
from graph.affinity.signals.protocol import DISLIKED_WEIGHT, FloatArray
from graph.catalogue import Catalogue
from graph.dataset import Dataset


class AttributeLift:
    """Mean over the attributes of an item of ``log(1 + likes / (damping * share))``.

    ``likes`` are the person's that have the attribute, ``share`` is that of items which have it.  This is the log ratio
    of the attribute's smoothed share among the likes to its share among items, ``damping`` being how many likes the
    latter counts for, less a term that is the same for all items of one person.
    """

    name = "lift"
    softenings = ()

    def __init__(self, catalogue: Catalogue, damping: float = 5.0) -> None:
        self._edges = catalogue.item_attributes
        self._attributes = self._edges.to_scipy()
        shares = catalogue.attribute_items.degrees / max(catalogue.n_items, 1)
        self._damped = (damping * np.maximum(shares, np.finfo(np.float32).tiny)).astype(np.float32)
        self.scale = inverse(self._edges.degrees)
        self.covers = np.asarray(catalogue.item_attributes.degrees > 0)

    @classmethod
    def fit(cls, dataset: Dataset) -> "AttributeLift":
        """Only the catalogue is looked at."""
        return cls(dataset.catalogue)

    def of(self, profiles: Profiles) -> FloatArray:
        """Lifts >= 0, shape (B, V)."""
        return sum_over(self._edges, self.at_attributes(profiles), self.scale)

    def at_attributes(self, profiles: Profiles) -> FloatArray:
        """Lift of each attribute, shape (B, P)."""
        likes = profiles.weighed(DISLIKED_WEIGHT) @ self._attributes + profiles.stated(DISLIKED_WEIGHT)
        dense = likes.toarray().astype(np.float32)
        return np.asarray(np.log1p(np.maximum(dense, 0, out=dense) / self._damped))

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}


def attribute_mean(catalogue: Catalogue) -> sp.csr_array:
    """The matrix that takes values of attributes to their mean over each item's, shape (V, P), float32.

    An item without attributes is a row of zeros.
    """
    edges = catalogue.item_attributes
    weights = (1 / np.maximum(edges.degrees, 1)).astype(np.float32)[edges.row_of_edge()]
    return sp.csr_array((weights, edges.indices, edges.indptr), shape=(edges.n_rows, edges.n_columns))
