"""Replies as a front end shows them: sentences, answer buttons, and cards.

The same reply for every channel first; then as Rasa sends it, with cards as a generic template where the channel shows
them, else as numbered lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convrec.item_facts import facts
from convrec.serving.heard import payload
from convrec.serving.names import Names
from dialogs.acts import AgentAct, Ask, Clarify, Inform, Recommend, Wait
from dialogs.session import Reply
from graph.catalogue import Catalogue
from graph.printable import printable


@dataclass(frozen=True)
class Button:
    """Says something without typing."""

    title: str
    payload: str


@dataclass(frozen=True)
class Card:
    """One item of a list."""

    item: str
    """The data set's own id."""
    title: str
    subtitle: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Message:
    """One message of the agent."""

    text: str
    buttons: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()


TEXT_ONLY = frozenset({"cmdline", "twilio", "sms"})
"""Channels that show no cards."""


class Writer:
    """Writes replies about one catalogue."""

    def __init__(self, catalogue: Catalogue, names: Names) -> None:
        self._catalogue, self._names = catalogue, names

    def messages(self, reply: Reply, wanted: frozenset[int] = frozenset()) -> tuple[Message, ...]:
        """What is said, with buttons and cards at the last of it; nothing where the agent waits.

        :param wanted: attributes that the person has asked for, which stand first on the cards.
        """
        sentences = [each.text for each in reply.said]
        if not sentences:
            return ()
        buttons, cards = self.buttons(reply.says), self.cards(reply.says, wanted)
        return (*(Message(text) for text in sentences[:-1]), Message(sentences[-1], buttons, cards))

    def buttons(self, says: Sequence[AgentAct]) -> tuple[Button, ...]:
        """What can be answered without typing."""
        act = next((act for act in reversed(says) if not isinstance(act, Wait)), None)
        if isinstance(act, Ask) and len(act.options) == 1:
            return _YES_OR_NO
        if isinstance(act, Ask):
            options = tuple(
                Button(self._label(each), payload("inform", attribute=self._names.of_attribute(each)))
                for each in act.options
            )
            return (*options, *_NONE_OF_THESE)
        if isinstance(act, Recommend):
            return _LIST
        if isinstance(act, Clarify):
            return tuple(self._meaning(each) for each in act.meanings)
        return ()

    def cards(self, says: Sequence[AgentAct], wanted: frozenset[int] = frozenset()) -> tuple[Card, ...]:
        """A card for each item of the list that is shown."""
        shown = next((act for act in reversed(says) if isinstance(act, Recommend)), None)
        return () if shown is None else tuple(self._card(item, wanted) for item in shown.items)

    def _card(self, item: int, wanted: frozenset[int]) -> Card:
        name, several = self._names.of_item(item), facts(self._catalogue, item, wanted)
        buttons = tuple(Button(title, payload(intent, item=name)) for title, intent in _ON_CARD)
        return Card(name, printable(self._catalogue.describe_item(item)), several, buttons)

    def _label(self, attribute: int) -> str:
        return printable(self._catalogue.attribute_names[attribute])

    def _meaning(self, meant: Any) -> Button:
        if isinstance(meant, Inform):
            name = self._names.of_attribute(meant.attribute)
            return Button(printable(name), payload("inform", attribute=name))
        title = printable(self._catalogue.describe_item(meant.item))
        return Button(title, payload("like", item=self._names.of_item(meant.item)))


_SKIP = Button("Don't care", payload("dont_care")), Button("Skip", payload("dont_know"))
_YES_OR_NO = Button("Yes", payload("affirm")), Button("No", payload("deny")), *_SKIP
_NONE_OF_THESE = Button("None of these", payload("deny")), *_SKIP
_LIST = (Button("Something else", payload("deny")),)
_ON_CARD = (
    ("This one", "accept"), ("Like", "like"), ("Not this", "dislike"), ("Seen it", "seen"), ("Why this?", "why"),
)  # fmt: skip


def for_rasa(messages: Sequence[Message], channel: str) -> list[dict[str, Any]]:
    """What ``utter_message`` of rasa-sdk takes for each message.

    :param channel: name of the input channel, such as "rest" or "socketio".
    """
    return [_for_rasa(message, channel) for message in messages]


def _for_rasa(message: Message, channel: str) -> dict[str, Any]:
    buttons = [{"title": each.title, "payload": each.payload} for each in message.buttons]
    said: dict[str, Any] = {"text": message.text, "buttons": buttons}
    if message.cards and channel in TEXT_ONLY:
        lines = [f"{number}. {_line(card)}" for number, card in enumerate(message.cards, start=1)]
        said["text"] = "\n".join([message.text, *lines])
    elif message.cards:
        said["attachment"] = template(message.cards)
    return said


def template(cards: Sequence[Card]) -> dict[str, Any]:
    """The generic template that widgets show as a carousel."""
    elements = [
        {
            "title": card.title,
            "subtitle": card.subtitle,
            "buttons": [{"type": "postback", "title": each.title, "payload": each.payload} for each in card.buttons],
        }
        for card in cards
    ]
    return {"type": "template", "payload": {"template_type": "generic", "elements": elements}}


def _line(card: Card) -> str:
    return f"{card.title}: {card.subtitle}" if card.subtitle else card.title
