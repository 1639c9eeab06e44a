"""User-item history with time and rating, split into train, valid and test before anything is learned.

Legend: U users, V items, E interactions.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.errors import DataError
from graph.hashing import hash_order


class Split(IntEnum):
    """Which part of the history an interaction belongs to."""

    TRAIN = 0
    VALID = 1
    TEST = 2

    @classmethod
    def named(cls, name: str) -> "Split":
        """Read "train", "valid" or "test".

        :raises DataError: for any other name.
        """
        if name.upper() not in cls.__members__:
            raise DataError(f"no split {name!r}; choose train, valid or test")
        return cls[name.upper()]


@dataclass(frozen=True)
class Interactions:
    """Edges between users and items."""

    users: NDArray[np.int32]
    """Shape (E,), in 0..U-1."""
    items: NDArray[np.int32]
    """Shape (E,), in 0..V-1."""
    ratings: NDArray[np.float32]
    """Shape (E,); ones where the data only say that an item was chosen."""
    times: NDArray[np.int64]
    """Unix seconds, shape (E,); zeros where unknown."""
    split: NDArray[np.int8]
    """Values of :class:`Split`, shape (E,)."""
    liked: NDArray[np.bool_]
    """Whether the item may be the target of a conversation, shape (E,)."""
    user_ids: NDArray[np.int64]
    """The data set's own id of each user, shape (U,)."""
    user_facts: dict[str, tuple[str, ...]]
    """What is known of users, such as "age"; each of length U."""
    friends: CSR
    """Who is a friend of whom, U rows, U columns; empty where unknown."""
    n_items: int
    user_keys: tuple[str, ...] | None = None
    """What the source calls each user where that is not a number, length U, without repeats."""

    def __post_init__(self) -> None:
        n_edges = len(self.users)
        for what in ("items", "ratings", "times", "split", "liked"):
            if len(getattr(self, what)) != n_edges:
                raise DataError(f"interactions: {len(getattr(self, what))} {what} for {n_edges} users")
        for name, values in self.user_facts.items():
            if len(values) != self.n_users:
                raise DataError(f"interactions: {len(values)} values of {name!r} for {self.n_users} users")
        if self.user_keys is not None and len(self.user_keys) != self.n_users:
            raise DataError(f"interactions: {len(self.user_keys)} user keys for {self.n_users} users")

    @classmethod
    def none(cls, n_items: int) -> "Interactions":
        """No users at all: a catalogue on its own."""
        empty = np.zeros(0, dtype=np.int32)
        friends = CSR.from_pairs(empty, empty, 0, 0)
        floats, longs = np.zeros(0, np.float32), np.zeros(0, np.int64)
        return cls(empty, empty, floats, longs, np.zeros(0, np.int8), np.zeros(0, bool), longs, {}, friends, n_items)

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_edges(self) -> int:
        return len(self.users)

    def user_key(self, user: int) -> int | str:
        """The data set's own id of a user, as its source writes it."""
        return int(self.user_ids[user]) if self.user_keys is None else self.user_keys[user]

    def find_user(self, wanted: int | str) -> int:
        """Place of the user with this id, as the source writes it.

        :raises DataError: when nobody has it.
        """
        for user in range(self.n_users):
            if str(self.user_key(user)) == str(wanted):
                return user
        known = (
            f"choose one of {self.n_users:,}, such as {self.user_key(0)}" if self.n_users else "nobody is known here"
        )
        raise DataError(f"nobody has the id {str(wanted)!r}; {known}")

    def pairs(self, split: Split) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Users and items of the possible targets of a split, both shape (pairs,), in the order they are stored."""
        chosen = (self.split == split) & self.liked
        return self.users[chosen], self.items[chosen]

    @property
    def timed(self) -> bool:
        """Whether it is known what came first."""
        return bool(self.times.any())

    @cached_property
    def in_order(self) -> NDArray[np.int64]:
        """Edges by user, and of each user oldest first, shape (E,).

        Ties, and everything where no times are known, stand in an order that has nothing to do with ids.
        """
        return np.lexsort((hash_order(self.items.astype(np.int64)), self.times, self.users))

    @cached_property
    def verdicts(self) -> NDArray[np.int8]:
        """1 where liked, -1 where rated below the middle of the scale, else 0, shape (E,)."""
        low, high = (self.ratings.min(), self.ratings.max()) if self.n_edges else (0.0, 0.0)
        return np.where(self.liked, 1, np.where(self.ratings < (low + high) / 2, -1, 0)).astype(np.int8)

    @cached_property
    def known_likes(self) -> CSR:
        """Items each user liked in train or valid, U rows, V columns: what affinities are learned from."""
        chosen = (self.split != Split.TEST) & self.liked
        return CSR.from_pairs(self.users[chosen], self.items[chosen], self.n_users, self.n_items)

    @cached_property
    def valid_likes(self) -> CSR:
        """Items each user liked in valid, U rows, V columns."""
        users, items = self.pairs(Split.VALID)
        return CSR.from_pairs(users, items, self.n_users, self.n_items)

    @cached_property
    def train_items(self) -> CSR:
        """Items each user has in train, liked or not, U rows, V columns."""
        chosen = self.split == Split.TRAIN
        return CSR.from_pairs(self.users[chosen], self.items[chosen], self.n_users, self.n_items)

    @cached_property
    def train_likes(self) -> CSR:
        """Items each user has in train and liked, U rows, V columns."""
        users, items = self.pairs(Split.TRAIN)
        return CSR.from_pairs(users, items, self.n_users, self.n_items)
