"""How people answer a question about attributes.

Legend: N dialogues, E of them asked now, m options of a question.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from graph.hashing import GOLDEN, mix64
from simulator.people.minds import Minds, sharing
from simulator.people.traits import Share, Traits, either
from simulator.randomness import Purpose, chance, uniform

COMMON, RARE = 0.1, 0.001
"""Shares of the items from which on an attribute is as well known, or as little known, as any."""

UNEVEN_ERROR = np.array([0.0, 0.0, 0.05, 0.35])
UNEVEN_IGNORANCE = np.array([0.0, 0.1, 0.2, 0.5])
"""Rates of which each attribute gets one, all alike."""


@dataclass(frozen=True)
class Asked:
    """Questions of one step."""

    rows: NDArray[np.intp]
    """Dialogues asked, shape (E,)."""
    options: NDArray[np.int32]
    """Attributes asked about, shape (E, m); any where there are fewer."""
    present: NDArray[np.bool_]
    """Where there is an option, shape (E, m)."""
    keys: NDArray[np.uint64]
    """Random key of each dialogue, shape (E,)."""
    turns: NDArray[np.integer]
    """Turns taken before, shape (E,)."""

    def each(self, trait: Share) -> Share:
        """A trait of the people asked, for every option, shape (E, m)."""
        return np.broadcast_to(trait[self.rows, None], self.options.shape)

    def happens(self, purpose: Purpose, probability: Share) -> NDArray[np.bool_]:
        """Whether something of this probability happens, shape (E, m) or (E, 1)."""
        return chance(self.keys, purpose, self.turns, probability)


class Answering:
    """Answers of N people.

    The truth about the items that would do is seen through slips, reluctance and another item that came to mind; then
    comes what is not known, what does not matter, and what only sort of holds.
    """

    def __init__(self, catalogue: Catalogue, traits: Traits, minds: Minds, keys: NDArray[np.uint64]) -> None:
        self._catalogue, self._traits, self._minds, self._keys = catalogue, traits, minds, keys
        self._present = traits.present()

    def answer(
        self, rows: NDArray[np.intp], options: NDArray[np.int32], mode: QuestionMode, turns: NDArray[np.integer]
    ) -> NDArray[np.int8]:
        """:class:`graph.answers.Answer` to each option.

        :param rows: dialogues asked, shape (E,).
        :param options: attributes asked about, shape (E, m), -1 where there are fewer.
        :param turns: turns taken before this one, shape (E,).
        :return: shape (E, m), -1 where there is no option.
        """
        present = options >= 0
        asked = Asked(rows, np.maximum(options, 0), present, self._keys[rows], turns)
        has, known = self._minds.describe(self._catalogue, rows, asked.options)
        if "wandering" in self._present:
            has = self._look_elsewhere(asked, has)
        seems = self._see(asked, has & known) & present
        answers = np.where(known, np.where(seems, Answer.YES, Answer.NO), Answer.DONT_KNOW)
        if "vagueness" in self._present:
            answers = self._grade(asked, answers)
        if mode is QuestionMode.FACET:
            answers = self._name_one(asked, answers)
        if self._present & {"ignorance", "uneven", "indifference"}:
            answers = self._fall_silent(asked, answers, mode)
        return np.where(present, answers, -1).astype(np.int8)

    def _look_elsewhere(self, asked: Asked, has: NDArray[np.bool_]) -> NDArray[np.bool_]:
        lots = uniform(asked.keys, Purpose.OTHER_ITEM, asked.turns, 2)
        other = sharing(self._catalogue, self._minds.opening[asked.rows], lots[:, 1:])
        elsewhere = lots[:, :1] < self._traits.wandering[asked.rows, None]
        return np.where(elsewhere, self._catalogue.item_attributes.contains(other, asked.options), has)

    def _see(self, asked: Asked, holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What seems to hold, shape (E, m)."""
        traits = self._traits
        seems = holds.copy()
        if self._present & {"slips", "uneven"}:
            wrong = asked.each(traits.slips)
            if "uneven" in self._present:
                wrong = either(wrong, self._uneven(asked, Purpose.UNEVEN_ERROR, UNEVEN_ERROR))
            seems ^= asked.happens(Purpose.SLIP, wrong)
        if "reluctance" in self._present:
            reluctant = asked.each(traits.reluctance)
            seems &= ~asked.happens(Purpose.RELUCTANCE, reluctant)
        return seems

    def _uneven(self, asked: Asked, purpose: Purpose, rates: Share) -> Share:
        """The rate of each attribute under each person's draw, shape (E, m); the same for everybody of one draw."""
        draw = self._traits.uneven[asked.rows, None]
        lot = mix64(
            mix64(draw.astype(np.uint64) * GOLDEN + np.uint64(purpose)) + asked.options.astype(np.uint64) * GOLDEN
        )
        return np.where(draw > 0, rates[(lot >> np.uint64(62)).astype(np.intp)], 0.0)

    def _grade(self, asked: Asked, answers: NDArray[np.integer]) -> NDArray[np.integer]:
        """Say "sort of" about what holds, and about the neighbours of what holds where values have an order."""
        options = asked.options
        facets, last = self._catalogue.attribute_facet, self._catalogue.n_attributes - 1
        ordered = np.array([facet.ordered for facet in self._catalogue.facets], dtype=bool)[facets[options]]
        near = answers == Answer.YES
        if ordered.any():
            for step in (-1, 1):
                beside = np.clip(options + step, 0, last)
                has, _ = self._minds.describe(self._catalogue, asked.rows, beside.astype(np.int32))
                # At either end of all attributes the place beside one is its own.
                other = ordered & (beside != options) & (facets[beside] == facets[options])
                near |= has & other & (answers == Answer.NO)
        vague = asked.happens(Purpose.GRADES, asked.each(self._traits.vagueness))
        return np.where(near & vague, Answer.SORT_OF, answers)

    def _name_one(self, asked: Asked, answers: NDArray[np.integer]) -> NDArray[np.integer]:
        """Name one of the options that hold, drawn uniformly; else one that sort of holds; else leave it."""
        holds, sort_of = (answers == Answer.YES) & asked.present, (answers == Answer.SORT_OF) & asked.present
        nameable = np.where(holds.any(axis=1, keepdims=True), holds, sort_of)
        lots = uniform(asked.keys, Purpose.NAMING, asked.turns, answers.shape[1])
        named = np.argmax(np.where(nameable, lots, -1.0), axis=1)[:, None] == np.arange(answers.shape[1])
        return np.where(nameable.any(axis=1, keepdims=True), np.where(named, answers, Answer.UNSAID), answers)

    def _fall_silent(self, asked: Asked, answers: NDArray[np.integer], mode: QuestionMode) -> NDArray[np.integer]:
        """Say "I don't know" or "I don't care": of each option alone, or of a facet question as a whole."""
        ignorance = self._traits.ignorance[asked.rows, None]
        rates = either(ignorance, ignorance * rarity(self._catalogue)[asked.options])
        if "uneven" in self._present:
            rates = either(rates, self._uneven(asked, Purpose.UNEVEN_KNOWLEDGE, UNEVEN_IGNORANCE))
        if mode is QuestionMode.FACET:
            told = np.where(asked.present, rates, 0.0).sum(axis=1, keepdims=True)
            rates = told / asked.present.sum(axis=1, keepdims=True)
        care = np.broadcast_to(self._traits.indifference[asked.rows, None], rates.shape)
        unknown = asked.happens(Purpose.KNOWLEDGE, rates)
        indifferent = asked.happens(Purpose.CARE, care) & ~unknown
        return np.where(unknown, Answer.DONT_KNOW, np.where(indifferent, Answer.DONT_CARE, answers))


def rarity(catalogue: Catalogue) -> Share:
    """How rare each attribute is: 0 from a tenth of the items on, 1 down to a thousandth of them, shape (P,)."""
    share = np.maximum(catalogue.attribute_items.degrees, 1) / max(catalogue.n_items, 1)
    return np.asarray(np.clip(np.log(COMMON / share) / np.log(COMMON / RARE), 0.0, 1.0))
