"""What is said without naming anything: yes, none of these, I don't care, the second one; misspelt or in passing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from dialogs.acts import Affirm, Defer, Deny, DontCare, DontKnow, Greet, SortOf, UserAct
from dialogs.understanding import words as said
from dialogs.understanding.protocol import Context

NUMBER = re.compile(r"#?\d{1,2}")
"""A place in a list."""

CLOSE_PLAIN = 84.0
"""Likeness, of 100, from which a clause is taken for a plain answer."""

LONGEST_PLAIN = 60
"""Letters of a clause that may be a misspelt plain answer."""

PLAINLY: Mapping[str, tuple[str, ...]] = {
    "dont-know": said.DONT_KNOW, "dont-care": said.DONT_CARE, "sort-of": said.SORT_OF, "affirm": said.YES,
    "deny": said.NO, "defer": said.DEFER, "greet": said.GREET,
}  # fmt: skip
"""Ways to say what needs no name."""


@lru_cache(maxsize=20_000)
def plain_kind(text: str) -> str | None:
    """Which of :data:`PLAINLY` a clause says, letter by letter, within other words that say nothing, or misspelt."""
    bare, tokens = _bare(text), text.split()
    for kind, phrases in PLAINLY.items():
        if text in phrases or bare in phrases:
            return kind
    for kind in ("dont-know", "dont-care", "deny"):
        for each in PLAINLY[kind]:
            rest = text.replace(each, " ").split()
            turned = kind == "dont-care" and negates(rest)
            if " " in each and f" {each} " in f" {text} " and names_nothing(rest) and not turned:
                return kind
    negated = negates(tokens)
    if names_nothing(tokens) and set(tokens) & said.SUGGESTING and not negated:
        return "dont-care"
    if names_nothing(tokens) and set(tokens) & said.THANKS and not negated:
        return "greet"
    if names_nothing(tokens) and (negated or set(tokens) & said.POSITIVE):
        return "deny" if negated else "affirm"
    if (
        not 4 <= len(text) <= LONGEST_PLAIN
        or all(token in _KNOWN for token in tokens)
        or any(place.isdecimal() for place in text)
    ):
        return None  # nothing is misspelt, or a number is named
    likeness = {
        kind: max(fuzz.ratio(text, each) for each in phrases)
        for kind, phrases in PLAINLY.items()
        if not (negated and kind in ("affirm", "greet", "defer"))
    }
    kind = max(likeness, key=lambda each: likeness[each])
    return kind if likeness[kind] >= CLOSE_PLAIN else None


def plain_act(kind: str, sure: float, context: Context) -> UserAct | None:
    """The act of a plain answer; None where it answers to nothing."""
    if kind in ("defer", "greet"):
        return Defer() if kind == "defer" else Greet()
    if context.on_table is None and kind in ("affirm", "deny", "sort-of"):
        return None
    kinds: dict[str, type[DontKnow | DontCare | SortOf | Affirm | Deny]] = {
        "dont-know": DontKnow, "dont-care": DontCare, "sort-of": SortOf, "affirm": Affirm, "deny": Deny,
    }  # fmt: skip
    return kinds[kind](confidence=sure)


_KNOWN = said.FILLERS | said.EVERY | {word for each in PLAINLY.values() for phrase in each for word in phrase.split()}

_PADDING = frozenset(
    "oh well i would say think guess just really it that is the to me please honestly thats its".split()
)


def _bare(text: str) -> str:
    """A clause without the words that only soften it."""
    return " ".join(token for token in text.split() if token not in _PADDING)


@lru_cache(maxsize=20_000)
def is_filler(token: str) -> bool:
    """Whether a word, or what it was meant to be, names nothing."""
    if token in said.FILLERS or token in said.VERDICTS:
        return True
    return len(token) > 5 and process.extractOne(token, _LONG_FILLERS, scorer=fuzz.ratio, score_cutoff=87.0) is not None


_LONG_FILLERS = [word for word in sorted(said.FILLERS) if len(word) > 4]


@lru_cache(maxsize=20_000)
def is_negation(token: str) -> bool:
    """Whether a word, or what it was meant to be, turns around what follows."""
    if token in said.NEGATIONS:
        return True
    close = len(token) > 5 and token not in said.FILLERS
    return close and process.extractOne(token, _LONG_NEGATIONS, scorer=fuzz.ratio, score_cutoff=85.0) is not None


_LONG_NEGATIONS = ("without", "nothing", "neither", "nobody", "except", "exclude")


def negates(tokens: Iterable[str]) -> bool:
    """Whether any of the words is a negation."""
    return any(is_negation(token) for token in tokens)


def is_known(token: str) -> bool:
    """Whether a word is one of those that plain answers are made of."""
    return token in _KNOWN


def names_nothing(tokens: Sequence[str]) -> bool:
    """Whether no word of a clause names anything."""
    return all(is_filler(token) or is_negation(token) for token in tokens)
