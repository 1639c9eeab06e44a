"""What the friends of a user have.

Legend: B people, U users, V items.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.affinity.profiles import ANONYMOUS, Profiles
from graph.affinity.signals.protocol import FloatArray
from graph.dataset import Dataset
from graph.errors import OptionError

DAMPING = 5
"""Friends without the item that everybody is given besides their own, so that one friend does not make a certainty."""


class Friends:
    """Share of a person's friends who like an item; their own history is not looked at.

    Somebody who is no user of the data, or has no friends there, is told nothing.

    :raises OptionError: when the data know no friendships.
    """

    name = "friends"
    softenings = (0.01, 0.03, 0.003, 0.1)

    def __init__(self, dataset: Dataset) -> None:
        friends, likes = dataset.interactions.friends, dataset.interactions.known_likes
        if not friends.n_edges:
            raise OptionError(f"friends: {dataset.name} does not say who is a friend of whom; choose another affinity")
        weights = (1 / (friends.degrees + DAMPING)).astype(np.float32)
        self._friends = sp.csr_array(friends.to_scipy().multiply(weights[:, None]))
        self._likes = likes.to_scipy()
        befriended = np.bincount(friends.indices, minlength=friends.n_columns) > 0
        self.covers = np.bincount(likes.indices[befriended[likes.row_of_edge()]], minlength=likes.n_columns) > 0

    @classmethod
    def fit(cls, dataset: Dataset) -> "Friends":
        """Learn from train and valid."""
        return cls(dataset)

    def of(self, profiles: Profiles) -> FloatArray:
        """Values in 0..1, shape (B, V)."""
        values = np.zeros((len(profiles), len(self.covers)), dtype=np.float32)
        known = np.flatnonzero(profiles.users != ANONYMOUS)
        values[known] = (self._friends[profiles.users[known]] @ self._likes).toarray()
        return values

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Nothing: see :class:`graph.affinity.signals.protocol.Signal`."""
        return {}
