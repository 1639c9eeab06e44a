"""An affinity that works every user out once: for training, where the same people are met again and again.

Legend: B people, U users, V items.
"""

import numpy as np

from graph.affinity.profiles import ANONYMOUS, Profiles
from graph.affinity.protocol import Affinity, FloatArray, checked_users
from graph.csr import IntArray

MOST_CELLS = 150_000_000
"""Scores that are remembered at most, 600 MB; users beyond that are worked out whenever they are met."""

BLOCK = 256
"""Users that are worked out at once."""


class Remembered:
    """The same scores as those of another affinity."""

    def __init__(self, affinity: Affinity, n_users: int) -> None:
        """:param n_users: U."""
        self._affinity, self._n_users = affinity, n_users
        self.name, self.n_items = affinity.name, affinity.n_items
        rooms = min(n_users + 1, MOST_CELLS // max(affinity.n_items, 1))
        self._scores = np.empty((rooms, affinity.n_items), np.float32)
        self._known = np.zeros(rooms, bool)

    def scores(self, users: IntArray) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        # The row of somebody without history comes first.
        rooms = checked_users(users, self._n_users) + 1
        beyond = rooms >= len(self._known)
        missing = np.unique(rooms[~beyond])
        missing = missing[~self._known[missing]]
        if len(missing):
            self._scores[missing] = self._affinity.scores(missing + ANONYMOUS)
            self._known[missing] = True
        scores = np.empty((len(rooms), self.n_items), np.float32)
        scores[~beyond] = self._scores[rooms[~beyond]]
        if beyond.any():
            scores[beyond] = self._affinity.scores(rooms[beyond] + ANONYMOUS)
        return scores

    def fill(self) -> None:
        """Work everybody out now, as many as there is room for: processes that are forked share it."""
        for first in range(0, len(self._known), BLOCK):
            self.scores(np.arange(first, min(first + BLOCK, len(self._known)), dtype=np.int32) + ANONYMOUS)

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return self._affinity.scores_of(profiles)
