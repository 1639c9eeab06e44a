"""Items like those a person liked, as their attributes tell.

Legend: B people, V items, P attributes.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from graph.affinity.kernels import sum_over
from graph.affinity.profiles import Profiles
from graph.affinity.signals.protocol import DISLIKED_WEIGHT, FloatArray
from graph.catalogue import Catalogue
from graph.dataset import Dataset


def rarities(catalogue: Catalogue) -> FloatArray:
    """How much each attribute tells, ``log(V / items that have it)``, shape (P,)."""
    degrees = np.maximum(catalogue.attribute_items.degrees, 1)
    return np.log(max(catalogue.n_items, 1) / degrees).astype(np.float32)


def lengths_of_items(catalogue: Catalogue) -> NDArray[np.float64]:
    """Euclidean length of the rarities of each item's attributes, shape (V,)."""
    edges = catalogue.item_attributes
    squares = rarities(catalogue).astype(np.float64)[edges.indices] ** 2
    return np.sqrt(np.bincount(edges.row_of_edge(), weights=squares, minlength=edges.n_rows))


def tf_idf(catalogue: Catalogue) -> sp.csr_array:
    """Items as unit vectors of their attributes, each weighted by :func:`rarities`, shape (V, P).

    An item without attributes, or with none but those that all items have, is a row of zeros.
    """
    edges = catalogue.item_attributes
    units = rarities(catalogue)[edges.indices] * inverse(lengths_of_items(catalogue))[edges.row_of_edge()]
    return sp.csr_array((units, edges.indices, edges.indptr), shape=(edges.n_rows, edges.n_columns))


def inverse(values: ArrayLike) -> FloatArray:
    """1 / value, and 0 for 0."""
    divisors = np.asarray(values, dtype=np.float64)
    return np.divide(1, divisors, out=np.zeros(divisors.shape), where=divisors > 0).astype(np.float32)


class ContentCosine:
    """Cosine between an item and the sum of what a person liked less half of what they disliked (Rocchio 1971).

    An attribute they said they like counts as an item that has nothing else.
    """

    name = "content"
    softenings = (0.03, 0.1, 0.003, 0.01, 0.3, 1.0)

    def __init__(self, catalogue: Catalogue) -> None:
        self._items = tf_idf(catalogue)
        self._edges = catalogue.item_attributes
        self._rarities = rarities(catalogue)
        self.scale = inverse(lengths_of_items(catalogue))
        self.covers = np.asarray(catalogue.item_attributes.degrees > 0)

    @classmethod
    def fit(cls, dataset: Dataset) -> "ContentCosine":
        """Only the catalogue is looked at."""
        return cls(dataset.catalogue)

    def of(self, profiles: Profiles) -> FloatArray:
        """Cosines in 0..1, shape (B, V); what points away from a person's taste is 0."""
        cosines = sum_over(self._edges, self.at_attributes(profiles), self.scale)
        return np.maximum(cosines, 0, out=cosines)

    def at_attributes(self, profiles: Profiles) -> FloatArray:
        """What each attribute adds to a cosine before it is scaled, shape (B, P)."""
        wanted = sp.csr_array(profiles.weighed(DISLIKED_WEIGHT) @ self._items + profiles.stated(DISLIKED_WEIGHT))
        # Row by row, so that nobody's cosines depend on who else is asked for.
        person = np.repeat(np.arange(len(profiles)), np.diff(wanted.indptr))
        lengths = np.sqrt(np.bincount(person, wanted.data.astype(np.float64) ** 2, minlength=len(profiles)))
        wanted.data /= np.maximum(lengths, np.finfo(np.float32).tiny)[person].astype(np.float32)
        return np.asarray(wanted.toarray() * self._rarities)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}
