"""What every affinity promises.

Legend: B people asked for at once, U users, V items.
"""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import ANONYMOUS, Histories, Profiles
from graph.csr import IntArray
from graph.errors import OptionError

FloatArray = NDArray[np.float32]


__all__ = ["ANONYMOUS", "Affinity", "OfProfiles", "checked_users"]


class Affinity(Protocol):
    """How well each item fits a person before the dialogue starts.

    The scores are the prior of the belief and meet answer likelihoods there, so they are log-probabilities: within a
    row, ``exp(score_i - score_j)`` says how many times likelier item i is the one looked for than item j.
    """

    @property
    def name(self) -> str:
        """What the registry calls this kind."""

    @property
    def n_items(self) -> int:
        """V."""

    def scores(self, users: IntArray) -> FloatArray:
        """Log prior of every item for users of the data, up to a constant a row; the same at every call.

        :param users: users asked for, shape (B,), in 0..U-1, or -1 for somebody without history; repeats allowed.
        :return: a new, finite array of shape (B, V).
        :raises OptionError: when a user is outside -1..U-1.
        """

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """The same for anybody, by what is known of them; shape (B, V)."""


class OfProfiles(ABC):
    """The half of an affinity that looks users of the data up."""

    def __init__(self, histories: Histories) -> None:
        self._histories = histories

    def scores(self, users: IntArray) -> FloatArray:
        """Shape (B, V); see :class:`Affinity`."""
        return self.scores_of(self._histories.of(checked_users(users, self._histories.n_users)))

    @abstractmethod
    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`Affinity`."""


def checked_users(users: IntArray, n_users: int) -> NDArray[np.int64]:
    """The users as int64, shape (B,).

    :raises OptionError: when one of them is outside -1..``n_users`` - 1.
    """
    asked = np.asarray(users, dtype=np.int64)
    if asked.size and (asked.min() < ANONYMOUS or asked.max() >= n_users):
        wrong = asked[(asked < ANONYMOUS) | (asked >= n_users)][0]
        raise OptionError(f"affinity: no user {wrong} here; give 0..{n_users - 1}, or -1 for somebody without history")
    return asked
