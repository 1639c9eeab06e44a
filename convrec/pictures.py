"""Pictures of the graph: one item, its attributes, and the items nearest to it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from graph.catalogue import Catalogue
from graph.neighbourhood import Neighbourhood
from graph.printable import printable
from graph.whole_file import written_whole

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

# Okabe and Ito's colours (2008), darkened a little for text on white; told apart by colour-blind people too.
_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#007e5a",
    "#b3568a",
    "#a87800",
    "#2f8fbf",
    "#7a5230",
    "#5d5da8",
    "#6b8e23",
    "#8a8a8a",
)
_INK, _FAINT = "#1d2733", "#7b8794"
# Widths and heights in inches; the axes are scaled to inches, so that places can be told in them.
_ROW, _PILL_HEIGHT, _CARD_HEIGHT = 0.36, 0.28, 0.50
_MARGIN, _TITLE = 0.30, 0.78
_CENTRE, _PILLS, _CARDS, _WIDTH = (0.3, 2.6), (4.0, 7.1), (9.0, 12.1), 12.4
_CENTRE_CELLS, _CENTRE_LINES = 22, 4
"""Character cells of a line in the middle box, and lines before the year."""
# Asked for only where installed: matplotlib's own font has no Chinese, Japanese or Korean.
_FALLBACK_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Droid Sans Fallback", "WenQuanYi Zen Hei", "Noto Sans")


def draw_neighbourhood(catalogue: Catalogue, around: Neighbourhood, subtitle: str, path: Path) -> None:
    """Draw an item on the left, its attributes in the middle and the nearest items on the right, the nearest on top.

    Lines run through shared attributes; the rarer the attribute, the stronger its line.

    :param subtitle: a line under the title, such as the name of the data set.
    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in _FALLBACK_FONTS if name in installed)]
    layout = _Layout.of(catalogue, around)
    with plt.rc_context({"font.family": fonts, "svg.fonttype": "none"}):
        figure = plt.figure(figsize=(_WIDTH, layout.height))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(layout.height, 0))
        axes.axis("off")
        room = _WIDTH - 2 * _MARGIN
        _write(axes, _MARGIN, 0.32, catalogue.describe_item(around.item), size=15, room=room, weight="bold")
        _write(axes, _MARGIN, 0.60, subtitle, size=9, room=room, color=_FAINT)
        _draw_lines(axes, catalogue, around, layout)
        _draw_boxes(axes, catalogue, around, layout)
        with written_whole(path) as unfinished, _glyphs_may_be_missing():
            figure.savefig(unfinished, dpi=160, facecolor="white")
        plt.close(figure)


@dataclass(frozen=True)
class _Layout:
    """Height in inches from the top of the picture at which each box has its middle."""

    height: float
    centre: float
    facets: dict[int, float]
    """Where the name of each facet stands, in the order in which the facets are shown."""
    pills: dict[int, float]
    cards: tuple[float, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, around: Neighbourhood) -> "_Layout":
        at = _TITLE
        facets: dict[int, float] = {}
        pills: dict[int, float] = {}
        for attribute in around.attributes:
            facet = int(catalogue.attribute_facet[attribute])
            if facet not in facets:
                at += _ROW * (0.75 if not facets else 1.15)
                facets[facet] = at
            at += _ROW * 0.95
            pills[attribute] = at
        bottom = max(at, _TITLE + len(around.items) * (_CARD_HEIGHT + 0.16), _TITLE + 2.0)
        # Cards are spread over the height of the attributes, so that lines run level where they can.
        step = (bottom - _TITLE) / max(len(around.items), 1)
        cards = tuple(_TITLE + 0.2 + step * (rank + 0.5) for rank in range(len(around.items)))
        return cls(bottom + 0.6, (_TITLE + bottom) / 2 + 0.1, facets, pills, cards)

    def colour(self, facet: int) -> str:
        return _COLOURS[list(self.facets).index(facet) % len(_COLOURS)]


def _draw_lines(axes: "Axes", catalogue: Catalogue, around: Neighbourhood, layout: _Layout) -> None:
    degrees = catalogue.attribute_items.degrees
    rarity = np.log(catalogue.n_items / np.maximum(degrees, 1)) / max(np.log(catalogue.n_items), 1e-9)
    for attribute, height in layout.pills.items():
        colour = layout.colour(catalogue.attribute_facet[attribute])
        _line(axes, (_CENTRE[1], layout.centre), (_PILLS[0], height), colour, width=1.1, alpha=0.35)
    for card, shared in zip(layout.cards, around.shared, strict=True):
        for attribute in shared:
            strength = float(rarity[attribute])
            colour = layout.colour(catalogue.attribute_facet[attribute])
            start, width = (_PILLS[1], layout.pills[attribute]), 0.6 + 2.6 * strength
            _line(axes, start, (_CARDS[0], card), colour, width, alpha=0.18 + 0.55 * strength)


def _draw_boxes(axes: "Axes", catalogue: Catalogue, around: Neighbourhood, layout: _Layout) -> None:
    title = Text(printable(catalogue.titles[around.item]))
    year = int(catalogue.years[around.item])
    lines = [line.plain.strip() for line in title.wrap(Console(), _CENTRE_CELLS)]
    if len(lines) > _CENTRE_LINES:
        lines = [*lines[: _CENTRE_LINES - 1], f"{lines[_CENTRE_LINES - 1]} …"]
    lines += [str(year)] if year else []
    _box(axes, _CENTRE, layout.centre, 0.34 + 0.24 * len(lines), fill=_INK, edge=_INK)
    for row, line in enumerate(lines):
        middle = layout.centre + 0.24 * (row - (len(lines) - 1) / 2)
        room = _CENTRE[1] - _CENTRE[0] - 0.16
        _write(axes, sum(_CENTRE) / 2, middle, line, 11, room, color="white", align="center", weight="bold")
    if around.n_hidden:
        below = layout.centre + 0.17 + 0.12 * len(lines) + 0.22
        more = f"and {around.n_hidden:,} more attribute{'s' if around.n_hidden > 1 else ''}"
        _write(axes, sum(_CENTRE) / 2, below, more, size=8, color=_FAINT, align="center")

    for facet, height in layout.facets.items():
        name, colour = catalogue.facets[facet].name, layout.colour(facet)
        _write(axes, _PILLS[0] + 0.06, height + 0.05, name, size=8, weight="bold", color=colour)
    for attribute, height in layout.pills.items():
        colour = layout.colour(catalogue.attribute_facet[attribute])
        held = int(catalogue.attribute_items.degrees[attribute])
        _box(axes, _PILLS, height, _PILL_HEIGHT, fill="white", edge=colour)
        count = _write(axes, _PILLS[1] - 0.10, height, f"{held:,}", size=7.5, color=_FAINT, align="right")
        room = _PILLS[1] - _PILLS[0] - 0.32 - count
        _write(axes, _PILLS[0] + 0.12, height, catalogue.attribute_names[attribute], size=9, room=room)
    for item, height, shared in zip(around.items, layout.cards, around.shared, strict=True):
        _box(axes, _CARDS, height, _CARD_HEIGHT, fill="#f4f6f8", edge="#c5ced6")
        room = _CARDS[1] - _CARDS[0] - 0.28
        _write(axes, _CARDS[0] + 0.14, height - 0.10, catalogue.describe_item(item), size=9.5, room=room)
        _write(axes, _CARDS[0] + 0.14, height + 0.13, f"{len(shared)} of these attributes", size=7.5, color=_FAINT)
    legend = "the number in a box: items that have the attribute; the rarer it is, the stronger its line"
    _write(axes, _WIDTH - _MARGIN, layout.height - 0.2, legend, size=7.5, color=_FAINT, align="right")


def _line(
    axes: "Axes", start: tuple[float, float], end: tuple[float, float], colour: str, width: float, alpha: float
) -> None:
    """A curve that leaves and arrives level."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    bend = (start[0] + end[0]) / 2
    points = [start, (bend, start[1]), (bend, end[1]), end]
    codes = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
    axes.add_patch(
        PathPatch(Curve(points, codes), fill=False, edgecolor=colour, linewidth=width, alpha=alpha, zorder=1)
    )


def _box(axes: "Axes", span: tuple[float, float], middle: float, height: float, fill: str, edge: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner, round_ = (span[0], middle - height / 2), f"round,pad=0,rounding_size={min(height / 2, 0.14)}"
    size = (span[1] - span[0], height)
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=round_, facecolor=fill, edgecolor=edge, linewidth=1.2, zorder=2)
    )


def _write(
    axes: "Axes",
    x: float,
    y: float,
    text: str,
    size: float,
    room: float = _WIDTH,
    color: str = _INK,
    align: str = "left",
    **font: Any,
) -> float:
    """Write a line, ending in an ellipsis where it would be wider than the room it has; return its width in inches."""
    # Without mathematics: "A$AP Rocky and Ke$ha" is no formula.
    written = axes.text(
        x, y, printable(text), fontsize=size, color=color, ha=align, va="center", parse_math=False, zorder=3, **font
    )
    whole = written.get_text()
    while (width := _width_of(written)) > room and whole:
        # At least one character less each time; the ratio gets there in a step or two.
        whole = whole[: min(len(whole) - 1, int(len(whole) * room / width))]
        written.set_text(f"{whole.rstrip()}…")
    return width


def _width_of(text: "Artist") -> float:
    figure = text.get_figure(root=True)
    assert figure is not None
    with _glyphs_may_be_missing():
        return float(text.get_window_extent().width / figure.dpi)


@contextmanager
def _glyphs_may_be_missing() -> Iterator[None]:
    """A machine without a Chinese font still gets its picture, with boxes for what the font lacks."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
