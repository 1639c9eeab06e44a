"""Find the few numbers of the gain rule on a rehearsal of the test.

Successive halving (Jamieson and Talwalkar, 2016): every rule holds a few dialogues, the better ones hold more.  All
meet the same users with the same luck, so differences are paired.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from policy.bayes import BayesPolicy, GainRule
from simulator.metrics import hdcg, success_rate_at, turns_taken
from simulator.runs import Setting, draw_targets, run_dialogues

FAILURE_COST = 30
"""What a lost dialogue counts in turns while tuning: twice its fifteen turns, so that people are not lost for speed."""

GRID = tuple(
    GainRule(bonus, weight, horizon)
    for bonus, weight, horizon in product(
        (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0), (1.0, 1.3, 1.6, 2.0, 2.5), (1.0, 3.0, 5.0, 8.0)
    )
)
"""Rules that are tried."""

ROUNDS = ((150, 40), (600, 8), (3000, 1))
"""Dialogues a rule holds in a round, and how many rules go on."""


@dataclass(frozen=True)
class Tuning:
    """The best rule and what it reached on valid."""

    rule: GainRule
    dialogues: int
    success_rate: float
    average_turns: float
    hdcg: float


def tune_gain_rule(setting: Setting, seed: int, advance: Callable[[int], None] | None = None) -> Tuning:
    """Try every rule of :data:`GRID` on what the data set asks for and keep the one that costs fewest turns.

    Meant for a rehearsal (:func:`graph.affinity.rehearsal`), where the test split is not in the data at all.

    :param advance: told how many dialogues have just ended; :func:`dialogues_needed` of them in all.
    """
    rules, best = list(GRID), None
    for dialogues, survivors in ROUNDS:
        targets = draw_targets(setting.dataset, dialogues, seed)
        outcomes = []
        for rule in rules:
            history = run_dialogues(setting, BayesPolicy(rule), targets, seed).history
            cost = float(turns_taken(history.accepted_turn, FAILURE_COST).mean())
            outcomes.append((cost, rule, history))
            if advance:
                advance(len(targets))
        outcomes.sort(key=lambda outcome: outcome[0])
        rules = [rule for _, rule, _ in outcomes[:survivors]]
        best = outcomes[0]
    assert best is not None
    _, rule, history = best
    turn, rank = history.accepted_turn, history.accepted_rank
    return Tuning(
        rule,
        len(turn),
        success_rate_at(turn, setting.rules.turns),
        float(turns_taken(turn).mean()),
        float(np.mean(hdcg(turn, rank))),
    )


def dialogues_needed() -> int:
    """Dialogues one tuning holds at most."""
    counts = [len(GRID), *(survivors for _, survivors in ROUNDS)]
    return sum(count * dialogues for count, (dialogues, _) in zip(counts, ROUNDS, strict=False))
