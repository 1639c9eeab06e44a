"""Names as a terminal, a page and an XML file can all show them."""

import re

# C0 and C1 control characters, lone surrogates (JSON can hold them, UTF-8 cannot), non-characters that XML forbids, and
# the marks that reorder the text around them (Unicode TR 36, 2.4).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def printable(text: str) -> str:
    """The text on one line, without characters that cannot be shown; empty when nothing is left."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
