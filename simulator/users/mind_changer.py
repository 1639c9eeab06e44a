"""People who come to want something else."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.fickleness = either(traits.fickleness, share)


MIND_CHANGER = Kind(
    "mind-changer",
    "Come to want another item, much like the first and with what they opened with, once in the dialogue; half of them "
    "say so by naming something the new one has.",
    "Preferences are formed while people choose (Payne, Bettman and Johnson, 1993). A chance of .08 a turn changes the "
    "mind of one in two within eight turns.",
    _change,
    Number("chance at each turn", 0.08, 0.0, 1.0),
)
