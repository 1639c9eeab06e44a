"""Has turns answered by processes of their own, every turn within its time.

Who comes when too many wait is told so at once: a queue without an end helps nobody.  Those of one sender are answered
by the same process, which remembers what it believed; but any other can as well, and does when one has died.
"""

import asyncio
import multiprocessing
import time
import zlib
from collections.abc import Callable, Generator, MutableSequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import structlog

from convrec.serving.workers import BusyError, Call, GivenUpError, NotAskedError, Wanted, Worker, work
from graph.errors import OptionError

Made = TypeVar("Made")
Found = TypeVar("Found")
Told = ParamSpec("Told")

TRIES = 2
"""Processes that may die over a call: what kills each that is asked is not asked of all of them."""

AGAIN_S = 5.0
"""Seconds after which it is tried again to put another process in the place of one that has died."""

log = structlog.get_logger("convrec.serving")


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
        self._workers = [Worker(self._marks) for _ in range(workers)]
        self._mending: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Make what is needed; the first process alone, for it may have to fetch or learn what others then find.

        :raises Exception: whatever goes wrong there.
        """
        first, *others = self._workers
        try:
            first.prepare(self._make).result()
            for made in [worker.prepare(self._make) for worker in others]:
                made.result()
        except BrokenProcessPool as error:
            raise OptionError(
                "--workers: one was ended while it began, perhaps for want of memory; ask for fewer"
            ) from error

    @property
    def is_ready(self) -> bool:
        """Whether anybody can answer."""
        return any(worker.ready for worker in self._workers)

    @property
    def under_way(self) -> int:
        """Turns that are answered or wait."""
        return len(self._marks) - len(self._free)

    @overload
    async def __call__(
        self, sender: str, do: Callable[Concatenate[Made, Wanted, Told], Generator[Any, Any, Found]],
        *args: Told.args, **kwargs: Told.kwargs,
    ) -> Found | None: ...  # fmt: skip

    @overload
    async def __call__(
        self, sender: str, do: Callable[Concatenate[Made, Wanted, Told], Found],
        *args: Told.args, **kwargs: Told.kwargs,
    ) -> Found | None: ...  # fmt: skip

    async def __call__(self, sender: str, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What an answer comes to; None where it took too long.

        :param do: a function that can be found by its name; it has to call :meth:`Wanted.take` before it changes
            anything that lasts.  What it comes to may be a generator: then ``together`` of what was made finishes it,
            with those of others that are asked for at the same time.
        :raises BusyError: when too many wait, or whoever answered has died after the answer was taken.
        """
        if not self._free:
            raise BusyError("too many turns at once; try again in a moment")
        place, until = self._free.pop(), time.monotonic() + self._deadline_s
        self._marks[place] = 0
        done = asyncio.ensure_future(self._answered(sender, Call(do, place, until, args, kwargs)))
        done.add_done_callback(lambda done: self._ended(done, place))
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._deadline_s)
        except TimeoutError:
            # Where it is done the place may be somebody else's already, and with it the mark.
            if not done.done() and not self._marks[place]:
                return None
        except GivenUpError:
            return None
        try:
            return await done
        except GivenUpError:
            return None

    async def _answered(self, sender: str, call: Call) -> Any:
        tries = 0
        while tries < TRIES:
            worker = self._worker_of(sender)
            try:
                return await worker.answer(sender, call)
            except NotAskedError:
                self._mend(worker)
            except BrokenProcessPool:
                self._mend(worker)
                tries += 1
                if self._marks[call.place]:
                    break
            if time.monotonic() >= call.until:
                raise GivenUpError
        raise BusyError("this was cut short; send it once more")

    def _worker_of(self, sender: str) -> Worker:
        ready = [worker for worker in self._workers if worker.ready] or self._workers
        return ready[zlib.crc32(sender.encode("utf-8", "surrogatepass")) % len(ready)]

    def _mend(self, worker: Worker) -> None:
        """Put another process in the place of one that has died, unless somebody does so already."""
        if worker in self._workers:
            log.error("a worker is gone; another takes its place")
            place = self._workers.index(worker)
            self._workers[place] = other = Worker(self._marks)
            made = asyncio.wrap_future(other.prepare(self._make))  # before anything else is asked of it
            mending = asyncio.create_task(self._replaced(other, made))
            self._mending.add(mending)
            mending.add_done_callback(self._mending.discard)

    async def _replaced(self, worker: Worker, made: "asyncio.Future[None]") -> None:
        try:
            await made
        except Exception as error:
            log.exception("the worker cannot begin", error=type(error).__name__)
            await asyncio.sleep(AGAIN_S)
            self._mend(worker)

    async def somewhere(self, do: Callable[[Made], Found]) -> Found:
        """What something comes to in one of them, however long it takes.

        :raises BusyError: when it has died.
        """
        worker = self._worker_of("")
        try:
            return await asyncio.wrap_future(worker.submit(work, do))
        except BrokenProcessPool as error:
            self._mend(worker)
            raise BusyError("this was cut short") from error

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
        for worker in self._workers:
            worker.kill()
        self.close()
