"""What a message of a front end means where no words have to be understood: buttons, and what Rasa makes of them.

A button sends ``/inform{"attribute": "genre: Comedy"}``: an intent and its entities, which Rasa reads without a model.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from convrec.serving.names import Names
from dialogs.acts import (
    Accept,
    Affirm,
    AskWhy,
    Defer,
    Deny,
    Dislike,
    DontCare,
    DontKnow,
    Fragment,
    Greet,
    Inform,
    Leave,
    Like,
    Nothing,
    Restart,
    Seen,
    SortOf,
    Unclear,
    Undo,
    UserAct,
)

PLAIN: Mapping[str, Callable[[], UserAct]] = {
    "affirm": Affirm, "deny": Deny, "sort_of": SortOf, "dont_know": DontKnow, "dont_care": DontCare, "undo": Undo,
    "restart": Restart, "restart_talk": Restart, "defer": Defer, "fragment": Fragment, "greet": Greet,
    "goodbye": Leave, "silence": Nothing,
}  # fmt: skip
"""Intents that say everything; a ``restart`` of its own makes Rasa forget the talk without a word."""

ABOUT_ITEMS: Mapping[str, Callable[[int], UserAct]] = {
    "accept": lambda item: Accept(item=item), "like": lambda item: Like(item=item),
    "dislike": lambda item: Dislike(item=item), "seen": lambda item: Seen(item=item),
    "why": lambda item: AskWhy(item=item),
}  # fmt: skip
"""Intents with an entity ``item``: the data set's own id."""

INFORM = "inform"
"""The intent with an entity ``attribute``: its name, or several."""

WHY = "why"
"""The intent that may lack its item: why this question?"""

INTENTS = (*PLAIN, *ABOUT_ITEMS, INFORM)

MOST_NAMED = 16
"""Attributes one message may name."""


def payload(intent: str, **entities: object) -> str:
    """What a button sends."""
    return f"/{intent}" + (json.dumps(entities, ensure_ascii=False) if entities else "")


def pressed(text: str, names: Names) -> tuple[UserAct, ...] | None:
    """What a button means, from what it sends; None for words.

    A button of another catalogue, or one that somebody has made up, is unclear.
    """
    if not text.startswith("/"):
        return None
    intent, brace, rest = text[1:].partition("{")
    if intent.strip() not in INTENTS:
        return None
    try:
        entities = json.loads(brace + rest) if brace else {}
    except (ValueError, RecursionError):
        return (Unclear(),)
    return acts_of(intent.strip(), entities, names)


def acts_of(intent: str, entities: Mapping[str, Any], names: Names) -> tuple[UserAct, ...]:
    """The acts of an intent of ours with its entities."""
    if intent in PLAIN:
        return (PLAIN[intent](),)
    if intent == INFORM:
        return _told(entities, names)
    if intent == WHY and entities.get("item") is None:
        return (AskWhy(),)
    item = names.item(entities.get("item"))
    return (Unclear(),) if item is None else (ABOUT_ITEMS[intent](item),)


def _told(entities: Mapping[str, Any], names: Names) -> tuple[UserAct, ...]:
    named = entities.get("attribute")
    each = named if isinstance(named, list) else [named]
    places = [names.attribute(name) for name in each[:MOST_NAMED]]
    found = [place for place in dict.fromkeys(places) if place is not None]
    if not found or len(each) > MOST_NAMED:
        return (Unclear(),)
    return tuple(Inform(attribute=place) for place in found)
