"""Plots over user types: what stands in them, that it can be read, and that they are written whole."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from matplotlib import colors as mpl_colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from convrec.plots import SUFFIXES
from convrec.user_plots import plot_over_noise, plot_reliability, plot_user_types
from convrec.user_tables import UserTable, compare_over_users
from graph.errors import DataError
from simulator.calibration import Reliability, reliability

LEVELS = {"classic": 0.0, "noisy:0.1": 0.1, "noisy:0.3": 0.3}
POLICIES = ("random", "max-entropy", "bayes")


def rows_of(metric: str = "sr@15", half: float = 0.01) -> list[dict[str, Any]]:
    """SR 0.1, 0.5 and 0.9, each 0.05 less at each further type."""
    return [
        {
            "policy": policy, "users": users, "dialogues": 400,
            "metrics": {metric: {"value": value, "low": value - half, "high": value + half}},
        }
        for step, users in enumerate(LEVELS)
        for place, policy in enumerate(POLICIES)
        for value in [0.1 + 0.4 * place - 0.05 * step]
    ]  # fmt: skip


def diagrams_of(*policies: str) -> dict[str, Reliability]:
    generator = np.random.default_rng(3)
    chance = generator.random((len(policies), 500))
    return {
        policy: reliability(chance[place], generator.random(500) < chance[place])
        for place, policy in enumerate(policies)
    }


TABLE = compare_over_users(rows_of(), "sr@15", held_out=("noisy:0.3",))

Plot = Callable[[Path], None]

SIX = ("random", "abs-greedy", "max-entropy-yes", "max-entropy", "bayes", "unified")
MANY = compare_over_users(
    [row | {"policy": policy, "users": users} for policy in SIX for users in (*LEVELS, "bursts+impatient+mumbling:0.5")
     for row in rows_of()[:1]],
    "sr@15", held_out=("noisy:0.3",),
)  # fmt: skip

PLOTS: dict[str, Plot] = {
    "user types": lambda path: plot_user_types(MANY, "a title", path),
    "noise": lambda path: plot_over_noise(TABLE, LEVELS, "wrong answers", "a title", path),
    "reliability": lambda path: plot_reliability(diagrams_of("max-entropy", "bayes"), "a title", path),
}

every_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=list(PLOTS))


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is saved."""
    saved: list[Figure] = []
    save = Figure.savefig

    def kept(figure: Figure, *where: Any, **options: Any) -> None:
        save(figure, *where, **options)
        saved.append(figure)

    monkeypatch.setattr(Figure, "savefig", kept)
    return saved


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[Text, Bbox]:
    """All words that are drawn, and where, in pixels of the picture; not the lines that lead to them."""
    boxes: dict[Text, Bbox] = {}
    draw = Text.draw

    def noted(word: Text, renderer: Any) -> None:
        draw(word, renderer)
        if word.get_visible() and word.get_text().strip():
            boxes[word] = Text.get_window_extent(word, renderer)

    monkeypatch.setattr(Text, "draw", noted)
    return boxes


@every_plot
def test_no_words_lie_over_each_other_or_leave_the_picture(plot: Plot, tmp_path: Path, written: dict[Text, Bbox]):
    plot(tmp_path / "plot.png")
    height, width = matplotlib.image.imread(tmp_path / "plot.png").shape[:2]
    boxes = [(word.get_text(), box) for word, box in written.items()]
    assert len(boxes) > 8
    for place, (text, box) in enumerate(boxes):
        assert -1 <= box.x0 < box.x1 <= width + 1, text
        assert -1 <= box.y0 < box.y1 <= height + 1, text
        for other, other_box in boxes[:place]:
            assert not box.overlaps(other_box), (text, other)


@every_plot
def test_words_are_legible_at_640_pixels(plot: Plot, tmp_path: Path, figures: list[Figure], written: dict[Text, Bbox]):
    """At least ten pixels to the em when the picture is scaled to that width."""
    plot(tmp_path / "plot.png")
    pixels_a_point = 640 / (72 * figures[0].get_figwidth())
    for word in written:
        assert word.get_fontsize() * pixels_a_point >= 10, word.get_text()


def contrast(one: Any, other: Any) -> float:
    """Contrast ratio by WCAG 2.2."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color: Any) -> float:
    rgb = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in mpl_colors.to_rgb(color)]
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def test_every_cell_can_be_read_on_its_shade(tmp_path: Path, figures: list[Figure]):
    plot_user_types(TABLE, "t", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    assert len(axes.texts) == len(axes.patches) == 5 * 3
    for word, patch in zip(axes.texts, axes.patches, strict=True):
        assert contrast(word.get_color(), patch.get_facecolor()) >= 4.5, word.get_text()
    assert len({patch.get_facecolor() for patch in axes.patches}) > 5


@pytest.mark.parametrize(("metric", "best"), [("sr@15", "bayes"), ("brier", "random")])
def test_light_is_good(metric: str, best: str, tmp_path: Path, figures: list[Figure]):
    plot_user_types(compare_over_users(rows_of(metric), metric), "t", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    first = [luminance(patch.get_facecolor()) for patch in axes.patches[:3]]
    assert first == sorted(set(first), reverse=best == POLICIES[0])
    assert first.index(max(first)) == POLICIES.index(best)
    weights = [word.get_weight() for word in axes.texts[:3]]
    assert [weight == "bold" for weight in weights] == [policy == best for policy in POLICIES]


def cells(axes: Axes) -> list[list[str]]:
    """What is written in the cells, row by row from the top."""
    words = sorted(axes.texts, key=lambda word: (word.get_position()[1], word.get_position()[0]))
    return [[word.get_text() for word in words[start : start + 3]] for start in range(0, len(words), 3)]


def test_the_map_holds_every_figure_in_its_place(tmp_path: Path, figures: list[Figure]):
    plot_user_types(TABLE, "SR by user type", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    assert cells(axes) == [
        ["10.0", "50.0", "90.0"], ["5.0", "45.0", "85.0"], ["0.0", "40.0", "80.0"],
        ["0.0", "40.0", "80.0"], ["5.0", "45.0", "85.0"],
    ]  # fmt: skip
    users = [label.get_text() for label in axes.get_yticklabels()]
    assert users == ["classic", "noisy:0.1", "noisy:0.3°", "worst user type", "mean over types"]
    assert [label.get_style() for label in axes.get_yticklabels()] == ["normal", "normal", "italic", "normal", "normal"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["random", "max-\nentropy", "bayes"]
    assert "° nothing was learned from" in axes.get_xlabel()
    assert "SR@15 %, higher is better" in axes.get_xlabel()


def test_a_cell_that_nobody_filled_is_empty(tmp_path: Path, figures: list[Figure]):
    table = compare_over_users(rows_of()[1:], "sr@15")
    plot_user_types(table, "t", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    at = table.policies.index("random")
    assert [row[at] for row in cells(axes)] == ["–", "5.0", "0.0", "–", "–"]


def test_a_map_of_equal_figures_can_be_drawn(tmp_path: Path, figures: list[Figure]):
    table = compare_over_users(rows_of()[:1], "sr@15")
    plot_user_types(table, "t", tmp_path / "plot.png")
    assert [word.get_text() for word in figures[0].axes[0].texts] == ["10.0"] * 3


def test_a_curve_goes_through_its_figures_in_order_of_the_noise(tmp_path: Path, figures: list[Figure]):
    rows = rows_of()[::-1]
    plot_over_noise(compare_over_users(rows, "sr@15"), LEVELS, "wrong answers", "t", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    lines = {word.get_text(): line for word, line in zip(axes.texts, axes.lines, strict=True)}
    assert set(lines) == set(POLICIES)
    by_height = sorted(axes.lines, key=lambda line: line.get_ydata()[0])
    for place, line in enumerate(by_height):
        assert line.get_xdata() == pytest.approx([0, 0.1, 0.3])
        assert line.get_ydata() == pytest.approx(100 * (0.1 + 0.4 * place - 0.05 * np.arange(3)))
    for line, band in zip(axes.lines, axes.collections, strict=True):
        corners = band.get_paths()[0].vertices
        assert {round(float(y), 6) for _, y in corners} == {
            round(float(y) + side, 6) for y in line.get_ydata() for side in (-1, 1)
        }
    assert axes.get_xlabel() == "wrong answers"
    assert axes.get_ylabel() == "SR@15 %, higher is better"


def test_names_stand_beside_their_lines_and_lines_differ_by_more_than_color(tmp_path: Path, figures: list[Figure]):
    plot_over_noise(TABLE, LEVELS, "wrong answers", "t", tmp_path / "plot.png")
    (axes,) = figures[0].axes
    heights = {word.get_text(): word.get_position()[1] for word in axes.texts}
    assert sorted(heights, key=lambda name: heights[name]) == ["random", "max-entropy", "bayes"]
    assert len({line.get_marker() for line in axes.lines}) == len({line.get_color() for line in axes.lines}) == 3
    for word in axes.texts:
        assert contrast(word.get_color(), "white") >= 4.5, word.get_text()


def crowd(n: int) -> UserTable:
    """As many policies as wanted that end at the same height."""
    rows = [row | {"policy": f"policy {place}"} for place in range(n) for row in rows_of()[::3]]
    return compare_over_users(rows, "sr@15")


def test_names_of_lines_that_end_together_are_kept_apart(tmp_path: Path, written: dict[Text, Bbox]):
    plot_over_noise(crowd(7), LEVELS, "wrong answers", "t", tmp_path / "plot.png")
    boxes = [box for word, box in written.items() if word.get_text().startswith("policy")]
    assert len(boxes) == 7
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_users_without_a_level_and_policies_without_such_users_are_left_out(tmp_path: Path, figures: list[Figure]):
    other = [row | {"users": "impatient", "policy": "unified"} for row in rows_of()[:1]]
    table = compare_over_users(rows_of() + other, "sr@15")
    plot_over_noise(table, LEVELS, "wrong answers", "t", tmp_path / "plot.png")
    assert {word.get_text() for word in figures[0].axes[0].texts} == set(POLICIES)


def test_one_level_makes_no_curve(tmp_path: Path):
    with pytest.raises(DataError, match="two levels"):
        plot_over_noise(TABLE, {"classic": 0.0, "elsewhere": 0.2}, "wrong answers", "t", tmp_path / "plot.png")
    assert not list(tmp_path.iterdir())


def test_the_reliability_plot_shows_bins_whiskers_counts_and_the_diagonal(tmp_path: Path, figures: list[Figure]):
    diagram = Reliability(*(np.array(each) for each in (
        [0.1, 0.4], [0.2, 0.3], [30, 60], [0.1, 0.2], [0.35, 0.45],
    )))  # fmt: skip
    plot_reliability({"bayes": diagram}, "t", tmp_path / "plot.png")
    axes, counts = figures[0].axes
    diagonal, line = axes.lines
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert line.get_xdata() == pytest.approx([0.1, 0.4])
    assert line.get_ydata() == pytest.approx([0.2, 0.3])
    (whiskers,) = axes.collections
    assert [path.vertices[:, 1].tolist() for path in whiskers.get_paths()] == [
        pytest.approx([0.1, 0.35]), pytest.approx([0.2, 0.45])
    ]  # fmt: skip
    low, high = (bar.get_height() for bar in counts.patches)
    assert high == pytest.approx(2 * low)
    assert [word.get_text() for word in axes.texts] == ["bayes"]
    assert [word.get_text() for word in counts.texts] == ["90 lists"]
    assert axes.get_xlim() == axes.get_ylim() == (0, 0.5), "as far as anything reaches"


def test_each_policy_has_a_strip_of_counts_of_its_own(tmp_path: Path, figures: list[Figure]):
    plot_reliability(diagrams_of("random", "max-entropy", "bayes"), "t", tmp_path / "plot.png")
    _, counts = figures[0].axes
    floors = {round(bar.get_y(), 6) for bar in counts.patches}
    assert floors == {0, 1, 2}
    assert max(bar.get_height() for bar in counts.patches) < 1
    assert len({bar.get_facecolor() for bar in counts.patches}) == 3


def test_no_diagram_makes_no_plot(tmp_path: Path):
    with pytest.raises(DataError, match="no reliability diagram"):
        plot_reliability({}, "t", tmp_path / "plot.png")
    assert not list(tmp_path.iterdir())


@every_plot
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_that_is_offered_can_be_drawn(plot: Plot, suffix: str, tmp_path: Path):
    path = tmp_path / f"plot{suffix}"
    plot(path)
    beginning = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(beginning)
    assert list(tmp_path.iterdir()) == [path]


@every_plot
def test_the_same_figures_make_the_same_svg(plot: Plot, tmp_path: Path):
    for name in ("one.svg", "other.svg"):
        plot(tmp_path / name)
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert text == (tmp_path / "other.svg").read_text(encoding="utf-8")
    assert not re.search(r"<dc:date>", text)


@every_plot
def test_an_interruption_leaves_the_old_picture(plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def interrupted(figure: object, where: Path, **options: object) -> None:
        where.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plot(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
