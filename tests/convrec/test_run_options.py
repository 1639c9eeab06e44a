"""What commands have in common."""

from pathlib import Path

import pytest

from convrec.run_options import fit_affinity
from tests.dialogs.cinema import cinema


@pytest.mark.parametrize("quietly", [False, True])
def test_what_an_affinity_leaves_out_is_told_unless_nobody_asks(
    quietly: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    assert fit_affinity("hybrid", cinema(), quietly).name == "hybrid"
    assert ("no user with likes" in " ".join(capsys.readouterr().err.split())) is not quietly
