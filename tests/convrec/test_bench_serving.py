"""``convrec bench serving``: real talks with a real server, for a moment."""

import json
from pathlib import Path

import pytest

from convrec import cli
from convrec.acceptance import draw_page
from tests.convrec.serving.servers import DATA


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_is_measured_told_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    kept = tmp_path / "serving.json"
    flags = ["--data", DATA, "--policy", "bayes", "--workers", "1", "--seconds", "2", "--json", str(kept)]
    assert cli.main(["bench", "serving", *flags]) == 0
    told = capsys.readouterr().out
    (row,) = json.loads(kept.read_text())["results"]
    assert row["turns"] == 120
    assert row["errors"] == 0
    assert row["p50_ms"] <= row["p99_ms"] <= row["slowest_ms"]
    assert min(row[name] for name in ("turns_per_second", "first_reply_ms", "first_mb", "bare_per_second")) > 0.0
    assert f"{row['turns_per_second']:.0f}" in told
    page = draw_page(tmp_path)
    assert "## Serving" in page
    assert f"| turns a second, no pause | {row['turns_per_second']:.0f} |" in page


def test_what_ends_at_once_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "serving", "--policy", "nobody", "--seconds", "2"]) == 2
    complaint = capsys.readouterr().err.strip().splitlines()[-1]
    assert "no such policy" in complaint
