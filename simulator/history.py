"""The history: the ordered dialogue acts of each conversation.  The history is the state.

Belief, candidates and replies are functions of (graph, affinity, history); replay and undo work on nothing else.

Legend: N dialogues, T steps kept, m options of a question, k items of a list.  A step is one agent act, a turn is a
step at which the agent speaks: waiting takes a step and no turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel
from graph.belief import AnswerEvidence, Belief, CritiqueEvidence, RejectionEvidence, VolunteeredEvidence
from graph.catalogue import Catalogue
from graph.doubting_belief import DoubtingBelief
from simulator.rows import RowArrays
from simulator.timing import TICK_SECONDS, Cues, Event

Evidence = AnswerEvidence | RejectionEvidence | VolunteeredEvidence | CritiqueEvidence


class Act(IntEnum):
    """What the agent did with a step."""

    NONE = 0
    """The step was not reached."""
    ASK = 1
    RECOMMEND = 2
    WAIT = 3
    LISTEN = 4
    """The agent did nothing, and took no turn: the user said something else in the same breath, kept as an answer to a
    question that nobody asked."""


EMPTY_STEP: dict[str, tuple[int | float, type]] = {
    "acts": (int(Act.NONE), np.int8), "options": (-1, np.int32), "answers": (-1, np.int8), "naming": (False, np.bool_),
    "confidence": (1, np.float16), "lists": (-1, np.int32), "chance": (0, np.float32), "accepted": (0, np.int16),
    "deferred": (False, np.bool_), "settled": (0, np.int16), "volunteered": (-1, np.int32), "critiques": (0, np.int32),
    "ticks": (0, np.int8), "events": (int(Event.MESSAGE), np.int8), "typing": (False, np.bool_),
    "completeness": (1, np.float16),
}  # fmt: skip
"""What the arrays hold for a step that was not reached, and their types."""

SEEN_BEFORE = frozenset({"events", "typing", "completeness"})
"""Arrays that say what was seen before each step and after the last one."""


@dataclass
class History(RowArrays):
    """What was said and seen, in arrays."""

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
    confidence: NDArray[np.float16]
    """Chance, as the understander has it, that the answer was understood, shape (N, T)."""
    lists: NDArray[np.int32]
    """Items shown, shape (N, T, k), -1 where there are fewer."""
    chance: NDArray[np.float32]
    """Belief in the list that was shown: the agent's own forecast that it is accepted, shape (N, T)."""
    accepted: NDArray[np.int16]
    """Place in the list (from 1) of the item that was accepted, shape (N, T), 0 for none."""
    deferred: NDArray[np.bool_]
    """Whether the user took time over the list of this step before saying anything, shape (N, T)."""
    settled: NDArray[np.int16]
    """Step (from 1) of the deferred list that was settled at this step, by a verdict if the agent waited, by being
    dropped if it spoke, shape (N, T), 0 for none."""
    volunteered: NDArray[np.int32]
    """Attribute the user named unasked after the act, shape (N, T), -1 for none."""
    critiques: NDArray[np.int32]
    """"Like this one, but older": place in the list (from 1), attribute that is moved away from, -1 or +1; zeros for
    none; shape (N, T, 3)."""
    ticks: NDArray[np.int8]
    """How long the step took, shape (N, T)."""
    events: NDArray[np.int8]
    """:class:`simulator.timing.Event` before each step, shape (N, T + 1)."""
    typing: NDArray[np.bool_]
    """Whether the typing indicator was on before each step, shape (N, T + 1)."""
    completeness: NDArray[np.float16]
    """How complete the last message looked before each step, shape (N, T + 1)."""

    @classmethod
    def begin(cls, opening: NDArray[np.int32], n_steps: int, n_options: int, list_length: int) -> "History":
        """Conversations in which only the user has spoken."""
        n = len(opening)
        inner = {"options": (n_options,), "answers": (n_options,), "lists": (list_length,), "critiques": (3,)}
        arrays: dict[str, Any] = {
            name: np.full((n, n_steps + (name in SEEN_BEFORE), *inner.get(name, ())), empty, kind)
            for name, (empty, kind) in EMPTY_STEP.items()
        }
        return cls(opening=opening.astype(np.int32), length=np.zeros(n, np.int16), **arrays)

    @property
    def n_dialogues(self) -> int:
        return len(self.opening)

    @property
    def n_steps(self) -> int:
        """Steps there is room for (T)."""
        return int(self.acts.shape[1])

    @property
    def speaks(self) -> NDArray[np.bool_]:
        """Steps at which the agent spoke, shape (N, T)."""
        return np.asarray((self.acts == Act.ASK) | (self.acts == Act.RECOMMEND))

    @property
    def turns(self) -> NDArray[np.int16]:
        """Turns the agent has taken, shape (N,): steps at which it did not wait."""
        return self.speaks.sum(axis=1, dtype=np.int16)

    @property
    def clock(self) -> NDArray[np.int16]:
        """Ticks since the conversation began, shape (N,)."""
        return self.ticks.sum(axis=1, dtype=np.int16)

    @property
    def accepted_turn(self) -> NDArray[np.int16]:
        """Turn (from 1) of the list that was accepted, shape (N,), 0 for never.  No turn follows an acceptance."""
        return np.where((self.accepted > 0).any(axis=1), self.turns, 0).astype(np.int16)

    @property
    def accepted_rank(self) -> NDArray[np.int16]:
        """Place in its list (from 1) of the item that was accepted, shape (N,), 0 for never."""
        return np.asarray(self.accepted.max(axis=1, initial=0))

    @property
    def on_show(self) -> NDArray[np.bool_]:
        """Whether a list waits for the user's verdict, shape (N,)."""
        return np.asarray(self.deferred.sum(axis=1) > (self.settled > 0).sum(axis=1))

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Steps whose list was never judged, because the agent went on while the user thought, shape (N, T)."""
        dropped = np.zeros_like(self.deferred)
        rows, steps = np.nonzero((self.settled > 0) & self.speaks)
        dropped[rows, self.settled[rows, steps] - 1] = True
        return dropped

    @property
    def judged_lists(self) -> NDArray[np.int32]:
        """Items shown and judged, or still on show, shape (N, T, k), -1 elsewhere: dropped lists may come back."""
        return np.where(self.dropped[:, :, None], np.int32(-1), self.lists) if self.deferred.any() else self.lists

    @property
    def left(self) -> NDArray[np.bool_]:
        """Whether the user has left, shape (N,)."""
        return np.asarray((self.events == Event.LEFT).any(axis=1))

    @property
    def waits_in_a_row(self) -> NDArray[np.int16]:
        """Waits since the agent last spoke, shape (N,)."""
        speaks = self.speaks
        since = np.where(speaks.any(axis=1), self.n_steps - speaks[:, ::-1].argmax(axis=1), 0)
        waits = (self.acts == Act.WAIT) & (np.arange(self.n_steps) >= since[:, None])
        return waits.sum(axis=1, dtype=np.int16)

    def cues(self) -> Cues:
        """What can be seen of the present moment."""
        everyone, now = np.arange(self.n_dialogues), self.length.astype(np.intp)
        on_show = self.on_show
        steps = np.arange(self.n_steps)[None, :]
        # Nothing was said at the steps that ended in silence or in a request for time.
        heard = (self.events[:, 1:] <= Event.FRAGMENT) & (steps < now[:, None])
        since = np.where(heard.any(axis=1), self.n_steps - heard[:, ::-1].argmax(axis=1), 0)
        waited = (self.ticks * (steps >= since[:, None])).sum(axis=1)
        asked_for_time = ((self.events[:, 1:] == Event.DEFERRAL) & (steps >= since[:, None])).any(axis=1)
        return Cues(
            self.events[everyone, now],
            self.typing[everyone, now],
            self.completeness[everyone, now],
            asked_for_time & on_show,
            on_show,
            (waited * TICK_SECONDS).astype(np.float32),
        )

    @classmethod
    def join(cls, parts: Sequence["History"]) -> "History":
        """Conversations of several histories, one after the other."""
        longest = max(part.n_steps for part in parts)
        for part in parts:
            part.grow(longest - part.n_steps)
        return cls.concatenate(parts)

    @property
    def named(self) -> NDArray[np.int32]:
        """Attributes the user was asked for or named unasked, in any order, shape (N, A), -1 for none."""
        options = self.options.reshape(self.n_dialogues, -1)
        return np.concatenate([self.opening[:, None], options, self.volunteered], axis=1)

    def asked(self, n_attributes: int) -> NDArray[np.bool_]:
        """Attributes whose truth the user was already asked for or volunteered, shape (N, P)."""
        asked = np.zeros((self.n_dialogues, n_attributes + 1), dtype=bool)
        asked[np.arange(self.n_dialogues)[:, None], self.named] = True
        return asked[:, :-1]

    def shown(self, n_items: int) -> NDArray[np.bool_]:
        """Items of the lists that were judged or are on show, shape (N, V)."""
        shown = np.zeros((self.n_dialogues, n_items + 1), dtype=bool)
        shown[np.arange(self.n_dialogues)[:, None], self.judged_lists.reshape(self.n_dialogues, -1)] = True
        return shown[:, :-1]

    def grow(self, n_steps: int) -> None:
        """Make room for ``n_steps`` more steps."""
        for name, (empty, _) in EMPTY_STEP.items() if n_steps else ():
            array = getattr(self, name)
            room = [(0, 0), (0, n_steps)] + [(0, 0)] * (array.ndim - 2)
            setattr(self, name, np.pad(array, room, constant_values=empty))

    def begins(self, other: "History", steps: int) -> bool:
        """Whether another history has the same first steps, but for what was only seen."""
        return all(
            np.array_equal(getattr(self, name)[:, :steps], getattr(other, name)[:, :steps])
            for name in EMPTY_STEP
            if name not in SEEN_BEFORE
        )

    def evidence(self, rows: NDArray[np.intp], steps: NDArray[np.integer]) -> Iterator[Evidence]:
        """What the user's reaction to one step of each dialogue says about the item in mind.

        :param rows: dialogues, shape (E,).
        :param steps: the step of each, from 0, shape (E,).
        """
        acts = self.acts[rows, steps]
        asked = (acts == Act.ASK) | (acts == Act.LISTEN)
        if asked.any():
            asking, step = rows[asked], steps[asked]
            # Somebody who talks may pass a question over.
            answered = (self.answers[asking, step] >= 0).any(axis=1)
            asking, step = asking[answered], step[answered]
            options, answers = self.options[asking, step], self.answers[asking, step]
            confidence = self.confidence[asking, step]
            unsure = confidence.astype(np.float32) if (confidence < 1).any() else None
            yield AnswerEvidence(asking, options, answers, self.naming[asking, step], unsure)
        refused = (acts == Act.RECOMMEND) & (self.accepted[rows, steps] == 0) & ~self.deferred[rows, steps]
        if refused.any():
            refusing = rows[refused]
            yield RejectionEvidence(refusing, self.lists[refusing, steps[refused]])
        shown_at = self.settled[rows, steps].astype(np.intp) - 1
        late = (shown_at >= 0) & (acts == Act.WAIT) & (self.accepted[rows, shown_at] == 0)
        if late.any():
            yield RejectionEvidence(rows[late], self.lists[rows[late], shown_at[late]])
        yield from self._unasked(rows, steps)

    def _unasked(self, rows: NDArray[np.intp], steps: NDArray[np.integer]) -> Iterator[Evidence]:
        volunteered = self.volunteered[rows, steps]
        spoke = volunteered >= 0
        if spoke.any():
            speaking, step = rows[spoke], steps[spoke]
            yield VolunteeredEvidence(speaking, volunteered[spoke], self._named_before(speaking, step))
        critiques = self.critiques[rows, steps]
        criticised = critiques[:, 2] != 0
        if criticised.any():
            _, attribute, direction = critiques[criticised].T
            yield CritiqueEvidence(rows[criticised], attribute, direction.astype(np.int8))

    def _named_before(self, rows: NDArray[np.intp], steps: NDArray[np.integer]) -> NDArray[np.int16]:
        """Attributes of the item in mind that were named or affirmed before something was volunteered, shape (E,)."""
        before = np.arange(self.n_steps)[None, :] < steps[:, None]
        affirmed = (self.answers[rows] == Answer.YES).sum(axis=2) * (
            before | (np.arange(self.n_steps) == steps[:, None])
        )
        volunteered = (self.volunteered[rows] >= 0) & before
        return ((self.opening[rows] >= 0) + affirmed.sum(axis=1) + volunteered.sum(axis=1)).astype(np.int16)


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
    kind = Belief if answer_model.otherwise is None else DoubtingBelief
    belief = kind(catalogue, answer_model, log_prior, eligible)
    belief.open_with(np.arange(history.n_dialogues), history.opening)
    hear(belief, history, 0)
    return belief


def hear(belief: Belief, history: History, first: int) -> None:
    """Take in all that was heard from some step on, in place; the belief knows what was heard before.

    :param first: the step, from 0.
    """
    for step in range(first, int(history.length.max(initial=0))):
        rows = np.flatnonzero(history.length > step)
        for evidence in history.evidence(rows, np.full(len(rows), step)):
            belief.update(evidence)
