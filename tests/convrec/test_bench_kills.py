"""The bench of kills: nothing that was acknowledged is lost, and a file that has lost something is found out."""

import json
from pathlib import Path

import pytest

from convrec import cli
from convrec.bench_kills import measure_kills
from convrec.talk import Table, TalkOptions
from dialogs.session import Reply
from dialogs.transcripts import Recorder

DATA = "synthetic:users=40,items=120,attributes=24,seed=1"


def table() -> Table:
    return Table(TalkOptions(DATA, "bayes", "popularity"), paraphrases=False)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_kept_twice(tmp_path: Path) -> None:
    found = measure_kills(table(), 12, 1, tmp_path)
    assert found.nothing_lost
    assert (found.kills, found.lost, found.twice, found.unreadable) == (12, 0, 0, 0)
    assert 12 < found.acknowledged <= found.kept <= found.acknowledged + found.kills
    assert found.torn > 0, "some files were torn by hand"
    assert found.dialogues > 1


@pytest.mark.slow
def test_who_acknowledges_before_it_is_kept_or_keeps_twice_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Recorder.turn

    def every_other(self: Recorder, reply: Reply) -> None:
        self.skipped = not getattr(self, "skipped", True)  # type: ignore[attr-defined]
        if not self.skipped:  # type: ignore[attr-defined]
            keep(self, reply)

    def twice(self: Recorder, reply: Reply) -> None:
        keep(self, reply)
        keep(self, reply)

    monkeypatch.setattr(Recorder, "turn", every_other)
    assert measure_kills(table(), 3, 0, tmp_path / "lost").lost > 0
    monkeypatch.setattr(Recorder, "turn", twice)
    found = measure_kills(table(), 3, 0, tmp_path / "twice")
    assert found.twice > 0
    assert not found.nothing_lost


@pytest.mark.slow
def test_it_is_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kills.json"
    assert cli.main(["bench", "kills", "--data", DATA, "--kills", "2", "--json", str(out)]) == 0
    assert "2 kills" in capsys.readouterr().out
    (row,) = json.loads(out.read_text())["results"]
    assert (row["kills"], row["lost"], row["twice"]) == (2, 0, 0)
