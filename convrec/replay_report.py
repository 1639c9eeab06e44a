"""What came of replaying kept dialogues: to read, and to read in by machine."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from convrec.provenance import command_line, commit
from convrec.run_options import console
from dialogs.replay import Replay
from graph.printable import printable
from graph.whole_file import written_whole

DIFFERS = 1
"""Exit code where something is not as it was recorded."""

SCHEMA_VERSION = 1

TITLES = MappingProxyType({
    "heard": "understood", "did": "agent did", "said": "agent said", "thought": "went by",
})  # fmt: skip
"""What is compared, in words."""


@dataclass
class Replays:
    """Dialogues that were replayed together."""

    heard: bool
    """Whether what was understood was taken as it had been recorded."""
    done: list[Replay] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Name of each dialogue that could not be replayed, and why."""
    seconds: float = 0.0
    """What replaying them took, without loading what they were held with."""

    @property
    def different(self) -> list[Replay]:
        """Dialogues of which something is not as it was recorded."""
        return [replay for replay in self.done if replay.differences]


SHOWN = 5
"""Dialogues that differ of which the differences are printed, unless all are asked for."""


def print_replays(replays: Replays, full: bool) -> None:
    """What has changed since, what could not be replayed, what differs, and how many.

    :param full: True for every difference of every dialogue, False for those of the first turn of a few.
    """
    for change, count in Counter(change for replay in replays.done for change in replay.changes).items():
        _print(f"{printable(change)} ({_dialogues(count)})", "yellow")
    for _, why in replays.refused:
        _print(f"not replayed: {printable(why)}", "red")
    different = replays.different
    for replay in different if full else different[:SHOWN]:
        _print_differences(replay, full)
    if len(different) > SHOWN and not full:
        _print(f"and {len(different) - SHOWN:,} more that differ; all of it: --full, or --json FILE", "dim")
    turns = sum(replay.turns for replay in replays.done)
    what = f"{len(different):,} differ" if different else "nothing differs"
    done = f"{_dialogues(len(replays.done))}, {turns:,} turns, {replays.seconds:.1f} s"
    left = f"; {len(replays.refused):,} could not be replayed" if replays.refused else ""
    _print(f"{done}: {what}{left}", "red" if different or replays.refused else "green")


def _dialogues(count: int) -> str:
    return f"{count:,} dialogue{'s'[: count != 1]}"


def _print(line: str, style: str) -> None:
    console.print(Text(line, style=style), soft_wrap=True)


def _print_differences(replay: Replay, full: bool) -> None:
    turns = [(turn, list(group)) for turn, group in groupby(replay.differences, key=lambda each: each.turn)]
    _print(f"{printable(replay.transcript.name)} differs from turn {turns[0][0]} on", "bold")
    grid = Grid.grid(padding=(0, 2))
    for style in ("bold", "dim", "dim"):
        grid.add_column(style=style, no_wrap=True)
    grid.add_column(overflow="fold")
    for turn, differences in turns if full else turns[:1]:
        for place, each in enumerate(differences):
            grid.add_row("" if place else f"turn {turn}", TITLES[each.aspect], "then", Text(each.recorded))
            grid.add_row("", "", "now", Text(each.now, style="cyan"))
    console.print(Padding(grid, (0, 0, 0, 2)))
    if len(turns) > 1 and not full:
        later = ", ".join(str(turn) for turn, _ in turns[1:])
        console.print(Padding(Text(f"and at turn{'s'[: len(turns) > 2]} {later}", style="dim"), (0, 0, 0, 2)))
    missing = len(replay.transcript.turns) - replay.turns
    if missing:
        line = f"it ends at turn {replay.turns - 1} now; {missing} more had been recorded"
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))


def write_replays(replays: Replays, path: Path) -> None:
    """All of it as JSON."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "command": command_line(),
        "commit": commit(),
        "heard": replays.heard,
        "replayed": len(replays.done),
        "turns": sum(replay.turns for replay in replays.done),
        "different": len(replays.different),
        "seconds": round(replays.seconds, 3),
        "refused": [{"name": name, "why": why} for name, why in replays.refused],
        "dialogues": [
            {
                "name": replay.transcript.name,
                "recorded_turns": len(replay.transcript.turns),
                "turns": replay.turns,
                "changes": list(replay.changes),
                "differences": [asdict(difference) for difference in replay.differences],
            }
            for replay in replays.done
        ],
    }
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
