"""An agent that has learned nothing, and states to show it."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from graph.answers import QuestionMode
from policy.bayes import GainRule
from policy.unified.agent import UnifiedPolicy
from policy.unified.encoding import StateEncoder
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.trust import HONEST
from simulator.core import Rules

RULE = GainRule(1.5, 1.3, 5.0)


def untrained(mode: QuestionMode = QuestionMode.BINARY, **config: object) -> UnifiedPolicy:
    """A policy whose residual is zero."""
    torch.manual_seed(0)
    network = UnifiedNetwork(NetworkConfig(**config))  # type: ignore[arg-type]
    return UnifiedPolicy(network, StateEncoder(((mode, RULE),)), HONEST, Rules(questions=mode))


def shaken(policy: UnifiedPolicy, seed: int = 0) -> UnifiedPolicy:
    """The same with weights drawn anew wherever they start at zero."""
    generator = torch.Generator().manual_seed(seed)
    for layer in (policy.network.value, policy.network.residual):
        torch.nn.init.normal_(layer.weight, std=0.5, generator=generator)
    return policy


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in the same order at every run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rng() -> np.random.Generator:
    """Always the same numbers."""
    return np.random.default_rng(0)
