"""The history: the ordered dialogue acts of each conversation.  The history is the state.

Belief, candidates and replies are functions of (graph, affinity, history); replay and undo work on nothing else.

Legend: N dialogues, T agent acts kept, m options of a question, k items of a list.  A step is one agent act, a turn
is a step at which the agent speaks: waiting takes a step and no turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.belief import AnswerEvidence, Belief, RejectionEvidence
from graph.catalogue import Catalogue


class Act(IntEnum):
    """What the agent did with a step."""

    NONE = 0
    """The step was not reached."""
    ASK = 1
    RECOMMEND = 2
    WAIT = 3


EMPTY_STEP = {"acts": int(Act.NONE), "options": -1, "answers": -1, "naming": 0, "lists": -1, "accepted": 0}
"""What the arrays hold for a step that was not reached."""


@dataclass
class History:
    """What was said, in arrays; a step that was not reached holds ``Act.NONE`` and -1."""

    opening: NDArray[np.int32]
    """Attribute the user began with, shape (N,), -1 for none."""
    length: NDArray[np.int16]
    """Agent acts so far, shape (N,)."""
    acts: NDArray[np.int8]
    """:class:`Act` of each step, shape (N, T)."""
    options: NDArray[np.int32]
    """Attributes asked about, shape (N, T, m), -1 where there are fewer."""
    answers: NDArray[np.int8]
    """:class:`graph.answers.Answer` to each option, shape (N, T, m), -1 where there is none."""
    naming: NDArray[np.bool_]
    """Whether the user could name one option at most (a facet question), shape (N, T)."""
    lists: NDArray[np.int32]
    """Items shown, shape (N, T, k), -1 where there are fewer."""
    accepted: NDArray[np.int16]
    """Place in the list (from 1) of the item that was accepted, shape (N, T), 0 for none."""

    @classmethod
    def begin(cls, opening: NDArray[np.int32], n_steps: int, n_options: int, list_length: int) -> "History":
        """Conversations in which only the user has spoken."""
        n = len(opening)
        return cls(
            opening.astype(np.int32),
            np.zeros(n, np.int16),
            np.zeros((n, n_steps), np.int8),
            np.full((n, n_steps, n_options), -1, np.int32),
            np.full((n, n_steps, n_options), -1, np.int8),
            np.zeros((n, n_steps), bool),
            np.full((n, n_steps, list_length), -1, np.int32),
            np.zeros((n, n_steps), np.int16),
        )

    @property
    def n_dialogues(self) -> int:
        return len(self.opening)

    @property
    def n_steps(self) -> int:
        """Steps there is room for (T)."""
        return int(self.acts.shape[1])

    @property
    def turns(self) -> NDArray[np.int16]:
        """Turns the agent has taken, shape (N,): steps at which it did not wait."""
        return np.asarray(((self.acts == Act.ASK) | (self.acts == Act.RECOMMEND)).sum(axis=1, dtype=np.int16))

    @property
    def accepted_turn(self) -> NDArray[np.int16]:
        """Turn (from 1) at which an item was accepted, shape (N,), 0 for never.  Nothing follows an acceptance."""
        return np.where((self.accepted > 0).any(axis=1), self.turns, 0).astype(np.int16)

    @property
    def waits_in_a_row(self) -> NDArray[np.int16]:
        """Waits since the agent last spoke, shape (N,)."""
        spoke = (self.acts == Act.ASK) | (self.acts == Act.RECOMMEND)
        since = np.where(spoke.any(axis=1), self.n_steps - spoke[:, ::-1].argmax(axis=1), 0)
        return (self.length - since).astype(np.int16)

    @property
    def accepted_rank(self) -> NDArray[np.int16]:
        """Place in its list (from 1) of the item that was accepted, shape (N,), 0 for never."""
        return np.asarray(self.accepted.max(axis=1, initial=0))

    @classmethod
    def join(cls, parts: Sequence["History"]) -> "History":
        """Conversations of several histories, one after the other."""
        longest = max(part.n_steps for part in parts)
        for part in parts:
            part.grow(longest - part.n_steps)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def take(self, rows: NDArray[np.intp]) -> "History":
        """Some of the conversations, as a copy."""
        return History(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def put(self, rows: NDArray[np.intp], other: "History") -> None:
        """Write ``other`` over some of the conversations."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)

    def asked(self, n_attributes: int) -> NDArray[np.bool_]:
        """Attributes whose truth the user was already asked for or volunteered, shape (N, P)."""
        asked = np.zeros((self.n_dialogues, n_attributes + 1), dtype=bool)
        asked[np.arange(self.n_dialogues), self.opening] = True
        rows = np.arange(self.n_dialogues)[:, None]
        asked[rows, self.options.reshape(self.n_dialogues, -1)] = True
        return asked[:, :-1]

    def shown(self, n_items: int) -> NDArray[np.bool_]:
        """Items that were shown and not accepted, shape (N, V)."""
        shown = np.zeros((self.n_dialogues, n_items + 1), dtype=bool)
        shown[np.arange(self.n_dialogues)[:, None], self.lists.reshape(self.n_dialogues, -1)] = True
        return shown[:, :-1]

    def grow(self, n_steps: int) -> None:
        """Make room for ``n_steps`` more steps."""
        for name, empty in EMPTY_STEP.items():
            array = getattr(self, name)
            room = [(0, 0), (0, n_steps)] + [(0, 0)] * (array.ndim - 2)
            setattr(self, name, np.pad(array, room, constant_values=empty))

    def evidence(
        self, rows: NDArray[np.intp], steps: NDArray[np.integer]
    ) -> Iterator[AnswerEvidence | RejectionEvidence]:
        """What the user's reaction to one step of each dialogue says about the item in mind.

        :param rows: dialogues, shape (E,).
        :param steps: the step of each, from 0, shape (E,).
        """
        asked = self.acts[rows, steps] == Act.ASK
        if asked.any():
            asking, step = rows[asked], steps[asked]
            options, answers = self.options[asking, step], self.answers[asking, step]
            yield AnswerEvidence(asking, options, answers, self.naming[asking, step])
        refused = (self.acts[rows, steps] == Act.RECOMMEND) & (self.accepted[rows, steps] == 0)
        if refused.any():
            refusing = rows[refused]
            yield RejectionEvidence(refusing, self.lists[refusing, steps[refused]])


def believe(
    catalogue: Catalogue,
    answer_model: AnswerModel,
    log_prior: NDArray[np.float32],
    history: History,
    eligible: NDArray[np.bool_] | None = None,
) -> Belief:
    """The belief after a whole history.

    :param log_prior: affinity of each dialogue's user with each item, shape (N, V).
    :param eligible: items that may be shown, shape (V,) or (N, V).
    """
    belief = Belief(catalogue, answer_model, log_prior, eligible)
    belief.open_with(np.arange(history.n_dialogues), history.opening)
    for step in range(int(history.length.max(initial=0))):
        rows = np.flatnonzero(history.length > step)
        for evidence in history.evidence(rows, np.full(len(rows), step)):
            belief.update(evidence)
    return belief
