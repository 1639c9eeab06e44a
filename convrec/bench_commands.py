"""``convrec bench``: measure speed, with a yardstick of the same run beside every figure."""

import resource
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from cProfile import Profile
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from pstats import Stats
from time import perf_counter
from typing import Any

import rich_click as click
from click.exceptions import Exit
from rich import box
from rich.table import Table

from convrec.acceptance import EVALUATIONS, draw_page
from convrec.affinity_page import PICTURE, draw_calibration
from convrec.bench_added_items import added_items
from convrec.bench_affinity import affinity
from convrec.bench_agent import agent
from convrec.bench_chat import chat
from convrec.bench_item_codes import item_codes
from convrec.bench_kills import kills
from convrec.bench_language import language
from convrec.bench_personas import personas
from convrec.bench_policy import policy
from convrec.bench_serving import serving
from convrec.bench_simulator import simulator
from convrec.bench_understanding import understanding
from convrec.cli import examples
from convrec.evaluation_report import draw
from convrec.policy_page import draw_policy_pictures
from convrec.recorded import read_result
from convrec.run_options import check_output, console, notices
from convrec.yardstick import YELP_SHAPE, calibrations_per_second, write_figures
from graph.errors import OptionError
from graph.whole_file import written_whole

GOALS = {"lastfm": 5000, YELP_SHAPE: 800}
"""Turns a second to reach on one quiet core."""

MEMORY_GOAL_MB = 2000


@dataclass(frozen=True)
class SpeedFigures:
    """What one data set gave."""

    data: str
    affinity: str
    dialogues: int
    turns: int
    seconds: float
    turns_per_second: float
    calibrations_per_second: float
    turns_per_calibration: float
    """Turns in the time of one softmax of 256 x 7,432: comparable between machines."""
    peak_memory_mb: float
    hottest: list[tuple[str, float]]
    """Share of the time spent in each function itself, largest first."""


@click.group(epilog=examples("convrec bench speed", "convrec bench tables", "convrec bench page"))
def bench() -> None:
    """Measure speed, record the acceptance tables, draw their page."""


bench.add_command(affinity)
bench.add_command(simulator)
bench.add_command(policy)
bench.add_command(personas)
bench.add_command(agent)
bench.add_command(chat)
bench.add_command(language)
bench.add_command(understanding)
bench.add_command(kills)
bench.add_command(serving)
bench.add_command(added_items)
bench.add_command(item_codes)


@bench.command(
    epilog=examples(
        "convrec bench speed",
        "convrec bench speed --data lastfm --dialogues 8000 --json speed.json",
    )
)
@click.option("--data", multiple=True, metavar="NAME", default=("lastfm", "lastfm_star", "movies", YELP_SHAPE),
              show_default=True, help="Data set, as often as wanted.")  # fmt: skip
@click.option("--affinity", default="content", show_default=True, help="What is known before the first word.")
@click.option("--dialogues", type=click.IntRange(256, 1_000_000), default=2048, show_default=True,
              help="Dialogues held on each data set.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def speed(data: tuple[str, ...], affinity: str, dialogues: int, json_path: Path | None) -> None:
    """Turns a second of the whole loop with the bayes policy, in one process on one core.

    Beside it stands how often a fixed calculation (softmax of 256 x 7,432) runs in a second, in the same run, and where
    the time went.
    """
    check_output(json_path, "--json")
    found = []
    for name in data:
        with notices.status(f"timing {name}"), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            found.append(fresh.submit(measure_speed, name, affinity, dialogues).result())
    console.print(_speed_table(found))
    for figures in found:
        console.print(_profile_table(figures))
    if json_path is not None:
        write_figures(json_path, found)


@bench.command(epilog=examples("convrec bench tables", "convrec bench tables --only lastfm-binary --again"))
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), default=Path("results"), show_default=True,
              metavar="FOLDER", help="Where the tables are kept.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Record this table, as often as wanted; all if none.")
@click.option("--again", is_flag=True, help="Record tables anew that are there already.")
def tables(results: Path, only: tuple[str, ...], again: bool) -> None:
    """Record every acceptance table; those that are there already are left alone, so it can go on where it stopped."""
    known = {evaluation.name: evaluation for evaluation in EVALUATIONS}
    for name in only:
        if name not in known:
            raise OptionError(f"--only {name}: no such table; choose from {', '.join(known)}")
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"--results {results}: cannot be made a folder ({error.strerror}); name another") from error
    for name, evaluation in known.items():
        path = results / f"{name}.json"
        if (only and name not in only) or (path.exists() and not again):
            continue
        arguments = [*evaluation.arguments.split(), "--json", str(path)]
        console.rule(f"convrec evaluate {evaluation.arguments}", align="left")
        # A process for each table: memory of one data set does not weigh on the next.
        done = subprocess.run([sys.executable, "-m", "convrec", "evaluate", *arguments], check=False)
        if done.returncode:
            raise Exit(done.returncode)  # the command has said why


@bench.command(epilog=examples("convrec bench page", "convrec bench page --results results --out docs/results.md"))
@click.option("--results", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path("results"),
              show_default=True, metavar="FOLDER", help="Where the tables are kept.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/results.md"), show_default=True,
              metavar="FILE", help="Page to write.")  # fmt: skip
def page(results: Path, out: Path) -> None:
    """Draw the page of results from the recorded tables, and beside it the pictures of some of them."""
    check_output(out, "--out")
    for evaluation in EVALUATIONS:
        recorded = results / f"{evaluation.name}.json"
        if evaluation.picture and recorded.exists():
            metric = evaluation.metrics[0] if evaluation.metrics else "sr@15"
            draw(read_result(recorded)["results"], metric, evaluation.heading, out.with_name(evaluation.picture))
    draw_calibration(results, out.with_name(PICTURE))
    draw_policy_pictures(results, out.parent)
    with written_whole(out) as unfinished:
        unfinished.write_text(draw_page(results), encoding="utf-8")


def measure_speed(name: str, affinity_name: str, dialogues: int) -> SpeedFigures:
    """Time the whole loop; meant for a process of its own, so that peak memory is that of this data set."""
    from convrec.run_options import RunOptions, load_dataset, make_setting
    from graph import affinity
    from policy.bayes import BayesPolicy
    from simulator.runs import draw_targets, run_dialogues

    dataset = load_dataset(name)
    options = RunOptions(name, affinity_name, "classic", "binary", 15, "keep")
    setting = make_setting(options, dataset, affinity.fit(affinity_name, dataset))
    policy = BayesPolicy()
    run_dialogues(setting, policy, draw_targets(dataset, 256, seed=1), seed=1)  # compiles the kernels
    targets = draw_targets(dataset, dialogues, seed=0)
    before = calibrations_per_second()
    began = perf_counter()
    turns = int(run_dialogues(setting, policy, targets, seed=0).history.turns.sum())
    seconds = perf_counter() - began
    yardstick = (before + calibrations_per_second()) / 2
    profile = Profile()
    profile.runcall(run_dialogues, setting, policy, draw_targets(dataset, min(dialogues, 1024), 0), 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * (1024 if sys.platform == "darwin" else 1))
    return SpeedFigures(
        name, affinity_name, len(targets), turns, seconds, turns / seconds, yardstick, turns / seconds / yardstick,
        peak, hottest_functions(profile),
    )  # fmt: skip


def hottest_functions(profile: Profile, count: int = 8) -> list[tuple[str, float]]:
    """Functions by the share of time spent in themselves."""
    stats: Any = Stats(profile)
    rows = sorted(((spent, key) for key, (_, _, spent, _, _) in stats.stats.items()), reverse=True)[:count]
    return [(f"{Path(file).stem}.{name}", spent / stats.total_tt) for spent, (file, _, name) in rows]


def _speed_table(found: Sequence[SpeedFigures]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Whole loop with bayes, one process", title_justify="left", pad_edge=False)
    for heading in ("data", "turns/s", "goal", "per calibration", "peak MB", "goal"):
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for each in found:
        goal = GOALS.get(each.data)
        table.add_row(
            each.data.replace(",", ", "), f"[bold]{each.turns_per_second:,.0f}[/]", f"≥ {goal:,}" if goal else "",
            f"{each.turns_per_calibration:.1f}", f"{each.peak_memory_mb:,.0f}", f"< {MEMORY_GOAL_MB:,}",
        )  # fmt: skip
    return table


def _profile_table(figures: SpeedFigures) -> Table:
    title = f"Where the time went on {figures.data}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("function")
    table.add_column("% of time", justify="right")
    for name, share in figures.hottest:
        table.add_row(name, f"{100 * share:.1f}")
    return table
