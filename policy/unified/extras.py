"""What else a network may be told of each slot: codes of its item, and which taste of the person it serves.

Both are off in the agents that come with the package: what an item is worth is in the belief already, and told more the
network has more to learn by heart (docs/policy.md).

Legend: N dialogues, K slots, V items, R tastes of a person, W numbers that an extra tells.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from graph.affinity.signals.coded import embedded
from graph.catalogue import Catalogue
from graph.errors import DataError
from graph.item_codes import Codebook, CodeTable, ItemCoder, Origin
from simulator.protocol import State

FloatArray = NDArray[np.float32]


class Extra(Protocol):
    """Tells the network more of each slot."""

    @property
    def name(self) -> str:
        """What it is called in checkpoints and options."""

    @property
    def width(self) -> int:
        """W."""

    def of(self, state: State) -> FloatArray:
        """About unit size, shape (N, K, W); zeros where there is nothing to tell."""

    def arrays(self) -> Mapping[str, FloatArray]:
        """What travels with an agent."""


class TasteExtra:
    """Of recommend slots: weight of the taste that the item serves most, and belief in that taste; of all: how sure it
    is which taste it is about.

    :raises DataError: when it is asked about a state without tastes.
    """

    name = "tastes"
    width = 3

    def of(self, state: State) -> FloatArray:
        """Shape (N, K, W)."""
        if state.tastes is None:
            raise DataError("this agent looks at people's tastes; use it where the data have users")
        space, n = state.candidates.space, len(state.candidates.mask)
        believed = np.einsum("nrv,nv->nr", state.tastes, state.belief.probabilities)
        items = state.candidates.items
        weights = state.tastes[np.arange(n)[:, None], :, np.maximum(items, 0)]  # (N, slots, R)
        top = weights.argmax(axis=2)
        told = np.zeros((n, space.n_slots, self.width), np.float32)
        recommends = slice(space.n_ask, space.wait_slot)
        told[:, recommends, 0] = np.where(items >= 0, np.take_along_axis(weights, top[:, :, None], 2)[:, :, 0], 0.0)
        told[:, recommends, 1] = np.where(items >= 0, np.take_along_axis(believed, top, 1), 0.0)
        entropy = -(believed * np.log(np.maximum(believed, 1e-9))).sum(axis=1)
        told[:, :, 2] = (entropy / np.log(max(state.tastes.shape[1], 2)))[:, None]
        return told

    def arrays(self) -> Mapping[str, FloatArray]:
        """Nothing: tastes come with the state."""
        return {}

    def __repr__(self) -> str:
        return "TasteExtra()"


ANYWHERE = ""
"""Name of no data set: every catalogue has its own mean taken from its texts, at home as elsewhere."""


class CodeExtra:
    """Of recommend slots: the item's vector by its codes, and how much it is like what is believed in on the whole."""

    name = "codes"
    DIMENSIONS = 12
    """Of the vector that are told, the first ones: items differ most along them."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self._made: tuple[Catalogue, FloatArray] | None = None

    @property
    def width(self) -> int:
        """W."""
        return self.DIMENSIONS + 1

    def of(self, state: State) -> FloatArray:
        """Shape (N, K, W)."""
        vectors, space = self.vectors(state.catalogue), state.candidates.space
        items = state.candidates.items
        of_items = np.where((items >= 0)[:, :, None], vectors[np.maximum(items, 0)], np.float32(0))
        meant = state.belief.probabilities @ vectors
        meant /= np.maximum(np.linalg.norm(meant, axis=1, keepdims=True), 1e-9)
        told = np.zeros((len(items), space.n_slots, self.width), np.float32)
        recommends = slice(space.n_ask, space.wait_slot)
        # Coordinates of a unit vector are small; four of them at a time make about one.
        told[:, recommends, : self.DIMENSIONS] = np.clip(4.0 * of_items[:, :, : self.DIMENSIONS], -4.0, 4.0)
        told[:, recommends, self.DIMENSIONS] = np.einsum("nkd,nd->nk", of_items, meant)
        return told

    def vectors(self, catalogue: Catalogue) -> FloatArray:
        """Vectors of all items, shape (V, D); made once for a catalogue."""
        if self._made is None or self._made[0] is not catalogue:
            embeddings = embedded(catalogue)
            here = self.codebook.at(ANYWHERE, embeddings)
            self._made = catalogue, here.table.items(here.codes(embeddings))
        return self._made[1]

    def arrays(self) -> Mapping[str, FloatArray]:
        """Coder and table."""
        return {**self.codebook.coder.arrays(), **self.codebook.table.arrays()}

    def __repr__(self) -> str:
        return f"CodeExtra({self.codebook.origin.fingerprint})"


NAMES = (TasteExtra.name, CodeExtra.name)
"""Extras there are."""


def restore_extras(names: Sequence[str], origin: Origin | None, arrays: Mapping[str, Any]) -> tuple[Extra, ...]:
    """What agents carry, ready to be used.

    :raises DataError: when there is no extra of a name, or its arrays cannot be right.
    :raises KeyError: when they are missing.
    """
    found: list[Extra] = []
    for name in names:
        if name == TasteExtra.name:
            found.append(TasteExtra())
        elif name == CodeExtra.name and origin is not None:
            found.append(CodeExtra(Codebook(ItemCoder.restore(arrays), CodeTable.restore(arrays), origin)))
        else:
            raise DataError(f"no extra {name!r}")
    return tuple(found)
