"""Kept talks: they are there after a crash, once, and for one answer at a time."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from convrec.serving import store
from convrec.serving.answering import GivenUpError
from convrec.serving.store import ANSWERS_KEPT, NEW, ChangedError, Kept, StoreBusyError, Talks
from dialogs.session import Standing
from graph.errors import DataError
from tests.convrec.serving.test_sealing import talked

STANDING = talked(["an English film", "no"]).standing


def talks(path: Path, about: str = "cinema", **rest: object) -> Talks:
    return Talks(path / "talks.sqlite", about, **rest)  # type: ignore[arg-type]


def test_a_talk_is_there_for_whoever_opens_the_file(tmp_path: Path) -> None:
    first = talks(tmp_path)
    assert first.find("ann") == NEW
    first.keep("ann", NEW, STANDING, "m1", [{"text": "hello"}])
    first.close()
    second = talks(tmp_path)
    assert second.find("ann") == Kept(1, STANDING)
    assert second.answered("ann", "m1") == [{"text": "hello"}]
    assert second.answered("ann", "m2") is second.answered("bob", "m1") is None
    assert second.find("bob") == NEW
    second.close()


def test_two_answers_to_one_turn_are_one_too_many(tmp_path: Path) -> None:
    one, other = talks(tmp_path), talks(tmp_path)
    one.keep("ann", NEW, STANDING, "m1", ["one"])
    with pytest.raises(ChangedError):
        other.keep("ann", NEW, Standing(), "m2", ["other"])
    assert other.answered("ann", "m2") is None, "nothing of it is kept"
    before = other.find("ann")
    other.keep("ann", before, Standing(), "m2", ["other"])
    with pytest.raises(ChangedError):
        one.keep("ann", before, STANDING, "m3", ["one"])
    assert one.find("ann") == Kept(2, Standing())
    one.close()
    other.close()


def test_talks_about_other_data_are_others(tmp_path: Path) -> None:
    kept, other = talks(tmp_path), talks(tmp_path, about="another")
    kept.keep("ann", NEW, STANDING, "m1", ["about the cinema"])
    assert (other.find("ann"), other.answered("ann", "m1")) == (NEW, None)
    other.keep("ann", NEW, Standing(replies=9), "m1", ["about another"])
    assert kept.find("ann") == Kept(1, STANDING)
    assert kept.answered("ann", "m1") == ["about the cinema"]
    assert other.find("ann").standing.replies == 9
    kept.close()
    other.close()


def test_a_turn_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    def give_up() -> None:
        raise GivenUpError

    kept = talks(tmp_path)
    kept.keep("ann", NEW, STANDING, "m1", [])
    with pytest.raises(GivenUpError):
        kept.keep("ann", kept.find("ann"), Standing(), "m2", [], give_up)
    assert kept.find("ann") == Kept(1, STANDING)
    assert kept.answered("ann", "m2") is None
    kept.close()


def test_nobody_else_on_the_machine_reads_talks(tmp_path: Path) -> None:
    kept = talks(tmp_path)
    kept.keep("ann", NEW, STANDING, "m1", [])
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert modes
    assert set(modes.values()) == {0}
    kept.close()


def test_only_the_latest_answers_are_kept(tmp_path: Path) -> None:
    kept = talks(tmp_path)
    for number in range(ANSWERS_KEPT + 5):
        kept.keep("ann", kept.find("ann"), STANDING, f"m{number}", number)
    answers = [kept.answered("ann", f"m{number}") for number in range(ANSWERS_KEPT + 5)]
    assert answers == [None] * 5 + list(range(5, ANSWERS_KEPT + 5))
    kept.close()


def test_what_is_old_is_forgotten_with_its_answers(tmp_path: Path) -> None:
    clock = [1000.0]
    kept = talks(tmp_path, now=lambda: clock[0])
    kept.keep("ann", NEW, STANDING, "m1", ["old"])
    clock[0] = 1100.0
    kept.keep("bob", NEW, STANDING, "m1", ["young"])
    assert kept.forget(50.0) == 1
    assert (kept.find("ann"), kept.answered("ann", "m1")) == (NEW, None)
    assert kept.answered("bob", "m1") == ["young"]
    kept.close()


def test_a_locked_file_is_waited_for_and_then_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOCKED_S", 0.2)
    kept = talks(tmp_path)
    with sqlite3.connect(tmp_path / "talks.sqlite", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert kept.find("ann") == NEW, "reading goes on"
        with pytest.raises(StoreBusyError, match="held by another process"):
            kept.keep("ann", NEW, STANDING, None, [])
        holder.execute("COMMIT")
    holder.close()
    kept.keep("ann", NEW, STANDING, None, [])
    assert kept.find("ann").number == 1
    kept.close()


KILLED = """
import sys
from pathlib import Path
from convrec.serving.store import Talks
from dialogs.session import Standing
talks = Talks(Path(sys.argv[1]), "cinema")
for number in range(10**6):
    before = talks.find("ann")
    talks.keep("ann", before, Standing(replies=number), f"m{number}", [number])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "talks.sqlite"
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(25)]
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        acknowledged = [int(line) for line in told if line.endswith("\n")]
        kept = Talks(path, "cinema")
        found = kept.find("ann").standing.replies
        assert found in (acknowledged[-1], acknowledged[-1] + 1), "nothing acknowledged is lost"
        assert kept.answered("ann", f"m{acknowledged[-1]}") == [acknowledged[-1]]
        kept.close()
        path.unlink()
        for rest in tmp_path.glob("talks.sqlite-*"):
            rest.unlink()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one" * 100, None])
def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "talks.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=r"^\S+talks\.sqlite: cannot keep talks there \(.*\); name another file$"):
        talks(tmp_path)


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "talks.sqlite") as base:
        base.execute("PRAGMA user_version = 9")
    base.close()
    with pytest.raises(DataError, match="schema 9, but this version reads 1"):
        talks(tmp_path)


def test_a_rating_stands_and_goes_with_its_talk(tmp_path: Path) -> None:
    now = [1000.0]
    kept = talks(tmp_path, now=lambda: now[0])
    kept.keep("ann", NEW, STANDING, "m1", [])
    ended = kept.find("ann")
    assert kept.rating("ann", 1) is None
    assert kept.rate("ann", ended, 4)
    assert not kept.rate("ann", ended, 1), "the first one stands"
    assert (kept.rating("ann", 1), kept.rating("ann", 2), kept.rating("bob", 1)) == (4, None, None)
    now[0] += 100
    assert kept.forget(older_than_s=50) == 1
    assert kept.rating("ann", 1) is None
    kept.close()


def test_answers_are_handed_out_in_order(tmp_path: Path) -> None:
    kept = talks(tmp_path)
    assert kept.answers("ann") == []
    for number in range(ANSWERS_KEPT + 2):
        kept.keep("ann", kept.find("ann"), STANDING, f"m{number}", [number])
    found = kept.answers("ann")
    assert [each.number for each in found] == list(range(3, ANSWERS_KEPT + 3))
    assert (found[0].message, found[0].content) == ("m2", [2])
    kept.close()
