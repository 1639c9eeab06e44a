"""Plots of policies over many kinds of users: a map of all user types, curves over noise, and reliability.

Colours are told apart by people who see fewer of them: the Okabe-Ito palette for lines, cividis for shades.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from convrec.plots import open_figure
from convrec.user_tables import HELD_OUT, UserTable
from graph.errors import DataError
from simulator.calibration import Reliability

NOT_THERE = (0.93, 0.93, 0.93)
"""Ground of a cell without a figure."""

MARKERS = "osD^vPX*<>"
"""Told apart where colours are not: on paper, and in small."""


def plot_user_types(table: UserTable, title: str, path: Path) -> None:
    """Draw a map of user types (rows) and policies (columns), each cell with its figure; light is good.

    Bold cells are better than every other of their row for sure; the worst type and the mean stand apart below.

    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    from matplotlib import colormaps, colors, patches

    lines = (*table.lines, table.worst, table.mean)
    values = np.array([[cell.value if cell else np.nan for cell in line.cells] for line in lines])  # (users + 2, P)
    heights = np.append(np.arange(len(table.lines)), len(table.lines) + np.array([0.25, 1.25]))
    with open_figure(path, (max(6.0, 2.0 + 1.0 * len(table.policies)), 1.4 + 0.36 * len(lines))) as figure:
        axes = figure.subplots()
        goodness = np.vectorize(table.metric.goodness, otypes=[float])(values)
        norm = colors.Normalize(np.nanmin(goodness), np.nanmax(goodness))
        for (row, place), value in np.ndenumerate(values):
            color = colormaps["cividis"](float(norm(goodness[row, place]))) if np.isfinite(value) else NOT_THERE
            corner = (place - 0.5, float(heights[row]) - 0.5)
            axes.add_patch(patches.Rectangle(corner, 1, 1, facecolor=color, edgecolor="white", linewidth=1.5))
            axes.text(
                place, heights[row], table.metric.format(value) if np.isfinite(value) else "–",
                ha="center", va="center", color=_ink(color), weight="bold" if lines[row].best == place else "normal",
            )  # fmt: skip
        axes.set(xlim=(-0.5, len(table.policies) - 0.5), ylim=(heights[-1] + 0.5, -0.5))
        axes.set_xticks(range(len(table.policies)), [policy.replace("-", "-\n") for policy in table.policies])
        axes.set_yticks(heights, [table.label(line) for line in lines])
        for tick, line in zip(axes.get_yticklabels(), lines, strict=True):
            tick.set_style("italic" if line.label in table.held_out else "normal")
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.spines[:].set_visible(False)
        notes = [
            f"{table.metric.heading}, {table.metric.direction} and lighter; bold: better for sure than every other"
        ]
        if table.held_out:
            notes.append(f"{HELD_OUT} nothing was learned from these users")
        axes.set_xlabel("\n".join(notes), fontsize=9, color="0.35")
        figure.suptitle(title, fontsize=12)


def plot_over_noise(table: UserTable, levels: Mapping[str, float], noise: str, title: str, path: Path) -> None:
    """Draw a metric over the level of noise, a line for each policy with the band of its 95 % intervals.

    :param levels: level of each user type to draw, of those in the table; others are left out.
    :param noise: what the level measures, for the axis: "share of answers that are wrong".
    :raises DataError: when fewer than two levels are in the table.
    """
    lines = sorted((line for line in table.lines if line.label in levels), key=lambda line: levels[line.label])
    if len({levels[line.label] for line in lines}) < 2:
        raise DataError(f"a curve needs two levels of noise; the table has {[line.label for line in lines]}")
    with open_figure(path, (7.2, 4.4)) as figure:
        axes = figure.subplots()
        ends = []
        for place, (policy, color) in enumerate(zip(table.policies, _colors(len(table.policies)), strict=True)):
            known = [(levels[line.label], cell) for line in lines if (cell := line.cells[place])]
            if not known:
                continue
            level = [each for each, _ in known]
            scale = table.metric.scale
            value, low, high = (
                scale * np.array([getattr(cell, end) for _, cell in known], dtype=float)
                for end in ("value", "low", "high")
            )
            axes.plot(level, value, marker=MARKERS[place % len(MARKERS)], color=color, linewidth=2, markersize=5)
            axes.fill_between(level, low, high, color=color, alpha=0.2, linewidth=0)
            ends.append((level[-1], value[-1], policy, color))
        axes.set(xlabel=noise, ylabel=f"{table.metric.heading}, {table.metric.direction}", title=title)
        axes.set_xticks(sorted({levels[line.label] for line in lines}))
        axes.margins(x=0.02)
        _quiet(axes)
        _name_lines(axes, ends)


def plot_reliability(diagrams: Mapping[str, Reliability], title: str, path: Path) -> None:
    """Draw how often lists were accepted over how likely that was thought, a line for each policy.

    Whiskers are Wilson 95 % intervals; on the diagonal predictions are right.  Below, how many lists each bin holds.

    :param diagrams: by policy.
    :raises DataError: when there is none.
    """
    if not diagrams:
        raise DataError("there is no reliability diagram to draw")
    reach = max(float(max(each.high.max(), each.predicted.max())) for each in diagrams.values())
    reach = min(1.0, 0.1 * np.ceil(10 * reach))
    n = len(diagrams)
    with open_figure(path, (7.2, 5.0 + 0.32 * n)) as figure:
        axes, counts = figure.subplots(2, sharex=True, height_ratios=[4.4, 0.42 * n])
        axes.plot([0, reach], [0, reach], color="0.55", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        tallest = max(int(each.count.max()) for each in diagrams.values())
        ends = []
        for place, ((policy, each), color) in enumerate(zip(diagrams.items(), _colors(n), strict=True)):
            whiskers = np.maximum(0, [each.observed - each.low, each.high - each.observed])
            axes.errorbar(
                each.predicted, each.observed, whiskers, color=color, linewidth=1.8, elinewidth=1,
                marker=MARKERS[place % len(MARKERS)], markersize=5,
            )  # fmt: skip
            ends.append((each.predicted[-1], each.observed[-1], policy, color))
            width = 0.012 * reach
            counts.bar(each.predicted, 0.8 * each.count / tallest, width, bottom=n - 1 - place, color=color)
            counts.text(
                1.01, (n - 1 - place + 0.4) / n, f"{each.count.sum():,} lists", transform=counts.transAxes,
                va="center", color=_written(color), fontsize=9,
            )  # fmt: skip
        axes.set(ylabel="share that was accepted", title=title, xlim=(0, reach), ylim=(0, reach))
        counts.set(xlabel="predicted chance that a list is accepted", ylim=(0, n), yticks=[], ylabel="lists\na bin")
        for each_axes in (axes, counts):
            _quiet(each_axes)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        counts.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        _name_lines(axes, ends)


def _colors(n: int) -> list[tuple[float, ...]]:
    """Colours of n policies: the palette without its black, the dark ones first and its pale yellow last."""
    from matplotlib import color_sequences, colors

    palette = sorted(map(colors.to_rgb, color_sequences["okabe_ito"][1:]), key=_lightness)
    return [palette[place % len(palette)] for place in range(n)]


def _written(color: tuple[float, ...]) -> tuple[float, ...]:
    """A colour dark enough for small letters on white."""
    return tuple(0.7 * part for part in color[:3])


def _lightness(color: Any) -> float:
    """Relative luminance, 0 to 1 (WCAG 2)."""
    rgb = np.asarray(color[:3], dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _ink(ground: Any) -> str:
    """Black or white, whichever has the higher contrast on this ground: they change places at 0.179."""
    return "black" if _lightness(ground) > 0.179 else "white"


def _quiet(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)


def _name_lines(axes: Any, ends: Sequence[tuple[float, float, str, Any]]) -> None:
    """Name each line right of the axes, as near to the height of its end as the other names allow.

    :param ends: x and y of the last point, name and colour of each line.
    """
    order = sorted(range(len(ends)), key=lambda place: ends[place][1])
    low, high = axes.get_ylim()
    heights = (np.array([ends[place][1] for place in order]) - low) / (high - low)
    for place, height in zip(order, _spread(heights, 0.052), strict=True):
        x, y, name, color = ends[place]
        axes.annotate(
            name, (x, y), (1.03, height), textcoords=axes.transAxes, color=_written(color), va="center", fontsize=9,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.8, "alpha": 0.6, "shrinkB": 5},
        )  # fmt: skip


def _spread(heights: Any, gap: float) -> Any:
    """The heights nearest to these, rising, shape (n,), that are ``gap`` apart (least squares)."""
    steps = gap * np.arange(len(heights))
    return isotonic_regression(heights - steps).x + steps
