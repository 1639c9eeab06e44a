"""Policies by name."""

import difflib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from graph.answers import QuestionMode
from graph.errors import DataError, OptionError
from policy.bayes import BayesPolicy
from policy.hand_written import AbsGreedyPolicy, MaxEntropyPolicy, RandomPolicy
from policy.look_ahead import LookAheadPolicy
from policy.patience import always_wait, fixed_timer, patient
from policy.tuned_rules import Conditions, closest_rule, read_rules, shipped_rules
from simulator.core import Rules
from simulator.protocol import Policy


def _bayes(conditions: Conditions, checkpoint: Path | None) -> Policy:
    rules = shipped_rules() if checkpoint is None else read_rules(checkpoint)
    tuned = closest_rule(rules, conditions)
    if tuned is None and checkpoint is not None:
        raise DataError(
            f"{checkpoint}: no rule for {conditions.questions} questions; "
            f"run: convrec train --policy bayes --questions {conditions.questions} --out {checkpoint}"
        )
    return BayesPolicy() if tuned is None else BayesPolicy(tuned.rule, asdict(tuned.conditions))


def _unified(conditions: Conditions, checkpoint: Path | None) -> Policy:
    # PyTorch takes seconds to load, which the others do not need.
    from policy.unified.checkpoint import load
    from policy.unified.shipped import as_policy, shipped_agent

    agent = shipped_agent(*conditions.names) if checkpoint is None else load(checkpoint)
    tuned = closest_rule(shipped_rules(), conditions)
    return as_policy(agent, _rules(conditions), None if tuned is None else tuned.rule)


def _rules(conditions: Conditions) -> Rules:
    return Rules(conditions.turns, QuestionMode[conditions.questions.upper()])


def _look_ahead(conditions: Conditions, checkpoint: Path | None) -> Policy:
    return LookAheadPolicy(_bayes(conditions, checkpoint), _rules(conditions).questions)


UNIFIED = "unified"
"""The policy whose checkpoint is a folder."""

_KINDS: dict[str, Callable[[Conditions, Path | None], Policy]] = {
    "random": lambda conditions, checkpoint: RandomPolicy(),
    "abs-greedy": lambda conditions, checkpoint: AbsGreedyPolicy(),
    "max-entropy-yes": lambda conditions, checkpoint: MaxEntropyPolicy(hears_no=False),
    "max-entropy": lambda conditions, checkpoint: MaxEntropyPolicy(),
    "bayes": _bayes,
    "patient-bayes": lambda conditions, checkpoint: patient(_bayes(conditions, checkpoint)),
    "always-wait-bayes": lambda conditions, checkpoint: always_wait(_bayes(conditions, checkpoint)),
    "fixed-timer-bayes": lambda conditions, checkpoint: fixed_timer(_bayes(conditions, checkpoint)),
    "look-ahead": _look_ahead,
    UNIFIED: _unified,
}

DEFAULT = ("random", "abs-greedy", "max-entropy-yes", "max-entropy", "bayes")
"""Policies that are compared if none is named."""

LEARNED = frozenset({"bayes", "patient-bayes", "always-wait-bayes", "fixed-timer-bayes", "look-ahead", UNIFIED})
"""Policies whose numbers can come from a checkpoint."""


def reads(name: str, checkpoint: Path) -> bool:
    """Whether a checkpoint is for this policy: a folder for the unified one, a file of rules for those on bayes."""
    return name in LEARNED and (name == UNIFIED) == (checkpoint.is_dir() or not checkpoint.suffix)


def names() -> tuple[str, ...]:
    """Every policy there is, the weakest first."""
    return tuple(_KINDS)


def make(name: str, conditions: Conditions, checkpoint: Path | None = None) -> Policy:
    """The policy called ``name``, with the numbers that fit these conditions.

    :param checkpoint: file to take the numbers from in place of those that come with the package.
    :raises OptionError: when there is no such policy.
    :raises DataError: when the checkpoint is not one.
    """
    if name not in _KINDS:
        near = difflib.get_close_matches(name, _KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(_KINDS)}"
        raise OptionError(f"no policy {name!r}; {hint}")
    return _KINDS[name](conditions, checkpoint)
