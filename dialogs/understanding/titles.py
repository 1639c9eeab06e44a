"""Titles that are on show, found in a message whatever words and marks they are made of."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from dialogs.understanding.text import Word

CLOSE_TITLE, LEAST_TITLE = 86.0, 5
"""Likeness, of 100, from which words are taken for a title on show; letters of a title that may be misspelt."""


def with_places(words: list[Word], titles: Sequence[str]) -> list[Word]:
    """The words, each title of the list replaced by its place in it ("#2"), so that nothing in a title counts.

    :param titles: folded, in the order of the list; one of marks alone is left as it is.
    """
    titles = [title if _ARTICLE.sub("", title) in ("", title) else _shortest(title, words) for title in titles]
    longest_first = sorted((place for place, title in enumerate(titles) if title), key=lambda each: -len(titles[each]))
    # What is written exactly comes before what looks like it.
    for least in (100.0, CLOSE_TITLE):
        for place in longest_first:
            size = len(titles[place].split())
            spans = [" ".join(word.folded for word in words[at : at + size]) for at in range(len(words) - size + 1)]
            likeness = [fuzz.ratio(titles[place], span) for span in spans]
            if likeness and max(likeness) >= least and (least == 100.0 or len(titles[place]) >= LEAST_TITLE):
                at = likeness.index(max(likeness))
                words = _replaced(words, at, at + size, f"#{place + 1}")
    return words


_ARTICLE = re.compile(r"^(?:the|a|an) ")


def _shortest(title: str, words: Sequence[Word]) -> str:
    """The title as it is written here: with its article or, where it is long enough to be told, without."""
    bare = _ARTICLE.sub("", title)
    text = " ".join(word.folded for word in words)
    return bare if title not in text and len(bare) >= LEAST_TITLE and f" {bare} " in f" {text} " else title


def _replaced(words: list[Word], start: int, end: int, mark: str) -> list[Word]:
    """The words with some of them replaced by one; a title does not end a clause, whatever stands in it."""
    first, last = words[start].clause, words[end - 1].clause
    joined = [replace(word, clause=first) if first <= word.clause <= last else word for word in words]
    return [*joined[:start], Word(mark, mark, first), *joined[end:]]
