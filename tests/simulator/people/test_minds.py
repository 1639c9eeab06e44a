"""What people have in mind, and with what they begin."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from graph.catalogue import Catalogue
from graph.csr import CSR
from simulator.people import Traits
from simulator.people.minds import Minds, alike, draw_attribute, sharing
from simulator.randomness import Purpose, dialogue_keys
from tests.worlds import attribute, closed_world, item, make_world, open_world, town


@pytest.fixture(scope="module")
def spread() -> Catalogue:
    """An item with four colours and two sizes, one with nothing, and one that is red."""
    many = {"colour": ["red", "green", "blue", "black"], "size": ["small", "large"]}
    dataset = make_world({"many": many, "none": {"colour": [], "size": []}, "one": {"colour": ["red"]}})
    return dataset.catalogue


def keys(n: int) -> np.ndarray:
    return dialogue_keys(1, np.arange(n))


def test_the_opening_is_any_attribute_of_the_item_alike(spread: Catalogue):
    counts = np.bincount(draw_attribute(spread, np.zeros(12_000, np.int32), keys(12_000)), minlength=6)
    assert counts.sum() == 12_000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_the_opening_is_of_the_own_item_and_nothing_where_there_is_none(spread: Catalogue):
    assert draw_attribute(spread, np.array([1, 2, 1, 2], np.int32), keys(4)).tolist() == [-1, 0, -1, 0]


def test_a_catalogue_without_attributes_gives_nothing_to_begin_with():
    bare = make_world({"a": {"kind": ["x"]}, "b": {"kind": []}}).catalogue
    bare = replace(bare, item_attributes=CSR.from_pairs([], [], 2, 1))
    minds = Minds.form(bare, np.array([0, 1], np.int32), keys(2), Traits.classic(2))
    assert minds.opening.tolist() == [-1, -1]
    assert sharing(bare, minds.opening, np.array([[0.1, 0.6], [0.9, 0.4]])).tolist() == [[0, 1], [1, 0]]


def test_items_that_share_an_attribute_are_drawn_alike():
    catalogue = closed_world().catalogue
    crime = attribute(catalogue, "crime")
    lots = (np.arange(3000) + 0.5)[None, :] / 3000
    drawn, counts = np.unique(sharing(catalogue, np.array([crime]), lots), return_counts=True)
    assert drawn.tolist() == catalogue.attribute_items.row(crime).tolist()
    assert counts.tolist() == [1000] * 3
    assert np.unique(sharing(catalogue, np.array([-1]), lots)).tolist() == list(range(7))


def test_of_those_drawn_the_most_alike_is_taken_and_never_the_same_if_there_is_another():
    """Heat, Collateral and Fargo are crime films; with Heat, Fargo shares two attributes and Collateral two."""
    catalogue, n = closed_world().catalogue, 400
    heat, crime = item(catalogue, "Heat"), attribute(catalogue, "crime")
    found = alike(catalogue, np.full(n, heat), np.full(n, crime), keys(n), Purpose.NEW_MIND, 0)
    assert set(found.tolist()) <= {item(catalogue, "Collateral"), item(catalogue, "Fargo"), heat}
    assert (found == heat).mean() < 0.01  # all eight draws were Heat: one chance in 6561
    alien, fiction = item(catalogue, "Alien"), attribute(catalogue, "science fiction")
    only = alike(catalogue, np.full(n, alien), np.full(n, fiction), keys(n), Purpose.NEW_MIND, 0)
    assert (only == item(catalogue, "Blade Runner")).mean() > 0.98


def test_a_mind_that_changes_wants_one_other_item_with_what_it_began_with():
    catalogue, n = town().catalogue, 500
    traits = Traits.classic(n)
    traits.interests[:] = 4
    minds = Minds.form(catalogue, (np.arange(n) % 120).astype(np.int32), keys(n), traits)
    before, rows = minds.wanted.copy(), np.arange(0, n, 2)
    minds.change(catalogue, rows, keys(n)[rows], np.zeros(len(rows), int))
    assert (minds.wanted[rows, 1:] == -1).all()
    assert (minds.first[rows] != before[rows, 0]).mean() > 0.99
    assert catalogue.item_attributes.contains(minds.first[rows], minds.opening[rows]).all()
    assert np.array_equal(minds.wanted[1::2], before[1::2])
    assert minds.changed.tolist() == [True, False] * (n // 2)


def test_what_any_item_in_mind_has_is_had_and_what_is_known_of_any_is_known():
    catalogue = open_world().catalogue
    soup, heat = item(catalogue, "Duck Soup"), item(catalogue, "Heat")
    wanted = np.array([[soup, -1, -1, -1, -1], [soup, heat, -1, -1, -1]], np.int32)
    minds = Minds(wanted, np.array([-1, -1]), np.zeros(2, bool))
    names = ["comedy", "crime", "Michael Mann", "Joel Coen"]
    asked = np.tile([attribute(catalogue, name) for name in names], (2, 1)).astype(np.int32)
    has, known = minds.describe(catalogue, np.arange(2), asked)
    assert has.tolist() == [[True, False, False, False], [True, True, True, False]]
    assert known.tolist() == [[True, True, False, False], [True, True, True, True]]
