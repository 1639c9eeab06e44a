"""Running times in minutes and hours."""

import re
from collections.abc import Iterator, Mapping

_HOURS = re.compile(
    r"\b(\d|one|two|three|an?) ?(?:and a half )?(?:h|hrs?|hours?)\b"
    r"(?: and a half\b| (?P<minutes>\d{2})\b)?"
)
_MINUTES = re.compile(r"\b(\d{2,3}) ?min(?:ute)?s?\b")
_UNDER = frozenset({"under", "less", "most", "below", "within", "shorter", "max", "maximum"})
_OVER = frozenset({"over", "more", "least", "above", "longer", "minimum"})


def names_running_times(text: str) -> bool:
    """Whether a running time is named in minutes or hours."""
    return bool(_MINUTES.search(text) or _HOURS.search(text))


def running_times(text: str, spans: Mapping[int, tuple[int, int]]) -> Iterator[tuple[int, bool]]:
    """The running times that are named in minutes or hours, and whether they are wanted.

    :param spans: from and to how many minutes each running time goes.
    """
    minutes, hours = _MINUTES.search(text), _HOURS.search(text)
    if minutes:
        count = float(minutes[1])
    elif hours:
        count = {"one": 1.0, "two": 2.0, "three": 3.0, "a": 1.0, "an": 1.0}.get(hours[1]) or float(hours[1])
        count = count * 60 + 30 * ("half" in hours[0]) + int(hours["minutes"] or 0)
    else:
        return
    words = set(text.split()) - {"too"}
    under, over = (bool(words & each) for each in (_UNDER, _OVER))
    under |= "up to " in text or "only have " in text
    if words & {"no", "not"} and (under or over):
        under, over = over, under
    for attribute, (low, high) in spans.items():
        if (under and low >= count) or (over and high < count):
            yield attribute, False
        elif not under and not over and low <= count <= high:
            yield attribute, True
