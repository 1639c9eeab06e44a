"""How sure the figures are: intervals of means and of paired differences, by resampling dialogues.

Legend: D dialogues, C clusters, R resamples.

The percentile bootstrap (Efron, 1979), over whole clusters where dialogues belong together (Field and Welsh, 2007): two
dialogues of one user about one item, held with different seeds, are not two independent observations.

Resamples are drawn once and shared by every figure that is taken of the same dialogues; kept is how often each cluster
was drawn.  So differences are paired by construction, and a figure costs one product of counts and values: 16 ms for
4,000 clusters and 2,000 resamples, where ``scipy.stats.bootstrap``, which draws anew for each figure and knows no
clusters, takes 75 ms.  An evaluation takes a hundred such figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from graph.errors import DataError

BLOCK = 100
"""Resamples that are held as more than one byte a count at any time: 16 MB for 20,000 clusters."""


@dataclass(frozen=True)
class Estimate:
    """A mean over dialogues with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """By how much the mean of ``a`` lies above the mean of ``b`` on the same dialogues."""

    a: str
    b: str
    metric: str
    diff: float
    ci: tuple[float, float]
    p: float
    """Two-sided: how often resampling turns the sign of the difference; never below 2 / (R + 1)."""

    @property
    def excludes_zero(self) -> bool:
        return self.ci[0] > 0 or self.ci[1] < 0


class PairedBootstrap:
    """One set of resamples of the dialogues that several policies held with the same users about the same items."""

    def __init__(
        self,
        n_dialogues: int,
        generator: Generator,
        *,
        clusters: ArrayLike | None = None,
        n_resamples: int = 2000,
        level: float = 0.95,
    ) -> None:
        """Draw the resamples.

        :param clusters: which dialogues belong together, any integers, shape (D,); each alone if not given.
        :param level: share of intervals that hold the true mean.  A single cluster says nothing of how sure it is; its
            intervals are a point.
        :raises DataError: when there are no dialogues.
        :raises ValueError: when there is not one cluster id for each dialogue.
        """
        if n_dialogues == 0:
            raise DataError("no dialogues were held, so there is nothing to take a mean of")
        ids = np.arange(n_dialogues) if clusters is None else np.asarray(clusters)
        if ids.shape != (n_dialogues,):
            raise ValueError(f"{n_dialogues} dialogues need as many cluster ids, not shape {ids.shape}")
        self._cluster = np.unique(ids, return_inverse=True)[1]  # (D,)
        self._sizes = np.bincount(self._cluster)  # (C,)
        self._level = level
        self._counts = _draw(len(self._sizes), n_resamples, generator)  # (R, C)
        self._drawn = self._totals(self._sizes)  # (R,) dialogues in each resample

    def estimate(self, values: ArrayLike) -> Estimate:
        """Mean of ``values``, shape (D,), with its interval.

        :raises ValueError: when there is not one value for each dialogue.
        """
        mean, means = self._resample(values)
        return Estimate(mean, *self._interval(means))

    def estimate_ratio(self, numerators: ArrayLike, denominators: ArrayLike) -> Estimate:
        """Sum of the one over the sum of the other, both of shape (D,), with its interval; NaN if nothing is counted.

        :raises ValueError: when there is not one of each for each dialogue.
        """
        above, below = (self._checked(values) for values in (numerators, denominators))
        if not below.any():
            return Estimate(*[float("nan")] * 3)
        sums = [self._totals(np.bincount(self._cluster, weights=values)) for values in (above, below)]
        ratios = sums[0][sums[1] > 0] / sums[1][sums[1] > 0]
        return Estimate(float(above.sum() / below.sum()), *self._interval(ratios))

    def estimate_gap(self, values: ArrayLike, group: NDArray[np.bool_]) -> Estimate:
        """Mean of ``values`` in a group of dialogues minus the mean outside it, with its interval.

        :param group: shape (D,); NaN when everybody is in it or nobody.
        """
        value = self._checked(values)
        if group.all() or not group.any():
            return Estimate(*[float("nan")] * 3)
        parts = [(value * group, group), (value * ~group, ~group)]
        means = []
        for sums, counts in parts:
            total, count = (self._totals(np.bincount(self._cluster, weights=each)) for each in (sums, counts))
            means.append(total / np.maximum(count, 1e-12))
        gap = float(value[group].mean() - value[~group].mean())
        return Estimate(gap, *self._interval(means[0] - means[1]))

    def compare(self, values_a: ArrayLike, values_b: ArrayLike, *, a: str, b: str, metric: str) -> Comparison:
        """Paired difference of the means of two policies, each with values of shape (D,) in the same order.

        :raises ValueError: when there is not one value of each for each dialogue.
        """
        diff, diffs = self._resample(np.subtract(values_a, values_b, dtype=np.float64))
        turned = 1 + min((diffs <= 0).sum(), (diffs >= 0).sum())
        p = min(1.0, 2 * turned / (1 + len(diffs)))
        return Comparison(a, b, metric, diff, self._interval(diffs), float(p))

    def _resample(self, values: ArrayLike) -> tuple[float, NDArray[np.float64]]:
        """The mean, and the mean of each resample, shape (R,)."""
        value = self._checked(values)
        # Measured from one of the values, so that equal values have exactly equal means.
        origin = value[0]
        sums = np.bincount(self._cluster, weights=value - origin)
        return float(origin + (value - origin).mean()), origin + self._totals(sums) / self._drawn

    def _checked(self, values: ArrayLike) -> NDArray[np.float64]:
        value = np.asarray(values, dtype=np.float64)
        if value.shape != self._cluster.shape:
            raise ValueError(f"{len(self._cluster)} dialogues need as many values, not shape {value.shape}")
        return value

    def _totals(self, of_cluster: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum over the clusters of each resample, shape (R,)."""
        blocks = np.split(self._counts, range(BLOCK, len(self._counts), BLOCK))
        return np.concatenate([block.astype(np.float64) @ of_cluster for block in blocks])

    def _interval(self, means: NDArray[np.float64]) -> tuple[float, float]:
        tail = (1 - self._level) / 2
        low, high = np.quantile(means, [tail, 1 - tail])
        return float(low), float(high)


def _draw(n_clusters: int, n_resamples: int, generator: Generator) -> NDArray[np.uint8]:
    """How often each cluster is drawn in each resample, shape (R, C).

    A byte holds a count: one above 255 has a chance below 1e-500.
    """
    counts = np.empty((n_resamples, n_clusters), dtype=np.uint8)
    for start in range(0, n_resamples, BLOCK):
        rows = min(BLOCK, n_resamples - start)
        drawn = generator.integers(0, n_clusters, (rows, n_clusters)) + np.arange(rows)[:, None] * n_clusters
        counts[start : start + rows] = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(rows, n_clusters)
    return counts
