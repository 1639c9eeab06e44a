"""The curriculum: classic people first, everybody in the end."""

import numpy as np

from policy.unified.curriculum import Curriculum
from simulator.randomness import dialogue_keys
from tests.worlds import town

KEYS = dialogue_keys(0, np.arange(2000))


def noisy(share: float) -> float:
    """Share of people who slip."""
    curriculum = Curriculum.towards("noisy:0.2")
    curriculum.share = share
    return float((curriculum(town().catalogue, np.zeros(2000, np.int32), KEYS)._traits.slips > 0).mean())


def test_the_share_of_others_is_what_it_says() -> None:
    assert noisy(0.0) == 0.0
    assert abs(noisy(0.3) - 0.3) < 0.04
    assert noisy(1.0) == 1.0
