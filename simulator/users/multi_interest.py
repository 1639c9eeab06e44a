"""People who would be happy with any of several items."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, most: float, keys: NDArray[np.uint64]) -> None:
    traits.interests = np.maximum(traits.interests, int(most) - 1)


MULTI_INTEREST = Kind(
    "multi-interest",
    "Would take any of two to five items that share what they opened with; they say yes to what any of them has.",
    'Zhang et al., "Multiple Choice Questions based Multi-Interest Policy Learning for Conversational Recommendation" '
    "(WWW 2022). The others are chosen for having much in common with the first.",
    _change,
    Number("items that would do, at most", 5, 2, 5, whole=True),
)
