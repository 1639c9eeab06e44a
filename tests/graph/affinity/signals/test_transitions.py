"""What people like next."""

from dataclasses import replace

import numpy as np
import pytest

from graph.affinity import Profiles
from graph.affinity.signals.transitions import Transitions
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from tests.graph.affinity.contract import small


def walkers(in_order: bool) -> Dataset:
    """Everybody likes twelve items in a row, each one place on; or the same items in an order of chance."""
    rng = np.random.default_rng(0)
    starts = rng.integers(480, size=300)
    users = np.repeat(np.arange(300), 12)
    items = (starts[:, None] + np.arange(12)).ravel()
    times = np.tile(np.arange(1, 13), 300) if in_order else rng.permuted(np.tile(np.arange(1, 13), (300, 1)), axis=1)
    history = small().interactions
    walked = replace(
        history, users=users.astype(np.int32), items=items.astype(np.int32), times=np.ravel(times).astype(np.int64),
        ratings=np.ones(3600, np.float32), liked=np.ones(3600, bool), split=np.full(3600, Split.TRAIN, np.int8),
    )  # fmt: skip
    return replace(small(), interactions=walked)


def share_that_goes_on(data: Dataset) -> float:
    signal, nobody = Transitions.fit(data, l2=1.0), Profiles.unknown(1, data.catalogue)
    likes = range(20, 460, 20)
    return float(np.mean([signal.of(nobody.and_then(0, liked=[i - 1, i]))[0].argmax() == i + 1 for i in likes]))


def test_the_next_is_learned_from_order_and_not_from_company() -> None:
    assert share_that_goes_on(walkers(in_order=True)) > 0.8
    assert share_that_goes_on(walkers(in_order=False)) < 0.5


def test_data_without_times_are_refused() -> None:
    history = small().interactions
    timeless = replace(small(), interactions=replace(history, times=np.zeros_like(history.times)))
    with pytest.raises(OptionError, match="does not say what came first"):
        Transitions.fit(timeless)
