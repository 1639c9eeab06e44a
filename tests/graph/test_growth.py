"""What a data set was before items were added to it."""

from dataclasses import replace
from pathlib import Path

import pytest

from graph import storage
from graph.affinity import rehearsal
from graph.dataset import Ancestor, Dataset
from graph.growth import before_growth
from graph.tables import TableOptions
from graph.tables.adding import add_items
from tests.worlds import closed_world, open_world

NEW = "id,title,year,genre,director\n1,Ali,2001,drama|sport,Michael Mann\n2,Rush,2013,drama|sport,Ron Howard\n"


def grown_from(dataset: Dataset, folder: Path, table: str = NEW) -> Dataset:
    path = folder / "new.csv"
    path.write_text(table)
    return add_items(dataset, path, "grown", TableOptions(least_items=2))[0]


@pytest.mark.parametrize("world", [open_world, closed_world])
def test_it_is_found_again_to_the_last_edge(world, tmp_path: Path) -> None:
    old = world()
    grown = grown_from(old, tmp_path)
    assert grown.grown_from == (Ancestor("by hand", old.fingerprint, 7, old.catalogue.n_attributes),)
    assert grown.catalogue.n_attributes > old.catalogue.n_attributes
    found = before_growth(grown, grown.grown_from[0])
    assert found is not None
    assert found.fingerprint == old.fingerprint
    assert found.name == old.name


def test_every_ancestor_is_found(tmp_path: Path) -> None:
    first = open_world()
    second = grown_from(first, tmp_path)
    third = grown_from(second, tmp_path, NEW.replace("\n1,", "\n3,").replace("\n2,", "\n4,"))
    assert [each.fingerprint for each in third.grown_from] == [first.fingerprint, second.fingerprint]
    found = [before_growth(third, each) for each in third.grown_from]
    assert [each.fingerprint for each in found if each] == [first.fingerprint, second.fingerprint]


def test_a_rehearsal_is_not_what_the_whole_was(tmp_path: Path) -> None:
    """What was learned from the whole history has seen what a rehearsal asks."""
    grown = grown_from(open_world(), tmp_path)
    assert before_growth(rehearsal(grown), grown.grown_from[0]) is None


@pytest.mark.parametrize("change", [{"n_items": 99}, {"n_items": 0}, {"n_attributes": 2}, {"fingerprint": "x"}])
def test_an_ancestor_that_cannot_be_is_none(change: dict[str, object], tmp_path: Path) -> None:
    grown = grown_from(open_world(), tmp_path)
    assert before_growth(grown, grown.grown_from[0]._replace(**change)) is None


def test_it_is_kept_and_counts_in_no_fingerprint(tmp_path: Path) -> None:
    grown = grown_from(open_world(), tmp_path)
    storage.save(grown, tmp_path / "kept")
    assert storage.load(tmp_path / "kept").grown_from == grown.grown_from
    assert replace(grown, grown_from=()).fingerprint == grown.fingerprint
