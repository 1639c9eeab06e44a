"""Simulated users that speak: the same people with the same luck as those who press buttons.

What they mean is put into words and understood again; what is lost is lost in the words.
Legend: N dialogues, m options of a question, k items of a list.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dialogs.acts import (
    Accept,
    Affirm,
    Ask,
    Deny,
    DontCare,
    DontKnow,
    Greet,
    Inform,
    Recommend,
    SortOf,
    Unclear,
    UserAct,
)
from dialogs.conversation import answers_to
from dialogs.speaking import TYPOS, Speaker
from dialogs.understanding.protocol import Context, Understander
from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from simulator.history import Act, History
from simulator.people import Opening, Reaction
from simulator.users.protocol import SimulatedUsers, UserType

Heard = TypeVar("Heard")

ATTEMPTS = 3
"""Times the same is said in other words until it is understood, or given up."""


class Outcome(StrEnum):
    """What became of a message."""

    MEANT = "as meant"
    UNCLEAR = "not understood"
    ELSE = "something else"


@dataclass(frozen=True)
class Utterance:
    """One message of somebody of whom we know what they meant."""

    message: str
    acts: tuple[UserAct, ...]
    """What was understood."""
    seconds: float
    """How long that took."""
    outcome: Outcome


@dataclass
class Spoken:
    """Users who say what others would press; see :class:`simulator.users.protocol.SimulatedUsers`."""

    people: SimulatedUsers
    speaker: Speaker
    understander: Understander
    keys: NDArray[np.uint64]
    said: list[Utterance] | None = None
    """Where every message is put, for people who look on."""

    @property
    def without_history(self) -> NDArray[np.bool_]:
        """Whose history is not known, shape (N,)."""
        return self.people.without_history

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept of these people."""
        return self.people.nbytes + self.keys.nbytes

    def open(self) -> Opening:
        """The first message of each, as it was understood."""
        opening = self.people.open()
        for row in np.flatnonzero(opening.attribute >= 0).tolist():
            meant = int(opening.attribute[row])
            wish = partial(self.speaker.wish, meant)
            opening.attribute[row] = self._say(row, 0, wish, Context(), _wished, meant, (meant,))
        return opening

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        """What everybody says about the agent's latest act, as it was understood."""
        reaction = self.people.react(history, mode, last)
        everyone, steps = np.arange(history.n_dialogues), history.length.astype(np.intp)
        acts = history.acts[everyone, steps]
        for row in np.flatnonzero(acts == Act.ASK):
            self._answer(history, reaction, int(row), int(steps[row]))
        for row in np.flatnonzero((acts == Act.RECOMMEND) & ~reaction.deferred):
            self._judge(history, reaction, int(row), int(steps[row]))
        return reaction

    def _answer(self, history: History, reaction: Reaction, row: int, step: int) -> None:
        options = history.options[row, step]
        asked = Ask(options=tuple(options[options >= 0].tolist()), naming=bool(history.naming[row, step]))
        meant = [Answer(answer) for answer in reaction.answers[row, : len(asked.options)]]
        sure = 1.0

        def answered(acts: Sequence[UserAct]) -> list[Answer]:
            nonlocal sure
            answers, sure, _ = answers_to(asked, acts)
            # Who says nothing to a question passes it over.
            return [Answer(answer) if answer >= 0 else Answer.DONT_KNOW for answer in answers.tolist()]

        reply = partial(self.speaker.reply, asked, meant)
        given = self._say(row, step + 1, reply, Context(asked), answered, meant, asked.options)
        reaction.answers[row, : len(asked.options)] = given
        reaction.confidence[row] *= sure

    def _judge(self, history: History, reaction: Reaction, row: int, step: int) -> None:
        items = history.lists[row, step]
        shown = Recommend(items=tuple(items[items >= 0].tolist()), chance=0.0)
        place = int(reaction.accepted[row])
        meant = shown.items[place - 1] if place else -1
        verdict, context = partial(self.speaker.verdict, shown, place), Context(shown, shown.items)
        taken = self._say(row, step + 1, verdict, context, _taken, meant, ())
        # Whoever is given something else than they took sends it back.
        reaction.accepted[row] = place if taken == meant else 0

    def _say(
        self, row: int, step: int, say: Callable[[random.Random], str], context: Context,
        heard_in: Callable[[Sequence[UserAct]], Heard], meant: Heard, about: Sequence[int],
    ) -> Heard:  # fmt: skip
        """What is heard when somebody says something, in other words where it is not understood.

        :param heard_in: what acts tell of what was to be said.
        :param about: attributes that were to be named, if any.
        """
        rng = random.Random(int(self.keys[row]) * 1009 + step)
        for _ in range(ATTEMPTS):
            message, began = say(rng), perf_counter()
            acts = self.understander.understand(message, context)
            seconds, heard = perf_counter() - began, heard_in(acts)
            lost = all(isinstance(act, Unclear) for act in acts)
            if self.said is not None:
                as_meant = heard == meant and not _besides(acts, about)
                outcome = Outcome.UNCLEAR if lost else Outcome.MEANT if as_meant else Outcome.ELSE
                self.said.append(Utterance(message, acts, seconds, outcome))
            if not lost:
                break
        return heard

    def take(self, rows: NDArray[np.intp]) -> "Spoken":
        """Some of the users as they are now, shape (E,), as a copy."""
        return Spoken(self.people.take(rows), self.speaker, self.understander, self.keys[rows], self.said)

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Go on with some of the people only."""
        self.people.keep(rows)
        self.keys = self.keys[rows]

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        """Let others take the places of some."""
        assert isinstance(others, Spoken)
        self.people.replace(rows, others.people)
        self.keys[rows] = others.keys


@dataclass(frozen=True)
class Speaking:
    """A kind of user that speaks; see :class:`simulator.users.protocol.UserType`."""

    kind: UserType
    understander: Understander
    typos: float = TYPOS
    said: list[Utterance] | None = None
    """Where every message is put, for people who look on."""

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> Spoken:
        """Users with these items in mind, shape (N,), and these random keys, shape (N,)."""
        speaker = Speaker(catalogue, self.typos)
        return Spoken(self.kind(catalogue, targets, keys), speaker, self.understander, keys.copy(), self.said)


def _wished(acts: Sequence[UserAct]) -> int:
    """The attribute that was heard of; -1 for none."""
    return next((act.attribute for act in acts if isinstance(act, Inform) and act.holds), -1)


def _taken(acts: Sequence[UserAct]) -> int:
    """The item that was taken; -1 for none of them, -2 where nothing was heard of that, or of several."""
    taken = {act.item for act in acts if isinstance(act, Accept)}
    refused = any(isinstance(act, Deny) for act in acts)
    return taken.pop() if len(taken) == 1 else -1 if refused and not taken else -2


def _besides(acts: Sequence[UserAct], about: Sequence[int]) -> bool:
    """Whether something was heard that was not to be said."""
    return any(act.attribute not in about if isinstance(act, Inform) else not isinstance(act, ANSWERS) for act in acts)


ANSWERS = Affirm, Deny, SortOf, DontKnow, DontCare, Accept, Greet, Unclear
"""Acts that answer, or harm nothing."""
