"""The default affinity."""

from dataclasses import replace

import numpy as np
import pytest

from graph import affinity
from graph.affinity.blend import Blend, BlendConfig
from graph.affinity.ease import EaseConfig
from graph.affinity.popularity import Popularity
from graph.affinity.protocol import ANONYMOUS
from graph.interactions import Interactions
from tests.graph.affinity.contract import AffinityContract, fitted, fitted_on_lastfm, gain, lastfm, needs_lastfm, small


class TestBlend(AffinityContract):
    name = "blend"
    floor = 0.7
    lastfm_floor = 1.08


def test_it_beats_each_of_its_parts() -> None:
    parts = max(gain(small(), fitted(name).scores) for name in ("popularity", "content", "ease"))
    assert gain(small(), fitted("blend").scores) > parts


@pytest.mark.shared
@needs_lastfm
def test_on_lastfm_it_beats_each_of_its_parts_clearly() -> None:
    parts = max(gain(lastfm(), fitted_on_lastfm(name).scores) for name in ("popularity", "content", "ease"))
    assert gain(lastfm(), fitted_on_lastfm("blend").scores) > parts + 0.15


def test_weights_fit_users_they_were_not_fitted_on() -> None:
    history = small().interactions
    half = (history.split != 1) | (history.users % 2 == 0)
    parts = {part: getattr(history, part)[half] for part in "users items ratings times split liked".split()}
    model = Blend.fit(replace(small(), interactions=replace(history, **parts)))
    assert abs(gain(small(), model.scores) - gain(small(), fitted("blend").scores)) < 0.03


def test_what_a_user_has_is_not_what_is_looked_for() -> None:
    model = fitted("blend")
    assert isinstance(model, Blend)
    assert model.weights["owned"] < -3
    owned = small().interactions.train_likes.row(0)
    assert model.scores(np.array([0]))[0, owned].mean() < model.scores(np.array([0])).mean()


def test_people_without_history_get_popularity() -> None:
    popularity = affinity.fit("popularity", small())
    anonymous = np.array([ANONYMOUS])
    np.testing.assert_array_equal(fitted("blend").scores(anonymous), popularity.scores(anonymous))


def test_ease_is_left_out_of_large_data_and_that_is_said() -> None:
    lines: list[str] = []
    model = Blend.fit(small(), BlendConfig(ease=EaseConfig(max_items=100)), report=lines.append)
    assert "ease" not in model.weights
    assert len(lines) == 1
    assert "EASE is left out" in lines[0]
    assert np.isfinite(model.scores(np.arange(5))).all()


def test_without_users_it_is_popularity_and_that_is_said() -> None:
    lines: list[str] = []
    alone = replace(small(), name="films", interactions=Interactions.none(500))
    model = affinity.fit("blend", alone, report=lines.append)
    expected = Popularity.fit(alone).scores(np.array([ANONYMOUS]))
    np.testing.assert_array_equal(model.scores(np.array([ANONYMOUS])), expected)
    assert lines == ["blend: films has no user with likes in train and valid; every user gets popularity alone"]
