"""Turns in processes of their own: so many at a time, so many that wait, each within its time."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from convrec.serving.answering import Answerer
from convrec.serving.workers import AT_ONCE, BusyError, GivenUpError, Wanted
from graph.errors import DataError

Begun = float
"""What the processes of these tests hold: when they have begun."""


def square(begun: Begun, wanted: Wanted, number: int) -> int:
    return number**2


def fail(begun: Begun, wanted: Wanted) -> None:
    raise DataError("nothing there")


def process(begun: Begun, wanted: Wanted) -> int:
    return os.getpid()


def process_anyhow(begun: Begun) -> int:
    return os.getpid()


def wait_for(begun: Begun, wanted: Wanted, path: Path) -> str:
    while not path.exists():
        time.sleep(0.01)
    return path.read_text()


def slowly(begun: Begun, wanted: Wanted, kept: Path) -> None:
    time.sleep(0.5)
    wanted.take()
    kept.touch()


def keep(begun: Begun, wanted: Wanted, kept: Path) -> None:
    kept.touch()


def at_the_last_moment(begun: Begun, wanted: Wanted) -> str:
    wanted.take()
    time.sleep(0.7)
    return "kept"


def die_once(begun: Begun, wanted: Wanted, marker: Path) -> int:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die(begun: Begun, wanted: Wanted) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class StubbornError(Exception):
    """Cannot be made from what it holds."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def fail_stubbornly(begun: Begun, wanted: Wanted) -> None:
    raise StubbornError("not to be ", "pickled")


def take_and_die(begun: Begun, wanted: Wanted) -> None:
    wanted.take()
    os.kill(os.getpid(), signal.SIGKILL)


class Choir:
    """Finishes together what is begun at the same time, and says how many there were."""

    def together(self, thinking: list[Generator[int, int, tuple[int, int]]]) -> list[tuple[int, int] | Exception]:
        found: list[tuple[int, int] | Exception] = []
        for each in thinking:
            try:
                each.send(None)  # type: ignore[arg-type]
                each.send(len(thinking))
            except StopIteration as done:
                found.append(done.value)
            except DataError as error:
                found.append(error)
        return found


def sing(choir: Choir, wanted: Wanted, number: int) -> Generator[int, int, tuple[int, int]]:
    if number == 13:
        raise DataError("out of tune")
    voices = yield number
    return number, voices


def sing_after(choir: Choir, wanted: Wanted, go: Path) -> Generator[int, int, tuple[int, int]]:
    while not go.exists():
        time.sleep(0.01)
    return sing(choir, wanted, 0)


def no_beginning(path: Path) -> Begun:
    raise DataError(f"{path}: not there")


def die_at_the_beginning(path: Path) -> Begun:
    if path.exists():
        raise DataError(f"{path}: in the way")
    return time.monotonic()


async def processes(answerer: Answerer[Begun]) -> set[int | None]:
    """Those that answer: one of many senders comes to each."""
    return {await answerer(f"caller {number}", process) for number in range(20)}


@asynccontextmanager
async def answering(workers: int = 1, waiting: int = 64, deadline_s: float = 10.0) -> AsyncIterator[Answerer[Begun]]:
    answerer = Answerer(time.monotonic, workers, waiting, deadline_s)
    try:
        answerer.begin()
        yield answerer
    finally:
        answerer.close()


def test_answers_come_back_and_errors_too() -> None:
    async def hold() -> None:
        async with answering(workers=2) as answerer:
            asked = (answerer(f"caller {number}", square, number) for number in range(20))
            assert await asyncio.gather(*asked) == [number**2 for number in range(20)]
            with pytest.raises(DataError, match="nothing there") as found:
                await answerer("ann", fail)
            assert "in fail\n" in "".join(found.value.__notes__), "the log says where"
            with pytest.raises(RuntimeError, match="StubbornError"):
                await answerer("ann", fail_stubbornly)
            assert answerer.under_way == 0

    asyncio.run(hold())


def test_those_of_one_sender_are_answered_by_one_process_and_all_of_them_work() -> None:
    async def hold() -> None:
        async with answering(workers=2) as answerer:
            senders = [f"caller {number}" for number in range(20)]
            first = [await answerer(sender, process) for sender in senders]
            assert [await answerer(sender, process) for sender in senders] == first
            assert len(set(first)) == 2
            assert await answerer.somewhere(process_anyhow) in first

    asyncio.run(hold())


def test_who_comes_when_too_many_wait_is_told_at_once(tmp_path: Path) -> None:
    async def hold() -> None:
        async with answering(waiting=2) as answerer:
            go = tmp_path / "go"
            first = [asyncio.ensure_future(answerer("ann", wait_for, go)) for _ in range(3)]
            await asyncio.sleep(0.05)
            with pytest.raises(BusyError, match="too many turns"):
                await answerer("bob", square, 2)
            go.write_text("gone")
            assert await asyncio.gather(*first) == ["gone"] * 3
            assert await answerer("bob", square, 2) == 4

    asyncio.run(hold())


def test_what_waits_is_answered_together_but_for_what_one_sender_has_said_twice(tmp_path: Path) -> None:
    async def hold() -> None:
        answerer, go = Answerer(Choir), tmp_path / "go"
        answerer.begin()
        first = asyncio.ensure_future(answerer("first", sing_after, go))
        await asyncio.sleep(0.1)
        asked = [asyncio.ensure_future(answerer(f"caller {number % 6}", sing, number)) for number in range(14)]
        await asyncio.sleep(0.05)
        go.touch()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert await first == (0, 1)
        assert found[:12] == [*((number, 6) for number in range(6)), *((number, 6) for number in range(6, 12))]
        assert found[12] == (12, 2), "the third of caller 0, beside the one that fails"
        assert isinstance(found[13], DataError), "one that fails is told so, and nobody else"
        many = [asyncio.ensure_future(answerer(f"caller {number}", sing, number)) for number in range(20, 40)]
        voices = [voices for _, voices in await asyncio.gather(*many)]
        assert max(voices) == AT_ONCE
        answerer.close()

    asyncio.run(hold())


def test_what_takes_too_long_is_given_up_and_changes_nothing(tmp_path: Path) -> None:
    async def hold() -> None:
        async with answering(deadline_s=0.2) as answerer:
            assert await answerer("ann", slowly, tmp_path / "slowly") is None
            assert answerer.under_way == 1, "its process is still taken"
            assert await answerer("ann", keep, tmp_path / "too late") is None, "it has waited too long"

    asyncio.run(hold())
    assert not list(tmp_path.iterdir())


def test_what_was_taken_is_waited_for() -> None:
    async def hold() -> None:
        async with answering(deadline_s=0.3) as answerer:
            assert await answerer("ann", at_the_last_moment) == "kept"

    asyncio.run(hold())


def test_it_is_taken_or_given_up_and_never_both() -> None:
    marks = bytearray(2)
    Wanted(marks, 1, time.monotonic() + 60.0).take()
    assert bytes(marks) == b"\0\1"
    with pytest.raises(GivenUpError):
        Wanted(marks, 0, time.monotonic()).take()
    assert bytes(marks) == b"\0\1"


def test_a_process_that_dies_is_replaced_and_its_turn_is_answered_by_another(tmp_path: Path) -> None:
    async def hold() -> None:
        async with answering(workers=2) as answerer:
            before = await processes(answerer)
            turns = [answerer("ann", die_once, tmp_path / "died"), answerer("ann", process)]
            answered = await asyncio.gather(*turns)
            assert set(answered) < before, "the one that is left answers both"
            while len(after := await processes(answerer)) < 2:
                await asyncio.sleep(0.1)
            assert len(after & before) == 1
            assert answerer.under_way == 0

    asyncio.run(hold())


def test_what_was_taken_by_a_process_that_dies_is_not_done_twice() -> None:
    async def hold() -> None:
        async with answering() as answerer:
            with pytest.raises(BusyError, match="send it once more"):
                await answerer("ann", take_and_die)
            assert not answerer.is_ready
            assert await answerer("ann", square, 3) == 9, "by the process that takes its place"
            assert answerer.is_ready

    asyncio.run(hold())


def test_what_kills_whoever_is_asked_is_not_asked_for_ever() -> None:
    async def hold() -> None:
        async with answering() as answerer:
            with pytest.raises(BusyError, match="send it once more"):
                await answerer("ann", die)
            assert await answerer("ann", square, 3) == 9

    asyncio.run(hold())


def test_a_process_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.serving.workers.OVERDUE_S", 0.5)

    async def hold() -> None:
        async with answering(waiting=4, deadline_s=1.0) as answerer:
            before = await answerer("ann", process)
            hanging = [answerer(f"caller {number}", wait_for, tmp_path / "never") for number in range(4)]
            assert await asyncio.gather(*hanging) == [None] * 4
            async with asyncio.timeout(30.0):
                while (after := await answerer("ann", process)) is None:
                    await asyncio.sleep(0.1)
            assert after != before
            assert answerer.under_way == 0

    asyncio.run(hold())


def test_what_hangs_at_the_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.serving.workers.END_S", 0.5)

    async def hold() -> Answerer[Begun]:
        answerer = Answerer(time.monotonic, deadline_s=0.2)
        answerer.begin()
        assert await answerer("ann", wait_for, tmp_path / "never") is None
        return answerer

    asyncio.run(hold()).close()


def test_what_cannot_begin_is_told_to_who_begins(tmp_path: Path) -> None:
    answerer = Answerer(partial(no_beginning, tmp_path / "data"))
    with pytest.raises(DataError, match="data: not there"):
        answerer.begin()
    answerer.kill()


def test_a_place_is_filled_when_it_can_be_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.serving.answering.AGAIN_S", 0.1)
    stone = tmp_path / "stone"

    async def hold() -> None:
        answerer = Answerer(partial(die_at_the_beginning, stone), 2)
        answerer.begin()
        stone.touch()
        before = await processes(answerer)
        assert await answerer("ann", die_once, tmp_path / "died") in before
        await asyncio.sleep(3.0)
        assert await processes(answerer) < before, "one of two answers"
        stone.unlink()
        while len(await processes(answerer)) < 2:
            await asyncio.sleep(0.1)
        answerer.close()

    asyncio.run(hold())
