"""Draws the next token, as every generator of ours that has a model does."""

import random

import numpy as np
from numpy.typing import NDArray


def nucleus(chances: NDArray[np.float64], top: float, rng: random.Random) -> int:
    """A place, drawn among the likeliest that together hold ``top`` of the probability (Holtzman et al. 2020).

    :param chances: of each place, shape (K,), summing to one.
    """
    order = np.argsort(-chances, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(chances[order]), top)) + 1]
    point = rng.random() * float(chances[kept].sum())
    return int(kept[min(int(np.searchsorted(np.cumsum(chances[kept]), point)), len(kept) - 1)])
