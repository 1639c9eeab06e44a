"""Turns on threads: so many at a time, so many that wait, each within its time."""

import asyncio
import threading
import time

import pytest

from convrec.serving.answering import Answerer, BusyError


def test_answers_come_back_and_errors_too() -> None:
    async def hold() -> None:
        answerer = Answerer(threads=2)
        assert await asyncio.gather(*(answerer(lambda number=number: number**2) for number in range(20))) == [
            number**2 for number in range(20)
        ]
        with pytest.raises(ZeroDivisionError):
            await answerer(lambda: 1 // 0)
        assert answerer.under_way == 0
        answerer.close()

    asyncio.run(hold())


def test_who_comes_when_too_many_wait_is_told_at_once() -> None:
    async def hold() -> None:
        answerer, go = Answerer(threads=1, waiting=2), threading.Event()
        first = [asyncio.ensure_future(answerer(go.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="too many turns"):
            await answerer(lambda: None)
        go.set()
        assert await asyncio.gather(*first) == [True] * 3
        assert await answerer(lambda: "again") == "again"
        answerer.close()

    asyncio.run(hold())


def test_a_turn_that_takes_too_long_is_given_up_by_who_waits_and_carried_out_all_the_same() -> None:
    async def hold() -> None:
        answerer, done = Answerer(threads=1, deadline_s=0.05), threading.Event()

        def slowly() -> None:
            time.sleep(0.3)
            done.set()

        assert await answerer(slowly) is None
        assert not done.is_set()
        assert answerer.under_way == 1, "its thread is still taken"
        answerer.close()
        assert done.is_set()

    asyncio.run(hold())
