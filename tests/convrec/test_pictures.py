"""What is drawn: every name inside its box, whatever the names are like."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import figure
from matplotlib.patches import FancyBboxPatch

from convrec.pictures import draw_neighbourhood
from graph.catalogue import Catalogue
from graph.neighbourhood import Neighbourhood, find_neighbourhood, find_well_known
from graph.synthetic import make_synthetic

NASTY = (
    "A$AP & Ke$ha: the Extraordinarily Long-Winded Title of a Film Nobody Has Ever Managed to Say in One Breath",
    "千と千尋の神隠し" * 5,
    "W" * 80,
    "a\x07b\nc\u202ed",
    "",
)


@pytest.fixture
def scene() -> tuple[Catalogue, Neighbourhood]:
    dataset = make_synthetic(users=0, items=300, attributes=40, facets=12, per_item=16)
    item = find_well_known(dataset)
    around = find_neighbourhood(dataset.catalogue, item)
    titles, names = list(dataset.catalogue.titles), list(dataset.catalogue.attribute_names)
    for place, text in zip((item, *around.items), NASTY, strict=False):
        titles[place] = text
    for place, text in zip(around.attributes, NASTY, strict=False):
        names[place] = text
    years = np.full(300, 1999, np.int16)
    return replace(dataset.catalogue, titles=tuple(titles), attribute_names=tuple(names), years=years), around


@pytest.fixture
def drawn(scene: tuple[Catalogue, Neighbourhood], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> figure.Figure:
    """The figure as it is about to be written; writing would leave the sizes of its texts at another resolution."""
    figures: list[figure.Figure] = []
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, *_, **__: figures.append(self))
    draw_neighbourhood(*scene, "a subtitle", tmp_path / "drawn.png")
    return figures[0]


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
def test_no_name_leaves_its_box_or_lies_over_another(drawn: figure.Figure) -> None:
    axes = drawn.axes[0]
    page = drawn.bbox
    boxes = [patch.get_window_extent() for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    extents = [text.get_window_extent() for text in axes.texts if text.get_text()]
    for place, extent in enumerate(extents):
        assert page.x0 <= extent.x0 < extent.x1 <= page.x1
        assert page.y0 <= extent.y0 < extent.y1 <= page.y1
        for other in extents[place + 1 :]:
            apart = (
                min(extent.x1, other.x1) - max(extent.x0, other.x0),
                min(extent.y1, other.y1) - max(extent.y0, other.y0),
            )
            assert min(apart) < 2, "two texts lie over one another by more than a pixel or two of padding"
        for box in boxes:
            if box.x0 < (extent.x0 + extent.x1) / 2 < box.x1 and box.y0 < (extent.y0 + extent.y1) / 2 < box.y1:
                assert box.x0 <= extent.x0 < extent.x1 <= box.x1
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_everything_is_named(scene: tuple[Catalogue, Neighbourhood], drawn: figure.Figure) -> None:
    catalogue, around = scene
    texts = {text.get_text() for text in drawn.axes[0].texts}
    for attribute in around.attributes[len(NASTY) :]:
        assert catalogue.attribute_names[attribute] in texts
    for item in around.items[len(NASTY) :]:
        assert catalogue.describe_item(item) in texts
    assert {catalogue.facets[catalogue.attribute_facet[attribute]].name for attribute in around.attributes} <= texts
    assert f"and {around.n_hidden} more attributes" in texts


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_each_kind_of_picture_is_written(scene: tuple[Catalogue, Neighbourhood], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"drawn.{suffix}"
    draw_neighbourhood(*scene, "a subtitle", path)
    assert path.read_bytes()[:5].startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF-"}[suffix])
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_an_item_that_stands_alone_is_drawn(tmp_path: Path) -> None:
    catalogue = make_synthetic(users=0, items=1, attributes=1, facets=1).catalogue
    draw_neighbourhood(catalogue, Neighbourhood(0, (), (), (), 0), "alone", tmp_path / "alone.png")
    assert (tmp_path / "alone.png").exists()
