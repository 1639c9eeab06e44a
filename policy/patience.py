"""When to hold one's tongue: policies that wrap another one and decide only whether to wait.

Legend: N dialogues.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from simulator.protocol import Decision, Policy, State
from simulator.timing import SILENCE_TIMER, TICK_SECONDS, Event

LOOKS_UNFINISHED = 0.3
"""A message that looks less complete than this is taken for unfinished; complete ones hardly ever look so."""


@dataclass(frozen=True)
class Waiting:
    """Waits when ``moment`` says so and may, and else leaves the decision to another policy."""

    name: str
    speaker: Policy
    moment: Callable[[State], NDArray[np.bool_]]
    """Whether to wait now, shape (N,)."""

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """That of the speaker."""
        return self.speaker.answer_model(catalogue)

    def choose(self, state: State) -> Decision:
        """Wait where it is open and the moment is right."""
        spoken = self.speaker.choose(state)
        wait = self.moment(state) & state.candidates.mask[:, state.candidates.space.wait_slot]
        return Decision(np.where(wait, state.candidates.space.wait_slot, spoken.slots), spoken.lists)


def somebody_is_busy(state: State) -> NDArray[np.bool_]:
    """The user types, looks through a list, has asked for time, or has sent what looks like half a message."""
    cues = state.history.cues()
    unfinished = (cues.completeness < LOOKS_UNFINISHED) & (cues.silence == 0)
    return np.asarray(cues.typing | cues.on_show | cues.deferred | (cues.event == Event.FRAGMENT) | unfinished)


def patient(speaker: Policy) -> Waiting:
    """Waits while the user is busy."""
    return Waiting(f"patient-{speaker.name}", speaker, somebody_is_busy)


def always_wait(speaker: Policy) -> Waiting:
    """Waits whenever it may: speaks only when the wait slot has closed."""
    return Waiting(f"always-wait-{speaker.name}", speaker, lambda state: np.ones(state.history.n_dialogues, bool))


def fixed_timer(speaker: Policy, seconds: float = SILENCE_TIMER * TICK_SECONDS) -> Waiting:
    """Waits until nothing has been heard for ``seconds``, whatever the user seems to be doing."""
    return Waiting(
        f"fixed-timer-{speaker.name}", speaker, lambda state: np.asarray(state.history.cues().silence < seconds)
    )
