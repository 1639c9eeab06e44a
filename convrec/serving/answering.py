"""Has turns answered on threads of their own, so many at a time, each within its time.

Who comes when too many wait is told so at once: a queue without an end helps nobody.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


class BusyError(Exception):
    """More turns wait than can be answered in time."""


class GivenUpError(Exception):
    """Nobody waits for this answer any more."""


class Wanted:
    """Whether somebody waits for an answer: either it is taken, or it is given up, never both."""

    def __init__(self) -> None:
        self._lock, self._taken = threading.Lock(), False
        self.given_up = False

    def take(self) -> None:
        """The answer is going to be given: what it changes may be kept.

        :raises GivenUpError: when nobody waits any more.
        """
        with self._lock:
            if self.given_up:
                raise GivenUpError
            self._taken = True

    def give_up(self) -> bool:
        """Wait no more, unless it was taken already; hand out whether it is given up."""
        with self._lock:
            self.given_up = not self._taken
            return self.given_up


class Answerer:
    """Answers on threads.

    :param threads: turns answered at a time.
    :param waiting: turns that may wait beyond those.
    :param deadline_s: seconds after which a turn is given up.
    """

    def __init__(self, threads: int = 1, waiting: int = 64, deadline_s: float = 10.0) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="turn")
        self._most, self._deadline_s = threads + waiting, deadline_s
        self.under_way = 0
        """Turns that are answered or wait."""

    async def __call__(self, answer: Callable[[Wanted], Found]) -> Found | None:
        """What an answer comes to; None where it took too long.

        :param answer: is to call :meth:`Wanted.take` before it changes anything that lasts.
        :raises BusyError: when too many wait.
        """
        if self.under_way >= self._most:
            raise BusyError("too many turns at once; try again in a moment")
        self.under_way += 1
        wanted = Wanted()
        done = asyncio.get_running_loop().run_in_executor(self._pool, _unless_given_up, answer, wanted)
        done.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._deadline_s)
        except TimeoutError:
            return None if wanted.give_up() else await done

    async def without_deadline(self, work: Callable[[], Found]) -> Found:
        """What something comes to that nobody has asked for, however long it takes."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _ended(self, done: "asyncio.Future[Found]") -> None:
        self.under_way -= 1
        if not done.cancelled():
            done.exception()  # somebody has looked at it, also when nobody waits any more

    def close(self) -> None:
        """Answer what is under way, and nothing after it."""
        self._pool.shutdown(wait=True)


def _unless_given_up(answer: Callable[[Wanted], Found], wanted: Wanted) -> Found:
    if wanted.given_up:
        raise GivenUpError
    return answer(wanted)
