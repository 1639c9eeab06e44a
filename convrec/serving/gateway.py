"""The chat gateway: front ends talk to it as they would to Rasa, with no Rasa in between.

REST as in https://rasa.com/docs/rasa/connectors/your-own-website: a message goes in, a list of messages comes out.
"""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from convrec.serving.desk import Desk
from convrec.serving.messages import Message, template
from convrec.serving.store import ChangedError, Kept, StoreBusyError, Talks
from dialogs.agent import Thinking

TRIES = 3
"""Times a turn is answered anew because another message of the same sender came in between."""

KEPT_DAYS = 30
"""Days after which a talk that has not gone on is forgotten."""

LONGEST_MESSAGE = 4000
"""Characters."""


class Said(BaseModel):
    """What a front end sends."""

    model_config = ConfigDict(extra="ignore")

    sender: str = Field(default="default", min_length=1, max_length=200)
    message: str = Field(default="", max_length=LONGEST_MESSAGE)
    message_id: str | None = Field(default=None, min_length=1, max_length=200)
    """The same for a message that is sent again, which is answered once."""
    metadata: dict[str, Any] | None = None


class Asked(BaseModel):
    """What a front end sends that wants to know how a talk stands."""

    model_config = ConfigDict(extra="ignore")

    sender: str = Field(min_length=1, max_length=200)
    metadata: dict[str, Any] | None = None


def _whole(number: object) -> object:
    """What JSON calls an integer may be written with a point: 5.0."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]


class Rated(Asked):
    """What a front end sends when somebody has rated a talk."""

    number: Whole = Field(ge=1)
    """Turns there were when the talk ended, so that no other talk is rated when this is sent again."""
    stars: Whole = Field(ge=1, le=5)


class NotOverError(Exception):
    """A talk that cannot be rated now."""


class Gateway:
    """Answers front ends; talks are kept here."""

    def __init__(self, desk: Desk, talks: Talks) -> None:
        self._desk, self._talks = desk, talks

    def answer(self, said: Said, take: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
        """Messages to show, as Rasa's REST channel writes them; none where the agent waits.

        :param take: called before the turn counts; what it raises undoes it.
        :raises RequestError: when the metadata cannot be used.
        :raises StoreBusyError: when the talks are held by another process, or others answer this sender at once.
        """
        return self._desk.alone(self.answering(said, take))

    def answering(self, said: Said, take: Callable[[], None] = lambda: None) -> Thinking[list[dict[str, Any]]]:
        """The same for several at once: see :meth:`Desk.together`."""
        for _ in range(TRIES):
            if said.message_id is not None:
                answered = self._talks.answered(said.sender, said.message_id)
                if answered is not None:
                    return list(answered)
            before = self._talks.find(said.sender)
            turn = yield from self._desk.going_on(said.sender, before.standing, said.message, said.metadata)
            found = rest_messages(said.sender, turn.messages)
            try:
                self._talks.keep(said.sender, before, turn.standing, said.message_id, found, take)
            except ChangedError:
                continue
            return found
        raise StoreBusyError("too many messages of this sender at once; try again in a moment")

    def talk(self, asked: Asked) -> dict[str, Any]:
        """What was answered so far, as much of it as is kept, for a front end that begins anew.

        :raises StoreBusyError: when the talks are held by another process.
        """
        kept = self._talks.find(asked.sender)
        answers = (each for each in self._talks.answers(asked.sender) if each.number <= kept.number)
        turns = [{"number": each.number, "message_id": each.message, "messages": each.content} for each in answers]
        return {**self._standing(asked.sender, kept), "turns": turns}

    def look(self, asked: Asked) -> dict[str, Any]:
        """What the agent thinks where a talk stands: see :class:`convrec.serving.outlook.Outlook`.

        :raises RequestError: when the metadata cannot be used.
        :raises StoreBusyError: when the talks are held by another process.
        """
        kept = self._talks.find(asked.sender)
        outlook = self._desk.look(asked.sender, kept.standing, asked.metadata)
        return {**self._standing(asked.sender, kept), **outlook.model_dump()}

    def _standing(self, sender: str, kept: Kept) -> dict[str, Any]:
        """How many turns there were, whether the talk is over, and the stars it was given then."""
        over = kept.standing.over
        return {"number": kept.number, "over": over, "stars": self._talks.rating(sender, kept.number) if over else None}

    def rate(self, rated: Rated) -> tuple[int, bool]:
        """Keep the stars of a talk that has ended; hand out what it has now, and whether it had none before.

        :raises NotOverError: when it has not ended, or has gone on since.
        :raises StoreBusyError: when the talks are held by another process.
        """
        kept = self._talks.find(rated.sender)
        if not kept.standing.over or kept.number != rated.number:
            raise NotOverError("a talk is rated when it is over, and before another begins")
        first = self._talks.rate(rated.sender, kept, rated.stars)
        return self._talks.rating(rated.sender, kept.number) or rated.stars, first

    def forget(self) -> int:
        """Forget talks in which nothing was said for :data:`KEPT_DAYS`, and hand out how many."""
        return self._talks.forget(KEPT_DAYS * 24 * 3600)


def rest_messages(sender: str, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as Rasa's REST channel writes them: text and buttons in one, cards in another."""
    found: list[dict[str, Any]] = []
    for message in messages:
        text: dict[str, Any] = {"recipient_id": sender, "text": message.text}
        if message.buttons:
            text["buttons"] = [{"title": each.title, "payload": each.payload} for each in message.buttons]
        found.append(text)
        if message.cards:
            found.append({"recipient_id": sender, "attachment": template(message.cards)})
    return found


def as_lines(messages: Sequence[dict[str, Any]]) -> str:
    """A line for each message, for who asks with ``?stream=true``."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in messages)
