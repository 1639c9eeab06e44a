"""``convrec simulate``: a few dialogues in words."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from convrec import cli, simulate_command
from graph.interactions import Split
from simulator.evaluation import Run
from simulator.history import Act, History
from simulator.runs import Targets
from tests.worlds import Scripted, attribute, dialogues_of, item, make_world, setting_of

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def simulate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["simulate", "--data", DATA, "--affinity", "uniform", *arguments])
    return code, *capsys.readouterr()


GOLDEN = """\
1 · user 9000 has in mind: Alien [b] (1979) ────────────────────────────────────
   user  I am looking for something with mood: dark [i].
  agent  Should it be something with mood: light?
   user  No.
  agent  …
  agent  How about Heat?
   user  None of those.
  agent  How about Heat, Alien [b] (1979)?
   user  Yes: Alien [b] (1979)!
         found at turn 3

2 · somebody unknown has in mind: Heat ─────────────────────────────────────────
  user  I am looking for something with mood: light.
        not found in 14 turns

"""


def test_golden(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """With titles and names that look like markup."""
    films = {"Alien [b] (1979)": {"mood": ["dark [i]"]}, "Heat": {"mood": ["light"]}}
    world = make_world(films, history={"Ann": {Split.TEST: list(films)}})
    catalogue = world.catalogue
    dark, light = attribute(catalogue, "dark [i]"), attribute(catalogue, "light")
    alien, heat = item(catalogue, "Alien [b]"), item(catalogue, "Heat")
    history = History.begin(np.array([dark, light]), 5, 1, 2)
    history.length[0] = 4
    history.acts[0, :4] = [Act.ASK, Act.WAIT, Act.RECOMMEND, Act.RECOMMEND]
    history.options[0, 0], history.answers[0, 0] = light, 0
    history.lists[0, 2:4] = [[heat, -1], [heat, alien]]
    history.accepted[0, 3] = 2
    targets = Targets(np.array([0, -1], np.int32), np.array([alien, heat], np.int32))
    setting = setting_of(world, turns=14)
    run = Run(Scripted([0]), setting, "classic", targets, np.zeros(2, int), dialogues_of(history), 0.0)
    monkeypatch.setattr(simulate_command, "console", Console(width=80))
    for row in range(2):
        simulate_command.print_dialogue(run, row)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert "\n".join(lines) + "\n" == GOLDEN


@pytest.mark.parametrize("mode", ["binary", "facet", "multi"])
def test_dialogues_in_words(capsys: pytest.CaptureFixture[str], mode: str):
    code, out, err = simulate(capsys, "--questions", mode, "--dialogues", "3", "--policy", "random")
    assert (code, err) == (0, "")
    assert out.count("has in mind:") == 3
    assert out.count("found") == 3
    assert out.count("I am looking for something with facet") == 3
    assert "How about item " in out
    assert ("or none of these?" in " ".join(out.split())) == (mode != "binary")
    assert max(map(len, out.splitlines())) <= 80


def test_the_seed_decides(capsys: pytest.CaptureFixture[str]):
    first, again, other = (simulate(capsys, "--seed", seed)[1] for seed in ("0", "0", "1"))
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--policy", "bayse"], "no policy 'bayse'; did you mean bayes?"),
        (["--users", "nobody"], "no user type 'nobody'; choose from classic, mixture,"),
        (["--affinity", "no"], "no affinity 'no'"),
        (["--data", "nothing"], "no data set 'nothing'"),
        (["--dialogues", "0"], "--dialogues"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], told: str):
    code, out, err = simulate(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("convrec: ")
    assert err.count("\n") == 1
    assert told in err
