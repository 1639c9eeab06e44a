"""Random walks, by hand."""

import numpy as np

from graph.affinity import Profiles
from graph.affinity.signals.walks import SmoothedWalks, Walks
from tests.graph.affinity.contract import small


def by_hand(beta: float = 0.6) -> np.ndarray:
    """Three steps from item 3, over dense matrices of chances."""
    likes = small().interactions.known_likes.to_scipy().toarray().astype(np.float64)
    counts = likes.sum(axis=0)
    to_users = (likes / np.maximum(counts, 1)).T
    to_items = likes / np.maximum(likes.sum(axis=1, keepdims=True), 1)
    start = np.zeros(500)
    start[[3, 8]] = 0.5
    return start @ to_users @ to_items / np.maximum(counts, 1) ** beta


def test_walks_are_products_of_chances() -> None:
    person = Profiles.unknown(1, small().catalogue).and_then(0, liked=[3, 8])
    np.testing.assert_allclose(Walks.fit(small()).of(person)[0], by_hand(), rtol=1e-4, atol=1e-8)


def test_smoothed_walks_are_means_over_attributes_of_means_over_items() -> None:
    person = Profiles.unknown(1, small().catalogue).and_then(0, liked=[3, 8])
    edges = small().catalogue.item_attributes.to_scipy().toarray().astype(np.float64)
    rarity = np.log(500 / np.maximum(edges.sum(axis=0), 1))
    at_attributes = by_hand() @ edges / np.maximum(edges.sum(axis=0), 1)
    expected = (edges * rarity) @ at_attributes / np.maximum((edges * rarity).sum(axis=1), 1e-30)
    np.testing.assert_allclose(SmoothedWalks.fit(small()).of(person)[0], expected, rtol=1e-3, atol=1e-7)
