"""How well an affinity ranks what people turn out to want, among all items they have not had.

Legend: T targets, B people at once, V items.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph.affinity.contests import users_at_once
from graph.affinity.profiles import ANONYMOUS, Histories
from graph.csr import IntArray
from graph.dataset import Dataset
from graph.interactions import Split

Scores = Callable[[IntArray], NDArray[np.float32]]
"""Maps users of shape (B,) to scores of shape (B, V)."""


@dataclass(frozen=True)
class Ranking:
    """Where each target stands among the items its user has not had."""

    users: NDArray[np.int32]
    """Shape (T,)."""
    items: NDArray[np.int32]
    """Shape (T,)."""
    rank: NDArray[np.int64]
    """From 1; equal scores stand in an order that has nothing to do with ids, shape (T,)."""
    auc: NDArray[np.float64]
    """Share of the other items that score less, half for those that score the same, shape (T,)."""
    gain: NDArray[np.float64]
    """Nats by which a target is likelier than under a flat prior over all items, shape (T,)."""
    best: NDArray[np.int32]
    """The hundred items that stand first, best first, -1 where there are fewer, shape (T, 100)."""
    cold: NDArray[np.bool_]
    """Whether nobody has the target in train, shape (T,)."""


BEST = 100
"""Items that are kept of each ranking."""


def rank_targets(dataset: Dataset, scores: Scores, anonymous: bool = False, most: int | None = None) -> Ranking:
    """Rank all items for every pair that a data set asks for.

    :param anonymous: hide who the users are; what they have had is left out of the ranking all the same.
    :param most: at most so many pairs, drawn by chance.
    """
    users, items = dataset.interactions.pairs(Split.TEST)
    if most is not None and most < len(users):
        drawn = np.sort(np.random.default_rng(0).permutation(len(users))[:most])
        users, items = users[drawn], items[drawn]
    parts = list(_ranked(dataset, scores, users, items, anonymous))
    cold = np.bincount(dataset.interactions.train_items.indices, minlength=dataset.catalogue.n_items) == 0
    rank, auc, gain, best = (np.concatenate([part[place] for part in parts]) for place in range(4))
    return Ranking(users, items, rank, auc, gain, best, cold[items])


def _ranked(
    dataset: Dataset, scores: Scores, users: NDArray[np.int32], items: NDArray[np.int32], anonymous: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]]:
    histories = Histories(dataset)
    n_items = dataset.catalogue.n_items
    lots = dataset.catalogue.item_lots
    at_once = users_at_once(n_items)
    for first in range(0, len(users), at_once):
        who, target = users[first : first + at_once], items[first : first + at_once]
        rows = np.arange(len(who))
        values = scores(np.full_like(who, ANONYMOUS) if anonymous else who).astype(np.float64)
        top = values.max(axis=1)
        log_total = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
        at_target = values[rows, target]
        gain = at_target - log_total + np.log(n_items)
        profiles = histories.of(who)
        values[profiles.person_of_event, profiles.items] = -np.inf
        values[rows, target] = at_target
        rivals = np.isfinite(values).sum(axis=1) - 1
        above = values > at_target[:, None]
        level = values == at_target[:, None]
        rank = 1 + above.sum(axis=1) + (level & (lots < lots[target][:, None])).sum(axis=1)
        auc = 1 - (above.sum(axis=1) + (level.sum(axis=1) - 1) / 2) / np.maximum(rivals, 1)
        # Sorted by hash first, a stable sort by score leaves ties in the order of the hash.
        by_lot = np.argsort(lots, kind="stable")
        kept = min(BEST, n_items)
        order = by_lot[np.argsort(-values[:, by_lot], axis=1, kind="stable")[:, :kept]].astype(np.int32)
        order[~np.isfinite(np.take_along_axis(values, order, axis=1))] = -1
        yield rank, auc, gain, order


def leave_last_out(dataset: Dataset, everything: bool) -> Dataset:
    """The data cut so that the last of each user is asked for, the one before it is valid, and the rest is train.

    :param everything: take all that was rated; else only what was liked, and nothing else is known.
    """
    history = dataset.interactions
    kept = np.ones(history.n_edges, dtype=bool) if everything else history.liked
    order = history.in_order[kept[history.in_order]]
    users = history.users[order]
    to_come = np.searchsorted(users, users, side="right") - 1 - np.arange(len(order))
    split = np.select([to_come == 0, to_come == 1], [Split.TEST, Split.VALID], Split.TRAIN)
    # Who has fewer than three is learned from and not asked about.
    few = np.bincount(users, minlength=history.n_users)[users] < 3
    return replace(
        dataset,
        name=f"{dataset.name}, last of {'all' if everything else 'liked'}",
        interactions=replace(
            history,
            users=users,
            items=history.items[order],
            ratings=history.ratings[order],
            times=history.times[order],
            liked=np.ones(len(order), dtype=bool),
            split=np.where(few, Split.TRAIN, split).astype(np.int8),
        ),
    )
