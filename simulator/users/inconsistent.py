"""People whose answers do not fit together."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.wandering = either(traits.wandering, share)


INCONSISTENT = Kind(
    "inconsistent",
    "Describe, now and then, another item that came to mind and has what they opened with, so that each answer is true "
    "of something and not all of them are true of the same thing.",
    "Unlike slips, such errors follow how frequent attributes are: a rare one is hardly ever affirmed by mistake. The "
    "default of .1 lets the two kinds be compared.",
    _change,
    Number("chance that an answer is about another item", 0.1, 0.0, 1.0),
)
