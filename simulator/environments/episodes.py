"""Who is talked to in a stream of training dialogues: a function of seed and number of the episode.

Legend: E episodes.
"""

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from simulator.randomness import Purpose, uniform
from simulator.runs import ANONYMOUS, Targets


class EpisodeTargets:
    """Draws a user uniformly, then one of the items the data set asks for.

    Where there are no users, items are drawn by the catalogue's popularity.

    :raises OptionError: when there is nothing to draw.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._anonymous = dataset.anonymous
        if dataset.anonymous:
            weights = dataset.catalogue.popularity.astype(np.float64)
            if not weights.sum():
                raise OptionError(
                    f"{dataset.name} has no users, and no item of it is popular: there is nothing to draw"
                )
            self._bounds = np.cumsum(weights / weights.sum())
            return
        users, items = dataset.interactions.pairs(Split.TEST)
        if not len(users):
            raise OptionError(f"{dataset.name} has no {dataset.asks.name.lower()} pairs to talk about")
        self._items = CSR.from_pairs(users, items, dataset.interactions.n_users, dataset.catalogue.n_items)
        self._users = np.flatnonzero(self._items.degrees).astype(np.int32)

    def draw(self, keys: NDArray[np.uint64]) -> Targets:
        """Targets of the episodes with these keys, shape (E,)."""
        lots = uniform(keys, Purpose.TARGET, 0, 2)
        if self._anonymous:
            items = np.minimum(np.searchsorted(self._bounds, lots[:, 0], side="right"), len(self._bounds) - 1)
            return Targets(np.full(len(keys), ANONYMOUS, np.int32), items.astype(np.int32))
        users = self._users[(lots[:, 0] * len(self._users)).astype(np.intp)]
        place = (lots[:, 1] * self._items.degrees[users]).astype(np.int64)
        return Targets(users, self._items.indices[self._items.indptr[users] + place])
