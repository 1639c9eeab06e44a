"""Where a talk stands, in a string that travels through other people's hands: compact, signed, good for a while.

Whoever holds the key can go on with the talk, so that any worker answers any turn and a restart loses nothing.  The
signature (HMAC-SHA256, RFC 2104) covers version, sender, what the talk is about and when it ends to be good; what was
changed, sent in somebody else's name or kept too long is refused before anything of it is read.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
import zlib
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dialogs.acts import Clarify, Move, UserAct
from dialogs.conversation import Conversation, Exchange
from dialogs.session import Standing

VERSION = "c1"
"""Of what is sealed; another one is refused."""

KEY_NAME = re.compile(r"[^.]+\.[^.]+-([0-9a-f]{8})\.")
"""What a seal is about ends with a name of the key, which tells nothing of it."""

LASTS_S = 24 * 3600
"""Seconds for which a seal is good."""

MOST_BYTES = 1 << 18
"""Of what was packed, unpacked: many times what a dialogue of fifty turns comes to."""

LONGEST = 1 << 16
"""Characters of a seal."""


class SealError(Exception):
    """A seal that is not good; the message says why, and nothing of what was sealed."""


class StaleSealError(SealError):
    """A seal that is too old, or of another version, other data or another key: the talk has to begin anew."""


_Acts: TypeAdapter[tuple[UserAct, ...]] = TypeAdapter(tuple[UserAct, ...])
_Move: TypeAdapter[Move] = TypeAdapter(Annotated[Move, Field(discriminator="act")])


class _Packed(BaseModel):
    """What is inside; short names, for it is sent with every turn."""

    model_config = ConfigDict(extra="forbid")

    x: list[tuple[list[dict[str, Any]], dict[str, Any]]]
    """Exchanges: what was heard, and the move."""
    c: Clarify | None = None
    u: int = Field(default=0, ge=0)
    n: int = Field(ge=0)
    o: bool = False


class Sealer:
    """Seals and opens.

    :param key: secret, the same for all workers.
    :param about: what the talks are about, such as the fingerprint of the data, in letters and digits: places mean
        other things elsewhere.
    :param lasts_s: seconds for which a seal is good.
    """

    def __init__(self, key: bytes, about: str, lasts_s: float = LASTS_S, now: Callable[[], float] = time.time) -> None:
        self._key, self._lasts_s, self._now = key, lasts_s, now
        self._about = f"{about}-{hmac.digest(key, b'name of the key', 'sha256')[:4].hex()}"

    def seal(self, standing: Standing, sender: str) -> str:
        """The standing as text that is good for this sender alone."""
        head = f"{VERSION}.{self._about}.{int(self._now() + self._lasts_s):x}.{_text(pack(standing))}"
        return f"{head}.{_text(self._sign(head, sender))}"

    def open(self, text: str, sender: str) -> Standing:
        """What was sealed.

        :raises SealError: when it was changed or is somebody else's.
        :raises StaleSealError: when it is ours, but too old, or of another version or other data; or of another key,
            for whoever has set another one has not forged what people hold.
        """
        if len(text) > LONGEST:
            raise SealError("longer than any talk")
        named = KEY_NAME.match(text)
        if named and not self._about.endswith(f"-{named[1]}"):
            raise StaleSealError("of another key")
        head, _, signature = text.rpartition(".")
        try:
            genuine = hmac.compare_digest(_bytes(signature), self._sign(head, sender))
        except (ValueError, binascii.Error) as error:
            raise SealError("no seal") from error
        if not genuine:
            raise SealError("changed, or somebody else's")
        version, about, until, body = head.split(".")
        if (version, about) != (VERSION, self._about):
            raise StaleSealError("of another version or other data")
        if int(until, 16) < self._now():
            raise StaleSealError("too old")
        return unpack(_bytes(body))

    def _sign(self, head: str, sender: str) -> bytes:
        # Lengths stand before texts, so that no two ways of cutting one string give the same.
        parts = [part.encode("utf-8", "surrogatepass") for part in (sender, head)]
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).digest()


def pack(standing: Standing) -> bytes:
    """The standing in few bytes."""
    exchanges = [([_plain(act) for act in each.heard], _plain(each.move)) for each in standing.conversation.exchanges]
    packed = {"x": exchanges, "u": standing.unclear, "n": standing.replies, "o": standing.over}
    if standing.clarify is not None:
        packed["c"] = standing.clarify.model_dump(mode="json")
    return zlib.compress(json.dumps(packed, separators=(",", ":")).encode(), 9)


def unpack(body: bytes) -> Standing:
    """What was packed.

    :raises SealError: when it is damaged.
    """
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(body, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise SealError("larger than any talk")
        packed = _Packed.model_validate_json(content)
        exchanges = tuple(
            Exchange(_Acts.validate_python(heard), _Move.validate_python(move)) for heard, move in packed.x
        )
    except (zlib.error, ValidationError, RecursionError) as error:
        raise SealError("damaged") from error
    return Standing(Conversation(exchanges), packed.c, packed.u, packed.n, packed.o)


def _plain(act: BaseModel) -> dict[str, Any]:
    """An act without what goes without saying."""
    kind: str = act.act  # type: ignore[attr-defined]  # every act has one
    return {"act": kind, **act.model_dump(mode="json", exclude_defaults=True)}


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
