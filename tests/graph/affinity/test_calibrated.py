"""Single signals as affinities."""

from dataclasses import replace

import numpy as np
import pytest

from graph import affinity
from graph.affinity import ANONYMOUS, Histories
from graph.affinity.calibrated import Calibrated
from graph.errors import OptionError
from graph.interactions import Interactions, Split
from tests.graph.affinity.contract import AffinityContract, fitted, small


class TestContent(AffinityContract):
    name = "content"
    floor = 0.18
    lastfm_floor = 0.9


class TestEase(AffinityContract):
    name = "ease"
    floor = 0.5
    lastfm_floor = 0.9


def calibrated(name: str) -> Calibrated:
    model = fitted(name)
    assert isinstance(model, Calibrated)
    return model


@pytest.mark.parametrize("name", ["content", "ease"])
def test_the_prior_is_a_power_of_the_softened_signal(name: str) -> None:
    model, users = calibrated(name), np.arange(20)
    profiles = Histories(small()).of(users)
    values = model.signal.of(profiles)
    expected = model.weights[0] * np.log1p(values / model.softening)
    expected += np.where(model.signal.covers, 0, model.weights[1])
    fresh = np.ones(values.shape, dtype=bool)
    fresh[profiles.person_of_event, profiles.items] = False
    np.testing.assert_allclose(model.scores(users)[fresh], expected[fresh], rtol=1e-4, atol=1e-4)
    assert model.weights[0] > 0


@pytest.mark.parametrize("name", ["content", "ease"])
def test_what_a_user_had_is_not_what_is_looked_for(name: str) -> None:
    # Nothing is asked for twice in the small data.
    assert (calibrated(name).weights[2:] < -3).all()


@pytest.mark.parametrize("name", ["content", "ease"])
def test_strangers_get_a_flat_prior(name: str) -> None:
    assert not fitted(name).scores(np.array([ANONYMOUS])).any()


def test_items_that_nobody_liked_are_all_alike_to_ease() -> None:
    history = small().interactions
    warm = ~((history.items >= 480) & (history.split != Split.TEST))
    parts = {part: getattr(history, part)[warm] for part in "users items ratings times split liked".split()}
    model = affinity.fit("ease", replace(small(), interactions=replace(history, **parts)))
    assert isinstance(model, Calibrated)
    np.testing.assert_array_equal(model.scores(np.arange(10))[:, 480:], np.float32(model.weights[1]))


def test_no_likes_are_refused_with_a_way_out() -> None:
    alone = replace(small(), interactions=Interactions.none(500))
    with pytest.raises(OptionError, match="nobody likes anything in train; choose popularity"):
        affinity.fit("ease", alone)
