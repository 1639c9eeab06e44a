"""From what people liked to their personas, and from personas to scores.

Legend: B people, V items, C items asked about, R personas a person, L likes of one person, N likes of all people, D
dimensions of a vector.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp, softmax

from graph.affinity.profiles import Profiles, Verdict
from graph.csr import IntArray
from graph.unit_vectors import unit_rows

FloatArray = NDArray[np.float32]

ROUNDS = 3
"""How often personas are moved to the mean of what they attend to."""

SHARPNESS = 5.0
"""What the cosine of a like and a persona is multiplied with before likes are shared out among personas."""

LEAST_SHARE = 1e-3
"""Added to the share of a persona before its logarithm, so that one that nothing was liked for stays a number."""


@dataclass(frozen=True)
class Personas:
    """Personas of B people."""

    vectors: FloatArray
    """What each persona looks for, shape (B, R, D)."""
    masses: FloatArray
    """Likes that each persona stands for, shape (B, R); zeros for people who liked nothing that is covered."""
    starts: NDArray[np.int64]
    """Where the likes of each person begin, shape (B + 1,)."""
    items: NDArray[np.int32]
    """What was liked, shape (N,)."""
    attention: FloatArray
    """Share of each persona in each like, shape (N, R); rows sum to one."""

    def __len__(self) -> int:
        return len(self.masses)

    @property
    def shares(self) -> FloatArray:
        """Share of the likes that each persona stands for, shape (B, R)."""
        return self.masses / np.maximum(self.masses.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)

    def likes_of(self, person: int) -> tuple[NDArray[np.int32], FloatArray]:
        """What one person liked, shape (L,), and the share of each persona in it, shape (L, R)."""
        own = slice(self.starts[person], self.starts[person + 1])
        return self.items[own], self.attention[own]

    def without(self, persona: int) -> "Personas":
        """The same people less one persona each."""
        return self.only([each for each in range(self.masses.shape[1]) if each != persona])

    def only(self, chosen: "list[int] | NDArray[np.intp]") -> "Personas":
        """The same people with some of their personas, in the order they are named."""
        return Personas(
            self.vectors[:, chosen], self.masses[:, chosen], self.starts, self.items, self.attention[:, chosen]
        )


@dataclass(frozen=True)
class PersonaEncoder:
    """What was learned, ready to find personas; nothing in it belongs to a user.

    A like is shared out among R personas by ``softmax_r(SHARPNESS * cos(like, persona r))``; personas start as learned
    seeds, the same for everybody, and move to the mean of their likes a few times.  What a persona looks for is the sum
    of its likes over the root of their number.

    A persona chooses an item by the softmax over all items of ``temperature * vector . item``.  A person is a mixture
    of personas, each with the share of the likes that it stands for.
    """

    items: FloatArray
    """Vectors of items as candidates, shape (V, D)."""
    likes: FloatArray
    """Vectors of items as likes, shape (V, D); zeros for items that nobody liked."""
    seeds: FloatArray
    """Shape (R, D)."""
    temperature: float
    """What products of vectors are multiplied with before the softmax over items."""

    @cached_property
    def covers(self) -> NDArray[np.bool_]:
        """Items that somebody liked, shape (V,)."""
        return np.asarray(self.likes.any(axis=1))

    @property
    def n_personas(self) -> int:
        """R."""
        return len(self.seeds)

    def of(self, profiles: Profiles) -> Personas:
        """Personas of people."""
        chosen = (profiles.verdicts == Verdict.LIKED) & self.covers[profiles.items]
        starts = np.concatenate([[0], np.cumsum(chosen)])[profiles.starts]
        return self.of_likes(starts, profiles.items[chosen])

    def of_likes(self, starts: NDArray[np.int64], items: NDArray[np.int32]) -> Personas:
        """Personas of people who liked ``items``, those of each person from one start to the next."""
        n_people, liked = len(starts) - 1, self.likes[items]
        keys = unit_rows(liked)
        person = np.repeat(np.arange(n_people), np.diff(starts))
        # Sums over the likes of each person: B rows, N columns.
        whose = sp.csr_array((np.ones(len(items), np.float32), np.arange(len(items)), starts), (n_people, len(items)))
        centres = np.broadcast_to(unit_rows(self.seeds), (n_people, *self.seeds.shape))
        for _ in range(ROUNDS):
            centres = unit_rows(_summed(whose, self._shared_out(keys, centres[person]), keys))
        attention = self._shared_out(keys, centres[person])
        masses = np.asarray(whose @ attention, np.float32)
        vectors = _summed(whose, attention, liked) / np.sqrt(np.maximum(masses, 1.0))[:, :, None]
        return Personas(np.asarray(vectors, np.float32), masses, starts, items, attention)

    def _shared_out(self, keys: FloatArray, centres: FloatArray) -> FloatArray:
        """Share of each persona in each like, shape (N, R); the centres of its person beside each, (N, R, D)."""
        return np.asarray(softmax(np.float32(SHARPNESS) * np.einsum("nd,nrd->nr", keys, centres), axis=1), np.float32)

    def fits(self, personas: Personas, items: IntArray | None = None) -> FloatArray:
        """Logarithm of the chance that each persona chooses each item, among all items, shape (B, R, C).

        :param items: items asked about, shape (C,); all of them if not given.
        """
        logs = log_softmax(np.float32(self.temperature) * (personas.vectors @ self.items.T), axis=2)
        return np.asarray(logs if items is None else logs[:, :, items], np.float32)

    def weigh(self, personas: Personas, fits: FloatArray) -> FloatArray:
        """Weight of each persona for each item: the chance that it was the one to choose it, shape (B, R, C).

        The more a persona stands for, and the better the item fits it, the more it weighs.
        """
        return np.asarray(softmax(_joint(personas, fits), axis=1), np.float32)

    def scores(self, personas: Personas, items: IntArray | None = None) -> FloatArray:
        """Logarithm of the chance of each item under the mixture of a person's personas, shape (B, C)."""
        return np.asarray(logsumexp(_joint(personas, self.fits(personas, items)), axis=1), np.float32)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """What was learned, by name."""
        temperature = np.array([self.temperature], np.float32)
        return {"items": self.items, "likes": self.likes, "seeds": self.seeds, "temperature": temperature}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[np.generic]]) -> "PersonaEncoder":
        """What :meth:`arrays` gave, as an encoder again."""
        items, likes, seeds = (np.ascontiguousarray(arrays[name], np.float32) for name in ("items", "likes", "seeds"))
        return cls(items, likes, seeds, float(np.asarray(arrays["temperature"])[0]))


def _joint(personas: Personas, fits: FloatArray) -> FloatArray:
    """Logarithm of the chance of a persona and an item, shape (B, R, C)."""
    return np.asarray(fits + np.log(personas.shares + np.float32(LEAST_SHARE))[:, :, None], np.float32)


def _summed(whose: sp.csr_array, shares: FloatArray, values: FloatArray) -> FloatArray:
    """Sum of the values of each person's likes by the share of each persona, shape (B, R, D)."""
    return np.stack([whose @ (share[:, None] * values) for share in shares.T], axis=1)
