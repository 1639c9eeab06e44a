"""Codebooks on disk."""

import json
from pathlib import Path

import numpy as np
import pytest

from graph.errors import DataError
from graph.item_codes import Codebook, Origin, saving
from graph.item_codes.learning import LearningConfig
from tests.graph.item_codes.made_up import embeddings, likes


def codebook() -> Codebook:
    origin = Origin("shop", "0123456789abcdef", "CC0", 0, "shop")
    return Codebook.learn(embeddings(60), likes(30, 60), origin, LearningConfig(dimensions=8, steps=2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    saving.save(codebook(), tmp_path / "kept")
    return tmp_path / "kept"


def test_what_was_kept_codes_and_serves_as_before(folder: Path) -> None:
    before, after = codebook(), saving.load(folder)
    assert after.origin == before.origin
    unseen = embeddings(20, seed=8)
    np.testing.assert_array_equal(after.codes(unseen), before.codes(unseen))
    np.testing.assert_array_equal(after.table.items(after.codes(unseen)), before.table.items(before.codes(unseen)))
    assert after.table.sharpness == pytest.approx(before.table.sharpness)


@pytest.mark.parametrize("file", [saving.ARRAYS, saving.META])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "changed"])
def test_damage_is_told_in_one_line(folder: Path, file: str, damage: str) -> None:
    path = folder / file
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        changed = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
        path.write_bytes({"cut": whole[:-20], "empty": b"", "changed": changed}[damage])
    # Where the hash itself is changed it is the arrays that no longer fit it.
    with pytest.raises(DataError, match=file if damage != "changed" else "damaged") as error:
        saving.load(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("schema_version", 99, "schema_version is 99"), ("licence", 3, "licence"), ("more", 1, "more")],
)
def test_what_another_version_wrote_is_refused(folder: Path, key: str, value: object, told: str) -> None:
    path = folder / saving.META
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(DataError, match=told):
        saving.load(folder)


def test_arrays_that_are_no_codebook_are_refused_even_with_the_right_hash(folder: Path) -> None:
    import hashlib

    import safetensors.numpy

    arrays = safetensors.numpy.load((folder / saving.ARRAYS).read_bytes())
    for change in ({"rows": arrays["rows"][:2]}, {"rows": arrays["rows"][:2], "biases": arrays["biases"][:2]}):
        raw = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in {**arrays, **change}.items()})
        (folder / saving.ARRAYS).write_bytes(raw)
        meta = json.loads((folder / saving.META).read_text())
        meta["arrays_sha256"] = hashlib.sha256(raw).hexdigest()
        (folder / saving.META).write_text(json.dumps(meta))
        with pytest.raises(DataError, match="table"):
            saving.load(folder)


def test_a_file_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="bytes are no codebook"):
        saving.load(folder)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(DataError, match="cannot be written"):
        saving.save(codebook(), tmp_path / "file" / "below")


def test_at_home_the_mean_stays_and_elsewhere_it_is_that_of_the_catalogue() -> None:
    book, shifted = codebook(), embeddings(50, seed=2) + np.float32(0.3)
    assert book.at("shop", shifted) is book
    moved = book.at("elsewhere", shifted)
    assert moved.origin.home == "elsewhere"
    np.testing.assert_allclose(moved.coder.mean, shifted.mean(axis=0), rtol=1e-6)
    assert moved.table is book.table
