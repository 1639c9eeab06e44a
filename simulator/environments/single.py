"""One dialogue at a time: ``gymnasium.make("convrec/MultiRound-v0")``."""

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from graph.errors import OptionError
from simulator.environments.batch import Batch
from simulator.environments.observations import Observation
from simulator.environments.options import check_known
from simulator.rendering import render_dialogue


class MultiRoundEnv(gymnasium.Env[Observation, np.integer]):
    """Ask, recommend or wait, until something is found, turns or time are used up or the user has left.

    Actions are slots (see :class:`simulator.candidates.ActionSpace`): questions, items, wait.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}  # type: ignore[misc]

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        """Options are those of :class:`simulator.environments.batch.Batch`."""
        if render_mode not in (None, "ansi"):
            raise OptionError(f"render_mode={render_mode!r}: choose ansi, or None")
        self.render_mode = render_mode
        self.batch = Batch(1, False, **options)
        self.observation_space = self.batch.space  # type: ignore[assignment]  # the space of plain dictionaries
        self.action_space = spaces.Discrete(self.batch.n_slots)
        self._over = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a dialogue: with a seed the first one of its stream, without one the next.

        :raises OptionError: when the seed is none, or options are given: there are none.
        """
        check_known(options or (), ())
        self.batch.seed([seed])
        super().reset(seed=None if seed is None else int(seed))
        self._over = False
        return _only(self.batch.reset()), {}

    def step(self, action: np.integer) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take a slot; ``info["invalid"]`` says whether it was closed and had to be replaced.

        At the end ``info`` holds how it ended, see :class:`simulator.environments.batch.Ended`.

        :raises OptionError: when the action is no whole number, or no dialogue is under way.
        """
        if self._over:
            raise OptionError("the dialogue is over; call reset() to begin another")
        if np.ndim(action):
            raise OptionError(f"the action has shape {np.shape(action)}: give one whole number")
        observation, outcome, ended = self.batch.step(np.asarray(action)[None])
        terminated, truncated = bool(outcome.terminated[0]), bool(outcome.truncated[0])
        self._over = terminated or truncated
        info: dict[str, Any] = {"invalid": bool(outcome.invalid[0])}
        info |= {name: values[0].item() for name, values in ended.facts.items()}
        return _only(observation), float(outcome.reward[0]), terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (K,), where sb3-contrib looks for them."""
        return self.batch.masks()[0]

    def set_list(self, items: ArrayLike) -> None:
        """Show these items, shape (at most k,), if the next step takes a recommend slot; valid for that step."""
        self.batch.set_lists(np.asarray(items)[None])

    def render(self) -> str | None:
        """The dialogue so far in words."""
        if self.render_mode is None:
            return None
        lines = render_dialogue(self.batch.catalogue, self.batch.talk.history, 0)
        return "\n".join(f"{speaker:>6}  {text}" for speaker, text in lines)


def _only(observation: Observation) -> Observation:
    return {key: values[0] for key, values in observation.items()}
