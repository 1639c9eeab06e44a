"""What an evaluation gives back: tables on the terminal, and files of figures, tables, dialogues and plots."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from convrec import provenance
from convrec.plots import SUFFIXES, plot_success_over_turns
from convrec.run_options import check_output, console
from convrec.tables import comparisons_table, further_table, results_table
from convrec.user_plots import plot_over_noise, plot_reliability, plot_user_types
from convrec.user_tables import METRICS, UserTable, as_markdown, as_rich, results_over_users
from graph.errors import OptionError
from graph.whole_file import written_whole
from simulator.calibration import reliability
from simulator.evaluation import ANONYMOUS_SUFFIX, Run, compare, random_floor
from simulator.records import dialogue_records
from simulator.statistics import Comparison
from simulator.users import parse_users

SCHEMA_VERSION = 1


class Report:
    """The runs of one evaluation, those with one kind of user together.

    :param groups: runs of each kind of user.
    :param title: what they are about.
    """

    def __init__(self, groups: Sequence[Sequence[Run]], title: str) -> None:
        self.groups, self.title = groups, title

    @property
    def runs(self) -> list[Run]:
        """All of them."""
        return [run for group in self.groups for run in group]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each run, ready for JSON."""
        return [run.summary() for run in self.runs]

    @cached_property
    def comparisons(self) -> list[list[Comparison]]:
        """Paired differences within each group."""
        return [compare(group) for group in self.groups]

    @property
    def users(self) -> tuple[str, ...]:
        """Kinds of user, in order."""
        return tuple(group[0].users for group in self.groups)

    def table(self, metric: str) -> UserTable:
        """One metric of every policy with every kind of user."""
        return results_over_users(self.rows, metric)

    def show(self, metrics: Sequence[str] = ("reward", "sr@15", "at")) -> None:
        """Print the tables."""
        if len(self.groups) > 1:
            for metric in metrics:
                for table in as_rich(self.table(metric)):
                    console.print(table, "")
            return
        self._show_one_kind()

    def _show_one_kind(self) -> None:
        (group,), (comparisons,) = self.groups, self.comparisons
        first, setting = self.rows[0], group[0].setting
        title = (
            f"{setting.dataset.name} {first['split']}: {first['questions']} questions, {first['turns']} turns, "
            f"{first['affinity']} affinity, {first['users']} users"
            + (", known items dropped" if setting.drop_known else "")
        )
        caption = (
            f"{first['dialogues']:,} dialogues a row, ± half of the 95 % interval. A failure counts "
            f"{first['failure_turns']} turns.\nRandom lists at every other turn would find {random_floor(setting):.1%}."
        )
        console.print(results_table(self.rows, title, caption), "")
        console.print(further_table(self.rows), "")
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

    def as_json(self, seconds: float) -> dict[str, Any]:
        """Everything but the dialogues."""
        first = self.runs[0]
        return {
            "schema_version": SCHEMA_VERSION,
            "command": provenance.command_line(),
            "commit": provenance.commit(),
            "data": {"name": first.setting.dataset.name, "fingerprint": first.setting.dataset.fingerprint},
            "device": provenance.device(),
            "seconds": seconds,
            "seeds": sorted(set(first.seed_of.tolist())),
            "random_floor": random_floor(first.setting),
            "results": self.rows,
            "comparisons": [
                {"users": users, **vars(comparison)}
                for users, comparisons in zip(self.users, self.comparisons, strict=True)
                for comparison in comparisons
            ],
        }


@dataclass(frozen=True)
class Output:
    """Files to write."""

    metrics: tuple[str, ...]
    json_path: Path | None
    markdown: Path | None
    dialogues_out: Path | None
    plot: Path | None
    reliability: Path | None

    def _files(self) -> list[tuple[str, Path]]:
        named = {
            "--json": self.json_path, "--markdown": self.markdown, "--dialogues-out": self.dialogues_out,
            "--plot": self.plot, "--reliability": self.reliability,
        }  # fmt: skip
        return [(option, path) for option, path in named.items() if path is not None]

    def check(self) -> None:
        """Find out now, not after an hour, what cannot be written.

        :raises OptionError: when a file cannot be, two are the same, or a metric is none.
        """
        files = self._files()
        for option, path in files:
            check_output(path, option)
        resolved = [path.resolve() for _, path in files]
        for place, path in enumerate(resolved):
            if path in resolved[:place]:
                first, second = files[resolved.index(path)][0], files[place][0]
                raise OptionError(f"{first} and {second} name the same file; give each its own")
        for option, picture in (("--plot", self.plot), ("--reliability", self.reliability)):
            if picture is not None and picture.suffix not in SUFFIXES:
                ending = picture.suffix or "that"
                raise OptionError(f"{option} {picture}: cannot draw {ending}; end the name in {', '.join(SUFFIXES)}")
        for metric in self.metrics:
            if metric not in METRICS:
                raise OptionError(f"--metric {metric}: no such figure; choose from {', '.join(METRICS)}")

    def write(self, report: Report, seconds: float) -> None:
        """Write every file that is wanted."""
        if self.plot is not None:
            draw(report.rows, self.metrics[0], report.title, self.plot)
        if self.reliability is not None:
            several = len(report.groups) > 1
            diagrams = {
                f"{run.label}, {run.users}" if several else run.label: reliability(*run.forecasts)
                for run in report.runs if len(run.forecasts[0])
            }  # fmt: skip
            plot_reliability(diagrams, report.title, self.reliability)
        if self.dialogues_out is not None:
            with written_whole(self.dialogues_out) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
                stream.writelines(_lines(report.runs))
        if self.markdown is not None:
            tables = "\n\n".join(as_markdown(report.table(metric)) for metric in self.metrics)
            with written_whole(self.markdown) as unfinished:
                unfinished.write_text(f"{tables}\n", encoding="utf-8")
        if self.json_path is not None:
            with written_whole(self.json_path) as unfinished:
                unfinished.write_text(json.dumps(report.as_json(seconds), indent=1) + "\n", encoding="utf-8")


def _lines(runs: Sequence[Run]) -> Iterator[str]:
    """One JSON line a dialogue, policy after policy."""
    for run in runs:
        for record in dialogue_records(run):
            yield json.dumps(record) + "\n"


def draw(rows: Sequence[dict[str, Any]], metric: str, title: str, path: Path) -> None:
    """SR over turns of one kind of user, the curve of one kind at several strengths, or a map of several kinds.

    :param rows: as written by ``convrec evaluate --json``.
    """
    users = tuple(dict.fromkeys(row["users"] for row in rows))
    if len(users) == 1:
        plot_success_over_turns(rows, title, path)
        return
    table, levels = results_over_users(rows, metric), strengths(users)
    if levels:
        (kind,) = {parse_users(name).parts[0][0] for name in levels}
        assert kind.number is not None
        plot_over_noise(table, levels, f"{kind.name}: {kind.number.meaning}", title, path)
    else:
        plot_user_types(table, title, path)


def strengths(users: Sequence[str]) -> dict[str, float]:
    """The number of each population when all are one kind alone, at different strengths; nothing otherwise."""
    populations = [parse_users(name) for name in users]
    kinds = {population.parts[0][0].name for population in populations}
    alone = all(len(population.parts) == 1 and population.parts[0][0].number for population in populations)
    if not alone or len(kinds) > 1:
        return {}
    return {population.name: population.parts[0][1] for population in populations}
