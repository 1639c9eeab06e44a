"""Pictures of a policy at work: one dialogue moment by moment, and what it does when."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convrec.plots import open_figure
from convrec.policy_moments import Explained, Habits, Moment
from simulator.history import Act

CHOSEN, OTHER, BELIEF, TARGET = "#D55E00", "#999999", "#0072B2", "#009E73"
KINDS = ((Act.ASK, "ask", "#0072B2"), (Act.RECOMMEND, "recommend", "#D55E00"), (Act.WAIT, "wait", "#009E73"))
TEXT_WIDTH = 44
DPI = 110


def plot_dialogue(explained: Explained, title: str, path: Path) -> None:
    """Draw a row for each decision: what was said, what is believed, what each act is worth.

    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    said = [_said(moment.before) for moment in explained.moments]
    heights = [max(1.7, 0.19 * (text.count("\n") + 2)) for text in said]
    closing = _said(explained.end)
    heights.append(max(0.6, 0.19 * (closing.count("\n") + 2)))
    with open_figure(path, (14.0, sum(heights) + 1.0), DPI) as figure:
        grid = figure.add_gridspec(len(heights), 3, height_ratios=heights, width_ratios=(3.8, 3.0, 4.0))
        for row, (moment, text) in enumerate(zip(explained.moments, said, strict=True)):
            _write(figure.add_subplot(grid[row, 0]), text)
            _draw_belief(figure.add_subplot(grid[row, 1]), moment)
            _draw_values(figure.add_subplot(grid[row, 2]), moment)
        found = f"found at turn {explained.success_turn}" if explained.success_turn else "not found"
        _write(figure.add_subplot(grid[len(said), 0]), closing)
        _write(figure.add_subplot(grid[len(said), 1]), f"in mind: {explained.target}\n{found}")
        figure.suptitle(title, x=0.01, ha="left")


def _said(lines: Sequence[tuple[str, str]]) -> str:
    """Who says what, wrapped."""
    parts = [
        textwrap.fill(f"{who}: {text}", TEXT_WIDTH, subsequent_indent=" " * 7, initial_indent=" " * (5 - len(who)))
        for who, text in lines
    ]
    return "\n".join(parts)


def _write(axes: Any, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.0, 1.0, text, va="top", ha="left", family="monospace", fontsize=8.5, transform=axes.transAxes)


def _draw_belief(axes: Any, moment: Moment) -> None:
    from matplotlib import ticker

    names = [textwrap.shorten(name, 34, placeholder="…") for name, _, _ in moment.items]
    places = np.arange(len(names))[::-1]
    colors = [TARGET if is_target else BELIEF for _, _, is_target in moment.items]
    axes.barh(places, [mass for _, mass, _ in moment.items], color=colors)
    axes.set_yticks(places, names, fontsize=8)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1.0))
    axes.set_xlim(0.0, max(0.05, *(mass for _, mass, _ in moment.items)) * 1.05)
    axes.set_title(f"believed: {moment.bits:.1f} bits left", fontsize=9, loc="right")
    axes.xaxis.set_major_locator(ticker.MaxNLocator(4))
    _plain(axes)


def _draw_values(axes: Any, moment: Moment) -> None:
    from matplotlib import ticker

    names = [textwrap.shorten(slot.label, 40, placeholder="…") for slot in moment.slots]
    places = np.arange(len(names))[::-1]
    best = max(slot.value for slot in moment.slots)
    behind = [slot.value - best for slot in moment.slots]
    axes.hlines(places, [min(behind) - 0.01] * len(places), behind, color="#dddddd", linewidth=1)
    axes.plot([slot.by_rule - best for slot in moment.slots], places, "|", color="black", ms=9, label="by the rule")
    for place, slot, value in zip(places, moment.slots, behind, strict=True):
        axes.plot(value, place, "o", color=CHOSEN if slot.is_chosen else OTHER, ms=7)
    axes.set_xlim(min(*behind, -0.05) * 1.1, 0.02)
    axes.set_yticks(places, names, fontsize=8)
    axes.set_title("reward behind the best act; ticks: by the rule alone", fontsize=9, loc="right")
    axes.xaxis.set_major_locator(ticker.MaxNLocator(4))
    _plain(axes)


def plot_habits(habits: Habits, title: str, path: Path) -> None:
    """Draw the share of each kind of act over entropy, turn, lists turned down, and silence.

    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    from matplotlib import ticker

    panels: tuple[tuple[str, NDArray[Any], NDArray[np.float64]], ...] = (
        ("bits of belief left", habits.bits, np.arange(0.0, np.ceil(habits.bits.max()) + 1)),
        ("turn that is due", habits.turns, np.arange(0.5, 16)),
        ("lists turned down so far", habits.refused, np.arange(-0.5, 7)),
        ("seconds of silence", habits.silence, np.arange(-1.0, 14, 2)),
    )
    with open_figure(path, (14.0, 3.6), DPI) as figure:
        axes = figure.subplots(1, 4, sharey=True)
        for panel, (label, values, edges) in zip(axes, panels, strict=True):
            bins = np.digitize(values, edges) - 1
            centres = (edges[:-1] + edges[1:]) / 2
            counts = np.array([(bins == place).sum() for place in range(len(centres))])
            enough = counts >= 20
            low = np.zeros(len(centres))
            for act, name, color in KINDS:
                share = np.array(
                    [(habits.acts[bins == place] == act).mean() if ok else np.nan for place, ok in enumerate(enough)]
                )
                panel.bar(
                    centres, share, np.diff(edges) * 0.9, bottom=np.where(enough, low, np.nan), color=color, label=name
                )
                low += np.nan_to_num(share)
            panel.set_xlabel(label)
            _plain(panel)
        axes[0].yaxis.set_major_formatter(ticker.PercentFormatter(1.0))
        axes[0].set_ylabel("decisions")
        figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, loc="outside upper right", ncols=len(KINDS))
        figure.suptitle(title, x=0.01, ha="left")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def plot_training(curves: Mapping[str, Sequence[float]], path: Path) -> None:
    """Draw how the reward on valid grew from round to round.

    :param curves: by population and mode: reward of the rule it began as, then after each round.
    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    with open_figure(path, (7.2, 4.2)) as figure:
        axes = figure.subplots()
        for place, (where, rewards) in enumerate(curves.items()):
            style = "--" if where.startswith("classic") else "-"
            axes.plot(range(len(rewards)), rewards, style, marker="o", color=f"C{place}", label=where)
        rounds = range(max(map(len, curves.values())))
        axes.set(xticks=list(rounds), xticklabels=["the rule", *(f"round {number}" for number in rounds[1:])])
        axes.set(ylabel="reward on valid", title="Training")
        axes.legend(frameon=False)
        axes.grid(axis="y", color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
