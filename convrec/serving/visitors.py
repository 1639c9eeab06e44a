"""Who may talk without a token: people of pages we know, each under a name we gave them, so much a minute."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

TURNS_A_MINUTE = 40
"""Of one sender: nobody reads faster."""

LOOKS_A_MINUTE = 120
"""Of one sender at how a talk stands: a page looks twice a turn, and again when it is loaded."""

NAMES_A_MINUTE = 20
"""Given to one address."""

_ID_BYTES, _MAC_BYTES = 12, 12


class Visitors:
    """Gives names to senders, knows them again, and counts what they do.

    :param key: secret, the same for all workers.
    :param origins: of pages that may talk, such as "https://shop.example"; pages of this server always may.
    """

    def __init__(self, key: bytes, origins: Sequence[str] = ()) -> None:
        self._key, self._origins = key, frozenset(origins)
        # Of a fixed window nothing is kept when the minute is over.
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._turns, self._names = RateLimitItemPerMinute(TURNS_A_MINUTE), RateLimitItemPerMinute(NAMES_A_MINUTE)
        self._looks = RateLimitItemPerMinute(LOOKS_A_MINUTE)

    def new_name(self) -> str:
        """A name that nobody has and nobody can make up."""
        name = _text(secrets.token_bytes(_ID_BYTES))
        return f"{name}.{self._sign(name)}"

    def knows(self, sender: str) -> bool:
        """Whether we have given this name."""
        name, _, signature = sender.partition(".")
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(name).encode())

    def may_speak(self, sender: str) -> bool:
        """Whether a sender has turns left in this minute; takes one."""
        return self._limiter.hit(self._turns, "turn", sender)

    def may_look(self, sender: str) -> bool:
        """Whether a sender may look once more in this minute at how the talk stands; takes one."""
        return self._limiter.hit(self._looks, "look", sender)

    def may_have_name(self, address: str) -> bool:
        """Whether an address may be given one more name in this minute; takes one."""
        return self._limiter.hit(self._names, "name", address)

    def welcomes(self, origin: str | None, host: str) -> bool:
        """Whether a page of this origin may talk; what is no page of a browser has none.

        :param host: of this server, as the request calls it.
        """
        if origin is None or origin in self._origins:
            return True
        try:
            page = urlsplit(origin).netloc
        except ValueError:
            return False
        return bool(page) and page == host

    def _sign(self, name: str) -> str:
        signed = hmac.new(self._key, b"visitor\0" + name.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return _text(signed[:_MAC_BYTES])


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
