"""What simulated users say: what they mean in words, with slips of the keyboard.

Their words for attributes stand in ``speech.json`` and nowhere else, so that no understander was told of them.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dialogs.acts import Ask, Recommend
from dialogs.phrases import phrase
from graph.answers import Answer
from graph.catalogue import Catalogue

TYPOS = 0.1
"""Share of the longer words that are mistyped."""

BY_NUMBER, IN_OTHER_WORDS = 0.3, 0.3
"""Shares of those who pick options by their numbers, and of the others who say an option in words of their own."""

LEAST_LETTERS = 4
"""Letters of a word that can be mistyped and still be read."""


@cache
def speech() -> dict[str, Any]:
    """Words and patterns; none of the words for attributes is known to an understander."""
    return dict(json.loads((files("dialogs") / "speech.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Speaker:
    """Puts what people mean into words.

    :param catalogue: what they talk about.
    """

    catalogue: Catalogue
    typos: float = TYPOS

    def wish(self, attribute: int, rng: random.Random) -> str:
        """How somebody says what they look for."""
        return self._typed(self._pattern("wish", rng).format(self._name(attribute, rng)), rng)

    def reply(self, asked: Ask, answers: Sequence[Answer], rng: random.Random) -> str:
        """How somebody answers a question."""
        picked = [option for option, answer in zip(asked.options, answers, strict=True) if answer is Answer.YES]
        if len(asked.options) > 1 and picked:
            return self._typed(self._pattern("pick", rng).format(self._picked(asked, picked, rng)), rng)
        kinds = {
            Answer.YES: "yes",
            Answer.SORT_OF: "sort-of",
            Answer.DONT_KNOW: "dont-know",
            Answer.DONT_CARE: "dont-care",
        }
        no = "no" if len(asked.options) == 1 else "none"
        return self._typed(self._pattern(kinds.get(answers[0], no), rng), rng)

    def verdict(self, shown: Recommend, place: int, rng: random.Random) -> str:
        """How somebody takes an item of a list (its place from 1), or none (0)."""
        if not place:
            return self._typed(self._pattern("refuse", rng), rng)
        pattern = self._pattern("accept", rng)
        title, ordinal = self.catalogue.titles[shown.items[place - 1]], speech()["ordinals"][place - 1]
        return self._typed(pattern.format(title=title, ordinal=ordinal, number=place), rng)

    def _picked(self, asked: Ask, picked: Sequence[int], rng: random.Random) -> str:
        if rng.random() < BY_NUMBER:
            return " and ".join(str(asked.options.index(option) + 1) for option in picked)
        return " and ".join(self._option(option, rng) for option in picked)

    def _option(self, attribute: int, rng: random.Random) -> str:
        words = self.synonyms(attribute)
        own = words and rng.random() < IN_OTHER_WORDS
        return rng.choice(words) if own else self.catalogue.attribute_names[attribute]

    def _name(self, attribute: int, rng: random.Random) -> str:
        return rng.choice((*self.synonyms(attribute), phrase(self.catalogue, attribute)))

    def synonyms(self, attribute: int) -> tuple[str, ...]:
        """What an attribute is called in words that no understander was told; none for most names."""
        catalogue = self.catalogue
        facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
        return tuple(speech()["words"].get(facet, {}).get(catalogue.attribute_names[attribute], ()))

    @staticmethod
    def _pattern(kind: str, rng: random.Random) -> str:
        return str(rng.choice(speech()["patterns"][kind]))

    def _typed(self, text: str, rng: random.Random) -> str:
        return " ".join(mistyped(word, rng) if rng.random() < self.typos else word for word in text.split())


def mistyped(word: str, rng: random.Random) -> str:
    """The word with two letters swapped, one left out, doubled, or replaced; short ones as they are."""
    places = [place for place, char in enumerate(word) if char.isalpha()]
    if len(places) < LEAST_LETTERS:
        return word
    place = rng.choice(places[1:-1])
    slip = rng.randrange(4)
    if slip == 0 and word[place + 1].isalpha():
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if slip == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + (word[place] * 2 if slip == 2 else rng.choice("etaoinsr")) + word[place + 1 :]
