"""Random numbers by counter: every draw is a function of (dialogue key, purpose, turn, place).

Two policies that meet the same dialogue meet the same luck, whatever they do and however dialogues are batched:
comparisons are paired, and a run repeats to the last bit.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graph.hashing import GOLDEN, mix64


class Purpose(IntEnum):
    """What a draw decides; draws for different purposes are independent."""

    OPENING = 1
    NAMING = 2
    POLICY = 3
    MIXTURE = 4
    INTERESTS = 5
    CHANGE_OF_MIND = 6
    NEW_MIND = 7
    ANNOUNCEMENT = 8
    SLIP = 9
    RELUCTANCE = 10
    UNEVEN_ERROR = 11
    UNEVEN_KNOWLEDGE = 12
    KNOWLEDGE = 13
    CARE = 14
    GRADES = 15
    OTHER_ITEM = 16
    MISHEARING = 17
    CONFIDENCE = 18
    AT_ONCE = 19
    ACCEPTANCE = 20
    THOUGHT = 21
    DEFERRAL = 22
    CRITIQUE = 23
    VOLUNTEER = 24
    BURST = 25
    PACE = 26
    LOSS = 27
    CUES = 28
    PATIENCE = 29
    TARGET = 30


def dialogue_keys(seed: int | NDArray[np.uint64], ordinals: ArrayLike) -> NDArray[np.uint64]:
    """A key for each dialogue from the seed and its place in the run, never from its target.

    :param seed: one for all, or shape (N,).
    :param ordinals: shape (N,).
    """
    seeds = seed if isinstance(seed, np.ndarray) else np.array([seed % 2**64], dtype=np.uint64)
    seed_key = mix64(seeds + GOLDEN)
    return mix64(seed_key + (np.asarray(ordinals, dtype=np.uint64) + np.uint64(1)) * GOLDEN)


def uniform(keys: NDArray[np.uint64], purpose: Purpose, turn: ArrayLike = 0, count: int = 1) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1).

    :param keys: of each dialogue, shape (N,).
    :param turn: a number or shape (N,).
    :return: shape (N, count).
    """
    turns = np.broadcast_to(np.asarray(turn, dtype=np.uint64), keys.shape)
    stream = mix64(keys + (turns * np.uint64(64) + np.uint64(purpose)) * GOLDEN)
    places = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * GOLDEN
    return (mix64(stream[:, None] + places) >> np.uint64(11)).astype(np.float64) / 2**53


def chance(
    keys: NDArray[np.uint64], purpose: Purpose, turn: ArrayLike, probability: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether something of this probability happens.

    :param probability: shape (N,) or (N, count).
    :return: the same shape.
    """
    count = probability.shape[1] if probability.ndim == 2 else 1
    return np.asarray(uniform(keys, purpose, turn, count).reshape(probability.shape) < probability)
