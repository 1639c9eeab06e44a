"""``convrec evaluate``: compare policies over simulated dialogues."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import rich_click as click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from convrec.cli import examples
from convrec.evaluation_report import Output, Report
from convrec.run_options import RunOptions, fit_affinity, load_dataset, make_setting, notices, run_options
from convrec.settings import Settings
from convrec.tastes_of_users import looks_at_tastes, tastes_of
from convrec.user_tables import METRICS
from graph import datasets
from graph.errors import OptionError
from graph.interactions import Split
from policy import registry
from policy.tuned_rules import RunConditions
from simulator.evaluation import Run, evaluate_policy
from simulator.protocol import Policy
from simulator.runs import Setting
from simulator.users import user_types

EVERYBODY = "all"
"""Stands for every kind of user, each alone."""


@click.command(
    epilog=examples(
        "convrec evaluate",
        "convrec evaluate --data lastfm --affinity content --turns 14 --dialogues 4000 --seeds 2",
        "convrec evaluate --policy bayes --policy max-entropy --questions facet --json facet.json --plot facet.png",
        "convrec evaluate --users noisy:0 --users noisy:0.1 --users noisy:0.2 --plot noise.png",
        "convrec evaluate --users all --policy bayes --policy patient-bayes --metric reward --plot types.png",
    )
)
@run_options(several_users=True)
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME",
    help=f"Policy to evaluate, as often as wanted: {', '.join(registry.names())}. If none is named: "
    f"{', '.join(registry.DEFAULT)}.",
)  # fmt: skip
@click.option("--checkpoint", "checkpoints", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Take a policy's numbers from here, a row for each file; see: convrec train.")  # fmt: skip
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Which pairs the dialogues are about.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(1, 1_000_000), default=2000, show_default=True,
              help="Dialogues for each seed.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="How many dialogue seeds, counted from 0.")  # fmt: skip
@click.option("--anonymous/--no-anonymous", default=None,
              help="Add a row for people without history, who every chat begins with; by default with one kind of "
              "user.")  # fmt: skip
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", default=("reward", "sr@15", "at"), show_default=True,
    help=f"With several kinds of user: a table of this, as often as wanted: {', '.join(METRICS)}.",
)  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Write the tables here, in Markdown.")
@click.option("--dialogues-out", type=click.Path(path_type=Path), metavar="FILE",
              help="Write every dialogue here, one JSON line each.")  # fmt: skip
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw here (.png, .svg) SR over turns; with several kinds of user the first metric of each, with "
              "one kind at several strengths its curve.")  # fmt: skip
@click.option("--reliability", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw here how often lists were accepted beside how often the agent thought so.")  # fmt: skip
def evaluate(
    options: RunOptions, users: tuple[str, ...], policies: tuple[str, ...], checkpoints: tuple[Path, ...], split: str,
    dialogues: int, seeds: int, anonymous: bool | None, **output: Any
) -> None:  # fmt: skip
    """Compare policies over simulated dialogues.

    Every policy meets the same users with the same luck, so differences are paired. Figures: the share of dialogues
    that found the item by turn 5, 10 and 15 (SR), average turns (AT, a failure counts 15) and hDCG, each with its 95 %
    interval; and what people put up with.
    """
    wanted = Output(**output)
    wanted.check()
    populations = [replace(options, users=name) for name in (user_types() if users == (EVERYBODY,) else users)]
    for each in populations:
        each.check_names()
    chosen = [make_policies(each, policies, checkpoints) for each in populations]
    began = perf_counter()
    dataset = load_dataset(options.data, split)
    affinity = fit_affinity(options.affinity, dataset)
    hidden = len(populations) == 1 if anonymous is None else anonymous
    runs = []
    for each, named in zip(populations, chosen, strict=True):
        settings = [make_setting(each, dataset, affinity)]
        if hidden and not dataset.anonymous:
            settings.append(make_setting(each, dataset, affinity, anonymous=True))
        runs.append(hold_dialogues(named, settings, each.users, dialogues, range(seeds)))
    report = Report(runs, f"{dataset.name}, {options.questions} questions, {split}")
    report.show(wanted.metrics)
    wanted.write(report, perf_counter() - began)


def make_policies(
    options: RunOptions, names: Sequence[str], checkpoints: Sequence[Path]
) -> list[tuple[Policy, Path | None]]:
    """The policies to evaluate, each with the file its numbers come from."""
    conditions = RunConditions(
        options.data, options.affinity, options.questions, options.turns, options.known, options.users,
        datasets.names_before(options.data, Settings().places()),
    )  # fmt: skip
    made: list[tuple[Policy, Path | None]] = []
    for name in dict.fromkeys(names or registry.DEFAULT):
        read = [path for path in checkpoints if registry.reads(name, path)]
        # An agent stands in for the one that comes with the package; rules stand beside those that do.
        if name != registry.UNIFIED or not read:
            made.append((registry.make(name, conditions), None))
        made += [(registry.make(name, conditions, path), path) for path in read]
    for path in checkpoints:
        if all(path != read for _, read in made):
            needed = "unified" if registry.reads("unified", path) else "bayes"
            raise OptionError(f"--checkpoint {path}: none of these policies reads it; add --policy {needed}")
    return made


def hold_dialogues(
    policies: Sequence[tuple[Policy, Path | None]],
    settings: Sequence[Setting],
    users: str,
    dialogues: int,
    seeds: Sequence[int],
) -> list[Run]:
    """Every policy in every setting, under a progress bar."""
    runs = []
    if looks_at_tastes([policy for policy, _ in policies]):
        settings = [replace(setting, tastes=tastes_of(setting.dataset)) for setting in settings]
    with progress_bar() as progress:
        for setting in settings:
            for policy, path in policies:
                task = progress.add_task(f"{policy.name}, {users} users", total=None)
                total = _available(setting, dialogues) * len(seeds)
                progress.update(task, total=total)
                advance = partial(progress.advance, task)
                source = str(path) if path else None
                runs.append(evaluate_policy(policy, setting, users, dialogues, seeds, advance, source))
                progress.update(task, visible=False)
    return runs


def _available(setting: Setting, dialogues: int) -> int:
    if setting.dataset.anonymous:
        return dialogues
    return min(dialogues, len(setting.dataset.interactions.pairs(Split.TEST)[0]))


def progress_bar() -> Progress:
    """A bar of dialogues on stderr, gone when the work is done."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("dialogues"),
        TimeRemainingColumn(), console=notices, transient=True, disable=not notices.is_terminal,
    )  # fmt: skip
