"""Bodies of requests, read within bounds: so many bytes, also unpacked, and so deep."""

import json
import zlib
from collections.abc import Iterable
from typing import Any

MOST_BYTES = 4 << 20
"""Of a body, packed or unpacked: a tracker travels with all its events."""

DEEPEST = 32
"""Levels of JSON."""


class BodyError(Exception):
    """A body that is not read.

    :param status: of the answer.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def read_json(body: bytes, encoding: str | None, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The object in a body.

    :param encoding: the header Content-Encoding.
    :param most_bytes: it may have, packed or unpacked.
    :raises BodyError: when it is too large, packed in a way we do not know, too deep, or no JSON object.
    """
    if len(body) > most_bytes:
        raise BodyError(f"larger than {most_bytes:,} bytes", 413)
    if encoding not in (None, "", "identity"):
        body = _unpacked(body, encoding, most_bytes)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BodyError("no JSON") from error
    if not isinstance(found, dict):
        raise BodyError("a JSON object is wanted")
    if _too_deep(found):
        raise BodyError(f"deeper than {DEEPEST} levels")
    return found


_WINDOW_BITS = {"deflate": zlib.MAX_WBITS, "gzip": zlib.MAX_WBITS | 16}


def _unpacked(body: bytes, encoding: str, most_bytes: int) -> bytes:
    if encoding not in _WINDOW_BITS:
        raise BodyError(f"Content-Encoding: one of {', '.join(_WINDOW_BITS)} is wanted", 415)
    unpacker = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        found = unpacker.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise BodyError(f"no {encoding}") from error
    if len(found) > most_bytes:
        raise BodyError(f"larger than {most_bytes:,} bytes, unpacked", 413)
    if not unpacker.eof:
        raise BodyError(f"{encoding} that ends too early")
    return found


def _too_deep(found: object) -> bool:
    level = [found]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return True


def _parts(found: object) -> Iterable[object]:
    return found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
