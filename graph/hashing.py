"""Numbers that look random but are a function of ids: for ties, and for draws that repeat.

splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

import numpy as np
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Step between the states of neighbouring draws."""


def mix64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser: every bit of the result depends on every bit of the value, any shape."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def hash_order(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """A number in [0, 1) for each id that has nothing to do with the order of ids, shape (V,).

    Neighbouring ids often come from one listener or one year, so order of id must never decide anything.
    """
    mixed = mix64(ids.astype(np.uint64) + GOLDEN)
    return ((mixed >> np.uint64(40)).astype(np.float64) / 2**24).astype(np.float32)
