"""Simulated users that speak: what they mean is put into words, with slips of the keyboard, and understood again.

They are the same people with the same luck as those who press buttons; what is lost is lost in the words.
Legend: N dialogues, m options of a question, k items of a list.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialogs.acts import Accept, Ask, Inform, Recommend, Unclear, UserAct
from dialogs.conversation import answers_to
from dialogs.phrases import phrase
from dialogs.understanding.protocol import Context, Understander
from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from simulator.history import Act, History
from simulator.people import Opening, Reaction
from simulator.users.protocol import SimulatedUsers, UserType

TYPOS = 0.1
"""Share of the longer words that are mistyped."""

ATTEMPTS = 3
"""Times the same is said in other words until it is understood, or given up."""

LEAST_LETTERS = 4
"""Letters of a word that can be mistyped and still be read."""


@cache
def speech() -> dict[str, Any]:
    """Words and patterns; none of the words for attributes is known to an understander."""
    return dict(json.loads((files("dialogs") / "speech.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Speaker:
    """Puts what people mean into words.

    :param catalogue: what they talk about.
    """

    catalogue: Catalogue
    typos: float = TYPOS

    def wish(self, attribute: int, rng: random.Random) -> str:
        """How somebody says what they look for."""
        return self._typed(self._pattern("wish", rng).format(self._name(attribute, rng)), rng)

    def reply(self, asked: Ask, answers: Sequence[Answer], rng: random.Random) -> str:
        """How somebody answers a question."""
        picked = [option for option, answer in zip(asked.options, answers, strict=True) if answer is Answer.YES]
        if len(asked.options) > 1 and picked:
            return self._typed(self._pattern("pick", rng).format(self._picked(asked, picked, rng)), rng)
        kinds = {
            Answer.YES: "yes",
            Answer.SORT_OF: "sort-of",
            Answer.DONT_KNOW: "dont-know",
            Answer.DONT_CARE: "dont-care",
        }
        no = "no" if len(asked.options) == 1 else "none"
        return self._typed(self._pattern(kinds.get(answers[0], no), rng), rng)

    def verdict(self, shown: Recommend, place: int, rng: random.Random) -> str:
        """How somebody takes an item of a list (its place from 1), or none (0)."""
        if not place:
            return self._typed(self._pattern("refuse", rng), rng)
        pattern = self._pattern("accept", rng)
        title, ordinal = self.catalogue.titles[shown.items[place - 1]], speech()["ordinals"][place - 1]
        return self._typed(pattern.format(title=title, ordinal=ordinal, number=place), rng)

    def _picked(self, asked: Ask, picked: Sequence[int], rng: random.Random) -> str:
        if rng.random() < 0.3:
            return " and ".join(str(asked.options.index(option) + 1) for option in picked)
        return " and ".join(self.catalogue.attribute_names[option] for option in picked)

    def _name(self, attribute: int, rng: random.Random) -> str:
        catalogue = self.catalogue
        facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
        words = speech()["words"].get(facet, {}).get(catalogue.attribute_names[attribute])
        return str(rng.choice(words)) if words else phrase(catalogue, attribute)

    @staticmethod
    def _pattern(kind: str, rng: random.Random) -> str:
        return str(rng.choice(speech()["patterns"][kind]))

    def _typed(self, text: str, rng: random.Random) -> str:
        return " ".join(mistyped(word, rng) if rng.random() < self.typos else word for word in text.split())


def mistyped(word: str, rng: random.Random) -> str:
    """The word with two letters swapped, one left out, doubled, or replaced; short ones as they are."""
    places = [place for place, char in enumerate(word) if char.isalpha()]
    if len(places) < LEAST_LETTERS:
        return word
    place = rng.choice(places[1:-1])
    slip = rng.randrange(4)
    if slip == 0 and word[place + 1].isalpha():
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if slip == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + (word[place] * 2 if slip == 2 else rng.choice("etaoinsr")) + word[place + 1 :]


@dataclass
class Spoken:
    """Users who say what others would press; see :class:`simulator.users.protocol.SimulatedUsers`."""

    people: SimulatedUsers
    speaker: Speaker
    understander: Understander
    keys: NDArray[np.uint64]
    said: list[tuple[str, tuple[UserAct, ...]]] = field(default_factory=list)
    """The latest messages and what was understood, for people who look on."""

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
            wish = partial(self.speaker.wish, int(opening.attribute[row]))
            acts = self._say(row, 0, wish, Context())
            informs = (act.attribute for act in acts if isinstance(act, Inform) and act.holds)
            opening.attribute[row] = next(informs, -1)
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
        acts = self._say(row, step + 1, lambda rng: self.speaker.reply(asked, meant, rng), Context(asked))
        answers, sure, _ = answers_to(asked, acts)
        if (answers < 0).all():
            answers[:] = Answer.DONT_KNOW
        reaction.answers[row, : len(asked.options)] = answers
        reaction.confidence[row] *= sure

    def _judge(self, history: History, reaction: Reaction, row: int, step: int) -> None:
        items = history.lists[row, step]
        shown = Recommend(items=tuple(items[items >= 0].tolist()), chance=0.0)
        place = int(reaction.accepted[row])
        acts = self._say(
            row, step + 1, lambda rng: self.speaker.verdict(shown, place, rng), Context(shown, shown.items)
        )
        taken = next((act.item for act in acts if isinstance(act, Accept)), None)
        # Whoever is given something else than they took sends it back.
        reaction.accepted[row] = place if place and taken == shown.items[place - 1] else 0

    def _say(self, row: int, step: int, say: Callable[[random.Random], str], context: Context) -> tuple[UserAct, ...]:
        rng = random.Random(int(self.keys[row]) * 1009 + step)
        acts: tuple[UserAct, ...] = ()
        for _ in range(ATTEMPTS):
            message = say(rng)
            acts = self.understander.understand(message, context)
            self.said[:] = [*self.said[-199:], (message, acts)]
            if not all(isinstance(act, Unclear) for act in acts):
                break
        return acts

    def take(self, rows: NDArray[np.intp]) -> "Spoken":
        """Some of the users as they are now, shape (E,), as a copy."""
        return Spoken(self.people.take(rows), self.speaker, self.understander, self.keys[rows])

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

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> Spoken:
        """Users with these items in mind, shape (N,), and these random keys, shape (N,)."""
        return Spoken(
            self.kind(catalogue, targets, keys), Speaker(catalogue, self.typos), self.understander, keys.copy()
        )
