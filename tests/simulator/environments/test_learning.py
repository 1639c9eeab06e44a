"""What docs/environments.md shows is learned within a few thousand steps, and not where rewards mean nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from simulator.environments import sb3
from simulator.environments.sb3 import MultiRoundVecEnv
from tests.test_documents import LEARNING, python_blocks

EPISODES = 1000
"""Held-out dialogues, at least."""


class Shuffled(VecEnvWrapper):
    """Every place gets the reward of another: all that can be learned is what is wrong."""

    def __init__(self, venv: MultiRoundVecEnv) -> None:
        super().__init__(venv)
        self._generator = np.random.default_rng(0)

    def reset(self) -> VecEnvObs:
        return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        observation, rewards, done, infos = self.venv.step_wait()
        return observation, self._generator.permutation(rewards), done, infos


class RandomSlots:
    """Takes any open slot."""

    def __init__(self) -> None:
        self._generator = np.random.default_rng(0)

    def predict(self, observation: dict[str, NDArray[Any]], *_: Any, **__: Any) -> tuple[NDArray[np.intp], None]:
        return (self._generator.random(observation["mask"].shape) * observation["mask"]).argmax(axis=1), None


@dataclass
class Interval:
    """The mean with its 95 % interval, as of independent dialogues."""

    low: float
    mean: float
    high: float

    @classmethod
    def of(cls, rewards: list[float]) -> "Interval":
        assert len(rewards) >= EPISODES
        mean, width = float(np.mean(rewards)), 1.96 * float(np.std(rewards)) / len(rewards) ** 0.5
        return cls(mean - width, mean, mean + width)


def learned(source: str) -> tuple[Interval, dict[str, Any]]:
    """The held-out reward of what an example learns, and its names."""
    names: dict[str, Any] = {"__name__": LEARNING}
    exec(compile(source, LEARNING, "exec"), names)
    return Interval.of(names["rewards"]), names


def for_training_only(num_envs: int, seed: int | None = None, **options: Any) -> Shuffled | MultiRoundVecEnv:
    env = MultiRoundVecEnv(num_envs, seed, **options)
    return env if "split" in options else Shuffled(env)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("learner", ["MaskablePPO", "DQN"])
def test_an_example_learns_what_there_is_to_learn(learner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SB3_LOGDIR", str(tmp_path))
    (source,) = (block for block in python_blocks(LEARNING) if f"learner = {learner}(" in block)
    real, names = learned(source)
    names["held_out"].seed(10_000)
    chance = Interval.of(evaluate_policy(RandomSlots(), names["held_out"], 1024, return_episode_rewards=True)[0])
    monkeypatch.setattr(sb3, "MultiRoundVecEnv", for_training_only)
    fake, names = learned(source)
    assert isinstance(names["learner"].get_env(), Shuffled)
    assert real.low > chance.high, f"{learner} {real} does not beat random slots {chance}"
    assert fake.high < real.low, f"{learner} {real} is no better than without rewards {fake}"
    assert fake.low <= chance.high, f"random slots {chance} are beaten without rewards {fake}"
