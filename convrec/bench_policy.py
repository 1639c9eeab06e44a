"""``convrec bench policy``: train agents, parts left out and fakes, and put them beside the rule they began as."""

import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit

from convrec.cli import examples, main
from convrec.policy_page import unit_path
from convrec.policy_units import SEEDS, WHOLE, Test, Unit, units
from convrec.run_options import console
from graph.errors import OptionError
from graph.places import Places
from graph.whole_file import written_whole
from policy.registry import UNIFIED

SCHEMA_VERSION = 1

AGENT = "agent.json"
"""In the folder of an agent that has been trained."""

FIGURES = ("at", "hdcg", "reward", "interruptions", "missed", "quit", "reference_gap")
"""Figures of a row that are kept, beside SR@15."""


@click.command(
    epilog=examples(
        "convrec bench policy --jobs 2", "convrec bench policy --only movies-0 --only no-gnn-0",
        "convrec bench policy --list",
    )
)  # fmt: skip
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), default=Path("results"), show_default=True,
              metavar="FOLDER", help="Where figures are kept.")  # fmt: skip
@click.option("--agents", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Where agents are kept meanwhile; by default in the cache.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Do this one, as often as wanted; all if none.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="How many at a time.")
@click.option("--list", "listed", is_flag=True, help="Tell what there is to do, and what has been done.")
def policy(results: Path, agents: Path | None, only: tuple[str, ...], jobs: int, listed: bool) -> None:
    """Train the agents of the tables, parts left out and fakes, and evaluate each beside the gain rule.

    Hours of work: what is done is kept, and the next call goes on where this one stopped.
    """
    known = {unit.name: unit for unit in units()}
    for name in only:
        if name not in known:
            raise OptionError(f"--only {name}: there is none; see: convrec bench policy --list")
    chosen = [known[name] for name in only] if only else list(known.values())
    if listed:
        for unit in chosen:
            done = "done" if unit_path(results, unit).exists() else "to do"
            console.print(f"{done:6} {unit.name}: convrec train --data {unit.data} {unit.training}", soft_wrap=True)
        return
    folder = Places.from_environment().cache / "bench-agents" if agents is None else agents
    for each in (results, folder):
        try:
            each.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"{each}: cannot be made a folder ({error.strerror}); name another") from error
    to_do = [unit for unit in chosen if not unit_path(results, unit).exists()]
    first = [known[name] for name in dict.fromkeys(unit.beside for unit in to_do if unit.beside)]
    for does, wanted in (_train, first), (_do, to_do):
        with ThreadPoolExecutor(jobs) as pool:
            codes = list(pool.map(partial(does, results=results, agents=folder.resolve()), wanted))
        if any(codes):
            raise Exit(max(codes))


def _train(unit: Unit, results: Path, agents: Path) -> int:
    """Train, unless that has been done; hand out the exit code of what went wrong, else 0."""
    if (agents / unit.name / AGENT).exists():
        return 0
    console.rule(f"{unit.name}: convrec train --data {unit.data} {unit.training}", align="left")
    training = ["train", "--data", unit.data, *unit.training.split(), "--out", unit.name]
    if unit.kind not in SEEDS:  # variants of one agent
        training += ["--practice", "practice"]
    return _run([training], agents)


def _do(unit: Unit, results: Path, agents: Path) -> int:
    """Train and evaluate; hand out the exit code of what went wrong, else 0."""
    if code := _train(unit, results, agents):
        return code
    paths = [agents / f"{unit.name}.{number}.json" for number, _ in enumerate(unit.tests)]
    arguments = ["evaluate", "--policy", "bayes", "--policy", "unified", "--checkpoint", unit.name]
    if unit.beside:
        arguments += ["--checkpoint", unit.beside]
    commands = [
        [*arguments, *test.arguments.split(), "--json", path.name] for test, path in zip(unit.tests, paths, strict=True)
    ]
    try:
        if code := _run(commands, agents):
            return code
        figures = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    tests = {test.name: trimmed(test, each, unit.beside) for test, each in zip(unit.tests, figures, strict=True)}
    trained = json.loads((agents / unit.name / AGENT).read_text(encoding="utf-8"))
    content = {
        "schema_version": SCHEMA_VERSION,
        "command": f"convrec bench policy --only {unit.name}",
        "commit": next(iter(tests.values()))["commit"],
        "train": {name: trained.get(name) for name in ("command", "commit", "seed", "minutes", "doubt")},
        "prudence": trained["network"]["prudence"],
        "tests": tests,
    }
    path = unit_path(results, unit)
    path.parent.mkdir(exist_ok=True)
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def _run(commands: Sequence[Sequence[str]], folder: Path) -> int:
    """Run commands of ours one after the other in a process of their own, up to the first that fails.

    They run in a folder, so that what is recorded names no place on this machine.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        for arguments in commands:
            console.print(f"convrec {' '.join(arguments)}", soft_wrap=True, style="dim")
            if code := process.submit(_command, arguments, folder).result():
                return code
    return 0


def _command(arguments: Sequence[str], folder: Path) -> int:
    os.chdir(folder)
    sys.argv[:] = ["convrec", *arguments]  # what is recorded as the command
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        return main(arguments)


def trimmed(test: Test, content: dict[str, Any], beside: str = "") -> dict[str, Any]:
    """What is kept of an evaluation.

    :param beside: checkpoint of an agent that stands beside the one in question: it is called :data:`WHOLE`.
    """
    of_beside = f"{UNIFIED} ({beside})"
    rows = [
        {
            "policy": WHOLE if beside and row["checkpoint"] == beside else row["policy"],
            **{name: row[name] for name in ("users", "questions", "turns", "dialogues", "ms")},
            "sr": row["sr"]["15"],
            **{name: row[name] for name in FIGURES},
            "ci": {name: row["ci"][name] for name in ("sr@15", *FIGURES)},
        }
        for row in content["results"]
    ]
    kept = {"sr@15", *FIGURES}
    named = [
        {**each, **{side: WHOLE if each[side] == of_beside else each[side] for side in ("a", "b")}}
        for each in content["comparisons"]
        if each["metric"] in kept
    ]
    comparisons = [each for each in named if any(each[side].startswith(UNIFIED) for side in ("a", "b"))]
    return {"arguments": test.arguments, "commit": content["commit"], "results": rows, "comparisons": comparisons}
