"""People to whom much does not matter."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.indifference = either(traits.indifference, share)


DONT_CARE = Kind(
    "dont-care",
    "Say now and then that they don't care, whatever the item is like.",
    "Not caring is among the most frequent answers in task-oriented dialogue corpora (MultiWOZ annotates it as a value "
    "of its own); the default of .15 is a choice.",
    _change,
    Number("chance of not caring", 0.15, 0.0, 0.95),
)
