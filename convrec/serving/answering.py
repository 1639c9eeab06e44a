"""Has turns answered by processes of their own, a turn at a time in each, and every turn within its time.

Who comes when too many wait is told so at once: a queue without an end helps nobody.  Those of one sender are answered
by the same process, which remembers what it believed; but any other can as well, and does when one has died.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
import zlib
from collections.abc import Callable, MutableSequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import structlog

Made = TypeVar("Made")
Found = TypeVar("Found")
Told = ParamSpec("Told")

AGAIN_S = 5.0
"""Seconds after which it is tried again to put another process in the place of one that has died."""

log = structlog.get_logger("convrec.serving")


class BusyError(Exception):
    """A turn that cannot be answered now; the message says why."""


class GivenUpError(Exception):
    """Nobody waits for this answer any more."""


class Wanted:
    """Whether somebody waits for an answer: either it is taken, or it is given up, never both.

    Whoever answers marks it as taken and only then looks at the clock; whoever waits looks at the mark only when the
    time is over.  So they agree without a lock, which a process that dies could hold for ever.

    :param marks: a byte for each answer under way, in memory that both share.
    :param until: on the clock of :func:`time.monotonic`, which is the same for all processes of a machine.
    """

    def __init__(self, marks: MutableSequence[int], place: int, until: float) -> None:
        self._marks, self._place, self._until = marks, place, until

    def take(self) -> None:
        """The answer is going to be given: what it changes may be kept.

        :raises GivenUpError: when nobody waits any more.
        """
        self._marks[self._place] = 1
        if time.monotonic() >= self._until:
            self._marks[self._place] = 0
            raise GivenUpError


class Answerer(Generic[Made]):
    """Answers in processes.

    :param make: makes what turns are answered with, in each process; it can be pickled.
    :param workers: processes, so many turns are answered at a time.
    :param waiting: turns that may wait beyond those.
    :param deadline_s: seconds after which a turn is given up.
    """

    def __init__(self, make: Callable[[], Made], workers: int = 1, waiting: int = 64, deadline_s: float = 10.0) -> None:
        self._make, self._deadline_s = make, deadline_s
        self._marks: MutableSequence[int] = multiprocessing.RawArray("b", workers + waiting)
        self._free = list(range(workers + waiting))
        self._workers = [_Worker(self._marks) for _ in range(workers)]
        self._mending: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Make what is needed; the first process alone, for it may have to fetch or learn what others then find.

        :raises Exception: whatever goes wrong there.
        """
        first, *others = self._workers
        first.prepare(self._make).result()
        for made in [worker.prepare(self._make) for worker in others]:
            made.result()

    @property
    def under_way(self) -> int:
        """Turns that are answered or wait."""
        return len(self._marks) - len(self._free)

    async def __call__(
        self, sender: str, do: Callable[Concatenate[Made, Wanted, Told], Found],
        *args: Told.args, **kwargs: Told.kwargs,
    ) -> Found | None:  # fmt: skip
        """What an answer comes to; None where it took too long.

        :param do: a function that can be found by its name; it has to call :meth:`Wanted.take` before it changes
            anything that lasts.
        :raises BusyError: when too many wait, or whoever answered has died after the answer was taken.
        """
        if not self._free:
            raise BusyError("too many turns at once; try again in a moment")
        place, until = self._free.pop(), time.monotonic() + self._deadline_s
        self._marks[place] = 0
        done = asyncio.ensure_future(self._answered(sender, do, place, until, args, kwargs))
        done.add_done_callback(lambda done: self._ended(done, place))
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._deadline_s)
        except TimeoutError:
            if not self._marks[place]:
                return None
        except GivenUpError:
            return None
        try:
            return await done
        except GivenUpError:
            return None

    async def _answered(
        self, sender: str, do: Callable[..., Found], place: int, until: float, args: Any, kwargs: Any
    ) -> Found:
        while True:
            worker = self._worker_of(sender)
            try:
                return await asyncio.wrap_future(worker.submit(_answer, do, place, until, args, kwargs))
            except BrokenProcessPool as error:
                self._mend(worker)
                if self._marks[place]:
                    raise BusyError("this was cut short; send it once more") from error

    def _worker_of(self, sender: str) -> "_Worker":
        ready = [worker for worker in self._workers if worker.ready] or self._workers
        return ready[zlib.crc32(sender.encode("utf-8", "surrogatepass")) % len(ready)]

    def _mend(self, worker: "_Worker") -> None:
        """Put another process in the place of one that has died, unless somebody does so already."""
        if worker in self._workers:
            log.error("a worker has died; another takes its place")
            place = self._workers.index(worker)
            self._workers[place] = _Worker(self._marks)
            mending = asyncio.create_task(self._replaced(self._workers[place]))
            self._mending.add(mending)
            mending.add_done_callback(self._mending.discard)

    async def _replaced(self, worker: "_Worker") -> None:
        try:
            await asyncio.wrap_future(worker.prepare(self._make))
        except Exception as error:
            log.exception("the worker cannot begin", error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)
            self._mend(worker)

    async def everywhere(self, do: Callable[[Made], Found]) -> list[Found]:
        """What something comes to in every process, however long it takes."""
        works = [asyncio.wrap_future(worker.submit(_work, do)) for worker in self._workers]
        return list(await asyncio.gather(*works))

    async def somewhere(self, do: Callable[[Made], Found]) -> Found:
        """What something comes to in one of them, however long it takes."""
        return await asyncio.wrap_future(self._worker_of("").submit(_work, do))

    def _ended(self, done: "asyncio.Future[Any]", place: int) -> None:
        self._free.append(place)
        if not done.cancelled():
            done.exception()  # somebody has looked at it, also when nobody waits any more

    def close(self) -> None:
        """Answer what is under way, and nothing after it."""
        for mending in self._mending:
            mending.cancel()
        for worker in self._workers:
            worker.end()

    def kill(self) -> None:
        """Answer nothing more."""
        for process in multiprocessing.active_children():
            process.kill()
        self.close()


class _Worker:
    """One process; it begins when it is first given something to do."""

    def __init__(self, marks: MutableSequence[int]) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (marks,))
        self.ready = False
        """Whether it has made what turns are answered with."""
        self.submit = self._pool.submit

    def prepare(self, make: Callable[[], Made]) -> "Future[None]":
        """Have it make what turns are answered with."""
        made = self._pool.submit(_prepare, make)
        made.add_done_callback(self._prepared)
        return made

    def _prepared(self, made: "Future[None]") -> None:
        self.ready = not made.cancelled() and made.exception() is None

    def end(self) -> None:
        """Let it end when it has done what it was given."""
        self._pool.shutdown(wait=True)


class _Here:
    """What a process that answers holds."""

    made: Any = None
    marks: MutableSequence[int] = bytearray()


def _begin(marks: MutableSequence[int]) -> None:
    """What ends the server reaches this process through it: Ctrl-C goes to all, and turns are still to be answered."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    _Here.marks = marks
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _prepare(make: Callable[[], Any]) -> None:
    _Here.made = make()


def _answer(do: Callable[..., Found], place: int, until: float, args: Any, kwargs: Any) -> Found:
    if time.monotonic() >= until:
        raise GivenUpError
    return do(_Here.made, Wanted(_Here.marks, place, until), *args, **kwargs)


def _work(do: Callable[[Any], Found]) -> Found:
    return do(_Here.made)
