"""Policies by name."""

from dataclasses import asdict
from pathlib import Path

import pytest

from graph.errors import DataError, OptionError
from policy import registry
from policy.bayes import BayesPolicy, GainRule
from policy.tuned_rules import Conditions, TunedRule, keep_rule
from simulator.protocol import Policy
from tests.policy import test_bayes, test_hand_written, test_look_ahead, test_patience
from tests.policy.contract import PolicyContract, conditions
from tests.policy.unified import test_shipped


def test_names_are_those_of_the_policies_and_go_from_weak_to_strong():
    assert registry.DEFAULT == ("random", "abs-greedy", "max-entropy-yes", "max-entropy", "bayes")
    assert registry.names()[:5] == registry.DEFAULT
    for name in registry.names():
        policy = registry.make(name, conditions())
        assert isinstance(policy, Policy)
        assert policy.name == name


def test_every_policy_passes_the_contract():
    suites = [
        each
        for module in (test_bayes, test_hand_written, test_look_ahead, test_patience, test_shipped)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, PolicyContract) and each is not PolicyContract
    ]
    assert {suite().make().name for suite in suites} == set(registry.names())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bayse", "no policy 'bayse'; did you mean bayes?"),
        (
            "",
            "no policy ''; choose one of random, abs-greedy, max-entropy-yes, max-entropy, bayes, "
            "patient-bayes, always-wait-bayes, fixed-timer-bayes, look-ahead, unified",
        ),
        ("Bayes", "no policy 'Bayes'; did you mean bayes?"),
    ],
)
def test_an_unknown_name_is_told_with_a_hint(name: str, told: str):
    with pytest.raises(OptionError) as error:
        registry.make(name, conditions())
    assert str(error.value) == told


def test_bayes_takes_its_numbers_from_a_checkpoint(tmp_path: Path):
    rule, path = GainRule(9, 8, 7), tmp_path / "rules.json"
    keep_rule(path, TunedRule(Conditions("elsewhere", "content", "facet", 14), rule))
    fitting = registry.make("bayes", conditions("facet"), path)
    assert isinstance(fitting, BayesPolicy)
    assert fitting.rule == rule
    assert fitting.tuned_for == asdict(Conditions("elsewhere", "content", "facet", 14))
    with pytest.raises(DataError, match="no rule for multi questions; run: convrec train"):
        registry.make("bayes", conditions("multi"), path)


def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        registry.make("bayes", conditions(), tmp_path / "nothing.json")


def test_what_can_be_learned_has_a_name():
    assert set(registry.names()) >= registry.LEARNED


@pytest.mark.parametrize(
    ("name", "path", "reads"),
    [("bayes", "b.json", True), ("patient-bayes", "b.json", True), ("unified", "b.json", False),
     ("unified", "agent", True), ("bayes", "agent", False), ("random", "b.json", False)],
)  # fmt: skip
def test_a_folder_is_an_agent_and_a_file_is_rules(name: str, path: str, reads: bool):
    assert registry.reads(name, Path(path)) == reads
