"""People who slip."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.slips = either(traits.slips, share)


NOISY = Kind(
    "noisy",
    "Answer the opposite of the truth now and then, about every attribute alike.",
    "The default is a choice; on lastfm it costs bayes a quarter of its success (docs/results.md).",
    _change,
    Number("chance that an answer is the opposite of the truth", 0.1, 0.0, 0.5),
)
