"""Places of a list that a message points at: the second one, 1 and 3, the first two, all of them."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from dialogs.understanding import words as said
from dialogs.understanding.plain import NUMBER, is_filler

_LONG_ORDINALS = [word for word in said.ORDINALS if len(word) > 4]

_COUNTS = {word: place for word, place in said.ORDINALS.items() if word.isalpha() and word != "first" and place > 1}


@lru_cache(maxsize=20_000)
def place_of(token: str) -> int:
    """The place that a number or an ordinal names, from 1; 0 for any other word."""
    if NUMBER.fullmatch(token):
        return int(token.lstrip("#"))
    place = said.ORDINALS.get(token, 0)
    if place or len(token) < 5 or token in said.FILLERS:
        return place
    close = process.extractOne(token, _LONG_ORDINALS, scorer=fuzz.ratio, score_cutoff=80.0)
    return said.ORDINALS[close[0]] if close else 0


def places_in(tokens: Sequence[str], size: int, every: Collection[str] = said.EVERY) -> list[int]:
    """Every place that is pointed at, from 1, in order, each once.

    :param size: length of the list.
    :param every: words that point at the whole of it.
    """
    found = list(dict.fromkeys(place for place in _pointed(tokens, size) if 1 <= place <= size))
    if not found and any(token in every for token in tokens) and all(_says_little(token) for token in tokens):
        found = list(range(1, size + 1))
    return found


def _pointed(tokens: Sequence[str], size: int) -> Iterator[int]:
    counted = -1
    for at, token in enumerate(tokens):
        count = _count(tokens[at + 1]) if at + 1 < len(tokens) else 0
        if token in ("first", "last") and count > 1:
            counted = at + 1
            yield from range(1, count + 1) if token == "first" else range(size - count + 1, size + 1)
        elif token == "last":
            yield size
        elif at != counted:
            yield place_of(token)


def _count(token: str) -> int:
    return int(token) if token.isdecimal() and len(token) < 3 else _COUNTS.get(token, 0)


def _says_little(token: str) -> bool:
    return token in said.EVERY or is_filler(token) or token in said.NEGATIONS or token in said.TOO or token == "already"
