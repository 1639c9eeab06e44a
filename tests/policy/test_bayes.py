"""The bayes policy: the gain rule by hand, and what it is worth."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from policy.bayes import BayesPolicy, GainRule, binary_entropy
from simulator.candidates import ActionSpace
from simulator.history import Act
from simulator.protocol import Decision, Policy, State
from tests.policy.contract import PolicyContract, run_in_city, turns_saved
from tests.worlds import begin, town


class TestBayes(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return BayesPolicy()


class FakeBayes(BayesPolicy):
    """The same rule with the questions shuffled: it recommends when bayes would and asks whatever comes."""

    name = "fake bayes"

    def choose(self, state: State) -> Decision:
        n_ask = state.candidates.space.n_ask
        chosen = super().choose(state).slots
        drawn = np.random.default_rng(0).integers(n_ask, size=len(chosen))
        is_open = state.candidates.mask[np.arange(len(chosen)), drawn]
        return Decision(np.where((chosen < n_ask) & is_open, drawn, chosen))


def decide(rule: GainRule, masses: list[float], value: float, turns_left: int) -> bool:
    """Whether the rule recommends, where a list holds two items."""
    space = ActionSpace(1, len(masses), 2)
    state = begin(town(), [0]).state()
    questions = replace(state.candidates.questions, value=np.array([[value]]))
    candidates = replace(
        state.candidates, space=space, item_masses=np.array([masses]), questions=questions,
        mask=np.ones((1, space.n_slots), bool),
    )  # fmt: skip
    slots = BayesPolicy(rule).choose(replace(state, candidates=candidates, turns_left=np.array([turns_left]))).slots
    return bool(space.act_of(slots)[0] == Act.RECOMMEND)


@pytest.mark.parametrize(
    ("rule", "masses", "turns_left", "price"),
    [
        # m = .25, H(m) = .811278: 1.5 * .25 + .811278 = 1.186278 bits, against 1.3 * I.
        (GainRule(1.5, 1.3, 5), [0.2, 0.05, 0.7], 15, 1.186278 / 1.3),
        (GainRule(1.5, 1.3, 5), [0.2, 0.05, 0.7], 6, 1.186278 / 1.3),
        # Three turns follow this one: a bit is worth three fifths.
        (GainRule(1.5, 1.3, 5), [0.2, 0.05, 0.7], 4, 1.186278 / (1.3 * 0.6)),
        (GainRule(1.5, 1.3, 5), [0.2, 0.05, 0.7], 2, 1.186278 / (1.3 * 0.2)),
        # m = .5, H(m) = 1.
        (GainRule(0, 2, 1), [0.25, 0.25], 15, 0.5),
        (GainRule(2, 1, 1), [0.25, 0.25], 15, 2.0),
        # m = .1, H(m) = .468996.
        (GainRule(1, 1, 8), [0.1, 0.0], 15, 0.568996),
        (GainRule(1, 1, 28), [0.1, 0.0], 15, 0.568996 / 0.5),
    ],
)
def test_the_rule_by_hand(rule: GainRule, masses: list[float], turns_left: int, price: float):
    """Recommend iff lambda * m + H(m) >= c * min(1, L / h) * I: just below this price of I it does, just above not."""
    assert decide(rule, masses, price - 1e-5, turns_left)
    assert not decide(rule, masses, price + 1e-5, turns_left)


@pytest.mark.parametrize("mass", [0.0, 1e-9, 0.5, 1.0])
def test_on_the_last_turn_it_always_recommends(mass: float):
    assert decide(GainRule(0, 100, 100), [mass, 0.0], 1e6, 1)


def test_a_certain_list_is_shown_and_a_hopeless_one_is_not():
    assert decide(GainRule(), [0.9, 0.1], 0.9, 15)
    assert not decide(GainRule(), [0.0, 0.0], 0.01, 15)
    assert decide(GainRule(), [0.0, 0.0], 0.0, 15)  # nothing to be learned by asking


def test_rounding_beyond_one_is_no_certainty_beyond_one():
    assert decide(GainRule(), [0.7, 0.3000001], 0.5, 15)


def test_bits_of_a_yes_or_no():
    bits: NDArray[np.float64] = binary_entropy(np.array([0.0, 0.5, 0.25, 0.75, 1.0]))
    assert bits == pytest.approx([0, 1, 0.811278, 0.811278, 0], abs=1e-6)


def test_each_dialogue_is_weighed_alone():
    state = begin(town(), range(3)).state()
    masses = np.zeros((3, 20))
    masses[1, 0] = 0.99
    value = np.full((3, 10), 0.5)
    value[2] = 0
    candidates = replace(
        state.candidates, item_masses=masses, questions=replace(state.candidates.questions, value=value)
    )
    assert BayesPolicy().choose(replace(state, candidates=candidates)).slots.tolist() == [0, 10, 10]


def test_it_ends_every_dialogue_with_a_list():
    history = TestBayes.run().history
    rows = np.arange(history.n_dialogues)
    assert (history.acts[rows, history.length - 1] == Act.RECOMMEND).all()


def test_it_is_made_by_its_questions():
    """A ceiling: a fake that asks whatever comes cannot pass for it."""
    fake = run_in_city(FakeBayes(), space=ActionSpace(n_ask=60))
    real = run_in_city(BayesPolicy(), space=ActionSpace(n_ask=60))
    assert turns_saved(real, fake).ci[1] < -0.3
    # More slots to choose from change nothing for who takes the first.
    assert np.array_equal(real.success_turn, TestBayes.run().success_turn)
