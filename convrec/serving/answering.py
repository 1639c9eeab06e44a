"""Has turns answered by processes of their own, every turn within its time.

Who comes when too many wait is told so at once: a queue without an end helps nobody.  Those of one sender are answered
by the same process, which remembers what it believed; but any other can as well, and does when one has died.
"""

import asyncio
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Generator, MutableSequence, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from inspect import isgenerator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import structlog

Made = TypeVar("Made")
Found = TypeVar("Found")
Told = ParamSpec("Told")

AT_ONCE = 8
"""Calls that are handed to a process together."""

TRIES = 2
"""Processes that may die over a call: what kills each that is asked is not asked of all of them."""

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
        done = asyncio.ensure_future(self._answered(sender, _Call(do, place, until, args, kwargs)))
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

    async def _answered(self, sender: str, call: "_Call") -> Any:
        for _ in range(TRIES):
            worker = self._worker_of(sender)
            try:
                return await worker.answer(sender, call)
            except BrokenProcessPool:
                self._mend(worker)
                if self._marks[call.place]:
                    break
        raise BusyError("this was cut short; send it once more")

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


@dataclass(frozen=True)
class _Call:
    """What a worker is asked for."""

    do: Callable[..., Any]
    place: int
    """Of its mark."""
    until: float
    args: Any
    kwargs: Any


class _Worker:
    """One process; it begins when it is first given something to do.

    What comes while it answers is handed to it together when it has done so, :data:`AT_ONCE` calls of as many senders
    at most: those of one sender follow each other.
    """

    def __init__(self, marks: MutableSequence[int]) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (marks,))
        self.ready = False
        """Whether it has made what turns are answered with."""
        self.submit = self._pool.submit
        self._waiting: list[tuple[str, _Call, asyncio.Future[Any]]] = []
        self._busy = False

    def prepare(self, make: Callable[[], Made]) -> "Future[None]":
        """Have it make what turns are answered with."""
        made = self._pool.submit(_prepare, make)
        made.add_done_callback(self._prepared)
        return made

    def _prepared(self, made: "Future[None]") -> None:
        self.ready = not made.cancelled() and made.exception() is None

    def answer(self, sender: str, call: _Call) -> "asyncio.Future[Any]":
        """What a call comes to.

        :raises BrokenProcessPool: when it has died.
        """
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((sender, call, found))
        self._go_on()
        return found

    def _go_on(self) -> None:
        if self._busy or not self._waiting:
            return
        chosen: dict[str, tuple[_Call, asyncio.Future[Any]]] = {}
        left = []
        for sender, call, found in self._waiting:
            if sender in chosen or len(chosen) == AT_ONCE:
                left.append((sender, call, found))
            else:
                chosen[sender] = call, found
        self._waiting, self._busy = left, True
        asked = [found for _, found in chosen.values()]
        try:
            done = asyncio.wrap_future(self._pool.submit(_answer, [call for call, _ in chosen.values()]))
        except BrokenProcessPool as error:
            self._broken(asked, error)
        else:
            done.add_done_callback(lambda done: self._hand_out(done, asked))

    def _hand_out(self, done: "asyncio.Future[list[Any]]", asked: "list[asyncio.Future[Any]]") -> None:
        self._busy = False
        if done.cancelled():  # the server ends at once
            return
        if (error := done.exception()) is not None:
            self._broken(asked, error)
            return
        for found, outcome in zip(asked, done.result(), strict=True):
            if found.done():
                continue
            if isinstance(outcome, Exception):
                found.set_exception(outcome)
            else:
                found.set_result(outcome)
        self._go_on()

    def _broken(self, asked: "list[asyncio.Future[Any]]", error: BaseException) -> None:
        """Nobody is answered here any more."""
        waiting, self._waiting = self._waiting, []
        for found in (*asked, *(each for _, _, each in waiting)):
            if not found.done():
                found.set_exception(error)

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


def _answer(calls: Sequence[_Call]) -> list[Any]:
    """What each comes to, or what goes wrong with it; those that come to decisions make them together."""
    found: list[Any] = []
    for call in calls:
        try:
            if time.monotonic() >= call.until:
                raise GivenUpError
            found.append(call.do(_Here.made, Wanted(_Here.marks, call.place, call.until), *call.args, **call.kwargs))
        except Exception as error:  # noqa: BLE001  # it is told to whoever asked for this one
            found.append(error)
    thinking = [place for place, each in enumerate(found) if isgenerator(each)]
    if thinking:
        came_of_it = _Here.made.together([found[place] for place in thinking])
        for place, outcome in zip(thinking, came_of_it, strict=True):
            found[place] = outcome
    return [_able_to_travel(each) if isinstance(each, Exception) else each for each in found]


def _able_to_travel(error: Exception) -> Exception:
    """The error with its traceback, which is wanted in the log, as a note; by its name alone where it cannot travel."""
    told = "".join(traceback.format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error))  # our own, made a line before
    except Exception:  # noqa: BLE001  # whatever its author did not think of
        error = RuntimeError(type(error).__name__)
    error.add_note(told)
    return error


def _work(do: Callable[[Any], Found]) -> Found:
    return do(_Here.made)
