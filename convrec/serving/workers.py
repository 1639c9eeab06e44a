"""Processes that answer calls: what is asked for goes in, what it comes to or what went wrong comes out."""

import asyncio
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, MutableSequence, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from inspect import isgenerator
from typing import Any, TypeVar

import structlog

Made = TypeVar("Made")
Found = TypeVar("Found")

OVERDUE_S = 20.0
"""Seconds after the deadline at which a process that has not answered is taken to hang."""

END_S = 20.0
"""Seconds that a process has to end when it is asked to."""

log = structlog.get_logger("convrec.serving")

AT_ONCE = 8
"""Calls that are handed to a process together."""


class BusyError(Exception):
    """A turn that cannot be answered now; the message says why."""


class GivenUpError(Exception):
    """Nobody waits for this answer any more."""


class NotAskedError(Exception):
    """A process has died before it was asked."""


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


@dataclass(frozen=True)
class Call:
    """What a worker is asked for."""

    do: Callable[..., Any]
    place: int
    """Of its mark."""
    until: float
    args: Any
    kwargs: Any


class Worker:
    """One process; it begins when it is first given something to do.

    What comes while it answers is handed to it together when it has done so, :data:`AT_ONCE` calls of as many senders
    at most: those of one sender follow each other.
    """

    def __init__(self, marks: MutableSequence[int]) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (marks,))
        self.ready = False
        """Whether it has made what turns are answered with."""
        self.submit = self._pool.submit
        self._waiting: list[tuple[str, Call, asyncio.Future[Any]]] = []
        self._busy = False
        self._overdue: asyncio.TimerHandle | None = None

    def prepare(self, make: Callable[[], Made]) -> "Future[None]":
        """Have it make what turns are answered with."""
        made = self._pool.submit(_prepare, make)
        made.add_done_callback(self._prepared)
        return made

    def _prepared(self, made: "Future[None]") -> None:
        self.ready = not made.cancelled() and made.exception() is None

    def answer(self, sender: str, call: Call) -> "asyncio.Future[Any]":
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
        chosen: dict[str, tuple[Call, asyncio.Future[Any]]] = {}
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
            latest = max(call.until for call, _ in chosen.values())
            wait_s = latest - time.monotonic() + OVERDUE_S
            self._overdue = asyncio.get_running_loop().call_later(wait_s, self._stop) if self.ready else None

    def _hand_out(self, done: "asyncio.Future[list[Any]]", asked: "list[asyncio.Future[Any]]") -> None:
        self._busy = False
        if done.cancelled():  # the server ends at once
            return
        if self._overdue is not None:
            self._overdue.cancel()
        error = done.exception()
        if isinstance(error, BrokenProcessPool):
            self._broken(asked, error)
            return
        outcomes = [error] * len(asked) if error else done.result()
        for found, outcome in zip(asked, outcomes, strict=True):
            _settle(found, outcome)
        self._go_on()

    def _broken(self, asked: "list[asyncio.Future[Any]]", error: BaseException) -> None:
        """Nobody is answered here any more."""
        waiting, self._waiting = self._waiting, []
        for found in asked:
            _settle(found, error)
        for _, _, found in waiting:
            _settle(found, NotAskedError())

    def _stop(self) -> None:
        """It hangs: whoever it was asked by waits no more, and others need somebody else."""
        log.error("a worker has not answered in time and is ended")
        self.kill()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        # A pool has no word for this; its processes are gone from it once it has ended.
        for process in list((self._pool._processes or {}).values()):
            process.kill()

    def end(self) -> None:
        """Let it end when it has done what it was given, or end it when that takes too long."""
        hangs = threading.Timer(END_S, self.kill)
        hangs.daemon = True
        hangs.start()
        self._pool.shutdown(wait=True)
        hangs.cancel()


def _settle(found: "asyncio.Future[Any]", outcome: Any) -> None:
    if found.done():  # nobody waits any more
        return
    if isinstance(outcome, BaseException):
        found.set_exception(outcome)
    else:
        found.set_result(outcome)


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


def _answer(calls: Sequence[Call]) -> list[Any]:
    """What each comes to, or what goes wrong with it; those that come to decisions make them together."""
    if _Here.made is None:
        return [BusyError("a part of the server begins anew; try again in a moment")] * len(calls)
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
    """The error with where it happened, which is wanted in the log, as a note; by its name where it cannot travel."""
    told = "".join(traceback.format_tb(error.__traceback__))
    try:
        error = pickle.loads(pickle.dumps(error))  # our own, made a line before
    except Exception:  # noqa: BLE001  # whatever its author did not think of
        error = RuntimeError(type(error).__name__)
    if isinstance(error, StopIteration):  # which no future can hold
        error = RuntimeError("StopIteration")
    error.add_note(told)
    return error


def work(do: Callable[[Any], Found]) -> Found:
    """What something comes to with what this process has made."""
    return do(_Here.made)
