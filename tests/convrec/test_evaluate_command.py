"""``convrec evaluate``: what it writes, that it repeats, and one clear line for what cannot be done."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

from convrec import cli, evaluate_command, evaluation_report, provenance
from policy.bayes import GainRule
from policy.tuned_rules import Conditions, TunedRule, keep_rule
from tests import recompute
from tests.worlds import BENCHMARK_DATA, needs_benchmark_data

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"
FEW = ["--data", DATA, "--affinity", "uniform", "--dialogues", "25"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with a cache of its own and no benchmark data."""
    for name in ("work", "cache", "shared"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CONVREC_SHARED", str(tmp_path / "shared"))
    monkeypatch.setenv("COLUMNS", "80")
    # The commit may move while tests run beside other work.
    monkeypatch.setattr(provenance, "commit", lambda: "0123456789ab")
    return tmp_path / "work"


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``convrec evaluate`` on few dialogues: exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["evaluate", *FEW, *arguments])
        return code, *capsys.readouterr()

    return run


def read(path: str) -> dict[str, Any]:
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def fits(value: Any, schema: Any, path: str = "") -> None:
    """Check fields and types: a dict names exactly its keys, a list its one kind of member, a tuple alternatives."""
    if isinstance(schema, dict):
        assert set(value) == set(schema), path
        for name, inner in schema.items():
            fits(value[name], inner, f"{path}.{name}")
    elif isinstance(schema, list):
        assert isinstance(value, list), path
        assert value, path
        for place, each in enumerate(value):
            fits(each, schema[0], f"{path}[{place}]")
    else:
        kinds = schema if isinstance(schema, tuple) else (schema,)
        assert type(value) in kinds, f"{path}: {value!r}"


METRICS = ("sr@5", "sr@10", "sr@15", "at", "hdcg", "reward")
"""Those that are compared."""
FURTHER = ("reward_per_turn", "quit", "wasted", "interruptions", "missed", "reference_gap", "acceptance",
           "popularity_gap", "brier")  # fmt: skip
FIGURE = (float, type(None))
ROW: dict[str, Any] = {
    "policy": str, "checkpoint": (str, type(None)), "rule": (dict, type(None)), "tuned_for": (dict, type(None)),
    "users": str, "anonymous": bool,
    "affinity": str, "questions": str, "known": str, "split": str, "dialogues": int, "turns": int,
    "failure_turns": int, "sr": {"5": float, "10": float, "15": float}, "at": float, "hdcg": float,
    "reward": float, **dict.fromkeys((*FURTHER, "ece", "ms"), FIGURE),
    "ci": {metric: [float] for metric in (*METRICS, *FURTHER)}, "sr_curve": [float], "asks_per_dialogue": float,
    "lists_per_dialogue": float, "agent_turns": int, "longest_ticks": int, "seconds": float,
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "schema_version": int, "command": str, "commit": (str, type(None)),
    "data": {"name": str, "fingerprint": str}, "device": str, "seconds": float, "seeds": [int],
    "random_floor": float, "results": [ROW],
    "comparisons": [{"users": str, "a": str, "b": str, "metric": str, "diff": float, "ci": [float], "p": float}],
}  # fmt: skip


def test_the_json_has_the_fields_and_types_that_are_promised(run: Run):
    code, _, err = run("--policy", "bayes", "--policy", "random", "--seeds", "2", "--json", "a.json")
    assert (code, err) == (0, "")
    content = read("a.json")
    fits(content, SCHEMA)
    assert content["schema_version"] == 1
    assert content["seeds"] == [0, 1]
    assert [(row["policy"], row["anonymous"]) for row in content["results"]] == [
        ("bayes", False), ("random", False), ("bayes", True), ("random", True)
    ]  # fmt: skip
    for row in content["results"]:
        assert (row["dialogues"], row["turns"], row["failure_turns"]) == (50, 15, 15)
        assert (row["split"], row["known"], row["questions"]) == ("test", "keep", "binary")
        assert len(row["sr_curve"]) == 15
        assert row["sr_curve"][-1] == pytest.approx(row["sr"]["15"])
        for metric in METRICS:
            value = row["sr"][metric[3:]] if metric.startswith("sr@") else row[metric]
            low, high = row["ci"][metric]
            assert low <= value <= high
    pairs = {(each["a"], each["b"]) for each in content["comparisons"]}
    assert ("random", "bayes") in pairs
    assert {each["metric"] for each in content["comparisons"]} == set(METRICS)
    by_label = {row["policy"] + ", no history" * row["anonymous"]: row for row in content["results"]}
    for each in content["comparisons"]:
        if each["metric"] == "at":
            assert each["diff"] == pytest.approx(by_label[each["a"]]["at"] - by_label[each["b"]]["at"])


def test_options_reach_the_row(run: Run):
    assert run("--policy", "max-entropy", "--questions", "multi", "--turns", "14", "--known", "drop", "--split",
               "valid", "--no-anonymous", "--json", "a.json")[0] == 0  # fmt: skip
    (row,) = read("a.json")["results"]
    wanted = {"questions": "multi", "turns": 14, "known": "drop", "split": "valid", "anonymous": False}
    assert {name: row[name] for name in wanted} == wanted
    assert len(row["sr_curve"]) == 14


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(each) for name, each in value.items() if name not in ("seconds", "ms")}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def test_the_same_command_writes_the_same_but_for_seconds(run: Run):
    arguments = ["--policy", "bayes", "--policy", "random", "--questions", "facet"]
    for name in ("one", "two"):
        assert run(*arguments, "--json", f"{name}.json", "--dialogues-out", f"{name}.jsonl")[0] == 0
    one, two = read("one.json"), read("two.json")
    assert without_seconds(one) == without_seconds(two)
    assert one["results"][0]["seconds"] > 0
    assert Path("one.jsonl").read_bytes() == Path("two.jsonl").read_bytes()


def agree(json_path: str, dialogues_path: str, turns: int) -> int:
    """Compare the figures written with those recomputed from the dialogues; how many rows there were."""
    with Path(dialogues_path).open(encoding="utf-8") as stream:
        figures = recompute.recompute(stream, turns)
    rows = read(json_path)["results"]
    assert len(figures) == len(rows)
    for (label, found), row in zip(figures.items(), rows, strict=True):
        assert label.split(",")[0] == row["policy"]
        assert found["dialogues"] == row["dialogues"]
        assert found["sr"] == pytest.approx(row["sr"], abs=1e-9)
        assert found["at"] == pytest.approx(row["at"], abs=1e-9)
        assert found["hdcg"] == pytest.approx(row["hdcg"], abs=1e-9)
    return len(rows)


@pytest.mark.parametrize(("mode", "turns"), [("binary", 14), ("facet", 15), ("multi", 14)])
def test_every_figure_can_be_recomputed_from_the_dialogues(run: Run, mode: str, turns: int):
    code, *_ = run("--questions", mode, "--turns", str(turns), "--json", "a.json", "--dialogues-out", "a.jsonl")
    assert code == 0
    assert agree("a.json", "a.jsonl", turns) == 10, "five policies, with and without history"


def test_people_without_history_alone(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A data set without users has one group of rows, and users are null in its dialogues."""
    assert cli.main(["evaluate", "--data", "synthetic:users=0,items=100,attributes=20", "--affinity", "popularity",
                     "--policy", "bayes", "--policy", "random", "--dialogues", "20", "--json", "a.json",
                     "--dialogues-out", "a.jsonl"]) == 0  # fmt: skip
    assert "without history" not in capsys.readouterr().out
    assert [row["anonymous"] for row in read("a.json")["results"]] == [True, True]
    assert agree("a.json", "a.jsonl", 15) == 2
    assert all(json.loads(line)["user"] is None for line in Path("a.jsonl").read_text().splitlines())


def test_what_is_shown_fits_the_terminal(run: Run):
    code, out, err = run("--policy", "bayes", "--policy", "random", "--policy", "max-entropy-yes")
    assert (code, err) == (0, "")
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80
    for words in ("SR@15 %", "hDCG", "without history", "Beside bayes, on the same dialogues", "uniform affinity"):
        assert words in " ".join(out.split())
    assert re.search(r"^bayes +\d+\.\d ±\d+\.\d", out, re.MULTILINE)


def test_the_plot_is_a_picture_with_something_in_it(run: Run, folder: Path):
    assert run("--policy", "bayes", "--policy", "random", "--plot", "p.png")[0] == 0
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
    pixels = matplotlib.image.imread("p.png")[..., :3]
    assert pixels.std() > 0.02
    assert [path.name for path in folder.iterdir()] == ["p.png"]


def keep_for(data: str, rule: GainRule, path: str) -> None:
    keep_rule(Path(path), TunedRule(Conditions(data, "uniform", "binary", 15), rule))


def test_numbers_come_from_checkpoints_a_row_for_each(run: Run):
    hasty, timid = GainRule(9.0, 0.0, 5.0), GainRule(0.0, 99.0, 0.01)
    keep_for(DATA, hasty, "hasty.json")
    keep_for(DATA, timid, "timid.json")
    code, *_ = run("--policy", "bayes", "--policy", "random", "--checkpoint", "hasty.json", "--checkpoint",
                   "timid.json", "--no-anonymous", "--json", "a.json")  # fmt: skip
    assert code == 0
    rows = {(row["policy"], row["checkpoint"]): row for row in read("a.json")["results"]}
    assert {("bayes", "hasty.json"), ("bayes", "timid.json"), ("random", None)} <= set(rows)
    assert rows["bayes", "hasty.json"]["rule"] == vars(hasty)
    assert rows["bayes", "timid.json"]["rule"] == vars(timid)
    assert rows["bayes", "hasty.json"]["asks_per_dialogue"] == 0
    assert rows["bayes", "timid.json"]["asks_per_dialogue"] > 3


BAD = {
    "unknown data": (["--data", "lastfmm"], "no data set 'lastfmm'"),
    "data that are not here": (["--data", "lastfm"], "lastfm"),
    "bad synthetic data": (["--data", "synthetic:users=many"], "'many' is not a whole number"),
    "unknown policy": (["--policy", "bayse"], "no policy 'bayse'; did you mean bayes?"),
    "unknown affinity": (["--affinity", "contents"], "no affinity 'contents'"),
    "unknown users": (["--users", "clasic"], "no user type 'clasic'; did you mean classic?"),
    "unknown split": (["--split", "train"], "'train' is not one of 'test', 'valid'"),
    "unknown questions": (["--questions", "ternary"], "'ternary' is not one of"),
    "unknown turns": (["--turns", "16"], "'16' is not one of"),
    "no dialogues": (["--dialogues", "0"], "--dialogues"),
    "no seeds": (["--seeds", "0"], "--seeds"),
    "a number that is none": (["--dialogues", "ten"], "'ten'"),
    "a folder that is not there": (["--json", "nowhere/a.json"], "--json nowhere/a.json: lies in"),
    "a folder for a file": (["--json", "."], "--json .: is a folder"),
    "dialogues to nowhere": (["--dialogues-out", "nowhere/a.jsonl"], "--dialogues-out nowhere/a.jsonl: lies in"),
    "a plot to nowhere": (["--plot", "nowhere/p.png"], "--plot nowhere/p.png: lies in"),
    "a picture that cannot be drawn": (["--plot", "p.txt"], "cannot draw .txt; end the name in .png, .svg, .pdf"),
    "a picture without a kind": (["--plot", "p"], "cannot draw that"),
    "a checkpoint that is not there": (["--policy", "bayes", "--checkpoint", "no.json"], "no.json: cannot be read"),
    "a damaged checkpoint": (["--policy", "bayes", "--checkpoint", "damaged.json"], "not a file of tuned rules"),
    "a checkpoint nobody reads": (["--policy", "random", "--checkpoint", "damaged.json"], "none of these policies"),
    "an unknown option": (["--dialogue", "3"], "--dialogue"),
}


@pytest.mark.parametrize(("arguments", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    run: Run, folder: Path, arguments: list[str], told: str
):
    Path("damaged.json").write_text('{"schema_version": 1, "rules": [{]}')
    asked_for = {"--json": "a.json", "--dialogues-out": "a.jsonl", "--plot": "a.png"}
    outputs = [word for option, path in asked_for.items() if option not in arguments for word in (option, path)]
    code, out, err = run(*outputs, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("convrec: ")
    assert err.count("\n") == 1
    assert told in err
    assert [path.name for path in folder.iterdir()] == ["damaged.json"]
    assert not list((folder.parent / "cache").rglob("*.*"))


def test_an_interruption_leaves_what_was_there(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    Path("a.json").write_text("old")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate_command, "evaluate_policy", interrupted)
    code, _, err = run("--json", "a.json", "--plot", "p.png", "--dialogues-out", "d.jsonl")
    assert (code, err.strip().splitlines()[-1]) == (130, "convrec: interrupted")
    assert Path("a.json").read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_an_interruption_while_writing_leaves_no_half(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    def one_and_then(run: object):
        yield {"policy": "bayes"}
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation_report, "dialogue_records", one_and_then)
    assert run("--policy", "bayes", "--dialogues-out", "d.jsonl")[0] == 130
    assert list(folder.iterdir()) == []


@pytest.mark.shared
@needs_benchmark_data
def test_the_benchmark_is_talked_about_in_its_own_ids(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """``lastfm_star`` on a tenth of the dialogues: bayes near .99 / 4.1 / .52, far below without no as evidence."""
    monkeypatch.setenv("CONVREC_SHARED", str(BENCHMARK_DATA))
    assert cli.main(["evaluate", "--data", "lastfm_star", "--affinity", "content", "--turns", "14", "--dialogues",
                     "400", "--policy", "bayes", "--policy", "max-entropy-yes", "--policy", "random",
                     "--no-anonymous", "--json", "a.json", "--dialogues-out", "a.jsonl"]) == 0  # fmt: skip
    rows = {row["policy"]: row for row in read("a.json")["results"]}
    assert rows["bayes"]["sr"]["15"] > 0.98
    assert rows["bayes"]["at"] < 4.5
    assert rows["bayes"]["hdcg"] > 0.48
    assert 0.7 < rows["max-entropy-yes"]["sr"]["15"] < 0.9
    assert rows["random"]["sr"]["15"] < 0.04
    assert agree("a.json", "a.jsonl", 14) == 3
    first = json.loads(Path("a.jsonl").read_text().splitlines()[0])
    assert 0 <= first["item"] < 7432
    assert 0 <= first["opening"] < 8438
