"""Has turns answered on threads of their own, so many at a time, each within its time.

Who comes when too many wait is told so at once: a queue without an end helps nobody.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


class BusyError(Exception):
    """More turns wait than can be answered in time."""


class Answerer:
    """Answers on threads.

    :param threads: turns answered at a time.
    :param waiting: turns that may wait beyond those.
    :param deadline_s: seconds after which a turn is given up by who waits for it; it is carried out all the same.
    """

    def __init__(self, threads: int = 1, waiting: int = 64, deadline_s: float = 10.0) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="turn")
        self._most, self._deadline_s = threads + waiting, deadline_s
        self.under_way = 0
        """Turns that are answered or wait."""

    async def __call__(self, answer: Callable[[], Found]) -> Found | None:
        """What an answer comes to; None where it took too long.

        :raises BusyError: when too many wait.
        """
        if self.under_way >= self._most:
            raise BusyError("too many turns at once; try again in a moment")
        self.under_way += 1
        done = asyncio.get_running_loop().run_in_executor(self._pool, answer)
        done.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._deadline_s)
        except TimeoutError:
            return None

    def _ended(self, done: "asyncio.Future[Found]") -> None:
        self.under_way -= 1
        if not done.cancelled():
            done.exception()  # somebody has looked at it, also when nobody waits any more

    def close(self) -> None:
        """Answer what is under way, and nothing after it."""
        self._pool.shutdown(wait=True)
