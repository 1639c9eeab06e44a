"""Affinities that know nothing of the user."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from graph import affinity
from graph.affinity import ANONYMOUS
from graph.affinity.popularity import Popularity
from graph.dataset import Dataset
from graph.interactions import Interactions
from tests.graph.affinity.contract import AffinityContract, fitted, of_other_items, small


class TestUniform(AffinityContract):
    name = "uniform"
    floor = -1e-9
    lastfm_floor = -1e-9
    fakes: ClassVar = ()


class TestPopularity(AffinityContract):
    name = "popularity"
    floor = 0.25
    lastfm_floor = 0.09
    fakes: ClassVar = (of_other_items,)


def catalogue_alone(popularity: list[float]) -> Dataset:
    n_items = small().catalogue.n_items
    weights = np.ones(n_items, dtype=np.float32)
    weights[: len(popularity)] = popularity
    catalogue = replace(small().catalogue, popularity=weights)
    return replace(small(), name="films", catalogue=catalogue, interactions=Interactions.none(n_items))


def test_without_users_the_prior_is_proportional_to_popularity() -> None:
    scores = affinity.fit("popularity", catalogue_alone([8.0, 2.0, 0.5])).scores(np.array([ANONYMOUS]))[0]
    np.testing.assert_allclose(np.exp(scores[:4] - scores[3]), [8.0, 2.0, 0.5, 1.0], rtol=1e-6)


def test_an_item_that_nobody_seeks_is_last_and_can_be_found() -> None:
    scores = affinity.fit("popularity", catalogue_alone([0.0, 2.0, 0.5])).scores(np.array([ANONYMOUS]))[0]
    assert np.isfinite(scores).all()
    assert scores.argmin() == 0
    np.testing.assert_allclose(np.exp(scores[0] - scores[2]), 0.01, rtol=1e-5)


def test_more_likes_are_a_higher_prior_when_a_rehearsal_agrees() -> None:
    model = fitted("popularity")
    assert isinstance(model, Popularity)
    assert model.exponent > 0
    counts = np.bincount(small().interactions.known_likes.indices, minlength=500)
    order = np.argsort(counts)
    assert (np.diff(model.log_prior[order]) >= 0).all()
