"""From when something is to be: after 2000, before the eighties, between 1950 and 1975, the last ten years, recent."""

import re
from collections.abc import Iterator, Mapping

from dialogs.understanding.words import ORDINALS

DECADE_NAMES = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
    "eighties": 1980, "nineties": 1990, "noughties": 2000,
}  # fmt: skip

NAMED_SURE, VAGUE_SURE = 0.9, 0.7
"""Chance that a year that is named as a bound is meant as one, and that "recent" means the last two decades."""

RECENT_DECADES = 2

_YEAR = rf"(?:the )?((?:19|20)\d\ds?|\d0s|{'|'.join(DECADE_NAMES)})"
_NO = r"(?:not|no|nothing|none)"
_FROM_ON = re.compile(
    rf"\b(?:since|(?:{_NO} )(?:before|older than|earlier than)) {_YEAR}\b|"
    rf"\b{_YEAR} (?:or|and) (?:later|newer|younger|after|onwards?|on|more recent)\b|\b{_YEAR} onwards?\b"
)
_AFTER = re.compile(rf"\b(?:after|(?:newer|later|younger|more recent) than) {_YEAR}\b")
_UNTIL = re.compile(
    rf"\b(?:until|till|up to|(?:{_NO} )(?:after|newer than|later than)) {_YEAR}\b|"
    rf"\b{_YEAR} (?:or|and) (?:older|earlier|before)\b"
)
_BEFORE = re.compile(rf"\b(?:before|(?:older|earlier) than|pre) {_YEAR}\b")
_BETWEEN = re.compile(rf"\b(?:between|from) {_YEAR} (?:and|to|until|till) {_YEAR}\b")
_LAST = re.compile(r"\b(?:last|past) (?:(\d{1,2}|[a-z]+) )?(year|decade)s?\b")
_RECENT = re.compile(
    r"\b(?:recent|modern|contemporary|latest|newish|brand new|something new|new (?:films?|movies?|ones?|releases?))\b"
)
_OLD = re.compile(r"(?<!year )(?<!years )\b(?:old|oldie|oldies|vintage|old fashioned)\b")
_TURNED = re.compile(r"\b(?:not|nothing|no|too|isnt|never)\b")


def decades_ruled_out(text: str, decades: Mapping[int, int]) -> Iterator[tuple[int, float]]:
    """Decades in which what is looked for does not lie, and how sure that is.

    :param text: a clause, folded.
    :param decades: the attribute of each decade, by its first year.
    """
    if not decades:
        return
    low, high, sure = _bounds(text, max(decades))
    for first, attribute in decades.items():
        if first + 9 < low or first > high:
            yield attribute, sure


def _bounds(text: str, latest: int) -> tuple[int, int, float]:
    """First and last year that may be meant.

    :param latest: first year of the last decade there is.
    """
    if found := _BETWEEN.search(text):
        first, last = sorted((_years(found[1]), _years(found[2])))
        return first[0], last[1], NAMED_SURE
    for pattern, start, inside in ((_FROM_ON, True, True), (_AFTER, True, False), (_UNTIL, False, True),
                                   (_BEFORE, False, False)):  # fmt: skip
        if found := pattern.search(text):
            own = _years(next(group for group in found.groups() if group))
            if start:
                return (own[0] if inside else own[1] + 1), EVER, NAMED_SURE
            return NEVER, (own[1] if inside else own[0] - 1), NAMED_SURE
    if found := _LAST.search(text):
        count = found[1] or "1"
        number = int(count) if count.isdecimal() else ORDINALS.get(count, 1)
        return latest + 10 - number * (10 if found[2] == "decade" else 1), EVER, VAGUE_SURE
    turned = bool(_TURNED.search(text))
    border = latest - 10 * (RECENT_DECADES - 1)
    if _RECENT.search(text) or (turned and _OLD.search(text)):
        return (border, EVER, VAGUE_SURE) if not (turned and _RECENT.search(text)) else (NEVER, border - 1, VAGUE_SURE)
    return (NEVER, border - 1, VAGUE_SURE) if _OLD.search(text) else (NEVER, EVER, 0.0)


def names_dates(text: str) -> bool:
    """Whether a clause tells from when something is to be, by a year."""
    return any(each.search(text) for each in (_FROM_ON, _AFTER, _UNTIL, _BEFORE, _BETWEEN, _LAST))


NEVER, EVER = -10_000, 10_000


def _years(said: str) -> tuple[int, int]:
    """First and last year of a year or a decade as it is written."""
    if said in DECADE_NAMES:
        return DECADE_NAMES[said], DECADE_NAMES[said] + 9
    digits = said.rstrip("s")
    year = int(digits) if len(digits) == 4 else 1900 + int(digits) if int(digits) > 20 else 2000 + int(digits)
    return (year, year + 9) if said.endswith("s") else (year, year)
