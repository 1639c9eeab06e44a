"""Prioritised n-step replay, against returns worked out by hand."""

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from policy.unified.replay import PrioritizedReplay, SumTree

GAMMA = 0.9
CLOCK = 10.0


def small_space() -> spaces.Dict:
    return spaces.Dict(
        {"moment": spaces.Box(0, 1, (1,), np.float32), "values": spaces.Box(-9, 9, (1,), np.float32),
         "items": spaces.Box(-1, 99, (1,), np.int32)}
    )  # fmt: skip


def make(length: int = 20, n_envs: int = 1, n_steps: int = 2, **options: Any) -> PrioritizedReplay:
    return PrioritizedReplay(
        length * n_envs, small_space(), spaces.Discrete(5), n_envs=n_envs, n_steps=n_steps, gamma=GAMMA,
        clock=(0, CLOCK), **options,
    )  # fmt: skip


def seen(step: int, ticks_left: int) -> dict[str, np.ndarray]:
    return {
        "moment": np.array([[ticks_left / CLOCK]], np.float32),
        "values": np.array([[step]], np.float32),
        "items": np.array([[step]], np.int32),
    }


def add(replay: PrioritizedReplay, step: int, ticks_left: int, reward: float, done: bool, cut: bool = False) -> None:
    infos = [{"TimeLimit.truncated": cut}]
    replay.add(seen(step, ticks_left), seen(77, 0), np.array([step % 5]), np.array([reward]), np.array([done]), infos)


def drawn(replay: PrioritizedReplay) -> dict[int, tuple[float, float, int]]:
    """Return, discount and what comes next, by the step a transition begins with."""
    sample = replay.draw(400, 1.0)
    begins, ends = sample.seen["items"][:, 0], sample.next_seen["items"][:, 0]
    rows = zip(begins, sample.returns, sample.discounts, ends, strict=True)
    return {int(begin): (float(total), float(discount), int(end)) for begin, total, discount, end in rows}


def test_returns_discount_by_ticks_and_stop_where_the_dialogue_ends() -> None:
    replay = make()
    # The second step takes three ticks; the dialogue ends with the third; another begins.
    for step, (ticks, reward, done) in enumerate([(10, 1.0, 0), (9, 2.0, 0), (6, 4.0, 1), (10, 8.0, 0), (9, 0.0, 0)]):
        add(replay, step, ticks, reward, bool(done))
    found = drawn(replay)
    assert found.keys() == {0, 1, 2}, "the latest steps wait for their returns"
    assert found[0] == pytest.approx((1 + GAMMA * 2, GAMMA**4, 2), rel=1e-5)
    assert found[1][:2] == pytest.approx((2 + GAMMA**3 * 4, 0.0), rel=1e-5)
    assert found[2][:2] == pytest.approx((4.0, 0.0), rel=1e-5)


def test_a_dialogue_cut_off_by_the_clock_still_has_a_future() -> None:
    replay = make()
    for step, (ticks, done) in enumerate([(2, 0), (1, 1), (10, 0), (9, 0)]):
        add(replay, step, ticks, 1.0, bool(done), cut=bool(done))
    total, discount, following = drawn(replay)[0]
    assert following == 77
    assert (total, discount) == pytest.approx((1 + GAMMA, GAMMA**2), rel=1e-5)


def test_what_is_overwritten_is_never_drawn() -> None:
    replay = make(length=8)
    for step in range(30):
        add(replay, step, 10, float(step), done=False)
        if step > 4:
            found = drawn(replay)
            assert set(found) == set(range(max(0, step - 7), step - 1))
            assert all(values[2] == begin + 2 for begin, values in found.items())


def test_transitions_are_drawn_in_proportion_to_priority_and_weighted_against_it() -> None:
    replay = make(alpha=1.0)
    for step in range(5):
        add(replay, step, 10, 0.0, done=False)
    places = np.arange(3)
    replay.set_priorities(places, np.array([1.0, 2.0, 5.0]) - 1e-3)
    sample = replay.draw(8000, 1.0)
    counts = np.bincount(sample.seen["items"][:, 0], minlength=3)
    assert counts / 8000 == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=0.005)
    weights = [sample.weights[sample.seen["items"][:, 0] == step][0] for step in range(3)]
    assert weights == pytest.approx([1.0, 1 / 2, 1 / 5], rel=1e-5)


def test_features_are_kept_in_half_precision_and_values_in_full() -> None:
    replay = make()
    for step in range(4):
        add(replay, step, 7, 0.0, done=False)
    sample = replay.draw(4, 1.0)
    assert {name: str(part.dtype) for name, part in sample.seen.items()} == {
        "moment": "float16", "values": "float32", "items": "int32",
    }  # fmt: skip


def test_the_tree_finds_what_a_running_sum_finds() -> None:
    rng = np.random.default_rng(0)
    priorities = rng.random(37) * (rng.random(37) > 0.3)
    tree = SumTree(37)
    tree.put(np.arange(37), priorities)
    assert tree.total == pytest.approx(priorities.sum())
    sums = rng.random(500) * tree.total
    assert (tree.find(sums) == np.searchsorted(np.cumsum(priorities), sums, side="right")).all()
