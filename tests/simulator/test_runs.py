"""Runs: who is talked to, what may be shown, and that nothing but the seed decides."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from graph.affinity import rehearsal, rehearsals
from graph.answers import QuestionMode
from graph.errors import OptionError
from graph.interactions import Split
from policy.bayes import BayesPolicy
from policy.hand_written import AbsGreedyPolicy, RandomPolicy
from simulator.candidates import ActionSpace
from simulator.history import Act, History
from simulator.protocol import Policy
from simulator.runs import ANONYMOUS, Targets, draw_targets, run_dialogues
from tests.worlds import MODES, Ranked, Scripted, make_world, open_world, setting_of, shelf, town


def same(one: History, other: History) -> bool:
    """To the last bit, but for room that was not used."""
    longest = max(one.n_steps, other.n_steps)
    copies = [each.take(np.arange(each.n_dialogues)) for each in (one, other)]
    for copy in copies:
        copy.grow(longest - copy.n_steps)
    return all(np.array_equal(*(getattr(copy, name) for copy in copies)) for name in History.__dataclass_fields__)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", [RandomPolicy(), BayesPolicy()], ids=lambda policy: policy.name)
def test_the_size_of_the_batch_changes_nothing(policy: Policy, mode: QuestionMode):
    setting = setting_of(town(0.2), mode, drop_known=True, space=ActionSpace(5, 8, 4))
    targets = draw_targets(setting.dataset, 40, seed=1)
    alone, sevens, whole = (run_dialogues(setting, policy, targets, 1, batch).history for batch in (1, 7, 256))
    assert len(np.unique(whole.length)) > 3, "dialogues of a batch end at different times"
    assert same(alone, whole)
    assert same(sevens, whole)


def test_a_dialogue_stretched_by_waiting_is_the_same_in_any_batch():
    """Some end within fifteen steps and some need more room, until the clock runs out."""
    setting = setting_of(shelf(90), affinity=Ranked(90), space=ActionSpace(2, 6, 3))
    targets = Targets(np.zeros(9, np.int32), np.array([0, 50, 1, 30, 89, 2, 80, 3, 10], np.int32))
    policy = Scripted([setting.rules.space.wait_slot])
    alone, whole = (run_dialogues(setting, policy, targets, 0, batch).history for batch in (1, 256))
    assert same(alone, whole)
    assert whole.length.tolist() == [4, 34, 4, 34, 34, 4, 34, 8, 16]


@pytest.mark.parametrize("policy", [RandomPolicy(), BayesPolicy()], ids=lambda policy: policy.name)
def test_the_seed_decides(policy: Policy):
    setting = setting_of(town())
    targets = draw_targets(setting.dataset, 30, seed=0)
    first, again, other = (run_dialogues(setting, policy, targets, seed).history for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)
    assert not np.array_equal(first.opening, other.opening)


def test_every_pair_is_talked_about_once_in_an_order_by_seed():
    dataset = town()
    users, items = dataset.interactions.pairs(Split.TEST)
    whole = draw_targets(dataset, 10**6, seed=0)
    assert len(whole) == len(users)
    assert sorted(zip(whole.users, whole.items, strict=True)) == sorted(zip(users, items, strict=True))
    again, other = (draw_targets(dataset, 10**6, seed) for seed in (0, 1))
    assert np.array_equal(whole.items, again.items)
    assert not np.array_equal(whole.items, other.items)
    few = draw_targets(dataset, 10, seed=0)
    assert np.array_equal(few.items, whole.items[:10]), "fewer dialogues are the first of more"
    assert np.array_equal(few.users, whole.users[:10])


def test_splits_keep_to_themselves():
    dataset = open_world()
    folds = [draw_targets(fold, 99, seed=3) for fold in rehearsals(dataset)]
    valid = [pair for fold in folds for pair in zip(fold.users.tolist(), fold.items.tolist(), strict=True)]
    test = draw_targets(dataset, 99, seed=3)
    assert sorted(valid) == [(0, 2), (1, 4)]
    assert sorted(zip(test.users.tolist(), test.items.tolist(), strict=True)) == [(0, 1), (0, 4), (1, 3), (1, 6)]


def test_items_that_were_not_liked_are_nobodys_target():
    dataset = open_world()
    liked = np.ones(dataset.interactions.n_edges, bool)
    liked[dataset.interactions.items == 4] = False
    dataset = replace(dataset, interactions=replace(dataset.interactions, liked=liked))
    assert 4 not in draw_targets(dataset, 99, seed=0).items


def test_a_split_without_pairs_is_refused():
    with pytest.raises(OptionError, match="by hand has no valid pairs to talk about"):
        draw_targets(rehearsal(shelf(3)), 10, seed=0)


def test_where_nobody_is_known_items_are_drawn_as_they_are_sought():
    sought = np.array([1.0, 0.0, 3.0, 6.0, 0.5])
    dataset = make_world({f"item {place}": {"kind": ["thing"]} for place in range(5)}, popularity=sought)
    targets = draw_targets(dataset, 8_000, seed=0)
    assert (targets.users == ANONYMOUS).all()
    counts = np.bincount(targets.items, minlength=5)
    assert counts[1] == 0
    expected = 8_000 * sought / sought.sum()
    assert stats.chisquare(counts[sought > 0], expected[sought > 0]).pvalue > 1e-3


@pytest.mark.parametrize("policy", [AbsGreedyPolicy(), RandomPolicy()], ids=lambda policy: policy.name)
def test_known_items_are_never_shown_when_they_are_dropped(policy: Policy):
    dataset = town()
    targets = draw_targets(dataset, 60, seed=0)
    owned = dataset.interactions.train_items
    shown = {}
    for drop in (True, False):
        setting = setting_of(dataset, drop_known=drop)
        lists = run_dialogues(setting, policy, targets, 0).history.lists
        rows, steps, places = np.nonzero(lists >= 0)
        shown[drop] = owned.contains(targets.users[rows], lists[rows, steps, places]).sum()
    assert shown[True] == 0
    assert shown[False] > 0


def test_known_items_and_items_that_may_not_be_shown_are_dropped_together():
    dataset = town()
    eligible = np.arange(dataset.catalogue.n_items) % 2 == 0
    setting = setting_of(dataset, drop_known=True, eligible=eligible)
    targets = draw_targets(dataset, 20, seed=0)
    talk = setting.begin(AbsGreedyPolicy(), targets, np.arange(20, dtype=np.uint64))
    allowed = talk.state().eligible
    assert allowed is not None
    owned = dataset.interactions.train_items
    for row, user in enumerate(targets.users):
        assert np.array_equal(np.flatnonzero(allowed[row]), np.setdiff1d(np.flatnonzero(eligible), owned.row(user)))


def test_who_hides_their_history_is_nobody_to_the_affinity_and_to_the_rules():
    asked = []

    class Spy(Ranked):
        def scores(self, users):
            asked.append(users.tolist())
            return super().scores(users)

    dataset = open_world()
    targets = draw_targets(dataset, 4, seed=0)
    for anonymous in (False, True):
        setting = setting_of(dataset, affinity=Spy(7), anonymous=anonymous, drop_known=True)
        talk = setting.begin(AbsGreedyPolicy(), targets, np.arange(4, dtype=np.uint64))
        allowed = talk.state().eligible
        assert allowed is None if anonymous else not allowed.all()
    assert asked == [targets.users.tolist(), [-1] * 4]


def test_progress_is_told_dialogue_by_dialogue():
    told = []
    setting = setting_of(town())
    targets = draw_targets(setting.dataset, 25, seed=0)
    history = run_dialogues(setting, AbsGreedyPolicy(), targets, 0, batch=10, advance=told.append).history
    assert sum(told) == 25 == history.n_dialogues
    assert (history.acts[:, 0] == Act.RECOMMEND).all()
