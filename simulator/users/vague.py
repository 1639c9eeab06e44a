"""People who answer by degrees."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.vagueness = either(traits.vagueness, share)


VAGUE = Kind(
    "vague",
    'Say "sort of" now and then instead of yes, and, where values have an order, instead of no about the values next '
    "to the true one.",
    'Preferences come in degrees: Zhao et al., "Vague Preference Multi-round Conversational Recommendation" (2023). '
    "The default of .3 is a choice.",
    _change,
    Number('chance of "sort of" about what holds or nearly holds', 0.3, 0.0, 1.0),
)
