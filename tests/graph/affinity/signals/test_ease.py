"""Linear item-item models, against a solver that knows no closed form."""

import numpy as np
import pytest
import scipy.sparse as sp

from graph.affinity import Profiles
from graph.affinity.signals.content import tf_idf
from graph.affinity.signals.ease import ATTRIBUTE_WEIGHT, EaseScores, ease_weights, fit_ease_with_attributes
from graph.errors import OptionError
from tests.graph.affinity.contract import small


@pytest.mark.parametrize(("n_users", "n_items"), [(40, 12), (12, 40)], ids=["more users", "more items"])
def test_the_closed_form_is_ridge_regression_of_each_item_on_the_others(n_users: int, n_items: int) -> None:
    likes = (np.random.default_rng(0).random((n_users, n_items)) < 0.3).astype(np.float64)
    expected = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = np.delete(np.arange(n_items), item)
        x = likes[:, others]
        expected[others, item] = np.linalg.solve(x.T @ x + 7.0 * np.eye(n_items - 1), x.T @ likes[:, item])
    np.testing.assert_allclose(ease_weights(sp.csr_array(likes), l2=7.0), expected, atol=2e-6)


def test_predictions_are_likes_times_weights_over_covered_items() -> None:
    weights = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)
    ease = EaseScores(np.array([1, 4, 6]), weights, 500)
    values = ease.of(Profiles.unknown(1, small().catalogue).and_then(0, liked=[1, 6, 7]))
    np.testing.assert_allclose(values[0, [1, 4, 6]], np.maximum(weights[0] + weights[2], 0), atol=1e-6)
    assert np.count_nonzero(values) <= 3
    faded = ease.favouring_recent(0.5).of(Profiles.unknown(1, small().catalogue).and_then(0, liked=[1, 6]))
    np.testing.assert_allclose(faded[0, [1, 4, 6]], np.maximum(weights[0] / 2 + weights[2], 0), atol=1e-6)


def test_with_attributes_each_is_one_more_user() -> None:
    likes = small().interactions.known_likes.to_scipy().toarray()
    rows = np.concatenate([likes, ATTRIBUTE_WEIGHT * tf_idf(small().catalogue).toarray().T])
    nobody = Profiles.unknown(1, small().catalogue).and_then(0, liked=[3])
    values = fit_ease_with_attributes(small(), l2=9.0).of(nobody)[0]
    others = np.delete(np.arange(500), 8)
    at_eight = np.linalg.solve(rows[:, others].T @ rows[:, others] + 9.0 * np.eye(499), rows[:, others].T @ rows[:, 8])
    assert values[8] == pytest.approx(max(at_eight[3], 0), abs=1e-4)


def test_too_many_items_are_refused_with_a_way_out() -> None:
    with pytest.raises(OptionError, match="kept to 100; choose content or hybrid"):
        EaseScores.fit(small(), most_items=100)
