"""The agents that come with the package."""

import json

import pytest

from graph.answers import QuestionMode
from policy import registry
from policy.patience import patient
from policy.tuned_rules import Conditions, RunConditions, closest_rule, shipped_rules
from policy.unified.agent import UnifiedPolicy
from policy.unified.checkpoint import META, load
from policy.unified.shipped import ELSEWHERE, agents_folder, shipped_agent
from simulator.evaluation import compare, evaluate_policy
from simulator.protocol import Policy
from tests.policy.contract import PolicyContract, conditions
from tests.worlds import city, setting_of

AGENTS = sorted(path.name for path in agents_folder().iterdir() if path.is_dir())


class TestUnified(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return registry.make("unified", conditions())


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_says_where_it_comes_from_and_what_may_be_done_with_it(name: str) -> None:
    about = json.loads((agents_folder() / name / META).read_text())
    assert about["command"].startswith("convrec train")
    assert about["data"]["name"] == name
    assert about["data"]["licence"]
    assert {"mixture, facet", "classic, facet"} <= about["valid"].keys()
    assert sum(path.stat().st_size for path in (agents_folder() / name).iterdir()) < 5_000_000
    assert load(agents_folder() / name).provenance["seed"] == about["seed"]


def test_data_without_an_agent_of_their_own_get_the_one_for_elsewhere() -> None:
    assert shipped_agent("nowhere").provenance == load(agents_folder() / ELSEWHERE).provenance


def test_data_that_have_grown_get_the_agent_of_what_they_grew_from() -> None:
    wanted = load(agents_folder() / "movies-all").provenance
    assert shipped_agent("my-films", "films", "movies-all", "lastfm").provenance == wanted
    made = registry.make(
        "unified", RunConditions("my-films", "hybrid", "binary", 15, grown_from=("lastfm", "movies-all"))
    )
    assert isinstance(made, UnifiedPolicy)
    assert made.rates.vocabulary == shipped_agent("movies-all").rates.vocabulary
    tuned = closest_rule(shipped_rules(), Conditions("movies-all", "hybrid", "binary", 15))
    assert tuned is not None
    assert made.encoder.rule(QuestionMode.BINARY) == tuned.rule


@pytest.mark.parametrize("data", ["movies", "lastfm", "lastfm_star"])
def test_it_departs_from_the_rule_that_was_tuned_where_it_works(data: str) -> None:
    where = Conditions(data, "hybrid", "binary", 15)
    tuned = closest_rule(shipped_rules(), where)
    made = registry.make("unified", where, agents_folder() / ELSEWHERE)
    assert isinstance(made, UnifiedPolicy)
    assert tuned is not None
    assert made.encoder.rule(QuestionMode.BINARY) == tuned.rule


@pytest.mark.parametrize(
    ("users", "at_least"),
    [("mixture", 0.02), ("burst", 0.02), ("deliberator", 0.1), ("noisy:0.1+dont-know:0.2", -0.06)],
)
def test_it_beats_the_rule_on_a_catalogue_it_has_never_seen(users: str, at_least: float) -> None:
    policies = [registry.make(name, conditions()) for name in ("bayes", "unified")]
    runs = [evaluate_policy(policy, setting_of(city(), users=users), users, 700, (0,)) for policy in policies]
    (reward,) = (each for each in compare(runs) if each.metric == "reward")
    assert reward.ci[0] > at_least


def test_it_interrupts_about_as_seldom_as_who_waits_by_hand() -> None:
    setting = setting_of(city(), users="burst+deliberator")
    by_hand = patient(registry.make("bayes", conditions()))
    runs = [
        evaluate_policy(policy, setting, "burst+deliberator", 500, (0,))
        for policy in (registry.make("bayes", conditions()), by_hand, registry.make("unified", conditions()))
    ]
    never, patiently, learned = (run.dialogues.tally.interruptions.mean() for run in runs)
    assert learned < 0.3 * never
    assert patiently < never
