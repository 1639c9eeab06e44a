"""How people answer a question about attributes.

Legend: N dialogues, E of them asked now, m options of a question.
"""

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
        present, safe = options >= 0, np.maximum(options, 0)
        keys = self._keys[rows]
        has, known = self._minds.describe(self._catalogue, rows, safe)
        if "wandering" in self._present:
            has = self._look_elsewhere(rows, safe, has, keys, turns)
        seems = self._see(rows, safe, has & known, keys, turns) & present
        answers = np.where(known, np.where(seems, Answer.YES, Answer.NO), Answer.DONT_KNOW)
        if "vagueness" in self._present:
            answers = self._grade(rows, safe, answers, keys, turns)
        if mode is QuestionMode.FACET:
            answers = self._name_one(answers, present, keys, turns)
        if self._present & {"ignorance", "uneven", "indifference"}:
            answers = self._fall_silent(rows, safe, answers, present, mode, keys, turns)
        return np.where(present, answers, -1).astype(np.int8)

    def _look_elsewhere(
        self,
        rows: NDArray[np.intp],
        options: NDArray[np.int32],
        has: NDArray[np.bool_],
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> NDArray[np.bool_]:
        lots = uniform(keys, Purpose.OTHER_ITEM, turns, 2)
        other = sharing(self._catalogue, self._minds.opening[rows], lots[:, 1:])
        elsewhere = lots[:, :1] < self._traits.wandering[rows, None]
        return np.where(elsewhere, self._catalogue.item_attributes.contains(other, options), has)

    def _see(
        self,
        rows: NDArray[np.intp],
        options: NDArray[np.int32],
        holds: NDArray[np.bool_],
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> NDArray[np.bool_]:
        """What seems to hold, shape (E, m)."""
        traits = self._traits
        seems = holds.copy()
        if self._present & {"slips", "uneven"}:
            wrong = np.broadcast_to(traits.slips[rows, None], options.shape)
            if "uneven" in self._present:
                wrong = either(wrong, self._uneven(rows, options, Purpose.UNEVEN_ERROR, UNEVEN_ERROR))
            seems ^= chance(keys, Purpose.SLIP, turns, wrong)
        if "reluctance" in self._present:
            reluctant = np.broadcast_to(traits.reluctance[rows, None], options.shape)
            seems &= ~chance(keys, Purpose.RELUCTANCE, turns, reluctant)
        return seems

    def _uneven(self, rows: NDArray[np.intp], options: NDArray[np.int32], purpose: Purpose, rates: Share) -> Share:
        """The rate of each attribute under each person's draw, shape (E, m); the same for everybody of one draw."""
        draw = self._traits.uneven[rows, None]
        lot = mix64(mix64(draw.astype(np.uint64) * GOLDEN + np.uint64(purpose)) + options.astype(np.uint64) * GOLDEN)
        return np.where(draw > 0, rates[(lot >> np.uint64(62)).astype(np.intp)], 0.0)

    def _grade(
        self,
        rows: NDArray[np.intp],
        options: NDArray[np.int32],
        answers: NDArray[np.integer],
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> NDArray[np.integer]:
        """Say "sort of" about what holds, and about the neighbours of what holds where values have an order."""
        facets, last = self._catalogue.attribute_facet, self._catalogue.n_attributes - 1
        ordered = np.array([facet.ordered for facet in self._catalogue.facets], dtype=bool)[facets[options]]
        near = answers == Answer.YES
        if ordered.any():
            for step in (-1, 1):
                beside = np.clip(options + step, 0, last)
                has, _ = self._minds.describe(self._catalogue, rows, beside.astype(np.int32))
                # At either end of all attributes the place beside one is its own.
                other = ordered & (beside != options) & (facets[beside] == facets[options])
                near |= has & other & (answers == Answer.NO)
        vague = chance(keys, Purpose.GRADES, turns, np.broadcast_to(self._traits.vagueness[rows, None], options.shape))
        return np.where(near & vague, Answer.SORT_OF, answers)

    def _name_one(
        self,
        answers: NDArray[np.integer],
        present: NDArray[np.bool_],
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> NDArray[np.integer]:
        """Name one of the options that hold, drawn uniformly; else one that sort of holds; else leave it."""
        holds, sort_of = (answers == Answer.YES) & present, (answers == Answer.SORT_OF) & present
        nameable = np.where(holds.any(axis=1, keepdims=True), holds, sort_of)
        lots = uniform(keys, Purpose.NAMING, turns, answers.shape[1])
        named = np.argmax(np.where(nameable, lots, -1.0), axis=1)[:, None] == np.arange(answers.shape[1])
        return np.where(nameable.any(axis=1, keepdims=True), np.where(named, answers, Answer.UNSAID), answers)

    def _fall_silent(
        self,
        rows: NDArray[np.intp],
        options: NDArray[np.int32],
        answers: NDArray[np.integer],
        present: NDArray[np.bool_],
        mode: QuestionMode,
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> NDArray[np.integer]:
        """Say "I don't know" or "I don't care": of each option alone, or of a facet question as a whole."""
        ignorance = self._traits.ignorance[rows, None]
        rates = either(ignorance, ignorance * rarity(self._catalogue)[options])
        if "uneven" in self._present:
            rates = either(rates, self._uneven(rows, options, Purpose.UNEVEN_KNOWLEDGE, UNEVEN_IGNORANCE))
        if mode is QuestionMode.FACET:
            rates = np.where(present, rates, 0.0).sum(axis=1, keepdims=True) / present.sum(axis=1, keepdims=True)
        care = np.broadcast_to(self._traits.indifference[rows, None], rates.shape)
        unknown = chance(keys, Purpose.KNOWLEDGE, turns, rates)
        indifferent = chance(keys, Purpose.CARE, turns, care) & ~unknown
        return np.where(unknown, Answer.DONT_KNOW, np.where(indifferent, Answer.DONT_CARE, answers))


def rarity(catalogue: Catalogue) -> Share:
    """How rare each attribute is: 0 from a tenth of the items on, 1 down to a thousandth of them, shape (P,)."""
    share = np.maximum(catalogue.attribute_items.degrees, 1) / max(catalogue.n_items, 1)
    return np.asarray(np.clip(np.log(COMMON / share) / np.log(COMMON / RARE), 0.0, 1.0))
