"""The names of a catalogue, as people write them: where in a message they stand and what they may mean.

Legend: V items, P attributes.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process

from dialogs.phrases import OF_VALUE
from dialogs.understanding.dates import DECADE_NAMES
from dialogs.understanding.text import STOPS, Word, fold
from dialogs.understanding.words import ALIASES, FILLERS, VERDICTS
from graph.catalogue import Catalogue

LONGEST_NAME = 9
"""Words of a name that are looked for."""

ALIAS_SURE, SURNAME_SURE, YEAR_SURE = 0.95, 0.85, 0.9
"""Chance that somebody who says another name, a surname, a year means the attribute it stands for."""

CLOSE = 86.0
"""Likeness, of 100, from which a misspelt word is taken for a name."""

LEAST_SURNAME = 7
"""Letters of a surname that is known alone in small letters: shorter ones are often words."""

_DECADE = re.compile(r"(\d{4})s")
_RANGE = re.compile(
    r"(?:under (?P<under>\d+)|(?P<low>\d+) to (?P<high>\d+)|(?P<over>\d+) (?:minutes )?(?:or|and) more)"
)


@dataclass(frozen=True)
class Meaning:
    """One thing that words may stand for."""

    attribute: int = -1
    item: int = -1
    sure: float = 1.0


@dataclass(frozen=True)
class Found:
    """Words of a message, and what they may stand for, likeliest first."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


class Lexicon:
    """Names of attributes and items, exact, by other names, and misspelt."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._attributes: dict[str, dict[int, float]] = {}
        self._shy: dict[str, dict[int, float]] = {}
        """Names that people also use for other things, which count where they were asked about."""
        self._items: dict[str, list[int]] = {}
        self._stopped: set[str] = set()
        """Titles that have stops within: "Star Wars: Episode V"."""
        for attribute, name in enumerate(catalogue.attribute_names):
            self._add(fold(name), attribute, 1.0)
        for alias, attribute in self._aliases():
            self._add(fold(alias), attribute, ALIAS_SURE)
        self._surname_of = dict(self._surnames())
        for item, title in enumerate(catalogue.titles):
            name = fold(title)
            # A single letter or number is an initial or a place on a list; with its year it is a title.
            name = name if len(name) > 1 else fold(catalogue.describe_item(item))
            self._items.setdefault(name, []).append(item)
            if STOPS.search(title):
                self._stopped.add(name)

    def _add(self, name: str, attribute: int, sure: float) -> None:
        if name:
            # A letter or two may be initials.
            names = self._shy if name in FILLERS or name in VERDICTS or len(name) < 2 else self._attributes
            known = names.setdefault(name, {})
            known[attribute] = max(known.get(attribute, 0.0), sure)

    def _aliases(self) -> Iterator[tuple[str, int]]:
        catalogue = self.catalogue
        for attribute, name in enumerate(catalogue.attribute_names):
            facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
            for alias in ALIASES.get(facet, {}).get(name, ()):
                yield alias, attribute
            if (facet, name) in OF_VALUE:
                yield OF_VALUE[facet, name].removeprefix("a film ").removeprefix("that "), attribute
            if facet == "age rating":
                yield f"rated {name}", attribute
            if decade := _DECADE.fullmatch(name):
                year = int(decade[1])
                yield f"{year % 100:02d}s", attribute
                if year in _NAME_OF_DECADE:
                    yield _NAME_OF_DECADE[year], attribute
            elif not _is_person(facet) and not name.casefold().endswith("s") and " " not in name and name.isalpha():
                yield f"{name}s", attribute
            if not _is_person(facet) and facet not in ALIASES:
                yield f"{facet} {name}", attribute
                yield f"{name} {facet}", attribute

    def _surnames(self) -> Iterator[tuple[str, int]]:
        """Surnames under which one director is far better known than everybody else who has it."""
        catalogue, degrees = self.catalogue, self.catalogue.attribute_items.degrees
        known: dict[str, dict[str, tuple[int, int]]] = {}
        for attribute, name in enumerate(catalogue.attribute_names):
            words = fold(name).split()
            facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
            if facet in ("director", "actor") and len(words) > 1 and len(words[-1]) > 3:
                weight = int(degrees[attribute]) * (3 if facet == "director" else 1)
                people = known.setdefault(words[-1], {})
                people[name] = max(people.get(name, (0, -1)), (weight, attribute))
        for surname, people in known.items():
            holders = sorted(people.values(), reverse=True)
            if surname not in FILLERS and (len(holders) == 1 or holders[0][0] >= 2 * holders[1][0]):
                yield surname, holders[0][1]

    def find(self, words: Sequence[Word], titles: bool, asked: Sequence[int] = ()) -> list[Found]:
        """Names in a message, longest first from left to right; they do not overlap.

        :param titles: whether titles of all items are looked for; else of none.
        :param asked: attributes that were asked about.
        """
        found: list[Found] = []
        place = 0
        while place < len(words):
            longest = next(
                (hit for end in range(min(len(words), place + LONGEST_NAME), place, -1)
                 if (hit := self._at(words, place, end, titles, asked))), None,
            )  # fmt: skip
            if longest is None:
                place += 1
            else:
                found.append(longest)
                place = longest.end
        return found

    def joined(self, words: Sequence[Word]) -> list[Word]:
        """The words, titles that have stops within put into one clause."""
        joined = list(words)
        for start in range(len(words)):
            for end in range(min(len(words), start + LONGEST_NAME), start + 2, -1):
                across = words[start].clause != words[end - 1].clause
                if across and " ".join(word.folded for word in words[start:end]) in self._stopped:
                    clause = joined[start].clause
                    joined[start:end] = [replace(word, clause=clause) for word in joined[start:end]]
                    break
        return joined

    def _at(self, words: Sequence[Word], start: int, end: int, titles: bool, asked: Sequence[int]) -> Found | None:
        if words[start].clause != words[end - 1].clause and not titles:
            return None
        name = " ".join(word.folded for word in words[start:end])
        named, shy = self._attributes.get(name, {}), self._shy.get(name, {})
        meanings = [Meaning(attribute=each, sure=sure) for each, sure in named.items()]
        meanings += [Meaning(attribute=each, sure=sure) for each, sure in shy.items() if each in asked]
        if titles and not all(word.folded in FILLERS or word.folded in VERDICTS for word in words[start:end]):
            items = sorted(self._items.get(name, ()), key=lambda item: -float(self.catalogue.popularity[item]))
            meanings += [Meaning(item=item) for item in items]
        if not meanings and end == start + 1:
            meanings = list(self._single(words, start))
        return Found(start, end, tuple(meanings)) if meanings else None

    def _single(self, words: Sequence[Word], place: int) -> Iterator[Meaning]:
        word = words[place]
        # A word of a longer name is no surname, nor is any word that begins a sentence.
        beside = [words[at] for at in (place - 1, place + 1) if 0 <= at < len(words) and at != 0]
        within = any(each.named and each.folded not in FILLERS for each in (*words[:place][-1:], *beside))
        alone = all(each.folded in FILLERS for each in (*words[:place], *words[place + 1 :]))
        by = place > 0 and words[place - 1].folded == "by"
        named = word.named or by or (alone and len(word.folded) >= LEAST_SURNAME)
        if named and word.folded in self._surname_of and (alone or (place and not within)):
            yield Meaning(attribute=self._surname_of[word.folded], sure=SURNAME_SURE)
        elif word.folded.isdecimal() and len(word.folded) == 4:
            decade = self.decades.get(int(word.folded) // 10 * 10)
            if decade is not None:
                yield Meaning(attribute=decade, sure=YEAR_SURE)

    @cached_property
    def decades(self) -> dict[int, int]:
        """The attribute of each decade, by its first year."""
        names = enumerate(self.catalogue.attribute_names)
        return {int(decade[1]): place for place, name in names if (decade := _DECADE.fullmatch(name))}

    @cached_property
    def spans(self) -> dict[int, tuple[int, int]]:
        """From and to how many minutes each running time goes."""
        found = {}
        for attribute, name in enumerate(self.catalogue.attribute_names):
            facet = self.catalogue.facets[self.catalogue.attribute_facet[attribute]].name
            if facet == "running time" and (span := _RANGE.search(name)):
                low = int(span["low"] or span["over"] or 0)
                found[attribute] = low, int(span["high"] or (int(span["under"]) - 1 if span["under"] else 10_000))
        return found

    @cached_property
    def _names(self) -> tuple[list[str], list[str]]:
        """Names of attributes and of items by length, so that those are looked at that may be alike."""
        plain, titles = (sorted((name for name in names if len(name) >= 4), key=len)
                         for names in (self._attributes, self._items))  # fmt: skip
        return plain, titles

    def misspelt(self, text: str, titles: bool) -> tuple[Meaning, ...]:
        """What a word or two may have been meant to be, likeliest first."""
        if len(text) < 4:
            return ()
        names, least = self._names[titles], CLOSE if len(text) > 5 else 88.0
        # The likeness of two texts is at most that of a text and its beginning.
        longest = len(text) * (200 - least) / least
        start, end = (bisect_left(names, size, key=len) for size in (len(text) * least / (200 - least), longest + 1e-9))
        alike = process.extractOne(text, names[start:end], scorer=fuzz.ratio, score_cutoff=least)
        if alike is None:
            return ()
        name, score, _ = alike
        sure = float(np.interp(score, (CLOSE, 100.0), (0.7, 0.95)))
        if titles:
            items = sorted(self._items[name], key=lambda item: -float(self.catalogue.popularity[item]))
            return tuple(Meaning(item=item, sure=sure) for item in items)
        return tuple(Meaning(attribute=each, sure=sure * its) for each, its in self._attributes[name].items())


_NAME_OF_DECADE = {year: name for name, year in DECADE_NAMES.items() if year >= 1940}


def _is_person(facet: str) -> bool:
    return facet in ("director", "actor", "writer")
