"""Counted luck: repeatable, independent of how dialogues are batched, and as good as random."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from simulator.randomness import Purpose, dialogue_keys, uniform

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def finalise(value: int) -> int:
    """The finaliser of splitmix64 in plain integers."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


def draws(axis: str, count: int) -> NDArray[np.float64]:
    """Numbers that differ in one thing only, shape (count,)."""
    if axis == "dialogue":
        return uniform(dialogue_keys(0, np.arange(count)), Purpose.NAMING)[:, 0]
    if axis == "place":
        return uniform(dialogue_keys(0, [0]), Purpose.NAMING, 3, count)[0]
    if axis == "turn":
        return uniform(np.repeat(dialogue_keys(0, [0]), count), Purpose.NAMING, np.arange(count))[:, 0]
    return np.array([uniform(dialogue_keys(seed, [0]), Purpose.NAMING)[0, 0] for seed in range(count)])


def test_the_finaliser_used_for_reference_is_splitmix64():
    """The first number of the generator seeded with 0, as published with the reference implementation."""
    assert finalise(GOLDEN) == 0xE220A8397B1DCDAF


@given(seed=st.integers(0, MASK), ordinal=st.integers(0, 2**40), purpose=st.sampled_from(Purpose),
       turn=st.integers(0, 2000), place=st.integers(0, 5))  # fmt: skip
def test_a_draw_is_splitmix64_of_seed_dialogue_purpose_turn_and_place(
    seed: int, ordinal: int, purpose: Purpose, turn: int, place: int
):
    key = finalise(finalise((seed + GOLDEN) & MASK) + (ordinal + 1) * GOLDEN & MASK)
    stream = finalise(key + (64 * turn + purpose) * GOLDEN & MASK)
    wanted = (finalise(stream + (place + 1) * GOLDEN & MASK) >> 11) / 2**53
    keys = dialogue_keys(seed, [ordinal])
    assert keys.tolist() == [key]
    assert uniform(keys, purpose, turn, place + 1)[0, place] == wanted


def test_a_draw_does_not_depend_on_its_batch():
    keys, turns = dialogue_keys(3, np.arange(50)), np.arange(50) % 7
    whole = uniform(keys, Purpose.POLICY, turns, 4)
    assert whole.shape == (50, 4)
    for row in (0, 17, 49):
        alone = uniform(keys[row : row + 1], Purpose.POLICY, turns[row], 4)
        assert np.array_equal(alone[0], whole[row])
    assert np.array_equal(uniform(keys[::-1], Purpose.POLICY, turns[::-1], 4)[::-1], whole)
    assert np.array_equal(uniform(keys, Purpose.POLICY, turns, 2), whole[:, :2])


@pytest.mark.parametrize("axis", ["dialogue", "turn", "place", "seed"])
def test_draws_are_uniform_whatever_differs(axis: str):
    sample = draws(axis, 3_000 if axis == "seed" else 100_000)
    assert (sample >= 0).all()
    assert (sample < 1).all()
    assert stats.kstest(sample, "uniform").pvalue > 1e-3
    assert stats.chisquare(np.bincount((sample * 64).astype(int), minlength=64)).pvalue > 1e-3
    # Low digits as well: they decide where many options are few parts of the unit interval.
    assert stats.chisquare(np.bincount((sample * 2**40 % 16).astype(int), minlength=16)).pvalue > 1e-3


def test_purposes_turns_places_seeds_and_neighbours_have_nothing_to_do_with_each_other():
    n = 20_000
    keys = dialogue_keys(0, np.arange(n))
    columns = [uniform(keys, purpose, turn, 2) for purpose in Purpose for turn in (0, 1, 2, 1000)]
    others = [uniform(dialogue_keys(seed, np.arange(n) + shift), Purpose.OPENING) for seed, shift in ((1, 0), (0, 1))]
    sample = np.concatenate([*columns, *others], axis=1)
    correlation = np.corrcoef(sample, rowvar=False) - np.eye(sample.shape[1])
    # The largest of 29,000 correlations is beyond 5.6 standard errors by chance once in 1,600 times.
    assert np.abs(correlation).max() < 5.6 / np.sqrt(n)
    # Uncorrelated is not yet independent: pairs fill the square evenly too.
    for first, second in ((0, 1), (0, 2), (0, 8), (8, 16), (0, -1), (0, -2)):
        cells = (sample[:, first] * 8).astype(int) * 8 + (sample[:, second] * 8).astype(int)
        assert stats.chisquare(np.bincount(cells, minlength=64)).pvalue > 1e-4


def test_no_two_dialogues_share_a_key():
    keys = np.concatenate([dialogue_keys(seed, np.arange(1_000)) for seed in range(100)])
    assert len(np.unique(keys)) == 100_000


@pytest.mark.parametrize("seed", [-1, 2**64 + 5])
def test_any_whole_number_is_a_seed(seed: int):
    assert dialogue_keys(seed, [0, 1]).tolist() == dialogue_keys(seed % 2**64, [0, 1]).tolist()
