"""What the learning of personas minds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from graph.affinity.personas.encoder import LEAST_SHARE, PersonaEncoder
from graph.affinity.personas.learning import (
    PersonaConfig,
    _glued,
    _loss,
    _meeting,
    _Module,
    _People,
    _taken_apart,
    learn_personas,
)
from graph.affinity.profiles import Histories
from tests.graph.affinity.personas.two_tastes import QUICK, USERS, learned, two_tastes


def module(config: PersonaConfig = QUICK) -> _Module:
    return _Module(two_tastes().catalogue.n_items, config, torch.Generator().manual_seed(0))


def test_what_is_learned_is_what_serves() -> None:
    """The same personas in torch, padded and in batches, and in NumPy, one person after the other."""
    learning, encoder = module(), learned(0)
    likes = two_tastes().interactions.known_likes
    rows = [likes.row(user) for user in (0, 1, 7)]
    people = _People.of(rows)
    vectors = torch.from_numpy(encoder.likes)[people.likes]
    with torch.no_grad():
        attention = learning.attend(vectors, people.there)
        # The encoder's items carry the scale that scores have while learning.
        nothing = torch.zeros(3, len(encoder.items), dtype=torch.bool)
        scores, weights = learning.score(vectors, attention, torch.from_numpy(encoder.items) / 8.0, nothing)
    served = PersonaEncoder(encoder.items, encoder.likes, encoder.seeds, 1.0)
    found = served.of_likes(np.cumsum([0, *map(len, rows)]), np.concatenate(rows))
    np.testing.assert_allclose(scores.numpy(), served.scores(found), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(weights.numpy(), served.weigh(found, served.fits(found)), rtol=1e-3, atol=1e-5)


def test_the_price_of_entropy_does_not_change_with_the_size_of_a_step() -> None:
    """Twice as many people cost as much entropy a head; the published code adds it up."""
    likes, learning = two_tastes().interactions.known_likes, module()
    losses = {}
    for entropy in (0.0, 1.0):
        for users in (20, 80):
            config = replace(QUICK, users_at_once=users, entropy=entropy, apart=0.0, glued=0.0)
            found = [_loss(learning, likes, config, np.random.default_rng(seed)).item() for seed in range(5)]
            losses[entropy, users] = np.mean(found)
    few, many = (losses[1.0, users] - losses[0.0, users] for users in (20, 80))
    assert 0 < few <= np.log(3) + 1e-6
    assert few == pytest.approx(many, rel=0.02)


def test_what_somebody_has_is_not_there_to_be_chosen() -> None:
    learning, encoder = module(), learned(0)
    items, had = torch.from_numpy(encoder.items), torch.zeros(1, len(encoder.items), dtype=torch.bool)
    had[0, :5] = True
    likes = torch.from_numpy(encoder.likes)[None, :5]
    with torch.no_grad():
        logs, weights = learning.score(likes, learning.attend(likes, torch.ones(1, 5)), items, had)
    assert (logs[0, :5] < -1e6).all()
    assert logs[0, 5:].exp().sum().item() == pytest.approx(1.0, abs=0.01)
    np.testing.assert_allclose(weights.sum(dim=1).numpy(), 1, rtol=1e-4)


def test_a_guess_is_one_among_what_somebody_does_not_have() -> None:
    """With vectors of zeros every item is as likely as any other that a person was not shown to have."""
    learning, likes = module(), two_tastes().interactions.known_likes
    with torch.no_grad():
        learning.items.zero_()
    config = replace(QUICK, entropy=0.0, apart=0.0, users_at_once=USERS)
    shown = np.random.default_rng(3).random(likes.n_edges) < config.shown
    given, hidden = _taken_apart(likes, np.arange(USERS), shown)
    guesses = [np.log(likes.n_columns - len(row)) for row, sought in zip(given, hidden, strict=True) for _ in sought]
    found = _loss(learning, likes, config, np.random.default_rng(3)).item()
    # Shares add up to 1 and a little for each persona.
    assert found == pytest.approx(np.mean(guesses) - np.log(1 + 3 * LEAST_SHARE), abs=2e-3)
    assert found < np.log(likes.n_columns) - 0.05


def test_meeting_has_its_price_where_people_are_glued_and_only_there() -> None:
    learning, likes = module(), two_tastes().interactions.known_likes

    def loss(**changed: float) -> float:
        config = replace(QUICK, entropy=0.0, **changed)
        return _loss(learning, likes, config, np.random.default_rng(0)).item()

    free = loss(apart=0.0)
    once, twice = loss(apart=1.0) - free, loss(apart=2.0) - free
    assert 0.05 < once <= 1
    assert twice == pytest.approx(2 * once, rel=1e-3)
    assert loss(apart=1.0, glued=0.0) == pytest.approx(free)


def test_two_users_meet_where_they_share_a_persona() -> None:
    likes = two_tastes().interactions.known_likes
    rows = [likes.row(user) for user in (0, 1, 2)]
    ((one, other),) = _glued(rows)
    np.testing.assert_array_equal(one, rows[0])
    assert set(other) == set(rows[1]) - set(rows[0])
    people, first = _People.of([np.concatenate([one, other])]), len(one)
    apart = torch.zeros(1, people.likes.shape[1], 2)
    apart[0, :first, 0] = 1.0
    apart[0, first:, 1] = 1.0
    assert _meeting(apart, people.there, [first]).item() == pytest.approx(0.0)
    together = torch.zeros_like(apart)
    together[0, :, 1] = 1.0
    assert _meeting(together, people.there, [first]).item() == pytest.approx(1.0)


def test_likes_that_are_padding_are_with_nobody() -> None:
    people = _People.of([np.array([3, 5, 7], np.int32), np.array([2], np.int32)])
    np.testing.assert_array_equal(people.there.numpy(), [[1, 1, 1], [1, 0, 0]])
    assert [np.flatnonzero(row).tolist() for row in people.had(9)] == [[3, 5, 7], [2]]


def test_hidden_likes_are_what_is_asked_for_and_nothing_else() -> None:
    likes = two_tastes().interactions.known_likes
    shown = np.random.default_rng(0).random(likes.n_edges) < 0.5
    given, hidden = _taken_apart(likes, np.array([4, 5, 6]), shown)
    for user, of_shown, of_hidden in zip((4, 5, 6), given, hidden, strict=True):
        assert sorted([*of_shown, *of_hidden]) == sorted(likes.row(user))
        assert not set(of_shown) & set(of_hidden)
    assert len(np.concatenate(given)) == sum(
        shown[likes.indptr[user] : likes.indptr[user + 1]].sum() for user in (4, 5, 6)
    )


def test_where_nobody_likes_two_things_there_is_nothing_to_find_and_nothing_breaks() -> None:
    dataset = two_tastes()
    history = dataset.interactions
    first = np.unique(history.users, return_index=True)[1]
    few = replace(history, liked=history.liked & np.isin(np.arange(len(history.users)), first))
    encoder = learn_personas(replace(dataset, interactions=few), 0, replace(QUICK, steps=2))
    assert np.isfinite(encoder.items).all()


def test_the_same_seed_learns_the_same_and_another_something_else() -> None:
    config = replace(QUICK, steps=5)
    one, again, other = (learn_personas(two_tastes(), seed, config).items for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_progress_is_told_in_shares_that_add_up() -> None:
    told: list[float] = []
    learn_personas(two_tastes(), 0, replace(QUICK, steps=4), told.append)
    assert sum(told) == pytest.approx(1.0)


def test_one_persona_is_a_model_of_one_vector() -> None:
    encoder = learn_personas(two_tastes(), 0, PersonaConfig(1, 16, 5, 80, glued=0.0, apart=0.0))
    personas = encoder.of(Histories(two_tastes()).of(np.arange(3)))
    assert (personas.attention == 1).all()
    sums = np.stack([encoder.likes[personas.likes_of(person)[0]].sum(axis=0) for person in range(3)])
    fits = encoder.temperature * (sums / np.sqrt(personas.masses)) @ encoder.items.T
    expected = fits - np.log(np.exp(fits).sum(axis=1, keepdims=True))
    # A share of 1 is 1 and a little.
    np.testing.assert_allclose(encoder.scores(personas), expected + np.log(1 + LEAST_SHARE), rtol=1e-3, atol=1e-4)
