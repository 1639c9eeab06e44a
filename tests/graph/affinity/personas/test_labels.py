"""What distinguishes a persona."""

import numpy as np
import pytest

from graph.affinity.personas.encoder import Personas
from graph.affinity.personas.labels import BORROWED, LEAST_LIFT, SHRINKAGE, PersonaLabels
from tests.graph.affinity.personas.two_tastes import SHELF, learned, two_tastes


def hard(items: list[int], persona: list[int]) -> Personas:
    """Personas with every like in one of two."""
    attention = np.eye(2, dtype=np.float32)[persona]
    starts = np.array([0, len(items)])
    return Personas(np.zeros((1, 2, 1), np.float32), attention.sum(axis=0)[None], starts, np.array(items), attention)


def test_lift_is_what_is_counted_over_what_is_expected_of_the_others() -> None:
    finder, calm, loud = PersonaLabels(two_tastes()), list(range(6)), list(range(SHELF, SHELF + 6))
    first, second = finder.of(hard([*calm, *loud], [0] * 6 + [1] * 6), 0)
    # Half of all likes are calm; none of the six loud ones is.
    rate = (0 + BORROWED * 0.5) / (6 + BORROWED)
    label = first[0]
    assert label.attribute == 0
    assert label.share == pytest.approx(1.0)
    assert label.expected == pytest.approx(rate, rel=0.05)
    assert label.lift == pytest.approx((6 + SHRINKAGE) / (6 * rate + SHRINKAGE), rel=0.05)
    assert second[0].attribute == 1


def test_likes_divided_by_lot_have_no_label() -> None:
    finder, rng = PersonaLabels(two_tastes()), np.random.default_rng(0)
    found = 0
    for _ in range(50):
        items = [*rng.permutation(SHELF)[:10], *(SHELF + rng.permutation(SHELF)[:10])]
        labels = finder.of(hard(items, rng.integers(0, 2, 20).tolist()), 0)
        assert all(label.lift >= LEAST_LIFT for each in labels for label in each)
        found += sum(map(len, labels))
    assert found <= 30


def test_personas_that_were_learned_are_named_by_their_shelf() -> None:
    encoder = learned()
    items = np.array([*range(8), *range(SHELF, SHELF + 8)], np.int32)
    personas = encoder.of_likes(np.array([0, 16]), items)
    labels = PersonaLabels(two_tastes()).of(personas, 0)
    for persona, found in enumerate(labels):
        if personas.masses[0, persona] < 3:
            continue
        own = items[personas.attention.argmax(axis=1) == persona]
        assert found[0].attribute == int((own >= SHELF).mean() > 0.5)


def test_no_two_labels_are_of_one_facet_and_no_more_than_are_asked_for() -> None:
    finder = PersonaLabels(two_tastes())
    labels = finder.of(hard([*range(8), *range(SHELF, SHELF + 8)], [0] * 8 + [1] * 8), 0)
    facets = two_tastes().catalogue.attribute_facet
    for found in labels:
        assert len({int(facets[label.attribute]) for label in found}) == len(found) <= 3
    assert all(len(found) <= 1 for found in finder.of(hard([*range(8)], [0] * 4 + [1] * 4), 0, most=1))
