"""The policy bench: what it trains, how figures of several agents are put together, and that it goes on."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from convrec import bench_policy, cli
from convrec.policy_page import policy_sections, pooled, read_unit
from convrec.policy_units import SEEDS, VARIANTS, WHOLE, Test, Unit, units
from graph.errors import DataError
from policy.unified.variants import VARIANTS as KNOWN

TINY = "synthetic:users=60,items=200,attributes=40,interactions=12,seed=1"


def test_every_variant_there_is_is_trained_beside_the_whole() -> None:
    assert set(VARIANTS) == set(KNOWN)
    names = [unit.name for unit in units()]
    assert len(names) == len(set(names)) == sum(SEEDS.values()) + 3 * (len(VARIANTS) + 1)
    reduced = {unit.training.split(" --seed")[0] for unit in units() if unit.kind in (WHOLE, *VARIANTS)}
    assert len(reduced) == 1, "all on one budget"


def test_units_ask_for_what_commands_understand() -> None:
    for unit in (each for each in units() if each.name.endswith("-0")):
        assert cli.main(["train", "--data", unit.data, *unit.training.split(), "--help"]) == 0
        for test in unit.tests:
            assert cli.main(["evaluate", "--policy", "unified", *test.arguments.split(), "--help"]) == 0, test


def row(policy: str, at: float, users: str = "classic") -> dict[str, Any]:
    figures = {"at": at, "hdcg": 0.5, "reward": 0.5, "interruptions": 0.1, "missed": 0.0, "quit": 0.0, "ms": 1.0}
    figures["reference_gap"] = 0.5
    ends = {name: [0.0, 1.0] for name in ("sr@15", *figures)}
    return {
        "policy": policy, "users": users, "questions": "binary", "turns": 15, "dialogues": 100, "sr": 0.9, "ci": ends,
        **figures,
    }  # fmt: skip


def evaluated(at: float, half: float) -> dict[str, Any]:
    """One evaluation: bayes needs 3 turns, the agent ``at``."""
    ends = {"a": "unified (x)", "b": "bayes", "p": 0.1, "users": "classic"}
    compared = [
        {**ends, "metric": metric, "diff": at - 3.0, "ci": [at - 3.0 - half, at - 3.0 + half]}
        for metric in ("sr@15", "at", "hdcg", "reward", "interruptions")
    ]
    return {"classic-binary": {"arguments": "", "results": [row("bayes", 3.0), row("unified", at)],
                               "comparisons": compared, "commit": "0"}}  # fmt: skip


def test_the_difference_over_agents_is_as_wide_as_dialogues_and_agents_make_it() -> None:
    one = pooled([evaluated(2.8, 0.1)], "classic-binary", "at")
    assert one is not None
    assert (one.rival, one.ours, one.n) == (3.0, 2.8, 1)
    assert (one.diff, one.half) == (pytest.approx(-0.2), pytest.approx(0.1))
    alike = pooled([evaluated(2.8, 0.1)] * 3, "classic-binary", "at")
    assert alike is not None
    assert alike.half == pytest.approx(0.1), "the dialogues are the same, so three agents know no more than one"
    apart = pooled([evaluated(2.7, 0.1), evaluated(2.9, 0.1)], "classic-binary", "at")
    assert apart is not None
    assert apart.diff == pytest.approx(-0.2)
    assert apart.half == pytest.approx((0.1**2 + (1.96 * 0.1) ** 2) ** 0.5)
    assert pooled([evaluated(2.8, 0.1)], "mixture-binary", "at") is None


def test_it_trains_evaluates_keeps_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(commands: list[list[str]], folder: Path) -> int:
        return max(run_one(arguments, folder) for arguments in commands)

    def run_one(arguments: list[str], folder: Path) -> int:
        calls.append(list(arguments))
        if arguments[0] == "train":
            (folder / "small-0").mkdir()
            agent = {
                "network": {"prudence": 0.02},
                "command": "convrec train",
                "commit": "0",
                "seed": 0,
                "minutes": 1.0,
            }
            (folder / "small-0" / "agent.json").write_text(json.dumps({**agent, "doubt": 0.01}))
            return 0
        if "fails" in arguments:
            return 2
        found = evaluated(2.8, 0.1)["classic-binary"]
        rows = [{**each, "sr": {"15": each["sr"]}} for each in found["results"]]
        content = {"results": rows, "comparisons": found["comparisons"], "commit": "0"}
        (folder / arguments[-1]).write_text(json.dumps(content))
        return 0

    test, failing = Test("classic-binary", "--data x"), Test("failing", "fails")
    unit = Unit("small-0", "x", "--seed 0", (test, failing))
    monkeypatch.setattr(bench_policy, "_run", run)
    monkeypatch.setattr(bench_policy, "units", lambda: iter([unit]))
    arguments = ["bench", "policy", "--results", str(tmp_path / "r"), "--agents", str(tmp_path / "a")]
    assert cli.main(arguments) == 2, "the second evaluation has failed"
    assert not (tmp_path / "r" / "policy" / "small-0.json").exists(), "nothing half-done is kept"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["small-0"]
    monkeypatch.setattr(bench_policy, "units", lambda: iter([Unit("small-0", "x", "--seed 0", (test,))]))
    calls.clear()
    assert cli.main(arguments) == 0
    assert [call[0] for call in calls] == ["evaluate"], "the agent was trained already"
    kept = read_unit(tmp_path / "r" / "policy" / "small-0.json")
    assert kept["train"]["minutes"] == 1.0
    assert kept["tests"]["classic-binary"]["results"][1]["sr"] == 0.9
    calls.clear()
    assert cli.main(arguments) == 0
    assert calls == []
    assert cli.main([*arguments, "--only", "large-0"]) == 2


def test_a_part_left_out_stands_beside_the_whole_on_the_same_dialogues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def run(commands: list[list[str]], folder: Path) -> int:
        for arguments in commands:
            calls.append(list(arguments))
            if arguments[0] == "train":
                agent = folder / arguments[arguments.index("--out") + 1]
                agent.mkdir()
                content = {"network": {"prudence": 0.02}, "command": "", "commit": "0", "seed": 0, "minutes": 1.0}
                (agent / "agent.json").write_text(json.dumps(content))
            else:
                (folder / arguments[-1]).write_text(json.dumps(beside_whole()))
        return 0

    def beside_whole() -> dict[str, Any]:
        agents = {"unified (no-gnn-0)": 2.8, "unified (whole-0)": 2.7, "bayes": 3.0}
        rows = [row(name.split()[0], at) for name, at in agents.items()]
        for each, name in zip(rows, agents, strict=True):
            each |= {"checkpoint": name[len("unified (") : -1] if "(" in name else None, "sr": {"15": each["sr"]}}
        compared = [
            {"a": a, "b": b, "metric": metric, "diff": agents[a] - agents[b], "ci": [agents[a] - agents[b]] * 2}
            for a, b in itertools.combinations(agents, 2)
            for metric in ("sr@15", "at", "hdcg", "reward")
        ]
        return {"results": rows, "comparisons": compared, "commit": "0"}

    made = {unit.name: unit for unit in units() if unit.name in ("whole-0", "no-gnn-0")}
    assert made["no-gnn-0"].beside == "whole-0"
    assert made["whole-0"].beside == ""
    monkeypatch.setattr(bench_policy, "_run", run)
    places = ["--results", str(tmp_path / "r"), "--agents", str(tmp_path / "a")]
    assert cli.main(["bench", "policy", *places, "--only", "no-gnn-0"]) == 0
    trained = [call[call.index("--out") + 1] for call in calls if call[0] == "train"]
    assert trained == ["whole-0", "no-gnn-0"], "what it stands beside comes first"
    tests = read_unit(tmp_path / "r" / "policy" / "no-gnn-0.json")["tests"]
    for rival, lies in (("bayes", -0.2), (WHOLE, 0.1)):
        difference = pooled([tests], "mixture", "at", None, rival)
        assert difference is not None
        assert difference.diff == pytest.approx(lies)
    assert cli.main(["bench", "policy", *places, "--only", "whole-0"]) == 0
    page = "\n".join(policy_sections(tmp_path / "r"))
    assert "beside *whole*" in page
    assert "each seed by itself" in page
    assert "+0.10 ± 0.00" in page


def test_the_page_tells_what_is_there(tmp_path: Path) -> None:
    assert list(policy_sections(tmp_path)) == []
    folder = tmp_path / "policy"
    folder.mkdir()
    train = {"minutes": 12.0, "doubt": 0.01}
    for seed in range(2):
        content = {"train": train, "prudence": 0.04, "tests": evaluated(2.8, 0.1)}
        (folder / f"lastfm-{seed}.json").write_text(json.dumps(content))
    page = "\n".join(policy_sections(tmp_path))
    assert "### lastfm, 2 agents" in page
    assert "**-0.20 ± 0.10**" in page
    assert "12.0, 12.0" in page
    (folder / "lastfm-1.json").write_text("{}")
    with pytest.raises(DataError, match=r"lastfm-1\.json: not what the policy bench writes"):
        list(policy_sections(tmp_path))


def test_commands_run_in_a_folder_and_the_first_that_fails_ends_it(tmp_path: Path) -> None:
    evaluate = [
        "evaluate",
        "--data",
        TINY,
        "--policy",
        "random",
        "--dialogues",
        "5",
        "--no-anonymous",
        "--affinity",
        "popularity",
        "--json",
    ]
    assert bench_policy._run([[*evaluate, "a.json"], ["evaluate", "--nonsense"], [*evaluate, "b.json"]], tmp_path) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert json.loads((tmp_path / "a.json").read_text())["command"] == f"convrec {' '.join([*evaluate, 'a.json'])}"
