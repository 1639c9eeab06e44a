"""Log-weights over the items of one dialogue, and the questions and lists that follow from them."""

import math
from collections.abc import Sequence
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.kernels import NEGLIGIBLE
from graph.option_kernels import LEAST_GAIN
from graph.questions import N_WEIGHED
from simulator.plain.arithmetic import floored_log, plogp
from simulator.plain.ears import Ears
from simulator.plain.shelves import Shelves

Masses = tuple[dict[int, float], list[float], list[float]]


def _told_if_truthful(cells: Sequence[float], n_options: int, naming: bool) -> float:
    """Bits from truthful answers, given the belief in each known state; what is unknown adds the same to any choice."""
    if not naming:
        return -sum(map(plogp, cells))
    named, bits = [0.0] * n_options, -plogp(cells[0])
    for state, mass in enumerate(cells):
        held = [place for place in range(n_options) if state >> place & 1]
        for place in held:
            named[place] += mass / len(held)
        bits -= mass * math.log2(len(held)) if held else 0.0
    return bits - sum(map(plogp, named))


class Choice:
    """Options of one question, chosen one after the other, and what truthful answers about them would tell.

    :param believed: belief in each item worth counting.
    :param unknown: belief that the facet is unknown.
    """

    def __init__(self, shelves: Shelves, believed: dict[int, float], unknown: float, naming: bool) -> None:
        self._shelves, self._believed, self.unknown, self.naming = shelves, believed, unknown, naming
        self._states = dict.fromkeys(believed, 0)
        self.options: list[int] = []
        self.cells, self.bits = [max(1.0 - unknown, 0.0)], 0.0
        """Belief in each state in which the facet is known, and bits from truthful answers."""

    def with_one_more(self, attribute: int) -> tuple[list[float], float]:
        """What cells and bits would be."""
        having = [0.0] * len(self.cells)
        for item in self._shelves.holders[attribute]:
            if item in self._believed:
                having[self._states[item]] += self._believed[item]
        cells = [max(cell - part, 0.0) for cell, part in zip(self.cells, having, strict=True)] + having
        return cells, _told_if_truthful(cells, len(self.options) + 1, self.naming)

    def add(self, attribute: int) -> None:
        """Take one more option."""
        self.cells, self.bits = self.with_one_more(attribute)
        for item in self._shelves.holders[attribute]:
            if item in self._states:
                self._states[item] |= 1 << len(self.options)
        self.options.append(attribute)

    def make(self, weighed: Sequence[int], most: int) -> None:
        """Take up to ``most``, each next one the one that tells most beside those before; of equal ones the first."""
        while len(self.options) < most:
            best, best_bits = -1, self.bits + LEAST_GAIN
            for each in weighed:
                bits = self.with_one_more(each)[1] if each not in self.options else 0.0
                if bits > best_bits:
                    best, best_bits = each, bits
            if best < 0:
                return
            self.add(best)


class PlainBelief:
    """Log-weights over the V items of one dialogue."""

    def __init__(
        self, shelves: Shelves, ears: Ears, log_prior: NDArray[np.floating], eligible: NDArray[np.bool_] | None
    ) -> None:
        self._shelves, self._ears = shelves, ears
        self.log_weights: list[float] = [
            prior + order for prior, order in zip(log_prior.tolist(), shelves.item_order, strict=True)
        ]
        for item, may_be_shown in enumerate([] if eligible is None else eligible.tolist()):
            if not may_be_shown:
                self.log_weights[item] = -math.inf
        self._probabilities: list[float] | None = None
        self._masses: Masses | None = None

    def hear(self, options: Sequence[int], answers: Sequence[int], naming: bool, confidence: float = 1.0) -> None:
        """Take in the answers to one question."""
        states = [0] * self._shelves.n_items
        for place, option in enumerate(options):
            for item in self._shelves.holders[option]:
                states[item] |= 1 << place
        for item in self._shelves.strangers[self._shelves.facet[options[0]]]:
            states[item] = 2 ** len(options)
        told = self._ears.log_likelihoods(options, answers, naming, confidence)
        for item, state in enumerate(states):
            self.log_weights[item] += told[state]
        self._forget()

    def volunteered(self, attribute: int, already: int) -> None:
        """Take in what was named unasked after ``already`` others: any that was not yet named could have been."""
        self.hear([attribute], [Answer.YES], naming=False)
        for item, attributes in enumerate(self._shelves.attributes):
            self.log_weights[item] -= math.log(max(len(attributes) - already, 1))

    def turned_down(self, items: Sequence[int]) -> None:
        """Take in that none of these was taken."""
        penalty = floored_log(1.0 - self._ears.model.acceptance)
        for item in items:
            if item >= 0:
                self.log_weights[item] += penalty
        self._forget()

    def criticised(self, attribute: int, direction: int) -> None:
        """Take in that the item in mind has a value before (-1) or after (+1) this one."""
        shelves, error = self._shelves, self._ears.model.critique_error
        facet = shelves.facet[attribute]
        logs = [floored_log(error)] * shelves.n_items
        for item in shelves.strangers[facet]:
            logs[item] = floored_log(0.5)
        for member in shelves.members[facet]:
            if (member - attribute) * direction > 0:
                for item in shelves.holders[member]:
                    logs[item] = floored_log(1.0 - error)
        self.log_weights = [weight + log for weight, log in zip(self.log_weights, logs, strict=True)]
        self._forget()

    @property
    def probabilities(self) -> list[float]:
        """The posterior, of each item."""
        if self._probabilities is None:
            largest = max(self.log_weights)
            weights = [math.exp(weight - largest) for weight in self.log_weights]
            total = sum(weights)
            self._probabilities = [weight / total for weight in weights]
        return self._probabilities

    def masses(self) -> Masses:
        """Belief in the items worth counting, in each attribute, and that each facet is unknown."""
        if self._masses is None:
            shelves = self._shelves
            believed = {item: mass for item, mass in enumerate(self.probabilities) if mass > NEGLIGIBLE}
            holds, unknown = [0.0] * shelves.n_attributes, [0.0] * shelves.n_facets
            for item, mass in believed.items():
                for attribute in shelves.attributes[item]:
                    holds[attribute] += mass
            for facet, strangers in enumerate(shelves.strangers):
                unknown[facet] = sum(believed.get(item, 0.0) for item in strangers)
            self._masses = believed, holds, unknown
        return self._masses

    def _forget(self) -> None:
        self._probabilities, self._masses = None, None

    def weighed(self, asked: set[int]) -> tuple[list[int], list[float]]:
        """Attributes not yet asked about, the most telling first, and what asking about each of all P is worth."""
        facets, order = self._shelves.facet, self._shelves.attribute_order
        _, holds, unknown = self.masses()
        values = [self._ears.binary_value(each, mass, unknown[facets[each]]) for each, mass in enumerate(holds)]
        left = [each for each in range(self._shelves.n_attributes) if each not in asked]
        return sorted(left, key=lambda each: -(values[each] + order[each])), values

    def questions(self, asked: set[int], mode: QuestionMode, count: int) -> list[tuple[float, list[int]]]:
        """Value and options of the best questions, best first."""
        ranked, values = self.weighed(asked)
        if mode is QuestionMode.BINARY:
            return [(values[each], [each]) for each in ranked[:count]]
        naming, found, facets = mode is QuestionMode.FACET, [], self._shelves.facet
        for facet in range(self._shelves.n_facets):
            choice = self.choice(facet, naming)
            choice.make([each for each in ranked if facets[each] == facet][:N_WEIGHED], mode.n_options)
            if choice.options:
                found.append((self._worth(choice), choice.options))
        return sorted(found, key=lambda question: -question[0])[:count]

    def choice(self, facet: int, naming: bool) -> "Choice":
        """A question about one facet, without options yet."""
        believed, _, unknown = self.masses()
        return Choice(self._shelves, believed, unknown[facet], naming)

    def value_of(self, options: Sequence[int], naming: bool) -> float:
        """Bits expected from a question with these options."""
        choice = self.choice(self._shelves.facet[options[0]], naming)
        for option in options:
            choice.add(option)
        return self._worth(choice)

    def _worth(self, choice: "Choice") -> float:
        return self._ears.value(choice.options, choice.cells, choice.unknown, choice.naming)

    def top_items(self, count: int, without: set[int]) -> list[int]:
        """The most believed items, most believed first."""
        left = (item for item, weight in enumerate(self.log_weights) if weight > -math.inf and item not in without)
        return nlargest(count, left, key=self.log_weights.__getitem__)
