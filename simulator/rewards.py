"""What a step is worth to the agent that learns from it; every part can be switched off.

Legend: N dialogues.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rewards:
    """The parts of the reward; chosen so that a success at turn 7 is worth about .8 and a failure about -.8."""

    accepted: float = 1.0
    """An item that would do was taken."""
    rejected: float = -0.05
    """A list was turned down."""
    turn: float = -0.02
    """The agent spoke."""
    tick: float = -0.01
    """Time went by, for each tick."""
    dead_air: float = -0.05
    """The agent let somebody wait who had finished."""
    interruption: float = -0.1
    """The agent spoke while somebody wrote or thought."""
    failed: float = -0.3
    """The turns or the time are used up."""
    left: float = -0.3
    """The user has left."""
    answer_yes: float = 0.0
    """Something asked about holds."""
    answer_no: float = 0.0
    """Nothing asked about holds."""

    @classmethod
    def unicorn(cls) -> "Rewards":
        """Those of the published policies (Deng et al., SIGIR 2021), which know no time."""
        return cls(
            accepted=1.0, rejected=-0.1, turn=0.0, tick=0.0, dead_air=0.0, interruption=0.0, failed=-0.3, left=-0.3,
            answer_yes=0.01, answer_no=-0.1,
        )  # fmt: skip

    def of(
        self,
        *,
        accepted: Flags,
        rejected: NDArray[np.int64],
        speaks: Flags,
        ticks: NDArray[np.int8],
        dead_air: Flags,
        interrupted: Flags,
        failed: Flags,
        left: Flags,
        answers: NDArray[np.int8],
    ) -> NDArray[np.float64]:
        """The reward of one step of each dialogue, shape (N,).

        :param rejected: lists turned down at this step, shape (N,).
        :param answers: to each option of a question, shape (N, m), -1 where there is none.
        """
        holds = (answers == Answer.YES).any(axis=1)
        fails = (answers == Answer.NO).any(axis=1) & ~holds
        return np.asarray(
            self.accepted * accepted
            + self.rejected * rejected
            + self.turn * speaks
            + self.tick * ticks
            + self.dead_air * dead_air
            + self.interruption * interrupted
            + self.failed * failed
            + self.left * left
            + self.answer_yes * holds
            + self.answer_no * fails
        )
