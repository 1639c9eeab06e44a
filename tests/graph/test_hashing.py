import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.hashing import GOLDEN, hash_order, mix64


def test_mix64_is_the_published_generator() -> None:
    """First outputs of splitmix64 seeded with 1234567, as printed by the reference implementation."""
    states = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * GOLDEN
    assert mix64(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(st.integers(0, 2**40), st.integers(2, 500))
def test_no_two_ids_mix_to_the_same_number(first: int, count: int) -> None:
    ids = np.arange(first, first + count)
    assert len(np.unique(mix64(ids.astype(np.uint64) + GOLDEN))) == count
    order = hash_order(ids)
    assert ((order >= 0) & (order < 1)).all()


def test_neighbouring_ids_are_spread_evenly() -> None:
    order = hash_order(np.arange(20_000))
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.03
    assert np.histogram(order, bins=10, range=(0, 1))[0].min() > 1800
