"""People who write in pieces."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.bursts = either(traits.bursts, share)


BURST = Kind(
    "burst",
    "Write in pieces: after a message another piece follows, then another, each with the given chance, and half that "
    "after a reply. A piece names one more true attribute, free of a turn, if the agent waits; if it speaks, the piece "
    "is given up half of the time and the others are never written.",
    "Chat messages come in bursts: people press return before the thought is complete. The default of .6 means one to "
    "two more pieces after the first message; the typing indicator shows nine pieces in ten.",
    _change,
    Number("chance that one more piece follows", 0.6, 0.0, 1.0),
)
