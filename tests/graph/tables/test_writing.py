"""Items as a table that can be read again: withheld, written and added they are what they were."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import DataError
from graph.interactions import Interactions
from graph.tables import TableOptions, import_table
from graph.tables import example_shop as shops
from graph.tables.adding import add_items
from graph.tables.writing import SEPARATORS, write_items
from graph.withholding import withhold
from tests.worlds import make_world, town


def round_trip(dataset: Dataset, items: list[int], path: Path) -> Dataset:
    separator = write_items(dataset.catalogue, np.array(items, np.int64), path)
    rest = withhold(dataset, np.array(items, np.int64))
    return add_items(rest, path, dataset.name, TableOptions(separator=separator))[0]


def assert_came_back(dataset: Dataset, items: list[int], found: Dataset) -> None:
    whole, back = dataset.catalogue, found.catalogue
    order = [each for each in range(whole.n_items) if each not in items] + items
    assert back.attribute_names == whole.attribute_names
    assert back.vocabulary == whole.vocabulary
    for new, old in enumerate(order):
        assert back.attributes_of(new).tolist() == whole.attributes_of(old).tolist()
        assert back.item_key(new) == whole.item_key(old)
        assert back.titles[new] == whole.titles[old]
        assert back.texts is None or whole.texts is None or back.texts[new] == whole.texts[old]
    assert (back.known == whole.known[order]).all()
    assert (back.years == whole.years[order]).all()
    assert (back.popularity == whole.popularity[order]).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("open_share", [0.0, 0.3])
def test_of_a_made_up_world(suffix: str, open_share: float, tmp_path: Path) -> None:
    world, items = town(open_share), [3, 50, 119, 0]
    assert_came_back(world, items, round_trip(world, items, tmp_path / f"items.{suffix}"))


def test_of_an_imported_shop(tmp_path: Path) -> None:
    path = shops.write_table(tmp_path / "shop.csv", shops.instruments(200))
    shop = import_table("shop", path)[0]
    items = list(range(0, 200, 7))
    assert_came_back(shop, items, round_trip(shop, items, tmp_path / "items.csv"))


WORDS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x2000), min_size=1, max_size=12)
NAMES = WORDS.map(lambda text: " ".join(text.split())).filter(
    lambda name: name and name.casefold() not in {"nan", "null", "n/a", "#n/a", "(another)"}
)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """A few items of two facets, with names of any letters and signs, some known of which nothing is an attribute."""
    sets = [draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)) for _ in range(2)]
    names = [(facet, name) for facet, own in enumerate(sets) for name in own]
    n_items = draw(st.integers(2, 6))
    cells = st.lists(st.integers(0, len(names) - 1), max_size=4)
    edges = [(row, each) for row in range(n_items) for each in draw(cells)]
    recorded = draw(st.lists(st.booleans(), min_size=2 * n_items, max_size=2 * n_items))
    rows, columns = np.array(edges, np.int64).reshape(-1, 2).T
    return Catalogue(
        np.arange(n_items) * 3 + 5, tuple(draw(NAMES) for _ in range(n_items)),
        np.array([draw(st.integers(-500, 2100)) for _ in range(n_items)], np.int16),
        np.array([draw(st.floats(2, 1e6, width=32)) for _ in range(n_items)], np.float32),
        (Facet("kind of thing", open_world=True), Facet("Closed", open_world=False)),
        np.arange(len(names)), tuple(name for _, name in names), np.array([facet for facet, _ in names], np.int16),
        CSR.from_pairs(rows, columns, n_items, len(names)), np.array(recorded).reshape(n_items, 2),
    )  # fmt: skip


@settings(deadline=None)  # the first Parquet file takes a second
@given(catalogues(), st.sampled_from(["csv", "parquet"]))
def test_of_any_names(catalogue: Catalogue, suffix: str) -> None:
    dataset = Dataset("any", catalogue, Interactions.none(catalogue.n_items), "", "")
    items = list(range(1, catalogue.n_items))
    assume(not all(any(sign in name for name in catalogue.attribute_names) for sign in SEPARATORS))
    with TemporaryDirectory() as folder:
        found = round_trip(dataset, items, Path(folder) / f"items.{suffix}")
    assert_came_back(dataset, items, found)


def test_what_would_not_come_back_is_refused(tmp_path: Path) -> None:
    nothing = make_world({"A": {"kind": ["N/A"]}, "B": {"kind": ["b"]}}).catalogue
    signs = make_world({"A": {"kind": ["a|b;c", "d¦^e"]}}).catalogue
    role = make_world({"A": {"Year": ["a"]}}).catalogue
    twice = make_world({"A": {"Kind": ["a"], "kind_": ["b"]}}).catalogue
    for catalogue, message in (
        (nothing, "'N/A': would be read as unknown"), (signs, "nothing can stand between"),
        (role, "'Year': two columns"), (twice, "two columns would have this name"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=message):
            write_items(catalogue, np.array([0]), tmp_path / "items.csv")
    assert list(tmp_path.iterdir()) == []


def test_another_sign_stands_between_values_that_hold_the_usual_one(tmp_path: Path) -> None:
    world = make_world({"A": {"kind": ["a|b", "c"]}, "B": {"kind": ["c"]}, "C": {"kind": ["a|b"]}})
    world = replace(world, catalogue=replace(world.catalogue, years=np.array([1999, 0, 5], np.int16)))
    assert write_items(world.catalogue, np.array([0]), tmp_path / "items.csv") == ";"
    assert (tmp_path / "items.csv").read_text().splitlines() == ["id,title,year,popularity,kind", "500,A,1999,1,a|b;c"]
    assert_came_back(world, [0], round_trip(world, [0], tmp_path / "items.csv"))
