"""Rehearsals of the test: the same data as they would have looked if a part of what is known were still to come.

Whatever is learned or chosen is learned and chosen on rehearsals, where train and valid are known and "test" is asked,
as in the end.  The true test split is not in them.

Where times are known, a rehearsal moves everything back by one part: valid is asked, and the last of each user's train
becomes valid.  Where they are not, valid is what the test split is like, so it is split into folds at random and each
fold is asked in turn, the others being known.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from graph.dataset import Dataset
from graph.interactions import Interactions, Split

FOLDS = 5
"""Parts of valid that are asked in turn where no times are known."""

ASKED_AT_LEAST = 6_000
"""Pairs; where one step back in time asks for fewer, further steps are taken."""

MOST_STEPS = 5
"""Steps back in time, at most."""


def rehearsals(dataset: Dataset) -> Iterator[Dataset]:
    """Every rehearsal of a data set; none where nobody has anything in valid."""
    n_valid = len(dataset.interactions.pairs(Split.VALID)[0])
    if not n_valid:
        return
    if not dataset.interactions.timed:
        yield from (rehearsal(dataset, fold) for fold in range(min(FOLDS, n_valid)))
        return
    asked, earlier = 0, dataset
    for _ in range(MOST_STEPS):
        earlier = rehearsal(earlier)
        pairs = len(earlier.interactions.pairs(Split.TEST)[0])
        if not pairs or not earlier.interactions.train_likes.n_edges:
            return
        yield earlier
        asked += pairs
        if asked >= ASKED_AT_LEAST:
            return


def rehearsal(dataset: Dataset, fold: int = 0) -> Dataset:
    """One of them: the latest where times are known, else the one that asks for a fold of valid.

    Where nobody has a history nothing changes but the name of what is asked for.
    """
    history = dataset.interactions
    if dataset.anonymous:
        return replace(dataset, asks=Split.VALID)
    parts = _one_step_back(history) if history.timed else _asking_for(history, fold)
    kept = history.split != Split.TEST
    return replace(
        dataset,
        asks=Split.VALID,
        interactions=replace(
            history,
            users=history.users[kept],
            items=history.items[kept],
            ratings=history.ratings[kept],
            times=history.times[kept],
            liked=history.liked[kept],
            split=parts[kept],
        ),
    )


def _asking_for(history: Interactions, fold: int) -> NDArray[np.int8]:
    parts = history.split.astype(np.int8)
    valid = np.random.default_rng(0).permutation(np.flatnonzero(history.split == Split.VALID))
    parts[valid[fold::FOLDS]] = Split.TEST
    return parts


def _one_step_back(history: Interactions) -> NDArray[np.int8]:
    """Valid becomes test, and as many of each user's last in train become valid."""
    parts = np.where(history.split == Split.VALID, Split.TEST, history.split).astype(np.int8)
    sizes = np.bincount(history.users[history.split == Split.VALID], minlength=history.n_users)
    train = history.in_order[history.split[history.in_order] == Split.TRAIN]
    users = history.users[train]
    still_to_come = np.searchsorted(users, users, side="right") - 1 - np.arange(len(train))
    parts[train[still_to_come < sizes[users]]] = Split.VALID
    return parts
