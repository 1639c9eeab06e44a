"""False alarms and power of the comparison of policies, over real dialogues.

A/A: one policy is compared with itself under other luck.  Nothing differs but chance, so of 200 such
comparisons 5 % may exclude zero; 4 to 16 are what a binomial of 200 and 5 % gives in 97 of 100 cases.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import norm

from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from graph.hashing import mix64
from policy.hand_written import MaxEntropyPolicy, RandomPolicy
from simulator.evaluation import Run, compare
from simulator.protocol import Decision, Policy, State
from simulator.runs import Dialogues, Setting, Targets, draw_targets, run_dialogues
from simulator.statistics import Comparison, PairedBootstrap
from tests.worlds import city, setting_of, town

N_COMPARISONS = 200

METRICS = ("sr@15", "at", "hdcg")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Salted:
    """A policy whose own random choices are others than without salt, and of the same distribution."""

    policy: Policy
    salt: int

    @property
    def name(self) -> str:
        return f"{self.policy.name}, salt {self.salt}"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        return self.policy.answer_model(catalogue)

    def choose(self, state: State) -> Decision:
        return self.policy.choose(replace(state, keys=mix64(state.keys + np.uint64(self.salt))))


def other_choices(seed: int) -> tuple[Run, Run]:
    """The random policy with the same users and other choices: 54 pairs of user and item, four dialogues each."""
    setting = setting_of(town())
    pairs = draw_targets(setting.dataset, 54, seed)
    targets = Targets(np.tile(pairs.users, 4), np.tile(pairs.items, 4))
    one, other = Salted(RandomPolicy(), 1), Salted(RandomPolicy(), 2)
    return held(one, setting, targets, seed), held(other, setting, targets, seed)


def other_users(seed: int) -> tuple[Run, Run]:
    """Maximum entropy with 300 users of one luck, and with users of another luck about the same items.

    Five turns, so that a third of the dialogues fail.
    """
    setting = setting_of(city(), turns=5)
    targets = draw_targets(setting.dataset, 300, seed)
    one, again = Salted(MaxEntropyPolicy(), 1), Salted(MaxEntropyPolicy(), 2)
    return held(one, setting, targets, seed), held(again, setting, targets, 100_000 + seed)


def held(policy: Policy, setting: Setting, targets: Targets, seed: int) -> Run:
    """What ``evaluate_policy`` makes of these targets."""
    dialogues = run_dialogues(setting, policy, targets, seed)
    return Run(policy, setting, "classic", targets, np.full(len(targets), seed), dialogues, 0.0)


def doubled(run: Run) -> Run:
    """Every dialogue told twice: no new evidence."""
    return replace(
        run,
        targets=Targets(np.tile(run.targets.users, 2), np.tile(run.targets.items, 2)),
        seed_of=np.tile(run.seed_of, 2),
        dialogues=Dialogues.join([run.dialogues, run.dialogues]),
    )


def losing(run: Run, share: float, seed: int) -> Run:
    """The same dialogues, but of those that were won a random share is lost."""
    history = run.dialogues.history
    lost = np.random.default_rng(seed).random(len(run.targets)) < share
    history = replace(history, accepted=np.where(lost[:, None], 0, history.accepted))
    return replace(run, dialogues=replace(run.dialogues, history=history))


@pytest.fixture(scope="module")
def by_users() -> list[tuple[Run, Run]]:
    return [other_users(seed) for seed in range(N_COMPARISONS)]


@pytest.fixture(scope="module")
def by_choices() -> list[tuple[Run, Run]]:
    return [other_choices(seed) for seed in range(N_COMPARISONS)]


def compared(pairs: list[tuple[Run, Run]]) -> dict[str, list[Comparison]]:
    """All comparisons of each metric."""
    each = [comparison for pair in pairs for comparison in compare(pair)]
    return {metric: [comparison for comparison in each if comparison.metric == metric] for metric in METRICS}


def alarms(comparisons: list[Comparison]) -> int:
    """How many intervals exclude zero."""
    assert len(comparisons) == N_COMPARISONS
    return sum(each.excludes_zero for each in comparisons)


@pytest.mark.parametrize("kind", ["by_users", "by_choices"])
def test_a_policy_beside_itself_seldom_seems_to_differ(kind: str, request: pytest.FixtureRequest):
    found = {metric: alarms(each) for metric, each in compared(request.getfixturevalue(kind)).items()}
    assert all(4 <= count <= 16 for count in found.values()), found


def test_dialogues_that_are_told_twice_raise_no_more_alarms_and_would_without_clusters(by_users: list[tuple[Run, Run]]):
    """A dialogue and its copy are of one user about one item: taken for two, every sixth comparison is an alarm."""
    pairs = [(doubled(one), doubled(other)) for one, other in by_users]
    found = {metric: alarms(each) for metric, each in compared(pairs).items()}
    assert all(4 <= count <= 16 for count in found.values()), found
    naive = PairedBootstrap(600, np.random.default_rng(0))
    values = [(one.values["at"], other.values["at"]) for one, other in pairs]
    assert alarms([naive.compare(*each, a="one", b="other", metric="at") for each in values]) > 20


def test_a_difference_of_known_size_is_found_as_often_as_it_should_be(by_users: list[tuple[Run, Run]]):
    """One dialogue in eight of those won is lost: a difference of 15 less AT, SR and hDCG, each divided by eight.

    Found with the power of a z-test at that size, and the intervals hold the difference itself.
    """
    pairs = [(one, losing(other, 1 / 8, seed)) for seed, (one, other) in enumerate(by_users)]
    nothing_won = {"sr@15": 0.0, "at": 15.0, "hdcg": 0.0}
    for metric, comparisons in compared(pairs).items():
        before = np.concatenate([run.values[metric] for pair in by_users for run in pair])
        size = (nothing_won[metric] - before.mean()) / 8
        spread = np.std([worse.values[metric] - one.values[metric] for one, worse in pairs])
        power = norm.cdf(abs(size) / (spread / np.sqrt(300)) - norm.ppf(0.975))
        assert 0.6 < power < 0.9, "else nothing is learned from how often it is found"
        assert alarms(comparisons) / N_COMPARISONS == pytest.approx(power, abs=0.09), metric
        held_by = sum(each.ci[0] <= size <= each.ci[1] for each in comparisons)
        assert 184 <= held_by <= 196, (metric, held_by)
