"""Affinity by co-occurrence, against a solver that knows no closed form."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from graph import affinity
from graph.affinity.ease import Ease, EaseConfig, EaseScores, ease_weights
from graph.csr import CSR
from graph.errors import OptionError
from graph.interactions import Interactions
from tests.graph.affinity.contract import AffinityContract, fitted, small


class TestEase(AffinityContract):
    name = "ease"
    floor = 0.5
    lastfm_floor = 0.4


def test_the_closed_form_is_ridge_regression_of_each_item_on_the_others() -> None:
    likes = (np.random.default_rng(0).random((40, 12)) < 0.3).astype(np.float64)
    expected = np.zeros((12, 12))
    for item in range(12):
        others = np.delete(np.arange(12), item)
        x = likes[:, others]
        expected[others, item] = np.linalg.solve(x.T @ x + 7.0 * np.eye(11), x.T @ likes[:, item])
    np.testing.assert_allclose(ease_weights(sp.csr_array(likes), l2=7.0), expected, atol=2e-6)


def test_predictions_are_likes_times_weights_over_liked_items() -> None:
    likes = CSR.from_pairs([0, 0, 1, 1, 2], [1, 4, 4, 6, 1], 4, 8)
    scores = EaseScores(likes, l2=1.0, max_items=3)
    assert scores.items.tolist() == [1, 4, 6]
    dense = likes.to_scipy().toarray()[:, [1, 4, 6]]
    predictions = dense @ ease_weights(sp.csr_array(dense), l2=1.0)
    np.testing.assert_allclose(scores.of(np.arange(4)), predictions, atol=1e-6)
    logs = scores.log_of(np.arange(4), softening=0.1)
    assert not logs[:, [0, 2, 3, 5, 7]].any()
    np.testing.assert_allclose(logs[:, [1, 4, 6]], np.log1p(np.maximum(predictions, 0) / 0.1), atol=1e-5)


def test_items_that_nobody_liked_are_all_alike() -> None:
    history = small().interactions
    warm = ~((history.items >= 480) & (history.split == 0))
    parts = {part: getattr(history, part)[warm] for part in "users items ratings times split liked".split()}
    model = affinity.fit("ease", replace(small(), interactions=replace(history, **parts)))
    assert isinstance(model, Ease)
    np.testing.assert_array_equal(model.scores(np.arange(10))[:, 480:], np.float32(model.cold))


def test_what_a_user_has_is_not_what_is_looked_for() -> None:
    # No valid pair of the small data is in train.
    model = fitted("ease")
    assert isinstance(model, Ease)
    assert model.owned < -3


def test_too_many_items_are_refused_with_a_way_out() -> None:
    with pytest.raises(OptionError, match="kept to 100; choose content or blend"):
        Ease.fit(small(), EaseConfig(max_items=100))


def test_no_likes_are_refused_with_a_way_out() -> None:
    alone = replace(small(), interactions=Interactions.none(500))
    with pytest.raises(OptionError, match="nobody likes anything in train; choose popularity"):
        affinity.fit("ease", alone)
