"""The policies that fit on a page."""

from dataclasses import replace

import numpy as np
import pytest

from policy.hand_written import AbsGreedyPolicy, MaxEntropyPolicy, RandomPolicy, list_mass, recommend_or
from simulator.candidates import ActionSpace
from simulator.evaluation import evaluate_policy, random_floor
from simulator.history import Act
from simulator.protocol import Policy, State
from simulator.randomness import dialogue_keys
from simulator.runs import Targets, run_dialogues
from tests.policy.contract import PolicyContract, named_run
from tests.worlds import begin, city, setting_of, shelf, town


class TestRandom(PolicyContract):
    def make(self) -> Policy:
        return RandomPolicy()


class TestAbsGreedy(PolicyContract):
    beats = ("random",)
    succeeds = 0.8

    def make(self) -> Policy:
        return AbsGreedyPolicy()


class TestMaxEntropyYes(PolicyContract):
    beats = ("random",)
    succeeds = 0.85

    def make(self) -> Policy:
        return MaxEntropyPolicy(hears_no=False)


class TestMaxEntropy(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes")
    succeeds = 0.95

    def make(self) -> Policy:
        return MaxEntropyPolicy()


def state_with(masses: list[list[float]], turns_left: int = 9, space: ActionSpace | None = None) -> State:
    """A state in which the most believed items hold these masses."""
    space = space or ActionSpace(2, len(masses[0]), 2)
    state = begin(town(), range(len(masses))).state()
    mask = np.ones((len(masses), space.n_slots), bool)
    candidates = replace(state.candidates, space=space, item_masses=np.array(masses), mask=mask)
    return replace(state, candidates=candidates, turns_left=np.full(len(masses), turns_left, np.int16))


def acts_of(policy: Policy, state: State) -> list[int]:
    return state.candidates.space.act_of(policy.choose(state).slots).tolist()


def test_random_lists_find_as_much_as_chance_allows():
    """Half of the turns show k of V items not shown before: SR = T / 2 * k / V, here one half."""
    space = ActionSpace(10, 20, 100)
    setting = setting_of(city(), space=space)
    run = evaluate_policy(RandomPolicy(), setting, "classic", 700, (0,))
    floor = random_floor(setting)
    assert floor == pytest.approx(0.5)
    low, high = run.summary()["ci"]["sr@15"]
    assert low <= floor <= high
    assert run.summary()["lists_per_dialogue"] < run.summary()["asks_per_dialogue"]


def test_random_is_no_better_than_chance_in_the_city():
    low, high = named_run("random").summary()["ci"]["sr@15"]
    assert low <= 7.5 * 10 / 1500 <= high


def test_random_asks_and_shows_alike_and_any_question():
    keys = dialogue_keys(0, np.arange(4_000))
    state = begin(town(), np.zeros(4_000, int)).state()
    slots = RandomPolicy().choose(replace(state, keys=keys)).slots
    asks = slots < 10
    assert asks.mean() == pytest.approx(0.5, abs=0.03)
    assert np.bincount(slots[asks], minlength=10) == pytest.approx(200, abs=60)


def test_random_shows_any_item_alike():
    n, k = 3_000, 10
    state = begin(shelf(40), np.zeros(n, int)).state()
    decision = RandomPolicy().choose(state)
    assert decision.lists is not None
    counts = np.bincount(decision.lists.ravel(), minlength=40)
    assert counts == pytest.approx(n * k / 40, abs=130)


def test_random_waits_only_where_nothing_can_be_said():
    """With nothing to ask it shows, with nothing to show it asks."""
    setting = setting_of(shelf(400), space=ActionSpace(2, 3, 1))
    items = np.full(300, 399, np.int32)
    history = run_dialogues(setting, RandomPolicy(), Targets(np.zeros_like(items), items), 0).history
    assert Act.WAIT not in history.acts


def test_abs_greedy_always_shows_the_best_and_asks_when_none_is_left():
    state = state_with([[0.0, 0.0], [0.6, 0.4]])
    assert AbsGreedyPolicy().choose(state).slots.tolist() == [2, 2]
    state.candidates.mask[0, 2:4] = False
    assert AbsGreedyPolicy().choose(state).slots.tolist() == [0, 2]


def test_max_entropy_shows_from_a_tenth_of_the_belief_on_and_on_the_last_turn():
    masses = [[0.05, 0.04, 0.9], [0.06, 0.05, 0.0], [0.09, 0.0, 0.0]]  # of three items a list holds two
    policy = MaxEntropyPolicy()
    assert acts_of(policy, state_with(masses)) == [Act.ASK, Act.RECOMMEND, Act.ASK]
    assert acts_of(policy, state_with(masses, turns_left=2)) == [Act.ASK, Act.RECOMMEND, Act.ASK]
    assert acts_of(policy, state_with(masses, turns_left=1)) == [Act.RECOMMEND] * 3
    assert acts_of(MaxEntropyPolicy(recommend_mass=0.08), state_with(masses)) == [Act.RECOMMEND] * 3


def test_max_entropy_is_deaf_to_no_where_it_is_meant_to_be():
    catalogue = town().catalogue
    assert MaxEntropyPolicy().answer_model(catalogue).hears_no
    assert not MaxEntropyPolicy(hears_no=False).answer_model(catalogue).hears_no
    assert [MaxEntropyPolicy(hears_no=hears).name for hears in (True, False)] == ["max-entropy", "max-entropy-yes"]


def test_no_is_worth_hearing():
    """What makes the published policies weak: they take no evidence from a no."""
    deaf, hears = (named_run(name).summary() for name in ("max-entropy-yes", "max-entropy"))
    assert deaf["ci"]["sr@15"][1] < hears["ci"]["sr@15"][0]


def test_the_mass_of_a_list_is_that_of_its_items():
    assert list_mass(state_with([[0.5, 0.25, 0.1], [0.1, 0.0, 0.0]])) == pytest.approx([0.75, 0.1])


def test_recommend_or_takes_what_is_open():
    state = state_with([[0.1, 0.1]] * 6)
    space, mask = state.candidates.space, state.candidates.mask
    ask, show, wait = 0, space.n_ask, space.wait_slot
    mask[2:4, :show] = False
    mask[4:6, :wait] = False
    recommend = np.array([True, False, True, False, True, False])
    assert recommend_or(state, recommend).tolist() == [show, ask, show, show, wait, wait]
    mask[:] = True
    mask[:, show:wait] = False
    assert recommend_or(state, recommend).tolist() == [ask] * 6
