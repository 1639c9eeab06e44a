"""How much more often than everybody a user meets the attributes of an item.

Legend: B users asked for at once, U users, V items, P attributes.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR, IntArray


class AttributeLift:
    """Mean over the attributes of an item of ``log(1 + likes / (damping * share))``.

    ``likes`` are the user's that have the attribute, ``share`` is that of items which have it.  This is the log ratio
    of the attribute's smoothed share among the user's likes to its share among items, ``damping`` being how many likes
    the latter counts for, less a term that is the same for all items of one user.
    """

    def __init__(self, catalogue: Catalogue, likes: CSR, damping: float) -> None:
        edges = catalogue.item_attributes
        shares = catalogue.attribute_items.degrees / max(catalogue.n_items, 1)
        lifts = sp.csr_array(likes.to_scipy() @ edges.to_scipy())
        lifts.data = np.log1p(lifts.data / (damping * shares[lifts.indices])).astype(np.float32)
        self._lifts = lifts
        self._mean_of_attributes = attribute_mean(catalogue)

    def of(self, users: IntArray) -> NDArray[np.float32]:
        """Lifts >= 0, shape (B, V).

        :param users: known users, shape (B,), in 0..U-1.
        """
        dense = self._lifts[np.asarray(users)].toarray()
        return np.asarray((self._mean_of_attributes @ np.ascontiguousarray(dense.T)).T)


def attribute_mean(catalogue: Catalogue) -> sp.csr_array:
    """The matrix that takes values of attributes to their mean over each item's, shape (V, P), float32.

    An item without attributes is a row of zeros.
    """
    edges = catalogue.item_attributes
    weights = (1 / np.maximum(edges.degrees, 1)).astype(np.float32)[edges.row_of_edge()]
    return sp.csr_array((weights, edges.indices, edges.indptr), shape=(edges.n_rows, edges.n_columns))
