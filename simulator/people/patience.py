"""Why people leave: a hazard at every step that grows with what annoys them.

Legend: N dialogues.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.people.traits import Share
from simulator.randomness import Purpose, chance
from simulator.rows import RowArrays

BASE = 0.005
PER_REJECTION = 0.02
"""For each list turned down since the last one that was not."""
PER_REPEAT = 0.05
"""For each item shown or attribute asked about a second time at this step."""
PER_INTERRUPTION = 0.08
PER_TICK_OF_DEAD_AIR = 0.03


@dataclass
class Annoyance(RowArrays):
    """What has piled up."""

    rejections: NDArray[np.int64]
    """Lists turned down, shape (N,)."""
    interruptions: NDArray[np.int64]
    """Times the agent spoke while the person wrote or thought, shape (N,)."""

    @classmethod
    def none(cls, n_dialogues: int) -> "Annoyance":
        """Nobody is annoyed yet."""
        return cls(np.zeros(n_dialogues, np.int64), np.zeros(n_dialogues, np.int64))

    def hazard(self, impatience: Share, repeats: NDArray[np.int64], dead_air: NDArray[np.int64]) -> Share:
        """Chance of leaving now.

        :param impatience: multiplies it, shape (N,).
        :param repeats: what was said a second time at this step, shape (N,).
        :param dead_air: ticks of silence in which it was the agent's turn, at this step, shape (N,).
        """
        annoyance = (
            BASE
            + PER_REJECTION * self.rejections
            + PER_REPEAT * repeats
            + PER_INTERRUPTION * self.interruptions
            + PER_TICK_OF_DEAD_AIR * dead_air
        )
        return np.asarray(1.0 - np.exp(-impatience * annoyance))

    def leaves(
        self,
        impatience: Share,
        repeats: NDArray[np.int64],
        dead_air: NDArray[np.int64],
        keys: NDArray[np.uint64],
        steps: NDArray[np.integer],
    ) -> NDArray[np.bool_]:
        """Who leaves at this step, shape (N,)."""
        return chance(keys, Purpose.PATIENCE, steps, self.hazard(impatience, repeats, dead_air))
