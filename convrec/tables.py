"""Tables of results for a terminal of 80 columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from simulator.evaluation import ANONYMOUS_SUFFIX
from simulator.statistics import Comparison

COLUMNS = (("sr@5", "SR@5 %"), ("sr@10", "SR@10 %"), ("sr@15", "SR@15 %"), ("at", "AT"), ("hdcg", "hDCG"))
"""Metric and heading of each column."""

COMPARED = ("sr@15", "at", "hdcg")


def results_table(rows: Sequence[dict[str, Any]], title: str, caption: str) -> Table:
    """One row for each policy, each figure with half the width of its 95 % interval.

    :param rows: as written by ``convrec evaluate --json``.
    """
    table = _table(title, caption)
    for _, heading in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for anonymous in (False, True):
        group = [row for row in rows if row["anonymous"] is anonymous]
        if group and anonymous and len(group) < len(rows):
            table.add_section()
            table.add_row("[dim italic]without history[/]")
        best = {metric: _best(group, metric) for metric, _ in COLUMNS} if group else {}
        for row in group:
            cells = [_cell(row, metric, best[metric]) for metric, _ in COLUMNS]
            table.add_row(escape(name_of(row)), *cells)
    return table


@dataclass(frozen=True)
class Column:
    """One figure beyond those of the published protocol."""

    metric: str
    heading: str
    form: str
    scale: float = 1.0
    dull: float | None = None
    """Value at which a column says nothing if every row has it; such a column is left out."""


FURTHER_COLUMNS = (
    Column("reward", "reward", "{:+.2f}"),
    Column("quit", "quit\n%", "{:.1f}", 100, dull=0.0),
    Column("wasted", "wasted", "{:.2f}", dull=0.0),
    Column("interruptions", "inter-\nrupted", "{:.2f}", dull=0.0),
    Column("missed", "missed", "{:.2f}", dull=0.0),
    Column("acceptance", "taken\n%", "{:.1f}", 100, dull=1.0),
    Column("ece", "ECE", "{:.3f}"),
    Column("reference_gap", "above\nline", "{:+.2f}"),
    Column("ms", "ms", "{:.2f}"),
)
MEANINGS = {
    "quit": "Quit: users who left.",
    "wasted": "Wasted: questions that told nothing, a dialogue.",
    "interruptions": "Interrupted: times the agent spoke while the user was busy.",
    "missed": "Missed: waits while it was the agent's turn.",
    "acceptance": "Taken: of the lists that held a wanted item.",
    "ece": "ECE: calibration error of the agent's forecast that a list is taken.",
    "reference_gap": "Line: least turns for the target's rank.",
    "ms": "ms: of one decision.",
}


def further_table(rows: Sequence[dict[str, Any]]) -> Table:
    """What people put up with, how far the agent's forecasts can be believed, and what a decision costs."""
    shown = [each for each in FURTHER_COLUMNS if any(row.get(each.metric) not in (None, each.dull) for row in rows)]
    meanings = " ".join(MEANINGS[each.metric] for each in shown if each.metric in MEANINGS)
    table = _table("What it was like", meanings)
    for each in shown:
        table.add_column(each.heading, justify="right", no_wrap=True)
    for anonymous in (False, True):
        group = [row for row in rows if row["anonymous"] is anonymous]
        if group and anonymous and len(group) < len(rows):
            table.add_section()
            table.add_row("[dim italic]without history[/]")
        for row in group:
            values = [(row.get(each.metric), each) for each in shown]
            cells = ["" if value is None else each.form.format(each.scale * value + 0.0) for value, each in values]
            table.add_row(escape(name_of(row)), *cells)
    return table


def name_of(row: dict[str, Any]) -> str:
    """The policy, and where its numbers come from when that was said."""
    return row["policy"] if not row["checkpoint"] else f"{row['policy']} ({row['checkpoint']})"


def comparisons_table(comparisons: Sequence[Comparison], reference: str) -> Table:
    """By how much each policy is better or worse than ``reference`` on the same dialogues."""
    table = _table(
        f"Beside {reference}, on the same dialogues",
        "Paired differences ± half of the 95 % interval; *: it excludes zero.",
    )
    headings = dict(COLUMNS)
    for metric in COMPARED:
        table.add_column(headings[metric], justify="right", no_wrap=True)
    labels = [label for each in comparisons for label in (each.a, each.b) if reference in (each.a, each.b)]
    for label in dict.fromkeys(label for label in labels if label != reference):
        pair = [each for each in comparisons if {each.a, each.b} == {label, reference}]
        cells = [_difference(next(each for each in pair if each.metric == metric), reference) for metric in COMPARED]
        table.add_row(escape(label.removesuffix(ANONYMOUS_SUFFIX)), *cells)
    return table


def _table(title: str, caption: str) -> Table:
    table = Table(
        title=title, caption=caption, title_justify="left", caption_justify="left", title_style="bold",
        header_style="dim", box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    table.add_column("policy", overflow="fold")
    return table


def _value(row: dict[str, Any], metric: str) -> float:
    return float(row["sr"][metric.partition("@")[2]] if metric.startswith("sr@") else row[metric])


def _best(rows: Sequence[dict[str, Any]], metric: str) -> float:
    values = [_value(row, metric) for row in rows]
    return min(values) if metric == "at" else max(values)


def _format(metric: str, value: float, sign: str = "") -> str:
    value = round(value, 6) + 0.0  # no "-0.0"
    if metric.startswith("sr@"):
        return f"{100 * value:{sign}.1f}"
    if metric == "at":
        return f"{value:{sign}.2f}"
    text = f"{value:{sign}.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _cell(row: dict[str, Any], metric: str, best: float) -> str:
    value, (low, high) = _value(row, metric), row["ci"][metric]
    figure = _format(metric, value)
    strong = f"[bold green]{figure}[/]" if value == best else figure
    return f"{strong}[dim] ±{_format(metric, (high - low) / 2)}[/]"


def _difference(comparison: Comparison, reference: str) -> str:
    diff = -comparison.diff if comparison.a == reference else comparison.diff
    low, high = comparison.ci
    margin = _format(comparison.metric, (high - low) / 2)
    text = f"{_format(comparison.metric, diff, '+')} ±{margin}"
    return f"[bold]{text}*[/]" if comparison.excludes_zero else f"{text} "
