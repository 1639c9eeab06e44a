"""Affinity by content, checked by hand."""

import numpy as np

from graph.affinity import Profiles
from graph.affinity.signals.content import ContentCosine, tf_idf
from graph.affinity.signals.lift import AttributeLift, attribute_mean
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR


def four_items() -> Catalogue:
    """rock: 0 1; jazz: 1 2; folk: 2; item 3 has nothing."""
    edges = CSR.from_pairs([0, 1, 1, 2, 2], [0, 0, 1, 1, 2], 4, 3)
    return Catalogue(
        item_ids=np.arange(4),
        titles=("a", "b", "c", "d"),
        years=np.zeros(4, np.int16),
        popularity=np.ones(4, np.float32),
        facets=(Facet("tag"),),
        attribute_ids=np.arange(3),
        attribute_names=("rock", "jazz", "folk"),
        attribute_facet=np.zeros(3, np.int16),
        item_attributes=edges,
    )


def test_items_are_unit_vectors_of_rare_attributes() -> None:
    # idf: rock log 2, jazz log 2, folk log 4 = 2 log 2.
    expected = [[1, 0, 0], [0.5**0.5, 0.5**0.5, 0], [0, 1 / 5**0.5, 2 / 5**0.5], [0, 0, 0]]
    np.testing.assert_allclose(tf_idf(four_items()).toarray(), expected, atol=1e-6)


def test_the_cosine_is_that_of_the_sum_of_the_likes() -> None:
    likes = Profiles.unknown(3, four_items()).and_then(0, liked=[0]).and_then(1, liked=[0, 2])
    cosines = ContentCosine(four_items()).of(likes)
    # User 1 likes items 0 and 2, which are orthogonal: the sum has length sqrt 2.
    both = [1 / 2**0.5, (0.5**0.5 + 0.5**0.5 / 5**0.5) / 2**0.5, 1 / 2**0.5, 0]
    np.testing.assert_allclose(cosines, [[1, 0.5**0.5, 0, 0], both, [0, 0, 0, 0]], atol=1e-6)


def test_what_is_disliked_or_said_moves_the_cosine() -> None:
    cosine, nobody = ContentCosine(four_items()), Profiles.unknown(1, four_items())
    rock = cosine.of(nobody.and_then(0, likes=[0]))[0]
    np.testing.assert_allclose(rock, [1, 0.5**0.5, 0, 0], atol=1e-6)
    less_rock = cosine.of(nobody.and_then(0, liked=[1], disliked=[0]))[0]
    assert less_rock[2] > less_rock[0]


def test_lift_weighs_rare_attributes_by_hand() -> None:
    likes = Profiles.unknown(1, four_items()).and_then(0, liked=[1, 2])
    rock, jazz, folk = np.log1p(1 / (2 * 0.5)), np.log1p(2 / (2 * 0.5)), np.log1p(1 / (2 * 0.25))
    lift = AttributeLift(four_items(), damping=2.0).of(likes)
    np.testing.assert_allclose(lift, [[rock, (rock + jazz) / 2, (jazz + folk) / 2, 0]], atol=1e-6)


def test_the_mean_of_no_attributes_is_zero() -> None:
    mean = attribute_mean(four_items()) @ np.array([1.0, 3.0, 5.0], dtype=np.float32)
    np.testing.assert_allclose(mean, [1, 2, 4, 0])
