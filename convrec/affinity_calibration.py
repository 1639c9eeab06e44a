"""How far the belief can be believed: is the item looked for among the ten best as often as is said?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convrec.affinity_measures import RULE
from graph.affinity import Affinity
from graph.affinity.cross_fitting import cross_fitted
from graph.affinity.hybrid import Hybrid
from graph.dataset import Dataset
from policy.bayes import BayesPolicy, GainRule
from policy.hand_written import list_mass
from simulator.calibration import Reliability, reliability
from simulator.core import Rules, policy_keys
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.runs import Setting, draw_targets, run_dialogues
from simulator.users import parse_users

TURNS = (1, 5)
"""Turns at which the belief is looked at, before the agent acts."""

SEEDS = (0, 1)
"""Of the dialogues; every pair talks once for each."""


@dataclass(frozen=True)
class CalibrationFigures:
    """Of the default affinity on one split at one turn."""

    split: str
    turn: int
    dialogues: int
    """That got to this turn."""
    error: float
    """Expected calibration error, ten bins of as many dialogues each."""
    by_chance: float
    """What a perfect predictor with these predictions and as many dialogues would show on average."""
    diagram: dict[str, list[float]]
    """Predicted, observed, and the 95 % interval of what was observed, bin by bin."""


def as_reliability(diagram: dict[str, list[float]]) -> Reliability:
    """A recorded diagram, to be drawn."""
    parts = {name: np.array(values) for name, values in diagram.items()}
    return Reliability(
        parts["predicted"], parts["observed"], parts["count"].astype(np.int64), parts["low"], parts["high"]
    )


def measure_calibration(dataset: Dataset, fitted: Hybrid) -> list[CalibrationFigures]:
    """Of the default affinity: on valid, where nobody is scored by what has met them, and on test.

    Classic users, yes/no questions, 14 turns, every pair of the split.

    :param fitted: the default, just learned from the data set.
    """
    parts: dict[str, Iterable[tuple[Dataset, Affinity]]] = {
        "valid": cross_fitted(dataset, fitted), "test": [(dataset, fitted)],
    }  # fmt: skip
    return [figures for split, talked in parts.items() for figures in _figures(split, talked)]


def _figures(split: str, parts: Iterable[tuple[Dataset, Affinity]]) -> Iterator[CalibrationFigures]:
    seen: dict[int, list[tuple[NDArray[np.float64], NDArray[np.bool_]]]] = {turn: [] for turn in TURNS}
    for dataset, affinity in parts:
        setting = Setting(dataset, affinity, parse_users("classic"), Rules(14))
        for seed in SEEDS:
            for turn, pair in _watch(setting, seed).items():
                seen[turn].append(pair)
    for turn, pairs in seen.items():
        if not sum(len(predicted) for predicted, _ in pairs):
            continue
        predicted, happened = (np.concatenate(each) for each in zip(*pairs, strict=True))
        rng = np.random.default_rng(0)
        lots = [reliability(predicted, rng.random(len(predicted)) < predicted) for _ in range(20)]
        found = reliability(predicted, happened)
        yield CalibrationFigures(
            split, turn, len(predicted), found.expected_calibration_error,
            float(np.mean([each.expected_calibration_error for each in lots])),
            {name: getattr(found, name).tolist() for name in ("predicted", "observed", "count", "low", "high")},
        )  # fmt: skip


def _watch(setting: Setting, seed: int) -> dict[int, tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Belief in the ten best items, and whether the target was among them, at each of :data:`TURNS`.

    Only here, after the dialogues, are beliefs and targets brought together.
    """
    targets = draw_targets(setting.dataset, setting.dataset.interactions.n_edges, seed)
    policy = Watched(RULE, TURNS)
    run_dialogues(setting, policy, targets, seed)
    keys = policy_keys(dialogue_keys(seed, np.arange(len(targets))))
    by_key = np.argsort(keys)
    found = {}
    for turn, parts in policy.seen.items():
        asked, masses, best = (np.concatenate(part) for part in zip(*parts, strict=True))
        wanted = targets.items[by_key[np.searchsorted(keys, asked, sorter=by_key)]]
        found[turn] = masses.astype(np.float64), (best == wanted[:, None]).any(axis=1)
    return found


class Watched(BayesPolicy):
    """The bayes policy, watched: how much it believed in its ten best items at some turns."""

    def __init__(self, rule: GainRule, turns: Sequence[int]) -> None:
        super().__init__(rule)
        self.seen: dict[int, list[tuple[NDArray[Any], ...]]] = {turn: [] for turn in turns}

    def choose(self, state: State) -> Decision:
        """As the real one does."""
        turn = state.history.turns + 1
        best = state.candidates.items[:, : state.candidates.space.list_length]
        for wanted, seen in self.seen.items():
            rows = np.flatnonzero(turn == wanted)
            seen.append((state.keys[rows], np.clip(list_mass(state)[rows], 0, 1), best[rows]))
        return super().choose(state)
