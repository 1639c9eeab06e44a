"""What every generator of replies promises."""

from collections.abc import Iterator
from typing import Protocol

from dialogs.generation.requests import Request


class ReplyGenerator(Protocol):
    """Says what it is asked to say."""

    name: str

    @property
    def fingerprint(self) -> str:
        """The same for a generator that says the same."""
        ...

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        """Ways to say it, best first; none of them has been verified.

        :param seed: the same gives the same.
        """
        ...
