"""Targets of a rehearsal among their rivals, and the weights fitted to them."""

from itertools import pairwise

import numpy as np
import pytest

from graph.affinity import rehearsal
from graph.affinity.contests import NEVER, Contests, ContestsConfig, draw_contests
from graph.affinity.weights import fit_weights
from graph.interactions import Split
from tests.graph.affinity.contract import small

FEW = ContestsConfig(contests=300, contenders=16)


def test_each_target_is_a_valid_pair_and_stands_first() -> None:
    contests = draw_contests(rehearsal(small()), FEW)
    users, items = small().interactions.pairs(Split.VALID)
    pairs = list(zip(contests.users.tolist(), contests.items[:, 0].tolist(), strict=True))
    assert len(set(pairs)) == 300
    assert set(pairs) <= set(zip(users.tolist(), items.tolist(), strict=True))


def test_rivals_differ_and_share_an_attribute_with_the_target() -> None:
    contests = draw_contests(rehearsal(small()), FEW)
    attributes = small().catalogue.item_attributes.to_scipy().toarray() > 0
    for items, weights in zip(contests.items, contests.log_weights, strict=True):
        met = items[weights > NEVER]
        assert len(set(met.tolist())) == len(met)
        assert attributes[met].all(axis=0).any()


def test_sampled_rivals_stand_for_all_of_them() -> None:
    contests = draw_contests(rehearsal(small()), FEW, opened=False)
    np.testing.assert_allclose(np.exp(contests.log_weights).sum(axis=1), 500, rtol=1e-5)
    log_likelihoods, shares = contests.softmax(np.zeros((300, 16), dtype=np.float32))
    np.testing.assert_allclose(log_likelihoods, -np.log(500), rtol=1e-5)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


def test_an_item_of_many_attributes_is_opened_with_each_less_often() -> None:
    contests = draw_contests(rehearsal(small()))
    degrees = small().catalogue.item_attributes.degrees
    filled = contests.log_weights > NEVER
    np.testing.assert_allclose(contests.log_weights[filled], -np.log(degrees[contests.items[filled]]), atol=1e-6)


def test_gathered_values_are_those_of_their_user_and_item() -> None:
    contests = draw_contests(rehearsal(small()), ContestsConfig(contests=1_000, contenders=8))
    gathered = contests.gather(
        lambda users: (users.astype(np.int64)[:, None] * 500 + np.arange(500)).astype(np.float32)
    )
    np.testing.assert_array_equal(gathered, contests.users[:, None] * 500 + contests.items)


def contests_drawn_from(weights: list[float], n_contests: int = 4_000) -> tuple[Contests, np.ndarray]:
    """Contests whose targets a softmax of known weights chose, with their features."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n_contests, 10, len(weights))).astype(np.float32)
    noise = rng.gumbel(size=(n_contests, 10))
    won = np.argmax(features @ np.array(weights) + noise, axis=1)
    features[np.arange(n_contests), won], features[:, 0] = features[:, 0].copy(), features[np.arange(n_contests), won]
    nowhere = np.zeros((n_contests, 10), dtype=np.int64)
    return Contests(nowhere[:, 0], nowhere, np.zeros((n_contests, 10), dtype=np.float32)), features


def test_the_weights_that_chose_the_targets_are_found() -> None:
    contests, features = contests_drawn_from([1.5, -0.7, 0.0])
    assert fit_weights(contests, features).weights == pytest.approx([1.5, -0.7, 0.0], abs=0.08)


def test_the_fit_is_a_maximum() -> None:
    contests, features = contests_drawn_from([1.5, -0.7])
    found = fit_weights(contests, features)
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        moved = (found.weights + step).astype(np.float32)
        assert contests.softmax(features @ moved)[0].mean() < found.log_likelihood


def test_a_flag_that_no_target_has_takes_a_finite_weight() -> None:
    contests, features = contests_drawn_from([1.0])
    flag = np.zeros((4_000, 10, 1), dtype=np.float32)
    flag[:, 5] = 1
    weights = fit_weights(contests, np.concatenate([features, flag], axis=2)).weights
    assert -40 < weights[1] < -5


def test_more_contests_are_a_longer_list_of_the_same() -> None:
    sizes = [draw_contests(rehearsal(small()), ContestsConfig(contests=n)).users for n in (10, 20, 40)]
    for short, long in pairwise(sizes):
        np.testing.assert_array_equal(short, long[: len(short)])
