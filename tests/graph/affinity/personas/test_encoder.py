"""From likes to personas, and from personas to scores."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import adjusted_rand_score

from graph.affinity.personas.encoder import LEAST_SHARE, ROUNDS, SHARPNESS, PersonaEncoder, Personas
from graph.affinity.profiles import Histories, Profiles
from tests.graph.affinity.personas.two_tastes import SHELF, learned, two_tastes


def made_up(seed: int = 0, n_items: int = 9, n_personas: int = 3) -> PersonaEncoder:
    rng = np.random.default_rng(seed)
    items, likes, seeds = (rng.normal(size=(count, 4)).astype(np.float32) for count in (n_items, n_items, n_personas))
    likes[-1] = 0  # an item that nobody liked
    return PersonaEncoder(items, likes, seeds, 0.7)


def of_items(encoder: PersonaEncoder, *items: int) -> Personas:
    return encoder.of_likes(np.array([0, len(items)]), np.array(items, np.int32))


def glued(first: list[int], second: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([*first, *second], np.int32), np.repeat([0, 1], [len(first), len(second)])


def test_personas_and_scores_are_those_of_the_formulas() -> None:
    encoder, items = made_up(), [0, 3, 4, 7]
    keys = np.array([encoder.likes[item] / np.linalg.norm(encoder.likes[item]) for item in items])
    centres = np.array([seed / np.linalg.norm(seed) for seed in encoder.seeds])
    for _ in range(ROUNDS):
        shares = np.array([softmax([SHARPNESS * key @ centre for centre in centres]) for key in keys])
        sums = [sum(share[r] * key for share, key in zip(shares, keys, strict=True)) for r in range(3)]
        centres = np.array([each / np.linalg.norm(each) for each in sums])
    shares = np.array([softmax([SHARPNESS * key @ centre for centre in centres]) for key in keys])
    masses = shares.sum(axis=0)
    vectors = [
        sum(share[r] * encoder.likes[item] for share, item in zip(shares, items, strict=True))
        / max(masses[r], 1) ** 0.5
        for r in range(3)
    ]
    found = of_items(encoder, *items)
    np.testing.assert_allclose(found.attention, shares, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.masses[0], masses, rtol=1e-4)
    np.testing.assert_allclose(found.vectors[0], vectors, rtol=1e-3, atol=1e-5)
    chances = np.array([softmax([0.7 * vector @ each for each in encoder.items]) for vector in vectors])
    for item in range(9):
        joint = chances[:, item] * (masses / masses.sum() + LEAST_SHARE)
        weights = joint / joint.sum()
        np.testing.assert_allclose(
            encoder.weigh(found, encoder.fits(found, np.array([item])))[0, :, 0], weights, rtol=1e-3
        )
        np.testing.assert_allclose(encoder.scores(found, np.array([item]))[0, 0], np.log(joint.sum()), rtol=1e-3)


def test_the_order_of_personas_does_not_matter() -> None:
    encoder = learned()
    people = Histories(two_tastes()).of(np.arange(30))
    turned = replace(encoder, seeds=encoder.seeds[[2, 0, 1]])
    np.testing.assert_allclose(
        turned.scores(turned.of(people)), encoder.scores(encoder.of(people)), rtol=1e-4, atol=1e-4
    )
    chosen = encoder.of(people)
    np.testing.assert_allclose(encoder.scores(chosen.only([1, 2, 0])), encoder.scores(chosen), rtol=1e-4, atol=1e-4)


def test_the_order_of_likes_does_not_matter() -> None:
    encoder = made_up()
    one, other = of_items(encoder, 0, 3, 4, 7), of_items(encoder, 7, 0, 4, 3)
    np.testing.assert_allclose(encoder.scores(one), encoder.scores(other), rtol=1e-4, atol=1e-5)


def test_a_person_depends_on_their_own_likes_alone() -> None:
    encoder = made_up()
    together = encoder.of_likes(np.array([0, 2, 2, 5]), np.array([1, 2, 0, 3, 4], np.int32))
    assert not together.masses[1].any()
    assert np.ptp(encoder.scores(together)[1]) == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(encoder.scores(together)[2], encoder.scores(of_items(encoder, 0, 3, 4))[0], rtol=1e-5)
    items, shares = together.likes_of(2)
    assert items.tolist() == [0, 3, 4]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert together.shares[0].sum() == pytest.approx(1)


def test_strangers_get_personas_of_what_they_say_they_like() -> None:
    encoder, nobody = learned(), Profiles.unknown(1, two_tastes().catalogue)
    likes = [1, 2, 5, SHELF + 1, SHELF + 4, SHELF + 7]
    told = encoder.of(nobody.and_then(0, liked=likes, disliked=[9], seen=[10]))
    assert sorted(told.items.tolist()) == likes
    np.testing.assert_allclose(told.masses.sum(), len(likes), rtol=1e-5)


def test_an_item_that_nobody_liked_is_left_out() -> None:
    encoder = made_up()
    assert encoder.covers.tolist() == [True] * 8 + [False]
    nobody = Profiles.unknown(1, two_tastes().catalogue)
    small = replace(nobody.and_then(0, liked=[1, 8]), n_items=9)
    assert encoder.of(small).items.tolist() == [1]


@pytest.mark.parametrize(("steps", "least", "most"), [(80, 0.7, 1.0), (0, -0.2, 0.35)])
def test_people_glued_together_are_taken_apart_by_what_was_learned_and_by_nothing_else(
    steps: int, least: float, most: float
) -> None:
    encoder, rng = learned(steps), np.random.default_rng(1)
    found = []
    for _ in range(20):
        items, owner = glued(rng.permutation(SHELF)[:8].tolist(), (SHELF + rng.permutation(SHELF)[:8]).tolist())
        found.append(adjusted_rand_score(owner, of_items(encoder, *items).attention.argmax(axis=1)))
    assert least <= np.mean(found) <= most


@pytest.mark.parametrize(("steps", "sharp"), [(80, True), (0, False)])
def test_the_persona_that_an_item_serves_carries_its_score(steps: int, sharp: bool) -> None:
    encoder = learned(steps)
    personas = of_items(encoder, *range(6), *range(SHELF, SHELF + 6))
    asked = np.array([20, 30, SHELF + 20, SHELF + 30])
    weights = encoder.weigh(personas, encoder.fits(personas, asked))[0]
    whole = encoder.scores(personas, asked)[0]
    lost = np.stack([whole - encoder.scores(personas.without(each), asked)[0] for each in range(3)])
    top = weights.argmax(axis=0)
    at_top = lost[top, np.arange(4)]
    others = (np.abs(lost).sum(axis=0) - np.abs(at_top)) / 2
    assert bool(weights.max(axis=0).mean() >= 0.7) is sharp
    assert bool(at_top.mean() >= 3 * others.mean()) is sharp
    if sharp:
        assert not {*top[:2].tolist()} & {*top[2:].tolist()}


def test_what_was_learned_can_be_restored() -> None:
    encoder = learned()
    again = PersonaEncoder.restore({name: array.copy() for name, array in encoder.arrays().items()})
    people = Histories(two_tastes()).of(np.arange(10))
    np.testing.assert_array_equal(again.scores(again.of(people)), encoder.scores(encoder.of(people)))
    np.testing.assert_array_equal(again.covers, encoder.covers)
