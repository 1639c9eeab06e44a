"""Intervals: they hold the truth as often as they say, alone, paired and in clusters."""

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from graph.errors import DataError
from simulator.statistics import PairedBootstrap


@pytest.fixture
def generator() -> Generator:
    return np.random.default_rng(7)


def outcomes(n_dialogues: int, generator: Generator) -> np.ndarray:
    """Turns of dialogues with a true mean of 8.75: half fail at 15, the others take 1 to 4 turns."""
    return np.where(generator.random(n_dialogues) < 0.5, 15, generator.integers(1, 5, n_dialogues)).astype(float)


def test_intervals_hold_the_truth_as_often_as_they_say(generator: Generator):
    held = 0
    for _ in range(400):
        estimate = PairedBootstrap(150, generator, n_resamples=400).estimate(outcomes(150, generator))
        held += estimate.low <= 8.75 <= estimate.high
    assert 0.92 <= held / 400 <= 0.98


def test_intervals_of_clustered_dialogues_hold_the_truth_and_those_that_ignore_clusters_do_not(generator: Generator):
    """Five dialogues a pair that nearly repeat each other: a fifth of the knowledge the naive count claims."""
    n_pairs, held, naively_held = 60, 0, 0
    clusters = np.repeat(np.arange(n_pairs), 5)
    for _ in range(300):
        values = np.repeat(generator.normal(size=n_pairs), 5) + 0.1 * generator.normal(size=5 * n_pairs)
        clustered = PairedBootstrap(300, generator, clusters=clusters, n_resamples=400).estimate(values)
        naive = PairedBootstrap(300, generator, n_resamples=400).estimate(values)
        held += clustered.low <= 0 <= clustered.high
        naively_held += naive.low <= 0 <= naive.high
    assert 0.9 <= held / 300 <= 0.98
    assert naively_held / 300 < 0.75


def test_comparing_a_policy_with_itself_seldom_finds_a_difference(generator: Generator):
    """200 A/A comparisons, seeds of the dialogues apart: 2 to 8 % exclude zero, and p agrees with the interval."""
    found = 0
    for _ in range(200):
        luck_of_the_pair = generator.normal(size=200)
        a, b = luck_of_the_pair + generator.normal(size=(2, 200))
        comparison = PairedBootstrap(200, generator, n_resamples=400).compare(a, b, a="a", b="a again", metric="at")
        found += comparison.excludes_zero
        assert comparison.excludes_zero == (comparison.p <= 0.05) or 0.04 < comparison.p < 0.06
    assert 0.02 <= found / 200 <= 0.08


def test_pairing_finds_what_lies_below_the_differences_between_dialogues(generator: Generator):
    hard = 10 * generator.normal(size=500)
    a, b = hard + 0.2 + 0.5 * generator.normal(size=500), hard + 0.5 * generator.normal(size=500)
    bootstrap = PairedBootstrap(500, generator)
    comparison = bootstrap.compare(a, b, a="a", b="b", metric="at")
    assert comparison.diff == pytest.approx(a.mean() - b.mean())
    assert comparison.ci[0] < comparison.diff < comparison.ci[1]
    assert comparison.excludes_zero
    assert comparison.p == pytest.approx(2 / 2001)
    assert bootstrap.estimate(a).low < bootstrap.estimate(b).high


def test_a_comparison_turns_its_sign_with_its_sides(generator: Generator):
    a, b = generator.normal(size=(2, 300))
    bootstrap = PairedBootstrap(300, generator)
    there = bootstrap.compare(a, b, a="a", b="b", metric="at")
    back = bootstrap.compare(b, a, a="b", b="a", metric="at")
    assert (there.diff, *there.ci, there.p) == pytest.approx((-back.diff, -back.ci[1], -back.ci[0], back.p))


def test_intervals_agree_with_scipy(generator: Generator):
    values = outcomes(2000, generator)
    ours = PairedBootstrap(2000, generator, n_resamples=4000).estimate(values)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, batch=100, method="percentile", rng=generator
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_clusters_of_one_are_no_clusters():
    values = outcomes(200, np.random.default_rng(1))
    alone = PairedBootstrap(200, np.random.default_rng(2)).estimate(values)
    named = PairedBootstrap(200, np.random.default_rng(2), clusters=10 * np.arange(200) - 3).estimate(values)
    assert alone == named


def test_clusters_of_unequal_size_keep_the_mean_over_dialogues(generator: Generator):
    estimate = PairedBootstrap(4, generator, clusters=[5, 5, 5, 9]).estimate([1, 1, 1, 0])
    assert estimate.value == 0.75
    assert (estimate.low, estimate.high) == (0, 1)


def test_equal_values_are_sure_to_the_last_digit(generator: Generator):
    bootstrap = PairedBootstrap(37, generator, clusters=np.arange(37) // 3)
    estimate = bootstrap.estimate(np.full(37, 0.1))
    assert (estimate.value, estimate.low, estimate.high) == (0.1, 0.1, 0.1)
    values = generator.random(37)
    same = bootstrap.compare(values, values, a="a", b="b", metric="hdcg")
    assert (same.diff, same.ci, same.p) == (0, (0, 0), 1)
    assert not same.excludes_zero


def test_one_dialogue_is_a_point(generator: Generator):
    estimate = PairedBootstrap(1, generator).estimate([3.0])
    assert (estimate.value, estimate.low, estimate.high) == (3, 3, 3)


def test_no_dialogues_are_refused(generator: Generator):
    with pytest.raises(DataError, match="no dialogues"):
        PairedBootstrap(0, generator)


def test_values_and_clusters_of_another_length_are_refused(generator: Generator):
    with pytest.raises(ValueError, match="as many values"):
        PairedBootstrap(3, generator).estimate([1, 2])
    with pytest.raises(ValueError, match="as many cluster ids"):
        PairedBootstrap(3, generator, clusters=[1, 2])


def test_the_same_generator_gives_the_same_interval():
    values = outcomes(250, np.random.default_rng(1))
    first, again = (PairedBootstrap(250, np.random.default_rng(3), n_resamples=250).estimate(values) for _ in range(2))
    assert first == again
