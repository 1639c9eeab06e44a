"""The agents that come with the package, by the data they were trained on."""

from importlib.resources import files
from pathlib import Path

from policy.unified.agent import UnifiedPolicy
from policy.unified.checkpoint import META, Agent, load
from simulator.core import Rules

ELSEWHERE = "movies"
"""Whose agent serves data that have none of their own."""


def agents_folder() -> Path:
    """Where they lie."""
    return Path(str(files("policy"))) / "agents"


def shipped_agent(data: str) -> Agent:
    """The agent trained on these data, else the one for other catalogues.

    :raises DataError: when it cannot be read.
    """
    own = agents_folder() / data
    return load(own if (own / META).is_file() else agents_folder() / ELSEWHERE)


def as_policy(agent: Agent, rules: Rules) -> UnifiedPolicy:
    """The agent at work in conversations by these rules."""
    return UnifiedPolicy(agent.network, agent.encoder, agent.rates, rules)
