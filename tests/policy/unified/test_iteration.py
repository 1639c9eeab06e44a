"""The residual finds what makes an act better, and finds nothing in returns that were shuffled."""

from dataclasses import replace

import numpy as np
import torch

from policy.unified.agent import tensors
from policy.unified.iteration import FitConfig, fit_to_comparisons
from policy.unified.layout import MOMENT
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.what_if import Comparisons, compare_acts
from simulator.runs import draw_targets
from tests.policy.unified.conftest import untrained
from tests.policy.unified.test_what_if import POLICY
from tests.worlds import city, setting_of

CONFIG = FitConfig(epochs=10, batch=64)


def comparisons(count: int = 500) -> Comparisons:
    found = compare_acts(
        setting_of(city(), users="burst:0.9"), POLICY, untrained().encoder, draw_targets(city(), count, 1), 1
    )  # fmt: skip
    # Planted: waiting is better by .3 exactly where somebody types, and worse by .3 elsewhere.
    typing = found.seen["moment"][:, MOMENT.index("typing")].astype(bool)
    returns = np.zeros_like(found.returns)
    returns[:, 3] = np.where(typing, 0.3, -0.3)
    return replace(found, returns=returns)


def fitted(found: Comparisons) -> tuple[UnifiedNetwork, list[float]]:
    torch.manual_seed(0)
    network = UnifiedNetwork(NetworkConfig(bit=0.0))
    return network, fit_to_comparisons(network, city().catalogue, found, CONFIG, 0)


def right(network: UnifiedNetwork, found: Comparisons) -> float:
    """How often the network puts waiting on the right side of the best question."""
    where = np.flatnonzero((found.slots[:, 3] >= 0) & (found.slots[:, 0] >= 0))
    with torch.inference_mode():
        _, advantage = network(tensors({name: part[where] for name, part in found.seen.items()}, city().catalogue))
    waits = advantage[:, -1] > advantage[:, 0]
    return float((waits.numpy() == (found.returns[where, 3] > 0)).mean())


def test_it_learns_when_to_wait_and_not_from_shuffled_returns() -> None:
    found = comparisons()
    network, losses = fitted(found)
    assert losses[-1] < 0.2 * losses[0]
    other = comparisons(120)
    assert right(network, other) > 0.95
    lots = np.random.default_rng(0).permutation(len(found))
    fake, _ = fitted(replace(found, returns=found.returns[lots]))
    assert right(fake, other) < 0.8


def test_the_same_seed_gives_the_same_weights() -> None:
    found = comparisons(60)
    one, other = (fitted(found)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
