"""Several environments of stable-baselines3 side by side as one: binary, facet and multi questions in one training.

Not imported with the others: stable-baselines3 loads PyTorch.

Legend: N dialogues of all environments together.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from graph.errors import OptionError
from simulator.environments.sb3 import MultiRoundVecEnv, SlotsVecEnv


class JointVecEnv(SlotsVecEnv):
    """The dialogues of one environment after those of the other, which must have the same spaces.

    :raises OptionError: when the spaces differ, or there is no environment.
    """

    def __init__(self, parts: Sequence[MultiRoundVecEnv]) -> None:
        if not parts or any(part.observation_space != parts[0].observation_space for part in parts):
            raise OptionError("environments side by side: give one or more, all with the same observations")
        if any(part.action_space != parts[0].action_space for part in parts):
            raise OptionError("environments side by side: give such as have the same slots")
        self.parts = tuple(parts)
        bounds = accumulate((part.num_envs for part in parts), initial=0)
        self._places = [slice(*each) for each in pairwise(bounds)]
        self.render_mode = None
        first = parts[0]
        super().__init__(sum(part.num_envs for part in parts), first.observation_space, first.action_space)

    def reset(self) -> VecEnvObs:
        """Begin a dialogue in every place."""
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return _joined([part.reset() for part in self.parts])

    def step_async(self, actions: NDArray[np.integer]) -> None:
        """Remember the slots to take."""
        for part, places in zip(self.parts, self._places, strict=True):
            part.step_async(actions[places])

    def step_wait(self) -> VecEnvStepReturn:
        """Take them."""
        observations, rewards, over, infos = zip(*(part.step_wait() for part in self.parts), strict=True)
        return _joined(observations), np.concatenate(rewards), np.concatenate(over), [i for each in infos for i in each]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed place i with ``seed + i`` at the next reset."""
        seeds: list[int | None] = []
        for part, places in zip(self.parts, self._places, strict=True):
            seeds.extend(part.seed(None if seed is None else seed + places.start))
        return seeds

    def action_masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (N, K)."""
        return np.concatenate([part.action_masks() for part in self.parts])

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute, place by place."""
        return [value for part in self.parts for value in part.get_attr(attr_name)]


def _joined(observations: Sequence[Any]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([each[name] for each in observations]) for name in observations[0]}
