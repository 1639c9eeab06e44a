"""What must hold of a data set and of the edges that are learned from it.

Legend: V items, P attributes, F facets, U users, E interactions.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR, sorted_unique
from graph.dataset import Dataset
from graph.interactions import Interactions, Split

Messages = list[str]


@dataclass(frozen=True)
class Findings:
    """What a check found, one line each."""

    problems: tuple[str, ...]
    """Broken rules: nothing may be learned from such data."""
    warnings: tuple[str, ...]
    """What is odd but harmless."""


def check_catalogue(catalogue: Catalogue) -> tuple[Messages, Messages]:
    """Problems and warnings of items, attributes and facets."""
    problems: Messages = []
    edges, facet = catalogue.item_attributes, catalogue.attribute_facet
    problems += _repeated("item id", catalogue.item_ids) + _repeated("attribute id", catalogue.attribute_ids)
    problems += _dangling("item-attribute edge", "attribute", edges.indices, catalogue.n_attributes)
    homeless = np.flatnonzero((facet < 0) | (facet >= catalogue.n_facets))
    if len(homeless):
        problems.append(
            f"{len(homeless)} attributes have no facet, attribute {catalogue.attribute_ids[homeless[0]]} first"
        )
    else:
        names = list(zip(facet.tolist(), catalogue.attribute_names, strict=True))
        if len(set(names)) != len(names):
            twice = Counter(names).most_common(1)[0][0]
            problems.append(f"two attributes of the facet {catalogue.facets[twice[0]].name!r} are called {twice[1]!r}")
    if problems:
        return problems, []
    warnings = _count(catalogue.item_key, edges.degrees == 0, "items have no attribute")
    attribute_ids, unused = catalogue.attribute_ids, catalogue.attribute_items.degrees == 0
    warnings += _count(lambda attribute: int(attribute_ids[attribute]), unused, "attributes have no item")
    return problems, warnings


def check_interactions(history: Interactions, n_items: int) -> Messages:
    """Problems of users, their history and their friends."""
    problems = _repeated("user id", history.user_ids)
    if history.n_items != n_items:
        problems.append(f"the interactions are with {history.n_items} items, the catalogue has {n_items}")
    problems += _dangling("interaction", "user", history.users, history.n_users)
    problems += _dangling("interaction", "item", history.items, n_items)
    problems += _dangling("friendship", "user", history.friends.indices, history.n_users)
    problems += _dangling("interaction", "split", history.split, len(Split))
    if problems:
        return problems
    keys = history.users.astype(np.int64) * n_items + history.items
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(twice):
        first, second = order[twice[0]], order[twice[0] + 1]
        where = " and ".join(Split(history.split[edge]).name.lower() for edge in (first, second))
        problems.append(
            f"{len(twice)} interactions stand there twice, first user {history.user_key(history.users[first])} with "
            f"the item in place {history.items[first]} ({where})"
        )
    return problems


def check_learned_edges(dataset: Dataset, splits: Sequence[Split], user_items: CSR, user_attributes: CSR) -> Messages:
    """Edges that are learned from although no interaction of ``splits`` accounts for them.

    :param user_items: U rows, V columns.
    :param user_attributes: U rows, P columns.
    """
    history, catalogue = dataset.interactions, dataset.catalogue
    if (user_items.n_rows, user_items.n_columns) != (history.n_users, catalogue.n_items) or (
        user_attributes.n_rows,
        user_attributes.n_columns,
    ) != (history.n_users, catalogue.n_attributes):
        return ["the graph was made from a data set of another size"]
    named = " and ".join(split.name.lower() for split in splits)
    chosen = np.isin(history.split, splits)
    own = CSR.from_pairs(history.users[chosen], history.items[chosen], history.n_users, catalogue.n_items)
    problems: Messages = []
    users = user_items.row_of_edge()
    foreign = ~own.contains(users, user_items.indices)
    if foreign.any():
        edge = int(np.flatnonzero(foreign)[0])
        problems.append(
            f"{foreign.sum()} user-item edges are not from {named}, first user {history.user_key(users[edge])}, "
            f"item {catalogue.item_key(user_items.indices[edge])}"
        )
    liked = chosen & history.liked
    reached = CSR.from_pairs(history.users[liked], history.items[liked], history.n_users, catalogue.n_items).to_scipy()
    held = (reached @ catalogue.item_attributes.to_scipy()).tocoo()
    accounted = CSR.from_pairs(held.row, held.col, history.n_users, catalogue.n_attributes)
    users = user_attributes.row_of_edge()
    foreign = ~accounted.contains(users, user_attributes.indices)
    if foreign.any():
        edge = int(np.flatnonzero(foreign)[0])
        problems.append(
            f"{foreign.sum()} user-attribute edges come from nothing liked in {named}, first user "
            f"{history.user_key(users[edge])}, attribute {catalogue.attribute_ids[user_attributes.indices[edge]]}"
        )
    return problems


def _repeated(what: str, ids: NDArray[np.int64]) -> Messages:
    return [] if len(sorted_unique(ids)) == len(ids) else [f"the same {what} stands there twice"]


def _dangling(edge: str, end: str, ends: NDArray[np.signedinteger], bound: int) -> Messages:
    outside = (ends < 0) | (ends >= bound)
    if not outside.any():
        return []
    return [f"{outside.sum()} {edge}s point past the {bound} {end}s there are, the first to {ends[outside][0]}"]


def _count(id_of: Callable[[int], int | str], chosen: NDArray[np.bool_], what: str) -> Messages:
    return [f"{chosen.sum()} {what}, the first has the id {id_of(int(chosen.argmax()))}"] if chosen.any() else []
