"""Traits: what makes one person answer, judge and wait differently from another, in numbers.

A kind of user changes some of them; kinds compose because each change combines with what is there in a way that does
not depend on the order.

Legend: N dialogues.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.rows import RowArrays

Share = NDArray[np.float64]


@dataclass
class Traits(RowArrays):
    """One number of each trait for each dialogue; all zero is the classic user."""

    slips: Share
    """Chance that an answer is the opposite of the truth, shape (N,) like all of these."""
    reluctance: Share
    """Chance of a "no" about an attribute the item has, when nothing else went wrong."""
    ignorance: Share
    """Chance of "I don't know" about an attribute everybody knows; more about rarer ones."""
    indifference: Share
    """Chance of "I don't care"."""
    vagueness: Share
    """Chance of "sort of" about an attribute the item has or nearly has."""
    uneven: NDArray[np.int64]
    """Which draw of unequal error and don't-know rates holds, from 1; 0 for none."""
    wandering: Share
    """Chance that an answer describes another item that came to mind."""
    interests: NDArray[np.int64]
    """Items beside the first that would do as well, at most; 0 .. 4."""
    fickleness: Share
    """Chance at each turn that the mind is changed; it happens once."""
    silence: Share
    """Chance of beginning without saying what is wanted."""
    newness: Share
    """1 for people whose history is not known."""
    deliberation: Share
    """How much time a choice takes: 0 for none, 1 for people who never take a long list at once."""
    impatience: Share
    """Multiplies the hazard of leaving."""
    bursts: Share
    """Chance that one more piece follows a message."""
    criticism: Share
    """Chance that a list turned down is answered with what is wrong with it."""
    mishearing: Share
    """Multiplies the error rates of the table through which answers are heard."""

    @classmethod
    def classic(cls, n_dialogues: int) -> "Traits":
        """Patient, truthful people with one item in mind."""
        whole = ("uneven", "interests")
        arrays: dict[str, Any] = {
            each.name: np.zeros(n_dialogues, np.int64 if each.name in whole else np.float64) for each in fields(cls)
        }
        return cls(**arrays)

    def present(self) -> frozenset[str]:
        """Names of the traits that anybody has."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name).any())


def either(one: Share, other: Share | float) -> Share:
    """Chance that at least one of two independent things happens."""
    return np.asarray(1.0 - (1.0 - one) * (1.0 - other))
