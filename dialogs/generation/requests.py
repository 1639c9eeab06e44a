"""What a reply has to say: an act, and every name and number that it may hold.

A request is all that a generator sees.  Names come out of the catalogue as they are; whatever stands in them, they are
quoted and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dialogs.acts import (
    AgentAct,
    Ask,
    Clarify,
    Critique,
    ExplainItem,
    ExplainQuestion,
    Farewell,
    Inform,
    Like,
    Noted,
    Recommend,
    Taste,
    Undone,
)
from dialogs.phrases import comparison, kinds, noun_of, phrase
from graph.catalogue import Catalogue
from graph.printable import printable

NAMED = 3
"""Items of a list that a sentence names; the rest are counted."""

MOST_REASONS = 3
"""Reasons that one sentence gives."""

LONGEST_SLOT = 160
"""Characters of a name that are said."""


@dataclass(frozen=True)
class Request:
    """What to say."""

    kind: str
    """What is to be said, such as "ask-one"; templates and vocabulary go by it."""
    slots: tuple[tuple[str, str], ...] = ()
    """Names and what they stand for, in the order in which they are best said; all of them have to be said once."""
    noun: str = "item"
    """What an item is called."""

    def value(self, name: str) -> str:
        """What one name stands for.

        :raises KeyError: when there is none.
        """
        return dict(self.slots)[name]

    def numbered(self, name: str) -> tuple[str, ...]:
        """Values of ``name1``, ``name2`` and so on, in order."""
        return tuple(value for key, value in self.slots if key.rstrip("0123456789") == name and key != name)


def request_of(catalogue: Catalogue, act: AgentAct) -> Request | None:
    """What has to be said for an act; None for silence."""
    kind = _kind(act)
    if kind is None:
        return None
    return Request(kind, tuple((name, shortened(value)) for name, value in _slots(catalogue, act)), noun_of(catalogue))


def shortened(text: str) -> str:
    """A name as it is said: on one line, and not without end."""
    shown = printable(text) or "?"
    return shown if len(shown) <= LONGEST_SLOT else f"{shown[: LONGEST_SLOT - 1].rstrip()}…"


def _kind(act: AgentAct) -> str | None:
    if isinstance(act, Ask):
        return "ask-one" if len(act.options) == 1 else "ask-which" if act.naming else "ask-all"
    if isinstance(act, Recommend):
        return "recommend-one" if len(act.items) == 1 else "recommend"
    if isinstance(act, Farewell):
        return f"farewell-{act.reason}"
    if isinstance(act, ExplainItem):
        return "explain-item" if act.reasons else "explain-item-sought"
    if isinstance(act, Clarify):
        return f"clarify-{'meanings' if act.meanings else act.about}"
    if isinstance(act, Undone):
        return "undone" if act.anything else "nothing-to-undo"
    if isinstance(act, Noted):
        return f"noted-{act.verdict}"
    return {"wait": None}.get(act.act, act.act)


def _slots(catalogue: Catalogue, act: AgentAct) -> Iterator[tuple[str, str]]:  # noqa: C901
    if isinstance(act, Ask):
        if len(act.options) == 1:
            yield "wish1", phrase(catalogue, act.options[0])
            return
        yield "facet", catalogue.facets[catalogue.attribute_facet[act.options[0]]].name
        yield from ((f"option{place}", catalogue.attribute_names[each]) for place, each in enumerate(act.options, 1))
    elif isinstance(act, Recommend):
        yield from ((f"item{n}", catalogue.describe_item(item)) for n, item in enumerate(act.items[:NAMED], 1))
        if len(act.items) > NAMED:
            yield "more", str(len(act.items) - NAMED)
    elif isinstance(act, Farewell) and act.found is not None:
        yield "item1", catalogue.describe_item(act.found)
    elif isinstance(act, ExplainItem):
        yield "item1", catalogue.describe_item(act.item)
        for place, reason in enumerate(act.reasons[:MOST_REASONS], 1):
            yield f"reason{place}", reason_in_words(catalogue, reason.said)
    elif isinstance(act, ExplainQuestion):
        yield "candidates", f"{act.candidates:,}"
        yield "after", f"{act.after:,}"
    elif isinstance(act, Clarify):
        for place, meaning in enumerate(act.meanings, 1):
            if isinstance(meaning, Like):
                yield f"meaning{place}", catalogue.describe_item(meaning.item)
            else:
                yield f"meaning{place}", phrase(catalogue, meaning.attribute)
    elif isinstance(act, Noted):
        yield "item1", catalogue.describe_item(act.item)


def reason_in_words(catalogue: Catalogue, said: object) -> str:
    """What follows "because": "you asked for a film with Tom Hanks"."""
    if isinstance(said, Inform):
        wish = phrase(catalogue, said.attribute)
        return f"you asked for {wish}" if said.holds else f"you did not want {wish}"
    if isinstance(said, Critique):
        change = comparison(catalogue, said.attribute, said.direction)
        return f"you wanted it {change} than {catalogue.describe_item(said.item)}"
    if isinstance(said, Taste):
        liked = " and ".join(catalogue.describe_item(item) for item in said.examples)
        if said.attribute is None:
            return f"you like {noun_of(catalogue)}s such as {liked}"
        return f"you like {kinds(catalogue, said.attribute)}, such as {liked}"
    verb = "liked" if isinstance(said, Like) else "did not like"
    return f"you {verb} {catalogue.describe_item(said.item)}"  # type: ignore[attr-defined]
