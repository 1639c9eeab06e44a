"""Weights of features that make valid targets likely.

Legend: M contests, C contenders of a contest, D features.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from graph.affinity.contests import Contests

PRIOR_DEVIATION = 5.0
"""Standard deviation of the normal prior of every weight: far from any fitted on real data, and enough to keep finite
the weight of a flag that no target has."""


@dataclass(frozen=True)
class FittedWeights:
    """A linear log prior and how likely it makes the targets."""

    weights: NDArray[np.float64]
    """Shape (D,)."""
    log_likelihood: float
    """Mean over the contests, in nats; without the prior of the weights."""


def fit_weights(contests: Contests, features: NDArray[np.floating]) -> FittedWeights:
    """Maximum a posteriori weights of ``softmax(features @ weights)``, by L-BFGS on the exact gradient.

    The problem is concave, so the answer depends neither on the start nor on chance.

    :param features: of the contenders, shape (M, C, D).
    """
    values = np.ascontiguousarray(features, dtype=np.float32)
    n_contests, _, n_features = values.shape
    precision = 1 / (PRIOR_DEVIATION**2 * n_contests)
    at_target = values[:, 0].mean(axis=0, dtype=np.float64)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_likelihoods, shares = contests.softmax(values @ weights.astype(np.float32))
        expected = (shares.ravel() @ values.reshape(-1, n_features)).astype(np.float64) / n_contests
        penalty = precision / 2 * float(weights @ weights)
        return penalty - log_likelihoods.mean(), expected - at_target + precision * weights

    found = minimize(loss, np.zeros(n_features), jac=True, method="L-BFGS-B", options={"ftol": 1e-9, "gtol": 1e-5})
    log_likelihoods, _ = contests.softmax(values @ found.x.astype(np.float32))
    return FittedWeights(np.asarray(found.x), float(log_likelihoods.mean()))


def fit_best(
    contests: Contests, options: Iterable[float], features_of: Callable[[float], NDArray[np.floating]]
) -> tuple[float, FittedWeights]:
    """The option whose features, at their best weights, make the targets likeliest; and those weights.

    :param features_of: maps an option to features of the contenders, shape (M, C, D).
    """
    fitted = [(option, fit_weights(contests, features_of(option))) for option in options]
    return max(fitted, key=lambda pair: pair[1].log_likelihood)
