"""A fitted affinity on disk."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph import affinity
from graph.affinity import registry, saving
from graph.affinity.hybrid import Hybrid
from graph.dataset import Dataset
from graph.errors import DataError
from graph.tables.adding import add_items
from graph.tables.writing import write_items
from tests.graph.affinity.contract import fitted, small, with_test_pairs_drawn_anew


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    model = fitted("hybrid")
    assert isinstance(model, Hybrid)
    saving.save(model, small(), tmp_path / "kept")
    return tmp_path / "kept"


def test_what_is_read_scores_as_what_was_written(kept: Path) -> None:
    users = np.arange(-1, 400)
    np.testing.assert_array_equal(saving.load(small(), kept).scores(users), fitted("hybrid").scores(users))


def test_the_file_holds_nothing_of_any_user(kept: Path) -> None:
    sizes = {400, len(small().interactions.users), small().interactions.known_likes.n_edges}
    arrays = saving.safetensors.numpy.load((kept / saving.ARRAYS).read_bytes())
    assert not sizes & {length for array in arrays.values() for length in array.shape}
    assert sum(array.size for array in arrays.values()) < 20_000


def damage_arrays(folder: Path) -> None:
    raw = bytearray((folder / saving.ARRAYS).read_bytes())
    raw[-1] ^= 1
    (folder / saving.ARRAYS).write_bytes(bytes(raw))


def change_meta(**changes: object):
    def change(folder: Path) -> None:
        meta = json.loads((folder / saving.META).read_text())
        (folder / saving.META).write_text(json.dumps(meta | changes))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_arrays, "damaged; fit it again"),
        (change_meta(schema_version=99), "schema 99"),
        (change_meta(signals=["content"]), "learned with other signals"),
        (change_meta(most_dense="many"), "not a fitted affinity"),
        (lambda folder: (folder / saving.META).write_text("{"), "not a fitted affinity"),
        (lambda folder: (folder / saving.ARRAYS).unlink(), "cannot be read"),
    ],
    ids=["arrays", "schema", "signals", "types", "not JSON", "missing"],
)
def test_what_is_damaged_is_refused(kept: Path, damage, message: str) -> None:
    damage(kept)
    with pytest.raises(DataError, match=message):
        saving.load(small(), kept)


def test_other_data_are_refused(kept: Path) -> None:
    with pytest.raises(DataError, match="learned from other data"):
        saving.load(with_test_pairs_drawn_anew(small()), kept)


def test_what_was_learned_once_is_kept_and_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = affinity.fit_or_load("hybrid", small(), tmp_path)
    monkeypatch.setattr(registry, "fit", lambda *args: pytest.fail("learned a second time"))
    again = affinity.fit_or_load("hybrid", small(), tmp_path)
    np.testing.assert_array_equal(first.scores(np.arange(9)), again.scores(np.arange(9)))


def test_what_is_damaged_in_the_cache_is_made_anew(tmp_path: Path) -> None:
    users = np.arange(9)
    expected = affinity.fit_or_load("hybrid", small(), tmp_path).scores(users)
    (folder,) = (tmp_path / "affinities").iterdir()
    damage_arrays(folder)
    np.testing.assert_array_equal(affinity.fit_or_load("hybrid", small(), tmp_path).scores(users), expected)
    np.testing.assert_array_equal(saving.load(small(), folder).scores(users), expected)


@pytest.mark.parametrize("kind", saving.LEARNED_SIGNALS)
def test_every_signal_that_takes_long_is_kept(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "fit", lambda name, *args: fitted(name))
    users = np.arange(-1, 400)
    expected = affinity.fit_or_load(kind, small(), tmp_path).scores(users)
    monkeypatch.setattr(registry, "fit", lambda *args: pytest.fail("learned a second time"))
    np.testing.assert_array_equal(affinity.fit_or_load(kind, small(), tmp_path).scores(users), expected)
    (folder,) = (tmp_path / "affinities").iterdir()
    damage_arrays(folder)
    with pytest.raises(DataError, match="damaged; fit it again"):
        saving.load(small(), folder)


def test_what_follows_from_the_data_at_once_is_not_kept(tmp_path: Path) -> None:
    affinity.fit_or_load("ease", small(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_was_learned_nothing_is_kept(tmp_path: Path) -> None:
    from graph.interactions import Interactions

    alone = replace(small(), interactions=Interactions.none(500))
    affinity.fit_or_load("hybrid", alone, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def grown(tmp_path: Path) -> Dataset:
    """Some 30 items more, like some that are there, and one attribute that is new."""
    path, catalogue = tmp_path / "new.csv", small().catalogue
    renumbered = replace(catalogue, item_ids=catalogue.item_ids + 10_000)
    write_items(renumbered, np.arange(30), path)
    header, *rows = path.read_text().splitlines()
    facet = header.split(",")[-1]
    path.write_text("\n".join([header, *(f"{row}|fresh" if number < 9 else row for number, row in enumerate(rows))]))
    found = add_items(small(), path, "grown")[0]
    assert found.catalogue.n_items == 530
    assert found.catalogue.describe_attribute(60) == f"{facet}: fresh"
    return found


def test_what_was_learned_before_items_were_added_serves_with_them(
    grown: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "fit", lambda name, *args: fitted(name))
    before = affinity.fit_or_load("hybrid", small(), tmp_path / "cache")
    monkeypatch.setattr(registry, "fit", lambda *args: pytest.fail("learned a second time"))
    after = affinity.fit_or_load("hybrid", grown, tmp_path / "cache")
    users = np.arange(-1, 400)
    old, new = before.scores(users), after.scores(users)
    assert new.shape == (401, 530)
    shift = new[:, :500] - old
    shift -= shift.mean(axis=1, keepdims=True)  # a log prior has no zero of its own
    assert np.abs(shift).mean() < 0.1 * np.abs(old - old.mean(axis=1, keepdims=True)).mean()
    assert np.isfinite(new).all()
    assert new[:, 500:].std() > 0.1, "new items are told apart"


def test_a_rehearsal_does_not_take_what_was_learned_from_what_it_asks(
    grown: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "fit", lambda name, *args: fitted(name))
    affinity.fit_or_load("hybrid", small(), tmp_path / "cache")
    monkeypatch.setattr(registry, "fit", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        affinity.fit_or_load("hybrid", affinity.rehearsal(grown), tmp_path / "cache")


def test_what_has_numbers_of_single_items_is_learned_anew(
    grown: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "fit", lambda name, *args: fitted(name))
    affinity.fit_or_load("als", small(), tmp_path / "cache")
    monkeypatch.setattr(registry, "fit", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        affinity.fit_or_load("als", grown, tmp_path / "cache")
