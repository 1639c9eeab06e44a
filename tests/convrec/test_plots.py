"""Plots: a picture with a line for each policy in it."""

from collections import Counter
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from convrec.plots import SUFFIXES, plot_success_over_turns


def row_of(policy: str, last: float, anonymous: bool = False) -> dict[str, Any]:
    return {
        "policy": policy, "anonymous": anonymous, "dialogues": 400, "checkpoint": None,
        "sr_curve": np.linspace(0, last, 15).tolist(),
    }  # fmt: skip


ROWS = [row_of("random", 0.1), row_of("bayes", 0.9), row_of("bayes", 0.8, anonymous=True)]


def colors(path: Path) -> Counter[tuple[int, ...]]:
    """How many pixels there are of each color."""
    pixels = (matplotlib.image.imread(path)[..., :3] * 255).round().astype(int)
    return Counter(map(tuple, pixels.reshape(-1, 3).tolist()))


def test_a_png_holds_a_line_of_its_own_color_for_each_policy(tmp_path: Path):
    path = tmp_path / "plot.png"
    plot_success_over_turns(ROWS, "SR over turns", path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[0] > 400
    assert pixels.shape[1] > 700
    blue, orange = (31, 119, 180), (255, 127, 14)  # the first two of the default cycle
    found = colors(path)
    assert min(found[blue], found[orange]) > 1500, "a line is longer than its name"
    assert (44, 160, 44) not in found, "a policy keeps its color where history is hidden"
    ink = (pixels[..., :3] < 0.99).any(axis=2).mean()
    assert 0.01 < ink < 0.5


def test_other_figures_make_another_picture(tmp_path: Path):
    plot_success_over_turns(ROWS, "t", tmp_path / "one.png")
    plot_success_over_turns([row_of("random", 0.1), row_of("bayes", 0.5)], "t", tmp_path / "other.png")
    one, other = (matplotlib.image.imread(tmp_path / name) for name in ("one.png", "other.png"))
    assert one.shape != other.shape or (one != other).any()


def test_every_line_is_named_and_the_axes_say_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    path = tmp_path / "plot.svg"
    plot_success_over_turns(ROWS, "lastfm, binary questions", path)
    text = path.read_text(encoding="utf-8")
    for words in ("random", ">bayes<", "bayes (no history)", "lastfm, binary questions", "agent turn", "100%"):
        assert words in text, words


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_that_is_offered_can_be_drawn(tmp_path: Path, suffix: str):
    path = tmp_path / f"plot{suffix}"
    plot_success_over_turns(ROWS[:1], "t", path)
    beginning = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(beginning)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def interrupted(figure: object, where: Path, **options: object) -> None:
        where.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plot_success_over_turns(ROWS, "t", path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
