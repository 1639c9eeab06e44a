"""Dialogue acts: what a turn means, whoever took it and whatever the words were.

Items and attributes are places in the catalogue; a transcript says by its header of which one.  Acts are what is kept,
sent and replayed, so they read and write themselves as JSON and refuse what is not theirs.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Place = Annotated[int, Field(ge=0)]
Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
"""Chance that this is what was meant."""


class _Act(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Inform(_Act):
    """The item has an attribute, or lacks it: an answer, or said of one's own accord."""

    act: Literal["inform"] = "inform"
    attribute: Place
    holds: bool = True
    graded: bool = False
    """"Sort of"."""
    confidence: Confidence = 1.0


class Affirm(_Act):
    """Yes, to the one thing that was asked about or shown."""

    act: Literal["affirm"] = "affirm"
    confidence: Confidence = 1.0


class Deny(_Act):
    """No, or none of these."""

    act: Literal["deny"] = "deny"
    confidence: Confidence = 1.0


class SortOf(_Act):
    """Neither yes nor no, to the one thing that was asked about."""

    act: Literal["sort-of"] = "sort-of"
    confidence: Confidence = 1.0


class DontKnow(_Act):
    """Cannot say."""

    act: Literal["dont-know"] = "dont-know"
    confidence: Confidence = 1.0


class DontCare(_Act):
    """It does not matter."""

    act: Literal["dont-care"] = "dont-care"
    confidence: Confidence = 1.0


class Accept(_Act):
    """Takes an item of the list."""

    act: Literal["accept"] = "accept"
    item: Place
    confidence: Confidence = 1.0


class Seen(_Act):
    """Knows the item already, and does not look for it."""

    act: Literal["seen"] = "seen"
    item: Place
    confidence: Confidence = 1.0


class Like(_Act):
    """Liked an item: more like it, please."""

    act: Literal["like"] = "like"
    item: Place
    confidence: Confidence = 1.0


class Dislike(_Act):
    """Did not like an item."""

    act: Literal["dislike"] = "dislike"
    item: Place
    confidence: Confidence = 1.0


class Critique(_Act):
    """Like this item of the list, but older."""

    act: Literal["critique"] = "critique"
    item: Place
    attribute: Place
    """Value of the item, of a facet that has an order."""
    direction: Literal[-1, 1]
    confidence: Confidence = 1.0


class AskWhy(_Act):
    """Why this item, or why this question."""

    act: Literal["why"] = "why"
    item: Place | None = None
    """None for the question, or for the first of the list."""


class Undo(_Act):
    """Takes back what was said last."""

    act: Literal["undo"] = "undo"


class Restart(_Act):
    """Begins anew."""

    act: Literal["restart"] = "restart"


class Defer(_Act):
    """Needs a moment."""

    act: Literal["defer"] = "defer"


class Fragment(_Act):
    """Writes on: the message is not complete."""

    act: Literal["fragment"] = "fragment"


class Greet(_Act):
    """Says hello, or thanks."""

    act: Literal["greet"] = "greet"


class Leave(_Act):
    """Says goodbye."""

    act: Literal["leave"] = "leave"


class Unclear(_Act):
    """Could not be understood."""

    act: Literal["unclear"] = "unclear"
    meanings: tuple["Inform | Like", ...] = ()
    """What may have been meant, likeliest first."""


class Nothing(_Act):
    """Said nothing while the agent waited."""

    act: Literal["nothing"] = "nothing"


UserAct = Annotated[
    Inform | Affirm | Deny | SortOf | DontKnow | DontCare | Accept | Seen | Like | Dislike | Critique | AskWhy | Undo
    | Restart | Defer | Fragment | Greet | Leave | Unclear | Nothing,
    Field(discriminator="act"),
]  # fmt: skip

TELLING = Inform, Affirm, Deny, SortOf, DontKnow, DontCare, Accept, Seen, Like, Dislike, Critique
"""Acts after which the agent knows more."""


class Ask(_Act):
    """Asks about attributes of one facet."""

    act: Literal["ask"] = "ask"
    options: Annotated[tuple[Place, ...], Field(min_length=1)]
    naming: bool = False
    """Whether one option at most is to be named."""


class Recommend(_Act):
    """Shows a list."""

    act: Literal["recommend"] = "recommend"
    items: Annotated[tuple[Place, ...], Field(min_length=1)]
    chance: Confidence
    """Belief in the list."""


class Wait(_Act):
    """Says nothing."""

    act: Literal["wait"] = "wait"


class Farewell(_Act):
    """The conversation is over."""

    act: Literal["farewell"] = "farewell"
    found: Place | None = None
    """What was accepted."""
    reason: Literal["found", "left", "turns", "nothing-left"] = "found"


class Taste(_Act):
    """One of several tastes of a person: items that they liked, and what these have in common."""

    act: Literal["taste"] = "taste"
    examples: tuple[Place, ...]
    """Some of the items, the most like what is explained first."""
    attribute: Place | None = None
    """What distinguishes them, if anything does."""


class Reason(_Act):
    """One thing that was said or is known, and by how much it speaks for an item."""

    act: Literal["reason"] = "reason"
    said: Inform | Like | Dislike | Critique | Taste
    weight: float
    """Log-odds of the item that would be missing without it."""


class ExplainItem(_Act):
    """Says what speaks for an item."""

    act: Literal["explain-item"] = "explain-item"
    item: Place
    reasons: tuple[Reason, ...]
    """The strongest first; empty where it is only sought by many."""


class ExplainQuestion(_Act):
    """Says why a question is asked."""

    act: Literal["explain-question"] = "explain-question"
    options: tuple[Place, ...]
    shares: tuple[Confidence, ...]
    """Belief in each option."""
    candidates: int
    """About how many items are still likely."""
    after: int
    """About how many will be, once it is answered."""


class Welcome(_Act):
    """Opens the conversation."""

    act: Literal["welcome"] = "welcome"


class Clarify(_Act):
    """Asks which of several things was meant, or for other words."""

    act: Literal["clarify"] = "clarify"
    about: Literal["words", "which"] = "words"
    """What was said, or which item of the list is meant."""
    meanings: tuple[Inform | Like, ...] = ()


class Undone(_Act):
    """Has taken back what the user said last, or could not."""

    act: Literal["undone"] = "undone"
    anything: bool = True


class Restarted(_Act):
    """Has begun anew."""

    act: Literal["restarted"] = "restarted"


class Noted(_Act):
    """Has taken in what was said of an item."""

    act: Literal["noted"] = "noted"
    item: Place
    verdict: Literal["seen", "like", "dislike"]


Move = Ask | Recommend | Wait | Farewell
"""What a policy, or the end, makes the agent do."""

AgentAct = Annotated[
    Ask | Recommend | Wait | Farewell | ExplainItem | ExplainQuestion | Welcome | Clarify | Undone | Restarted | Noted,
    Field(discriminator="act"),
]

user_acts: TypeAdapter[tuple[UserAct, ...]] = TypeAdapter(tuple[UserAct, ...])
"""Reads and writes what a user did."""

agent_acts: TypeAdapter[tuple[AgentAct, ...]] = TypeAdapter(tuple[AgentAct, ...])
"""Reads and writes what the agent did."""

_KINDS = {"item": "item", "found": "item", "items": "item", "attribute": "attribute", "options": "attribute"}
"""What the places of a field belong to."""


def places_in(act: _Act) -> Iterator[tuple[str, int]]:
    """Everything that an act names: "item" or "attribute", and its place."""
    for name in type(act).model_fields:
        value = getattr(act, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, _Act):
                yield from places_in(each)
            elif name in _KINDS and each is not None:
                yield _KINDS[name], each
