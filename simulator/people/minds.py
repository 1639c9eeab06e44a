"""What people have in mind: one item or several, and how it changes.

Legend: N dialogues, E some of them, V items, W = 5 items that would do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from simulator.people.traits import Traits
from simulator.randomness import Purpose, uniform
from simulator.rows import RowArrays

MOST_WANTED = 5
"""Items that would do, at most (W)."""

TRIES = 8
"""Items from which the one most like the first is taken."""


@dataclass
class Minds(RowArrays):
    """What each person looks for."""

    wanted: NDArray[np.int32]
    """Items that would do, the one that is described first, shape (N, W), -1 where there are fewer."""
    opening: NDArray[np.int32]
    """Attribute with which the person set out, shape (N,), -1 for an item without any."""
    changed: NDArray[np.bool_]
    """Whether the mind was changed, shape (N,)."""

    @property
    def first(self) -> NDArray[np.int32]:
        """The item that is described, shape (N,)."""
        return self.wanted[:, 0]

    @classmethod
    def form(
        cls, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64], traits: Traits
    ) -> "Minds":
        """Set out with these targets, shape (N,), and whatever else would do."""
        wanted = np.full((len(targets), MOST_WANTED), -1, np.int32)
        wanted[:, 0] = targets
        opening = draw_attribute(catalogue, targets, keys)
        several = np.flatnonzero(traits.interests)
        if len(several):
            lots = uniform(keys[several], Purpose.INTERESTS)[:, 0]
            count = 1 + (lots * traits.interests[several]).astype(np.int64)
            for place in range(1, MOST_WANTED):
                rows = several[count >= place]
                wanted[rows, place] = alike(
                    catalogue, targets[rows], opening[rows], keys[rows], Purpose.INTERESTS, place
                )
        return cls(wanted, opening, np.zeros(len(targets), bool))

    def change(
        self, catalogue: Catalogue, rows: NDArray[np.intp], keys: NDArray[np.uint64], turns: NDArray[np.integer]
    ) -> None:
        """Look for another item instead that has what was said at the opening and is much like the old one.

        :param rows: whose mind changes, shape (E,); ``keys`` and ``turns`` are theirs.
        """
        new = alike(catalogue, self.first[rows], self.opening[rows], keys, Purpose.NEW_MIND, turns)
        self.wanted[rows] = -1
        self.wanted[rows, 0] = new
        self.changed[rows] = True

    def describe(self, catalogue: Catalogue, rows: NDArray[np.intp], attributes: NDArray[np.int32]) -> tuple[
        NDArray[np.bool_], NDArray[np.bool_]
    ]:  # fmt: skip
        """Whether any item that would do has each attribute, and whether that is known of any.

        :param attributes: shape (E, m), all there.
        :return: two arrays of shape (E, m).
        """
        wanted = self.wanted[rows]
        n_wanted = int((wanted >= 0).sum(axis=1).max(initial=1))
        items = np.maximum(wanted[:, :n_wanted, None], 0)
        real = wanted[:, :n_wanted, None] >= 0
        has = catalogue.item_attributes.contains(items, attributes[:, None, :]) & real
        known = catalogue.known[items, catalogue.attribute_facet[attributes][:, None, :]] & real
        return np.asarray(has.any(axis=1)), np.asarray(known.any(axis=1))


def draw_attribute(catalogue: Catalogue, items: NDArray[np.int32], keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """One attribute of each item, drawn uniformly, shape (N,); -1 for an item that has none."""
    edges = catalogue.item_attributes
    if not edges.n_edges:
        return np.full(len(items), -1, dtype=np.int32)
    degrees = edges.degrees[items]
    place = (uniform(keys, Purpose.OPENING)[:, 0] * degrees).astype(np.int64)
    edge = np.minimum(edges.indptr[items] + place, edges.n_edges - 1)
    return np.where(degrees > 0, edges.indices[edge], -1).astype(np.int32)


def sharing(catalogue: Catalogue, attributes: NDArray[np.int32], lots: NDArray[np.float64]) -> NDArray[np.int32]:
    """Items drawn from those that have an attribute; from all of them where the attribute is -1.

    :param attributes: shape (E,).
    :param lots: uniform numbers, shape (E, c).
    :return: shape (E, c).
    """
    edges = catalogue.attribute_items
    attribute = np.maximum(attributes, 0)[:, None]
    if not edges.n_edges:
        return (lots * catalogue.n_items).astype(np.int32)
    place = (lots * edges.degrees[attribute]).astype(np.int64)
    drawn = edges.indices[np.minimum(edges.indptr[attribute] + place, edges.n_edges - 1)]
    return np.where(attributes[:, None] >= 0, drawn, (lots * catalogue.n_items).astype(np.int32)).astype(np.int32)


def alike(
    catalogue: Catalogue,
    items: NDArray[np.int32],
    attributes: NDArray[np.int32],
    keys: NDArray[np.uint64],
    purpose: Purpose,
    turn: int | NDArray[np.integer],
) -> NDArray[np.int32]:
    """Another item that has the attribute: of :data:`TRIES` drawn, the one that shares most attributes with the first.

    :param items: shape (E,).
    :param attributes: shape (E,), -1 for any item.
    :return: shape (E,); the same item where no other was drawn.
    """
    drawn = sharing(catalogue, attributes, uniform(keys, purpose, turn, TRIES))
    edges = catalogue.item_attributes
    place, theirs = edges.gather(drawn.ravel())
    shared = edges.contains(np.repeat(items, TRIES)[place], theirs)
    count = np.bincount(place, weights=shared, minlength=drawn.size).reshape(drawn.shape)
    count[drawn == items[:, None]] = -1.0
    return np.take_along_axis(drawn, count.argmax(axis=1)[:, None], axis=1)[:, 0]
