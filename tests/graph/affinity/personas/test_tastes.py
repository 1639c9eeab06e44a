"""Which taste an item serves."""

from dataclasses import replace

import numpy as np

from graph.affinity.personas.tastes import FEWEST_LIKES, Tastes
from graph.affinity.profiles import Profiles
from graph.csr import CSR
from tests.graph.affinity.personas.two_tastes import SHELF, learned, two_tastes

CALM, LOUD = list(range(12)), list(range(SHELF, SHELF + 12))


def person(*likes: int) -> Profiles:
    return Profiles.unknown(1, two_tastes().catalogue).and_then(0, liked=likes, disliked=[SHELF - 1], seen=[SHELF - 2])


def test_the_taste_behind_an_item_is_that_of_its_shelf() -> None:
    tastes, profile = Tastes(two_tastes(), learned()), person(*CALM, *LOUD)
    for item, shelf, genre in ((20, CALM, 0), (SHELF + 20, LOUD, 1)):
        taste = tastes.behind(profile, item)
        assert taste is not None
        assert set(profile.items[taste.events].tolist()) <= set(shelf)
        assert taste.events.sum() >= 2
        assert set(taste.examples) <= set(profile.items[taste.events].tolist())
        assert 1 <= len(taste.examples) <= 2
        assert taste.weight > 0.5
        assert taste.label is not None
        assert taste.label.attribute == genre


def test_the_examples_are_the_likes_nearest_to_the_item() -> None:
    tastes, profile = Tastes(two_tastes(), learned()), person(*CALM, *LOUD)
    taste, likes = tastes.behind(profile, 20, most=3), learned().likes
    assert taste is not None
    own = profile.items[taste.events]
    alike = likes[own] @ likes[20] / np.linalg.norm(likes[own], axis=1)
    assert list(taste.examples) == own[np.argsort(-alike)][:3].tolist()


def test_what_is_named_is_true_of_the_item_and_of_every_example() -> None:
    catalogue, tastes, profile = two_tastes().catalogue, Tastes(two_tastes(), learned()), person(*CALM, *LOUD)
    named = 0
    for item in range(catalogue.n_items):
        taste = tastes.behind(profile, item, most=5)
        if taste is not None and taste.label is not None:
            named += 1
            for each in (item, *taste.examples):
                assert taste.label.attribute in catalogue.attributes_of(each)
    assert named > catalogue.n_items / 2


def test_who_has_said_little_has_no_tastes() -> None:
    tastes = Tastes(two_tastes(), learned())
    assert tastes.behind(person(*CALM[: FEWEST_LIKES - 1]), 20) is None
    assert tastes.behind(person(), 20) is None


def test_an_item_is_no_example_of_itself() -> None:
    taste = Tastes(two_tastes(), learned()).behind(person(*CALM, *LOUD), CALM[0])
    assert taste is not None
    assert CALM[0] not in taste.examples


def test_a_label_that_the_item_lacks_is_not_named() -> None:
    catalogue = two_tastes().catalogue
    edges = catalogue.item_attributes
    kept = edges.row_of_edge() != 20
    fewer = CSR.from_pairs(edges.row_of_edge()[kept], edges.indices[kept], edges.n_rows, edges.n_columns)
    bare = replace(two_tastes(), catalogue=replace(catalogue, item_attributes=fewer))
    profile = person(*CALM, *LOUD)
    taste, beside = (Tastes(bare, learned()).behind(profile, item) for item in (20, 21))
    assert taste is not None
    assert beside is not None
    assert beside.label is not None
    assert taste.persona == beside.persona
    assert taste.label is None
    assert len(taste.examples) == 2
