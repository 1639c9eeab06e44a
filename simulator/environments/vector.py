"""Many dialogues at once, straight over the arrays: ``gymnasium.make_vec("convrec/MultiRound-v0", 256)``.

Legend: N places, K slots, k items of a list.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from graph.errors import OptionError
from simulator.core import Outcome
from simulator.environments.batch import Batch, Ended, checked_seed
from simulator.environments.observations import Observation
from simulator.environments.options import check_known


class MultiRoundVectorEnv(VectorEnv[Observation, NDArray[np.integer], NDArray[np.generic]]):
    """N dialogues; one that is over makes room for the next within the same step.

    Everything is as :class:`gymnasium.vector.SyncVectorEnv` with ``AutoresetMode.SAME_STEP`` over N single environments
    would have it: what was seen last stands in ``infos["final_obs"]``, how it ended in ``infos["final_info"]``.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "autoreset_mode": AutoresetMode.SAME_STEP,
        "render_modes": [],
    }

    def __init__(self, num_envs: int = 1, render_mode: None = None, **options: Any) -> None:
        """Options are those of :class:`simulator.environments.batch.Batch`."""
        if render_mode is not None:
            raise OptionError(f"render_mode={render_mode!r}: only the environment for one dialogue can be rendered")
        self.batch = Batch(num_envs, **options)
        self.num_envs = num_envs
        self.single_observation_space = self.batch.space
        self.single_action_space = spaces.Discrete(self.batch.n_slots)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a dialogue in every place.

        :param seed: place i is seeded with ``seed + i``, or with the i-th of N; None to let the streams go on.
        :raises OptionError: when there are not as many seeds, one is none, or options are given: there are none.
        """
        check_known(options or (), ())
        if isinstance(seed, Sequence | np.ndarray):
            self.batch.seed(list(seed))
        elif seed is not None:
            self.batch.seed([checked_seed(seed) + place for place in range(self.num_envs)])
        return self.batch.reset(), {}

    def step(
        self, actions: NDArray[np.integer]
    ) -> tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Take a slot in each dialogue."""
        observation, outcome, ended = self.batch.step(actions)
        return observation, outcome.reward, outcome.terminated, outcome.truncated, _infos(outcome, ended)

    def action_masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (N, K)."""
        return self.batch.masks()

    def set_lists(self, lists: ArrayLike) -> None:
        """Show these items, shape (N, at most k), where the next step takes a recommend slot; valid for that step."""
        self.batch.set_lists(lists)


def _infos(outcome: Outcome, ended: Ended) -> dict[str, Any]:
    """What SyncVectorEnv makes of the infos of single environments: a dictionary of arrays, and a flag beside each."""
    over, n = outcome.over, len(outcome.reward)
    infos: dict[str, Any] = {}
    if not over.all():
        infos = {"invalid": outcome.invalid & ~over, "_invalid": ~over}
    if len(ended.rows):
        last = np.full(n, None, dtype=object)
        for place, row in enumerate(ended.rows):
            last[row] = {key: values[place] for key, values in ended.observation.items()}
        facts: dict[str, Any] = {"invalid": outcome.invalid & over, "_invalid": over.copy()}
        for name, values in ended.facts.items():
            facts[name] = np.zeros(n, values.dtype)
            facts[name][ended.rows] = values
            facts[f"_{name}"] = over.copy()
        infos |= {"final_obs": last, "_final_obs": over.copy(), "final_info": facts, "_final_info": over.copy()}
    return infos
