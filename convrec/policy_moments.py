"""What a policy saw and thought at every step of one dialogue, and when it does what over many.

Legend: K slots, D decisions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialogs.phrases import WORDING
from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from policy.unified.agent import UnifiedPolicy
from policy.unified.encoding import rule_values
from policy.unified.network import NetworkConfig
from simulator.history import Act
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.rendering import Line, render_dialogue
from simulator.runs import Setting, Targets, draw_targets, run_dialogues

SHOWN_ITEMS, SHOWN_SLOTS = 5, 6
"""Most believed items, and most valued slots, of a moment."""


@dataclass(frozen=True)
class SlotValue:
    """One slot as it was weighed."""

    label: str
    value: float
    """By the policy, in reward."""
    by_rule: float
    """By the gain rule, in reward at the price of a bit."""
    is_chosen: bool


@dataclass(frozen=True)
class Moment:
    """One decision."""

    before: list[Line]
    """What was said since the last one."""
    bits: float
    """Entropy of the belief."""
    items: list[tuple[str, float, bool]]
    """Most believed items: name, belief, whether it is the one in mind."""
    slots: list[SlotValue]
    """Most valued first."""


@dataclass(frozen=True)
class Explained:
    """One dialogue."""

    target: str
    moments: list[Moment]
    end: list[Line]
    """What was said after the last decision."""
    success_turn: int
    """0 where nothing was found."""


def explain_dialogue(setting: Setting, policy: UnifiedPolicy, seed: int, number: int) -> Explained:
    """Hold one dialogue of a run and write down every moment.

    :param seed: of the run; ``number``: which of its dialogues, from 0.
    """
    targets = draw_targets(setting.dataset, number + 1, seed)
    alone = Targets(targets.users[[number]], targets.items[[number]])
    talk = setting.begin(policy, alone, dialogue_keys(seed, np.array([number])))
    catalogue, moments, told = setting.dataset.catalogue, [], 0
    while True:
        state = talk.state()
        values = policy.values(state)[0]
        slot = int(values.argmax())
        lines = render_dialogue(catalogue, talk.history, 0, WORDING)
        moments.append(_moment(catalogue, state, policy, values, slot, lines[told:], int(alone.items[0])))
        told = len(lines)
        if talk.step(state, Decision(np.array([slot]))).over[0]:
            break
    lines = render_dialogue(catalogue, talk.history, 0, WORDING)
    target = catalogue.describe_item(int(alone.items[0]))
    return Explained(target, moments, lines[told:], int(talk.history.accepted_turn[0]))


def _moment(
    catalogue: Catalogue, state: State, policy: UnifiedPolicy, values: NDArray[np.float32], slot: int,
    before: list[Line], target: int,
) -> Moment:  # fmt: skip
    candidates, space = state.candidates, state.candidates.space
    config = policy.network.config
    bit = config.bit if isinstance(config, NetworkConfig) else 0.0
    by_rule = rule_values(state, policy.encoder.rule(policy.rules.questions), policy.encoder.doubted_weight)[0] * bit
    is_open = np.flatnonzero(candidates.mask[0])
    best = is_open[np.argsort(-values[is_open], kind="stable")]
    # The best of each kind is always shown, since what was not done says as much.
    kinds = [best[space.act_of(best) == act][:1] for act in (Act.ASK, Act.RECOMMEND, Act.WAIT)]
    shown = list(dict.fromkeys([*np.concatenate(kinds).tolist(), *best.tolist()]))[:SHOWN_SLOTS]
    level = float(by_rule[is_open].max() - values[is_open].max())
    slots = [
        SlotValue(_label(catalogue, state, each), float(values[each]), float(by_rule[each]) - level, each == slot)
        for each in sorted(shown, key=lambda each: -values[each])
    ]
    items = [
        (catalogue.describe_item(int(item)), float(mass), int(item) == target)
        for item, mass in zip(candidates.items[0], candidates.item_masses[0], strict=True)
        if item >= 0
    ]
    return Moment(before, float(state.belief.entropy()[0]), items[:SHOWN_ITEMS], slots)


def _label(catalogue: Catalogue, state: State, slot: int) -> str:
    space = state.candidates.space
    if slot == space.wait_slot:
        return "wait"
    if slot >= space.n_ask:
        place = slot - space.n_ask
        return "show the best list" if place == 0 else f"show a list from no. {place + 1}"
    options = [int(option) for option in state.candidates.questions.options[0, slot] if option >= 0]
    facet = catalogue.facets[catalogue.attribute_facet[options[0]]].name
    return f"ask {facet}: {', '.join(catalogue.attribute_names[option] for option in options)}"


@dataclass(frozen=True)
class Habits:
    """Decisions of many dialogues, each array of shape (D,)."""

    acts: NDArray[np.int8]
    """:class:`simulator.history.Act`."""
    bits: NDArray[np.float64]
    """Entropy of the belief."""
    turns: NDArray[np.int16]
    """Turn that is due, from 1."""
    refused: NDArray[np.int64]
    """Lists turned down so far."""
    silence: NDArray[np.float32]
    """Seconds since the user's last message."""


class _Noting:
    """A policy whose decisions are written down."""

    def __init__(self, policy: UnifiedPolicy) -> None:
        self.name, self._policy = policy.name, policy
        self.noted: list[tuple[NDArray[Any], ...]] = []

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """That of the policy."""
        return self._policy.answer_model(catalogue)

    def choose(self, state: State) -> Decision:
        """Choose as the policy does."""
        decision, history = self._policy.choose(state), state.history
        refused = ((history.acts == Act.RECOMMEND) & (history.accepted == 0)).sum(axis=1)
        acts = state.candidates.space.act_of(decision.slots)
        self.noted.append((acts, state.belief.entropy(), history.turns + 1, refused, history.cues().silence))
        return decision


def find_habits(
    setting: Setting, policy: UnifiedPolicy, dialogues: int, seed: int, advance: Callable[[int], None] | None = None
) -> Habits:
    """Hold dialogues and write down what was done when.

    :param advance: told how many dialogues have just ended.
    """
    noting = _Noting(policy)
    run_dialogues(setting, noting, draw_targets(setting.dataset, dialogues, seed), seed, advance=advance)
    return Habits(*(np.concatenate(each) for each in zip(*noting.noted, strict=True)))
