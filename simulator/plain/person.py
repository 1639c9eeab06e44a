"""One simulated person, of any kind."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.hashing import GOLDEN
from simulator.history import Act
from simulator.people.answering import UNEVEN_ERROR, UNEVEN_IGNORANCE
from simulator.people.attention import ASKS_FOR_TIME, LOOKS_COMPLETE, LOST, MOST_PIECES, SHOWN_RESTING, SHOWN_WRITING
from simulator.people.hearing import ConfusionTable, shipped_table
from simulator.people.judging import FEW, LONGEST_THOUGHT, LOST_TO_LENGTH, MANY
from simulator.people.minds import TRIES
from simulator.people.patience import BASE, PER_INTERRUPTION, PER_REJECTION, PER_REPEAT, PER_TICK_OF_DEAD_AIR
from simulator.people.people import ANNOUNCED
from simulator.plain.arithmetic import either, half_precision, mix
from simulator.plain.shelves import Shelves
from simulator.plain.talk import PlainHistory, PlainStep
from simulator.randomness import Purpose
from simulator.timing import SILENCE_TIMER, Event, Phase

_MASK, _GOLDEN = 2**64 - 1, int(GOLDEN)


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
