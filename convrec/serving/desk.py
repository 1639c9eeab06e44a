"""Where anybody's turn is answered: nothing of a talk is kept here, so that any worker can answer any turn."""

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from convrec.serving.heard import payload, pressed
from convrec.serving.messages import Message, Writer
from convrec.serving.names import Names
from convrec.serving.outlook import Outlook, look
from convrec.serving.sealing import Sealer, StaleSealError
from convrec.talk import Table
from dialogs.agent import Agent, Thinking, alone, together
from dialogs.session import Reply, Session, Standing

MASKS_KEPT = 64
"""Lists of eligible or excluded items whose masks are kept."""

AGENTS_KEPT = 256
"""Senders whose last belief is kept, to save time; each holds a few numbers for every item of the catalogue."""

MOST_LISTED = 200_000
"""Items that such a list may hold."""

WORDS = "whatever warms the heart"
"""Said to nobody: words that no catalogue names, so that they are looked at by their meaning."""


Key = TypeVar("Key")
Made = TypeVar("Made")
Found = TypeVar("Found")


class RequestError(Exception):
    """Something in a request that cannot be used; the message says what, and may be shown to who sent it."""


@dataclass(frozen=True)
class Turn:
    """What comes of one message."""

    reply: Reply
    messages: tuple[Message, ...]
    """As they are shown; none where the agent waits."""
    standing: Standing
    """Where the talk stands now."""
    sender: str
    sealer: Sealer

    @cached_property
    def sealed(self) -> str:
        """Where the talk stands, as it travels."""
        return self.sealer.seal(self.standing, self.sender)

    @property
    def waits(self) -> bool:
        """Whether the agent gives the other time."""
        return not self.messages and not self.reply.over


class Desk:
    """Answers turns."""

    def __init__(self, table: Table, sealer: Sealer) -> None:
        self._table, self._sealer = table, sealer
        self._names = Names(table.dataset.catalogue)
        self._writer = Writer(table.dataset.catalogue, self._names)
        self._masks: _Latest[bytes, NDArray[np.bool_]] = _Latest(MASKS_KEPT)
        self._agents: _Latest[tuple[str, bytes], Agent] = _Latest(AGENTS_KEPT)

    def warm_up(self) -> None:
        """Load and compile what the first turn would have to wait for."""
        began = self.open("nobody")
        self.answer("nobody", self.answer("nobody", began.sealed, WORDS).sealed, payload("dont_care"))

    def open(self, sender: str, metadata: Mapping[str, Any] | None = None) -> Turn:
        """The first word of a talk.

        :raises RequestError: when the metadata cannot be used.
        """
        session = self._session(sender, Standing(), metadata)
        return self._turn(sender, session, session.open())

    def answer(self, sender: str, sealed: str | None, text: str, metadata: Mapping[str, Any] | None = None) -> Turn:
        """Answer what was typed or pressed.

        :param sealed: where the talk stands; None to begin with what is said.
        :raises SealError: when it is no seal of this sender's.
        :raises RequestError: when the metadata cannot be used.
        """
        return self.alone(self.answering(sender, sealed, text, metadata))

    def answering(
        self, sender: str, sealed: str | None, text: str, metadata: Mapping[str, Any] | None = None
    ) -> Thinking[Turn]:
        """The same for several at once: see :meth:`together`."""
        try:
            standing = Standing() if sealed is None else self._sealer.open(sealed, sender)
        except StaleSealError:
            standing, text = Standing(), payload("restart_talk")
        return (yield from self.going_on(sender, standing, text, metadata))

    def alone(self, turn: Thinking[Found]) -> Found:
        """What comes of one turn."""
        return alone(turn, self._table.world.policy)

    def together(self, turns: Sequence[Thinking[Found]]) -> list[Found | Exception]:
        """What comes of several turns, or what went wrong with each: their decisions are made at once."""
        return together(turns, self._table.world.policy)

    def go_on(self, sender: str, standing: Standing, text: str, metadata: Mapping[str, Any] | None = None) -> Turn:
        """Answer what was typed or pressed where a talk stands; one that is over begins anew.

        :raises RequestError: when the metadata cannot be used.
        """
        return self.alone(self.going_on(sender, standing, text, metadata))

    def going_on(
        self, sender: str, standing: Standing, text: str, metadata: Mapping[str, Any] | None = None
    ) -> Thinking[Turn]:
        """The same for several at once: see :meth:`together`."""
        session = self._session(sender, Standing() if standing.over else standing, metadata)
        acts = pressed(text, self._names)
        reply = yield from session.hearing(text) if acts is None else session.pressing(acts)
        return self._turn(sender, session, reply)

    def look(self, sender: str, standing: Standing, metadata: Mapping[str, Any] | None = None) -> Outlook:
        """What is thought where a talk stands.

        :raises RequestError: when the metadata cannot be used.
        """
        return look(self._agent(sender, metadata or {}), standing.conversation)

    def _turn(self, sender: str, session: Session, reply: Reply) -> Turn:
        standing = session.standing
        messages = self._writer.messages(reply, standing.conversation.wanted)
        return Turn(reply, messages, standing, sender, self._sealer)

    def _session(self, sender: str, standing: Standing, metadata: Mapping[str, Any] | None) -> Session:
        table, agent = self._table, self._agent(sender, metadata or {})
        return Session(agent, table.understander, table.speaker, agent.world.seed, standing)

    def _agent(self, sender: str, metadata: Mapping[str, Any]) -> Agent:
        """Who talks with this sender: what it has just believed is gone on from where nothing was taken back."""
        eligible, exclude = _listed(metadata, "eligible"), _listed(metadata, "exclude")
        lists = b"" if eligible is exclude is None else hashlib.sha256(repr((eligible, exclude)).encode()).digest()

        def make() -> Agent:
            world, seed = self._table.world, zlib.crc32(sender.encode("utf-8", "surrogatepass"))
            mask = self._masks.get(lists, lambda: self._make_mask(eligible, exclude)) if lists else world.eligible
            return Agent(replace(world, eligible=mask, seed=seed))

        return self._agents.get((sender, lists), make)

    def _make_mask(self, eligible: tuple[str, ...] | None, exclude: tuple[str, ...] | None) -> NDArray[np.bool_]:
        table = self._table
        mask = np.ones(table.dataset.catalogue.n_items, bool)
        if table.world.eligible is not None:
            mask &= table.world.eligible
        if eligible is not None:
            only = np.zeros_like(mask)
            only[self._places(eligible)] = True
            mask &= only
        mask[self._places(exclude or ())] = False
        return mask

    def _places(self, ids: tuple[str, ...]) -> list[int]:
        # What is not in the catalogue cannot be shown anyhow: a shop's list may be longer than the catalogue.
        return [place for place in map(self._names.item, ids) if place is not None]


class _Latest(Generic[Key, Made]):
    """What was made last, so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Key, Made] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """What was made for this key, or is made now."""
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        found = self._made[key] = make()
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return found


def _listed(metadata: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of items by the data set's own ids; None where there is none.

    :raises RequestError: when it is no such list.
    """
    ids = metadata.get(name)
    if ids is None:
        return None
    if not isinstance(ids, list) or len(ids) > MOST_LISTED or not all(isinstance(each, str | int) for each in ids):
        raise RequestError(f"metadata.{name}: a list of at most {MOST_LISTED:,} item ids is wanted")
    return tuple(str(each) for each in ids)
