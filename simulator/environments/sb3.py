"""The same for stable-baselines3: a ``VecEnv`` straight over the arrays, which knows action masks.

Not imported with the others: stable-baselines3 loads PyTorch.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import Wrapper, spaces
from numpy.typing import ArrayLike, NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from graph.errors import OptionError
from simulator.environments.batch import Batch, checked_seed
from simulator.environments.options import check_known

METHODS = ("action_masks",)


class SlotsVecEnv(VecEnv, ABC):
    """What every environment over action slots answers to sb3-contrib, which asks place by place."""

    @abstractmethod
    def action_masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (N, K)."""

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """What sb3-contrib asks for: the masks of some places."""
        if method_name not in METHODS:
            raise AttributeError(f"{type(self).__name__} has no method {method_name!r}; it knows {', '.join(METHODS)}")
        masks = self.action_masks()
        return [masks[index] for index in self._get_indices(indices)]

    def has_attr(self, attr_name: str) -> bool:
        """Whether every place has it."""
        return attr_name in METHODS or hasattr(self, attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Not possible: the places are rows of arrays.

        :raises OptionError: always.
        """
        raise OptionError(f"{attr_name!r} cannot be set in single places; make another environment")

    def env_is_wrapped(
        self, wrapper_class: type[Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """No place is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def close(self) -> None:
        """Nothing is held open."""


class MultiRoundVecEnv(SlotsVecEnv):
    """N dialogues for the algorithms of stable-baselines3 and sb3-contrib.

    As these expect, a dialogue that is over makes room for the next within the step; ``infos[i]`` then holds, besides
    how it ended, what was seen last as ``terminal_observation``, whether the clock cut it off as
    ``TimeLimit.truncated`` and whether something was found as ``is_success``.
    """

    def __init__(self, num_envs: int, seed: int | None = None, **options: Any) -> None:
        """Options are those of :class:`simulator.environments.batch.Batch`."""
        self.batch = Batch(num_envs, **options)
        self.render_mode = None
        super().__init__(num_envs, self.batch.space, spaces.Discrete(self.batch.n_slots))
        self._actions: ArrayLike = ()
        if seed is not None:
            self.seed(seed)

    def reset(self) -> VecEnvObs:
        """Begin a dialogue in every place."""
        for options in self._options:
            check_known(options, ())
        self.batch.seed(self._seeds)
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return self.batch.reset()

    def step_async(self, actions: NDArray[np.integer]) -> None:
        """Remember the slots to take."""
        self._actions = actions

    def set_lists(self, lists: ArrayLike) -> None:
        """Show these items, shape (N, at most k), where the next step takes a recommend slot; valid for that step."""
        self.batch.set_lists(lists)

    def step_wait(self) -> VecEnvStepReturn:
        """Take them."""
        observation, outcome, ended = self.batch.step(self._actions)
        infos: list[dict[str, Any]] = [{"invalid": bool(invalid)} for invalid in outcome.invalid]
        for place, row in enumerate(ended.rows):
            infos[row] |= {name: values[place].item() for name, values in ended.facts.items()}
            infos[row]["terminal_observation"] = {key: values[place] for key, values in ended.observation.items()}
            infos[row]["TimeLimit.truncated"] = bool(outcome.truncated[row])
            infos[row]["is_success"] = infos[row]["success"]
        return observation, outcome.reward.astype(np.float32), outcome.over, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (N, K)."""
        return self.batch.masks()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute, the same for all places."""
        if attr_name in METHODS:
            return [lambda index=index: self.action_masks()[index] for index in self._get_indices(indices)]
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed place i with ``seed + i`` at the next reset.

        :raises OptionError: when it is no seed.
        """
        return super().seed(None if seed is None else checked_seed(seed))
