"""Who chose what, from a table of interactions and perhaps one of users.

Legend: R rows of a table, U users, V items, E interactions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.errors import DataError
from graph.hashing import hash_order
from graph.interactions import Interactions, Split
from graph.tables.cells import INTERACTION_ROLES, USER_ROLES, assign, check_ids, parse
from graph.tables.ids import number_ids, without_repeats
from graph.tables.options import TableOptions
from graph.tables.report import ImportReport
from graph.tables.table import Column, Problems, Table, counted, quoted, shortened
from graph.time_split import HELD_OUT, split_by_time, tie_break

LONGEST_FACT = 200
"""Characters of what is known of a user that are kept."""
_LEAST_HELD_OUT = 0.05
"""Share of the likes that test has to hold."""
LIKED_FROM = 0.75
"""Where on the scale of ratings, from the lowest to the highest there is, liking begins: at 4 of 1 to 5."""


class _Edges(NamedTuple):
    """Interactions, one for each user and item; all of shape (E,)."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    ratings: NDArray[np.float64]
    """NaN where unknown."""
    times: NDArray[np.int64]
    """Unix seconds, 0 where unknown."""

    def taken(self, chosen: NDArray[np.integer[Any]]) -> "_Edges":
        return _Edges(*(part[chosen] for part in self))


def make_history(
    table: Table,
    people: Table | None,
    catalogue: Catalogue,
    item_keys: Sequence[str],
    options: TableOptions,
    report: ImportReport,
) -> Interactions:
    """Make a history, split by time where times are known and by lot where they are not.

    Rows about items that the catalogue does not have are left out and counted. Of several rows about one user and item
    the latest counts. Without ratings everything chosen is liked. An item without attributes is never a target, because
    nobody could say what they look for.

    :param people: what is known of users; None where there is no such table.
    :param item_keys: each item's id as its table writes it, length V.
    :raises DataError: when a cell cannot be used, or nothing is left.
    """
    columns, problems = assign(table, INTERACTION_ROLES, options.called), Problems(table)
    check_ids(columns["user"], problems, "interaction")
    check_ids(columns["item"], problems, "interaction")
    ratings, times = (
        parse(role, columns[role], problems) if role in columns else np.full(table.n_rows, np.nan)
        for role in ("rating", "time")
    )
    problems.raise_if_any()
    used = {column.name for column in columns.values()}
    report.remark(table, [name for name in table.names if name not in used])
    edges, user_keys = _known(table, columns, item_keys, ratings, times, report)
    facts: dict[str, tuple[str, ...]] = {}
    if people is not None:
        facts, user_keys = _user_facts(people, user_keys, options.called, report)
    edges = _latest(edges, report)
    user_ids, keys = number_ids(user_keys)
    ties = tie_break(user_ids[edges.users], catalogue.item_ids[edges.items])
    edges = edges.taken(np.lexsort((ties, edges.times, edges.users)))
    floor = _liking(edges.ratings, options.liked_from, table, report)
    tellable = catalogue.item_attributes.degrees > 0
    liked = ~(edges.ratings < floor) & tellable[edges.items]
    if not liked.any():
        raise DataError(f"{table.path}: no item that has an attribute is liked by anybody; bring more of its history")
    users, n_users = edges.users.astype(np.int32), len(user_keys)
    return Interactions(
        users=users,
        items=edges.items.astype(np.int32),
        ratings=np.where(np.isnan(edges.ratings), floor, edges.ratings).astype(np.float32),
        times=edges.times,
        split=_split(users, edges.times, liked, n_users, report),
        liked=liked,
        user_ids=user_ids,
        user_facts=facts,
        friends=CSR.from_pairs([], [], n_users, n_users),
        n_items=catalogue.n_items,
        user_keys=keys,
    )


def _known(
    table: Table,
    columns: Mapping[str, Column],
    item_keys: Sequence[str],
    ratings: NDArray[np.float64],
    times: NDArray[np.float64],
    report: ImportReport,
) -> tuple[_Edges, list[str]]:
    """Interactions with items there are, and the users who have any, as the table writes them."""
    place = {key: item for item, key in enumerate(item_keys)}
    items = np.array([place.get(key, -1) for key in columns["item"].values], np.int64)[columns["item"].codes]
    unknown = np.flatnonzero(items < 0)
    if len(unknown):
        first = int(unknown[0])
        what = f"{table.where(first)} first: {quoted(columns['item'][first])}"
        if len(unknown) == table.n_rows:
            raise DataError(
                f"{table.path}: no row is about an item of the items' table ({what}, but ids there are such as "
                f"{quoted(item_keys[0])}); use tables that belong together"
            )
        report.note("refused", f"{counted(len(unknown), 'interaction')} with unknown items, {what}")
    rows = np.flatnonzero(items >= 0)
    met, users = np.unique(columns["user"].codes[rows], return_inverse=True)
    seconds = np.nan_to_num(times[rows]).astype(np.int64)
    untimed = int(np.isnan(times[rows]).sum())
    if 0 < untimed < len(rows):
        report.note("note", f"{counted(untimed, 'interaction')} without a time: taken to be the earliest")
    edges = _Edges(users.astype(np.int64), items[rows], ratings[rows], seconds)
    return edges, [columns["user"].values[code] for code in met]


def _latest(edges: _Edges, report: ImportReport) -> _Edges:
    """One interaction for each user and item: the latest, or the last in the table where times do not tell."""
    order = np.lexsort((np.arange(len(edges.users)), edges.times, edges.items, edges.users))
    users, items = edges.users[order], edges.items[order]
    last = np.append((np.diff(users) != 0) | (np.diff(items) != 0), True)
    n_repeats = len(order) - int(last.sum())
    if n_repeats:
        report.note("merged", f"{counted(n_repeats, 'interaction')} of a user with the same item: the latest counts")
    return edges.taken(order[last])


def _user_facts(
    people: Table, user_keys: list[str], called: Mapping[str, str], report: ImportReport
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What is known of each user, and all users: those of the history, then those who chose nothing yet."""
    ids, problems = assign(people, USER_ROLES, called)["id"], Problems(people)
    check_ids(ids, problems, "user")
    problems.raise_if_any()
    people, repeats = without_repeats(people, ids, "user")
    report.remark(people)
    report.note("merged", repeats)
    ids = assign(people, USER_ROLES, called)["id"]
    row_of = {ids[row]: row for row in range(people.n_rows)}
    unknown = [key for key in user_keys if key not in row_of]
    if unknown:
        report.note(
            "note", f"{counted(len(unknown), 'user')} not in {people.path.name}, {quoted(unknown[0])} first: no facts"
        )
    chose = set(user_keys)
    everybody = user_keys + [key for key in row_of if key not in chose]
    facts = {
        column.name: tuple(
            shortened(column[row_of[key]], LONGEST_FACT) if key in row_of else "" for key in everybody
        )
        for column in people.columns.values()
        if column.name != ids.name
    }  # fmt: skip
    return facts, everybody


def _liking(ratings: NDArray[np.float64], liked_from: float | None, table: Table, report: ImportReport) -> float:
    """The lowest rating that says that something is liked."""
    known = ratings[~np.isnan(ratings)]
    if not len(known):
        if liked_from is not None:
            raise DataError(f"{table.path}: --liked-from {liked_from:g}: no rating is known; leave the option out")
        return 1.0
    low, high = float(known.min()), float(known.max())
    floor = low + LIKED_FROM * (high - low) if liked_from is None else liked_from
    share = float((known >= floor).mean())
    if not share:
        raise DataError(f"{table.path}: --liked-from {floor:g}: the highest rating is {high:g}; give a lower one")
    report.note("liked", f"ratings from {floor:g} on, {share:.0%} of them ({low:g} to {high:g})")
    return floor


def _split(
    users: NDArray[np.int32], times: NDArray[np.int64], liked: NDArray[np.bool_], n_users: int, report: ImportReport
) -> NDArray[np.int8]:
    """Of each user the last likes are held out; where nearly everybody has one like, some of these are too."""
    split = split_by_time(users, times, liked, n_users)
    if not times.any():
        report.note("note", "no times are known: what is held out for valid and test is drawn by lot")
    if (liked & (split == Split.TEST)).sum() >= _LEAST_HELD_OUT * liked.sum():
        return split
    alone = np.flatnonzero(liked & (np.bincount(users[liked], minlength=n_users) == 1)[users])
    alone = alone[np.argsort(hash_order(users[alone].astype(np.int64)), kind="stable")]
    n_held_out = max(round(HELD_OUT * len(alone)), 1)
    split[alone[:n_held_out]] = Split.TEST
    split[alone[n_held_out : 2 * n_held_out]] = Split.VALID
    report.note("note", f"most users like one item: {n_held_out:,} of these likes are held out for test, by lot")
    return split
