"""Evaluation: the same dialogues held by several policies, their figures, intervals and paired comparisons.

Legend: D dialogues over all seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.interactions import Split
from simulator.history import Act, History
from simulator.metrics import FAILURE_TURNS, hdcg, succeeded_by, turns_taken
from simulator.protocol import Policy
from simulator.runs import Setting, Targets, draw_targets, run_dialogues
from simulator.statistics import Comparison, PairedBootstrap

RATE_TURNS = (5, 10, 15)
"""Turns at which success rates are reported."""

BOOTSTRAP_SEED = 20_240_607
"""Resamples are the same in every evaluation, so that a repeated run prints the same intervals."""


ANONYMOUS_SUFFIX = ", no history"
"""Tells a row in which every user's history was hidden."""


@dataclass(frozen=True)
class Run:
    """One policy's dialogues in one setting, over all seeds."""

    policy: Policy
    setting: Setting
    users: str
    """What the user type is called."""
    split: Split
    targets: Targets
    """Shape (D,)."""
    seed_of: NDArray[np.int64]
    """Seed of each dialogue, shape (D,)."""
    history: History
    seconds: float
    checkpoint: str | None = None
    """File the policy's numbers come from, where one was named."""

    @property
    def label(self) -> str:
        """How the row is told from others of the same policy: "bayes", "bayes, no history"."""
        source = f" ({self.checkpoint})" if self.checkpoint else ""
        return self.policy.name + source + (ANONYMOUS_SUFFIX if self.setting.anonymous else "")

    @cached_property
    def success_turn(self) -> NDArray[np.int16]:
        """Turn (from 1) of each success, 0 for a failure, shape (D,)."""
        return self.history.accepted_turn

    @cached_property
    def turns(self) -> int:
        """Turns taken in all."""
        return int(self.history.turns.sum())

    @cached_property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """Each metric of each dialogue, shape (D,): "sr@5", "sr@10", "sr@15", "at", "hdcg"."""
        rates = {f"sr@{turn}": succeeded_by(self.success_turn, turn).astype(np.float64) for turn in RATE_TURNS}
        return rates | {
            "at": turns_taken(self.success_turn),
            "hdcg": hdcg(self.success_turn, self.history.accepted_rank),
        }

    @cached_property
    def bootstrap(self) -> PairedBootstrap:
        """Resamples of these dialogues; dialogues of one user about one item stay together."""
        pairs = self.targets.users.astype(np.int64) * self.setting.dataset.catalogue.n_items + self.targets.items
        return _resamples(pairs.tobytes())

    def success_curve(self) -> NDArray[np.float64]:
        """SR@t for t = 1 .. turns, shape (turns,)."""
        turns = np.arange(1, self.setting.rules.turns + 1)
        return np.asarray([succeeded_by(self.success_turn, int(turn)).mean() for turn in turns])

    def summary(self) -> dict[str, Any]:
        """The row of the results table, ready for JSON."""
        estimates = {metric: self.bootstrap.estimate(values) for metric, values in self.values.items()}
        acts = self.history.acts
        rule = getattr(self.policy, "rule", None)
        setting = self.setting
        return {
            "policy": self.policy.name,
            "checkpoint": self.checkpoint,
            "rule": vars(rule) if rule is not None else None,
            "tuned_for": getattr(self.policy, "tuned_for", None),
            "users": self.users,
            "anonymous": setting.anonymous or setting.dataset.anonymous,
            "affinity": setting.affinity.name,
            "questions": setting.rules.questions.name.lower(),
            "known": "drop" if setting.drops_known else "keep",
            "split": self.split.name.lower(),
            "dialogues": len(self.targets),
            "turns": setting.rules.turns,
            "failure_turns": FAILURE_TURNS,
            "sr": {str(turn): float(self.values[f"sr@{turn}"].mean()) for turn in RATE_TURNS},
            "at": float(self.values["at"].mean()),
            "hdcg": float(self.values["hdcg"].mean()),
            "ci": {metric: [estimate.low, estimate.high] for metric, estimate in estimates.items()},
            "sr_curve": self.success_curve().tolist(),
            "asks_per_dialogue": float((acts == Act.ASK).sum() / len(acts)),
            "lists_per_dialogue": float((acts == Act.RECOMMEND).sum() / len(acts)),
            "agent_turns": self.turns,
            "seconds": self.seconds,
        }


@lru_cache(maxsize=4)
def _resamples(clusters: bytes) -> PairedBootstrap:
    """Resamples of the dialogues with these cluster ids (int64), drawn once for all policies that held them."""
    ids = np.frombuffer(clusters, dtype=np.int64)
    return PairedBootstrap(len(ids), np.random.default_rng(BOOTSTRAP_SEED), clusters=ids)


def evaluate_policy(
    policy: Policy,
    setting: Setting,
    users: str,
    split: Split,
    dialogues: int,
    seeds: Sequence[int],
    advance: Callable[[int], None] | None = None,
    checkpoint: str | None = None,
) -> Run:
    """Hold ``dialogues`` dialogues for each seed.

    :param advance: told how many dialogues have just ended.
    """
    began = perf_counter()
    targets, histories = [], []
    for seed in seeds:
        drawn = draw_targets(setting.dataset, split, dialogues, seed)
        histories.append(run_dialogues(setting, policy, drawn, seed, advance=advance))
        targets.append(drawn)
    joined = Targets(np.concatenate([t.users for t in targets]), np.concatenate([t.items for t in targets]))
    seed_of = np.repeat(np.asarray(seeds, dtype=np.int64), [len(t) for t in targets])
    history = History.join(histories)
    return Run(policy, setting, users, split, joined, seed_of, history, perf_counter() - began, checkpoint)


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """Paired differences between every two runs that held the same dialogues, for every metric."""
    found = []
    for run, other in combinations(runs, 2):
        same_users = run.users == other.users and np.array_equal(run.targets.users, other.targets.users)
        if same_users and np.array_equal(run.targets.items, other.targets.items):
            for metric, values in run.values.items():
                found.append(
                    other.bootstrap.compare(other.values[metric], values, a=other.label, b=run.label, metric=metric)
                )
    return found


def random_floor(setting: Setting) -> float:
    """Success rate to expect of random lists on every other turn: (turns / 2) * k / V."""
    rules = setting.rules
    return min(1.0, rules.turns / 2 * rules.space.list_length / setting.dataset.catalogue.n_items)
