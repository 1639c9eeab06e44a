"""The population to train on: many kinds of people, and combinations of them, each dialogue one."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.people import Traits
from simulator.randomness import Purpose, uniform
from simulator.users.burst import BURST
from simulator.users.cold_start import COLD_START
from simulator.users.critiquer import CRITIQUER
from simulator.users.deliberator import DELIBERATOR
from simulator.users.dont_care import DONT_CARE
from simulator.users.dont_know import DONT_KNOW
from simulator.users.impatient import IMPATIENT
from simulator.users.multi_interest import MULTI_INTEREST
from simulator.users.noisy import NOISY
from simulator.users.protocol import Kind
from simulator.users.uneven import UNEVEN
from simulator.users.vague import VAGUE
from simulator.users.weak_reject import WEAK_REJECT

PARTS: tuple[tuple[float, tuple[tuple[Kind, float], ...]], ...] = (
    (0.14, ()),
    (0.08, ((NOISY, 0.1),)),
    (0.06, ((WEAK_REJECT, 0.15),)),
    (0.06, ((DONT_KNOW, 0.2),)),
    (0.08, ((NOISY, 0.1), (DONT_KNOW, 0.2))),
    (0.06, ((UNEVEN, 0),)),
    (0.04, ((DONT_CARE, 0.15),)),
    (0.06, ((VAGUE, 0.3),)),
    (0.06, ((MULTI_INTEREST, 5),)),
    (0.08, ((IMPATIENT, 1.0),)),
    (0.08, ((BURST, 0.6),)),
    (0.08, ((DELIBERATOR, 0.7),)),
    (0.04, ((CRITIQUER, 0.5),)),
    (0.04, ((BURST, 0.6), (DELIBERATOR, 0.7), (IMPATIENT, 1.0))),
    (0.04, ((COLD_START, 0.5),)),
)
"""Share of each, and what they are."""

HELD_OUT = ("mind-changer", "inconsistent", "nlu")
"""Kinds that are no part of it: whoever trained on the mixture has never met them."""


def _change(traits: Traits, number: float, keys: NDArray[np.uint64]) -> None:
    lots = uniform(keys, Purpose.MIXTURE)[:, 0]
    bounds = np.cumsum([0.0, *(share for share, _ in PARTS)]) / sum(share for share, _ in PARTS)
    for (low, high), (_, kinds) in zip(pairwise(bounds), PARTS, strict=True):
        rows = np.flatnonzero((lots >= low) & (lots < high))
        some = traits.take(rows)
        for kind, value in kinds:
            kind.change(some, value, keys[rows])
        traits.put(rows, some)


def _describe() -> str:
    """Each part with its share: "8% noisy:0.1"."""
    named = ["+".join(f"{kind.name}:{value:g}" for kind, value in kinds) or "classic" for _, kinds in PARTS]
    return ", ".join(f"{share:.0%} {name}" for (share, _), name in zip(PARTS, named, strict=True))


MIXTURE = Kind(
    "mixture",
    f"Are of many kinds, and of several at once: {_describe()}.",
    f"The population to train on. {', '.join(HELD_OUT[:-1])} and {HELD_OUT[-1]} are held out: a policy trained on the "
    "mixture has never met them.",
    _change,
)
