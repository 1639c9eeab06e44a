"""How far a predicted chance can be believed: scores of "this list will be accepted" against what happened.

Legend: E events (lists that were shown), B bins that hold an event.  ``predicted``: chance of each event, between 0 and
1, shape (E,).  ``happened``: whether it came about, shape (E,).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy
from scipy.stats import binomtest

from graph.errors import DataError

Values = NDArray[np.float64]

N_BINS = 10
"""Bins of a reliability diagram, as is usual: few enough that each holds some hundreds of our lists."""


class Binning(StrEnum):
    """How events are put into bins by their predicted chance."""

    EQUAL_COUNT = "equal-count"
    """As many events in each bin; equal predictions stay together.  Its calibration error is the less biased one
    (Roelofs, Cain, Shlens and Mozer, AISTATS 2022)."""
    EQUAL_WIDTH = "equal-width"
    """Bins of the same width from 0 to 1 (Naeini, Cooper and Hauskrecht, AAAI 2015)."""


@dataclass(frozen=True)
class Reliability:
    """The reliability diagram: beside what was predicted in each bin, how often it happened."""

    predicted: Values
    """Mean prediction, shape (B,), rising."""
    observed: Values
    """Share of events that happened, shape (B,)."""
    count: NDArray[np.int64]
    """Events, shape (B,), at least 1."""
    low: Values
    """Lower end of the 95 % interval of ``observed`` (Wilson, 1927), shape (B,)."""
    high: Values
    """Upper end, shape (B,)."""

    @cached_property
    def expected_calibration_error(self) -> float:
        """ECE: mean distance between predicted and observed, bins weighted by their events; 0 is perfect.

        Chance alone lifts it: a perfect predictor of a few per cent gets some .01 on 2,000 events.  For the same reason
        it has no interval here: resampling adds as much chance again, so that a percentile bootstrap of a perfect
        predictor's ECE never reaches down to 0.
        """
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))


@dataclass(frozen=True)
class BrierDecomposition:
    """The Brier score taken apart: reliability - resolution + uncertainty + within_bins (Murphy, 1973)."""

    reliability: float
    """Mean squared distance between predicted and observed over the bins; 0 is perfect."""
    resolution: float
    """How far what is observed in the bins spreads around the base rate; the more the better."""
    uncertainty: float
    """Variance of what happens: the score of always predicting the base rate."""
    within_bins: float
    """What binning hides: variance of predictions within bins less twice their covariance with what happened.  0 where
    all predictions of a bin are equal (Stephenson, Coelho and Jolliffe, Weather and Forecasting 2008)."""

    @property
    def brier(self) -> float:
        """The Brier score."""
        return self.reliability - self.resolution + self.uncertainty + self.within_bins


def squared_errors(predicted: ArrayLike, happened: ArrayLike) -> Values:
    """Squared error of each prediction, shape (E,); their mean is the Brier score (Brier, 1950).

    :raises DataError: when there are no events.
    :raises ValueError: when a prediction is no chance or the two do not belong together; also in what follows.
    """
    chance, came = _checked(predicted, happened)
    return (chance - came) ** 2


def log_losses(predicted: ArrayLike, happened: ArrayLike) -> Values:
    """Negative log likelihood of each event in nats, shape (E,); their mean is the log loss.

    Being sure and wrong would cost infinitely much; chances are kept one rounding error (2e-16) away from 0 and 1, so
    that it costs 36.
    """
    chance, came = _checked(predicted, happened)
    rounding = np.finfo(np.float64).eps
    chance = np.clip(chance, rounding, 1 - rounding)
    return np.asarray(-xlogy(came, chance) - xlogy(1 - came, 1 - chance))


def reliability(
    predicted: ArrayLike, happened: ArrayLike, n_bins: int = N_BINS, binning: Binning = Binning.EQUAL_COUNT
) -> Reliability:
    """Draw up the reliability diagram; bins that would be empty are left out."""
    chance, came = _checked(predicted, happened)
    place, count = _bins(chance, n_bins, binning)
    happened_in = np.bincount(place, weights=came).astype(np.int64)
    intervals = [
        binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson") for k, n in zip(happened_in, count, strict=True)
    ]
    return Reliability(
        predicted=np.bincount(place, weights=chance) / count,
        observed=happened_in / count,
        count=count,
        low=np.array([interval.low for interval in intervals]),
        high=np.array([interval.high for interval in intervals]),
    )


def decompose_brier(
    predicted: ArrayLike, happened: ArrayLike, n_bins: int = N_BINS, binning: Binning = Binning.EQUAL_COUNT
) -> BrierDecomposition:
    """Take the Brier score apart over the bins of :func:`reliability`."""
    chance, came = _checked(predicted, happened)
    place, count = _bins(chance, n_bins, binning)
    mean_chance = np.bincount(place, weights=chance) / count
    mean_came = np.bincount(place, weights=came) / count
    base_rate = came.mean()
    spread = chance - mean_chance[place]
    return BrierDecomposition(
        reliability=float(np.average((mean_chance - mean_came) ** 2, weights=count)),
        resolution=float(np.average((mean_came - base_rate) ** 2, weights=count)),
        uncertainty=float(base_rate * (1 - base_rate)),
        within_bins=float((spread**2).mean() - 2 * (spread * (came - mean_came[place])).mean()),
    )


def _bins(chance: Values, n_bins: int, binning: Binning) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The bin of each event, shape (E,), counted over the bins that hold one, and how many each holds, shape (B,)."""
    if n_bins < 1:
        raise ValueError(f"events need at least one bin, not {n_bins}")
    if binning is Binning.EQUAL_WIDTH:
        upper = np.arange(1, n_bins) / n_bins
    else:
        n_bins = min(n_bins, len(chance))
        upper = np.sort(chance)[np.arange(1, n_bins) * len(chance) // n_bins - 1]
    place = np.searchsorted(upper, chance)  # a prediction on an edge goes below it
    _, place, count = np.unique(place, return_inverse=True, return_counts=True)
    return place, count


def _checked(predicted: ArrayLike, happened: ArrayLike) -> tuple[Values, Values]:
    chance, came = np.asarray(predicted, dtype=np.float64), np.asarray(happened)
    if chance.ndim != 1 or chance.shape != came.shape:
        raise ValueError(f"every prediction needs its outcome: shapes {chance.shape} and {came.shape} differ")
    if not len(chance):
        raise DataError("no lists were shown, so nothing can be said of how far their chances can be believed")
    if came.dtype != np.bool_:
        raise ValueError(f"what happened must be True or False, not {came.dtype}")
    wrong = np.flatnonzero(~((chance >= 0) & (chance <= 1)))
    if len(wrong):
        raise ValueError(f"prediction {wrong[0]} is {chance[wrong[0]]}; a chance lies between 0 and 1")
    return chance, came.astype(np.float64)
