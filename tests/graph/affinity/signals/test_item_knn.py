"""Nearest neighbours, and by hand."""

import numpy as np

from graph.affinity.profiles import Profiles
from graph.affinity.signals.item_knn import ItemKnn
from tests.graph.affinity.signals.contract import SignalContract, check_that_nothing_is_learned_from_nobody, small


class TestItemKnn(SignalContract):
    fit = staticmethod(ItemKnn.fit)
    floor = 0.75


def by_hand() -> np.ndarray:
    """BM25 with users for terms and items for documents, and the mean of the diagonal for 1."""
    likes = small().interactions.known_likes.to_scipy().toarray().astype(np.float64)
    lengths = likes.sum(axis=0)
    rarity = np.log(500) - np.log1p(likes.sum(axis=1))
    damping = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    weights = np.where(likes > 0, 2.2 / (damping + 1), 0) * rarity[:, None]
    similar = weights.T @ weights
    return similar / similar.diagonal()[lengths > 0].mean()


def test_a_value_is_the_sum_of_similarities_to_liked_items() -> None:
    person = Profiles.unknown(1, small().catalogue).and_then(0, liked=[3, 8], disliked=[4])
    expected = by_hand()
    np.fill_diagonal(expected, 0)
    found = ItemKnn.fit(small(), neighbours=500).of(person)[0]
    np.testing.assert_allclose(found, expected[3] + expected[8], rtol=1e-4, atol=1e-6)


def test_only_the_nearest_neighbours_of_what_was_liked_count() -> None:
    person = Profiles.unknown(1, small().catalogue).and_then(0, liked=[3])
    expected = by_hand()[3]
    expected[3] = 0
    found = ItemKnn.fit(small(), neighbours=5).of(person)[0]
    assert set(np.flatnonzero(found)) == set(np.argsort(-expected)[:5])


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(ItemKnn.fit)
