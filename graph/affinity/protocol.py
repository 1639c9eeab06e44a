"""What every affinity promises.

Legend: B users asked for at once, U users, V items.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR, IntArray
from graph.errors import OptionError

ANONYMOUS = -1
"""The user id of somebody without history."""


class Affinity(Protocol):
    """How well each item fits a user before the dialogue starts.

    The scores are the prior of the belief and meet answer likelihoods there, so they are log-probabilities: within a
    row, ``exp(score_i - score_j)`` says how many times likelier item i is the one looked for than item j.
    """

    @property
    def name(self) -> str:
        """What the registry calls this kind."""

    @property
    def n_items(self) -> int:
        """V."""

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Log prior of every item, up to a constant a row; finite, and the same at every call.

        :param users: users asked for, shape (B,), in 0..U-1, or -1 for somebody without history; repeats allowed.
        :return: a new array of shape (B, V).
        :raises OptionError: when a user is outside -1..U-1.
        """


def checked_users(users: IntArray, n_users: int) -> NDArray[np.int64]:
    """The users as int64, shape (B,).

    :raises OptionError: when one of them is outside -1..``n_users`` - 1.
    """
    asked = np.asarray(users, dtype=np.int64)
    if asked.size and (asked.min() < ANONYMOUS or asked.max() >= n_users):
        wrong = asked[(asked < ANONYMOUS) | (asked >= n_users)][0]
        raise OptionError(f"affinity: no user {wrong} here; give 0..{n_users - 1}, or -1 for somebody without history")
    return asked


def has_history(likes: CSR, users: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each user liked something in train, shape (B,); the others are treated as anonymous."""
    known = np.asarray(users != ANONYMOUS)
    known[known] = likes.degrees[users[known]] > 0
    return known
