"""Candidates: the actions a policy may take now, each in its place of a fixed-size, masked action space.

Slots are laid out as ``n_ask`` questions, then ``n_recommend`` items, then wait.

Legend: N dialogues, V items, K slots, m options of a question, k items of a list.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.belief import Belief
from graph.questions import Questions, best_questions
from simulator.history import Act, History
from simulator.timing import MOST_WAITS


@dataclass(frozen=True)
class ActionSpace:
    """How many slots there are of each kind."""

    n_ask: int = 10
    """Question slots."""
    n_recommend: int = 20
    """Item slots; more than a list holds, so that the policy can change the list."""
    list_length: int = 10
    """Items a recommendation shows (k)."""

    @property
    def n_slots(self) -> int:
        return self.n_ask + self.n_recommend + 1

    @property
    def wait_slot(self) -> int:
        return self.n_slots - 1

    def act_of(self, slots: NDArray[np.integer]) -> NDArray[np.int8]:
        """:class:`Act` of each slot, any shape."""
        recommends = (slots >= self.n_ask) & (slots < self.wait_slot)
        return np.where(slots < self.n_ask, Act.ASK, np.where(recommends, Act.RECOMMEND, Act.WAIT)).astype(np.int8)


@dataclass(frozen=True)
class Candidates:
    """What fills the slots of each dialogue."""

    space: ActionSpace
    questions: Questions
    """Options (N, n_ask, m) and expected bits (N, n_ask), best first."""
    items: NDArray[np.int32]
    """Most believed items that may be shown, shape (N, n_recommend), -1 where no more are left."""
    item_masses: NDArray[np.float64]
    """Belief in each of ``items``, shape (N, n_recommend), 0 where there is none."""
    mask: NDArray[np.bool_]
    """Open slots, shape (N, K); never empty."""

    @property
    def list_masses(self) -> NDArray[np.float64]:
        """Belief in the list of each recommend slot: its item and the most believed of the others, shape (N, I)."""
        space = self.space
        head = self.item_masses[:, : space.list_length].sum(axis=1, keepdims=True)
        last = self.item_masses[:, min(space.list_length, space.n_recommend) - 1, None]
        outside = np.arange(space.n_recommend) >= space.list_length
        return np.where(outside, head - last + self.item_masses, head)

    def list_for(self, slots: NDArray[np.integer]) -> NDArray[np.int32]:
        """The list each recommend slot stands for: its item, then the most believed of the others.

        :param slots: shape (N,); what is returned for ask and wait slots means nothing.
        :return: shape (N, k), -1 where fewer items are left.
        """
        space = self.space
        place = np.clip(slots - space.n_ask, 0, space.n_recommend - 1)[:, None]
        order = np.arange(space.n_recommend)[None, :]
        rank = np.where(order == place, 0, order + (order < place))
        best = np.argsort(rank, axis=1, kind="stable")[:, : space.list_length]
        return np.take_along_axis(self.items, best, axis=1)


def select_candidates(belief: Belief, history: History, space: ActionSpace, mode: QuestionMode) -> Candidates:
    """Fill the slots: the most telling questions, and the most believed items not yet turned down.

    Items that may not be shown have no weight in the belief, so they are never among them.
    """
    questions = best_questions(belief, history.named, mode, space.n_ask)
    items = belief.top_items(space.n_recommend, without=history.judged_lists.reshape(history.n_dialogues, -1))
    masses = belief.masses(np.arange(history.n_dialogues), items)
    found = items >= 0
    speaks = np.concatenate([questions.options[:, :, 0] >= 0, found], axis=1)
    may_wait = (history.waits_in_a_row < MOST_WAITS) | ~speaks.any(axis=1)
    mask = np.concatenate([speaks, may_wait[:, None]], axis=1)
    return Candidates(space, questions, items, masses.astype(np.float64), mask)
