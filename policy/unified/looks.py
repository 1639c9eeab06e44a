"""What agents are chosen by: what they reach on valid beside the gain rule, and what classic people pay for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TURN_PRICE = 0.03
"""Reward that a turn saved counts as when agents are chosen: what it costs in turn and time."""

HARMLESS = 0.01
"""Turns that classic people may lose on valid."""

HDCG_PRICE = 10.0
"""Turns that count as much as hDCG lost: from one turn to the next it falls by about a tenth."""


@dataclass(frozen=True)
class Look:
    """What an agent reached on valid."""

    round: int
    seconds: float
    """Practised before it."""
    prudence: float
    figures: Mapping[str, Mapping[str, float]]
    """By population and mode, such as "mixture, facet": sr, at, hdcg, reward, interruptions."""
    beside: Mapping[str, Mapping[str, float]]
    """The same figures of the gain rule."""

    @property
    def gain(self) -> float:
        """Mean over everything looked at of the reward, and of the turns at their price, beyond those of the rule."""
        pairs = [(each, self.beside[where]) for where, each in self.figures.items()]
        return float(np.mean([a["reward"] - b["reward"] - TURN_PRICE * (a["at"] - b["at"]) for a, b in pairs]))

    @property
    def harm(self) -> float:
        """Turns that classic people are made to spend beyond those the rule takes, for the worst question mode."""
        return max(each["at"] - self.beside[where]["at"] for where, each in self.figures.items() if is_classic(where))

    @property
    def harm_to_ranks(self) -> float:
        """What classic people lose in hDCG, for the worst question mode."""
        return max(
            self.beside[where]["hdcg"] - each["hdcg"] for where, each in self.figures.items() if is_classic(where)
        )

    @property
    def score(self) -> float:
        """What agents are chosen by: the gain, and hardly any harm."""
        harm = max(0.0, self.harm - HARMLESS) + HDCG_PRICE * max(0.0, self.harm_to_ranks - HARMLESS / HDCG_PRICE)
        return self.gain - harm


def is_classic(where: str) -> bool:
    """Whether figures are about classic people."""
    return where.startswith("classic, ")
