"""One dialogue in plain Python: the protocol of :mod:`simulator.core`, written the straightforward way.

The yardstick of the batched core.  Tests hold both to the same words, beliefs, rewards and ends, and
``convrec bench simulator`` tells how much faster the batch is.  So it calls none of the code it is compared with: it
shares the catalogue's arrays, the rates of the answer model, names and constants, and writes out all else anew.

Legend: V items, P attributes, F facets, m options of a question, k items of a list.  An item is in state 0 .. 2**m - 1
of a question if its facet is known, bit j telling whether it has option j, and in state 2**m if it is not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from graph.answers import LOG_IMPOSSIBLE, N_ANSWERS, Answer, AnswerModel, QuestionMode
from graph.belief import TIE_BREAK
from graph.catalogue import Catalogue
from graph.hashing import GOLDEN, hash_order
from graph.kernels import LEAST_GAIN, NEGLIGIBLE
from graph.questions import N_WEIGHED
from simulator.core import TELLING, Rules
from simulator.history import Act
from simulator.people import Traits
from simulator.people.answering import COMMON, RARE, UNEVEN_ERROR, UNEVEN_IGNORANCE
from simulator.people.attention import ASKS_FOR_TIME, LOOKS_COMPLETE, LOST, MOST_PIECES, SHOWN_RESTING, SHOWN_WRITING
from simulator.people.hearing import ConfusionTable, shipped_table
from simulator.people.judging import FEW, LONGEST_THOUGHT, LOST_TO_LENGTH, MANY
from simulator.people.minds import TRIES
from simulator.people.patience import BASE, PER_INTERRUPTION, PER_REJECTION, PER_REPEAT, PER_TICK_OF_DEAD_AIR
from simulator.people.people import ANNOUNCED
from simulator.randomness import Purpose
from simulator.timing import MOST_WAITS, SILENCE_TIMER, TICK_SECONDS, Event, Phase

LACKS, HAS, UNKNOWN = 0, 1, 2
"""What an item's state says of one option."""

_ORDER_OF_QUESTIONS = 1e-7
"""Largest difference of value that only breaks ties."""

NO_CRITIQUE = (0, 0, 0)

_MASK, _GOLDEN = 2**64 - 1, int(GOLDEN)

FloatArray = NDArray[np.float64]
Masses = tuple[FloatArray, list[float], list[float]]


def mix(value: int) -> int:
    """The finaliser of splitmix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def either(one: float, other: float) -> float:
    """Chance that at least one of two independent things happens."""
    return 1.0 - (1.0 - one) * (1.0 - other)


def plogp(mass: float) -> float:
    """p log2 p, and 0 for what is not believed."""
    return mass * math.log2(mass) if mass > 1e-12 else 0.0


def floored_log(probability: float) -> float:
    """Logarithm, but never below :data:`graph.answers.LOG_IMPOSSIBLE`."""
    return max(math.log(probability), LOG_IMPOSSIBLE) if probability > 0 else LOG_IMPOSSIBLE


def half_precision(value: float) -> float:
    """What a history that keeps two bytes of a number remembers of it."""
    return float(np.float16(value))


@dataclass
class PlainStep:
    """One act of the agent and what came of it; see :class:`simulator.history.History` for what each part means."""

    act: int
    options: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    """-1 where an item was left out because it may not be shown."""
    answers: list[int] = field(default_factory=list)
    confidence: float = 1.0
    chance: float = 0.0
    accepted: int = 0
    deferred: bool = False
    settled: int = 0
    verdict: int = 0
    volunteered: int = -1
    critique: tuple[int, int, int] = NO_CRITIQUE
    ticks: int = 1
    event: int = int(Event.MESSAGE)
    """What called the agent after it."""
    typing: bool = False
    completeness: float = 1.0
    interrupted: bool = False
    dead_air: bool = False
    wanted_shown: bool = False

    @property
    def speaks(self) -> bool:
        return self.act != Act.WAIT


@dataclass
class PlainHistory:
    """What was said and seen."""

    opening: int = -1
    event: int = int(Event.MESSAGE)
    """What called the agent first."""
    typing: bool = False
    completeness: float = 1.0
    steps: list[PlainStep] = field(default_factory=list)

    def named(self) -> set[int]:
        """Attributes that were asked about or that the user has named."""
        named = {self.opening}
        for step in self.steps:
            named.update(step.options)
            named.add(step.volunteered)
        return named - {-1}

    def shown(self) -> set[int]:
        """Items of the lists that were judged or are on show."""
        dropped = {step.settled - 1 for step in self.steps if step.settled and step.speaks}
        return {item for number, step in enumerate(self.steps) if number not in dropped for item in step.items} - {-1}

    def waits_in_a_row(self) -> int:
        """Waits since the agent last spoke."""
        waits = 0
        for step in reversed(self.steps):
            if step.speaks:
                break
            waits += 1
        return waits

    def cues(self) -> "PlainCues":
        """What can be seen of the present moment."""
        now = self.steps[-1] if self.steps else self
        on_show = sum(step.deferred for step in self.steps) > sum(step.settled > 0 for step in self.steps)
        silence, asked_for_time = 0, False
        for step in reversed(self.steps):
            if step.event in (Event.MESSAGE, Event.FRAGMENT):
                break
            silence += step.ticks
            asked_for_time |= step.event == Event.DEFERRAL
        return PlainCues(
            now.event, now.typing, now.completeness, asked_for_time and on_show, on_show, silence * TICK_SECONDS
        )


@dataclass(frozen=True)
class PlainCues:
    """See :class:`simulator.timing.Cues`."""

    event: int
    typing: bool
    completeness: float
    deferred: bool
    on_show: bool
    silence: float


@dataclass(frozen=True)
class PlainState:
    """What a policy sees: the slots and what fills them, as in :class:`simulator.candidates.Candidates`."""

    options: list[list[int]]
    """Of each question, best first; no more questions than there are."""
    values: list[float]
    """Bits expected from each question."""
    items: list[int]
    """Most believed items that may be shown; no more than there are."""
    masses: list[float]
    """Belief in each of ``items``."""
    mask: list[bool]
    """Open slots."""
    turns_left: int
    ticks_left: int
    cues: PlainCues


class Shelves:
    """A catalogue as lists and sets."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.n_items, self.n_attributes, self.n_facets = catalogue.n_items, catalogue.n_attributes, catalogue.n_facets
        edges, holders = catalogue.item_attributes, catalogue.attribute_items
        self.attributes: list[list[int]] = [edges.row(item).tolist() for item in range(self.n_items)]
        """Of each item, ascending."""
        self.has = [frozenset(own) for own in self.attributes]
        self.holders = [holders.row(attribute).astype(np.intp) for attribute in range(self.n_attributes)]
        """Items of each attribute, ascending."""
        self.facet: list[int] = catalogue.attribute_facet.tolist()
        self.members = [
            [attribute for attribute in range(self.n_attributes) if self.facet[attribute] == facet]
            for facet in range(self.n_facets)
        ]
        """Attributes of each facet; of one that has an order, in that order."""
        self.ordered = [number for number, facet in enumerate(catalogue.facets) if facet.ordered]
        self.known: list[list[bool]] = catalogue.known.tolist()
        """Whether each facet is known for each item."""
        self.strangers = [np.flatnonzero(~catalogue.known[:, facet]) for facet in range(self.n_facets)]
        """Items for which each facet is unknown."""
        self.degrees = edges.degrees.astype(np.intp)
        self.log_counts = np.log(np.maximum(np.arange(self.degrees.max(initial=0) + 1), 1))
        self.edge_items, self.edge_attributes = edges.row_of_edge(), edges.indices
        self.item_order = hash_order(catalogue.item_ids) * np.float64(TIE_BREAK)
        self.attribute_order = [float(lot) * _ORDER_OF_QUESTIONS for lot in hash_order(catalogue.attribute_ids)]
        self.rarity = [self._rarity(len(holders)) for holders in self.holders]

    def _rarity(self, n_holders: int) -> float:
        share = max(n_holders, 1) / max(self.n_items, 1)
        return min(max(math.log(COMMON / share) / math.log(COMMON / RARE), 0.0), 1.0)

    def level(self, item: int, facet: int) -> int:
        """The attribute an item has of a facet, the lowest of several, -1 for none."""
        return next((own for own in self.attributes[item] if self.facet[own] == facet), -1)

    def neighbours(self, attribute: int) -> list[int]:
        """Values next to this one, if its facet has an order."""
        if self.facet[attribute] not in self.ordered:
            return []
        members = self.members[self.facet[attribute]]
        place = members.index(attribute)
        return [members[near] for near in (place - 1, place + 1) if 0 <= near < len(members)]


class Ears:
    """An answer model as lists: what each answer says of an item."""

    def __init__(self, shelves: Shelves, model: AnswerModel) -> None:
        self._shelves, self.model = shelves, model
        self.seems: list[tuple[float, float, float]] = [
            (alarm, 1.0 - miss, rate)
            for alarm, miss, rate in zip(
                model.false_alarm.tolist(), model.miss.tolist(), model.rate.tolist(), strict=True
            )
        ]
        """Chance that each attribute seems to hold where it is lacking, there, and unknown."""
        self.says = [
            [self._chances(attribute, state) for state in (LACKS, HAS, UNKNOWN)]
            for attribute in range(shelves.n_attributes)
        ]
        """Chance of each :class:`graph.answers.Answer` in each of these states."""
        self.log_says = [[[floored_log(chance) for chance in row] for row in rows] for rows in self.says]
        self._graded = any(row[Answer.SORT_OF] > 0 for rows in self.says for row in rows)
        self.spoken = [[self._spoken(row) for row in rows] for rows in self.says]
        """Chance of no, yes, perhaps "sort of", and of silence in each state."""
        self.noise = [[-sum(map(plogp, row)) for row in rows] for rows in self.spoken]
        """Bits of chance in the answer once the state is known."""

    def _chances(self, attribute: int, state: int) -> list[float]:
        model = self.model
        rate, has, lacks = (float(of[attribute]) for of in (model.rate, model.sort_of_has, model.sort_of_lacks))
        grades = (lacks, has, rate * has + (1.0 - rate) * lacks)[state]
        ignorance = float((model.unknown_dont_know if state == UNKNOWN else model.dont_know)[attribute])
        indifference = min(float(model.dont_care[attribute]), 1.0 - ignorance)
        speaks, seems = 1.0 - ignorance - indifference, self.seems[attribute][state]
        chances = [0.0] * N_ANSWERS
        chances[Answer.NO] = speaks * (1.0 - grades) * (1.0 - seems)
        chances[Answer.YES] = speaks * (1.0 - grades) * seems
        chances[Answer.SORT_OF] = speaks * grades
        chances[Answer.DONT_KNOW], chances[Answer.DONT_CARE] = ignorance, indifference
        return chances

    def _spoken(self, row: list[float]) -> list[float]:
        told = [row[Answer.NO], row[Answer.YES], *([row[Answer.SORT_OF]] if self._graded else [])]
        return [*told, max(1.0 - sum(told), 0.0)]

    def log_likelihoods(
        self, options: Sequence[int], answers: Sequence[int], naming: bool, confidence: float
    ) -> list[float]:
        """Log-probability of the answers in every state of an item, length 2**m + 1."""
        states = range(2 ** len(options) + 1)
        if naming and Answer.SORT_OF not in answers:
            logs = [self._log_named(options, answers, state) for state in states]
        else:
            logs = [self._log_picked(options, answers, state) for state in states]
        if confidence < 1.0:
            # What was not understood says as much of one known state as of another.
            aside = sum(math.exp(log) for log in logs[:-1]) / len(logs[:-1])
            logs = [math.log(confidence * math.exp(log) + (1.0 - confidence) * aside) for log in logs]
        return logs

    def _log_picked(self, options: Sequence[int], answers: Sequence[int], state: int) -> float:
        total = 0.0
        for place, (option, answer) in enumerate(zip(options, answers, strict=True)):
            heard = answer != Answer.UNSAID and (answer != Answer.NO or self.model.hears_no)
            total += self.log_says[option][_of_option(state, place, len(options))][answer] if heard else 0.0
        return total

    def _log_named(self, options: Sequence[int], answers: Sequence[int], state: int) -> float:
        """Of a facet question, which is answered as a whole."""
        if Answer.YES in answers:
            response = answers.index(Answer.YES)
        elif answers[0] == Answer.NO:
            if not self.model.hears_no:
                return 0.0
            response = len(options)
        else:
            response = len(options) + (1 if answers[0] == Answer.DONT_KNOW else 2)
        return floored_log(self.naming(options, state)[response])

    def naming(self, options: Sequence[int], state: int) -> list[float]:
        """Chance that each option is named, then of "none of these", "don't know" and "don't care"."""
        m = len(options)
        kinds = [_of_option(state, place, m) for place in range(m)]
        told = [0.0] * (m + 1)
        seen: list[tuple[float, list[int]]] = [(1.0, [])]  # chance that these options seem to hold
        for place, (option, kind) in enumerate(zip(options, kinds, strict=True)):
            yes = self.seems[option][kind]
            seen = [(chance * (1.0 - yes), places) for chance, places in seen if yes < 1.0] + [
                (chance * yes, [*places, place]) for chance, places in seen if yes > 0.0
            ]
        for chance, places in seen:
            for place in places or [m]:
                told[place] += chance / max(len(places), 1)
        whole = [UNKNOWN if state == 2**m else LACKS] * m
        silent = [
            sum(self.says[option][kind][answer] for option, kind in zip(options, whole, strict=True)) / m
            for answer in (Answer.DONT_KNOW, Answer.DONT_CARE)
        ]
        speaks = max(1.0 - sum(silent), 0.0)
        return [speaks * chance for chance in told] + silent

    def picking(self, options: Sequence[int], state: int) -> list[float]:
        """Chance of each combination of what is said about the options, each answered for itself."""
        chances = [1.0]
        for place, option in enumerate(options):
            row = self.spoken[option][_of_option(state, place, len(options))]
            chances = [chance * each for chance in chances for each in row]
        return chances

    def binary_value(self, attribute: int, with_it: float, unknown: float) -> float:
        """Bits expected from asking about one attribute, given the belief that it holds or is not known."""
        if with_it < NEGLIGIBLE and unknown < NEGLIGIBLE:
            return 0.0
        lacks = max(1.0 - with_it - unknown, 0.0)
        if_lacking, if_there, if_unknown = self.spoken[attribute]
        noise = self.noise[attribute]
        bits = -(lacks * noise[LACKS] + with_it * noise[HAS] + unknown * noise[UNKNOWN])
        for one, two, three in zip(if_lacking, if_there, if_unknown, strict=True):
            bits -= plogp(lacks * one + with_it * two + unknown * three)
        return max(bits, 0.0)

    def value(self, options: Sequence[int], cells: Sequence[float], unknown: float, naming: bool) -> float:
        """Bits expected from a question about several options.

        :param cells: belief in each state in which the facet is known, length 2**m.
        """
        channel = self.naming if naming else self.picking
        heard: list[float] = []
        bits = 0.0
        for state, mass in enumerate([*cells, unknown]):
            if mass <= 0.0:
                continue
            chances = channel(options, state)
            bits += mass * sum(map(plogp, chances))
            heard = [one + mass * two for one, two in zip(heard or [0.0] * len(chances), chances, strict=True)]
        return max(bits - sum(map(plogp, heard)), 0.0)


def _of_option(state: int, place: int, n_options: int) -> int:
    """What a state says of one option."""
    return UNKNOWN if state == 2**n_options else state >> place & 1


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

    :param believed: belief in each item worth counting, shape (V,).
    :param unknown: belief that the facet is unknown.
    """

    def __init__(self, shelves: Shelves, believed: FloatArray, unknown: float, naming: bool) -> None:
        self._shelves, self._believed, self.unknown, self.naming = shelves, believed, unknown, naming
        self._states = np.zeros(shelves.n_items, np.intp)
        self.options: list[int] = []
        self.cells, self.bits = [max(1.0 - unknown, 0.0)], 0.0
        """Belief in each state in which the facet is known, and bits from truthful answers."""

    def with_one_more(self, attribute: int) -> tuple[list[float], float]:
        """What cells and bits would be."""
        holders = self._shelves.holders[attribute]
        having = np.bincount(self._states[holders], self._believed[holders], len(self.cells)).tolist()
        cells = [max(cell - part, 0.0) for cell, part in zip(self.cells, having, strict=True)] + having
        return cells, _told_if_truthful(cells, len(self.options) + 1, self.naming)

    def add(self, attribute: int) -> None:
        """Take one more option."""
        self.cells, self.bits = self.with_one_more(attribute)
        self._states[self._shelves.holders[attribute]] |= 1 << len(self.options)
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
        self.log_weights: FloatArray = log_prior.astype(np.float64) + shelves.item_order
        if eligible is not None:
            self.log_weights[~eligible] = -np.inf
        self._probabilities: FloatArray | None = None
        self._masses: Masses | None = None

    def hear(self, options: Sequence[int], answers: Sequence[int], naming: bool, confidence: float = 1.0) -> None:
        """Take in the answers to one question."""
        states = np.zeros(self._shelves.n_items, np.intp)
        for place, option in enumerate(options):
            states[self._shelves.holders[option]] |= 1 << place
        states[self._shelves.strangers[self._shelves.facet[options[0]]]] = 2 ** len(options)
        self.log_weights += np.array(self._ears.log_likelihoods(options, answers, naming, confidence))[states]
        self._forget()

    def volunteered(self, attribute: int, already: int) -> None:
        """Take in what was named unasked after ``already`` others: any that was not yet named could have been."""
        self.hear([attribute], [Answer.YES], naming=False)
        self.log_weights -= self._shelves.log_counts[np.maximum(self._shelves.degrees - already, 0)]

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
        logs = np.full(shelves.n_items, floored_log(error))
        logs[shelves.strangers[facet]] = floored_log(0.5)
        for member in shelves.members[facet]:
            if (member - attribute) * direction > 0:
                logs[shelves.holders[member]] = floored_log(1.0 - error)
        self.log_weights += logs
        self._forget()

    @property
    def probabilities(self) -> FloatArray:
        """The posterior, shape (V,)."""
        if self._probabilities is None:
            weights = np.exp(self.log_weights - self.log_weights.max())
            self._probabilities = weights / weights.sum()
        return self._probabilities

    def masses(self) -> Masses:
        """Belief in the items worth counting, shape (V,), in each attribute, and that each facet is unknown."""
        if self._masses is None:
            shelves = self._shelves
            believed = np.where(self.probabilities > NEGLIGIBLE, self.probabilities, 0.0)
            holds = np.bincount(shelves.edge_attributes, believed[shelves.edge_items], shelves.n_attributes).tolist()
            self._masses = believed, holds, [float(believed[strangers].sum()) for strangers in shelves.strangers]
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
        logs = self.log_weights.copy()
        logs[list(without)] = -np.inf
        count = min(count, len(logs))
        best = np.argpartition(-logs, count - 1)[:count]
        best = best[np.argsort(-logs[best], kind="stable")]
        return [item for item in best.tolist() if logs[item] > -np.inf]


class PlainPerson:
    """Somebody who is talked to; see :mod:`simulator.people` for what each trait does."""

    def __init__(
        self, shelves: Shelves, trait: dict[str, float], table: ConfusionTable | None, target: int, key: int
    ) -> None:
        self._shelves, self._trait, self._table, self._key = shelves, trait, table, key
        own = shelves.attributes[target]
        self.opening = own[int(self._lot(Purpose.OPENING, 0) * len(own))] if own else -1
        self.wanted = [target]
        if trait["interests"]:
            count = 1 + int(self._lot(Purpose.INTERESTS, 0) * trait["interests"])
            self.wanted += [self._alike(Purpose.INTERESTS, place) for place in range(1, count + 1)]
        self.changed = False
        self.phase, self.pieces = Phase.READY, 0
        self.thought_left, self.shown_at, self.verdict = 0, 0, 0
        self.rejections, self.interruptions = 0, 0

    def _lot(self, purpose: Purpose, turn: int, place: int = 0) -> float:
        """A number in [0, 1) that is this dialogue's own."""
        stream = mix(self._key + (turn * 64 + purpose) * _GOLDEN & _MASK)
        return (mix(stream + (place + 1) * _GOLDEN & _MASK) >> 11) / 2**53

    def _happens(self, purpose: Purpose, turn: int, probability: float, place: int = 0) -> bool:
        return probability > 0.0 and self._lot(purpose, turn, place) < probability

    def _sharing(self, lot: float) -> int:
        """Some item with the attribute of the opening."""
        if self.opening < 0:
            return int(lot * self._shelves.n_items)
        holders = self._shelves.holders[self.opening]
        return int(holders[int(lot * len(holders))])

    def _alike(self, purpose: Purpose, turn: int) -> int:
        """Another item with the attribute of the opening that has much in common with the first."""
        first = self.wanted[0]
        own = self._shelves.has[first]
        drawn = [self._sharing(self._lot(purpose, turn, place)) for place in range(TRIES)]
        return max(drawn, key=lambda item: -1 if item == first else len(own & self._shelves.has[item]))

    def _has(self, attribute: int) -> bool:
        return any(attribute in self._shelves.has[item] for item in self.wanted)

    def _knows(self, attribute: int) -> bool:
        return any(self._shelves.known[item][self._shelves.facet[attribute]] for item in self.wanted)

    def open(self, history: PlainHistory) -> None:
        """Say what is wanted, or nothing."""
        if not self._happens(Purpose.OPENING, 1, self._trait["silence"]):
            history.opening = self.opening
        if self._trait["bursts"]:
            self._begin_burst(self._trait["bursts"], 0)
            history.event = int(Event.FRAGMENT if self.phase == Phase.COMPOSING else Event.MESSAGE)
        history.typing, history.completeness = self._look(0)

    def react(self, history: PlainHistory, turns: int, mode: QuestionMode, last: bool) -> None:
        """Complete the latest step of the history.

        :param turns: turns taken before it.
        :param last: whether the agent has no turn left after it.
        """
        step, number = history.steps[-1], len(history.steps) - 1
        if step.speaks:
            self._be_interrupted(history, step, number)
            if not self.changed and self._happens(Purpose.CHANGE_OF_MIND, turns, self._trait["fickleness"]):
                self._change_mind(history, step, number, turns)
        else:
            self._wait(history, step, number, turns)
        if step.act == Act.ASK:
            step.answers = self.answer(step.options, mode, turns)
            if self._trait["mishearing"]:
                self._be_misheard(step, mode, turns)
        elif step.act == Act.RECOMMEND:
            self._judge(step, number, turns, last)
        if step.speaks and self.phase != Phase.THINKING and not step.accepted:
            self._begin_burst(self._trait["bursts"] / 2, turns + 1)
            step.event = int(Event.FRAGMENT) if self.phase == Phase.COMPOSING else step.event
        step.typing, step.completeness = self._look(number + 1)
        self._lose_patience(history, step, number)

    def answer(self, options: Sequence[int], mode: QuestionMode, turns: int) -> list[int]:
        """What is said about each option."""
        trait = self._trait
        other: frozenset[int] | None = None
        if self._happens(Purpose.OTHER_ITEM, turns, trait["wandering"]):
            other = self._shelves.has[self._sharing(self._lot(Purpose.OTHER_ITEM, turns, 1))]
        answers = []
        for place, option in enumerate(options):
            known = self._knows(option)
            seems = known and (self._has(option) if other is None else option in other)
            wrong = either(trait["slips"], self._uneven(option, Purpose.UNEVEN_ERROR, UNEVEN_ERROR))
            seems ^= self._happens(Purpose.SLIP, turns, wrong, place)
            seems = seems and not self._happens(Purpose.RELUCTANCE, turns, trait["reluctance"], place)
            said = (Answer.YES if seems else Answer.NO) if known else Answer.DONT_KNOW
            answers.append(self._grade(option, said, turns, place))
        if mode is QuestionMode.FACET:
            answers = self._name_one(answers, turns)
        return self._fall_silent(options, answers, mode, turns)

    def _uneven(self, attribute: int, purpose: Purpose, rates: NDArray[np.float64]) -> float:
        draw = int(self._trait["uneven"])
        if not draw:
            return 0.0
        lot = mix(mix(draw * _GOLDEN + purpose & _MASK) + attribute * _GOLDEN & _MASK)
        return float(rates[lot >> 62])

    def _grade(self, option: int, said: Answer, turns: int, place: int) -> int:
        if not self._happens(Purpose.GRADES, turns, self._trait["vagueness"], place):
            return int(said)
        near = said == Answer.NO and any(self._has(beside) for beside in self._shelves.neighbours(option))
        return int(Answer.SORT_OF if near or said == Answer.YES else said)

    def _name_one(self, answers: list[int], turns: int) -> list[int]:
        holds = [place for place, answer in enumerate(answers) if answer == Answer.YES]
        holds = holds or [place for place, answer in enumerate(answers) if answer == Answer.SORT_OF]
        if not holds:
            return answers
        named = max(holds, key=lambda place: self._lot(Purpose.NAMING, turns, place))
        return [answer if place == named else int(Answer.UNSAID) for place, answer in enumerate(answers)]

    def _fall_silent(self, options: Sequence[int], answers: list[int], mode: QuestionMode, turns: int) -> list[int]:
        ignorance = self._trait["ignorance"]
        rates = [
            either(
                either(ignorance, ignorance * self._shelves.rarity[option]),
                self._uneven(option, Purpose.UNEVEN_KNOWLEDGE, UNEVEN_IGNORANCE),
            )
            for option in options
        ]
        if mode is QuestionMode.FACET:  # as one
            silence = self._silence(sum(rates) / len(rates), turns, 0)
            return answers if silence is None else [silence] * len(answers)
        silences = [self._silence(rate, turns, place) for place, rate in enumerate(rates)]
        return [answer if word is None else word for answer, word in zip(answers, silences, strict=True)]

    def _silence(self, ignorance: float, turns: int, place: int) -> int | None:
        if self._happens(Purpose.KNOWLEDGE, turns, ignorance, place):
            return int(Answer.DONT_KNOW)
        if self._happens(Purpose.CARE, turns, self._trait["indifference"], place):
            return int(Answer.DONT_CARE)
        return None

    def _be_misheard(self, step: PlainStep, mode: QuestionMode, turns: int) -> None:
        """Replace what was said by what is heard, and tell how sure the understander is."""
        table = self._table or shipped_table()
        lots = [self._lot(Purpose.MISHEARING, turns, place) for place in range(2 * mode.n_options)]
        if mode is QuestionMode.FACET:
            wrong = self._mishear_name(table, step, lots)
        else:
            slipped = [lots[place] < self._error(table, word) for place, word in enumerate(step.answers)]
            step.answers = [
                self._another_word(table, word, lots[mode.n_options + place]) if slips else word
                for place, (word, slips) in enumerate(zip(step.answers, slipped, strict=True))
            ]
            wrong = any(slipped)
        quantiles = (table.wrong if wrong else table.right).tolist()
        place = self._lot(Purpose.CONFIDENCE, turns) * (len(quantiles) - 1)
        low = int(place)
        sure = quantiles[low] + (place - low) * (quantiles[low + 1] - quantiles[low])
        step.confidence = half_precision(sure)

    def _mishear_name(self, table: ConfusionTable, step: PlainStep, lots: list[float]) -> bool:
        """Of a facet question one word is said, so one word is misheard; whether it was."""
        answers, m = step.answers, len(lots) // 2
        if Answer.UNSAID not in answers:
            if lots[0] >= self._error(table, answers[0]):
                return False
            word = self._another_word(table, answers[0], lots[m])
            step.answers = [int(Answer.NO) if word == Answer.YES else word] * len(answers)
            return True
        if lots[0] >= self._error(table, Answer.YES):
            return False
        others = [place for place, answer in enumerate(answers) if answer == Answer.UNSAID]
        named = max(others, key=lambda place: lots[1 + place])
        step.answers = [int(Answer.YES if place == named else Answer.UNSAID) for place in range(len(answers))]
        return True

    def _error(self, table: ConfusionTable, word: int) -> float:
        return min((1.0 - float(table.heard[word, word])) * self._trait["mishearing"], 1.0)

    @staticmethod
    def _another_word(table: ConfusionTable, said: int, lot: float) -> int:
        others = [0.0 if word == said else share for word, share in enumerate(table.heard[said].tolist())]
        if not sum(others):
            others[Answer.DONT_KNOW] = 1.0
        below, total = 0.0, sum(others)
        for word, share in enumerate(others):
            below += share / total
            if lot < below:
                return word
        return len(others) - 1

    def _judge(self, step: PlainStep, number: int, turns: int, last: bool) -> None:
        """Take the list, think about it, or turn it down."""
        shown = [item for item in step.items if item >= 0]
        found = next((place for place, item in enumerate(step.items, 1) if item >= 0 and item in self.wanted), 0)
        step.wanted_shown = found > 0
        need = self._trait["deliberation"]
        load = min(max((len(shown) - FEW) / (MANY - FEW), 0.0), 1.0)
        at_once = self._lot(Purpose.AT_ONCE, turns) < 1.0 - need * (0.5 + 0.5 * load)
        if not need or (found and at_once):
            step.accepted = found
        else:
            verdict = found if self._lot(Purpose.ACCEPTANCE, turns) < 1.0 - need * LOST_TO_LENGTH * load else 0
            if not last:
                self._think(step, number, turns, len(shown), verdict)
                return
            step.accepted = verdict
        if not step.accepted:
            self._turn_down(step, step.items, turns)

    def _think(self, step: PlainStep, number: int, turns: int, length: int, verdict: int) -> None:
        longest = min(max(math.ceil(LONGEST_THOUGHT * length / MANY), 1), LONGEST_THOUGHT)
        self.phase, self.shown_at, self.verdict = Phase.THINKING, number + 1, verdict
        self.thought_left = int(1 + self._lot(Purpose.THOUGHT, turns) * longest)
        step.deferred = True
        says_so = self._happens(Purpose.DEFERRAL, number, ASKS_FOR_TIME)
        step.event = int(Event.DEFERRAL if says_so else Event.SILENCE)

    def _turn_down(self, step: PlainStep, items: list[int], turns: int) -> None:
        """Turn a list down that was shown after ``turns`` turns, perhaps with a reason."""
        self.rejections += 1
        shelves, first = self._shelves, self.wanted[0]
        if not self._happens(Purpose.CRITIQUE, turns, self._trait["criticism"]) or max(items, default=-1) < 0:
            return
        own = shelves.has[first]
        place = max(
            (place for place, item in enumerate(items) if item >= 0), key=lambda at: len(own & shelves.has[items[at]])
        )
        levels = [(shelves.level(first, facet), shelves.level(items[place], facet)) for facet in shelves.ordered]
        apart = [at for at, (mine, its) in enumerate(levels) if mine >= 0 and its >= 0 and mine != its]
        if apart:
            mine, its = levels[max(apart, key=lambda at: self._lot(Purpose.CRITIQUE, turns, 1 + at))]
            step.critique = (place + 1, its, 1 if mine > its else -1)

    def _be_interrupted(self, history: PlainHistory, step: PlainStep, number: int) -> None:
        """The agent speaks: a list on show is dropped, a piece may be lost."""
        if self.phase == Phase.THINKING:
            step.settled = self.shown_at
            self._stop_thinking()
        elif self.phase == Phase.COMPOSING:
            if not self._happens(Purpose.LOSS, number, LOST):
                self._volunteer(history, step, number)
            self.phase, self.pieces = Phase.READY, 0
        else:
            return
        step.interrupted = True
        self.interruptions += 1

    def _stop_thinking(self) -> None:
        self.phase = Phase.READY
        self.thought_left, self.shown_at, self.verdict = 0, 0, 0

    def _wait(self, history: PlainHistory, step: PlainStep, number: int, turns: int) -> None:
        """The agent waits: a piece arrives, a thought ends, or nothing happens until the timer rings."""
        step.event, step.ticks = int(Event.SILENCE), SILENCE_TIMER
        if self.phase == Phase.COMPOSING:
            step.ticks = int(1 + self._lot(Purpose.PACE, number) * SILENCE_TIMER)
            self._volunteer(history, step, number)
            self.pieces -= 1
            more = self.pieces > 0 and step.volunteered >= 0
            self.phase = Phase.COMPOSING if more else Phase.READY
            step.event = int(Event.FRAGMENT if more else Event.MESSAGE)
        elif self.phase == Phase.THINKING:
            step.ticks = min(self.thought_left, SILENCE_TIMER)
            self.thought_left -= step.ticks
            if not self.thought_left:
                self._come_to_a_verdict(history, step, turns)
        else:
            self.phase, step.dead_air = Phase.IDLE, True

    def _come_to_a_verdict(self, history: PlainHistory, step: PlainStep, turns: int) -> None:
        step.settled, step.verdict, step.event = self.shown_at, self.verdict, int(Event.MESSAGE)
        shown = history.steps[step.settled - 1]
        self._stop_thinking()
        if step.verdict:
            shown.accepted = step.verdict
        else:
            self._turn_down(step, shown.items, turns - 1)

    def _change_mind(self, history: PlainHistory, step: PlainStep, number: int, turns: int) -> None:
        self.wanted = [self._alike(Purpose.NEW_MIND, turns)]
        self.changed = True
        if self._happens(Purpose.ANNOUNCEMENT, turns, ANNOUNCED):
            self._volunteer(history, step, number)

    def _volunteer(self, history: PlainHistory, step: PlainStep, number: int) -> None:
        """Name an attribute of the item in mind that was not named yet, if one is left."""
        named = history.named() - {step.volunteered}  # of two things said at one step the later one is heard
        fresh = [each for each in self._shelves.attributes[self.wanted[0]] if each not in named]
        if fresh:
            step.volunteered = fresh[int(self._lot(Purpose.VOLUNTEER, number) * len(fresh))]

    def _begin_burst(self, bursts: float, turn: int) -> None:
        """Perhaps go on writing after a message."""
        self.pieces = 0
        while self.pieces < MOST_PIECES and self._happens(Purpose.BURST, turn, bursts, self.pieces):
            self.pieces += 1
        self.phase = Phase.COMPOSING if self.pieces else Phase.READY

    def _look(self, number: int) -> tuple[bool, float]:
        """Whether the typing indicator is on, and how complete the last message looks."""
        if not self._trait["bursts"]:
            return False, 1.0
        writing = self.phase == Phase.COMPOSING
        low, high = LOOKS_COMPLETE[writing]
        typing = self._lot(Purpose.CUES, number) < (SHOWN_WRITING if writing else SHOWN_RESTING)
        return typing, half_precision(low + self._lot(Purpose.CUES, number, 1) * (high - low))

    def _lose_patience(self, history: PlainHistory, step: PlainStep, number: int) -> None:
        """Perhaps leave."""
        impatience = self._trait["impatience"]
        if not impatience or step.accepted or step.verdict:
            return
        earlier = [other for other in history.steps if other is not step]
        seen = {item for other in earlier for item in other.items}
        asked = {option for other in earlier for option in other.options}
        repeats = sum(item >= 0 and item in seen for item in step.items)
        repeats += sum(option in asked for option in step.options)
        annoyance = (
            BASE
            + PER_REJECTION * self.rejections
            + PER_REPEAT * repeats
            + PER_INTERRUPTION * self.interruptions
            + PER_TICK_OF_DEAD_AIR * (step.ticks if step.dead_air else 0)
        )
        if self._happens(Purpose.PATIENCE, number, 1.0 - math.exp(-impatience * annoyance)):
            step.event, self.phase = int(Event.LEFT), Phase.GONE


@dataclass
class PlainTally:
    """See :class:`simulator.core.Tally`."""

    reward: float = 0.0
    invalid: int = 0
    interruptions: int = 0
    dead_air: int = 0
    wanted_shown: int = 0
    wasted: int = 0


_PREPARED: list[tuple[Catalogue, AnswerModel, Shelves, Ears]] = []
"""Lists and sets of the catalogues and answer models that were used last."""

_MOST_PREPARED = 4


def _prepared(catalogue: Catalogue, model: AnswerModel) -> tuple[Shelves, Ears]:
    for known, understood, shelves, ears in _PREPARED:
        if known is catalogue and understood is model:
            return shelves, ears
    shelves = next((shelves for known, _, shelves, _ in _PREPARED if known is catalogue), None) or Shelves(catalogue)
    ears = Ears(shelves, model)
    _PREPARED[:] = [(catalogue, model, shelves, ears), *_PREPARED[: _MOST_PREPARED - 1]]
    return shelves, ears


class PlainDialogue:
    """One dialogue under way.

    :param traits_row: what this person is like: traits of one dialogue.
    :param table: how answers are heard where that is not perfect; None for the table that comes with the package.
    :param target: item in mind.
    :param key: random key of the dialogue.
    :param log_prior: affinity with each item, shape (V,).
    :param eligible: items that may be shown, shape (V,); None for all.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        answer_model: AnswerModel,
        traits_row: Traits,
        table: ConfusionTable | None,
        target: int,
        key: int,
        log_prior: NDArray[np.floating],
        eligible: NDArray[np.bool_] | None = None,
    ) -> None:
        self.rules = rules
        shelves, ears = _prepared(catalogue, answer_model)
        trait = {each.name: getattr(traits_row, each.name).item() for each in fields(Traits)}
        self._person = PlainPerson(shelves, trait, table, target, int(key))
        self.history, self.tally = PlainHistory(), PlainTally()
        self.turns, self.clock = 0, 0
        self._person.open(self.history)
        self.belief = PlainBelief(shelves, ears, log_prior, eligible)
        if self.history.opening >= 0:
            self.belief.volunteered(self.history.opening, 0)
        self._state: PlainState | None = None

    def state(self) -> PlainState:
        """What the policy may know now."""
        if self._state is None:
            self._state = self._look_around()
        return self._state

    def _look_around(self) -> PlainState:
        rules, space, history = self.rules, self.rules.space, self.history
        questions = self.belief.questions(history.named(), rules.questions, space.n_ask)
        items = self.belief.top_items(space.n_recommend, history.shown())
        may_wait = history.waits_in_a_row() < MOST_WAITS or not (questions or items)
        mask = [place < len(questions) for place in range(space.n_ask)]
        mask += [place < len(items) for place in range(space.n_recommend)]
        return PlainState(
            [options for _, options in questions],
            [value for value, _ in questions],
            items,
            [float(self.belief.probabilities[item]) for item in items],
            [*mask, may_wait],
            rules.turns - self.turns,
            rules.clock - self.clock,
            history.cues(),
        )

    def step(self, slot: int, items: Sequence[int] | None = None) -> tuple[float, bool, bool]:
        """Carry out one decision; a closed slot is replaced by the first open one.

        :param items: a whole list to show if a recommend slot is chosen, instead of the one it stands for.
        :return: reward, whether the dialogue is over, and whether it was cut off.
        """
        state, space = self.state(), self.rules.space
        invalid = not (0 <= slot < space.n_slots and state.mask[slot])
        slot = state.mask.index(True) if invalid else slot
        if slot < space.n_ask:
            return self.carry_out(Act.ASK, options=state.options[slot], invalid=invalid)
        if slot == space.wait_slot:
            return self.carry_out(Act.WAIT, invalid=invalid)
        if items is None:
            first = state.items[slot - space.n_ask]
            items = [first, *(item for item in state.items if item != first)][: space.list_length]
        return self.carry_out(Act.RECOMMEND, items=items, invalid=invalid)

    def carry_out(
        self, act: Act, options: Sequence[int] = (), items: Sequence[int] = (), invalid: bool = False
    ) -> tuple[float, bool, bool]:
        """Carry out one act, without looking at slots; see :meth:`step`."""
        step = PlainStep(int(act), list(options), list(items))
        weights = self.belief.log_weights
        for place, item in enumerate(items):
            if item < -1 or (item >= 0 and weights[item] == -np.inf):
                step.items[place], invalid = -1, True
        step.chance = float(sum(self.belief.probabilities[item] for item in step.items if item >= 0))
        self.history.steps.append(step)
        turns, self.turns = self.turns, self.turns + step.speaks
        mode = self.rules.questions
        self._person.react(self.history, turns, mode, self.turns >= self.rules.turns)
        self.clock += step.ticks
        self._take_in(step)
        self._state = None
        return self._settle_up(step, invalid)

    def _take_in(self, step: PlainStep) -> None:
        """What the reaction says about the item in mind."""
        if step.act == Act.ASK:
            self.belief.hear(step.options, step.answers, self.rules.questions is QuestionMode.FACET, step.confidence)
        for refused in self._refused(step):
            self.belief.turned_down(refused.items)
        if step.volunteered >= 0:
            self.belief.volunteered(step.volunteered, self._named_before(step))
        if step.critique != NO_CRITIQUE:
            self.belief.criticised(step.critique[1], step.critique[2])

    def _refused(self, step: PlainStep) -> list[PlainStep]:
        """The steps whose lists were turned down at this one."""
        if step.act == Act.RECOMMEND:
            return [step] if not step.accepted and not step.deferred else []
        return [self.history.steps[step.settled - 1]] if step.settled and not step.verdict and not step.speaks else []

    def _named_before(self, step: PlainStep) -> int:
        """Attributes of the item in mind that were named or affirmed before something was volunteered."""
        affirmed = sum(answer == Answer.YES for each in self.history.steps for answer in each.answers)
        volunteered = sum(each.volunteered >= 0 for each in self.history.steps if each is not step)
        return (self.history.opening >= 0) + affirmed + volunteered

    def _settle_up(self, step: PlainStep, invalid: bool) -> tuple[float, bool, bool]:
        """Reward and end of one step."""
        rules, rewards = self.rules, self.rules.rewards
        accepted, left = bool(step.accepted or step.verdict), step.event == Event.LEFT
        going_on = not accepted and not left
        out_of_turns = going_on and self.turns >= rules.turns
        truncated = going_on and not out_of_turns and self.clock >= rules.clock
        holds = Answer.YES in step.answers
        reward = (
            rewards.accepted * accepted
            + rewards.rejected * len(self._refused(step))
            + rewards.turn * step.speaks
            + rewards.tick * step.ticks
            + rewards.dead_air * step.dead_air
            + rewards.interruption * step.interrupted
            + rewards.failed * (out_of_turns or truncated)
            + rewards.left * left
            + rewards.answer_yes * holds
            + rewards.answer_no * (not holds and Answer.NO in step.answers)
        )
        self.tally.reward += reward
        self.tally.invalid += invalid
        self.tally.interruptions += step.interrupted
        self.tally.dead_air += step.dead_air
        self.tally.wanted_shown += step.wanted_shown
        self.tally.wasted += step.act == Act.ASK and not any(answer in TELLING for answer in step.answers)
        return reward, accepted or left or out_of_turns, truncated
