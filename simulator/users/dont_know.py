"""People who do not know everything about what they want."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.ignorance = either(traits.ignorance, share)


DONT_KNOW = Kind(
    "dont-know",
    "Say they don't know, the more often the rarer the attribute: the given share about what a tenth of the items or "
    "more have, rising to nearly twice that about what one in a thousand has.",
    "People recall what is common better than what is rare; the default of a fifth is a choice.",
    _change,
    Number("chance of not knowing about a common attribute", 0.2, 0.0, 0.95),
)
