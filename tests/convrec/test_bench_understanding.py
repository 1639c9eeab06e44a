"""The understanding bench: it tells who understands from who does not."""

import json
from pathlib import Path

import numpy as np
import pytest

from convrec import cli
from convrec.fuzzing import fuzz
from convrec.speech_measures import Deaf, OneBehind, measure_speech, success_turns
from convrec.talk import Table, TalkOptions
from dialogs.acts import Unclear, UserAct
from dialogs.generation.speaker import Said
from dialogs.understanding import Context, Understander
from dialogs.understanding.exact import ExactWords
from graph.affinity.popularity import Popularity
from graph.answers import QuestionMode
from policy.bayes import BayesPolicy
from simulator.core import Rules
from simulator.runs import Setting, draw_targets
from simulator.users import parse_users
from tests.dialogs.cinema import cinema, understander

DATA = "synthetic:users=40,items=120,attributes=24,seed=1"


def test_who_understands_more_finds_more_and_who_understands_nothing_finds_nothing() -> None:
    setting = Setting(cinema(), Popularity.fit(cinema()), parse_users("classic"), Rules(15, QuestionMode.BINARY))
    targets = draw_targets(cinema(), 80, 0)
    buttons = success_turns(setting, BayesPolicy(), targets, 0)
    listeners: dict[str, Understander] = {
        "shipped": understander(), "exact": ExactWords(cinema().catalogue), "behind": OneBehind(understander()),
        "deaf": Deaf(),
    }  # fmt: skip
    found = {
        name: measure_speech(setting, BayesPolicy(), targets, buttons, (name, each), ("c", "b", "b", "c"), 0)
        for name, each in listeners.items()
    }
    assert found["shipped"].ratio > 0.9 > 0.5 > found["behind"].ratio
    assert found["deaf"].speech_sr == found["deaf"].ratio == found["deaf"].as_meant == 0.0
    assert found["shipped"].as_meant > found["exact"].as_meant > found["behind"].as_meant
    for each in found.values():
        assert each.buttons_sr == (buttons > 0).mean()
        assert each.as_meant + each.not_understood + each.something_else == pytest.approx(1)
        assert each.ratio_ci[0] <= each.ratio <= each.ratio_ci[1]
    assert np.isclose(found["shipped"].ratio, found["shipped"].speech_sr / found["shipped"].buttons_sr)


def test_it_is_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "understanding.json"
    arguments = ["--data", DATA, "--dialogues", "12", "--questions", "multi", "--policy", "bayes", "--users", "classic"]
    arguments += ["--listener", "exact words", "--listener", "deaf", "--fuzz", "0", "--json", str(out)]
    assert cli.main(["bench", "understanding", *arguments]) == 0
    told = capsys.readouterr().out
    assert "classic users" in told
    assert max(len(line) for line in told.splitlines()) <= 80
    content = json.loads(out.read_text())
    assert content["schema_version"] == 1
    assert content["calibrations_per_second"] > 0
    assert [row["listener"] for row in content["results"]] == ["exact words", "deaf"]
    assert content["results"][1]["speech_sr"] == 0.0


def table() -> Table:
    return Table(TalkOptions(DATA, "bayes", "popularity"), paraphrases=False)


def test_nothing_that_is_sent_crashes_a_conversation_or_gets_into_a_reply() -> None:
    found, again = (fuzz(table(), 250, 0) for _ in range(2))
    assert (found.crashes, found.strange_replies, found.messages) == (0, 0, 250)
    assert len(found.kinds) == 11
    assert sum(count for count, _, _ in found.kinds.values()) == 250
    assert max(length for _, _, _, length, _ in found.slowest) > 2000
    assert found.acts == again.acts, "the same seed sends the same messages"
    assert found.median_ms <= found.p99_ms <= found.slowest_ms


def test_a_crash_and_a_reply_that_says_what_it_should_not_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = table()
    monkeypatch.setattr(broken.speaker, "say_one", lambda request, seed: Said("The best film ever is Heat.", "liar", 0))
    told = fuzz(broken, 30, 0)
    assert told.strange_replies > 20
    fragile = table()

    def understand(message: str, context: Context) -> tuple[UserAct, ...]:
        if "a" in message:
            raise KeyError("a")
        return (Unclear(),)

    monkeypatch.setattr(fragile.understander, "understand", understand)
    told = fuzz(fragile, 40, 0)
    assert 0 < told.crashes < 40
    assert sum(count for count, _, _ in told.kinds.values()) == 40 - told.crashes
    assert told.first_crash.startswith("KeyError: 'a': ")


@pytest.mark.parametrize(("arguments", "said"), [
    (["--users", "nobody"], "nobody"), (["--listener", "ear"], "ear"), (["--json", "nowhere/x.json"], "not exist"),
    (["--dialogues", "0", "--fuzz", "0"], "nothing left to measure"),
])  # fmt: skip
def test_bad_input_is_one_line(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "understanding", *arguments]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert err.count("\n") == 1
