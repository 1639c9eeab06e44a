"""The default affinity."""

from dataclasses import replace

import numpy as np
import pytest

from graph import affinity
from graph.affinity import ANONYMOUS, Histories, Profiles
from graph.affinity.hybrid import Hybrid
from graph.affinity.popularity import Popularity
from graph.affinity.signals.content import ContentCosine
from graph.interactions import Interactions, Split
from tests.graph.affinity.contract import (
    QUICK,
    AffinityContract,
    FloatArray,
    fitted,
    fitted_on_lastfm,
    gain,
    lastfm,
    needs_lastfm,
    small,
    total_variation,
)


class TestHybrid(AffinityContract):
    name = "hybrid"
    floor = 0.7
    lastfm_floor = 1.8
    slack = 0.05

    def check_alike(self, one: FloatArray, other: FloatArray) -> None:
        assert total_variation(one, other).mean() < 0.1 < total_variation(one, other[::-1]).mean()


def test_it_beats_each_of_its_parts() -> None:
    parts = max(gain(small(), fitted(name).scores) for name in ("popularity", "content", "ease"))
    assert gain(small(), fitted("hybrid").scores) > parts


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(600)
@needs_lastfm
def test_on_lastfm_it_beats_each_of_its_parts_clearly() -> None:
    parts = max(gain(lastfm(), fitted_on_lastfm(name).scores) for name in ("popularity", "content", "ease"))
    assert gain(lastfm(), fitted_on_lastfm("hybrid").scores) > parts + 0.5


def test_it_serves_users_that_it_was_not_learned_from() -> None:
    """Half of the users have nothing in valid, so no contest is about them."""
    history = small().interactions
    half = (history.split != Split.VALID) | (history.users % 2 == 0)
    parts = {part: getattr(history, part)[half] for part in "users items ratings times split liked".split()}
    model = affinity.fit("hybrid", replace(small(), interactions=replace(history, **parts)))
    assert gain(small(), model.scores) > gain(small(), fitted("hybrid").scores) - 0.15


def test_what_somebody_had_is_not_what_they_look_for() -> None:
    model = fitted("hybrid")
    profiles = Histories(small()).of(np.array([0]))
    scores = model.scores_of(profiles)[0]
    assert scores[profiles.items].max() < np.median(scores)


def test_a_stranger_who_says_what_they_like_is_known_better_with_every_word() -> None:
    """Test users, met as strangers who name three, ten and forty of what they liked."""
    model = fitted("hybrid")
    users, targets = small().interactions.pairs(Split.TEST)
    users, targets = users[:300], targets[:300]
    known = Histories(small()).of(users)
    found = [mean_log_probability(model, Profiles.unknown(300, small().catalogue), targets)]
    for count in (3, 10, 40):
        order = np.arange(len(known.items)) - known.starts[known.person_of_event]
        found.append(mean_log_probability(model, known.keep_events(order < count), targets))
    assert found == sorted(found)
    assert found[-1] > found[0] + 0.2


def mean_log_probability(model: affinity.Affinity, profiles: Profiles, targets: np.ndarray) -> float:
    scores = model.scores_of(profiles).astype(np.float64)
    top = scores.max(axis=1)
    log_total = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    return float((scores[np.arange(len(targets)), targets] - log_total).mean())


def test_ease_is_left_out_of_large_data_and_that_is_said() -> None:
    lines: list[str] = []
    model = Hybrid.fit(small(), replace(QUICK, most_dense=100), report=lines.append)
    assert any("hybrid: left out: ease: 500 items" in line for line in lines)
    assert np.isfinite(model.scores(np.arange(5))).all()


def test_without_users_it_is_popularity_and_that_is_said() -> None:
    lines: list[str] = []
    alone = replace(small(), name="films", interactions=Interactions.none(500))
    model = affinity.fit("hybrid", alone, report=lines.append)
    expected = Popularity.fit(alone).scores(np.array([ANONYMOUS]))
    np.testing.assert_array_equal(model.scores(np.array([ANONYMOUS])), expected)
    assert lines == [
        "hybrid: films has no user with likes in train and valid; popularity and what people say they like are all "
        "there is"
    ]


def test_without_users_somebody_who_names_a_like_is_shown_what_is_like_it() -> None:
    alone = replace(small(), name="films", interactions=Interactions.none(500))
    model = affinity.fit("hybrid", alone)
    unknown = Profiles.unknown(3, alone.catalogue)
    said = unknown.and_then(1, liked=[7]).and_then(2, disliked=[7])
    plain, liking, disliking = model.scores_of(said)
    cosines = ContentCosine.fit(alone).of(unknown.and_then(0, liked=[7]))[0]
    alike = np.argsort(-cosines)[1:20]
    assert (liking[alike] - plain[alike]).min() > 1.0
    np.testing.assert_array_equal(liking[cosines == 0], plain[cosines == 0])
    assert (disliking <= liking).all()


def test_progress_adds_up_to_all_of_it() -> None:
    shares: list[float] = []
    Hybrid.fit(small(), QUICK, advance=shares.append)
    assert sum(shares) == pytest.approx(1.0)
    assert len(shares) > 10
