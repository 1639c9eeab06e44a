"""What every understander promises."""

from dataclasses import dataclass
from typing import Protocol

from dialogs.acts import Clarify, Move, UserAct

TYPED = 0.98
"""Chance that what is written plainly is meant."""


@dataclass(frozen=True)
class Context:
    """What a message answers to."""

    on_table: Move | None = None
    """The question that was asked, or the list that was shown."""
    shown: tuple[int, ...] = ()
    """Items of the list that was shown last, in order."""
    clarify: Clarify | None = None
    """What the person was asked back, if that was the last thing said."""


class Understander(Protocol):
    """Turns a message into acts."""

    name: str

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        """Every act of a message, in order; :class:`dialogs.acts.Unclear` where there is none.

        Nothing that is typed can make it fail.
        """
        ...
