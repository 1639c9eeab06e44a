"""What a policy sees and what it answers.  Nothing here can reach the item the user has in mind.

Legend: N dialogues, V items, K slots, k items of a list, R tastes of a person.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.belief import Belief
from graph.catalogue import Catalogue
from simulator.candidates import Candidates
from simulator.history import History


@dataclass(frozen=True)
class State:
    """Everything a policy may know when it decides."""

    catalogue: Catalogue
    belief: Belief
    candidates: Candidates
    history: History
    turns_left: NDArray[np.int16]
    """Turns that remain, this one included, shape (N,), >= 1."""
    ticks_left: NDArray[np.int16]
    """Time that remains, shape (N,), >= 1."""
    eligible: NDArray[np.bool_] | None
    """Items that may be shown, shape (V,) or (N, V); None for all."""
    keys: NDArray[np.uint64]
    """Where a policy's own random numbers come from, shape (N,); made from seed and place in the run alone."""
    tastes: NDArray[np.float32] | None = None
    """Weight of each of R tastes of the person for each item, shape (N, R, V); None where nobody asked for them."""


@dataclass(frozen=True)
class Decision:
    """One act for each dialogue."""

    slots: NDArray[np.intp]
    """Shape (N,); must be open in the mask of the candidates."""
    lists: NDArray[np.int32] | None = None
    """Whole lists to show where a recommend slot is chosen, shape (N, k); None to let the slot decide."""


@runtime_checkable
class Policy(Protocol):
    """Chooses what to do next in a batch of conversations."""

    @property
    def name(self) -> str:
        """What the policy is called in tables."""
        ...

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """What the policy takes answers to mean: the belief it is shown is computed with it."""
        ...

    def choose(self, state: State) -> Decision:
        """Pick one open slot for each dialogue."""
        ...
