"""One plain dialogue from its opening to its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode
from graph.catalogue import Catalogue
from simulator.core import TELLING, Rules
from simulator.history import Act
from simulator.people import Traits
from simulator.people.hearing import ConfusionTable
from simulator.plain.belief import PlainBelief
from simulator.plain.ears import Ears
from simulator.plain.person import PlainPerson
from simulator.plain.shelves import Shelves
from simulator.plain.talk import NO_CRITIQUE, PlainHistory, PlainState, PlainStep
from simulator.timing import MOST_WAITS, Event


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
            if item < -1 or (item >= 0 and weights[item] == -math.inf):
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
