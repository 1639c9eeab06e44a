"""What others put around environments works around these."""

import copy
import pickle
from typing import Any

import cloudpickle
import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.env_util import is_wrapped
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from graph.errors import OptionError
from simulator.environments import ID, register
from simulator.environments.batch import Batch
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.single import MultiRoundEnv
from simulator.environments.vector import MultiRoundVectorEnv
from tests.worlds import town

N = 4
SMALL: dict[str, Any] = {"data": town(), "affinity": "uniform", "users": "mixture"}


def slots_of(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(masks, rng.random(masks.shape), -1).argmax(axis=1)


def test_vec_monitor_counts_what_the_dialogues_say_of_themselves():
    env, rng, n_over = VecMonitor(MultiRoundVecEnv(N, seed=1, **SMALL)), np.random.default_rng(0), 0
    env.reset()
    for _ in range(60):
        *_, done, infos = env.step(slots_of(np.stack(env.env_method("action_masks")), rng))
        for info in (infos[place] for place in np.flatnonzero(done)):
            assert info["episode"]["r"] == pytest.approx(info["reward"], abs=1e-5)
            assert info["episode"]["l"] >= info["turns"]
            n_over += 1
    assert n_over > N


def test_vec_normalize_scales_numbers_and_leaves_ids_and_masks_alone(tmp_path: Any):
    plain = MultiRoundVecEnv(N, seed=1, **SMALL)
    env, rng = (
        VecNormalize(MultiRoundVecEnv(N, seed=1, **SMALL), norm_obs_keys=["slots", "context"]),
        np.random.default_rng(0),
    )
    seen, raw, n_over = env.reset(), plain.reset(), 0
    for _ in range(60):
        for key in ("questions", "items", "mask"):
            np.testing.assert_array_equal(seen[key], raw[key])
            assert seen[key].dtype == raw[key].dtype
        slots = slots_of(np.stack(get_action_masks(env)), rng)
        (seen, _, done, infos), (raw, *_) = env.step(slots), plain.step(slots)
        for info in (infos[place] for place in np.flatnonzero(done)):
            assert info["terminal_observation"]["context"].min() < 0, "scaled as well"
            n_over += 1
    assert n_over > N
    assert seen["context"].min() < 0
    env.save(str(tmp_path / "scales.pkl"))
    assert VecNormalize.load(str(tmp_path / "scales.pkl"), plain).num_envs == N


def test_gymnasiums_statistics_are_those_of_the_dialogues():
    env = RecordEpisodeStatistics(gymnasium.make_vec(ID, N, **SMALL))
    rng, n_over = np.random.default_rng(0), 0
    env.reset(seed=1)
    for _ in range(60):
        _, _, terminated, truncated, infos = env.step(slots_of(env.unwrapped.action_masks(), rng))
        for place in np.flatnonzero(terminated | truncated):
            assert infos["_episode"][place]
            assert infos["episode"]["r"][place] == pytest.approx(infos["final_info"]["reward"][place])
            assert infos["episode"]["l"][place] >= infos["final_info"]["turns"][place]
            n_over += 1
    assert n_over > N


def test_infos_as_a_list():
    env, rng = DictInfoToList(gymnasium.make_vec(ID, N, **SMALL)), np.random.default_rng(0)
    env.reset(seed=1)
    ended = []
    for _ in range(30):
        infos = env.step(slots_of(env.unwrapped.action_masks(), rng))[4]
        assert len(infos) == N
        ended += [info["final_info"] for info in infos if "final_info" in info]
    assert all(isinstance(info["success"], bool | np.bool_) for info in ended)
    assert ended


def test_only_the_clock_truncates():
    """Whoever waits as long as that is possible runs out of time, not of turns."""
    ends = []
    for clock in (60, 12):
        env = MultiRoundVecEnv(8, data=town(), affinity="uniform", clock=clock, turns=8, seed=0)
        env.reset()
        for step in range(40):
            # Three waits of two ticks and a question of one: seven ticks a turn.
            *_, done, infos = env.step(np.full(8, 30 if step % 4 < 3 else 0))
            for place in np.flatnonzero(done):
                info = infos[place]
                assert info["TimeLimit.truncated"] == (info["turns"] < 8)
                assert info["TimeLimit.truncated"] == (info["ticks"] >= clock)
                ends.append((clock, info["TimeLimit.truncated"]))
    assert {(60, False), (12, True)} == set(ends)


def test_what_others_ask_of_the_environments_of_a_learner():
    env = MultiRoundVecEnv(N, seed=1, **SMALL)
    env.reset()
    assert is_masking_supported(env)
    assert is_masking_supported(VecMonitor(env))
    masks = env.env_method("action_masks", indices=[2, 0])
    np.testing.assert_array_equal(masks, env.action_masks()[[2, 0]])
    np.testing.assert_array_equal(env.env_method("action_masks", indices=1)[0], env.action_masks()[1])
    np.testing.assert_array_equal(env.get_attr("action_masks", indices=[3])[0](), env.action_masks()[3])
    assert env.get_attr("num_envs") == [N] * N
    assert env.has_attr("action_space")
    assert not env.has_attr("gravity")
    with pytest.raises(AttributeError):
        env.get_attr("gravity")
    with pytest.raises(AttributeError, match="has no method 'fly'; it knows action_masks"):
        env.env_method("fly")
    with pytest.raises(OptionError, match="'users' cannot be set in single places"):
        env.set_attr("users", "noisy")
    assert env.env_is_wrapped(Monitor) == [False] * N
    assert env.unwrapped is env
    env.close()


def test_single_environments_work_in_the_vectors_of_stable_baselines3():
    envs = DummyVecEnv([lambda: gymnasium.make(ID, **SMALL) for _ in range(2)])
    fast = MultiRoundVecEnv(2, **SMALL)
    assert is_masking_supported(envs)
    assert not is_wrapped(envs.envs[0], Monitor)
    for env in (envs, fast):
        env.seed(6)
    one, other, rng = envs.reset(), fast.reset(), np.random.default_rng(0)
    for _ in range(40):
        for key, value in one.items():
            np.testing.assert_array_equal(value, other[key])
        slots = slots_of(get_action_masks(envs), rng)
        (one, reward, done, infos), (other, wanted, over, theirs) = envs.step(slots), fast.step(slots)
        np.testing.assert_array_equal(reward, wanted)
        np.testing.assert_array_equal(done, over)
        for place in np.flatnonzero(done):
            assert infos[place]["TimeLimit.truncated"] == theirs[place]["TimeLimit.truncated"]
            for key, value in infos[place]["terminal_observation"].items():
                np.testing.assert_array_equal(value, theirs[place]["terminal_observation"][key])


def step_many(env: Any, count: int) -> list[Any]:
    """The rewards of some steps; slots by a generator of their own."""
    rng, rewards = np.random.default_rng(3), []
    for _ in range(count):
        slots = slots_of(np.atleast_2d(env.action_masks()), rng)
        result = env.step(slots if len(slots) > 1 else slots[0])
        rewards.append(np.asarray(result[1]).tolist())
        if isinstance(env, MultiRoundEnv) and (result[2] or result[3]):
            env.reset()
    return rewards


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"])
@pytest.mark.parametrize("make", [lambda: MultiRoundEnv(**SMALL), lambda: MultiRoundVectorEnv(N, **SMALL),
                                  lambda: MultiRoundVecEnv(N, **SMALL)], ids=["single", "vector", "sb3"])  # fmt: skip
def test_a_copy_goes_on_as_the_original_does(copier: Any, make: Any):
    env = make()
    env.reset()
    step_many(env, 5)
    other = copier(env)
    assert step_many(other, 40) == step_many(env, 40)


def test_what_makes_an_environment_can_be_sent_to_another_process():
    make = pickle.loads(cloudpickle.dumps(lambda: gymnasium.make(ID, **SMALL)))
    assert isinstance(make().unwrapped, MultiRoundEnv)


def test_it_can_be_made_from_its_specification():
    """Registering twice is no mistake."""
    register()
    env = gymnasium.make(ID, **SMALL)
    again = gymnasium.make(env.spec)
    for key, value in env.reset(seed=3)[0].items():
        np.testing.assert_array_equal(value, again.reset(seed=3)[0][key])


def test_data_and_affinity_by_name_are_loaded_once():
    name = "synthetic:users=40,items=120,attributes=40,per_item=4,interactions=12,seed=5"
    one, other = (Batch(1, data=name, affinity="content") for _ in range(2))
    assert one.setting.dataset is other.setting.dataset
    assert one.setting.affinity is other.setting.affinity
    assert Batch(1, data=name, affinity="uniform").setting.affinity is not one.setting.affinity
