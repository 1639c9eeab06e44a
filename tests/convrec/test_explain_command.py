"""``convrec explain-policy``: what is drawn is what happened."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convrec import cli
from convrec.policy_moments import explain_dialogue, find_habits
from policy import registry
from policy.unified.agent import UnifiedPolicy
from simulator.history import Act
from simulator.runs import draw_targets, run_dialogues
from tests.policy.contract import conditions
from tests.worlds import city, setting_of

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["explain-policy", "--data", DATA, "--affinity", "uniform", *arguments])
        return code, *capsys.readouterr()

    return run


def agent() -> UnifiedPolicy:
    policy = registry.make("unified", conditions())
    assert isinstance(policy, UnifiedPolicy)
    return policy


@pytest.mark.parametrize("number", [0, 5, 11])
def test_the_dialogue_is_the_one_of_the_run(number: int):
    setting = setting_of(city(), users="burst+noisy:0.1")
    explained = explain_dialogue(setting, agent(), 3, number)
    held = run_dialogues(setting, agent(), draw_targets(city(), number + 1, 3), 3)
    assert explained.success_turn == held.history.accepted_turn[number]
    assert len(explained.moments) == held.history.length[number]
    for moment, act in zip(explained.moments, held.history.acts[number], strict=False):
        (chosen,) = (slot for slot in moment.slots if slot.is_chosen)
        assert {"ask": Act.ASK, "show": Act.RECOMMEND, "wait": Act.WAIT}[chosen.label.split()[0]] == act
        assert chosen.value == max(slot.value for slot in moment.slots)
        assert moment.slots == sorted(moment.slots, key=lambda slot: -slot.value)
    assert explained.moments[0].before[0][0] == "user"


def test_habits_are_those_of_a_run():
    setting = setting_of(city(), users="burst")
    habits = find_habits(setting, agent(), 60, 2)
    held = run_dialogues(setting, agent(), draw_targets(city(), 60, 2), 2)
    for act in (Act.ASK, Act.RECOMMEND, Act.WAIT):
        assert (habits.acts == act).sum() == (held.history.acts == act).sum()
    assert habits.turns.max() == held.history.turns.max()
    assert (habits.acts[habits.turns == 15] != Act.ASK).all(), "nothing can follow from the last question"
    assert np.isfinite(habits.bits).all()


def test_pictures_are_drawn(run: Run):
    code, out, err = run("--users", "burst", "--out", "d.svg", "--habits", "h.png", "--dialogues", "50")
    assert code == 0, err
    assert "drawn in d.svg" in out
    assert Path("d.svg").read_text().startswith("<?xml")
    assert Path("h.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--out", "d.gif"], "--out d.gif: draws .png, .svg, .pdf"),
        (["--habits", "nowhere/h.png"], "does not exist"),
        (["--checkpoint", "nothing"], "nothing: cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, arguments: list[str], what: str):
    code, _, err = run(*arguments)
    assert code == 2
    assert what in " ".join(err.split())
    assert not list(Path().iterdir())
