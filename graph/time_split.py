"""Cut each user's history in order of time: nothing is learned that is later than what is tested on.

Legend: U users, E interactions.
"""

import numpy as np
from numpy.typing import NDArray

from graph.hashing import GOLDEN, mix64
from graph.interactions import Split

HELD_OUT = 0.15
"""Share of a user's liked items in valid, and again in test."""


def tie_break(user_ids: NDArray[np.int64], item_ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each (user, item) that no order of ids shines through: both shape (E,).

    Half of all ratings of MovieLens 100K share their second with another of the same user.
    """
    return mix64(((user_ids.astype(np.uint64) << np.uint64(32)) ^ item_ids.astype(np.uint64)) + GOLDEN)


def split_by_time(
    users: NDArray[np.int32], times: NDArray[np.int64], liked: NDArray[np.bool_], n_users: int
) -> NDArray[np.int8]:
    """Cut what each user liked 70 / 15 / 15 % in the order given; the rest goes by time.

    Valid and test each get 15 % of n likes, rounded to the nearest (half up) and at least one where n >= 3; of two
    likes the later is for test, a single one is for train. Other ratings are in train up to the time of the user's last
    train target, in valid up to that of the last valid target, else in test: of a user nothing is learned that is later
    than a target tested on. Users without likes are all train.

    :param users: shape (E,), ascending.
    :param times: shape (E,), ascending within a user.
    :param liked: the possible targets, shape (E,).
    :return: values of :class:`graph.interactions.Split`, shape (E,).
    """
    split = np.full(len(users), Split.TEST, dtype=np.int8)
    n_likes = np.bincount(users[liked], minlength=n_users)
    held_out = np.floor(HELD_OUT * n_likes + 0.5).astype(np.int64)
    n_test = np.where(n_likes >= 2, np.maximum(held_out, 1), 0)
    n_valid = np.where(n_likes >= 3, np.maximum(held_out, 1), 0)
    starts = np.cumsum(n_likes) - n_likes
    fans = users[liked]
    from_last = n_likes[fans] - 1 - (np.arange(len(fans)) - starts[fans])
    split[liked] = np.where(
        from_last < n_test[fans], Split.TEST, np.where(from_last < (n_test + n_valid)[fans], Split.VALID, Split.TRAIN)
    )
    until = np.where(n_likes == 0, np.iinfo(np.int64).max, np.iinfo(np.int64).min)
    for part in (Split.TRAIN, Split.VALID):
        chosen = liked & (split == part)
        np.maximum.at(until, users[chosen], times[chosen])
        early = ~liked & (split == Split.TEST) & (times <= until[users])
        split[early] = part
    return split
