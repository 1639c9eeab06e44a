"""What people are doing: they listen, write on, think about a list, idle; and what of it can be seen.

Legend: N dialogues, E some of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.people.traits import Share
from simulator.randomness import Purpose, chance, uniform
from simulator.rows import RowArrays
from simulator.timing import SILENCE_TIMER, Event, Phase

MOST_PIECES = 4
"""Pieces that follow one message, at most."""

LOST = 0.5
"""Chance that a piece somebody was writing is given up when the agent speaks."""

ASKS_FOR_TIME = 0.6
"""Chance that somebody who thinks about a list says so."""

SHOWN_WRITING, SHOWN_RESTING = 0.9, 0.05
"""Chance that the typing indicator is on while somebody who writes in pieces is writing, and is not."""

LOOKS_COMPLETE = {False: (0.3, 1.0), True: (0.0, 0.7)}
"""Range of how complete a message looks, by whether more is coming."""


@dataclass
class Attention(RowArrays):
    """What each person is doing."""

    phase: NDArray[np.int8]
    """:class:`simulator.timing.Phase`, shape (N,)."""
    pieces: NDArray[np.int8]
    """Pieces of the message still to come, shape (N,)."""
    thought_left: NDArray[np.int8]
    """Ticks until the verdict on the list on show, shape (N,)."""
    shown_at: NDArray[np.int16]
    """Step (from 1) of the list on show, 0 for none, shape (N,)."""
    verdict: NDArray[np.int16]
    """Place in the list on show that will be taken after thought, 0 for none, shape (N,)."""

    @classmethod
    def ready(cls, n_dialogues: int) -> "Attention":
        """Everybody listens."""
        arrays: dict[str, Any] = {
            name: np.zeros(n_dialogues, np.int16 if name in ("shown_at", "verdict") else np.int8)
            for name in cls.__dataclass_fields__
        }
        return cls(**arrays)

    def begin_burst(
        self, rows: NDArray[np.intp], bursts: Share, keys: NDArray[np.uint64], turns: NDArray[np.integer]
    ) -> None:
        """Some go on writing after their message: each further piece comes with chance ``bursts``, shape (E,)."""
        lots = uniform(keys, Purpose.BURST, turns, MOST_PIECES)
        pieces = np.cumprod(lots < bursts[:, None], axis=1).sum(axis=1)
        self.pieces[rows] = pieces
        self.phase[rows] = np.where(pieces > 0, Phase.COMPOSING, Phase.READY)

    def begin_thought(
        self,
        rows: NDArray[np.intp],
        ticks: NDArray[np.int8],
        shown_at: NDArray[np.integer],
        verdict: NDArray[np.int16],
    ) -> None:
        """Some look through the list of this step; all shapes (E,)."""
        self.phase[rows] = Phase.THINKING
        self.thought_left[rows], self.shown_at[rows], self.verdict[rows] = ticks, shown_at, verdict

    def end_thought(self, rows: NDArray[np.intp]) -> None:
        """The list on show is on show no longer."""
        self.phase[rows] = Phase.READY
        self.thought_left[rows], self.shown_at[rows], self.verdict[rows] = 0, 0, 0

    def look(
        self, bursts: Share, keys: NDArray[np.uint64], steps: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """Typing indicator and how complete the last message looks, of everybody, shape (N,) each.

        People who do not write in pieces give no false signs.
        """
        writing = self.phase == Phase.COMPOSING
        lots = uniform(keys, Purpose.CUES, steps, 2)
        typing = (lots[:, 0] < np.where(writing, SHOWN_WRITING, SHOWN_RESTING)) & (bursts > 0)
        low, high = np.where(writing[:, None], LOOKS_COMPLETE[True], LOOKS_COMPLETE[False]).T
        complete = np.where(bursts > 0, low + lots[:, 1] * (high - low), 1.0)
        return typing, complete.astype(np.float16)


def pace(keys: NDArray[np.uint64], steps: NDArray[np.integer]) -> NDArray[np.int8]:
    """Ticks until the next piece arrives, 1 .. the silence timer, shape (E,)."""
    return (1 + uniform(keys, Purpose.PACE, steps)[:, 0] * SILENCE_TIMER).astype(np.int8)


def asks_for_time(keys: NDArray[np.uint64], steps: NDArray[np.integer]) -> NDArray[np.int8]:
    """What is heard of people who think: "let me think", or nothing; :class:`Event`, shape (E,)."""
    says_so = chance(keys, Purpose.DEFERRAL, steps, np.full(len(keys), ASKS_FOR_TIME))
    return np.where(says_so, Event.DEFERRAL, Event.SILENCE).astype(np.int8)
