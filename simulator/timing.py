"""Time in a conversation: what the user is doing, what wakes the agent, and what it sees of both.

The clock counts ticks of about two seconds.  Whoever speaks takes one tick; a wait lasts until the user does something
or the silence timer rings.  Only events and cues are seen; phases are the user's own.

Legend: N dialogues.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

TICK_SECONDS = 2.0
"""Length of a tick: about what it takes to read or type a short line."""

SILENCE_TIMER = 2
"""Ticks after which a wait ends by itself."""

CLOCK = 60
"""Ticks after which a dialogue is cut off."""

MOST_WAITS = 3
"""Waits in a row after which the wait slot closes until the agent has spoken."""


class Phase(IntEnum):
    """What a user is doing; hidden from the agent."""

    READY = 0
    """Has finished and listens."""
    COMPOSING = 1
    """Writes on: another piece of the message is coming."""
    THINKING = 2
    """Looks through the list on show."""
    IDLE = 3
    """Was left without an answer."""
    GONE = 4
    """Has left."""


class Event(IntEnum):
    """What called the agent."""

    MESSAGE = 0
    """A message that looks complete."""
    FRAGMENT = 1
    """A message, and the user is still typing."""
    DEFERRAL = 2
    """"Let me think"."""
    SILENCE = 3
    """The timer rang."""
    LEFT = 4
    """The user has left the session."""


@dataclass(frozen=True)
class Cues:
    """What can be seen of the moment at which the agent decides."""

    event: NDArray[np.int8]
    """:class:`Event` that called the agent, shape (N,)."""
    typing: NDArray[np.bool_]
    """Whether the typing indicator is on, shape (N,)."""
    completeness: NDArray[np.float16]
    """How complete the last message looks, 0 to 1, shape (N,)."""
    deferred: NDArray[np.bool_]
    """Whether the user has asked for time and not yet come back, shape (N,)."""
    on_show: NDArray[np.bool_]
    """Whether a list waits for the user's verdict, shape (N,)."""
    silence: NDArray[np.float32]
    """Seconds since the user's last message, shape (N,)."""
