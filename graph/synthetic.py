"""Data sets of any size and shape, drawn from a seed, in which there is taste to be learned.

Items and users belong to latent clusters. An attribute is common or rare after Zipf's law and at home in one cluster;
items of its home cluster have it more often. Users choose by popularity, by the taste of their clusters, and by a few
attributes they are fond of. The ids say nothing: popularity and cluster are drawn independently of them.

Legend: V items, P attributes, F facets, U users, C clusters, E edges.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR, sorted_unique
from graph.dataset import Dataset
from graph.errors import DataError
from graph.interactions import Interactions, Split

PREFIX = "synthetic"
LICENCE = "CC0: generated, describes nothing real"
_CLUSTERS = 24
# Exponents of Zipf's law. Attributes: with .9 the commonest of 590 is held by about half of the items, as in Yelp's.
_ATTRIBUTE_ZIPF, _ITEM_ZIPF = 0.9, 0.8
_HOME_BOOST = 60.0
"""How many times more often an item has an attribute of its own cluster. With 60 the lift of an item's attributes tells
a user's items from others' nearly as well (AUC .77 at 590 attributes) as on the benchmark of Last.fm (.78)."""
_FONDNESSES = 4
"""Attributes a user is fond of."""
_BY_FONDNESS, _BY_CLUSTER = 0.45, 0.4
"""Shares of the choices made for a fond attribute, and for a cluster; the rest go by popularity."""
_CLUSTERS_PER_USER = 2
_SPLIT_AT = (0.70, 0.85)
_FIRST_TIME, _LAST_TIME = 1_262_304_000, 1_577_836_800
"""2010-01-01 and 2020-01-01, in Unix seconds."""
_ROUNDS, _MISSING = 30, 0.002
"""Draws that fall on an edge already there are drawn again, this often or until this share of the edges is missing."""

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SyntheticShape:
    """The size and shape of a synthetic data set; the fields are the keys of its name."""

    users: int = 1_000
    items: int = 5_000
    attributes: int = 200
    facets: int = 5
    interactions: float = 50.0
    """Mean for each user (Yelp: 49.5); never above half of the items."""
    per_item: float = 7.0
    """Mean number of attributes of an item (Yelp: 477,012 / 70,311 = 6.8)."""
    open: float = 0.0
    """Share of items that lose their values of a facet; above 0 every facet is open-world."""
    seed: int = 0

    _BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        "users": (0, 10_000_000), "items": (1, 20_000_000), "attributes": (1, 1_000_000), "facets": (1, 1_000),
        "interactions": (1, 100_000), "per_item": (1, 1_000), "open": (0, 0.95), "seed": (0, 2**63 - 1),
    }  # fmt: skip

    def __post_init__(self) -> None:
        for key, (low, high) in self._BOUNDS.items():
            if not low <= getattr(self, key) <= high:
                raise DataError(f"{PREFIX}: {key}={getattr(self, key)} is not between {low} and {high}")
        if self.facets > self.attributes:
            raise DataError(f"{PREFIX}: {self.facets} facets need as many attributes, and there are {self.attributes}")

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read ``synthetic:users=27675,items=70311,attributes=590,seed=0``; any subset of the keys, or none.

        :raises DataError: for an unknown key, a key given twice, or a number that is none or out of its range.
        """
        prefix, _, rest = name.partition(":")
        if prefix != PREFIX:
            raise DataError(f"{name!r}: a synthetic data set is called {PREFIX}:users=1000,items=5000")
        types = {field.name: float if field.type in (float, "float") else int for field in fields(cls)}
        values: dict[str, int | float] = {}
        for part in filter(None, rest.split(",")):
            key, equals, text = part.partition("=")
            if not equals or key not in types or key in values:
                why = "given twice" if key in values else f"not KEY=NUMBER with a key of {', '.join(types)}"
                raise DataError(f"{name!r}: {part!r} is {why}")
            try:
                values[key] = types[key](text)
            except ValueError as error:
                kind = "whole number" if types[key] is int else "number"
                raise DataError(f"{name!r}: {text!r} is not a {kind} for {key}") from error
        return cls(**values)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """The name that :meth:`parse` reads, with every key that is not the default."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        given = [f"{key}={value}" for key, value in values.items() if value != getattr(SyntheticShape, key)]
        return PREFIX + (":" + ",".join(given) if given else "")


def make_synthetic(users: int, items: int, attributes: int, seed: int = 0, **shape: float) -> Dataset:
    """Draw a data set; the same arguments give the same one.

    :param shape: any other field of :class:`SyntheticShape`.
    """
    return draw(SyntheticShape(users=users, items=items, attributes=attributes, seed=seed, **shape))  # type: ignore[arg-type]


def draw(shape: SyntheticShape) -> Dataset:
    """Draw the data set of this shape."""
    rng = np.random.default_rng(shape.seed)
    item_cluster = rng.integers(_CLUSTERS, size=shape.items)
    popularity = _zipf(shape.items, _ITEM_ZIPF, rng)
    home = rng.integers(_CLUSTERS, size=shape.attributes)
    # One row for each cluster: how often its items have each attribute, shape (C, P).
    boost = np.where(home == np.arange(_CLUSTERS)[:, None], _HOME_BOOST, 1.0)
    taste = _zipf(shape.attributes, _ATTRIBUTE_ZIPF, rng) * boost
    attribute_facet = rng.permutation(np.arange(shape.attributes) % shape.facets).astype(np.int16)
    item_attributes = _draw_attributes(shape, taste, item_cluster, attribute_facet, rng)
    catalogue = Catalogue(
        item_ids=np.arange(shape.items, dtype=np.int64),
        titles=tuple(f"item {item}" for item in range(shape.items)),
        years=np.zeros(shape.items, np.int16),
        popularity=popularity.astype(np.float32),
        facets=tuple(Facet(f"facet {facet + 1}", open_world=shape.open > 0) for facet in range(shape.facets)),
        attribute_ids=np.arange(shape.attributes, dtype=np.int64),
        attribute_names=tuple(f"value {attribute}" for attribute in range(shape.attributes)),
        attribute_facet=attribute_facet,
        item_attributes=item_attributes,
    )
    interactions = _draw_interactions(shape, catalogue, taste, item_cluster, popularity, rng)
    return Dataset(shape.name, catalogue, interactions, f"generated from the seed {shape.seed}", LICENCE)


def _draw_attributes(
    shape: SyntheticShape,
    taste: _Floats,
    item_cluster: _Ints,
    attribute_facet: NDArray[np.int16],
    rng: np.random.Generator,
) -> CSR:
    degrees = 1 + rng.poisson(shape.per_item - 1, shape.items)
    weights = _Weighted.rows(taste)

    def choose(items: _Ints) -> _Ints:
        return weights.choose(item_cluster[items], rng) % shape.attributes

    keys = _fill(np.minimum(degrees, shape.attributes), shape.attributes, choose)
    rows, columns = keys // shape.attributes, keys % shape.attributes
    if shape.open:
        unknown = rng.random((shape.items, shape.facets), dtype=np.float32) < shape.open
        kept = ~unknown[rows, attribute_facet[columns]]
        rows, columns = rows[kept], columns[kept]
    # An attribute that nobody has would be a question nobody says yes to.
    unused = np.flatnonzero(np.bincount(columns, minlength=shape.attributes) == 0)
    rows = np.concatenate([rows, rng.integers(shape.items, size=len(unused))])
    return CSR.from_pairs(rows, np.concatenate([columns, unused]), shape.items, shape.attributes)


def _draw_interactions(
    shape: SyntheticShape,
    catalogue: Catalogue,
    taste: _Floats,
    item_cluster: _Ints,
    popularity: _Floats,
    rng: np.random.Generator,
) -> Interactions:
    if shape.users == 0:
        return Interactions.none(shape.items)
    by_cluster = CSR.from_pairs(item_cluster, np.arange(shape.items), _CLUSTERS, shape.items)
    by_attribute = catalogue.attribute_items
    in_cluster = _Weighted.csr(by_cluster, popularity)
    with_attribute = _Weighted.csr(by_attribute, popularity)
    overall = _Weighted.rows(popularity[None, :])
    clusters = rng.choice(np.flatnonzero(by_cluster.degrees), (shape.users, _CLUSTERS_PER_USER))
    fond = _Weighted.rows(taste).choose(np.repeat(clusters[:, 0], _FONDNESSES), rng) % shape.attributes
    fond = fond.reshape(shape.users, _FONDNESSES)

    def choose(users: _Ints) -> _Ints:
        how = rng.random(len(users))
        by_fondness, by_taste = how < _BY_FONDNESS, (how >= _BY_FONDNESS) & (how < _BY_FONDNESS + _BY_CLUSTER)
        rest = ~(by_fondness | by_taste)
        chosen = np.empty(len(users), np.int64)
        one_fond = fond[users[by_fondness], rng.integers(_FONDNESSES, size=by_fondness.sum())]
        one_cluster = clusters[users[by_taste], rng.integers(_CLUSTERS_PER_USER, size=by_taste.sum())]
        chosen[by_fondness] = by_attribute.indices[with_attribute.choose(one_fond, rng)]
        chosen[by_taste] = by_cluster.indices[in_cluster.choose(one_cluster, rng)]
        chosen[rest] = overall.choose(np.zeros(rest.sum(), np.int64), rng)
        return chosen

    # Log-normal with this spread has the given mean and the long tail of real histories.
    spread = 0.8
    degrees = np.rint(shape.interactions * rng.lognormal(-(spread**2) / 2, spread, shape.users)).astype(np.int64)
    keys = _fill(np.clip(degrees, min(3, shape.items), max(shape.items // 2, 1)), shape.items, choose)
    users, items = keys // shape.items, keys % shape.items
    times = rng.integers(_FIRST_TIME, _LAST_TIME, len(keys))
    order = np.lexsort((times, users))
    users, items, times = users[order], items[order], times[order]
    counts = np.bincount(users, minlength=shape.users)
    begins = np.cumsum(counts) - counts
    # From 0 up to, not including, 1: everybody's first choice is in train.
    progress = (np.arange(len(keys)) - begins[users]) / counts[users]
    split = np.select([progress < _SPLIT_AT[0], progress < _SPLIT_AT[1]], [Split.TRAIN, Split.VALID], Split.TEST)
    empty = np.zeros(0, np.int32)
    return Interactions(
        users=users.astype(np.int32),
        items=items.astype(np.int32),
        ratings=np.ones(len(keys), np.float32),
        times=times,
        split=split.astype(np.int8),
        liked=np.ones(len(keys), bool),
        user_ids=np.arange(shape.users, dtype=np.int64),
        user_facts={},
        friends=CSR.from_pairs(empty, empty, shape.users, shape.users),
        n_items=shape.items,
    )


def _zipf(n: int, exponent: float, rng: np.random.Generator) -> _Floats:
    """Weights that fall as rank ** -exponent, in random order, with mean 1; shape (n,)."""
    weights = rng.permutation(np.arange(1, n + 1, dtype=np.float64) ** -exponent)
    return np.asarray(weights / weights.mean())


@dataclass(frozen=True)
class _Weighted:
    """Rows of weighted entries laid end to end, from which an entry of a given row can be drawn by bisection."""

    cumulative: _Floats
    """Running sum of the weights over all rows, shape (entries + 1,)."""
    indptr: _Ints
    """Where each row begins, shape (rows + 1,)."""

    @classmethod
    def rows(cls, weights: _Floats) -> "_Weighted":
        """Every row has every column; weights of shape (rows, columns)."""
        n_rows, n_columns = weights.shape
        return cls(np.concatenate([[0.0], np.cumsum(weights)]), np.arange(n_rows + 1, dtype=np.int64) * n_columns)

    @classmethod
    def csr(cls, edges: CSR, weights: _Floats) -> "_Weighted":
        """The edges of each row, by the weights of their columns, shape (columns,)."""
        return cls(np.concatenate([[0.0], np.cumsum(weights[edges.indices])]), edges.indptr)

    def choose(self, rows: _Ints, rng: np.random.Generator) -> _Ints:
        """Place of one entry of each row, counted over all rows; shape (len(rows),). No row may be empty."""
        low, high = self.cumulative[self.indptr[rows]], self.cumulative[self.indptr[rows + 1]]
        place = np.searchsorted(self.cumulative, low + (high - low) * rng.random(len(rows)), side="right") - 1
        # Rounding can carry a draw over the edge of its row.
        return np.asarray(place.clip(self.indptr[rows], self.indptr[rows + 1] - 1))


def _fill(degrees: _Ints, n_columns: int, choose: Callable[[_Ints], _Ints]) -> _Ints:
    """Draw distinct columns for each row.

    :param degrees: how many each row should get, shape (rows,).
    :param choose: draws one column for each of the given rows.
    :return: ``row * n_columns + column`` of each edge, ascending.
    """
    keys = np.zeros(0, np.int64)
    for _ in range(_ROUNDS):
        missing = degrees - np.bincount(keys // n_columns, minlength=len(degrees))
        rows = np.repeat(np.arange(len(degrees)), missing)
        if len(rows) <= _MISSING * degrees.sum():
            break
        fresh = sorted_unique(rows * n_columns + choose(rows))
        place = np.searchsorted(keys, fresh)
        known = keys[np.minimum(place, len(keys) - 1)] == fresh if len(keys) else np.zeros(len(fresh), bool)
        keys = np.insert(keys, place[~known], fresh[~known])
    return keys
