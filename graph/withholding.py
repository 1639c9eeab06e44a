"""A data set without some of its items, as if nobody had ever heard of them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import DataError


def withhold(dataset: Dataset, items: NDArray[np.integer], name: str | None = None) -> Dataset:
    """The same data without these items and all that was done with them.

    Attributes stay in their places, even those that nothing has any more; items close ranks.

    :param items: places of the items that go, in any order.
    :param name: what to call what is left; as before if not given.
    :raises DataError: when there is no such item, or none would be left.
    """
    catalogue, history = dataset.catalogue, dataset.interactions
    if len(items) and not 0 <= int(items.min()) <= int(items.max()) < catalogue.n_items:
        raise DataError(f"{dataset.name}: items to withhold are not all in 0..{catalogue.n_items - 1}")
    stays = np.ones(catalogue.n_items, bool)
    stays[items] = False
    kept = np.flatnonzero(stays)
    if not len(kept):
        raise DataError(f"{dataset.name}: nothing is left when all {catalogue.n_items:,} items are withheld")
    rows, attributes = catalogue.item_attributes.gather(kept)
    left = replace(
        catalogue,
        item_ids=catalogue.item_ids[kept],
        titles=tuple(catalogue.titles[item] for item in kept),
        years=catalogue.years[kept],
        popularity=catalogue.popularity[kept],
        item_attributes=CSR.from_pairs(rows, attributes, len(kept), catalogue.n_attributes),
        recorded=None if catalogue.recorded is None else catalogue.recorded[kept],
        item_keys=None if catalogue.item_keys is None else tuple(catalogue.item_keys[item] for item in kept),
        texts=None if catalogue.texts is None else tuple(catalogue.texts[item] for item in kept),
    )
    place = np.cumsum(stays) - 1
    edges = stays[history.items]
    fewer = replace(
        history,
        users=history.users[edges],
        items=place[history.items[edges]].astype(np.int32),
        ratings=history.ratings[edges],
        times=history.times[edges],
        split=history.split[edges],
        liked=history.liked[edges],
        n_items=len(kept),
    )
    return replace(dataset, name=name or dataset.name, catalogue=left, interactions=fewer, grown_from=())
