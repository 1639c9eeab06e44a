"""``convrec bench chat``: a scripted person sits at a real terminal and talks with ``convrec chat``."""

import os
import pty
import random
import re
import select
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Literal

import numpy as np
import rich_click as click
from rich import box
from rich.progress import track
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, load_dataset, notices
from convrec.yardstick import write_figures
from dialogs.speaking import mistyped
from dialogs.transcripts import Transcript, read_transcript, transcripts_in
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from graph.printable import printable
from simulator.runs import draw_targets

PROMPT = "› "
PATIENCE_S = 120.0
"""How long the person waits for the agent to say something."""

MOST_MESSAGES = 60

Style = Literal["words", "buttons", "mixed"]
STYLES: tuple[Style, ...] = ("words", "buttons", "mixed")

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OPTION = re.compile(r"\[(\d+)\] (.+?)(?=\s{2,}\[|\s*$)")


@dataclass(frozen=True)
class Outcome:
    """How one dialogue went."""

    style: Style
    wanted: str
    ended: str
    """Why it ended: found, turns, left, nothing-left, or "broken off"."""
    found: str
    turns: int
    messages: tuple[str, ...]
    seconds: float


class Person:
    """Looks for one item, reads the screen and types.

    :param style: "buttons" types numbers and the words on buttons, "words" writes, "mixed" does both.
    """

    def __init__(self, catalogue: Catalogue, item: int, style: Style, seed: int) -> None:
        self._catalogue, self.item, self._style = catalogue, item, style
        self._rng = random.Random(seed)
        self._names = {catalogue.attribute_names[each] for each in catalogue.attributes_of(item)}
        self.title = printable(catalogue.describe_item(item))
        self._plans = ["why", "undo", "seen", "think"] if style != "buttons" else ["why", "undo"]
        self._rng.shuffle(self._plans)

    def opening(self) -> str:
        """The first wish."""
        own = self._catalogue.attributes_of(self.item)
        wish = self._catalogue.attribute_names[int(self._rng.choice(own.tolist()))] if len(own) else "anything"
        return (
            wish if self._style == "buttons" else self._rng.choice(["I am looking for: {}", "{} please"]).format(wish)
        )

    def answer(self, screen: str) -> str:
        """What is typed next, having read what has been written since."""
        options = _options(screen)
        plan = self._plans[0] if self._plans and self._rng.random() < 0.3 else None
        if "[yes]" in screen:
            asked = next((name for name in self._names if name.casefold() in screen.casefold()), None)
            return "yes" if asked else "no"
        if any(name == "none of these" for _, name in options):
            if plan in ("why", "undo"):
                return self._plans.pop(0)
            return self._pick(options)
        if options:
            here = [number for number, name in options if name.startswith(self.title)]
            if here:
                by_number = self._style == "buttons" or (self._style == "mixed" and self._rng.random() < 0.5)
                return str(here[0]) if by_number else f"{self._catalogue.titles[self.item]}, please"
            if plan in ("seen", "think", "why"):
                self._plans.pop(0)
                return {"seen": "seen 1", "think": "let me think", "why": "why"}[str(plan)]
            return "none of these"
        return self.opening()

    def _pick(self, options: Sequence[tuple[int, str]]) -> str:
        fitting = [(number, name) for number, name in options if name in self._names]
        if not fitting:
            return str(options[-1][0]) if self._style == "buttons" else "none of these"
        if self._style == "buttons" or (self._style == "mixed" and self._rng.random() < 0.5):
            return " and ".join(str(number) for number, _ in fitting)
        words = " and ".join(name for _, name in fitting)
        return " ".join(mistyped(word, self._rng) if self._rng.random() < 0.05 else word for word in words.split())


def _options(screen: str) -> list[tuple[int, str]]:
    """Numbered things of the last block on the screen that has any."""
    blocks: list[list[tuple[int, str]]] = []
    for line in screen.splitlines():
        found = [(int(number), name.strip()) for number, name in _OPTION.findall(line)]
        if found and (not blocks or found[0][0] == 1):
            blocks.append([])
        if found:
            blocks[-1].extend(found)
    return blocks[-1] if blocks else []


def hold(
    dataset: Dataset, name: str, item: int, style: Style, seed: int, folder: Path, arguments: Sequence[str] = ()
) -> tuple[Outcome, Transcript]:
    """One dialogue through a pseudo-terminal, from the first word to the exit of the program.

    :param arguments: more that follows ``convrec chat``.
    """
    person, began = Person(dataset.catalogue, item, style, seed), perf_counter()
    typed: list[str] = []
    command = [sys.executable, "-m", "convrec", "chat", "--data", name, "--seed", str(seed), "--keep", str(folder)]
    command += arguments
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, {**os.environ, "COLUMNS": "240", "TERM": "xterm", "NO_COLOR": "1"})
    screen, over = "", False
    try:
        while not over and len(typed) < MOST_MESSAGES:
            screen, over = _read(terminal)
            if over or "from 1 to 5?" in screen:
                if not over:
                    os.write(terminal, b"5\n")
                    screen, over = _read(terminal)
                break
            typed.append(person.answer(screen) if typed else person.opening())
            os.write(terminal, typed[-1].encode() + b"\n")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    transcript = read_transcript(list(transcripts_in(folder))[-1])
    ends = [act for turn in transcript.turns for act in turn.says if act.act == "farewell"]
    turns = max((turn.thought.turn for turn in transcript.turns if turn.thought is not None), default=0)
    found = dataset.catalogue.describe_item(transcript.found) if transcript.found is not None else ""
    ended = ends[-1].reason if ends else "broken off"
    return Outcome(style, person.title, ended, found, turns, tuple(typed), perf_counter() - began), transcript


def _read(terminal: int) -> tuple[str, bool]:
    """What is written until somebody has to type, and whether the program has ended."""
    text, ends = "", monotonic() + PATIENCE_S
    while monotonic() < ends:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                return text, True
            if not piece:
                return text, True
            text += _ANSI.sub("", piece.decode("utf-8", "replace"))
        elif text.endswith((PROMPT, "(Enter to skip) ")) or "… listening" in text.splitlines()[-1:]:
            return text, False
    return text, True


@click.command(epilog=examples("convrec bench chat", "convrec bench chat --data movies --dialogues 6"))
@click.option("--data", default="movies-all", show_default=True, help="Data set; see: convrec data list.")
@click.option("--dialogues", type=click.IntRange(1, 1000), default=40, show_default=True, help="How many to hold.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other people.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
@click.option("--show", type=click.IntRange(0), default=1, show_default=True, help="Dialogues to print.")
def chat(data: str, dialogues: int, seed: int, json_path: Path | None, show: int) -> None:
    """Let a scripted person talk with convrec chat through a real pseudo-terminal.

    A third type words, a third press buttons, a third do both; they ask why, take things back, have seen films and ask
    for time. Each dialogue has to end in the item that was looked for, or politely within the turn limit.
    """
    check_output(json_path, "--json")
    dataset = load_dataset(data)
    targets = draw_targets(dataset, dialogues, seed).items
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="convrec-chat-") as kept:
        for number, item in enumerate(track(targets.tolist(), "talking", console=notices, transient=True)):
            folder = Path(kept) / str(number)
            outcome, transcript = hold(dataset, data, item, STYLES[number % len(STYLES)], seed + number, folder)
            outcomes.append(outcome)
            if number < show:
                _print(outcome, transcript)
    _tell(outcomes)
    if json_path is not None:
        write_figures(json_path, outcomes)


def _print(outcome: Outcome, transcript: Transcript) -> None:
    console.rule(f"{outcome.style}: {outcome.wanted}", align="left")
    for turn in transcript.turns:
        if turn.message:
            console.print(f"  you  {turn.message}", markup=False)
        console.print(f" agent  {turn.text or '…'}", markup=False)


def _tell(outcomes: Sequence[Outcome]) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="Talks at a terminal", title_justify="left")
    for heading in ("style", "dialogues", "found", "ended politely", "broken off", "turns", "messages", "seconds"):
        table.add_column(heading, justify="left" if heading == "style" else "right")
    for style in STYLES:
        own = [outcome for outcome in outcomes if outcome.style == style]
        if own:
            table.add_row(
                style, str(len(own)), str(sum(each.ended == "found" for each in own)),
                str(sum(each.ended not in ("found", "broken off") for each in own)),
                str(sum(each.ended == "broken off" for each in own)),
                f"{np.mean([each.turns for each in own]):.1f}", f"{np.mean([len(each.messages) for each in own]):.1f}",
                f"{np.mean([each.seconds for each in own]):.1f}",
            )  # fmt: skip
    console.print(table)
