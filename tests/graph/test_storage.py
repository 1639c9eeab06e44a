import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import storage
from graph.catalogue import Facet
from graph.dataset import Dataset
from graph.errors import DataError
from graph.interactions import Interactions
from graph.synthetic import make_synthetic


@pytest.fixture
def dataset() -> Dataset:
    made = make_synthetic(users=20, items=30, attributes=12, facets=3, interactions=5)
    catalogue = replace(
        made.catalogue,
        titles=("Amélie\n\x07", "", *made.catalogue.titles[2:]),
        facets=(Facet("a", open_world=True), Facet("b", ordered=True), Facet("c")),
        recorded=np.arange(90).reshape(30, 3) % 7 < 4,
    )
    history = replace(made.interactions, user_facts={"age": tuple(str(user) for user in range(20))})
    return replace(made, catalogue=catalogue, interactions=history)


def assert_same(found: Dataset, wanted: Dataset) -> None:
    assert found.fingerprint == wanted.fingerprint
    assert (found.name, found.source, found.licence) == (wanted.name, wanted.source, wanted.licence)
    assert found.catalogue.titles == wanted.catalogue.titles
    assert found.catalogue.attribute_names == wanted.catalogue.attribute_names
    assert found.catalogue.facets == wanted.catalogue.facets
    assert np.array_equal(found.catalogue.known, wanted.catalogue.known)
    assert found.interactions.user_facts == wanted.interactions.user_facts
    assert np.array_equal(found.interactions.liked, wanted.interactions.liked)
    assert found.interactions.n_items == wanted.interactions.n_items


def test_what_is_saved_is_loaded(dataset: Dataset, tmp_path: Path) -> None:
    storage.save(dataset, tmp_path / "kept", builder="b1")
    assert_same(storage.load(tmp_path / "kept"), dataset)
    assert storage.read_meta(tmp_path / "kept").builder == "b1"
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["arrays.safetensors", "meta.json"]


def test_a_catalogue_without_users_is_loaded(dataset: Dataset, tmp_path: Path) -> None:
    alone = replace(dataset, interactions=Interactions.none(dataset.catalogue.n_items))
    storage.save(alone, tmp_path / "kept")
    assert storage.load(tmp_path / "kept").anonymous


def with_own_ids(dataset: Dataset) -> Dataset:
    catalogue = replace(
        dataset.catalogue,
        item_keys=tuple(f"SKU-{item}" for item in range(30)),
        texts=("soft\tand warm", "", *("plain",) * 28),
        noun="jumper",
    )
    return replace(
        dataset,
        catalogue=catalogue,
        interactions=replace(dataset.interactions, user_keys=tuple(f"user {user}" for user in range(20))),
    )


def test_ids_in_words_and_descriptions_come_back(dataset: Dataset, tmp_path: Path) -> None:
    kept = with_own_ids(dataset)
    storage.save(kept, tmp_path / "kept")
    found = storage.load(tmp_path / "kept")
    assert_same(found, kept)
    assert (found.catalogue.item_keys, found.catalogue.texts) == (kept.catalogue.item_keys, kept.catalogue.texts)
    assert (found.catalogue.noun, found.interactions.user_keys) == ("jumper", kept.interactions.user_keys)
    assert (found.catalogue.item_key(3), found.interactions.user_key(4)) == ("SKU-3", "user 4")
    assert (dataset.catalogue.item_key(3), dataset.interactions.user_key(4)) == (3, 4)


def test_each_optional_part_counts_in_the_fingerprint(dataset: Dataset) -> None:
    kept = with_own_ids(dataset)
    lacking = [
        replace(kept, catalogue=replace(kept.catalogue, item_keys=None)),
        replace(kept, catalogue=replace(kept.catalogue, texts=None)),
        replace(kept, catalogue=replace(kept.catalogue, noun=None)),
        replace(kept, interactions=replace(kept.interactions, user_keys=None)),
        replace(kept, catalogue=replace(kept.catalogue, texts=("soft and warm", *("plain",) * 29))),
    ]
    assert len({each.fingerprint for each in (dataset, kept, *lacking)}) == 7


def test_what_earlier_versions_know_nothing_of_is_not_written_unless_it_is_there(
    dataset: Dataset, tmp_path: Path
) -> None:
    """Agents record the fingerprint, and earlier versions refuse a key they do not know."""
    storage.save(dataset, tmp_path / "kept")
    assert set(json.loads((tmp_path / "kept" / storage.META).read_text())) == {
        "schema_version", "name", "source", "licence", "builder", "fingerprint", "arrays_sha256", "titles",
        "attribute_names", "facets", "user_facts",
    }  # fmt: skip
    plain = make_synthetic(users=20, items=30, attributes=12, facets=3, interactions=5)
    assert plain.fingerprint == "4bef4f924fe2acc2"


def test_a_later_save_replaces_the_earlier_and_leaves_nothing_else(dataset: Dataset, tmp_path: Path) -> None:
    storage.save(dataset, tmp_path / "kept")
    other = replace(dataset, name="other", licence="none")
    storage.save(other, tmp_path / "kept")
    assert_same(storage.load(tmp_path / "kept"), other)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("step", ["_write_through", "_replace_folder", "_flush_folder"])
def test_ctrl_c_leaves_the_earlier_one_whole(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    storage.save(dataset, tmp_path / "kept")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        storage.save(replace(dataset, name="other"), tmp_path / "kept")
    assert storage.load(tmp_path / "kept").name == ("other" if step == "_flush_folder" else dataset.name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_ctrl_c_between_the_two_renames_puts_the_earlier_one_back(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.save(dataset, tmp_path / "kept")
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.save(replace(dataset, name="other"), tmp_path / "kept")
    assert storage.load(tmp_path / "kept").name == dataset.name
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_writers_and_readers_at_once_see_only_whole_data_sets(dataset: Dataset, tmp_path: Path) -> None:
    storage.save(dataset, tmp_path / "kept")
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for _ in range(15):
                storage.save(replace(dataset, name=name), tmp_path / "kept")
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        # A reader may look in the instant between the two renames, but never sees a mixture.
        try:
            assert storage.load(tmp_path / "kept").fingerprint == dataset.fingerprint
        except DataError as error:
            assert "cannot be read (No such file or directory)" in str(error)  # noqa: PT017
    for writer in writers:
        writer.join()
    assert not failures
    assert storage.load(tmp_path / "kept").name in ("one", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def rewrite_meta(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    meta = json.loads((folder / storage.META).read_text())
    change(meta)
    (folder / storage.META).write_text(json.dumps(meta))


def rewrite_arrays(folder: Path, **changed: np.ndarray[Any, Any] | None) -> None:
    """Change arrays and let the checksum agree, as somebody who means harm would."""
    arrays = safetensors.numpy.load((folder / storage.ARRAYS).read_bytes())
    for name, array in changed.items():
        key = name.replace("__", ".")
        arrays.pop(key)
        if array is not None:
            arrays[key] = array
    raw = safetensors.numpy.save(arrays)
    (folder / storage.ARRAYS).write_bytes(raw)
    rewrite_meta(folder, lambda meta: meta.update(arrays_sha256=hashlib.sha256(raw).hexdigest()))


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        storage.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert "fetch or import" in message
    return message


def test_a_missing_folder_or_file_is_named(dataset: Dataset, tmp_path: Path) -> None:
    assert "meta.json" in refused(tmp_path / "nowhere")
    storage.save(dataset, tmp_path / "kept")
    (tmp_path / "kept" / storage.ARRAYS).unlink()
    assert "arrays.safetensors: cannot be read" in refused(tmp_path / "kept")


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_truncated_file_is_refused(dataset: Dataset, tmp_path: Path, keep: int) -> None:
    for name in (storage.ARRAYS, storage.META):
        storage.save(dataset, tmp_path / "kept")
        path = tmp_path / "kept" / name
        path.write_bytes(path.read_bytes()[:keep])
        assert name in refused(tmp_path / "kept")


def test_one_flipped_bit_is_noticed(dataset: Dataset, tmp_path: Path) -> None:
    storage.save(dataset, tmp_path / "kept")
    path = tmp_path / "kept" / storage.ARRAYS
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert "checksum" in refused(tmp_path / "kept")


HOSTILE_META: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another schema": (lambda meta: meta.update(schema_version=99), "schema_version is 99"),
    "a missing key": (lambda meta: meta.pop("titles"), "titles: Field required"),
    "an unknown key": (lambda meta: meta.update(extra=1), "extra"),
    "a title that is no text": (lambda meta: meta["titles"].__setitem__(3, 5), "titles.3"),
    "titles that are no list": (lambda meta: meta.update(titles="abc"), "titles"),
    "a facet without a name": (lambda meta: meta["facets"][0].pop("name"), "facets.0.name"),
    "a boolean in words": (lambda meta: meta["facets"][0].update(open_world="yes"), "facets.0.open_world"),
    "a title too few": (lambda meta: meta["titles"].pop(), "of shape (29,)"),
    "a facet too few": (lambda meta: meta["facets"].pop(), "'recorded' is bool of shape (90,)"),
    "a facet twice": (lambda meta: meta["facets"][1].update(name="a"), "same name"),
    "facts of other users": (lambda meta: meta["user_facts"].update(age=["1"]), "1 values of 'age' for 20 users"),
    "a key too few": (lambda meta: meta.update(item_keys=["a"]), "1 item keys, but 30"),
    "a key twice": (lambda meta: meta.update(item_keys=["a"] * 30), "two of the item keys are the same"),
    "a text too few": (lambda meta: meta.update(texts=["a"]), "1 texts, but 30"),
    "user keys of others": (lambda meta: meta.update(user_keys=["a"]), "1 user keys for 20 users"),
    "a user key twice": (lambda meta: meta.update(user_keys=["a"] * 20), "two of the user keys are the same"),
    "a noun that is a number": (lambda meta: meta.update(noun=3), "noun"),
    "a noun that was not there": (lambda meta: meta.update(noun="x"), "fingerprint"),
    "another title": (lambda meta: meta["titles"].__setitem__(3, "x"), "fingerprint"),
}


@pytest.mark.parametrize("what", HOSTILE_META)
def test_hostile_meta_is_refused(dataset: Dataset, tmp_path: Path, what: str) -> None:
    change, says = HOSTILE_META[what]
    storage.save(dataset, tmp_path / "kept")
    rewrite_meta(tmp_path / "kept", change)
    assert says in refused(tmp_path / "kept")


def test_meta_that_is_no_object_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    storage.save(dataset, tmp_path / "kept")
    for text in ("[]", "null", "[" * 100_000, "\xff", '{"titles": ["\\ud800"]}'):
        (tmp_path / "kept" / storage.META).write_text(text, encoding="latin-1")
        refused(tmp_path / "kept")


def hostile_arrays(dataset: Dataset) -> dict[str, tuple[dict[str, np.ndarray[Any, Any] | None], str]]:
    catalogue, history = dataset.catalogue, dataset.interactions
    edges = catalogue.item_attributes

    def outside(array: np.ndarray[Any, Any], value: float) -> np.ndarray[Any, Any]:
        return np.concatenate([array[:-1], np.array([value], array.dtype)])

    return {
        "missing": ({"years": None}, "no array 'years'"),
        "another type": ({"users": history.users.astype(np.int64)}, "'users' is int64"),
        "two dimensions": ({"years": catalogue.years[:, None]}, "'years' is int16 of shape (30, 1)"),
        "an item outside": ({"items": outside(history.items, 30)}, "'items' points outside 0..29"),
        "a user below 0": ({"users": outside(history.users, -1)}, "'users' points outside"),
        "a fourth split": ({"split": outside(history.split, 3)}, "'split' points outside"),
        "an attribute outside": ({"item_attributes__indices": outside(edges.indices, 12)}, "points outside 0..11"),
        "rows that overlap": ({"item_attributes__indptr": edges.indptr[::-1].copy()}, "does not cut"),
        "columns out of order": ({"item_attributes__indices": np.zeros_like(edges.indices)}, "not ascending"),
        "an id twice": ({"item_ids": np.zeros_like(catalogue.item_ids)}, "'item_ids' has an id twice"),
        "a rating that is none": ({"ratings": outside(history.ratings, np.nan)}, "finite"),
        "recorded values of other items": ({"recorded": np.ones(89, bool)}, "'recorded' is bool of shape (89,)"),
        "a friend outside": ({"friends__indptr": outside(history.friends.indptr, 1)}, "'friends.indptr'"),
    }


@pytest.mark.parametrize("what", [
    "missing", "another type", "two dimensions", "an item outside", "a user below 0", "a fourth split",
    "an attribute outside", "rows that overlap", "columns out of order", "an id twice", "a rating that is none",
    "recorded values of other items", "a friend outside",
])  # fmt: skip
def test_hostile_arrays_are_refused(dataset: Dataset, tmp_path: Path, what: str) -> None:
    changed, says = hostile_arrays(dataset)[what]
    storage.save(dataset, tmp_path / "kept")
    rewrite_arrays(tmp_path / "kept", **changed)
    assert says in refused(tmp_path / "kept")


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / storage.META).write_bytes(raw)
    refused(folder)


def test_a_place_that_cannot_be_written_is_named(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written .*CONVREC_CACHE"):
        storage.save(dataset, tmp_path / "file" / "kept")


def test_twenty_thousand_items_load_within_a_second(tmp_path: Path) -> None:
    large = make_synthetic(users=1_000, items=20_000, attributes=5_000, per_item=50)
    assert large.catalogue.item_attributes.n_edges > 950_000
    storage.save(large, tmp_path / "kept")
    start = time.process_time()
    storage.load(tmp_path / "kept")
    assert time.process_time() - start < 1


def test_a_user_is_found_by_the_id_the_source_gives(dataset: Dataset) -> None:
    assert dataset.interactions.find_user(7) == dataset.interactions.find_user("7") == 7
    assert with_own_ids(dataset).interactions.find_user("user 4") == 4
    with pytest.raises(DataError, match="nobody has the id '7'; choose one of 20, such as user 0"):
        with_own_ids(dataset).interactions.find_user(7)
    with pytest.raises(DataError, match="nobody is known here"):
        Interactions.none(3).find_user(7)
