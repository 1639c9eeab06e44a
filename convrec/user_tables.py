"""Policies beside each other over many kinds of users: one table a metric, on the terminal, in Markdown and as JSON.

A user type is a group in the sense of the literature on distribution shift: beside the mean over types, in which each
type weighs the same (macro average), stands the worst type (worst-group performance; Sagawa, Koh, Hashimoto and Liang,
ICLR 2020).  The worst of many figures is a little too bad by chance alone.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from graph.errors import DataError, OptionError
from simulator.evaluation import ANONYMOUS_SUFFIX
from simulator.users import HELD_OUT as NEVER_TRAINED_ON

WIDTH = 80
"""Columns of a terminal that every table fits."""

GAP = 2
"""Columns between two policies."""

LABEL_WIDTH = 19
"""Columns a user type may take before its name is folded."""

HEADING_WIDTH = 8
"""Columns a policy's name may take before it is folded, where its figures are no wider."""

WORST, MEAN = "worst user type", "mean over types"

HELD_OUT = "°"
"""Stands behind the name of a user type that nothing was learned from."""


class Better(StrEnum):
    """Which way a figure is better."""

    HIGH = "high"
    LOW = "low"
    ZERO = "zero"
    """The nearer to zero."""


@dataclass(frozen=True)
class Metric:
    """How a figure is read and written."""

    heading: str
    better: Better
    digits: int
    scale: float = 1.0
    """100 for shares that are written in per cent."""
    signed: bool = False
    """True where zero divides and a figure shows its sign."""

    def format(self, value: float) -> str:
        """One figure: "97.3", ".301", "+1.20"."""
        text = self.margin(abs(value))
        nought = not text.strip("0.")
        return text if nought else ("-" if value < 0 else "+" if self.signed else "") + text

    def margin(self, value: float) -> str:
        """Half the width of an interval, which has no sign."""
        text = f"{self.scale * value:,.{self.digits}f}"
        return text.removeprefix("0") if self.digits >= 3 else text

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        words = {Better.HIGH: "higher", Better.LOW: "lower", Better.ZERO: "nearer to zero"}
        return f"{words[self.better]} is better"

    def goodness(self, value: float) -> float:
        """A number that is the higher the better."""
        return {Better.HIGH: value, Better.LOW: -value, Better.ZERO: -abs(value)}[self.better]

    def goodness_within(self, low: float, high: float) -> tuple[float, float]:
        """Least and greatest goodness of the figures between ``low`` and ``high``."""
        nearest = min(max(0.0, low), high) if self.better is Better.ZERO else high
        found = [self.goodness(value) for value in (low, nearest, high)]
        return min(found), max(found)


METRICS: Mapping[str, Metric] = {
    "sr@5": Metric("SR@5 %", Better.HIGH, 1, 100),
    "sr@10": Metric("SR@10 %", Better.HIGH, 1, 100),
    "sr@15": Metric("SR@15 %", Better.HIGH, 1, 100),
    "at": Metric("AT", Better.LOW, 2),
    "hdcg": Metric("hDCG", Better.HIGH, 3),
    "reward": Metric("reward", Better.HIGH, 2),
    "reward_per_turn": Metric("reward a turn", Better.HIGH, 3),
    "quit": Metric("users who quit %", Better.LOW, 1, 100),
    "wasted": Metric("wasted questions a dialogue", Better.LOW, 2),
    "interruptions": Metric("interruptions a dialogue", Better.LOW, 2),
    "missed": Metric("missed interventions a dialogue", Better.LOW, 2),
    "acceptance": Metric("accepted % of lists with a wanted item", Better.HIGH, 1, 100),
    "brier": Metric("Brier score", Better.LOW, 3),
    "ece": Metric("expected calibration error", Better.LOW, 3),
    "reference_gap": Metric("turns above the reference line", Better.LOW, 2, signed=True),
    "popularity_gap": Metric("popularity gap in SR@15 %", Better.ZERO, 1, 100, signed=True),
    "ms": Metric("milliseconds a decision", Better.LOW, 2),
}
"""Every metric that can be shown, and which way it is better: the one place that knows."""


@dataclass(frozen=True)
class Cell:
    """A figure with its interval, or without one where none is known."""

    value: float
    low: float | None
    high: float | None
    of: str | None = None
    """User type a summary was taken from."""


@dataclass(frozen=True)
class Line:
    """A user type or a summary, with a cell for each policy; None where the policy did not meet these users."""

    label: str
    cells: tuple[Cell | None, ...]
    best: int | None
    """Place of the policy whose interval is better than that of every other; None where no one is ahead for sure."""


@dataclass(frozen=True)
class UserTable:
    """One metric of every policy with every user type."""

    name: str
    """Key in :data:`METRICS`."""
    policies: tuple[str, ...]
    lines: tuple[Line, ...]
    """A user type each."""
    held_out: frozenset[str]
    """User types that nothing was learned from."""
    dialogues: tuple[int, int]
    """Fewest and most of a cell."""

    @property
    def metric(self) -> Metric:
        return METRICS[self.name]

    @cached_property
    def worst(self) -> Line:
        """The worst user type of each policy that met them all, with that type's interval."""
        cells = []
        for column in self._columns():
            known = [replace(cell, of=line.label) for cell, line in zip(column, self.lines, strict=True) if cell]
            complete = len(known) == len(self.lines)
            cells.append(min(known, key=lambda cell: self.metric.goodness(cell.value)) if complete else None)
        return _line(WORST, cells, self.metric)

    @cached_property
    def mean(self) -> Line:
        """Mean over user types of each policy that met them all.

        All types look for the same items, so their figures err together; how much is not in the rows.  The interval
        reaches from the mean of the lower ends to the mean of the upper ends, as if they erred as one: it is never too
        narrow.
        """
        cells = []
        for column in self._columns():
            known = [cell for cell in column if cell]
            value = float(np.mean([cell.value for cell in known])) if len(known) == len(self.lines) else None
            low, high = _mean([cell.low for cell in known]), _mean([cell.high for cell in known])
            cells.append(None if value is None else Cell(value, low, high))
        return _line(MEAN, cells, self.metric)

    def label(self, line: Line) -> str:
        """Name of a line, marked where its users were held out."""
        return line.label + HELD_OUT * (line.label in self.held_out)

    def _columns(self) -> list[tuple[Cell | None, ...]]:
        return list(zip(*(line.cells for line in self.lines), strict=True))


def compare_over_users(rows: Sequence[Mapping[str, Any]], metric: str, held_out: Collection[str] = ()) -> UserTable:
    """Put one metric of all rows into a table; policies and user types in the order in which they come.

    :param rows: ``{policy, users, metrics: {name: {value, low, high}}, dialogues}``; None where there is none.
    :param held_out: user types that nothing was learned from.
    :raises OptionError: when the metric is not one of ours.
    :raises DataError: when no row has a value for the metric, or two rows are of the same policy and users.
    """
    if metric not in METRICS:
        raise OptionError(f"no metric {metric!r}; choose of {', '.join(METRICS)}")
    having = [row for row in rows if metric in row["metrics"]]
    cells: dict[tuple[str, str], Cell | None] = {}
    for row in having:
        policy, users = row["policy"], row["users"]
        if (policy, users) in cells:
            raise DataError(f"two rows of {policy} with {users} users; a table has room for one")
        cells[policy, users] = _cell(row["metrics"][metric])
    if not any(cells.values()):
        raise DataError(f"none of {len(rows)} rows has a value for {metric!r}")
    policies = tuple(dict.fromkeys(policy for policy, _ in cells))
    lines = tuple(
        _line(users, [cells.get((policy, users)) for policy in policies], METRICS[metric])
        for users in dict.fromkeys(users for _, users in cells)
    )
    dialogues = [row["dialogues"] for row in having]
    known = frozenset(line.label for line in lines)
    return UserTable(metric, policies, lines, known & frozenset(held_out), (min(dialogues), max(dialogues)))


def results_over_users(results: Sequence[Mapping[str, Any]], metric: str) -> UserTable:
    """The same from rows as an evaluation writes them in JSON; the held-out types are marked."""
    nobody = all(row["anonymous"] for row in results)
    rows = [
        {
            "policy": row["policy"]
            + (f" ({row['checkpoint']})" if row["checkpoint"] else "")
            + ANONYMOUS_SUFFIX * (row["anonymous"] and not nobody),
            "users": row["users"],
            "dialogues": row["dialogues"],
            "metrics": {metric: _recorded(row, metric)},
        }
        for row in results
    ]
    held_out = {name for name in (row["users"] for row in results) if set(_kinds(name)) & set(NEVER_TRAINED_ON)}
    return compare_over_users(rows, metric, held_out)


def _recorded(row: Mapping[str, Any], metric: str) -> dict[str, float | None]:
    value = row["sr"][metric.partition("@")[2]] if metric.startswith("sr@") else row.get(metric)
    low, high = row["ci"].get(metric, (None, None))
    return {"value": value, "low": low, "high": high}


def _kinds(users: str) -> list[str]:
    """Names of the kinds of a population, without their numbers."""
    return [part.partition(":")[0] for part in users.split("+")]


def as_rich(table: UserTable) -> list[Table]:
    """The table for a terminal of 80 columns; several where the policies do not fit beside each other."""
    lines = (*table.lines, table.worst, table.mean)
    labels = [_fold(table.label(line), "+", LABEL_WIDTH) for line in lines]
    columns = [_column(table, lines, place) for place in range(len(table.policies))]
    room = WIDTH - _width("\n".join(labels))
    abreast = max(1, room // max(GAP + column.width for column in columns))
    n_parts = math.ceil(len(columns) / abreast)
    drawn = []
    for part, places in enumerate(np.array_split(np.arange(len(columns)), n_parts)):
        out = _rich_table(table, first=part == 0, last=part == n_parts - 1)
        for place in places:
            out.add_column(Text(columns[place].heading, justify="right"), no_wrap=True, width=columns[place].width)
        for row, label in enumerate(labels):
            if row == len(table.lines):
                out.add_section()
            out.add_row(escape(label), *(columns[place].cells[row] for place in places))
        drawn.append(out)
    return drawn


def as_markdown(table: UserTable) -> str:
    """The same as one Markdown table; the summary says which user type is the worst."""
    lines = [f"| user type | {' | '.join(map(_escaped, table.policies))} |"]
    lines.append("| --- |" + " ---: |" * len(table.policies))
    for line in (*table.lines, table.worst, table.mean):
        cells = []
        for place, cell in enumerate(line.cells):
            value, margin = _figure(cell, table.metric)
            text = value + margin.replace("±", " ± ")
            strong = f"**{text}**" if place == line.best else text
            cells.append(strong + (f" ({_escaped(cell.of)})" if cell and cell.of else ""))
        label = _escaped(table.label(line))
        lines.append(f"| {label if line in table.lines else f'*{label}*'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def as_dict(table: UserTable) -> dict[str, Any]:
    """The same, ready for JSON: ``{metric, better, dialogues, held_out, users: {type: line}, worst, mean}``."""
    return {
        "metric": table.name,
        "better": str(table.metric.better),
        "dialogues": list(table.dialogues),
        "held_out": sorted(table.held_out),
        "users": {line.label: _line_as_dict(line, table.policies) for line in table.lines},
        "worst": _line_as_dict(table.worst, table.policies),
        "mean": _line_as_dict(table.mean, table.policies),
    }


def _cell(figure: Mapping[str, float | None]) -> Cell | None:
    """A figure and its interval; None and NaN mean that there is none."""
    value, low, high = (
        None if end is None or math.isnan(end) else end for end in (figure["value"], figure["low"], figure["high"])
    )
    return None if value is None else Cell(value, low, high)


def _line(label: str, cells: Sequence[Cell | None], metric: Metric) -> Line:
    reach: dict[int, tuple[float, float]] = {}
    for place, cell in enumerate(cells):
        if cell:
            low, high = cell.low, cell.high
            reach[place] = (-math.inf, math.inf) if low is None or high is None else metric.goodness_within(low, high)
    best = max(reach, key=lambda place: reach[place][0], default=None)
    others = [high for place, (_, high) in reach.items() if place != best]
    ahead = best is not None and bool(others) and reach[best][0] > max(others)
    return Line(label, tuple(cells), best if ahead else None)


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean, None where one of them is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) > 0 else None


def _figure(cell: Cell | None, metric: Metric) -> tuple[str, str]:
    """What stands in a cell: the value, and its margin if it has one."""
    if cell is None:
        return "–", ""
    if cell.low is None or cell.high is None:
        return metric.format(cell.value), ""
    return metric.format(cell.value), f"±{metric.margin((cell.high - cell.low) / 2)}"


@dataclass(frozen=True)
class _Column:
    """One policy on the terminal."""

    heading: str
    cells: tuple[str, ...]
    width: int


def _column(table: UserTable, lines: Sequence[Line], place: int) -> _Column:
    """The column of a policy; figures are padded, so that values and margins each stand in line."""
    figures = [_figure(line.cells[place], table.metric) for line in lines]
    value_width, margin_width = (max(map(len, texts)) for texts in zip(*figures, strict=True))
    heading = _fold(table.policies[place], "-", max(HEADING_WIDTH, value_width + margin_width))
    width = max(value_width + margin_width, _width(heading))
    cells = []
    for line, (value, margin) in zip(lines, figures, strict=True):
        strong = f"[bold green]{value}[/]" if line.best == place else value
        left = " " * (width - margin_width - len(value))
        cells.append(f"{left}{strong}[dim]{margin}[/]" if margin else left + strong)
    return _Column(heading, tuple(cells), width)


def _rich_table(table: UserTable, *, first: bool, last: bool) -> Table:
    fewest, most = table.dialogues
    count = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    caption = (
        f"{count} dialogues a figure, ± half of the 95 % interval. "
        "Bold: better than every other, by the whole of both intervals."
    )
    if table.held_out:
        caption += f" {HELD_OUT}: users that nothing was learned from."
    out = Table(
        title=f"{table.metric.heading}, {table.metric.direction}" + ("" if first else ", continued"),
        caption=caption if last else None,
        title_justify="left", caption_justify="left", title_style="bold", header_style="dim",
        box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    out.add_column("user type", no_wrap=True)
    return out


def _fold(text: str, at: str, width: int) -> str:
    """Break a name after ``at`` where it would grow wider than ``width``, and anywhere if that is not enough."""
    pieces = text.replace(at, at + "\n").split("\n")
    lines = [""]
    for piece in pieces:
        rest = piece
        if lines[-1] and len(lines[-1] + rest) > width:
            lines.append("")
        while len(lines[-1] + rest) > width:
            lines[-1], rest = rest[:width], rest[width:]
            lines.append("")
        lines[-1] += rest
    return "\n".join(line for line in lines if line)


def _width(folded: str) -> int:
    return max(len(line) for line in folded.split("\n"))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _line_as_dict(line: Line, policies: Sequence[str]) -> dict[str, Any]:
    figures: dict[str, dict[str, float | str | None]] = {}
    for policy, cell in zip(policies, line.cells, strict=True):
        if cell:
            figures[policy] = {"value": cell.value, "low": cell.low, "high": cell.high}
            if cell.of:
                figures[policy]["users"] = cell.of
    return {"policies": figures, "best": None if line.best is None else policies[line.best]}
