"""The catalogue: items with their attributes, and nothing about users.

Legend: V items, P attributes, F facets.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.errors import DataError
from graph.hashing import hash_order

_YES_OR_NO = frozenset({"yes", "no"})


@dataclass(frozen=True)
class Facet:
    """A kind of attribute, such as "director"."""

    name: str
    open_world: bool = False
    """True when an item without a value is *unknown* for this facet, not known to lack every value."""
    ordered: bool = False
    """True when the values have an order people use ("older", "shorter"); attributes then stand in that order."""


@dataclass(frozen=True)
class Catalogue:
    """Items, attributes and the edges between them."""

    item_ids: NDArray[np.int64]
    """The data set's own id of each item, shape (V,), without repeats."""
    titles: tuple[str, ...]
    """What people call each item, length V."""
    years: NDArray[np.int16]
    """Year of each item, 0 where there is none, shape (V,)."""
    popularity: NDArray[np.float32]
    """How sought each item is by people we know nothing about, >= 0, shape (V,); all ones where nothing is known."""
    facets: tuple[Facet, ...]
    attribute_ids: NDArray[np.int64]
    """The data set's own id of each attribute, shape (P,), without repeats."""
    attribute_names: tuple[str, ...]
    """What people call each attribute, length P; names may repeat across facets, never within one."""
    attribute_facet: NDArray[np.int16]
    """Facet of each attribute, shape (P,)."""
    item_attributes: CSR
    """Which attributes each item has, V rows, P columns."""
    recorded: NDArray[np.bool_] | None = None
    """Whether the source has a value of each facet for each item, even one too rare to be an attribute, shape (V, F);
    None where every value is an attribute."""
    item_keys: tuple[str, ...] | None = None
    """What the source calls each item where that is not a number, such as "SKU-17", length V, without repeats."""
    texts: tuple[str, ...] | None = None
    """A description of each item, empty where there is none, length V; None where the source describes none."""
    noun: str | None = None
    """What one item is called, such as "guitar"; None where the source does not say."""

    def __post_init__(self) -> None:
        n_items, n_attributes = len(self.item_ids), len(self.attribute_ids)
        sizes = {
            "titles": (len(self.titles), n_items),
            "years": (len(self.years), n_items),
            "popularity": (len(self.popularity), n_items),
            "attribute names": (len(self.attribute_names), n_attributes),
            "attribute facets": (len(self.attribute_facet), n_attributes),
            "rows of item-attribute edges": (self.item_attributes.n_rows, n_items),
            "columns of item-attribute edges": (self.item_attributes.n_columns, n_attributes),
        }
        for what, own in (("item keys", self.item_keys), ("texts", self.texts)):
            if own is not None:
                sizes[what] = (len(own), n_items)
        for what, (found, wanted) in sizes.items():
            if found != wanted:
                raise DataError(f"catalogue: {found} {what}, but {wanted} are needed")
        if self.recorded is not None and self.recorded.shape != (n_items, len(self.facets)):
            raise DataError(f"catalogue: recorded values of shape {self.recorded.shape} for {n_items} items")

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    @property
    def n_attributes(self) -> int:
        return len(self.attribute_ids)

    @property
    def n_facets(self) -> int:
        return len(self.facets)

    @cached_property
    def vocabulary(self) -> str:
        """A hash of every attribute and facet, in order: equal when two catalogues can be asked about alike."""
        return self.vocabulary_of_first(self.n_attributes)

    def vocabulary_of_first(self, n_attributes: int) -> str:
        """The :attr:`vocabulary` this catalogue would have with its first attributes alone.

        It tells that a catalogue has grown out of another: new attributes come after the old ones.
        """
        if n_attributes not in self._vocabularies:
            self._vocabularies[n_attributes] = self._hash_vocabulary(n_attributes)
        return self._vocabularies[n_attributes]

    @cached_property
    def _vocabularies(self) -> dict[int, str]:
        """What has been hashed so far: agents ask at every decision whether they are at home."""
        return {}

    def _hash_vocabulary(self, n_attributes: int) -> str:
        digest = hashlib.sha256(np.ascontiguousarray(self.attribute_ids[:n_attributes]).tobytes())
        digest.update(np.ascontiguousarray(self.attribute_facet[:n_attributes]).tobytes())
        for name in (*self.attribute_names[:n_attributes], *(facet.name for facet in self.facets)):
            digest.update(name.encode() + b"\0")
        return digest.hexdigest()[:16]

    @cached_property
    def attribute_lots(self) -> NDArray[np.float32]:
        """What decides between attributes worth the same, shape (P,); see :func:`graph.hashing.hash_order`."""
        return hash_order(self.attribute_ids)

    @cached_property
    def item_lots(self) -> NDArray[np.float32]:
        """The same for items, shape (V,)."""
        return hash_order(self.item_ids)

    @cached_property
    def attribute_items(self) -> CSR:
        """Which items have each attribute, P rows, V columns."""
        return self.item_attributes.transposed

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether a facet is known for an item, shape (V, F); always true for closed-world facets."""
        known = np.zeros((self.n_items, self.n_facets), dtype=bool) if self.recorded is None else self.recorded.copy()
        known[self.item_attributes.row_of_edge(), self.attribute_facet[self.item_attributes.indices]] = True
        return np.asarray(known | ~np.array([facet.open_world for facet in self.facets], dtype=bool))

    @cached_property
    def unknown_items(self) -> CSR:
        """Items for which each facet is unknown, F rows, V columns."""
        items, facets = np.nonzero(~self.known)
        return CSR.from_pairs(facets, items, self.n_facets, self.n_items)

    @cached_property
    def attribute_rates(self) -> NDArray[np.float64]:
        """Share of items that have each attribute among the items whose facet is known, shape (P,)."""
        known_items = np.maximum(self.known.sum(axis=0), 1)
        return np.asarray(self.attribute_items.degrees / known_items[self.attribute_facet])

    def facet_index(self, name: str) -> int:
        """Place of the facet called ``name``.

        :raises DataError: when the catalogue has no such facet.
        """
        names = [facet.name for facet in self.facets]
        if name not in names:
            raise DataError(f"no facet {name!r} here; choose one of {', '.join(names)}")
        return names.index(name)

    def attributes_of(self, item: int, facet: int | None = None) -> NDArray[np.int32]:
        """Attributes of one item, of one facet if given."""
        attributes = self.item_attributes.row(item)
        return attributes if facet is None else attributes[self.attribute_facet[attributes] == facet]

    def item_key(self, item: int) -> int | str:
        """The data set's own id of an item, as its source writes it."""
        return int(self.item_ids[item]) if self.item_keys is None else self.item_keys[item]

    def describe_attribute(self, attribute: int) -> str:
        """Facet and name, such as "director: Ang Lee"."""
        return f"{self.facets[self.attribute_facet[attribute]].name}: {self.attribute_names[attribute]}"

    def name_by_itself(self, attribute: int) -> str:
        """The name, with its facet where nobody could tell what it is of: "maple", but "price: under 20"."""
        name = self.attribute_names[attribute]
        is_of_any = self.facets[self.attribute_facet[attribute]].ordered or name in _YES_OR_NO
        return self.describe_attribute(attribute) if is_of_any else name

    def describe_item(self, item: int) -> str:
        """Title and year, such as "Sense and Sensibility (1995)"; the title alone where there is no year."""
        year = int(self.years[item])
        return f"{self.titles[item]} ({year})" if year else self.titles[item]
