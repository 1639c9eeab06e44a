"""What every signal promises.

Legend: B people, V items.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import Profiles

FloatArray = NDArray[np.float32]

DISLIKED_WEIGHT = -0.5
"""What an item or attribute that somebody dislikes counts for beside one that is liked (Rocchio 1971 takes -0.25 to
-0.5)."""


class Signal(Protocol):
    """A measure of fit, the more the better, that looks at profiles alone: it serves users it has never met.

    A class of signals has ``fit(dataset)``, which learns from train and valid.
    """

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def softenings(self) -> tuple[float, ...]:
        """Values to divide by before ``log(1 + value / softening)``, for values that are >= 0 and of many sizes.

        The first is used where none is chosen; there is none where values enter a log prior as they are.
        """

    @property
    def covers(self) -> NDArray[np.bool_]:
        """Items that the signal can tell apart, shape (V,); the others are all alike to it."""

    def of(self, profiles: Profiles) -> FloatArray:
        """Values of every item for every person, a new array of shape (B, V), finite.

        Where a person has told nothing that the signal looks at, all values are alike.
        """

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """What was learned by long work and is kept in a file; empty where fitting anew is quick and exact."""
