"""A data set: a catalogue, the history of its users, and where both come from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.interactions import Interactions, Split


class Ancestor(NamedTuple):
    """What a data set was before items were added to it; its items and attributes stand first, in the same places."""

    name: str
    fingerprint: str
    n_items: int
    n_attributes: int


@dataclass(frozen=True)
class Dataset:
    """What everything else is learned from and tested on."""

    name: str
    catalogue: Catalogue
    interactions: Interactions
    source: str
    """Where it comes from, in words."""
    licence: str
    """What may be done with it, in words."""
    asks: Split = Split.TEST
    """Whose pairs the test edges are in the whole data: valid in a rehearsal, where the true test split is absent."""
    grown_from: tuple[Ancestor, ...] = ()
    """What it was each time before items were added, oldest first; empty where none were."""

    @property
    def anonymous(self) -> bool:
        """True when there are no users: every conversation is with somebody unknown."""
        return self.interactions.n_users == 0

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """How sought each item is: users who have it in train, else what the catalogue says; shape (V,)."""
        if self.anonymous:
            return self.catalogue.popularity.astype(np.float64)
        return np.bincount(self.interactions.train_items.indices, minlength=self.catalogue.n_items).astype(np.float64)

    def describe_sizes(self) -> str:
        """How much there is, such as "943 users, 1,682 items, 1,362 attributes, 100,000 interactions"."""
        catalogue, history = self.catalogue, self.interactions
        users = f"{history.n_users:,} users, " if history.n_users else ""
        edges = f", {history.n_edges:,} interactions" if history.n_users else ""
        return f"{users}{catalogue.n_items:,} items, {catalogue.n_attributes:,} attributes{edges}"

    @cached_property
    def fingerprint(self) -> str:
        """A hash of every id, edge and split: equal when two data sets are the same to the last edge."""
        digest = hashlib.sha256()
        catalogue, history = self.catalogue, self.interactions
        for array in (
            catalogue.item_ids, catalogue.years, catalogue.popularity, catalogue.attribute_ids,
            catalogue.attribute_facet, catalogue.item_attributes.indptr, catalogue.item_attributes.indices,
            catalogue.known,
            history.user_ids, history.users, history.items, history.ratings, history.times, history.split,
            history.liked, history.friends.indptr, history.friends.indices,
        ):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        for name in (*catalogue.titles, *catalogue.attribute_names, *(str(facet) for facet in catalogue.facets)):
            digest.update(name.encode() + b"\0")
        # Parts that most data sets lack count only where they are there, so that nothing changes for the others.
        for part, names in (
            ("item_keys", catalogue.item_keys), ("texts", catalogue.texts), ("user_keys", history.user_keys),
            ("noun", None if catalogue.noun is None else (catalogue.noun,)),
        ):  # fmt: skip
            if names is not None:
                digest.update(b"\0".join([part.encode(), *(name.encode() for name in names), b""]))
        return digest.hexdigest()[:16]
