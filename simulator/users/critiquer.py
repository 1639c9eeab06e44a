"""People who say what is wrong with a list."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.criticism = either(traits.criticism, share)


CRITIQUER = Kind(
    "critiquer",
    'Answer a list they turn down with "like this one, but older" (or newer, shorter, longer, better liked): the item '
    "most like what they want, and a facet with an order in which the two differ. Where no facet has an order they "
    "are classic.",
    'Unit critiques of FindMe systems: Burke, Hammond and Young (1997); Chen and Pu, "Critiquing-based recommenders" '
    "(2012). The default of one list in two is a choice.",
    _change,
    Number("chance of a critique", 0.5, 0.0, 1.0),
)
