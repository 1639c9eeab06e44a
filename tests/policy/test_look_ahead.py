"""Planning ahead: a policy like any other, near the optimum on small worlds, that knows no more than the belief."""

import numpy as np

from policy.bayes import BayesPolicy, GainRule
from policy.look_ahead import LookAheadPolicy
from simulator.core import Conversations
from simulator.evaluation import evaluate_policy
from simulator.protocol import Policy
from simulator.users import parse_users
from tests.policy.contract import PolicyContract, turns_saved
from tests.worlds import begin, city, setting_of, town


def planner(rule: GainRule | None = None, people: int = 8) -> LookAheadPolicy:
    return LookAheadPolicy(BayesPolicy(rule), questions=2, people=people)


class TestLookAhead(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return planner()


def test_it_mends_a_rule_that_never_recommends_in_time() -> None:
    """A rule for which questions are worth ten times as much asks on; trying shows that a list would end it."""
    shy = GainRule(success_bonus=0.0, question_weight=10.0)
    setting = setting_of(city())
    alone, mended = (
        evaluate_policy(policy, setting, "classic", 200, (0,)) for policy in (BayesPolicy(shy), planner(shy))
    )
    assert turns_saved(mended, alone).ci[1] < -0.5


def test_an_imagined_dialogue_leaves_the_real_one_alone_and_goes_on_from_it() -> None:
    talk = begin(town(), [3, 50])
    before = talk.belief.log_weights.copy()
    state, rules = talk.state(), talk.rules
    rows = np.array([1, 1, 0])
    users = parse_users("classic")(state.catalogue, np.array([7, 8, 9], np.int32), np.arange(3, dtype=np.uint64))
    imagined = Conversations.imagine(state, rules, users, rows)
    assert np.array_equal(imagined.belief.log_weights, before[rows])
    imagined.step(imagined.state(), BayesPolicy().choose(imagined.state()))
    assert (imagined.history.length == 1).all()
    assert (talk.history.length == 0).all()
    assert np.array_equal(talk.belief.log_weights, before)
