"""People who talk through Rasa with an item in mind, and what they see of it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convrec.serving.heard import payload
from convrec.serving.names import Names
from graph.catalogue import Catalogue


@dataclass(frozen=True)
class Seen:
    """What a front end shows after a message: of the REST channel, the callback's or socket.io's."""

    text: str
    buttons: tuple[str, ...]
    """What they send."""
    cards: tuple[tuple[str, ...], ...]
    """What the buttons of each card send."""

    @classmethod
    def of(cls, messages: Sequence[dict[str, Any]]) -> "Seen":
        """Put together what came."""
        texts, buttons, cards = [], [], []
        for message in messages:
            texts.append(message.get("text") or "")
            buttons += [each["payload"] for each in message.get("buttons") or message.get("quick_replies") or ()]
            if attachment := message.get("attachment"):
                assert (attachment["type"], attachment["payload"]["template_type"]) == ("template", "generic")
                for card in attachment["payload"]["elements"]:
                    assert card["title"]
                    cards.append(tuple(each["payload"] for each in card["buttons"]))
        return cls(" ".join(filter(None, texts)), tuple(buttons), tuple(cards))


class Seeker:
    """Answers every question by the catalogue, and takes the item in mind when it is shown.

    :param typing: answer questions in words in place of buttons.
    """

    def __init__(self, catalogue: Catalogue, item: int, typing: bool = False) -> None:
        self._names, self._typing = Names(catalogue), typing
        self.item = self._names.of_item(item)
        self.title = catalogue.describe_item(item)
        self._has = {self._names.of_attribute(int(each)) for each in catalogue.attributes_of(item)}

    def answer(self, seen: Seen) -> str:
        """What is typed or pressed next."""
        if seen.cards:
            takes = payload("accept", item=self.item)
            return next((takes for card in seen.cards if takes in card), seen.buttons[-1])
        if not seen.buttons:
            return payload("dont_care")  # it has only said hello
        asked = [_named(each) for each in seen.buttons if each.startswith("/inform")]
        if not asked:
            return self._yes_or_no(seen)
        holds = [name for name in asked if name in self._has]
        if not holds:
            return "none of these" if self._typing else payload("deny")
        if self._typing:
            return " and ".join(name.partition(": ")[2] for name in holds)
        return payload("inform", attribute=holds if len(holds) > 1 else holds[0])

    def _yes_or_no(self, seen: Seen) -> str:
        # What is asked about stands in the words alone.
        assert payload("affirm") in seen.buttons
        values = (name.partition(": ")[2] for name in self._has)
        holds = any(re.search(rf"\b{re.escape(value)}\b", seen.text) for value in values)
        if self._typing:
            return "yes" if holds else "no"
        return payload("affirm" if holds else "deny")

    def has_taken(self, seen: Seen) -> bool:
        """Whether these were the last words, about the item in mind."""
        return not seen.buttons and not seen.cards and self.title in seen.text


def _named(button: str) -> str:
    return str(json.loads(button.removeprefix("/inform"))["attribute"])
