"""Whether to wait: what patience is worth with people who write in pieces and think about lists, and what it costs."""

from functools import cache

import numpy as np
import pytest

from policy.bayes import BayesPolicy
from policy.hand_written import AbsGreedyPolicy
from policy.patience import always_wait, fixed_timer, patient, somebody_is_busy
from simulator.evaluation import Run, evaluate_policy
from simulator.history import Act, History
from simulator.protocol import Policy
from simulator.statistics import Comparison
from simulator.timing import CLOCK, MOST_WAITS
from tests.policy.contract import PolicyContract
from tests.worlds import begin, city, setting_of, town

MAKERS = {"never-wait": lambda policy: policy, "patient": patient, "always-wait": always_wait, "timer": fixed_timer}

BUSY = ("burst", "deliberator", "burst+deliberator")


class TestPatientBayes(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return patient(BayesPolicy())


class TestAlwaysWaitBayes(PolicyContract):
    beats = ("random", "max-entropy-yes")
    succeeds = 0.85  # the clock cuts off a twentieth of them

    def make(self) -> Policy:
        return always_wait(BayesPolicy())


class TestFixedTimerBayes(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return fixed_timer(BayesPolicy())


@cache
def run_of(waiting: str, users: str) -> Run:
    return evaluate_policy(MAKERS[waiting](BayesPolicy()), setting_of(city(), users=users), users, 1200, (0,))


def difference(waiting: str, other: str, users: str, metric: str) -> Comparison:
    one, two = run_of(waiting, users), run_of(other, users)
    return one.bootstrap.compare(one.values[metric], two.values[metric], a=waiting, b=other, metric=metric)


@pytest.mark.parametrize("users", BUSY)
def test_patience_spares_four_interruptions_in_five(users: str):
    interruptions = {waiting: run_of(waiting, users).values["interruptions"].mean() for waiting in MAKERS}
    assert interruptions["never-wait"] > 1
    assert interruptions["patient"] <= 0.2 * interruptions["never-wait"]


@pytest.mark.parametrize("users", BUSY)
def test_patience_costs_no_success_and_pays(users: str):
    assert difference("patient", "never-wait", users, "sr@15").ci[1] >= 0
    assert run_of("patient", users).values["sr@15"].mean() >= run_of("never-wait", users).values["sr@15"].mean()
    assert difference("patient", "never-wait", users, "reward").ci[0] > 0


@pytest.mark.parametrize("users", ["deliberator", "burst+deliberator"])
def test_patience_raises_acceptance(users: str):
    """Of the lists that hold what is wanted, with intervals apart."""
    patient_run, hasty = (
        run_of("patient", users).figures["acceptance"],
        run_of("never-wait", users).figures["acceptance"],
    )
    assert patient_run.low > hasty.high


@pytest.mark.parametrize("users", BUSY)
@pytest.mark.parametrize("waiting", ["always-wait", "timer"])
def test_waiting_without_looking_loses_to_patience(users: str, waiting: str):
    assert difference(waiting, "patient", users, "reward").ci[1] < 0


def test_with_classic_users_patience_never_waits_and_does_as_its_speaker_does():
    one, two = run_of("patient", "classic").history, run_of("never-wait", "classic").history
    for name in History.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_nobody_is_busy_at_a_complete_message():
    state = begin(town(), [0, 1, 2]).state()
    assert not somebody_is_busy(state).any()


def test_always_waiting_speaks_when_the_slot_closes_and_is_cut_off_by_the_clock():
    run = evaluate_policy(
        always_wait(AbsGreedyPolicy()), setting_of(city()), "classic", 50, (0,)
    )  # fmt: skip
    acts = run.history.acts
    assert (acts[:, :MOST_WAITS] == Act.WAIT).all()
    assert (acts[:, MOST_WAITS] == Act.RECOMMEND).all()
    assert run.history.clock.max() <= CLOCK + 1
