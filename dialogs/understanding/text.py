"""Words of a message, as they are compared: without case, accents and punctuation."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 1_000
"""Characters of a message that are read; nobody types more to say what they are looking for."""

_WORD = re.compile(r"[0-9]+(?:['’]?s\b)?|[^\W\d_]+(?:['’.&-][^\W\d_]+)*|[.,;:!?…]+", re.UNICODE)
STOPS = re.compile(r"[.,;:!?…]+")
_JOINERS = re.compile(r"['’.&-]")


@dataclass(frozen=True)
class Word:
    """One word of a message."""

    folded: str
    """As it is compared."""
    written: str
    """As it was written."""
    clause: int
    """Which clause it stands in, from 0."""

    @property
    def named(self) -> bool:
        """Whether it is written like a name."""
        return self.written[:1].isupper()


def fold(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces: "Robert Downey, Jr." becomes "robert downey jr"."""
    words = [_fold_word(found) for found in _WORD.findall(_without_accents(text)) if not STOPS.fullmatch(found)]
    return " ".join(word for word in words if word)


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def _fold_word(word: str) -> str:
    return _JOINERS.sub("", word.casefold()) if "-" not in word else _JOINERS.sub(" ", word.casefold())


SHORTENED = frozenset("st dr mr mrs ms jr sr vs".split())
"""Words whose full stop does not end a sentence; nor does that of an initial."""

BREAKS = frozenset({"but", "however", "though", "although", "because"})
"""Words at which a new clause begins."""


_TURNED = re.compile(
    r"\b(?:any|every)(?:thing|body|one)? but\b|\ball but\b|\b(?:other|rather) than\b|\b(?:apart|aside) from\b|"
    r"\binstead of\b|\bexcept(?: for)?\b|\b(?:tired|sick|enough|fed up) (?:of|with)\b", re.IGNORECASE,
)  # fmt: skip
"""Phrases that turn what follows around."""


def words_of(message: str) -> list[Word]:
    """The words of a message with the clauses they stand in; hyphens part words."""
    plain = _TURNED.sub(", not", _without_accents(message[:LONGEST]))
    words: list[Word] = []
    clause = 0
    for found in _WORD.findall(plain):
        if STOPS.fullmatch(found):
            shortened = found == "." and words and (len(words[-1].written) == 1 or words[-1].folded in SHORTENED)
            clause += not shortened
            continue
        for part, written in zip(_fold_word(found).split(), re.split("-", found), strict=False):
            if part in BREAKS:
                clause += 1
            words.append(Word(part, written, clause))
    return words


UNFINISHED = re.compile(
    r"(?:…|\.\.\.?|,|\b(?:and|or|but|with|(?:something|anything|more|films?|movies?) like)\b\s*)\s*$", re.IGNORECASE
)
"""How a message ends that goes on."""


def is_unfinished(message: str) -> bool:
    """Whether a message looks as if more were coming."""
    return bool(UNFINISHED.search(message.strip()[-40:]))
