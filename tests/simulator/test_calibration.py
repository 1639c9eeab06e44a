"""Calibration: every score against a computation by hand, and against what is known of the truth."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from graph.errors import DataError
from simulator.calibration import (
    Binning,
    BrierDecomposition,
    Reliability,
    decompose_brier,
    log_losses,
    reliability,
    squared_errors,
)

PREDICTED = [0.1, 0.1, 0.1, 0.1, 0.7, 0.7]
HAPPENED = [False, False, False, True, True, False]
"""Four lists at 10 %, of which one was accepted, and two at 70 %, of which one was."""

EVENTS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        arrays.arrays(np.float64, n, elements=st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 1.0]))),
        arrays.arrays(np.bool_, n),
    )
)
BINNINGS = st.sampled_from(Binning)


def ece(predicted: np.ndarray, happened: np.ndarray, binning: Binning = Binning.EQUAL_COUNT) -> float:
    return reliability(predicted, happened, binning=binning).expected_calibration_error


def test_scores_by_hand():
    squares = [0.01, 0.01, 0.01, 0.81, 0.09, 0.49]
    assert squared_errors(PREDICTED, HAPPENED) == pytest.approx(squares)
    nats = -np.log([0.9, 0.9, 0.9, 0.1, 0.7, 0.3])
    assert log_losses(PREDICTED, HAPPENED) == pytest.approx(nats)


@pytest.mark.parametrize("binning", Binning)
def test_the_diagram_by_hand(binning: Binning):
    """Equal predictions make one bin, however bins are cut.  Wilson's intervals: 1 of 4 and 1 of 2, z = 1.96."""
    diagram = reliability(PREDICTED, HAPPENED, binning=binning)
    assert diagram.predicted == pytest.approx([0.1, 0.7])
    assert diagram.observed == pytest.approx([0.25, 0.5])
    assert diagram.count.tolist() == [4, 2]
    z2 = 1.959964**2
    middle = np.array([(1 + z2 / 2) / (4 + z2), 0.5])
    half = np.sqrt([z2 * (1 * 3 / 4 + z2 / 4), z2 * (1 * 1 / 2 + z2 / 4)]) / np.array([4 + z2, 2 + z2])
    assert diagram.low == pytest.approx(middle - half, abs=1e-5)
    assert diagram.high == pytest.approx(middle + half, abs=1e-5)
    assert diagram.expected_calibration_error == pytest.approx((4 * 0.15 + 2 * 0.2) / 6)


def test_the_decomposition_by_hand():
    parts = decompose_brier(PREDICTED, HAPPENED)
    assert parts.reliability == pytest.approx((4 * 0.15**2 + 2 * 0.2**2) / 6)
    assert parts.resolution == pytest.approx((4 * (0.25 - 1 / 3) ** 2 + 2 * (0.5 - 1 / 3) ** 2) / 6)
    assert parts.uncertainty == pytest.approx(1 / 3 * 2 / 3)
    assert parts.within_bins == pytest.approx(0)
    assert parts.brier == pytest.approx(1.42 / 6)


def test_what_binning_hides_by_hand():
    """One bin with 0.2 (did not happen) and 0.6 (happened): the mean 0.4 meets 0.5, and ranks are right within it."""
    parts = decompose_brier([0.2, 0.6], [False, True], n_bins=1)
    variance, covariance = 0.2**2, 0.2 * 0.5
    assert parts == BrierDecomposition(
        pytest.approx(0.01), 0, pytest.approx(0.25), pytest.approx(variance - 2 * covariance)
    )
    assert parts.brier == pytest.approx((0.04 + 0.16) / 2)


@given(EVENTS, st.integers(1, 20), BINNINGS)
def test_the_parts_add_up_to_the_score(events: tuple[np.ndarray, np.ndarray], n_bins: int, binning: Binning):
    parts = decompose_brier(*events, n_bins, binning)
    assert parts.brier == pytest.approx(squared_errors(*events).mean(), abs=1e-12)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


@given(EVENTS, st.integers(1, 20), BINNINGS)
def test_every_event_is_in_one_bin_and_none_is_empty(
    events: tuple[np.ndarray, np.ndarray], n_bins: int, binning: Binning
):
    predicted, happened = events
    diagram = reliability(predicted, happened, n_bins, binning)
    assert diagram.count.sum() == len(predicted)
    assert diagram.count.min() >= 1
    assert len(diagram.count) <= n_bins
    assert diagram.count @ diagram.predicted == pytest.approx(predicted.sum())
    assert diagram.count @ diagram.observed == pytest.approx(happened.sum())
    assert (np.diff(diagram.predicted) > 0).all()
    assert (diagram.low <= diagram.observed + 1e-12).all()
    assert (diagram.observed - 1e-12 <= diagram.high).all()


@given(EVENTS, st.randoms(use_true_random=False), BINNINGS)
def test_the_order_of_events_does_not_matter(events: tuple[np.ndarray, np.ndarray], random: Random, binning: Binning):
    order = np.arange(len(events[0]))
    random.shuffle(order)
    there = reliability(*events, binning=binning)
    again = reliability(*(each[order] for each in events), binning=binning)
    assert there.count.tolist() == again.count.tolist()
    assert there.expected_calibration_error == pytest.approx(again.expected_calibration_error)


def test_bins_of_equal_count_are_equal_and_bins_of_equal_width_are_not():
    predicted = np.arange(1, 101) ** 2 / 100**2
    happened = np.zeros(100, bool)
    assert reliability(predicted, happened).count.tolist() == [10] * 10
    by_width = reliability(predicted, happened, binning=Binning.EQUAL_WIDTH)
    upper = np.floor(100 * np.sqrt(np.arange(1, 11) / 10) + 1e-9)
    assert by_width.count.tolist() == np.diff(upper, prepend=0).tolist()


@given(st.integers(1, 60), st.integers(1, 20))
def test_bins_of_equal_count_differ_by_one_at_most(n_events: int, n_bins: int):
    predicted = np.random.default_rng(n_events).random(n_events)
    count = reliability(predicted, predicted > 0.5, n_bins).count
    assert len(count) == min(n_events, n_bins)
    assert count.max() - count.min() <= 1


def calibrated(n_events: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Chances as lists have them, most of them small, and events that come about as often as they say."""
    generator = np.random.default_rng(seed)
    chance = generator.beta(1.0, 4.0, n_events)
    return chance, generator.random(n_events) < chance


@pytest.mark.parametrize("binning", Binning)
def test_the_error_of_calibrated_chances_vanishes_with_their_number(binning: Binning):
    few, some, many = (ece(*calibrated(n), binning=binning) for n in (200, 20_000, 2_000_000))
    assert few > 0.01, "what chance alone gives; see the docstring"
    assert some < few / 3
    assert many < 0.001


def test_what_chance_alone_gives_is_as_the_docstring_says():
    chance = np.random.default_rng(1).uniform(0.02, 0.08, 2000)
    errors = [ece(chance, np.random.default_rng(seed).random(2000) < chance) for seed in range(50)]
    assert 0.007 < np.mean(errors) < 0.014


@pytest.mark.parametrize("shift", [-0.15, 0.05, 0.3])
def test_a_shift_is_found_and_raises_every_score(shift: float):
    chance, happened = calibrated(200_000)
    shifted = np.clip(chance + shift, 0, 1)
    assert ece(shifted, happened) == pytest.approx(np.abs(shifted - chance).mean(), abs=0.005)
    for scores in (squared_errors, log_losses):
        assert scores(shifted, happened).mean() > scores(chance, happened).mean()
    before, after = decompose_brier(chance, happened), decompose_brier(shifted, happened)
    assert after.reliability > before.reliability + shift**2 / 4
    assert after.uncertainty == before.uncertainty


def test_knowing_nothing_but_the_base_rate_is_calibrated_and_without_resolution():
    _, happened = calibrated(1000)
    parts = decompose_brier(np.full(1000, happened.mean()), happened)
    assert parts.reliability == pytest.approx(0)
    assert parts.resolution == pytest.approx(0)
    assert parts.brier == pytest.approx(parts.uncertainty)


def test_knowing_everything_is_free_and_being_sure_and_wrong_is_dear_but_finite():
    assert log_losses([0.0, 1.0], [False, True]) == pytest.approx([0, 0], abs=1e-15)
    assert log_losses([0.0, 1.0], [True, False]) == pytest.approx([36.04, 36.04], abs=0.01)
    assert squared_errors([0.0, 1.0], [True, False]).tolist() == [1, 1]


def test_intervals_hold_the_truth_as_often_as_they_say():
    held: list[bool] = []
    for seed in range(200):
        chance = np.repeat([0.05, 0.3, 0.6], 100)
        diagram = reliability(chance, np.random.default_rng(seed).random(300) < chance, n_bins=3)
        held += ((diagram.low <= diagram.predicted) & (diagram.predicted <= diagram.high)).tolist()
    assert len(held) == 600
    assert 0.92 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("score", [squared_errors, log_losses, reliability, decompose_brier])
class TestWhatIsRefused:
    def test_no_events(self, score: Callable[..., Any]):
        with pytest.raises(DataError, match="no lists were shown"):
            score(np.array([]), np.array([], bool))

    @pytest.mark.parametrize("wrong", [-0.01, 1.01, np.nan])
    def test_what_is_no_chance(self, score: Callable[..., Any], wrong: float):
        with pytest.raises(ValueError, match=r"prediction 1 is .*between 0 and 1"):
            score([0.5, wrong], [True, False])

    def test_predictions_without_outcomes(self, score: Callable[..., Any]):
        with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
            score([0.5, 0.5], [True])

    def test_outcomes_that_are_numbers(self, score: Callable[..., Any]):
        with pytest.raises(ValueError, match="True or False, not int64"):
            score([0.5, 0.5], [1, 0])


@pytest.mark.parametrize("take", [reliability, decompose_brier])
def test_no_bins_are_refused(take: Callable[..., Any]):
    with pytest.raises(ValueError, match="at least one bin"):
        take(PREDICTED, HAPPENED, n_bins=0)


def test_a_diagram_by_itself_weighs_bins_by_their_events():
    diagram = Reliability(*(np.array(each) for each in ([0.2, 0.8], [0.2, 0.4], [30, 10], [0, 0], [1, 1])))
    assert diagram.expected_calibration_error == pytest.approx(0.1)
