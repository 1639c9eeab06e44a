"""What a language model may say of one kind: names as they are, and words that claim nothing.

The words are those that the verifier lets pass, spelled as the model spells them, and a name is one phrase that stands
for it, such as "Casablanca", once.  So what is drawn is right word for word; whether it is English is the model's.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Literal, NamedTuple

from dialogs.generation.requests import Request
from dialogs.generation.templates import PATTERNS, fill
from dialogs.generation.variations import GRAMMAR, verified
from dialogs.generation.verifier import NONE_OF_THESE, QUESTIONS, vocabulary

STAND_INS = {
    "wish": "a comedy", "items": "Casablanca or Rebecca", "item1": "Casablanca", "reasons": "you asked for it",
    "facet": "genre", "options": "drama, comedy", "candidates": "900", "after": "300",
    "meanings": "a comedy or a drama",
}  # fmt: skip
"""What the model is shown in the place of each field: short, and of the same grammar as what will stand there."""

SLOTS = {"wish": "wish1", "items": "item1", "reasons": "reason1", "options": "option1", "meanings": "meaning1"}
"""Names of a request that fields stand for, where they are called otherwise."""

SPELLED = {"i": "I", "im": "I'm", "ive": "I've", "weve": "we've", "lets": "let's"}
"""Words of the vocabulary that are not spelled as they are folded."""

EXAMPLES = 9
"""Ways to say a thing that the model is shown."""

HEADING = "Different ways to say the same thing, each short and polite:"

Spell = Callable[[str], Sequence[int]]
"""Tokens of a text."""


class Unit(NamedTuple):
    """A word, a mark or a field, and how it is written."""

    what: Literal["word", "mark", "field"]
    name: str
    text: str


@dataclass
class _Fork:
    """Tokens that may follow some others, and what these have spelled."""

    then: dict[int, "_Fork"] = field(default_factory=dict)
    unit: Unit | None = None

    def add(self, tokens: Sequence[int], unit: Unit) -> None:
        fork = self
        for token in tokens:
            fork = fork.then.setdefault(token, _Fork())
        fork.unit = unit

    def leads_to(self, allowed: Callable[[Unit], bool]) -> bool:
        """Whether anything that is allowed can come of it."""
        own = self.unit is not None and allowed(self.unit)
        return own or any(fork.leads_to(allowed) for fork in self.then.values())


@dataclass(frozen=True)
class Begun:
    """A sentence so far."""

    units: tuple[Unit, ...] = ()
    fork: _Fork | None = None
    """Where in the spelling of the next unit it stands; None before the first."""

    @property
    def spelled(self) -> tuple[Unit, ...]:
        """The units, the last one included if it may end here."""
        last = self.fork.unit if self.fork else None
        return (*self.units, last) if last else self.units

    @property
    def pattern(self) -> str:
        """The sentence with its fields, to be filled."""
        return "".join(unit.text for unit in self.spelled).strip()


class Wording:
    """Everything that may be said of one kind, token by token."""

    def __init__(self, kind: str, noun: str, spell: Spell) -> None:
        self.kind = kind
        self.fields = fields_of(kind)
        self._begins, self._middle, self._marks = _Fork(), _Fork(), _Fork()
        for folded in sorted(vocabulary(kind, noun)):
            word = SPELLED.get(folded, folded)
            if folded in (noun, f"{noun}s"):
                self._add(word, Unit("word", folded, f" {{noun}}{folded.removeprefix(noun)}"), spell)
            elif folded.isalpha():
                self._add(word, Unit("word", folded, f" {word}"), spell)
        for each in self.fields:
            self._add(STAND_INS[each], Unit("field", each, f" {{{each}}}"), spell)
        for mark in sorted({char for pattern in (*GRAMMAR[kind], *PATTERNS[kind]) for char in pattern} & set(",.?!:;")):
            self._marks.add(spell(mark), Unit("mark", mark, mark))

    def _add(self, text: str, unit: Unit, spell: Spell) -> None:
        self._middle.add(spell(f" {text}"), unit)
        capital = text[0].upper() + text[1:]
        written = unit if unit.text.startswith(" {") else unit._replace(text=f" {capital}")
        self._begins.add(spell(f" {capital}"), written)

    def next(self, begun: Begun) -> dict[int, Begun]:
        """What may be said next, and where it leads."""
        units = begun.spelled
        found: dict[int, Begun] = {}
        if begun.fork is None or (begun.fork.unit is not None and _after(begun.units)(begun.fork.unit)):
            last = units[-1] if units else None
            ended = last is None or (last.what == "mark" and last.name in ".!?")
            starts = [self._begins] if ended else [self._middle]
            if last is not None and last.what != "mark":
                starts.append(self._marks)
            found = {
                token: Begun(units, fork) for start in starts for token, fork in start.then.items()
                if fork.leads_to(_after(units))
            }  # fmt: skip
        if begun.fork is not None:  # a longer word comes before a new one that begins alike
            found |= {
                token: Begun(begun.units, fork) for token, fork in begun.fork.then.items()
                if fork.leads_to(_after(begun.units))
            }  # fmt: skip
        return found

    def may_end(self, begun: Begun) -> bool:
        """Whether everything was said."""
        units = begun.spelled
        if not units or units[-1].what != "mark" or units[-1].name not in ".!?":
            return False
        said = {unit.name for unit in units if unit.what == "field"}
        marks = {unit.name for unit in units if unit.what == "mark"}
        if set(self.fields) - said or (self.kind in QUESTIONS and "?" not in marks):
            return False
        return self.kind not in ("ask-which", "ask-all") or NONE_OF_THESE.search(begun.pattern) is not None


def _after(units: Sequence[Unit]) -> Callable[[Unit], bool]:
    """What may follow: a field once, and not behind an article, for "an age" is no "a age"; no word over again."""
    used = {unit.name for unit in units if unit.what == "field"}
    recent = {unit.name for unit in units[-2:] if unit.what == "word"}
    article = bool(units) and units[-1].what == "word" and units[-1].name in ("a", "an")

    def allowed(unit: Unit) -> bool:
        if unit.what == "field":
            return unit.name not in used and not article
        return unit.what == "mark" or unit.name not in recent

    return allowed


@cache
def fields_of(kind: str) -> tuple[str, ...]:
    """Fields that have to be said of a kind."""
    found = {name for pattern in PATTERNS[kind] for name in re.findall(r"\{(\w+)\}", pattern)}
    return tuple(sorted(found - {"noun"}))


def stand_in(kind: str, noun: str) -> Request:
    """A request whose names are the stand-ins."""
    slots = sorted(((SLOTS.get(each, each), STAND_INS[each]) for each in fields_of(kind)), key=_in_order)
    return Request(kind, tuple(slots), noun)


def _in_order(slot: tuple[str, str]) -> int:
    return ["facet", "option1", "item1", "reason1", "candidates", "after", "wish1", "meaning1"].index(slot[0])


@cache
def shown(kind: str, noun: str) -> str:
    """The text that the model goes on with: ways to say the thing, and the beginning of one more."""
    request, rng = stand_in(kind, noun), Random(kind)
    patterns = list(PATTERNS[kind])
    for _, pattern in zip(range(200), verified(request, rng), strict=False):
        if len(patterns) == EXAMPLES:
            break
        if pattern not in patterns:
            patterns.append(pattern)
    rng.shuffle(patterns)
    return "\n".join([HEADING, *(f"- {fill(pattern, request)}" for pattern in patterns), "-"])
