"""What an answer says of an item, option by option.

Legend: m options of a question.  An item is in state 0 .. 2**m - 1 of a question if its facet is known, bit j telling
whether it has option j, and in state 2**m if it is not.
"""

import math
from collections.abc import Sequence

from graph.answers import N_ANSWERS, Answer, AnswerModel
from graph.kernels import NEGLIGIBLE
from simulator.plain.arithmetic import floored_log, plogp
from simulator.plain.shelves import Shelves

LACKS, HAS, UNKNOWN = 0, 1, 2
"""What an item's state says of one option."""


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
