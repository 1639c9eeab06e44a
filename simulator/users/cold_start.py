"""People nobody knows, who do not say what they want."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.newness[:] = 1.0
    traits.silence = either(traits.silence, share)


COLD_START = Kind(
    "cold-start",
    'Have no history, and begin with "something good" with the given chance.',
    "Every chat begins like this with somebody new. The default, nothing said, is the hardest case.",
    _change,
    Number("chance of beginning without saying anything", 1.0, 0.0, 1.0),
)
