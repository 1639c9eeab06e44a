"""People who are good witnesses of some attributes and bad ones of others."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, seed: float, keys: NDArray[np.uint64]) -> None:
    traits.uneven[:] = np.maximum(traits.uneven, int(seed) + 1)


UNEVEN = Kind(
    "uneven",
    "Are mistaken about some attributes, or do not know them, far more often than others, the same ones for everybody: "
    "each attribute has an error rate of 0, 0, .05 or .35 and a don't-know rate of 0, .1, .2 or .5, all alike.",
    "Everybody can say whether a film is a comedy and hardly anybody who wrote it; what pays for an agent is to find "
    "out which questions are worth asking. The number chooses another draw of the rates.",
    _change,
    Number("seed of the rates", 0, 0, 1_000_000, whole=True),
)
