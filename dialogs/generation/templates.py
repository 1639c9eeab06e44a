"""Replies from patterns, several for each thing there is to say; what stands behind every other generator."""

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from dialogs.generation.requests import Request

PATTERNS = MappingProxyType({
    "welcome": ("Hello! What kind of {noun} are you looking for?", "Hi! Tell me what {noun} you are in the mood for.",
                "Welcome! What sort of {noun} would you like?"),
    "ask-one": ("Should it be {wish}?", "Would you like {wish}?", "Are you looking for {wish}?", "Do you want {wish}?",
                "Shall I look for {wish}?"),
    "ask-which": ("As for the {facet}: {options}, or none of these?",
                  "Which {facet} would you like: {options}, or none of these?",
                  "What about the {facet}: {options}, or none of these?"),
    "ask-all": ("As for the {facet}: {options}, or none of these? Name all that fit.",
                "Which of these would fit, by {facet}: {options}, or none of these?",
                "What about the {facet}: {options}, or none of these? You may name several."),
    "recommend": ("How about {items}?", "You might like {items}.", "I would suggest {items}.",
                  "Have a look at {items}."),
    "recommend-one": ("How about {item1}?", "You might like {item1}.", "I would suggest {item1}."),
    "farewell-found": ("Enjoy {item1}!", "Good choice. Enjoy {item1}!", "Then it is {item1}. Enjoy!"),
    "farewell-left": ("Goodbye!", "Goodbye, and come back any time.", "See you!"),
    "farewell-turns": ("I am sorry, I have not found it in time. Goodbye!",
                       "I am out of turns. I am sorry, and goodbye!"),
    "farewell-nothing-left": ("I am sorry, there is nothing left that I could show you. Goodbye!",),
    "explain-item": ("I thought of {item1} because {reasons}.", "{item1} came up because {reasons}."),
    "explain-item-sought": ("{item1} is what many people look for.", "Many people look for {item1}."),
    "explain-question": ("About {candidates} {noun}s still fit what you have said; your answer would leave about "
                         "{after}.",
                         "I am down to about {candidates} {noun}s. Your answer would bring me down to about {after}."),
    "clarify-words": ("I am sorry, I did not understand that. Could you say it in other words?",
                      "I am sorry, I did not get that. What do you mean?"),
    "clarify-which": ("Which one of them would you like?", "Which of them is it?"),
    "clarify-meanings": ("Do you mean {meanings}?", "Which do you mean: {meanings}?"),
    "undone": ("I have taken that back.", "All right, that is forgotten."),
    "nothing-to-undo": ("There is nothing to take back yet.",),
    "restarted": ("Let us begin anew.", "All right, we start over."),
    "noted-seen": ("Noted, you know {item1}.", "All right, I leave out {item1}."),
    "noted-like": ("Good to know that you like {item1}.", "Noted, you like {item1}."),
    "noted-dislike": ("Noted, {item1} is not for you.", "All right, not {item1}."),
})  # fmt: skip
"""Patterns of each kind of request."""

_BEGINNING = re.compile(r"[.!?] [a-z]")
_FIELD = re.compile(r"\{(\w+)\}")


class Templates:
    """See :class:`dialogs.generation.protocol.ReplyGenerator`."""

    name = "template"

    @property
    def fingerprint(self) -> str:
        """A hash of the patterns."""
        return hashlib.sha256(repr(sorted(PATTERNS.items())).encode()).hexdigest()[:16]

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        """Every pattern once, in an order that the seed shuffles."""
        patterns = list(PATTERNS[request.kind])
        random.Random(seed).shuffle(patterns)
        for pattern in patterns:
            yield fill(pattern, request)


def fill(pattern: str, request: Request) -> str:
    """A pattern with its fields filled, without looking into what is filled in."""

    def value(field: re.Match[str]) -> str:
        return _value(field[1], request)

    text = _FIELD.sub(value, _BEGINNING.sub(lambda found: found[0].upper(), pattern))
    return text[:1].upper() + text[1:] if not pattern.startswith("{item") else text


def _value(field: str, request: Request) -> str:
    if field == "noun":
        return request.noun
    if field == "wish":
        return request.value("wish1")
    if field == "options":
        return ", ".join(request.numbered("option"))
    if field == "items":
        items, more = request.numbered("item"), dict(request.slots).get("more")
        return f"{', '.join(items)} and {more} more" if more else enumerated(items, "or")
    if field == "reasons":
        return enumerated(request.numbered("reason"), "and")
    if field == "meanings":
        return enumerated(request.numbered("meaning"), "or")
    return request.value(field)


def enumerated(names: Sequence[str], joint: str) -> str:
    """Names as they are said: "a, b and c"."""
    return f"{', '.join(names[:-1])} {joint} {names[-1]}" if len(names) > 1 else names[0]
