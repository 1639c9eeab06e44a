"""Plots of results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from graph.whole_file import written_whole


@contextmanager
def open_figure(path: Path, size: tuple[float, float], dpi: int = 150) -> Iterator[Any]:
    """A figure to draw in, which is written to ``path`` when the block ends well."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    # Without a date and with fixed ids an SVG changes only when the figures do.
    undated = {"Date": None} if path.suffix == ".svg" else None
    figure = plt.figure(figsize=size, layout="constrained")
    try:
        yield figure
        with mpl.rc_context({"svg.hashsalt": "convrec"}), written_whole(path) as unfinished:
            figure.savefig(unfinished, dpi=dpi, metadata=undated)
    finally:
        plt.close(figure)


def plot_success_over_turns(rows: Sequence[dict[str, Any]], title: str, path: Path) -> None:
    """Draw SR@t over turns, a line for each policy, with the binomial 95 % band.

    :param rows: as written by ``convrec evaluate --json``.
    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    from matplotlib import ticker

    with open_figure(path, (7.2, 4.4)) as figure:
        axes = figure.subplots()
        ends: list[tuple[float, str, str]] = []
        colors: dict[str, str] = {}
        for row in rows:
            curve = np.asarray(row["sr_curve"])
            turns = np.arange(1, len(curve) + 1)
            margin = 1.96 * np.sqrt(curve * (1 - curve) / row["dialogues"])
            label = f"{row['policy']} (no history)" if row["anonymous"] else str(row["policy"])
            style = "--" if row["anonymous"] else "-"
            color = colors.setdefault(row["policy"], f"C{len(colors)}")
            axes.plot(turns, curve, style, linewidth=2, color=color)
            axes.fill_between(turns, curve - margin, curve + margin, color=color, alpha=0.15, linewidth=0)
            ends.append((float(curve[-1]), label, color))
        _label_lines(axes, ends, len(rows[0]["sr_curve"]))
        axes.set(
            xlabel="agent turn", ylabel="dialogues that found the item", ylim=(0, 1.02), xlim=(1, None), title=title
        )
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1.0))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)


def _label_lines(axes: Any, ends: list[tuple[float, str, str]], last_turn: int) -> None:
    """Name each line at its end, names kept from lying over one another."""
    gap, at = 0.045, -1.0
    for height, label, color in sorted(ends, key=lambda end: end[0]):
        at = max(height, at + gap)
        axes.annotate(
            label, (last_turn, height), (last_turn + 0.35, at), color=color, va="center", fontsize=9,
            annotation_clip=False,
        )  # fmt: skip


SUFFIXES = (".png", ".svg", ".pdf")
"""Kinds of picture that can be written."""
