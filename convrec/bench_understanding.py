"""``convrec bench understanding``: what speaking costs beside pressing buttons."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rich_click as click
from click.exceptions import Exit
from rich import box
from rich.progress import Progress, track
from rich.table import Table
from threadpoolctl import threadpool_limits

from convrec.cli import examples
from convrec.run_options import (
    RunOptions,
    check_output,
    console,
    fit_affinity,
    load_dataset,
    make_setting,
    notices,
)
from convrec.settings import Settings
from convrec.speech_measures import LISTENERS, SpeechFigures, listeners, measure_speech, success_turns
from convrec.yardstick import calibrations_per_second, write_figures
from graph.errors import OptionError
from policy import registry
from policy.tuned_rules import Conditions
from simulator.runs import draw_targets

if TYPE_CHECKING:
    from convrec.fuzzing import FuzzFigures

LEAST_RATIO = 0.90
"""Part of the success with buttons that has to be left with speech."""

GOAL_MS = 200.0
"""Milliseconds that 99 of 100 messages may take at most."""

AFFINITY, TURNS = "hybrid", 15


@click.command(
    epilog=examples(
        "convrec bench understanding", "convrec bench understanding --questions multi --listener shipped --show 20"
    )
)
@click.option("--data", default="movies", show_default=True, help="Data set that people look for something in.")
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Whose items are looked for; valid is for trying things out.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(0, 1_000_000), default=1000, show_default=True,
              help="Dialogues of each row, held twice; 0 for none.")  # fmt: skip
@click.option("--questions", multiple=True, type=click.Choice(["binary", "facet", "multi"]),
              default=("binary", "facet", "multi"), show_default=True, help="As often as wanted.")  # fmt: skip
@click.option("--policy", multiple=True, type=click.Choice(registry.names()), default=("bayes", "unified"),
              show_default=True, help="As often as wanted.")  # fmt: skip
@click.option("--users", multiple=True, default=("classic", "mixture"), show_default=True, metavar="KIND",
              help="Kind of simulated user, as often as wanted.")  # fmt: skip
@click.option("--listener", multiple=True, type=click.Choice(LISTENERS), default=LISTENERS, show_default=True,
              help="Who understands, as often as wanted.")  # fmt: skip
@click.option("--fuzz", "fuzzed", type=click.IntRange(0, 10_000_000), default=20_000, show_default=True, metavar="N",
              help="Messages that nobody should send, in conversations as chat holds them; 0 for none.")  # fmt: skip
@click.option("--fuzz-data", default="movies-all", show_default=True, help="Data set of those conversations.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other people.")
@click.option("--show", type=click.IntRange(0, 60), default=0, show_default=True,
              help="Messages to print that were not understood as meant, of each row.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def understanding(
    data: str, split: str, dialogues: int, questions: tuple[str, ...], policy: tuple[str, ...], users: tuple[str, ...],
    listener: tuple[str, ...], fuzzed: int, fuzz_data: str, seed: int, show: int, json_path: Path | None,
) -> None:  # fmt: skip
    """Let simulated users say what they would press, and compare what is found with and without the words.

    They use synonyms that stand nowhere in the understander, and mistype one longer word in ten. Beside the
    understander that is shipped stand the same one without likeness of meaning (MiniLM), one that matches words letter
    by letter, one that hears the message before instead of this one, and one that is deaf.

    Then a conversation is sent what nobody should send: noise, other scripts, code, 200,000 letters. It ends with exit
    code 1 when anything crashes, or is said that the verifier has not passed.
    """
    check_output(json_path, "--json")
    if not dialogues and not fuzzed:
        raise OptionError("--dialogues 0 --fuzz 0: there is nothing left to measure; leave one of them out")
    rows = list(product(users, questions, policy))
    for kind, mode, _ in rows:
        RunOptions(data, AFFINITY, kind, mode, TURNS, "keep").check_names()
    with threadpool_limits(1):
        before = calibrations_per_second()
        found = _measure(data, split, dialogues, rows, listener, seed) if dialogues else []
        noise = _fuzz(fuzz_data, fuzzed, seed) if fuzzed else None
        yardstick = (before + calibrations_per_second()) / 2
    for kind in users if found else ():
        console.print(_success_table(kind, [each for each in found if each.users == kind]))
    if found:
        console.print(_messages_table(found))
    if noise is not None:
        console.print(_fuzz_table(noise))
    for each in found:
        for message in each.mistaken[:show]:
            console.print(f"  {each.listener}, {each.questions}: {message}", markup=False)
    if json_path is not None:
        fuzz = None if noise is None else asdict(noise)
        write_figures(json_path, found, calibrations_per_second=yardstick, fuzz=fuzz)
    if noise is not None and (noise.crashes or noise.strange_replies):
        raise Exit(1)


def _fuzz(data: str, count: int, seed: int) -> "FuzzFigures":
    from convrec.fuzzing import fuzz
    from convrec.talk import Table as TalkTable
    from convrec.talk import TalkOptions

    table = TalkTable(TalkOptions(data=data))
    with Progress(console=notices, transient=True, disable=not notices.is_terminal) as progress:
        task = progress.add_task("fuzzing", total=count)
        return fuzz(table, count, seed, lambda: progress.advance(task))


def _measure(
    data: str, split: str, dialogues: int, rows: Sequence[tuple[str, str, str]], names: Sequence[str], seed: int
) -> list[SpeechFigures]:
    dataset = load_dataset(data, split)
    affinity, targets = fit_affinity(AFFINITY, dataset), draw_targets(dataset, dialogues, seed)
    made = listeners(dataset.catalogue, names, Settings().places().cache)
    found = []
    for kind, mode, name in track(rows, "talking", console=notices, transient=True):
        setting = make_setting(RunOptions(data, AFFINITY, kind, mode, TURNS, "keep"), dataset, affinity)
        policy = registry.make(name, Conditions(data, AFFINITY, mode, TURNS))
        buttons = success_turns(setting, policy, targets, seed)
        found += [
            measure_speech(setting, policy, targets, buttons, listener, (data, mode, name, kind), seed)
            for listener in made.items()
        ]
    return found


def _success_table(kind: str, found: Sequence[SpeechFigures]) -> Table:
    title = f"{kind} users: SR@15 and average turns, with buttons and with speech"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, collapse_padding=True)
    for heading in ("asked", "policy", "heard by", "buttons", "speech", "ratio, 95 %", "AT", "AT"):
        words = heading in ("asked", "policy", "heard by")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    before = None
    for each in found:
        row = each.questions, each.policy
        ratio = f"{each.ratio:.2f} [{each.ratio_ci[0]:.2f}, {each.ratio_ci[1]:.2f}]"
        met = each.ratio >= LEAST_RATIO
        table.add_row(
            *(row if row != before else ("", "")), each.listener, f"{each.buttons_sr:.3f}", f"{each.speech_sr:.3f}",
            f"[bold]{ratio}[/]" if met else ratio, f"{each.buttons_at:.1f}", f"{each.speech_at:.1f}",
        )  # fmt: skip
        before = row
    return table


def _fuzz_table(found: "FuzzFigures") -> Table:
    title = (
        f"{found.messages:,} messages that nobody should send, on {found.data}: {found.crashes} crashes, "
        f"{found.strange_replies} strange replies"
    )
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, collapse_padding=True)
    for heading in ("kind", "messages", "ms, p99", "slowest", "p99 of CPU"):
        table.add_column(heading, justify="left" if heading == "kind" else "right", no_wrap=True)
    for kind, (count, p99, slowest) in found.kinds.items():
        table.add_row(kind, f"{count:,}", f"{p99:.0f}", f"{slowest:.0f}", "")
    met = f"[bold]{found.p99_ms:.0f}[/]" if found.p99_ms <= GOAL_MS else f"{found.p99_ms:.0f}"
    table.add_row(f"all (goal {GOAL_MS:.0f} ms)", f"{found.messages:,}", met, f"{found.slowest_ms:.0f}",
        f"{found.cpu_p99_ms:.0f}",
    )  # fmt: skip
    return table


def _messages_table(found: Sequence[SpeechFigures]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, title="Messages of all rows", title_justify="left", pad_edge=False, collapse_padding=True
    )
    for heading in ("heard by", "messages", "as meant", "unclear", "else", "ms, p50", "p99", "≥ 0.90"):
        table.add_column(heading, justify="left" if heading == "heard by" else "right", no_wrap=True)
    for name in dict.fromkeys(each.listener for each in found):
        own = [each for each in found if each.listener == name]
        weights = [each.messages for each in own]
        shares = (
            np.average([getattr(each, share) for each in own], weights=weights)
            for share in ("as_meant", "not_understood", "something_else")
        )
        enough = sum(each.ratio >= LEAST_RATIO for each in own)
        table.add_row(
            name, f"{sum(weights):,}", *(f"{share:.1%}" for share in shares),
            f"{np.average([each.median_ms for each in own], weights=weights):.2f}",
            f"{max(each.p99_ms for each in own):.1f}", f"{enough} of {len(own)}",
        )  # fmt: skip
    return table
