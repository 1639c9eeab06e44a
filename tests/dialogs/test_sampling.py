"""Nucleus sampling: what is likely comes as often as it is likely, and the tail never."""

import random

import numpy as np
import pytest

from dialogs.generation.sampling import nucleus


def test_what_is_outside_the_nucleus_is_never_drawn_and_the_rest_in_proportion() -> None:
    chances, rng = np.array([0.05, 0.5, 0.05, 0.3, 0.1]), random.Random(0)
    counts = np.bincount([nucleus(chances, 0.75, rng) for _ in range(4000)], minlength=5) / 4000
    assert counts[[0, 2, 4]].sum() == 0.0
    assert counts[1] == pytest.approx(0.5 / 0.8, abs=0.03)


def test_all_of_it_is_drawn_from_where_top_is_one() -> None:
    rng = random.Random(1)
    assert {nucleus(np.full(4, 0.25), 1.0, rng) for _ in range(200)} == {0, 1, 2, 3}
    assert nucleus(np.array([1.0]), 0.9, rng) == 0
