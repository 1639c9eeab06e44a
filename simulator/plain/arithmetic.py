"""The few sums that the plain dialogue does everywhere."""

import math

import numpy as np

from graph.answers import LOG_IMPOSSIBLE

_MASK = 2**64 - 1


def mix(value: int) -> int:
    """The finaliser of splitmix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def either(one: float, other: float) -> float:
    """Chance that at least one of two independent things happens."""
    return 1.0 - (1.0 - one) * (1.0 - other)


def plogp(mass: float) -> float:
    """p log2 p, and 0 for what is not believed."""
    return mass * math.log2(mass) if mass > 1e-12 else 0.0


def floored_log(probability: float) -> float:
    """Logarithm, but never below :data:`graph.answers.LOG_IMPOSSIBLE`."""
    return max(math.log(probability), LOG_IMPOSSIBLE) if probability > 0 else LOG_IMPOSSIBLE


def half_precision(value: float) -> float:
    """What a history that keeps two bytes of a number remembers of it."""
    return float(np.float16(value))
