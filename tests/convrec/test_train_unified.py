"""``convrec train --policy unified``: an agent that is kept, can be evaluated, and never takes another file's place."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from convrec import cli, provenance
from policy.unified import training
from policy.unified.checkpoint import load
from policy.unified.iteration import FitConfig

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """In an empty folder, with an evaluation on valid that takes a blink."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(provenance, "commit", lambda: "0123456789ab")
    short = training.TrainingConfig(
        fit=FitConfig(epochs=1), prudence=(0.0,), valid_dialogues=20, rate_dialogues=60, rounds=2, decisions=2600
    )
    names = ("fit", "prudence", "valid_dialogues", "rate_dialogues", "rounds", "decisions")
    defaults = {name: getattr(short, name) for name in names}
    original = training.TrainingConfig.__init__

    def init(self: training.TrainingConfig, **given: object) -> None:
        original(self, **{**defaults, **given})  # type: ignore[arg-type]

    monkeypatch.setattr(training.TrainingConfig, "__init__", init)

    def run(command: str, *arguments: str) -> tuple[int, str, str]:
        code = cli.main([command, "--data", DATA, "--affinity", "uniform", *arguments])
        return code, *capsys.readouterr()

    return run


def test_an_agent_is_kept_and_can_be_evaluated(run: Run):
    code, out, err = run("train", "--dialogues", "60", "--seed", "4", "--out", "agent")
    assert code == 0, err
    assert "kept in agent" in " ".join(out.split())
    assert {line.split()[2] for line in out.splitlines() if line.strip().startswith(("mixture,", "classic,"))} == {
        "bayes", "unified",
    }  # fmt: skip
    agent = load(Path("agent"))
    assert {mode.name for mode, _ in agent.encoder.rules_of_mode} == {"BINARY", "FACET", "MULTI"}
    assert agent.provenance["seed"] == 4
    assert agent.provenance["commit"] == "0123456789ab"
    assert agent.provenance["data"]["name"].startswith("synthetic:users=60,items=300")
    assert agent.provenance["training"]["users"] == "mixture"
    chosen = ("--policy", "unified", "--checkpoint", "agent", "--dialogues", "20", "--json", "r.json")
    code, out, err = run("evaluate", *chosen)
    assert code == 0, err
    rows = json.loads(Path("r.json").read_text())["results"]
    assert {(row["policy"], row["checkpoint"]) for row in rows} == {("unified", "agent")}, (
        "it stands in for the shipped one"
    )


def test_the_same_seed_trains_the_same_agent(run: Run):
    for out in ("one", "two"):
        assert run("train", "--dialogues", "60", "--questions", "facet", "--users", "burst", "--out", out)[0] == 0
    one, two = ((Path(each) / "network.safetensors").read_bytes() for each in ("one", "two"))
    assert one == two
    assert [mode.name for mode, _ in load(Path("one")).encoder.rules_of_mode] == ["FACET"]


@pytest.mark.parametrize("out", ["file", "nowhere/agent", "full"])
def test_nothing_else_is_written_over(run: Run, out: str):
    Path("file").write_text("mine")
    Path("full").mkdir()
    (Path("full") / "mine.txt").write_text("mine")
    code, _, err = run("train", "--out", out)
    assert code == 2
    assert out.split("/")[0] in err
    assert "name a" in err
    assert Path("file").read_text() == (Path("full") / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("variant", ["no-gnn", "untrained", "random-weights", "shuffled-reward", "dqn", "ppo"])
@pytest.mark.filterwarnings("ignore:.*target network")
def test_a_variant_is_trained_and_kept_like_the_whole(run: Run, variant: str):
    code, _, err = run("train", "--dialogues", "60", "--questions", "binary", "--variant", variant, "--out", "agent")
    assert code == 0, err
    agent = load(Path("agent"))
    residual = agent.network.residual.weight.detach().numpy()
    assert residual.any() == (variant != "untrained")
    assert (agent.network.config.graph_layers == 0) == (variant == "no-gnn")
    if variant == "untrained":
        assert agent.rates.doubt == 0.0


def test_an_unknown_variant_is_refused_with_those_there_are(run: Run):
    code, _, err = run("train", "--dialogues", "60", "--variant", "no-gcn")
    assert code == 2
    assert "--variant no-gcn: no such variant; choose from no-gnn" in " ".join(err.split())


def test_a_training_that_was_broken_off_goes_on_and_comes_to_the_same(run: Run, monkeypatch: pytest.MonkeyPatch):
    arguments = ("train", "--dialogues", "60", "--questions", "binary", "--seed", "2", "--out")
    assert run(*arguments, "whole")[0] == 0
    practise = training.Training._practise
    held: list[int] = []

    def broken(self: training.Training, number: int) -> training.Comparisons:
        if number == 1 and held.count(1) == 0:
            held.append(number)
            raise KeyboardInterrupt
        held.append(number)
        return practise(self, number)

    monkeypatch.setattr(training.Training, "_practise", broken)
    code, _, err = run(*arguments, "agent")
    assert code == 130
    assert "the same command goes on from here; the best so far is in agent" in " ".join(err.split())
    load(Path("agent"))
    with monkeypatch.context() as patch:
        patch.setattr(training, "choose_doubt", lambda config, score: pytest.fail("this has been chosen"))
        code, _, err = run(*arguments, "agent")
    assert code == 0
    assert "going on with what was practised before" in err
    assert held == [0, 1, 1], "the first round was not held again"
    one, two = ((Path(each) / "network.safetensors").read_bytes() for each in ("whole", "agent"))
    assert one == two
    assert not any((Path("..") / "cache" / "practice").iterdir()), "nothing is left behind"


def test_a_damaged_choice_of_doubt_is_made_again(run: Run):
    arguments = ("train", "--dialogues", "60", "--questions", "binary", "--rounds", "1", "--practice", "practice")
    assert run(*arguments, "--out", "one")[0] == 0
    (kept,) = Path("practice").glob("*.json")
    chosen = kept.read_text()
    for damaged in ("[1", "[0.5, 1.0]"):
        kept.write_text(damaged)
        assert run(*arguments, "--out", "two")[0] == 0
        assert kept.read_text() == chosen


def test_trainings_that_differ_in_the_network_share_their_first_round(run: Run, monkeypatch: pytest.MonkeyPatch):
    arguments = ("train", "--dialogues", "60", "--questions", "binary", "--rounds", "1")
    fake = ("--variant", "shuffled-reward", "--out")
    assert run(*arguments, *fake, "alone")[0] == 0
    assert run(*arguments, "--practice", "practice", "--out", "whole")[0] == 0
    others = "--users", "burst"
    assert run(*arguments, *others, "--practice", "practice", "--out", "of-others")[0] == 0
    assert len(list(Path("practice").glob("*.safetensors"))) == 2, "other people, other dialogues"
    monkeypatch.setattr(training, "choose_doubt", lambda config, score: pytest.fail("this has been chosen"))
    monkeypatch.setattr(training.Training, "_practise", lambda self, number: pytest.fail("this has been practised"))
    code, _, err = run(*arguments, *fake, "beside", "--practice", "practice")
    assert code == 0
    assert "the first round was practised before" in err
    one, two = ((Path(each) / "network.safetensors").read_bytes() for each in ("alone", "beside"))
    assert one == two


def test_curves_are_drawn_and_written_for_tensorboard(run: Run):
    code, out, err = run("train", "--dialogues", "60", "--questions", "binary", "--plot", "curve.svg", "--log", "logs")
    assert code == 0, err
    assert "reward on valid, mixture, binary" in out
    assert {line.split()[0] for line in out.splitlines() if "█" in line} == {"start", "round"}
    assert Path("curve.svg").read_text().count("round 2") >= 1
    assert any(path.stat().st_size > 500 for path in Path("logs").iterdir())


def test_a_device_that_is_not_there_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    code, _, err = run("train", "--device", "cuda")
    assert code == 2
    assert "--device cuda: PyTorch finds none here" in err
