"""The transformer, on data in which each item is followed by the next."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from graph.affinity.profiles import Profiles
from graph.affinity.signals import sequential
from graph.affinity.signals.sequential import LENGTH, Sequential
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions, Split
from graph.synthetic import make_synthetic
from tests.graph.affinity.signals.contract import (
    SignalContract,
    check_that_nothing_is_learned_from_nobody,
    profiles,
    small,
)

N_USERS, N_ITEMS, N_OPEN = 300, 60, 5


@cache
def successors() -> Dataset:
    """Users who begin anywhere and go on to the next item each time; the last is test.  Nobody likes the last items."""
    catalogue = make_synthetic(users=0, items=N_ITEMS + N_OPEN, attributes=10).catalogue
    rng = np.random.default_rng(0)
    lengths = rng.integers(6, 14, N_USERS)
    place = np.concatenate([np.arange(length) for length in lengths])
    users = np.repeat(np.arange(N_USERS, dtype=np.int32), lengths)
    items = ((rng.integers(0, N_ITEMS, N_USERS)[users] + place) % N_ITEMS).astype(np.int32)
    ago = lengths[users] - 1 - place
    splits = np.select([ago == 0, ago == 1], [Split.TEST, Split.VALID], Split.TRAIN).astype(np.int8)
    none = Interactions.none(N_ITEMS + N_OPEN)
    history = replace(
        none, users=users, items=items, ratings=np.ones(len(users), np.float32), times=place + 1_000, split=splits,
        liked=np.ones(len(users), bool), user_ids=np.arange(N_USERS),
    )  # fmt: skip
    return Dataset("successors", catalogue, history, "made here", "CC0")


def with_order_shuffled(dataset: Dataset) -> Dataset:
    history = dataset.interactions
    return replace(
        dataset, interactions=replace(history, times=np.random.default_rng(0).permutation(history.n_edges) + 1)
    )


def fit_quickly(dataset: Dataset, seed: int = 0) -> Sequential:
    return Sequential.fit(dataset, seed=seed, epochs=12)


class TestSequential(SignalContract):
    fit = staticmethod(fit_quickly)
    restore = Sequential.restore
    floor = 0.95

    @classmethod
    def data(cls) -> Dataset:
        return successors()


def hits(signal: Sequential) -> float:
    """Share of users whose test item is put before all that they do not have."""
    values = signal.of(profiles(successors()))
    history = successors().interactions
    known = history.known_likes
    values[known.row_of_edge(), known.indices] = -np.inf
    users, items = history.pairs(Split.TEST)
    return float((values[users].argmax(axis=1) == items).mean())


def test_what_follows_is_learned_from_order_and_not_without() -> None:
    assert hits(fit_quickly(successors())) > 0.9
    assert hits(fit_quickly(with_order_shuffled(successors()))) < 0.7


def test_the_latest_like_tells_most() -> None:
    nobody = Profiles.unknown(1, successors().catalogue)
    signal = fit_quickly(successors())
    upward, downward = nobody.and_then(0, liked=[20, 21, 22]), nobody.and_then(0, liked=[22, 21, 20])
    assert signal.of(upward)[0].argmax() == 23
    assert signal.of(downward)[0].argmax() != 23


def test_only_the_last_likes_count() -> None:
    nobody = Profiles.unknown(1, small().catalogue)
    signal = Sequential.fit(small(), epochs=1)
    items = np.flatnonzero(signal.covers)[: LENGTH + 3].tolist()
    one, two, three = (
        signal.of(nobody.and_then(0, liked=liked)) for liked in (items, items[3:], [*items[4:], items[3]])
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, three)


def test_stretches_hold_each_like_with_the_one_before_it() -> None:
    starts = np.array([0, 0, 1, 3, 3 + 170])
    likes = np.arange(173)
    batches = list(sequential._batches(likes, starts, np.random.default_rng(0)))
    given, wanted = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    filled = wanted >= 0
    np.testing.assert_array_equal(given[filled], wanted[filled] - 1)
    assert (given[~filled] == 173).all()
    found = np.sort(wanted[filled])
    assert len(np.unique(found)) == len(found)
    assert not {0, 1, 3} & set(found.tolist())
    # Cut at a random place, a long history loses less than a stretch of its end.
    assert set(range(4, 173 - LENGTH)) | {2} <= set(found.tolist())


def test_a_place_sees_none_of_those_after_it() -> None:
    weights = sequential._first_weights(30, torch.Generator().manual_seed(0))
    stretch = torch.arange(10)[None]
    changed = stretch.clone()
    changed[0, 6:] = 20
    with torch.no_grad():
        one, two = sequential._encode(weights, stretch), sequential._encode(weights, changed)
    torch.testing.assert_close(one[:, :6], two[:, :6])
    assert not torch.allclose(one[:, 6:], two[:, 6:])


def test_learning_leaves_the_generators_of_others_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    threads = torch.get_num_threads()
    Sequential.fit(successors(), epochs=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_other_seeds_learn_otherwise() -> None:
    one, two = (Sequential.fit(successors(), seed=seed, epochs=1).arrays()["items"] for seed in (0, 1))
    assert not np.array_equal(one, two)


def test_data_without_times_are_refused() -> None:
    history = small().interactions
    timeless = replace(small(), interactions=replace(history, times=np.zeros_like(history.times)))
    with pytest.raises(OptionError, match="does not say what came first; choose another affinity"):
        Sequential.fit(timeless)


def test_too_many_items_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequential, "MOST_ITEMS", 20)
    with pytest.raises(OptionError, match="tells at most 20 apart"):
        Sequential.fit(small())


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(Sequential.fit)
