"""Policies that fit on a page: the floor, and what was published before.

Legend: N dialogues, V items, K slots, k items of a list.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from graph.kernels import largest
from simulator.protocol import Decision, State
from simulator.randomness import Purpose, uniform


class RandomPolicy:
    """Asks or recommends with equal chance: any open question, any items not yet shown.

    The floor.  With lists of k out of V items and half of T turns spent on them, SR is close to T/2 * k / V.
    """

    name = "random"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one; what is believed is not used."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """Pick at random; see :class:`simulator.protocol.Policy`."""
        space, mask = state.candidates.space, state.candidates.mask
        n_items = state.catalogue.n_items
        turns = state.history.turns
        lots = uniform(state.keys, Purpose.POLICY, turns, 1 + space.n_slots)
        recommend = lots[:, 0] < 0.5
        lots = lots[:, 1:]
        lots[:, space.wait_slot] = 0.0  # waits only where nothing can be said
        slot_kind = np.arange(space.n_slots)
        asks, shows = slot_kind < space.n_ask, (slot_kind >= space.n_ask) & (slot_kind < space.wait_slot)
        wanted = np.where(recommend[:, None], shows, asks) & mask
        allowed = np.where(wanted.any(axis=1, keepdims=True), wanted, mask)
        closed = state.history.shown(n_items)
        if state.eligible is not None:
            closed |= ~state.eligible
        order = uniform(state.keys, Purpose.POLICY, turns + 1000, n_items).astype(np.float32)
        lists = largest(order, space.list_length, closed)
        return Decision(np.argmax(np.where(allowed, lots, -1.0), axis=1), lists)


class AbsGreedyPolicy:
    """Recommends the best list at every turn and never asks (Christakopoulou et al., KDD 2016)."""

    name = "abs-greedy"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """Show the most believed items; ask only when none is left."""
        return Decision(recommend_or(state, np.ones(state.history.n_dialogues, bool)))


@dataclass(frozen=True)
class MaxEntropyPolicy:
    """Asks what splits the belief best until the list is likely enough, with or without "no" as evidence."""

    hears_no: bool = True
    """False to filter on "yes" alone, as the published policies do."""
    recommend_mass: float = 0.10
    """Recommend once the k most believed items hold this share of the belief."""

    @property
    def name(self) -> str:
        """Name in tables."""
        return "max-entropy" if self.hears_no else "max-entropy-yes"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one, deaf to "no" where it is meant to be."""
        model = AnswerModel.honest(catalogue)
        return model if self.hears_no else model.deaf_to_no()

    def choose(self, state: State) -> Decision:
        """Recommend at a fixed mass and on the last turn, else ask."""
        return Decision(recommend_or(state, (list_mass(state) >= self.recommend_mass) | (state.turns_left <= 1)))


def list_mass(state: State) -> NDArray[np.float64]:
    """Belief in the k most believed items: the chance that their list is accepted, shape (N,)."""
    return np.asarray(state.candidates.item_masses[:, : state.candidates.space.list_length].sum(axis=1))


def recommend_or(state: State, recommend: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The first recommend slot where asked for, else the best question; whichever is open when one is closed.

    :param recommend: shape (N,).
    :return: slots, shape (N,).
    """
    space, mask = state.candidates.space, state.candidates.mask
    first = np.where(recommend, space.n_ask, 0)
    other = np.where(recommend, 0, space.n_ask)
    rows = np.arange(len(first))
    slot = np.where(mask[rows, first], first, np.where(mask[rows, other], other, space.wait_slot))
    return np.asarray(slot, dtype=np.intp)


__all__ = ["AbsGreedyPolicy", "MaxEntropyPolicy", "RandomPolicy", "list_mass", "recommend_or"]
