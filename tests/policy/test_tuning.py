"""Tuning: the rule that costs fewest turns on valid, found by halving, and nothing of test in it."""

from dataclasses import replace

import numpy as np
import pytest

from graph.affinity import rehearsal
from graph.dataset import Dataset
from graph.interactions import Split
from policy import tuning
from policy.bayes import BayesPolicy, GainRule
from policy.tuning import GRID, ROUNDS, dialogues_needed, tune_gain_rule
from simulator.evaluation import evaluate_policy
from simulator.runs import Setting, draw_targets, run_dialogues
from tests.worlds import city, setting_of

HASTY, SOUND, TIMID = GainRule(1.5, 0.0, 5.0), GainRule(1.5, 1.3, 5.0), GainRule(0.5, 50.0, 0.01)
"""Recommends at once and always; as it comes; asks until the last turn."""


@pytest.fixture
def setting() -> Setting:
    return setting_of(city())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """Three rules, two rounds."""
    monkeypatch.setattr(tuning, "GRID", (HASTY, TIMID, SOUND))
    monkeypatch.setattr(tuning, "ROUNDS", ((60, 2), (200, 1)))


def test_the_best_rule_is_found_and_its_figures_are_those_on_valid(setting: Setting):
    tuned = tune_gain_rule(setting, seed=3)
    assert tuned.rule == SOUND
    row = evaluate_policy(BayesPolicy(SOUND), setting, "classic", 200, (3,)).summary()
    assert tuned.dialogues == row["dialogues"] == 200
    assert tuned.success_rate == pytest.approx(row["sr"]["15"])
    assert tuned.average_turns == pytest.approx(row["at"])
    assert tuned.hdcg == pytest.approx(row["hdcg"])


def test_what_a_failure_costs_decides(setting: Setting, monkeypatch: pytest.MonkeyPatch):
    """Asking to the last turn fails less often and takes longer: it is kept where a failure costs the world."""
    targets = draw_targets(setting.dataset, 200, 0)
    costs = {}
    for rule in (HASTY, TIMID):
        turn = run_dialogues(setting, BayesPolicy(rule), targets, 0).history.accepted_turn
        costs[rule] = {cost: float(np.where(turn > 0, turn, cost).mean()) for cost in (0, 15, 10_000)}
    monkeypatch.setattr(tuning, "GRID", (HASTY, TIMID))
    found: list[GainRule] = []
    for cost in (0, 15, 10_000):
        monkeypatch.setattr(tuning, "FAILURE_COST", cost)
        found.append(tune_gain_rule(setting, 0).rule)
        assert found[-1] == min(costs, key=lambda rule, cost=cost: costs[rule][cost])
    assert found == [HASTY, HASTY, TIMID]


def test_rules_that_fall_behind_hold_no_more_dialogues(setting: Setting, monkeypatch: pytest.MonkeyPatch):
    held = []

    class Spy(BayesPolicy):
        def __init__(self, rule: GainRule) -> None:
            held.append(rule)
            super().__init__(rule)

    monkeypatch.setattr(tuning, "BayesPolicy", Spy)
    tune_gain_rule(setting, 3)
    assert held[:3] == [HASTY, TIMID, SOUND]
    assert len(held) == 5
    assert held[3] == SOUND, "the best comes first"


def test_progress_adds_up(setting: Setting):
    told: list[int] = []
    tune_gain_rule(setting, 0, told.append)
    assert sum(told) == dialogues_needed() == 3 * 60 + 2 * 200


def test_the_same_seed_finds_the_same(setting: Setting):
    assert tune_gain_rule(setting, 5) == tune_gain_rule(setting, 5)


def with_other_test_items(dataset: Dataset) -> Dataset:
    history = dataset.interactions
    items = history.items.copy()
    items[history.split == Split.TEST] = 0
    return replace(dataset, interactions=replace(history, items=items))


def test_the_test_split_is_not_looked_at(setting: Setting):
    asked, changed = (
        replace(setting, dataset=rehearsal(data)) for data in (setting.dataset, with_other_test_items(setting.dataset))
    )
    assert tune_gain_rule(changed, 0) == tune_gain_rule(asked, 0)


def test_the_grid_holds_the_rule_used_when_nothing_was_tuned():
    assert GainRule() in GRID
    assert len(set(GRID)) == len(GRID)
    assert all(rule.horizon > 0 for rule in GRID)
    dialogues, survivors = zip(*ROUNDS, strict=True)
    assert list(dialogues) == sorted(dialogues)
    assert [len(GRID), *survivors] == sorted([len(GRID), *survivors], reverse=True)
    assert survivors[-1] == 1
