"""What turns are answered with: one in every process that answers, and none in the one that listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convrec.serving.desk import Desk, Turn
from convrec.serving.gateway import Asked, Gateway, Rated, Said
from convrec.serving.messages import Message
from convrec.serving.sealing import Sealer
from convrec.serving.store import Talks
from convrec.serving.workers import Wanted
from convrec.talk import Table, TalkOptions
from dialogs.agent import Thinking


@dataclass(frozen=True)
class Step:
    """What comes of a turn whose talk Rasa holds."""

    messages: tuple[Message, ...]
    sealed: str
    """Where the talk stands now."""
    waits: bool
    """Whether the agent gives the other time."""


@dataclass(frozen=True)
class Backend:
    """Desk and gateway."""

    desk: Desk
    gateway: Gateway

    def forget(self) -> int:
        """Forget old talks, and hand out how many."""
        return self.gateway.forget()

    def open(self, wanted: Wanted, sender: str) -> Step:
        """The first word of a talk that Rasa holds."""
        return _step(self.desk.open(sender))

    def step(
        self, wanted: Wanted, sender: str, sealed: str | None, text: str, metadata: dict[str, Any] | None
    ) -> Thinking[Step]:
        """One turn of a talk that Rasa holds: see :meth:`Desk.answering`."""
        return _step((yield from self.desk.answering(sender, sealed, text, metadata)))

    def answer(self, wanted: Wanted, said: Said) -> Thinking[list[dict[str, Any]]]:
        """One turn of a talk that is kept here: see :meth:`Gateway.answering`."""
        return self.gateway.answering(said, wanted.take)

    def together(self, turns: Sequence[Thinking[Any]]) -> list[Any]:
        """See :meth:`Desk.together`."""
        return self.desk.together(turns)

    def talk(self, wanted: Wanted, asked: Asked) -> dict[str, Any]:
        """See :meth:`Gateway.talk`."""
        return self.gateway.talk(asked)

    def look(self, wanted: Wanted, asked: Asked) -> dict[str, Any]:
        """See :meth:`Gateway.look`."""
        return self.gateway.look(asked)

    def rate(self, wanted: Wanted, rated: Rated) -> tuple[int, bool]:
        """See :meth:`Gateway.rate`; a rating that is sent again changes nothing."""
        return self.gateway.rate(rated)


def _step(turn: Turn) -> Step:
    return Step(turn.messages, turn.sealed, turn.waits)


def make_backend(options: TalkOptions, key: bytes, talks: Path) -> Backend:
    """Load everything, and compile what the first turn would have to wait for.

    :param key: of the seals, the same in all processes.
    :param talks: file in which the gateway keeps its talks.
    :raises ConvrecError: when something that is named cannot be used.
    """
    table = Table(options)
    about = table.dataset.fingerprint
    desk = Desk(table, Sealer(key, about))
    made = Backend(desk, Gateway(desk, Talks(talks, about)))
    desk.warm_up()
    return made
