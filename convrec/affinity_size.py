"""Time and memory of the default affinity where there is very much of everything."""

import resource
import sys
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from convrec.run_options import load_dataset
from convrec.yardstick import YELP_SHAPE, calibrations_per_second
from graph import affinity as affinities
from graph.affinity import Profiles

MILLION = "synthetic:users=20000,items=1000000,attributes=590,interactions=30"

SIZES = (YELP_SHAPE, MILLION)
"""Made-up data of the largest shapes: nothing is ranked there, only time and memory count."""

REPEATS = 15


@dataclass(frozen=True)
class SizeFigures:
    """The default affinity on one data set."""

    data: str
    learning_seconds: float
    milliseconds_a_user: float
    """Median time of the scores of one user over all items, those of two cores."""
    milliseconds_a_stranger: float
    """The same for somebody who has just named two items."""
    calibration_milliseconds: float
    """One softmax of 256 x 7,432, in the same run."""
    peak_memory_mb: float


def measure_size(name: str) -> SizeFigures:
    """Learn and score; meant for a process of its own, so that peak memory is that of this data set."""
    dataset = load_dataset(name)
    began = perf_counter()
    model = affinities.fit("hybrid", dataset)
    learning = perf_counter() - began
    users = np.random.default_rng(0).integers(0, dataset.interactions.n_users, REPEATS)
    stranger = Profiles.unknown(1, dataset.catalogue).and_then(0, liked=[1], disliked=[2])
    model.scores(users[:1])  # compiles the kernels
    times = []
    for user in users:
        began = perf_counter()
        model.scores(np.array([user]))
        between = perf_counter()
        model.scores_of(stranger)
        times.append((between - began, perf_counter() - between))
    a_user, a_stranger = 1000 * np.median(times, axis=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * (1024 if sys.platform == "darwin" else 1))
    return SizeFigures(name, learning, float(a_user), float(a_stranger), 1000 / calibrations_per_second(), peak)
