"""Kept dialogues: what was acknowledged is there, whatever happens, and nothing twice."""

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialogs.transcripts import Header, Rating, Recorder, Transcript, new_path, read_transcript, transcripts_in
from graph.errors import DataError
from tests.dialogs.cinema import session

NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)

HEADER = Header(
    started=NOW, convrec="1", data="cinema", graph="g", affinity="popularity", policy="bayes", policy_hash="p",
    generator="template", generator_hash="t", understander="lexical", questions="multi", turns=15,
    list_length=5, seed=0,
)  # fmt: skip

MESSAGES = ("a horror film", "1", "none of these", "seen 1", "undo", "bye")


def kept(path: Path) -> Transcript:
    """A dialogue from beginning to end."""
    talk, recorder = session(), Recorder(path, HEADER)
    recorder.turn(talk.open())
    for message in MESSAGES:
        recorder.turn(talk.hear(message))
    recorder.rate(Rating(stars=4, comment="fine"))
    recorder.close()
    return read_transcript(path)


def test_everything_that_was_said_is_kept(tmp_path: Path) -> None:
    transcript = kept(tmp_path / "talk.jsonl")
    assert transcript.header == HEADER
    assert [turn.message for turn in transcript.turns] == ["", *MESSAGES]
    assert [turn.number for turn in transcript.turns] == list(range(len(MESSAGES) + 1))
    assert transcript.over
    assert not transcript.torn
    assert transcript.ratings == (Rating(stars=4, comment="fine"),)
    talk = session()
    replies = [talk.open(), *(talk.hear(message) for message in MESSAGES)]
    assert [turn.heard for turn in transcript.turns] == [reply.heard for reply in replies]
    assert [turn.says for turn in transcript.turns] == [reply.says for reply in replies]
    assert [turn.text for turn in transcript.turns] == [reply.text for reply in replies]
    thought = transcript.turns[1].thought
    assert thought is not None
    assert len(thought.mask) == 31
    assert thought.mask[thought.slot]


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line_is_left_out_and_cut_off_before_anything_is_added(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "talk.jsonl"
    whole = kept(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:cut])
    torn = read_transcript(path)
    assert torn.torn
    assert torn.turns == whole.turns[:3]
    recorder = Recorder(path)
    talk = session()
    talk.open()
    recorder.turn(talk.hear("a comedy"))
    recorder.close()
    mended = read_transcript(path)
    assert not mended.torn
    assert [turn.message for turn in mended.turns] == ["", *MESSAGES[:2], "a comedy"]


@pytest.mark.parametrize(("change", "complaint"), [
    (lambda lines: [b"{}\n", *lines], "line 1"), (lambda lines: lines[1:], "header"),
    (lambda lines: [*lines[:2], lines[3]], "turn 1 was to stand here"),
    (lambda lines: [*lines[:3], lines[2]], "turn 2"),
    (lambda lines: [*lines[:2], b"\xff\xfe\n"], "line 3"), (lambda lines: [], "holds no dialogue"),
    (lambda lines: [lines[0].replace(b'"schema_version":1', b'"schema_version":9')], "schema 9"),
    (lambda lines: [lines[0].replace(b'"started":"2026', b'"started":"0001')], "started: Input should be greater"),
    (lambda lines: [lines[0], lines[1].replace(b'"seconds"', b'"secnods"')], "line 2"),
    (lambda lines: [b"[" * 100_000 + b"\n"], "line 1"),
])  # fmt: skip
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, change, complaint: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "talk.jsonl"
    kept(path)
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DataError, match=complaint) as error:
        read_transcript(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_names_are_new_and_in_order_of_time(tmp_path: Path) -> None:
    first = new_path(tmp_path, NOW)
    first.touch()
    second = new_path(tmp_path, NOW)
    second.touch()
    later = new_path(tmp_path, NOW.replace(hour=18))
    later.touch()
    assert list(transcripts_in(tmp_path))[-1] == later
    assert len({first, second, later}) == 3
    assert list(transcripts_in(tmp_path / "none")) == []


def test_another_dialogue_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    kept(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match="cannot be written"):
        Recorder(path, HEADER)
    assert path.read_bytes() == before


WRITER = """
import sys
from pathlib import Path
from dialogs.transcripts import Recorder
from tests.dialogs.cinema import session
from tests.dialogs.test_transcripts import HEADER
path = Path(sys.argv[1])
recorder = Recorder(path, None if path.exists() else HEADER)
talk = session()
reply = talk.open()
print("ready", flush=True)
while True:
    recorder.turn(reply)
    print(recorder._number, flush=True)
    reply = talk.hear("a horror film" if talk.over else "none of these")
"""


@pytest.mark.slow
def test_a_process_killed_at_random_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path, rng = tmp_path / "talk.jsonl", random.Random(0)
    acknowledged = 0
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            for _ in range(rng.randrange(2, 30)):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *(int(each) for each in writer.stdout.read().split())])
        turns = read_transcript(path).turns
        assert acknowledged <= len(turns) <= acknowledged + 1
        assert [turn.number for turn in turns] == list(range(len(turns)))


def test_what_no_file_can_hold_and_what_other_readers_take_for_line_ends(tmp_path: Path) -> None:
    path, talk = tmp_path / "talk.jsonl", session()
    recorder = Recorder(path, HEADER)
    recorder.turn(talk.open())
    for message in ("a\u2028b\u0085c\x0b", "\udc80 horror", "\x1b[2J"):
        recorder.turn(talk.hear(message))
    recorder.rate(Rating(stars=1, comment="\udcff"))
    recorder.close()
    transcript = read_transcript(path)
    assert [turn.message for turn in transcript.turns] == ["", "a\u2028b\u0085c\x0b", "? horror", "\x1b[2J"]
    assert transcript.ratings == (Rating(stars=1, comment="?"),)


def test_nobody_else_writes_while_a_dialogue_goes_on(tmp_path: Path) -> None:
    path, talk = tmp_path / "talk.jsonl", session()
    recorder = Recorder(path, HEADER)
    recorder.turn(talk.open())
    with pytest.raises(DataError, match="still going on; wait until it has ended"):
        Recorder(path)
    recorder.turn(talk.hear("a horror film"))
    recorder.close()
    later = Recorder(path)
    later.rate(Rating(stars=5))
    later.close()
    assert len(read_transcript(path).turns) == 2


def test_a_dialogue_can_be_read_while_somebody_writes_it(tmp_path: Path) -> None:
    path, counts = tmp_path / "talk.jsonl", []
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        while len(counts) < 300 or counts[-1] < 5:
            counts.append(len(read_transcript(path).turns))
        writer.kill()
    assert counts == sorted(counts)
