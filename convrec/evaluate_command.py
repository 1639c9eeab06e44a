"""``convrec evaluate``: compare policies over simulated dialogues."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import rich_click as click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from convrec import provenance
from convrec.cli import examples
from convrec.plots import SUFFIXES, plot_success_over_turns
from convrec.run_options import (
    RunOptions,
    check_output,
    console,
    fit_affinity,
    load_dataset,
    make_setting,
    notices,
    run_options,
)
from convrec.tables import comparisons_table, results_table
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from graph.whole_file import written_whole
from policy import registry
from policy.tuned_rules import Conditions
from simulator.evaluation import ANONYMOUS_SUFFIX, Run, compare, evaluate_policy, random_floor
from simulator.protocol import Policy
from simulator.records import dialogue_records
from simulator.runs import Setting
from simulator.statistics import Comparison

SCHEMA_VERSION = 1


@click.command(
    epilog=examples(
        "convrec evaluate",
        "convrec evaluate --data lastfm --affinity content --turns 14 --dialogues 4000 --seeds 2",
        "convrec evaluate --policy bayes --policy max-entropy --questions facet --json facet.json --plot facet.png",
    )
)
@run_options
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME",
    help=f"Policy to evaluate, as often as wanted; all of them if none is named: {', '.join(registry.names())}.",
)  # fmt: skip
@click.option("--checkpoint", "checkpoints", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Take a policy's numbers from here, a row for each file; see: convrec train.")  # fmt: skip
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Which pairs the dialogues are about.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(1, 1_000_000), default=2000, show_default=True,
              help="Dialogues for each seed.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="How many dialogue seeds, counted from 0.")  # fmt: skip
@click.option("--anonymous/--no-anonymous", default=True, show_default=True,
              help="Add a row for people without history, who every chat begins with.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
@click.option("--dialogues-out", type=click.Path(path_type=Path), metavar="FILE",
              help="Write every dialogue here, one JSON line each.")  # fmt: skip
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw SR over turns here (.png, .svg).")
def evaluate(
    options: RunOptions,
    policies: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    split: str,
    dialogues: int,
    seeds: int,
    anonymous: bool,
    json_path: Path | None,
    dialogues_out: Path | None,
    plot: Path | None,
) -> None:
    """Compare policies over simulated dialogues.

    Every policy meets the same users with the same luck, so differences are paired. Figures: the share of dialogues
    that found the item by turn 5, 10 and 15 (SR), average turns (AT, a failure counts 15) and hDCG, each with its 95 %
    interval.
    """
    outputs = [(json_path, "--json"), (dialogues_out, "--dialogues-out"), (plot, "--plot")]
    for path, option in outputs:
        check_output(path, option)
    named = [path.resolve() for path, _ in outputs if path is not None]
    if len(set(named)) < len(named):
        raise OptionError("two of --json, --dialogues-out and --plot name the same file; give each its own")
    if plot is not None and plot.suffix not in SUFFIXES:
        raise OptionError(f"--plot {plot}: cannot draw {plot.suffix or 'that'}; end the name in {', '.join(SUFFIXES)}")
    options.check_names()
    chosen = make_policies(options, policies, checkpoints)
    began = perf_counter()
    dataset = load_dataset(options.data)
    affinity = fit_affinity(options.affinity, dataset)
    settings = [make_setting(options, dataset, affinity)]
    if anonymous and not dataset.anonymous:
        settings.append(make_setting(options, dataset, affinity, anonymous=True))
    runs = hold_dialogues(chosen, settings, options.users, Split.named(split), dialogues, range(seeds))
    comparisons = compare(runs)
    rows = [run.summary() for run in runs]
    show(rows, comparisons, dataset, settings[0])
    title = f"{dataset.name}, {options.questions} questions, {split}"
    if plot is not None:
        plot_success_over_turns(rows, title, plot)
    if dialogues_out is not None:
        write_dialogues(runs, dialogues_out)
    if json_path is not None:
        content = {
            "schema_version": SCHEMA_VERSION,
            "command": provenance.command_line(),
            "commit": provenance.commit(),
            "data": {"name": dataset.name, "fingerprint": dataset.fingerprint},
            "device": provenance.device(),
            "seconds": perf_counter() - began,
            "seeds": list(range(seeds)),
            "random_floor": random_floor(settings[0]),
            "results": rows,
            "comparisons": [vars(comparison) for comparison in comparisons],
        }
        with written_whole(json_path) as unfinished:
            unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make_policies(
    options: RunOptions, names: Sequence[str], checkpoints: Sequence[Path]
) -> list[tuple[Policy, Path | None]]:
    """The policies to evaluate, each with the file its numbers come from."""
    conditions = Conditions(
        options.data, options.affinity, options.questions, options.turns, options.known, options.users
    )
    made: list[tuple[Policy, Path | None]] = []
    for name in dict.fromkeys(names or registry.names()):
        made.append((registry.make(name, conditions), None))
        if name in registry.LEARNED:
            made += [(registry.make(name, conditions, path), path) for path in checkpoints]
    if checkpoints and all(path is None for _, path in made):
        raise OptionError(f"--checkpoint: none of these policies reads one; add --policy {sorted(registry.LEARNED)[0]}")
    return made


def hold_dialogues(
    policies: Sequence[tuple[Policy, Path | None]],
    settings: Sequence[Setting],
    users: str,
    split: Split,
    dialogues: int,
    seeds: Sequence[int],
) -> list[Run]:
    """Every policy in every setting, under a progress bar."""
    runs = []
    with progress_bar() as progress:
        for setting in settings:
            for policy, path in policies:
                task = progress.add_task(policy.name, total=None)
                total = _available(setting, split, dialogues) * len(seeds)
                progress.update(task, total=total)
                advance = partial(progress.advance, task)
                source = str(path) if path else None
                runs.append(evaluate_policy(policy, setting, users, split, dialogues, seeds, advance, source))
                progress.update(task, visible=False)
    return runs


def _available(setting: Setting, split: Split, dialogues: int) -> int:
    if setting.dataset.anonymous:
        return dialogues
    return min(dialogues, len(setting.dataset.interactions.pairs(split)[0]))


def progress_bar() -> Progress:
    """A bar of dialogues on stderr, gone when the work is done."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("dialogues"),
        TimeRemainingColumn(), console=notices, transient=True, disable=not notices.is_terminal,
    )  # fmt: skip


def show(rows: Sequence[dict[str, Any]], comparisons: Sequence[Comparison], dataset: Dataset, setting: Setting) -> None:
    """Print the tables."""
    first = rows[0]
    title = (
        f"{dataset.name} {first['split']}: {first['questions']} questions, {first['turns']} turns, "
        f"{first['affinity']} affinity, {first['users']} users"
        + (", known items dropped" if setting.drop_known else "")
    )
    caption = (
        f"{first['dialogues']:,} dialogues a row, ± half of the 95 % interval. A failure counts "
        f"{first['failure_turns']} turns.\nRandom lists at every other turn would find {random_floor(setting):.1%}."
    )
    console.print(results_table(rows, title, caption), "")
    for hidden in (False, True):
        alike = [
            each
            for each in comparisons
            if each.a.endswith(ANONYMOUS_SUFFIX) == hidden == each.b.endswith(ANONYMOUS_SUFFIX)
        ]
        labels = [label for each in alike for label in (each.a, each.b)]
        if labels:
            reference = "bayes" + ANONYMOUS_SUFFIX * hidden
            console.print(comparisons_table(alike, reference if reference in labels else labels[-1]), "")


def write_dialogues(runs: Sequence[Run], path: Path) -> None:
    """One JSON line a dialogue, policy after policy."""
    with written_whole(path) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
        for run in runs:
            stream.writelines(json.dumps(record) + "\n" for record in dialogue_records(run))
