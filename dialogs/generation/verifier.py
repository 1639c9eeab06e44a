"""Checks that a reply says what it was asked to say, and nothing else.

Names and numbers of the request are taken out of the text, each once.  What is left must be made of words that claim
nothing: a closed vocabulary, kind by kind.  So no other title, no praise, no number and no negation can slip in,
whoever wrote the text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from dialogs.generation.requests import Request
from dialogs.generation.templates import PATTERNS
from dialogs.understanding.text import fold
from graph.printable import printable

LONGEST = 400
"""Characters of a reply beside its names."""

QUESTIONS = frozenset({"ask-one", "ask-which", "ask-all", "clarify-which", "clarify-meanings"})
"""Kinds that have to be questions."""

IN_ORDER = frozenset({"explain-question"})
"""Kinds whose names mean something else in another order: 900 films now and 300 then."""

NONE_OF_THESE = re.compile(r"\bnone\b|\bneither\b", re.IGNORECASE)
"""What a question with options has to offer."""

_LOOKS = r"\bI(?:['’]m| am) (?:\w+ )?(?:looking|in the mood|after|thinking)\b"
_LIKES = r"\bI (?:would |will |may |might |could )?(?:like|liked|enjoy|fancy)\b(?! to (?:suggest|recommend))"

TURNED = {
    "welcome": _LOOKS, "ask-one": _LOOKS, "ask-which": rf"{_LOOKS}|\bI want\b", "ask-all": rf"{_LOOKS}|\bI want\b",
    "recommend": _LIKES, "recommend-one": _LIKES, "noted-like": rf"{_LIKES}|\byou will\b",
    "noted-dislike": r"\bnot (?:leave|remember|all right|sorry|noted)\b|\byou (?:\w+ )?leave\b",
    "noted-seen": r"\band you\b|\bI (?:have |already )*(?:seen|know)\b",
    "clarify-meanings": r"\bI mean\b", "explain-question": r"\byou (?:are|have) (?:down|left)\b|\byou down\b",
}  # fmt: skip
"""What is made of harmless words and yet turns a kind around, or speaks for the other side: all of it was said once."""

HARMLESS = frozenset(
    "a an the of to in on at for with and or so it is are be that this these those there them they you your i me my we "
    "us do does would could should can may might will shall let lets what which who how about as by from then now just "
    "maybe perhaps please well okay ok all right sure any some kind sort one ones am im ive weve were".split()
)
"""Words that claim nothing, wherever they stand."""

WORDS = {
    "ask-one": "want find like looking look after mood fancy prefer care rather go if sound suit good tell know "
               "wanted thinking think something happy be fine interested appeal try",
    "ask-which": "want like none these fit prefer choose pick rather name tell know suit works best fancy options "
                 "option here question come comes down neither nothing something else",
    "ask-all": "want like none these fit prefer choose pick name several fits suit all many more than neither "
               "nothing options option here come work works fine fancy tell know something else as",
    "recommend": "like look have suggest recommend try watch think fit enjoy here idea ideas few more take glance "
                 "worth consider suggestions suggestion thinking suit thought listen find found",
    "recommend-one": "like look have suggest recommend try watch think fit enjoy here idea take glance consider "
                     "suggestion thinking suit thought worth listen find found",
    "farewell-found": "enjoy good choice great have fun glad found pleasure wonderful time nice lovely hope like",
    "farewell-left": "have goodbye bye see soon come back any time take care thanks talking nice later until next",
    "farewell-turns": "sorry not found out turns time goodbye bye have run afraid did find next luck thanks",
    "farewell-nothing-left": "sorry nothing left show goodbye bye more afraid else thanks have",
    "explain-item": "because thought came up mind picked chose since reason why think fits",
    "explain-item-sought": "many people look often sought popular lot looked",
    "explain-question": "still fit said answer leave bring down left have am would help narrow remain remaining far "
                        "you have your",
    "clarify-words": "sorry not understand get say other words mean did again differently could was afraid follow "
                     "rephrase",
    "clarify-which": "one mean number name like take tell say want",
    "clarify-meanings": "mean did tell sorry",
    "undone": "have taken took back go forgotten undone done gone last answer",
    "nothing-to-undo": "nothing take back yet undo there have sorry",
    "restarted": "begin beginning anew start over again afresh fresh new here go",
    "welcome": "want look hello hi welcome looking mood tell am help find like hey good day today",
    "noted-seen": "noted know seen leave out already thanks remember have",
    "noted-like": "nice good know like liked noted glad great remember thanks more",
    "noted-dislike": "noted not leave out sorry remember thanks",
}  # fmt: skip
"""Words beyond those that a reply of each kind may be made of."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_LEFT_OVER = re.compile(r"[\s.,;:!?'’“”\"()\-–—…]*")
_SENTENCE_END = re.compile(r"[.!?:]")
_I = re.compile(r"I(?:['’]|$)")
_MARK = "\x00"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a reply."""

    kind: str
    """"slot" where something is missing or said twice, "claim" where there is something else, "form" otherwise."""
    what: str


@lru_cache(maxsize=256)
def vocabulary(kind: str, noun: str) -> frozenset[str]:
    """Folded words of which a reply of a kind may be made, beside its names."""
    patterns = " ".join(re.sub(r"\{\w+\}", " ", pattern) for pattern in PATTERNS[kind])
    called = fold(f"{noun} {noun}s").split()
    return HARMLESS | set(WORDS[kind].split()) | set(fold(patterns).split()) | set(called)


def problems(text: str, request: Request) -> list[Problem]:
    """Everything that is wrong with a reply; empty where nothing is."""
    found = []
    if text != printable(text) or not text:
        found.append(Problem("form", "it is empty or has characters that cannot be shown"))
    rest, missing = _without_slots(text, request)
    found += [Problem("slot", f"{value!r} is missing") for value in missing]
    if request.kind in IN_ORDER and not missing and not _in_order(text, request):
        found.append(Problem("slot", "names are in another order"))
    found += [Problem("claim", f"{what!r} was not to be said") for what in _claims(rest, request)]
    if request.kind in TURNED and (turned := re.search(TURNED[request.kind], rest, re.IGNORECASE)):
        found.append(Problem("claim", f"{turned[0]!r} turns it around"))
    if len(rest) > LONGEST:
        found.append(Problem("form", f"{len(rest)} characters beside the names; {LONGEST} at most"))
    if request.kind in QUESTIONS and "?" not in rest:
        found.append(Problem("form", "it is not a question"))
    if request.kind in ("ask-which", "ask-all") and not NONE_OF_THESE.search(rest):
        found.append(Problem("slot", "that none of them may fit is missing"))
    return found


def _without_slots(text: str, request: Request) -> tuple[str, list[str]]:
    """The text without its names, longest first, each taken out once; and the names that are not there."""
    rest, missing = text, []
    for _, value in sorted(request.slots, key=lambda slot: -len(slot[1])):
        pattern = re.compile(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])")
        found = pattern.search(rest) or pattern.search(_capital(rest, value))
        if found is None:
            missing.append(value)
        else:
            rest = f"{rest[: found.start()]}{_MARK}{rest[found.end() :]}"
    return rest, missing


def _in_order(text: str, request: Request) -> bool:
    """Whether the names can be found one after the other."""
    names = r"(?![^\W_]).*?(?<![^\W_])".join(re.escape(value) for _, value in request.slots)
    return re.search(rf"(?<![^\W_]){names}(?![^\W_])", text) is not None


def _capital(text: str, value: str) -> str:
    """The text with the capital that a name was given at its beginning taken back."""
    return value[:1] + text[1:] if text[:1] == value[:1].upper() else text


def _claims(rest: str, request: Request) -> list[str]:
    """What is said beyond names and words that claim nothing."""
    allowed = vocabulary(request.kind, request.noun)
    claims = []
    for word in _WORD.finditer(rest):
        begins = _SENTENCE_END.split(rest[: word.start()])[-1].strip(' "“(') == ""
        like_a_name = word[0][0].isupper() and not begins and not _I.match(word[0])
        if like_a_name or fold(word[0]) not in allowed:
            claims.append(word[0])
    left = _LEFT_OVER.sub("", _WORD.sub("", rest).replace(_MARK, ""))
    return [*claims, left] if left else claims
