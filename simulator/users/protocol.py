"""What simulated users must be able to do, and what a kind of user is.

Legend: N dialogues.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from simulator.history import History
from simulator.people import Opening, Reaction, Traits


class SimulatedUsers(Protocol):
    """A batch of people who talk with the agent."""

    @property
    def without_history(self) -> NDArray[np.bool_]:
        """Whose history is not known, shape (N,)."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept of these people."""
        ...

    def open(self) -> Opening:
        """The first message of each."""
        ...

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        """What everybody does about the agent's latest act.

        :param history: holds the act at step ``length``, which does not count it yet.
        :param last: dialogues in which the agent has no turn left after this act, shape (N,).
        """
        ...

    def take(self, rows: NDArray[np.intp]) -> "SimulatedUsers":
        """Some of the users as they are now, shape (E,), repeats allowed, as a copy."""
        ...

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Go on with some of the people only."""
        ...

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        """Let others of the same class take the places of some."""
        ...


class UserType(Protocol):
    """Makes the users of a run."""

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> SimulatedUsers:
        """Users with these items in mind, shape (N,), and these random keys, shape (N,)."""
        ...


@dataclass(frozen=True)
class Number:
    """What stands after the colon."""

    meaning: str
    default: float
    low: float
    high: float
    whole: bool = False

    def allows(self, value: float) -> bool:
        """Whether the number can be taken."""
        return self.low <= value <= self.high and (not self.whole or value == int(value))


Change = Callable[[Traits, float, NDArray[np.uint64]], None]
"""Changes traits in place, given the number and the key of each dialogue, shape (N,)."""


@dataclass(frozen=True)
class Kind:
    """One kind of user."""

    name: str
    summary: str
    """What these people do, in a sentence that begins with "They" left out."""
    reason: str
    """Where the numbers come from."""
    change: Change
    number: Number | None = None
    """None for a kind that takes none."""
    reads_table: bool = False
    """Whether the name of a file with a confusion table may stand in the place of the number."""

    @property
    def said(self) -> str:
        """The summary as it follows "They"."""
        return self.summary[:1].lower() + self.summary[1:]
