"""``convrec train``: numbers that are kept with where they come from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from convrec import cli, provenance, train_command
from graph.datasets import load
from graph.places import Places
from policy import tuning
from policy.bayes import GainRule
from policy.tuned_rules import Conditions, TunedRule, keep_rule, read_rules

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"
GRID = (GainRule(1.5, 0.0, 5.0), GainRule(1.5, 1.3, 5.0))

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a tuning of two rules that takes a blink."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "GRID", GRID)
    monkeypatch.setattr(tuning, "ROUNDS", ((20, 1), (40, 1)))
    monkeypatch.setattr(provenance, "commit", lambda: "0123456789ab")
    return work


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["train", "--policy", "bayes", "--data", DATA, "--affinity", "uniform", *arguments])
        return code, *capsys.readouterr()

    return run


def test_what_is_found_is_kept_with_its_provenance(run: Run, folder: Path):
    code, out, err = run("--questions", "facet", "--turns", "14", "--known", "drop", "--seed", "5", "--out", "b.json")
    assert (code, err) == (0, "")
    (tuned,) = read_rules(Path("b.json"))
    assert tuned.conditions == Conditions(DATA, "uniform", "facet", 14, "drop", "classic")
    assert tuned.rule in GRID
    assert set(tuned.provenance) == {"command", "commit", "data", "seed", "valid"}
    assert tuned.provenance["seed"] == 5
    assert tuned.provenance["commit"] == "0123456789ab"
    assert tuned.provenance["data"] == load(DATA, Places.from_environment()).fingerprint
    valid = tuned.provenance["valid"]
    assert valid["dialogues"] == 40
    assert 0 <= valid["hdcg"] <= valid["sr"] <= 1 <= valid["at"] <= 15
    assert f"AT {valid['at']:.2f}" in " ".join(out.split())
    assert [path.name for path in folder.iterdir()] == ["b.json"]


def test_it_is_what_evaluate_then_uses(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("--out", "b.json")[0] == 0
    (tuned,) = read_rules(Path("b.json"))
    command = ["evaluate", "--data", DATA, "--affinity", "uniform", "--policy", "bayes", "--checkpoint", "b.json"]
    assert cli.main([*command, "--split", "valid", "--dialogues", "40", "--no-anonymous", "--json", "e.json"]) == 0
    rows = json.loads(Path("e.json").read_text())["results"]
    (row,) = (row for row in rows if row["checkpoint"] == "b.json")
    assert row["rule"] == vars(tuned.rule)
    assert row["at"] == pytest.approx(tuned.provenance["valid"]["at"])
    capsys.readouterr()


def test_rules_for_other_conditions_stay(run: Run):
    for questions in ("binary", "facet", "binary"):
        assert run("--questions", questions, "--out", "b.json")[0] == 0
    assert [tuned.conditions.questions for tuned in read_rules(Path("b.json"))] == ["binary", "facet"]


def test_the_same_command_finds_the_same(run: Run):
    for name in ("one.json", "two.json"):
        assert run("--out", name)[0] == 0
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--policy", "random"], "'random' is not"),
        (["--users", "nobody"], "no user type 'nobody'"),
        (["--data", "nothing"], "no data set 'nothing'"),
        (["--affinity", "no"], "no affinity 'no'"),
        (["--out", "nowhere/b.json"], "--out nowhere/b.json: lies in"),
        (["--out", "."], "--out .: is a folder"),
        (["--out", "damaged.json"], "damaged.json: not a file of tuned rules"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    run: Run, folder: Path, arguments: list[str], told: str
):
    Path("damaged.json").write_text("precious")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("convrec: ")
    assert err.count("\n") == 1
    assert told in err
    assert [path.name for path in folder.iterdir()] == ["damaged.json"]
    assert Path("damaged.json").read_text() == "precious"


def test_damage_is_found_before_the_work_is_done(run: Run, monkeypatch: pytest.MonkeyPatch):
    Path("b.json").write_text("{")
    monkeypatch.setattr(train_command, "tune_gain_rule", lambda *arguments: pytest.fail("tuned for nothing"))
    assert run("--out", "b.json")[0] == 2


def test_an_interruption_leaves_the_old_file(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    keep_rule(Path("b.json"), TunedRule(Conditions("d", "a", "binary", 15), GainRule()))
    before = Path("b.json").read_bytes()

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "tune_gain_rule", interrupted)
    code, _, err = run("--out", "b.json")
    assert (code, err.strip().splitlines()[-1]) == (130, "convrec: interrupted")
    assert Path("b.json").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["b.json"]
