"""The checkers of gymnasium and stable-baselines3 find nothing wrong."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_sb3

from simulator.environments import ID
from simulator.environments.observations import FEATURES
from tests.worlds import MODES, town

CASES = [(mode.name.lower(), users) for mode in MODES for users in ("classic", "mixture")]


def make(questions: str, users: str, **more: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(ID, data=town(0.2), affinity="content", questions=questions, users=users, **more)


@pytest.mark.parametrize(("questions", "users"), CASES)
def test_gymnasium_finds_nothing_wrong(questions: str, users: str):
    check_env(make(questions, users, render_mode="ansi").unwrapped)


@pytest.mark.parametrize(("questions", "users"), CASES)
def test_stable_baselines3_finds_nothing_wrong_but_that_tables_are_no_vectors(questions: str, users: str):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_for_sb3(make(questions, users), skip_render_check=False)
    messages = [str(warning.message) for warning in caught]
    assert [message.split(" has an unconventional shape")[0] for message in messages] == [
        "Your observation questions", "Your observation slots",
    ]  # fmt: skip


def test_what_is_made_by_name_is_used_without_a_warning():
    """PassiveEnvChecker and OrderEnforcing look at every call; a warning would be an error here."""
    env = make("multi", "mixture", render_mode="ansi", observe=FEATURES)
    for seed in (1, None):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            observation, _, terminated, truncated, _ = env.step(env.action_space.sample(mask=observation["mask"]))
            over = terminated or truncated
    lines = env.render()
    assert isinstance(lines, str)
    assert lines.startswith("  user  I am looking for ")
    assert "\n agent  " in lines
    assert env.unwrapped.batch.n_places == 1
    assert make("binary", "classic").reset()[0].keys() == {"questions", "items", "mask", "slots", "context"}
    env.close()


def test_a_mode_of_rendering_is_no_duty():
    env = make("binary", "classic").unwrapped
    env.reset()
    assert env.render() is None


@pytest.mark.parametrize("mode", ["sync", "vector_entry_point"])
def test_many_by_name(mode: str):
    env = gymnasium.make_vec(ID, 3, vectorization_mode=mode, data=town(), affinity="uniform")
    assert isinstance(env.unwrapped, gymnasium.vector.SyncVectorEnv) == (mode == "sync")
    observation, _ = env.reset(seed=4)
    for _ in range(40):
        assert env.observation_space.contains(observation)
        observation, reward, *_ = env.step(env.action_space.sample())
        assert reward.shape == (3,)
    assert env.spec.id == ID
    env.close()


def test_both_ways_of_many_meet_the_same_people():
    first = [
        gymnasium.make_vec(ID, 3, vectorization_mode=mode, data=town(), affinity="uniform").reset(seed=4)[0]
        for mode in ("sync", "vector_entry_point")
    ]
    for key, value in first[0].items():
        np.testing.assert_array_equal(value, first[1][key])
