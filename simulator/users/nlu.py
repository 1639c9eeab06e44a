"""People who are heard through an understander that makes mistakes."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, scale: float, keys: NDArray[np.uint64]) -> None:
    traits.mishearing = traits.mishearing + scale


NLU = Kind(
    "nlu",
    "Are truthful, but one answer in twelve is heard as another one, and every answer comes with a confidence, which "
    "is lower for most of those that were misheard.",
    "The table that comes with the package is chosen, not measured; give the file of a measured one as nlu:FILE.json. "
    "The number multiplies its error rates.",
    _change,
    Number("multiplies the error rates of the table", 1.0, 0.0, 10.0),
    reads_table=True,
)
