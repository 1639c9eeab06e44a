"""``convrec bench kills``: a process that keeps a dialogue is killed at random, over and over, and nothing is lost."""

import os
import random
import signal
import tempfile
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit
from rich import box
from rich.progress import track
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, notices
from convrec.yardstick import write_figures

if TYPE_CHECKING:
    from convrec.talk import Table as TalkTable

LONGEST_LIFE_S = 1.0
"""How long a process lives at most after it has opened its file."""

MESSAGES = (
    "a comedy", "none of these", "1", "I don't care", "2 and 3", "seen 1", "why", "undo", "not 2", "hmm, let me think",
    "something older", "with somebody nobody knows \u2028 \x85 \"quoted\" \\ {}", "x" * 20_000, "start over",
)  # fmt: skip
"""What is typed, over and over: short, long, and with characters that other readers take for the end of a line."""

PATIENCE_S = 120.0
"""How long to wait for a process to open its file."""


@dataclass(frozen=True)
class KillFigures:
    """What was found after the kills."""

    data: str
    kills: int
    dialogues: int
    """Files that were written; after some kills the same one is gone on with, after others a new one begun."""
    acknowledged: int
    """Turns that had been acknowledged before the kills."""
    kept: int
    """Turns that were read afterwards; one more a kill may be there that nobody was told of."""
    lost: int
    """Turns that had been acknowledged and are not there, or are there with another message."""
    twice: int
    """Turns that are there more than once, or whose number is not the next."""
    torn: int
    """Kills that left a torn last line behind."""
    unreadable: int
    """Kills after which the file could not be read."""
    seconds: float

    @property
    def nothing_lost(self) -> bool:
        """Whether every acknowledged turn is there, and none twice."""
        return not (self.lost or self.twice or self.unreadable)


def measure_kills(table: "TalkTable", kills: int, seed: int, folder: Path, tear: bool = True) -> KillFigures:
    """Let a process keep dialogues, and kill it with SIGKILL at random.

    Each is forked from this one, in which everything is loaded: it is up at once.

    :param folder: where the dialogues are kept; empty.
    :param tear: whether half a line is appended after some of the kills, as a machine that loses power may leave it.
    """
    from dialogs.transcripts import read_transcript, transcripts_in
    from graph.errors import DataError

    for made_once in ("understander", "speaker", "policy_hash"):
        getattr(table, made_once)
    rng, began = random.Random(seed), perf_counter()
    acknowledged: dict[Path, list[str]] = {}
    path, torn, unreadable, n_acknowledged = folder / "0.jsonl", 0, 0, 0
    for number in track(range(kills), "killing", console=notices, transient=True):
        told = acknowledged.setdefault(path, [])
        acks = _one_life(table, path, seed + number, rng.random() * LONGEST_LIFE_S, len(told))
        told += acks
        n_acknowledged += len(acks)
        if tear and rng.random() < 0.3:
            with path.open("ab") as torn_file:
                torn_file.write(b'{"line":"turn","number":' + str(len(told)).encode()[: rng.randrange(3)])
        try:
            transcript = read_transcript(path)
            torn += transcript.torn
            # What was kept and not acknowledged is there for good, and the next process goes on behind it.
            told += [_mark(turn.message) for turn in transcript.turns[len(told) :]][:1]
        except DataError as error:
            unreadable += 1
            notices.print(str(error), markup=False)
        if rng.random() < 0.2:
            path = folder / f"{number + 1}.jsonl"
    lost = twice = kept = 0
    for file in transcripts_in(folder):
        turns = read_transcript(file).turns
        kept += len(turns)
        wanted = acknowledged[file]
        lost += sum(place >= len(turns) or _mark(turns[place].message) != said for place, said in enumerate(wanted))
        twice += max(0, len(turns) - len(wanted)) + sum(turn.number != place for place, turn in enumerate(turns))
    return KillFigures(
        table.dataset.name, kills, len(acknowledged), n_acknowledged, kept, lost, twice, torn, unreadable,
        perf_counter() - began,
    )  # fmt: skip


def _one_life(table: "TalkTable", path: Path, seed: int, seconds: float, begun: int) -> list[str]:
    """Messages of the turns that a process acknowledged before it was killed."""
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_talk, args=(table, path, seed, theirs, begun), daemon=True)
    child.start()
    theirs.close()
    told: list[str] = []
    assert child.pid is not None
    try:
        if not ours.poll(PATIENCE_S):
            raise TimeoutError(f"no process was up within {PATIENCE_S:.0f} seconds")
        ours.recv()
        sleep(seconds)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    while True:
        try:
            told.append(ours.recv())
        except (EOFError, OSError):  # killed while it told of one: then nobody was told
            return told


def _mark(message: str) -> str:
    """By what a message is told from the others: they end with their number."""
    return message[-40:]


def _talk(table: "TalkTable", path: Path, seed: int, told: Connection, begun: int) -> None:
    """Keep one turn after the other, and tell of each when it is on the disk."""
    from dialogs.transcripts import Recorder

    recorder = Recorder(path, None if path.exists() else table.header(seed))
    session = table.session(seed)
    told.send("up")
    reply = session.open()
    for number in range(begun, 10**9):
        recorder.turn(reply)
        told.send(_mark(reply.message))
        if session.over:
            session = table.session(seed + number)
            session.open()
        reply = session.hear(f"{MESSAGES[number % len(MESSAGES)]} {number}")


@click.command(epilog=examples("convrec bench kills", "convrec bench kills --data lastfm --kills 20"))
@click.option("--data", default="movies", show_default=True, help="Data set that is talked about.")
@click.option("--kills", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How often.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other moments.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def kills(data: str, kills: int, seed: int, json_path: Path | None) -> None:
    """Kill a process that keeps dialogues at random moments, and look whether every acknowledged turn is there once.

    The process tells of a turn when it is on the disk, as convrec chat shows an answer then. After a kill the next one
    goes on with the same file or begins another; some files are torn by hand besides. It ends with exit code 1 when a
    turn is missing, is there twice, or a file cannot be read.
    """
    from convrec.talk import Table as TalkTable
    from convrec.talk import TalkOptions

    check_output(json_path, "--json")
    table = TalkTable(TalkOptions(data=data, policy="bayes", affinity="popularity"), paraphrases=False)
    with tempfile.TemporaryDirectory(prefix="convrec-kills-") as folder:
        found = measure_kills(table, kills, seed, Path(folder))
    console.print(_table(found))
    if json_path is not None:
        write_figures(json_path, [found])
    if not found.nothing_lost:
        raise Exit(1)


def _table(found: KillFigures) -> Table:
    title = f"{found.kills:,} kills of a process that keeps dialogues"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, collapse_padding=True)
    headings = ("dialogues", "acknowledged", "kept", "lost", "twice", "torn", "unreadable", "seconds")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(*(f"{getattr(found, heading):,.0f}" for heading in headings))
    return table
