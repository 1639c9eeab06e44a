"""Read the benchmark of multi-round conversational recommendation in the layout of EAR, SCPR and UNICORN.

    Graph_generate_data/item_dict.json            item -> {"feature_index": [attribute, ...], ...}
    Graph_generate_data/user_dict.json            user -> {"friends": [user, ...], ...}
    UI_Interaction_data/review_dict_{split}.json  user -> [item, ...]
    ID_map_info/{item,tag}_reverse_map.json       id -> {"real_name": [name], ...}; the folder may be absent

The ``like`` lists of ``user_dict.json`` are never read: they were made from test interactions too.
Source of the layout: https://github.com/dengyang17/unicorn (KDD 2021, arXiv:2105.09710).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR, sorted_unique
from graph.dataset import Dataset
from graph.errors import DataError
from graph.hashing import GOLDEN, mix64
from graph.interactions import Interactions, Split
from graph.printable import printable

FACET = "tag"
ITEMS = "Graph_generate_data/item_dict.json"
USERS = "Graph_generate_data/user_dict.json"
REVIEWS = "UI_Interaction_data/review_dict_{}.json"
NAMES = "ID_map_info/{}_reverse_map.json"
SOURCE = "multi-round conversational recommendation benchmark (EAR, SCPR, UNICORN layout)"
LICENCE = "research only, non-commercial; Last.fm data: HetRec 2011, https://grouplens.org/datasets/hetrec-2011"
# As published; anything larger cannot come from these data and would overflow when edges are packed into 64 bits.
_LARGEST_ID = 2**31 - 1
_ID = re.compile(r"[0-9]{1,10}", re.ASCII)

_Ids = NDArray[np.int64]


def import_mcr(folder: Path, name: str) -> Dataset:
    """Read one benchmark folder.

    Every attribute has the facet "tag", and the world is closed: an item lacks what is not listed. The ids are those of
    the files. Items stand in the order of a hash of their id, because neighbouring ids come from one listener and an
    order by id would leak that through every tie-break.

    :raises DataError: for a missing or damaged file, an id that nothing else knows, or an interaction in two splits.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name the one that holds Graph_generate_data")
    items = _Lists.read(folder / ITEMS, "item", "feature_index")
    friends = _Lists.read(folder / USERS, "user", "friends")
    reviews = {split: _Lists.read(folder / REVIEWS.format(split.name.lower()), "user") for split in Split}

    item_ids = items.keys[np.argsort(_hash_ids(items.keys), kind="stable")]
    user_ids = sorted_unique(np.concatenate([friends.keys, *(lists.keys for lists in reviews.values())]))
    item_names = _read_names(folder, "item")
    attribute_names = _read_names(folder, "tag")
    attribute_ids = (
        sorted_unique(items.values) if attribute_names is None else np.array(sorted(attribute_names), np.int64)
    )
    noun = "artist" if name.startswith("lastfm") else "item"

    catalogue = Catalogue(
        item_ids=item_ids,
        titles=tuple(_titles(item_ids, item_names, noun, folder)),
        years=np.zeros(len(item_ids), np.int16),
        popularity=np.ones(len(item_ids), np.float32),
        facets=(Facet(FACET),),
        attribute_ids=attribute_ids,
        attribute_names=tuple(_distinct_names(attribute_ids, attribute_names)),
        attribute_facet=np.zeros(len(attribute_ids), np.int16),
        item_attributes=CSR.from_pairs(
            _places(items.owners, item_ids, items, "item", ITEMS),
            _places(items.values, attribute_ids, items, "attribute", NAMES.format("tag")),
            len(item_ids),
            len(attribute_ids),
        ),
    )
    knows = CSR.from_pairs(
        _places(friends.owners, user_ids, friends, "user", USERS),
        _places(friends.values, user_ids, friends, "user", f"{USERS} and the reviews"),
        len(user_ids),
        len(user_ids),
    )
    return Dataset(name, catalogue, _interactions(reviews, user_ids, item_ids, knows), SOURCE, LICENCE)


@dataclass(frozen=True)
class _Lists:
    """One JSON file as edges: the key and the value of each, and every key, in any order."""

    path: Path
    keys: _Ids
    owners: _Ids
    values: _Ids

    @classmethod
    def read(cls, path: Path, kind: str, field: str | None = None) -> "_Lists":
        """Read ``{id: [id, ...]}``, or ``{id: {field: [id, ...]}}`` when a field is given."""
        raw = _read_object(path)
        lists: list[list[int]] = []
        for key, entry in raw.items():
            if field is not None and not isinstance(entry, dict):
                raise DataError(f"{path}: {kind} {key!r}: not an object with {field!r}; copy the file anew")
            values = entry if field is None else entry.get(field)
            if not isinstance(values, list) or not all(
                type(value) is int and 0 <= value <= _LARGEST_ID for value in values
            ):
                where = f"{kind} {key!r}" + (f", {field}" if field else "")
                raise DataError(
                    f"{path}: {where}: not a list of whole numbers from 0 to {_LARGEST_ID}; copy the file anew"
                )
            lists.append(values)
        keys = _read_keys(path, kind, raw)
        lengths = [len(values) for values in lists]
        values = np.fromiter((value for values in lists for value in values), np.int64, sum(lengths))
        return cls(path, keys, np.repeat(keys, lengths), values)


def _interactions(reviews: dict[Split, _Lists], user_ids: _Ids, item_ids: _Ids, friends: CSR) -> Interactions:
    edges: list[_Ids] = []
    for lists in reviews.values():
        users = _places(lists.owners, user_ids, lists, "user", USERS)
        edges.append(sorted_unique(users * len(item_ids) + _places(lists.values, item_ids, lists, "item", ITEMS)))
    keys = np.concatenate(edges)
    split = np.repeat(np.array(list(reviews), np.int8), [len(part) for part in edges])
    users, items = keys // max(len(item_ids), 1), keys % max(len(item_ids), 1)

    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(twice):
        first, second = order[twice[0]], order[twice[0] + 1]
        paths = " and ".join(str(reviews[Split(split[edge])].path.name) for edge in (first, second))
        raise DataError(
            f"{reviews[Split.TRAIN].path.parent}: user {user_ids[users[first]]}, item {item_ids[items[first]]} stands "
            f"in {paths}, and {len(twice) - 1} more pairs do so; leave each pair in one split only"
        )
    n_edges = len(keys)
    return Interactions(
        users=users.astype(np.int32),
        items=items.astype(np.int32),
        ratings=np.ones(n_edges, np.float32),
        times=np.zeros(n_edges, np.int64),
        split=split,
        liked=np.ones(n_edges, bool),
        user_ids=user_ids,
        user_facts={},
        friends=friends,
        n_items=len(item_ids),
    )


def _places(ids: _Ids, known: _Ids, lists: _Lists, kind: str, owner: str) -> _Ids:
    """Where each id stands in ``known``.

    :raises DataError: naming the first id that is not there.
    """
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known, ids, sorter=order).clip(max=max(len(known) - 1, 0))
    found = known[order[place]] == ids if len(known) else np.zeros(len(ids), bool)
    if not found.all():
        edge = int(np.flatnonzero(~found)[0])
        raise DataError(
            f"{lists.path}: key {str(lists.owners[edge])!r}: {kind} {ids[edge]} is not in {owner}; "
            "use files that were made together"
        )
    return np.asarray(order[place] if len(known) else place)


def _titles(item_ids: _Ids, names: dict[int, str] | None, noun: str, folder: Path) -> list[str]:
    if names is None:
        return [f"unnamed {noun} {item}" for item in item_ids]
    missing = [int(item) for item in item_ids if int(item) not in names]
    if missing:
        raise DataError(
            f"{folder / NAMES.format('item')}: item {missing[0]} has no entry; use files that were made together"
        )
    # The published maps hold the text "None" for artists whose name was lost.
    return [name if (name := names[int(item)]) not in ("", "None") else f"unnamed {noun} {item}" for item in item_ids]


def _distinct_names(attribute_ids: _Ids, names: dict[int, str] | None) -> list[str]:
    """A name for each attribute; where two are called the same, the later one carries its id."""
    distinct: dict[str, int] = {}
    for attribute in map(int, attribute_ids):
        name = (names or {}).get(attribute) or f"{FACET} {attribute}"
        distinct[name if name not in distinct else f"{name} ({attribute})"] = attribute
    if len(distinct) != len(attribute_ids):
        raise DataError(f"{NAMES.format('tag')}: two attributes have the same name even with their id; rename one")
    return list(distinct)


def _read_names(folder: Path, kind: str) -> dict[int, str] | None:
    """The real name of each id; None when the copy has no names at all."""
    path = folder / NAMES.format(kind)
    if not path.parent.is_dir():
        return None
    raw = _read_object(path)
    names: dict[int, str] = {}
    for key, id_ in zip(raw, _read_keys(path, kind, raw).tolist(), strict=True):
        entry = raw[key]
        real = entry.get("real_name") if isinstance(entry, dict) else None
        if not (isinstance(real, list) and real and isinstance(real[0], str)):
            raise DataError(f"{path}: {kind} {key!r}: no text under real_name; copy the file anew")
        names[id_] = printable(real[0])
    return names


def _read_keys(path: Path, kind: str, raw: dict[str, Any]) -> _Ids:
    for key in raw:
        if not _ID.fullmatch(key) or int(key) > _LARGEST_ID:
            raise DataError(f"{path}: {kind} {key!r}: not a whole number from 0 to {_LARGEST_ID}; copy the file anew")
    keys = np.fromiter(map(int, raw), np.int64, len(raw))
    if len(sorted_unique(keys)) != len(keys):
        raise DataError(f"{path}: a {kind} stands here twice, written in two ways; leave one")
    return keys


def _read_object(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: is not an ordinary file; name a folder in the layout of UNICORN")
    try:
        raw = json.loads(path.read_bytes(), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a folder in the layout of UNICORN") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not sound JSON ({str(error).splitlines()[0]}); copy the file anew") from error
    if not isinstance(raw, dict):
        raise DataError(f"{path}: not an object with an id for each key; copy the file anew")
    return raw


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key stands there twice")
    return entries


def _hash_ids(ids: _Ids) -> NDArray[np.uint64]:
    """A bijection, so no two ids tie."""
    return mix64(ids.astype(np.uint64) + GOLDEN)
