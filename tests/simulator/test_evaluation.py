"""Evaluation: every figure of a row against a computation by hand, and comparisons between what can be compared."""

import json

import numpy as np
import pytest

from graph.answers import QuestionMode
from graph.dataset import Dataset
from graph.interactions import Split
from policy.bayes import BayesPolicy
from policy.hand_written import AbsGreedyPolicy, MaxEntropyPolicy, RandomPolicy
from simulator.candidates import ActionSpace
from simulator.evaluation import Run, compare, evaluate_policy, random_floor
from simulator.protocol import Policy
from tests.worlds import Ranked, Scripted, setting_of, shelf, town

SPACE = ActionSpace(n_ask=2, n_recommend=6, list_length=3)


def run_of(policy: Policy, dataset: Dataset, dialogues: int = 60, seeds: tuple[int, ...] = (0,), **kind) -> Run:
    return evaluate_policy(policy, setting_of(dataset, **kind), "classic", dialogues, seeds)


@pytest.fixture(scope="module")
def six() -> Run:
    """Items 0 .. 5 in order of belief, two a list, two turns: found at 1, 1, 2, 2, never, never; ranks 1, 2, 1, 2."""
    space = ActionSpace(n_ask=1, n_recommend=4, list_length=2)
    return run_of(Scripted([1]), shelf(6), turns=2, affinity=Ranked(6), space=space)


def test_figures_by_hand(six: Run):
    row = six.summary()
    first, second = 1.0, 1 / np.log2(3)  # what the first place is worth at turns 1 and 2
    third = 1 / np.log2(4)
    gains = [first, second + (first - second) / np.log2(3), second, third + (second - third) / np.log2(3), 0, 0]
    assert row["sr"] == {"5": 4 / 6, "10": 4 / 6, "15": 4 / 6}
    assert row["at"] == pytest.approx((1 + 1 + 2 + 2 + 15 + 15) / 6)
    assert row["hdcg"] == pytest.approx(np.mean(gains))
    assert row["sr_curve"] == pytest.approx([2 / 6, 4 / 6])
    assert (row["asks_per_dialogue"], row["lists_per_dialogue"]) == (0, pytest.approx((1 + 1 + 2 + 2 + 2 + 2) / 6))
    assert (row["agent_turns"], row["dialogues"], row["turns"], row["failure_turns"]) == (10, 6, 2, 15)
    assert sorted(six.success_turn.tolist()) == [0, 0, 1, 1, 2, 2]


def test_success_rates_look_no_further_than_their_turn():
    run = run_of(Scripted([SPACE.n_ask]), shelf(45), affinity=Ranked(45), space=SPACE)
    assert run.summary()["sr"] == pytest.approx({"5": 15 / 45, "10": 30 / 45, "15": 1.0})


def test_intervals_hold_the_figure_and_narrow_with_dialogues():
    few, many = (run_of(RandomPolicy(), town(), dialogues).summary() for dialogues in (20, 60))
    for row in (few, many):
        for metric, (low, high) in row["ci"].items():
            value = row["sr"][metric.removeprefix("sr@")] if metric.startswith("sr@") else row[metric]
            assert low <= value <= high
    assert set(few["ci"]) >= {"sr@5", "sr@10", "sr@15", "at", "hdcg", "reward", "quit", "acceptance", "reference_gap"}
    widths = [np.subtract(*reversed(row["ci"]["at"])) for row in (few, many)]
    assert widths[0] > widths[1] > 0


def test_the_same_pairs_with_other_luck_are_no_new_evidence():
    """Twice the seeds over all pairs: twice the dialogues, and an interval that hardly narrows."""
    pairs = len(town().interactions.pairs(Split.TEST)[0])
    once, often = (
        run_of(Scripted([10]), town(), pairs, seeds, affinity=Ranked(120)).summary()
        for seeds in ((0,), (0, 1, 2, 3, 4, 5))
    )
    assert often["dialogues"] == 6 * once["dialogues"]
    width = {row["dialogues"]: np.subtract(*reversed(row["ci"]["at"])) for row in (once, often)}
    assert width[often["dialogues"]] > 0.6 * width[once["dialogues"]]


def test_a_row_says_what_was_run():
    run = run_of(BayesPolicy(), town(), 20, mode=QuestionMode.FACET, turns=14, drop_known=True)
    row = run.summary()
    wanted = {
        "policy": "bayes", "checkpoint": None, "users": "classic", "anonymous": False, "affinity": "uniform",
        "questions": "facet", "known": "drop", "split": "test", "dialogues": 20, "turns": 14,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert row["rule"] == {"success_bonus": 1.5, "question_weight": 1.3, "horizon": 5.0}
    assert row["tuned_for"] is None
    assert run.label == "bayes"
    assert json.loads(json.dumps(row)) == row
    hidden = run_of(BayesPolicy(), town(), 20, drop_known=True, anonymous=True)
    assert hidden.label == "bayes, no history"
    assert hidden.summary()["anonymous"]
    assert hidden.summary()["known"] == "keep", "of people without history nothing is known that could be dropped"


def test_only_waiting_is_neither_asked_nor_shown():
    space = ActionSpace(n_ask=1, n_recommend=4, list_length=2)
    run = run_of(Scripted([space.wait_slot, 1]), shelf(6), turns=2, affinity=Ranked(6), space=space)
    row = run.summary()
    assert row["sr_curve"] == pytest.approx([2 / 6, 4 / 6])
    assert (row["agent_turns"], row["asks_per_dialogue"]) == (10, 0)
    assert row["lists_per_dialogue"] == pytest.approx(10 / 6)


def test_seeds_are_joined_and_told_apart():
    both, first, second = (run_of(RandomPolicy(), town(), 30, seeds) for seeds in ((4, 7), (4,), (7,)))
    assert both.seed_of.tolist() == [4] * 30 + [7] * 30
    assert np.array_equal(both.success_turn, np.concatenate([first.success_turn, second.success_turn]))
    assert np.array_equal(both.targets.items, np.concatenate([first.targets.items, second.targets.items]))
    assert not np.array_equal(first.targets.items, second.targets.items)


def test_policies_that_do_the_same_differ_by_nothing_for_certain():
    runs = [run_of(policy, town()) for policy in (AbsGreedyPolicy(), Scripted([10]))]
    for comparison in compare(runs):
        assert (comparison.diff, comparison.ci, comparison.p) == (0, (0, 0), 1)


def test_every_two_runs_are_compared_by_every_metric_and_the_sign_says_who_is_ahead():
    runs = [run_of(policy, town()) for policy in (RandomPolicy(), AbsGreedyPolicy(), MaxEntropyPolicy())]
    comparisons = compare(runs)
    assert [(each.a, each.b) for each in comparisons[::6]] == [
        ("abs-greedy", "random"), ("max-entropy", "random"), ("max-entropy", "abs-greedy")
    ]  # fmt: skip
    assert [each.metric for each in comparisons[:6]] == ["sr@5", "sr@10", "sr@15", "at", "hdcg", "reward"]
    for each in comparisons[:6]:
        greedy, chance = (run.values[each.metric].mean() for run in (runs[1], runs[0]))
        assert each.diff == pytest.approx(greedy - chance)
        assert each.ci[0] <= each.diff <= each.ci[1]
    assert comparisons[3].diff < 0 < comparisons[4].diff


def test_runs_about_other_dialogues_are_not_compared():
    policy, other = AbsGreedyPolicy(), RandomPolicy()
    assert compare([run_of(policy, town(), 30), run_of(other, town(), 29)]) == []
    assert compare([run_of(policy, town(), 30, (0,)), run_of(other, town(), 30, (1,))]) == []
    assert len(compare([run_of(policy, town(), 30), run_of(policy, town(), 30, anonymous=True)])) == 6


def test_the_floor_of_random_lists():
    assert random_floor(setting_of(shelf(300), turns=14)) == pytest.approx(7 * 10 / 300)
    assert random_floor(setting_of(shelf(20), turns=15)) == 1
