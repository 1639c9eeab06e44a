"""Who is met when: easy people first, then more and more of everybody.

Bengio, Louradour, Collobert and Weston 2009, "Curriculum learning", ICML.

Legend: E dialogues that begin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.hashing import mix64
from simulator.people import People
from simulator.users import Population, parse_users

_SALT = np.uint64(0x51AFD7ED558CCD1F)


@dataclass
class Curriculum:
    """Classic people, and a growing share of others."""

    others: Population
    share: float = 0.0
    """Chance that somebody is one of the others; 1 in the end."""

    @classmethod
    def towards(cls, users: str) -> "Curriculum":
        """Ends with these users.

        :raises OptionError: when there are no such users.
        """
        return cls(parse_users(users))

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> People:
        """People with these items in mind, shape (E,), and these random keys, shape (E,)."""
        traits = self.others.traits(keys)
        easy = np.flatnonzero((mix64(keys ^ _SALT) >> np.uint64(11)).astype(np.float64) / 2**53 >= self.share)
        traits.put(easy, parse_users("classic").traits(keys[easy]))
        return People(catalogue, targets, keys, traits, self.others.table)
