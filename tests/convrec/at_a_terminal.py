"""What the tests of commands that read tables share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from convrec import cli
from convrec.run_options import console
from graph.places import Places

Run = Callable[..., tuple[int, str, str]]
"""Calls a command, and hands out its exit code, what it said and what it complained of."""

WIDTH = 120
"""Columns of the terminal."""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty cache, an empty folder to work in, and a terminal of one width."""
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CONVREC_SHARED", str(tmp_path))
    monkeypatch.setattr(console, "width", WIDTH)  # the variable COLUMNS is only read once
    monkeypatch.chdir(tmp_path / "here")
    return Places(tmp_path / "cache", tmp_path)


@pytest.fixture
def run(places: Places, capsys: pytest.CaptureFixture[str]) -> Run:
    """See :data:`Run`."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        return code, *capsys.readouterr()

    return run
