"""Which film of one list is which film of another, told by title, year and genres alone.

Every title has several *readings*: as it stands, its alternative titles in parentheses, its parts around a colon,
without the name of its maker ("Stephen King's ..."). A reading is a key in which articles, accents, case, punctuation
and ways to write numbers no longer matter, with a weight that says how sure we are that the film is called that. Two
films are compared by their best common reading, or by spelling, and by year and genres; the surest pairs are made first
and each film is used once. Titles translated without a trace ("Mostro, Il", "The Monster") are not found.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

ARTICLES = frozenset((
    "the", "a", "an", "la", "le", "les", "l'", "un", "une", "el", "los", "las", "lo", "il", "i", "gli", "uno", "una",
    "o", "os", "as", "um", "uma", "der", "die", "das", "den", "ein", "eine", "det", "de", "het", "en", "ett",
))  # fmt: skip
"""Articles that catalogues move behind the title ("Postino, Il"): English, French, Spanish, Italian, Portuguese,
German, Danish, Dutch and Swedish."""

NUMBER_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20",
}  # fmt: skip
ROMAN_NUMERALS = {
    "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10", "xi": "11",
    "xii": "12", "xiii": "13",
}  # fmt: skip
ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th",
}  # fmt: skip
SPELLINGS = {
    "&": "and", "+": "and", "et": "and", "und": "and", "y": "and", "vs": "versus", "pt": "part", "blvd": "boulevard",
    "dr": "doctor", "st": "saint", "mt": "mount", "mister": "mr", "monsieur": "mr", "madame": "mrs", "colour": "color",
    "colours": "colors",
}  # fmt: skip
SAME_WORD = NUMBER_WORDS | ROMAN_NUMERALS | ORDINALS | SPELLINGS

ALTERNATIVE_TITLE = 0.98
WITHOUT_MAKER = 0.96
WITHOUT_NUMERAL = 0.97
ONE_PART = 0.92
"""Weights of readings that are not the whole title as it stands; of two films one must be known by a whole title."""

YEAR_PENALTY = {0: 0.0, 1: 0.01, 2: 0.08, 3: 0.15}
"""Premieres and releases differ by a year often, by three seldom; further apart it is another film."""
GENRE_WEIGHT = 0.10
"""Added in full when the smaller set of genres is within the larger, taken away in full when they share none."""
LEAST_SPELLING = 0.88
"""Least likeness (0..1) of two spellings that counts at all."""
LEAST_SCORE = 0.89
"""Pairs below this are left apart."""


@dataclass(frozen=True)
class FilmName:
    """By what a film is recognised in two lists."""

    title: str
    year: int
    """Of the first showing as far as the list knows it; 0 where it does not."""
    genres: frozenset[str]
    """In one vocabulary for both lists; empty where unknown."""


def natural_title(title: str) -> str:
    """Put an article that was moved to the end back in front: "Postino, Il" becomes "Il Postino"."""
    found = re.fullmatch(r"(.+), ([^\W\d_]+'?)", title.strip())
    if not found or found[2].lower() not in ARTICLES:
        return title.strip()
    return f"{found[2]}{'' if found[2].endswith(chr(39)) else ' '}{found[1]}"


def alternative_titles(title: str) -> tuple[str, ...]:
    """The title without parentheses, then what stands in each pair of them, articles put in front."""
    names = [re.sub(r"\([^()]*\)", " ", title), *re.findall(r"\(([^()]*)\)", title)]
    return tuple(natural_title(re.sub(r"\s+", " ", name)) for name in names if name.strip())


def title_words(title: str) -> list[str]:
    """Words of a title in one spelling: without accents, case, punctuation or a leading English article.

    Numbers become digits, so that "Twelve Monkeys" is "12 Monkeys" and "Part II" is "Part 2".
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", title) if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+|[&+]", re.sub(r"['\u2019*.]", "", plain.lower()))
    words = [SAME_WORD.get(word, word) for word in words]
    return words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words


def title_key(title: str) -> str:
    """One string for all spellings of a title; words are run together, for "Rocket Man" is "RocketMan"."""
    return "".join(title_words(title))


def readings(title: str) -> dict[str, float]:
    """Keys under which a film may be known, each with its weight in (0, 1]."""
    weights: dict[str, float] = {}
    for place, name in enumerate(alternative_titles(title)):
        for text, weight in _parts(name):
            key = title_key(text)
            if key:
                weights[key] = max(weights.get(key, 0.0), weight * (ALTERNATIVE_TITLE if place else 1.0))
    return weights


def _parts(name: str) -> Iterator[tuple[str, float]]:
    yield name, 1.0
    maker = re.match(r"(?:[\w.]+ )+\w+['\u2019]s? (?=\w)", name)
    if maker:
        yield name[maker.end() :], WITHOUT_MAKER
    parts = [part for part in re.split(r":\s+|\s+[\u2013\u2014-]\s+|,? or:? (?=[A-Z])|\s*/\s*", name) if part]
    if len(parts) > 1:
        numeral = re.match(r"(.+) ([IVX]+|\d+)", parts[0])
        if numeral:
            yield " ".join([numeral[1], *parts[1:]]), WITHOUT_NUMERAL
        for part in (parts[0], *parts[-1:]):
            yield part, ONE_PART


def match_films(listed: Sequence[FilmName], films: Sequence[FilmName]) -> list[int | None]:
    """Find each listed film among ``films``.

    Each of ``films`` is used once, save that films listed twice (same year and a title in common: ML-100K has 19 such
    pairs) share the one they both are. Ties are broken by year, then genres, then the order given.

    :return: for each listed film its place in ``films``, or None.
    """
    pairs = sorted(_scored_pairs(listed, films))
    places: list[int | None] = [None] * len(listed)
    taken: dict[int, int] = {}
    for _, here, there in pairs:
        if places[here] is None and (there not in taken or _listed_twice(listed[here], listed[taken[there]])):
            places[here] = there
            taken.setdefault(there, here)
    return places


def _listed_twice(one: FilmName, other: FilmName) -> bool:
    keys = [{title_key(title) for title in alternative_titles(name.title)} for name in (one, other)]
    return one.year == other.year and not keys[0].isdisjoint(keys[1])


def _scored_pairs(
    listed: Sequence[FilmName], films: Sequence[FilmName]
) -> Iterator[tuple[tuple[float, int, float], int, int]]:
    """Pairs worth making, each with its order (surest first), its place in ``listed`` and in ``films``."""
    by_key: dict[str, list[tuple[int, float]]] = defaultdict(list)
    by_year: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for there, film in enumerate(films):
        for key, weight in readings(film.title).items():
            by_key[key].append((there, weight))
        by_year[film.year].append((there, title_key(film.title)))
    for here, name in enumerate(listed):
        likeness: dict[int, float] = {}
        for key, weight in readings(name.title).items():
            for there, other in by_key.get(key, ()):
                # "Rich Man's Wife" and "The Astronaut's Wife" share a part of both.
                if max(weight, other) >= ALTERNATIVE_TITLE:
                    likeness[there] = max(likeness.get(there, 0.0), weight * other)
        for there, alike in _spelled_alike(name, by_year):
            likeness[there] = max(likeness.get(there, 0.0), alike)
        for there, alike in likeness.items():
            apart = abs(films[there].year - name.year)
            agreement = _genre_agreement(name.genres, films[there].genres)
            if apart in YEAR_PENALTY:
                score = alike - YEAR_PENALTY[apart] + GENRE_WEIGHT * agreement
                if score >= LEAST_SCORE:
                    yield (-score, apart, -agreement), here, there


def _spelled_alike(name: FilmName, by_year: dict[int, list[tuple[int, str]]]) -> Iterator[tuple[int, float]]:
    for title in alternative_titles(name.title):
        key = title_key(title)
        for year in (name.year - 1, name.year, name.year + 1):
            for there, other in by_year.get(year, ()):
                alike = fuzz.ratio(key, other, score_cutoff=100 * LEAST_SPELLING) / 100
                # Sequels differ by a digit and remade spellings do not.
                if alike and _digits(key) == _digits(other):
                    yield there, alike


def _digits(key: str) -> str:
    return re.sub(r"\D", "", key)


def _genre_agreement(some: frozenset[str], others: frozenset[str]) -> float:
    """From -1 (nothing shared) to 1 (the smaller set is within the larger); 0 where either is unknown."""
    if not some or not others:
        return 0.0
    return 2 * len(some & others) / min(len(some), len(others)) - 1
