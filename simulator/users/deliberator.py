"""People who need time to choose."""

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits, either
from simulator.users.protocol import Kind, Number


def _change(traits: Traits, share: float, keys: NDArray[np.uint64]) -> None:
    traits.deliberation = either(traits.deliberation, share)


DELIBERATOR = Kind(
    "deliberator",
    "Look through a list before they say anything, the longer the longer it is, and often ask for time. They take what "
    "they want at once with chance 1 - .5 d from a list of three and 1 - d from a list of ten, else after they have "
    "thought; if the agent speaks first, the list is dropped. A list of ten loses 6 % of d of them for good.",
    'Choice overload: Iyengar and Lepper, "When Choice is Demotivating" (2000), found a tenth of the purchases from 24 '
    "kinds as from six; the meta-analysis of Scheibehenne et al. (2010) finds it in some settings and not in others, "
    "so the part that is lost for good is small. The number is d.",
    _change,
    Number("how much time a choice takes", 0.7, 0.0, 1.0),
)
