"""People whose "no" does not mean that the item lacks it."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.reluctance = either(traits.reluctance, share)


WEAK_REJECT = Kind(
    "weak-reject",
    "Say no to something the item has, now and then: it is not what they look for it for. A yes is always true.",
    'A refusal says less than an acceptance: Hu et al., "Learning to Infer User Implicit Preference in Conversational '
    'Recommendation" (SIGIR 2022) take it for weak evidence. The default is a choice: one refusal in seven.',
    _change,
    Number("chance of a no about something the item has", 0.15, 0.0, 0.9),
)
