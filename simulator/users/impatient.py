"""People who leave."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, scale: float, keys: NDArray[np.uint64]) -> None:
    traits.impatience = traits.impatience + scale


IMPATIENT = Kind(
    "impatient",
    "Leave with a hazard that rises with every list turned down, everything shown twice, every interruption and every "
    "silence in which it was the agent's turn.",
    "A constant hazard of .005 a step, and .02 for each list turned down, .05 for each repeat, .08 for each "
    "interruption, .03 for each tick of silence: chosen so that about a fifth of the people who are shown four wrong "
    "lists leave. The number multiplies the hazard.",
    _change,
    Number("multiplies the hazard", 1.0, 0.0, 20.0),
)
