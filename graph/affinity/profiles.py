"""What is known of people: what they have had, what they thought of it, and what they said they like.

A profile is all that an affinity looks at.  Those of users in the data come from :class:`Histories`; that of somebody
who talks now begins empty and grows with :meth:`Profiles.and_then`, so nothing has to be learned anew when it changes.

Legend: B people, U users, V items, P attributes, E events of all people, S statements of all people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import IntArray, ragged_ranges
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split

ANONYMOUS = -1
"""The user id of somebody without history."""


_T = TypeVar("_T", bound=np.generic)


class Verdict(IntEnum):
    """What somebody thought of an item, or of an attribute."""

    DISLIKED = -1
    SEEN = 0
    """Had it, and did not say what they thought."""
    LIKED = 1


@dataclass(frozen=True)
class Profiles:
    """Profiles of B people."""

    starts: NDArray[np.int64]
    """Where the events of each person begin, shape (B + 1,)."""
    items: NDArray[np.int32]
    """Item of each event, a person's oldest first, shape (E,); no item twice for one person."""
    verdicts: NDArray[np.int8]
    """Values of :class:`Verdict`, shape (E,)."""
    late: NDArray[np.bool_]
    """Whether the event belongs to the later part of a known user's history (the valid split), shape (E,)."""
    attribute_starts: NDArray[np.int64]
    """Where the statements of each person begin, shape (B + 1,)."""
    attributes: NDArray[np.int32]
    """Attribute of each statement, shape (S,)."""
    attribute_verdicts: NDArray[np.int8]
    """LIKED or DISLIKED, shape (S,)."""
    users: NDArray[np.int64]
    """Who each person is in the data, shape (B,), -1 for somebody unknown; only friendships are looked up by it."""
    n_items: int
    n_attributes: int

    @classmethod
    def unknown(cls, count: int, catalogue: Catalogue) -> "Profiles":
        """People of whom nothing is known, shape (``count``,)."""
        none, small = np.zeros(0, np.int32), np.zeros(0, np.int8)
        starts = np.zeros(count + 1, np.int64)
        users = np.full(count, ANONYMOUS, np.int64)
        return cls(
            starts, none, small, np.zeros(0, bool), starts.copy(), none.copy(), small.copy(), users,
            catalogue.n_items, catalogue.n_attributes,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.users)

    def and_then(
        self,
        person: int,
        liked: Iterable[int] = (),
        disliked: Iterable[int] = (),
        seen: Iterable[int] = (),
        likes: Iterable[int] = (),
        dislikes: Iterable[int] = (),
    ) -> "Profiles":
        """The same people after one of them has said more; what is said last counts.

        :param person: place among the B people.
        :param liked: items, as ``disliked`` and ``seen``; in this order they become the person's latest events.
        :param likes: attributes, as ``dislikes``.
        :raises OptionError: when an item or an attribute is not in the catalogue, or there is no such person.
        """
        if not 0 <= person < len(self):
            raise OptionError(f"profile: no person {person} here; there are {len(self)}, counted from 0")
        items, verdicts = _newest(
            (self._of(self.starts, self.items, person), self._of(self.starts, self.verdicts, person)),
            ((liked, Verdict.LIKED), (disliked, Verdict.DISLIKED), (seen, Verdict.SEEN)),
            self.n_items,
            "item",
        )
        attributes, stances = _newest(
            (
                self._of(self.attribute_starts, self.attributes, person),
                self._of(self.attribute_starts, self.attribute_verdicts, person),
            ),
            ((likes, Verdict.LIKED), (dislikes, Verdict.DISLIKED)),
            self.n_attributes,
            "attribute",
        )
        was_late = self._of(self.starts, self.items, person)[self._of(self.starts, self.late, person)]
        late = np.isin(items, was_late)
        starts, new_items = _replace_row(self.starts, self.items, person, items)
        _, new_verdicts = _replace_row(self.starts, self.verdicts, person, verdicts)
        _, new_late = _replace_row(self.starts, self.late, person, late)
        attribute_starts, new_attributes = _replace_row(self.attribute_starts, self.attributes, person, attributes)
        _, new_stances = _replace_row(self.attribute_starts, self.attribute_verdicts, person, stances)
        return Profiles(
            starts, new_items, new_verdicts, new_late, attribute_starts, new_attributes, new_stances, self.users,
            self.n_items, self.n_attributes,
        )  # fmt: skip

    @staticmethod
    def _of(starts: NDArray[np.int64], values: NDArray[_T], person: int) -> NDArray[_T]:
        return values[starts[person] : starts[person + 1]]

    @property
    def person_of_event(self) -> NDArray[np.int64]:
        """Shape (E,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def n_liked(self) -> NDArray[np.int64]:
        """Items each person liked, shape (B,)."""
        liked = self.verdicts == Verdict.LIKED
        return np.bincount(self.person_of_event[liked], minlength=len(self))

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Whether nothing is known of what a person likes or dislikes, shape (B,)."""
        return (np.diff(self.starts) == 0) & (np.diff(self.attribute_starts) == 0)

    def liked(self) -> sp.csr_array:
        """Ones at the items each person liked, shape (B, V), float32."""
        return self._matrix((self.verdicts == Verdict.LIKED).astype(np.float32))

    def weighed(self, disliked: float) -> sp.csr_array:
        """Ones at liked items and ``disliked`` at disliked ones, shape (B, V), float32."""
        return self._matrix(
            np.where(self.verdicts == Verdict.LIKED, 1.0, np.where(self.verdicts == Verdict.DISLIKED, disliked, 0.0))
        )

    def recent(self, decay: float) -> sp.csr_array:
        """Liked items weighted by ``decay`` to the power of the number of likes since, shape (B, V), float32."""
        liked = self.verdicts == Verdict.LIKED
        person = self.person_of_event[liked]
        before = np.arange(len(person)) - np.searchsorted(person, person)
        age = self.n_liked[person] - 1 - before
        weights = np.zeros(len(self.items))
        weights[liked] = decay**age
        return self._matrix(weights)

    def stated(self, disliked: float) -> sp.csr_array:
        """Ones at the attributes each person said they like, ``disliked`` at the others, shape (B, P), float32."""
        values = np.where(self.attribute_verdicts == Verdict.LIKED, 1.0, disliked).astype(np.float32)
        return sp.csr_array(
            (values, self.attributes, self.attribute_starts), shape=(len(self), self.n_attributes), dtype=np.float32
        )

    def _matrix(self, weights: NDArray[np.floating]) -> sp.csr_array:
        kept = weights != 0
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        return sp.csr_array(
            (weights[kept].astype(np.float32), self.items[kept], starts), shape=(len(self), self.n_items)
        )

    def rows(self, chosen: slice) -> "Profiles":
        """The people of a slice."""
        first, last, _ = chosen.indices(len(self))
        events = slice(self.starts[first], self.starts[last])
        said = slice(self.attribute_starts[first], self.attribute_starts[last])
        return Profiles(
            self.starts[first : last + 1] - self.starts[first], self.items[events], self.verdicts[events],
            self.late[events], self.attribute_starts[first : last + 1] - self.attribute_starts[first],
            self.attributes[said], self.attribute_verdicts[said], self.users[chosen], self.n_items, self.n_attributes,
        )  # fmt: skip

    def keep_events(self, kept: NDArray[np.bool_]) -> "Profiles":
        """The same people with only the events that are true in ``kept``, shape (E,); nobody is anybody known."""
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        return Profiles(
            starts, self.items[kept], self.verdicts[kept], self.late[kept], self.attribute_starts, self.attributes,
            self.attribute_verdicts, np.full(len(self), ANONYMOUS, np.int64), self.n_items, self.n_attributes,
        )  # fmt: skip


def _newest(
    before: tuple[NDArray[np.generic], NDArray[np.generic]],
    said: Sequence[tuple[Iterable[int], Verdict]],
    size: int,
    what: str,
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Earlier ids and verdicts with later ones behind them, each id where it was named last."""
    ids = dict(zip(before[0].tolist(), before[1].tolist(), strict=True))
    for named, verdict in said:
        for each in named:
            if not 0 <= each < size:
                raise OptionError(f"profile: no {what} {each} here; give 0..{size - 1}")
            ids.pop(int(each), None)
            ids[int(each)] = int(verdict)
    return np.array(list(ids), np.int32), np.array(list(ids.values()), np.int8)


def _replace_row(
    starts: NDArray[np.int64], values: NDArray[_T], row: int, fresh: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[_T]]:
    first, last = starts[row], starts[row + 1]
    moved = starts.copy()
    moved[row + 1 :] += len(fresh) - (last - first)
    return moved, np.concatenate([values[:first], fresh.astype(values.dtype), values[last:]])


class Histories:
    """Profiles of the users of a data set: all they had in train and valid, oldest first.

    Where times are unknown a hash of the id gives the order, which then says nothing.
    """

    def __init__(self, dataset: Dataset) -> None:
        history, self._catalogue = dataset.interactions, dataset.catalogue
        self.n_users = history.n_users
        chosen = history.in_order[history.split[history.in_order] != Split.TEST]
        self._starts = np.searchsorted(history.users[chosen], np.arange(self.n_users + 1)).astype(np.int64)
        self._items = history.items[chosen]
        self._verdicts = history.verdicts[chosen]
        self._late = history.split[chosen] == Split.VALID

    def of(self, users: IntArray) -> Profiles:
        """Profiles of users, shape (B,), in 0..U-1, or -1 for somebody unknown; repeats allowed."""
        who = np.asarray(users, dtype=np.int64)
        known = who != ANONYMOUS
        rows = np.where(known, who, 0)
        lengths = np.where(known, self._starts[rows + 1] - self._starts[rows], 0) if self.n_users else 0 * rows
        events = ragged_ranges(self._starts[rows] if self.n_users else rows, lengths)
        nothing = Profiles.unknown(len(who), self._catalogue)
        return Profiles(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), self._items[events], self._verdicts[events],
            self._late[events], nothing.attribute_starts, nothing.attributes, nothing.attribute_verdicts, who.copy(),
            nothing.n_items, nothing.n_attributes,
        )  # fmt: skip
