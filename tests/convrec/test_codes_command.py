"""``convrec codes``: learn, apply, adapt; the model of texts is replaced by one that knows words alone."""

import json
from pathlib import Path

import pytest

from convrec.cli import main
from graph.affinity.signals import text
from graph.item_codes import coder, saving
from tests.graph.affinity.signals.test_text import BagOfWords

SHOP = "synthetic:users=150,items=200,attributes=40,interactions=20"
OTHER = "synthetic:users=120,items=160,attributes=40,interactions=20,seed=3"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(text, "load_encoder", BagOfWords)
    monkeypatch.setattr(coder, "ROUNDS", 1)
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert main(["codes", "learn", "--data", SHOP, "--out", str(tmp_path / "codes")]) == 0
    return tmp_path / "codes"


def test_learn_keeps_a_codebook_that_names_its_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "codes"
    assert main(["codes", "learn", "--data", SHOP, "--out", str(folder)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "64 codes" in out
    assert "CC0" in out
    assert saving.load(folder).origin.data == saving.load(folder).origin.home


def test_apply_shows_neighbours_and_learns_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / saving.ARRAYS).read_bytes()
    capsys.readouterr()
    assert main(["codes", "apply", str(folder), "--data", OTHER, "--items", "2"]) == 0
    out = capsys.readouterr().out
    assert "160 items" in " ".join(out.split())
    assert (folder / saving.ARRAYS).read_bytes() == before


def test_adapt_keeps_another_codebook_that_is_no_worse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    out = folder.parent / "adapted"
    assert main(["codes", "adapt", str(folder), "--data", OTHER, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines()]
    values = {row[0]: float(row[-1]) for row in rows if row and row[0] in ("as", "permuted", "table")}
    assert ("the table is as it came" in said) is (values["as"] == values["table"])
    assert values["as"] <= values["permuted"] <= values["table"]
    assert saving.load(out).origin.adapted
    assert saving.load(out).origin.home != saving.load(folder).origin.home


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["codes", "apply", "nowhere", "--data", SHOP], "nowhere"),
        (["codes", "adapt", "nowhere", "--data", SHOP, "--out", "x"], "nowhere"),
        (["codes", "learn", "--data", "no-such", "--out", "x"], "no data set 'no-such'"),
        (["codes", "learn", "--data", "synthetic:users=0,items=20", "--out", "x"], "nobody likes two items"),
        (["codes", "learn", "--data", SHOP], "--out"),
    ],
)
def test_bad_input_is_told_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert told in lines[0]
    assert not (tmp_path / "x").exists()


def test_a_damaged_codebook_and_data_without_users_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "synthetic:users=0,items=20"
    assert main(["codes", "adapt", str(folder), "--data", nobody, "--out", str(folder.parent / "x")]) == 2
    assert "has no users" in capsys.readouterr().err
    meta = json.loads((folder / saving.META).read_text())
    (folder / saving.META).write_text(json.dumps({**meta, "arrays_sha256": "0"}))
    assert main(["codes", "apply", str(folder), "--data", OTHER]) == 2
    assert "damaged" in capsys.readouterr().err
