"""The agents that come with the package, by the data they were trained on."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from policy.bayes import GainRule
from policy.unified.agent import UnifiedPolicy
from policy.unified.checkpoint import META, Agent, load
from simulator.core import Rules

ELSEWHERE = "movies"
"""Whose agent serves data that have none of their own."""


def agents_folder() -> Path:
    """Where they lie."""
    return Path(str(files("policy"))) / "agents"


def shipped_agent(data: str, *before: str) -> Agent:
    """The agent trained on these data, else the one for other catalogues.

    :param before: what the data were called before items were added to them, newest first: their agent serves as well.
    :raises DataError: when it cannot be read.
    """
    own = (agents_folder() / name for name in (data, *before))
    return load(next((folder for folder in own if (folder / META).is_file()), agents_folder() / ELSEWHERE))


def as_policy(agent: Agent, rules: Rules, rule: GainRule | None = None) -> UnifiedPolicy:
    """The agent at work in conversations by these rules.

    :param rule: the gain rule tuned for where it is at work, from which it departs; None for the one it was trained on.
    """
    encoder = agent.encoder if rule is None else replace(agent.encoder, rules_of_mode=((rules.questions, rule),))
    return UnifiedPolicy(agent.network, encoder, agent.rates, rules)
