"""Turns on threads: so many at a time, so many that wait, each within its time."""

import asyncio
import threading
import time

import pytest

from convrec.serving.answering import Answerer, BusyError, Wanted


def test_answers_come_back_and_errors_too() -> None:
    async def hold() -> None:
        answerer = Answerer(threads=2)
        assert await asyncio.gather(*(answerer(lambda _, number=number: number**2) for number in range(20))) == [
            number**2 for number in range(20)
        ]
        with pytest.raises(ZeroDivisionError):
            await answerer(lambda _: 1 // 0)
        assert answerer.under_way == 0
        answerer.close()

    asyncio.run(hold())


def test_who_comes_when_too_many_wait_is_told_at_once() -> None:
    async def hold() -> None:
        answerer, go = Answerer(threads=1, waiting=2), threading.Event()
        first = [asyncio.ensure_future(answerer(lambda _: go.wait())) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="too many turns"):
            await answerer(lambda _: None)
        go.set()
        assert await asyncio.gather(*first) == [True] * 3
        assert await answerer(lambda _: "again") == "again"
        answerer.close()

    asyncio.run(hold())


def test_what_takes_too_long_is_given_up_and_changes_nothing() -> None:
    async def hold() -> None:
        answerer, kept = Answerer(threads=1, deadline_s=0.05), list[str]()

        def slowly(wanted: Wanted) -> str:
            time.sleep(0.3)
            wanted.take()
            kept.append("slowly")
            return "slowly"

        def never(wanted: Wanted) -> None:
            kept.append("never")

        assert await answerer(slowly) is None
        assert answerer.under_way == 1, "its thread is still taken"
        assert await answerer(never) is None, "it has waited too long"
        answerer.close()
        assert kept == []

    asyncio.run(hold())


def test_what_was_taken_is_waited_for() -> None:
    async def hold() -> None:
        answerer = Answerer(threads=1, deadline_s=0.1)

        def at_the_last_moment(wanted: Wanted) -> str:
            wanted.take()
            time.sleep(0.4)
            return "kept"

        assert await answerer(at_the_last_moment) == "kept"
        assert await answerer.without_deadline(lambda: time.sleep(0.3) or "anyhow") == "anyhow"
        answerer.close()

    asyncio.run(hold())
