"""What people like next after what they liked last.

Legend: B people, V items.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import Histories, Profiles, Verdict
from graph.affinity.signals.ease import check_size
from graph.affinity.signals.protocol import FloatArray
from graph.dataset import Dataset
from graph.errors import OptionError

MOST_ITEMS = 10_000
"""Refuse more: the system of equations is dense."""


class Transitions:
    """The linear model that tells the next likes from the last: ``B = (S'S + l2 I)^-1 S'T``.

    A row of S is what a person liked before some moment, a row of T what they liked after it, both fading with the
    number of likes between (SLIT; Choi, Kim, Lee, Shim and Lee 2021, "Session-aware linear item-item models for
    session-based recommendation", WWW).
    """

    name = "transitions"
    softenings = (0.003, 0.01, 0.001, 0.03)

    def __init__(self, weights: FloatArray, decay: float) -> None:
        self._weights = weights
        self._decay = decay
        self.covers = np.asarray(weights.any(axis=0))

    @classmethod
    def fit(cls, dataset: Dataset, l2: float = 20.0, decay: float = 0.72) -> "Transitions":
        """Learn from train and valid.

        :raises OptionError: when it is not known what came first, or there are too many items.
        """
        if not dataset.interactions.timed:
            raise OptionError(f"transitions: {dataset.name} does not say what came first; choose another affinity")
        n_items = dataset.catalogue.n_items
        check_size("transitions", n_items, MOST_ITEMS)
        gram, towards = np.zeros((n_items, n_items)), np.zeros((n_items, n_items))
        profiles = Histories(dataset).of(np.arange(dataset.interactions.n_users))
        for person in range(len(profiles)):
            events = slice(profiles.starts[person], profiles.starts[person + 1])
            liked = profiles.items[events][profiles.verdicts[events] == Verdict.LIKED]
            if len(liked) < 2:
                continue
            place = np.arange(len(liked))
            gap = place[:-1, None] - place
            before = np.where(gap >= 0, decay ** np.maximum(gap, 0), 0)
            after = np.where(gap < 0, decay ** np.maximum(-gap - 1, 0), 0)
            gram[np.ix_(liked, liked)] += before.T @ before
            towards[np.ix_(liked, liked)] += before.T @ after
        gram[np.diag_indices(n_items)] += l2
        return cls(np.linalg.solve(gram, towards).astype(np.float32), decay)

    def of(self, profiles: Profiles) -> FloatArray:
        """How likely each item comes soon, >= 0, shape (B, V)."""
        values = np.asarray(profiles.recent(self._decay) @ self._weights)
        return np.maximum(values, 0, out=values)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}
