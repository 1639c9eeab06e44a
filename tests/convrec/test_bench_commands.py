import json
from cProfile import Profile
from pathlib import Path

import pytest

from convrec import cli
from convrec.bench_commands import calibrations_per_second, hottest_functions


@pytest.mark.slow
def test_speed_is_measured_beside_its_yardstick(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    data = "synthetic:users=40,items=300,attributes=30,seed=1"
    assert cli.main(["bench", "speed", "--data", data, "--dialogues", "256", "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())["results"]
    assert row["data"] == data
    assert row["turns"] >= row["dialogues"] > 0
    assert row["turns_per_second"] == pytest.approx(row["turns"] / row["seconds"])
    assert row["turns_per_calibration"] == pytest.approx(row["turns_per_second"] / row["calibrations_per_second"])
    assert 50 < row["peak_memory_mb"] < 4000
    assert 0 < sum(share for _, share in row["hottest"]) <= 1


def test_the_hottest_function_comes_first() -> None:
    profile = Profile()
    profile.runcall(calibrations_per_second, 2)
    found = hottest_functions(profile, count=3)
    assert len(found) == 3
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert any("calibrations_per_second" in name for name, _ in found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bench", "tables", "--only", "nothing"], "no such table"),
        (["bench", "speed", "--dialogues", "3"], "not in the range"),
        (["bench", "page", "--results", "nowhere"], "does not exist"),
        (["bench", "page", "--out", "nowhere/page.md"], "does not exist"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    err = capfd.readouterr().err
    assert said in err
    assert err.count("\n") == 1
