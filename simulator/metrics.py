"""How well dialogues went: success rate, turns and hDCG, from when a dialogue succeeded and at which place of the list.

Legend: D dialogues.  ``success_turn``: agent turn at which a list was accepted, from 1; 0 for a failure; shape (D,).
``rank``: the place of the accepted item in that list, from 1; 0 for a failure; shape (D,).
"""

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError

Counts = NDArray[np.integer]
Values = NDArray[np.float64]

FAILURE_TURNS = 15
"""What a failure counts in the average number of turns, whichever turn may be the last (DESIGN: MCR protocol)."""


def succeeded_by(success_turn: Counts, turn: int) -> NDArray[np.bool_]:
    """Whether each dialogue succeeded at ``turn`` or before, shape (D,)."""
    return (success_turn > 0) & (success_turn <= turn)


def success_rate_at(success_turn: Counts, turn: int) -> float:
    """SR@t: the share of dialogues that succeeded at ``turn`` or before.

    :raises DataError: when there are no dialogues.
    """
    if not len(success_turn):
        raise DataError("no dialogues were held, so there is no success rate")
    return float(succeeded_by(success_turn, turn).mean())


def turns_taken(success_turn: Counts, failure_turns: int = FAILURE_TURNS) -> Values:
    """Turns of each dialogue, a failure counting ``failure_turns``, shape (D,); their mean is AT."""
    return np.where(success_turn > 0, success_turn, failure_turns).astype(np.float64)


def hdcg(success_turn: Counts, rank: Counts) -> Values:
    """Hierarchical discounted cumulative gain of each dialogue, shape (D,), between 0 and 1.

    A success at turn t, counted from 0, and rank r, counted from 1, gains

        1 / log2(t + 3) + (1 / log2(t + 2) - 1 / log2(t + 3)) / log2(r + 1)

    and a failure nothing.  So the first place is worth what the turn is worth, 1 / log2(t + 2), and any other place is
    worth more than the first one a turn later.  Deng, Li, Sun, Ding and Lam: Unified Conversational Recommendation
    Policy Learning via Graph-based Reinforcement Learning, SIGIR 2021 (there with t from 1).

    :raises ValueError: when a dialogue has a turn without a rank, a rank without a turn, or a negative one of either.
    """
    if (success_turn < 0).any() or (rank < 0).any() or ((success_turn > 0) != (rank > 0)).any():
        raise ValueError("success_turn and rank must be positive together, or both 0 for a failure")
    turn = np.maximum(success_turn - 1, 0).astype(np.float64)
    this_turn, next_turn = 1 / np.log2(turn + 2), 1 / np.log2(turn + 3)
    gain = next_turn + (this_turn - next_turn) / np.log2(np.maximum(rank, 1).astype(np.float64) + 1)
    return np.where(success_turn > 0, gain, 0.0)
