"""Metrics: cases worked out by hand, and what must hold for any dialogue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import DataError
from simulator.metrics import hdcg, succeeded_by, success_rate_at, turns_taken

OUTCOMES = st.lists(
    st.one_of(st.just((0, 0)), st.tuples(st.integers(1, 15), st.integers(1, 10))), min_size=1, max_size=50
).map(lambda pairs: np.array(pairs).T)

# Accepted at the first turn, at the fifth, at the last, and never.
TURNS = np.array([1, 5, 15, 0])
RANKS = np.array([1, 3, 10, 0])


def test_success_rate_by_hand():
    assert [success_rate_at(TURNS, t) for t in (1, 4, 5, 14, 15)] == [0.25, 0.25, 0.5, 0.5, 0.75]
    assert succeeded_by(TURNS, 5).tolist() == [True, True, False, False]


def test_no_dialogues_have_no_success_rate():
    with pytest.raises(DataError, match="no dialogues"):
        success_rate_at(TURNS[:0], 15)


def test_turns_by_hand():
    assert turns_taken(TURNS).tolist() == [1, 5, 15, 15]
    assert turns_taken(TURNS).mean() == 9.0
    assert turns_taken(TURNS, failure_turns=20).tolist() == [1, 5, 15, 20]


@pytest.mark.parametrize(
    ("turn", "rank", "gain"),
    [
        (1, 1, 1.0),  # 1 / log2(2): nothing is better
        (2, 1, 0.6309297535714575),  # 1 / log2(3)
        (1, 3, 0.8154648767857287),  # halfway, as log2(4) = 2, between the two above
        (2, 3, 0.5654648767857287),  # halfway between 1 / log2(3) and 1 / log2(4) = .5
        (7, 1, 1 / 3),  # 1 / log2(8)
        (15, 1, 0.25),  # 1 / log2(16)
        (14, 7, 0.2519860082699385),  # a third of the way, as log2(8) = 3, from .25 to 1 / log2(15) = .255958
        (0, 0, 0.0),
    ],
)
def test_hdcg_by_hand(turn: int, rank: int, gain: float):
    assert hdcg(np.array([turn]), np.array([rank])) == pytest.approx(gain, abs=1e-12)


@given(OUTCOMES)
def test_measures_stay_in_range_and_agree_on_failures(outcomes: np.ndarray):
    turn, rank = outcomes
    failed = turn == 0
    assert ((hdcg(turn, rank) == 0) == failed).all()
    assert (hdcg(turn, rank) <= 1).all()
    assert (turns_taken(turn)[failed] == 15).all()
    assert success_rate_at(turn, 15) == pytest.approx(1 - failed.mean())
    rates = [success_rate_at(turn, t) for t in range(16)]
    assert rates[0] == 0
    assert rates == sorted(rates)


@given(turn=st.integers(1, 14), rank=st.integers(1, 9))
def test_sooner_beats_higher_beats_lower(turn: int, rank: int):
    """Any place of this turn's list is worth more than the first place a turn later."""
    here, lower, later = hdcg(np.array([turn, turn, turn + 1]), np.array([rank, rank + 1, 1]))
    assert here > lower > later


@given(OUTCOMES)
def test_average_turns_is_the_area_over_the_success_curve(outcomes: np.ndarray):
    """AT = sum of (1 - SR@t) for t = 0 … 14, since a failure counts 15."""
    turn, _ = outcomes
    area = sum(1 - success_rate_at(turn, t) for t in range(15))
    assert turns_taken(turn).mean() == pytest.approx(area)


@pytest.mark.parametrize(("turn", "rank"), [(3, 0), (0, 2), (-1, -1)])
def test_outcomes_that_contradict_themselves_are_refused(turn: int, rank: int):
    with pytest.raises(ValueError, match="both 0 for a failure"):
        hdcg(np.array([turn]), np.array([rank]))
