"""The small subgraph around one item that a person can look at.

Legend: V items, P attributes, E edges.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import DataError

_Floats = NDArray[np.float64]

# Common attributes tie an item to almost every other one; looking at more items than this tells nothing new.
_LONGEST_ROW = 20_000


@dataclass(frozen=True)
class Neighbourhood:
    """An item, attributes of it, and the items nearest to it through them."""

    item: int
    attributes: tuple[int, ...]
    """Attributes of the item that are shown, facet by facet, the rarest first."""
    items: tuple[int, ...]
    """Items near to it, the nearest first."""
    shared: tuple[tuple[int, ...], ...]
    """For each of ``items``, which of ``attributes`` it has too."""
    n_hidden: int
    """Attributes of the item that are not shown."""


def find_neighbourhood(catalogue: Catalogue, item: int, n_items: int = 8, n_attributes: int = 18) -> Neighbourhood:
    """Find what is around an item.

    Nearness is the cosine of the items' attributes, each weighted by log(V / items that have it), so that what is rare
    ties closer; lengths are damped by their mean, so that an item with hardly any attributes is not the nearest to all.

    :raises DataError: when there is no such item.
    """
    if not 0 <= item < catalogue.n_items:
        raise DataError(f"no item in place {item}; there are {catalogue.n_items}, counted from 0")
    own = catalogue.attributes_of(item)
    degrees = catalogue.attribute_items.degrees
    rarity = np.log(catalogue.n_items / np.maximum(degrees, 1))
    telling = own[degrees[own] <= max(_LONGEST_ROW, int(degrees[own].min(initial=0)))]
    place, reached = catalogue.attribute_items.gather(telling)
    near, inverse = np.unique(reached, return_inverse=True)
    overlap = np.bincount(inverse, rarity[telling[place]] ** 2, minlength=len(near))
    lengths = _squared_lengths(catalogue.item_attributes, near, rarity)
    nearness = overlap / np.sqrt(lengths + max(lengths.mean(), 1e-12)) if len(near) else overlap
    nearness[near == item] = 0
    # Ties go to the item more people know.
    order = np.lexsort((-catalogue.popularity[near], -nearness))[:n_items]
    items = near[order[nearness[order] > 0]]

    held = catalogue.item_attributes.contains(items[:, None], own[None, :])
    # First what ties the item to many of those shown, the rare before the common; what ties it to none comes last.
    first = np.lexsort((-rarity[own], -held.sum(axis=0) * np.sqrt(rarity[own])))[:n_attributes]
    shown = own[first]
    shown = shown[np.lexsort((degrees[shown], catalogue.attribute_facet[shown]))]
    has = catalogue.item_attributes.contains(items[:, None], shown[None, :])
    return Neighbourhood(
        item=item,
        attributes=tuple(shown.tolist()),
        items=tuple(items.tolist()),
        shared=tuple(tuple(shown[row].tolist()) for row in has),
        n_hidden=len(own) - len(shown),
    )


def find_well_known(dataset: Dataset) -> int:
    """An item that many know and that has much to show: the best product of the two ranks.

    Known means chosen in train, or sought by strangers where there are no users. A product, because what is merely
    popular may be known by one attribute alone.
    """
    catalogue = dataset.catalogue
    chosen = dataset.interactions.train_items.transposed.degrees
    known = catalogue.popularity if dataset.anonymous else chosen
    return int(np.argmax(_shares_below(known) * _shares_below(catalogue.item_attributes.degrees)))


def _shares_below(values: NDArray[np.float32] | NDArray[np.int64]) -> _Floats:
    """Share of all values that each one reaches or passes, shape (V,)."""
    return np.asarray(np.searchsorted(np.sort(values), values, side="right") / len(values))


def _squared_lengths(edges: CSR, rows: NDArray[np.int32], weights: _Floats) -> _Floats:
    place, columns = edges.gather(rows)
    return np.bincount(place, weights[columns] ** 2, minlength=len(rows)).astype(np.float64)
