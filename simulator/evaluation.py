"""Evaluation: the same dialogues held by several policies, their figures, intervals and paired comparisons.

Legend: D dialogues over all seeds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.calibration import reliability, squared_errors
from simulator.history import Act, History
from simulator.metrics import FAILURE_TURNS, hdcg, succeeded_by, turns_taken
from simulator.protocol import Policy
from simulator.reference import n_responses, reference_turns
from simulator.runs import Dialogues, Setting, Targets, draw_targets, run_dialogues
from simulator.statistics import Comparison, Estimate, PairedBootstrap

RATE_TURNS = (5, 10, 15)
"""Turns at which success rates are reported."""

BOOTSTRAP_SEED = 20_240_607
"""Resamples are the same in every evaluation, so that a repeated run prints the same intervals."""


COMPARED = ("sr@5", "sr@10", "sr@15", "at", "hdcg", "reward")
"""Metrics in which policies are compared pair by pair."""

FURTHER = (
    "reward", "reward_per_turn", "quit", "wasted", "interruptions", "missed", "acceptance", "reference_gap",
    "popularity_gap", "brier", "ece", "ms",
)  # fmt: skip
"""Metrics beyond those of the published protocol."""

WITHOUT_INTERVAL = frozenset({"ece", "ms"})
"""Figures for which resampling dialogues gives no honest interval: it adds as much chance to a calibration error as is
in it already."""

ANONYMOUS_SUFFIX = ", no history"
"""Tells a row in which every user's history was hidden."""


@dataclass(frozen=True)
class Run:
    """One policy's dialogues in one setting, over all seeds."""

    policy: Policy
    setting: Setting
    users: str
    """What the user type is called."""
    targets: Targets
    """Shape (D,)."""
    seed_of: NDArray[np.int64]
    """Seed of each dialogue, shape (D,)."""
    dialogues: Dialogues
    seconds: float
    checkpoint: str | None = None
    """File the policy's numbers come from, where one was named."""

    @property
    def label(self) -> str:
        """How the row is told from others of the same policy: "bayes", "bayes, no history"."""
        source = f" ({self.checkpoint})" if self.checkpoint else ""
        return self.policy.name + source + (ANONYMOUS_SUFFIX if self.setting.anonymous else "")

    @property
    def history(self) -> History:
        """What was said and seen."""
        return self.dialogues.history

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
        """Every metric that each dialogue has: "sr@5", "at", "hdcg", "reward" and so on, each of shape (D,)."""
        rates = {f"sr@{turn}": succeeded_by(self.success_turn, turn).astype(np.float64) for turn in RATE_TURNS}
        history, tally = self.history, self.dialogues.tally
        return rates | {
            "at": turns_taken(self.success_turn),
            "hdcg": hdcg(self.success_turn, history.accepted_rank),
            "reward": tally.reward,
            "quit": history.left.astype(np.float64),
            "wasted": tally.wasted.astype(np.float64),
            "interruptions": tally.interruptions.astype(np.float64),
            "missed": tally.dead_air.astype(np.float64),
            "reference_gap": turns_taken(self.success_turn) - self.reference,
        }

    @cached_property
    def reference(self) -> NDArray[np.float64]:
        """The reference line: least turns for a target of that rank in the belief after the opening, shape (D,)."""
        rules = self.setting.rules
        open_world = not self.setting.dataset.catalogue.known.all()
        responses = n_responses(rules.questions, open_world=open_world)
        return np.minimum(reference_turns(self.dialogues.ranks, rules.space.list_length, responses), FAILURE_TURNS)

    @cached_property
    def _judged(self) -> NDArray[np.bool_]:
        """Steps whose list the user said something about, shape (D, T)."""
        return np.asarray((self.history.acts == Act.RECOMMEND) & ~self.history.dropped)

    @cached_property
    def forecasts(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The agent's own chance that each list shown is accepted, and whether it was, both of shape (lists,)."""
        history, judged = self.history, self._judged
        chance = np.clip(history.chance[judged].astype(np.float64), 0.0, 1.0)
        return chance, history.accepted[judged] > 0

    @cached_property
    def figures(self) -> dict[str, Estimate]:
        """Every figure with its 95 % interval; NaN where it means nothing, a point where no interval is known."""
        history, tally, bootstrap = self.history, self.dialogues.tally, self.bootstrap
        found = {metric: bootstrap.estimate(values) for metric, values in self.values.items()}
        found["reward_per_turn"] = bootstrap.estimate_ratio(tally.reward, history.turns)
        found["acceptance"] = bootstrap.estimate_ratio((history.accepted > 0).sum(axis=1), tally.wanted_shown)
        popularity = self.setting.dataset.popularity[self.targets.items]
        found["popularity_gap"] = bootstrap.estimate_gap(self.values["sr@15"], popularity > np.median(popularity))
        chance, came = self.forecasts
        if len(chance):
            dialogue = np.nonzero(self._judged)[0]
            counts = np.bincount(dialogue, minlength=len(self.targets))
            errors = np.bincount(dialogue, weights=squared_errors(chance, came), minlength=len(self.targets))
            found["brier"] = bootstrap.estimate_ratio(errors, counts)
            found["ece"] = _point(reliability(chance, came).expected_calibration_error)
        found["ms"] = _point(1000 * self.dialogues.deciding / max(self.dialogues.decisions, 1))
        return found

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
        estimates = self.figures
        acts = self.history.acts
        speaker = getattr(self.policy, "speaker", self.policy)
        rule = getattr(speaker, "rule", None)
        setting = self.setting
        return {
            "policy": self.policy.name,
            "checkpoint": self.checkpoint,
            "rule": vars(rule) if rule is not None else None,
            "tuned_for": getattr(speaker, "tuned_for", None),
            "users": self.users,
            "anonymous": setting.anonymous or setting.dataset.anonymous,
            "affinity": setting.affinity.name,
            "questions": setting.rules.questions.name.lower(),
            "known": "drop" if setting.drops_known else "keep",
            "split": setting.dataset.asks.name.lower(),
            "dialogues": len(self.targets),
            "turns": setting.rules.turns,
            "failure_turns": FAILURE_TURNS,
            "sr": {str(turn): float(self.values[f"sr@{turn}"].mean()) for turn in RATE_TURNS},
            "at": float(self.values["at"].mean()),
            "hdcg": float(self.values["hdcg"].mean()),
            **{metric: _plain(estimates[metric].value) for metric in FURTHER if metric in estimates},
            "ci": {
                metric: [estimate.low, estimate.high]
                for metric, estimate in estimates.items()
                if metric not in WITHOUT_INTERVAL and not math.isnan(estimate.low)
            },
            "sr_curve": self.success_curve().tolist(),
            "asks_per_dialogue": float((acts == Act.ASK).sum() / len(acts)),
            "lists_per_dialogue": float((acts == Act.RECOMMEND).sum() / len(acts)),
            "agent_turns": self.turns,
            "longest_ticks": int(self.history.clock.max(initial=0)),
            "seconds": self.seconds,
        }


def _point(value: float) -> Estimate:
    """A figure without an interval."""
    return Estimate(value, value, value)


def _plain(value: float) -> float | None:
    """The number as JSON knows it."""
    return None if math.isnan(value) else value


@lru_cache(maxsize=4)
def _resamples(clusters: bytes) -> PairedBootstrap:
    """Resamples of the dialogues with these cluster ids (int64), drawn once for all policies that held them."""
    ids = np.frombuffer(clusters, dtype=np.int64)
    return PairedBootstrap(len(ids), np.random.default_rng(BOOTSTRAP_SEED), clusters=ids)


def evaluate_policy(
    policy: Policy,
    setting: Setting,
    users: str,
    dialogues: int,
    seeds: Sequence[int],
    advance: Callable[[int], None] | None = None,
    checkpoint: str | None = None,
) -> Run:
    """Hold ``dialogues`` dialogues for each seed.

    :param advance: told how many dialogues have just ended.
    """
    began = perf_counter()
    targets, held = [], []
    for seed in seeds:
        drawn = draw_targets(setting.dataset, dialogues, seed)
        held.append(run_dialogues(setting, policy, drawn, seed, advance=advance))
        targets.append(drawn)
    joined = Targets(np.concatenate([t.users for t in targets]), np.concatenate([t.items for t in targets]))
    seed_of = np.repeat(np.asarray(seeds, dtype=np.int64), [len(t) for t in targets])
    return Run(policy, setting, users, joined, seed_of, Dialogues.join(held), perf_counter() - began, checkpoint)


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """Paired differences between every two runs that held the same dialogues, for every metric."""
    found = []
    for run, other in combinations(runs, 2):
        same_users = run.users == other.users and np.array_equal(run.targets.users, other.targets.users)
        if same_users and np.array_equal(run.targets.items, other.targets.items):
            for metric in COMPARED:
                ours, theirs = run.values[metric], other.values[metric]
                found.append(other.bootstrap.compare(theirs, ours, a=other.label, b=run.label, metric=metric))
    return found


def random_floor(setting: Setting) -> float:
    """Success rate to expect of random lists on every other turn: (turns / 2) * k / V."""
    rules = setting.rules
    return min(1.0, rules.turns / 2 * rules.space.list_length / setting.dataset.catalogue.n_items)
