"""What ``convrec bench policy`` recorded, as a part of the page of results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from convrec.plots import open_figure
from convrec.policy_units import ABLATION_SEEDS, ELSEWHERE, LEARNERS, SEEDS, VARIANTS, WHOLE, Unit, units
from convrec.recorded import markdown_table, read_result
from convrec.user_tables import METRICS
from graph.errors import DataError
from policy.registry import UNIFIED

PICTURES = {"user types": "unified-types.svg", "parts": "unified-parts.svg"}
"""Beside the page."""

SHOWN = ("sr@15", "at", "hdcg", "reward")

Tests = Mapping[str, dict[str, Any]]
"""Evaluations of one agent, by name."""


@dataclass(frozen=True)
class Difference:
    """By how much agents lie above another policy, over training seeds.

    The interval is that of the dialogues, which all agents share, widened by how much the agents differ.
    """

    rival: float
    """Mean of the other policy."""
    ours: float
    """Mean of the agents."""
    diff: float
    half: float
    """Half the width of the 95 % interval of the difference."""
    n: int
    """Agents."""

    @property
    def low(self) -> float:
        return self.diff - self.half

    @property
    def high(self) -> float:
        return self.diff + self.half


def read_units(results: Path) -> dict[str, list[Tests]]:
    """What is there, by kind of agent, in order of seeds.

    :raises DataError: when a file is damaged.
    """
    found: dict[str, list[Tests]] = {}
    for unit in units():
        path = unit_path(results, unit)
        if path.exists():
            found.setdefault(unit.kind, []).append(read_unit(path)["tests"])
    return found


def unit_path(results: Path, unit: Unit) -> Path:
    """Where the figures of a unit are kept."""
    return results / "policy" / f"{unit.name}.json"


def read_unit(path: Path) -> dict[str, Any]:
    """The figures of one agent.

    :raises DataError: when the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content["tests"], dict) or not isinstance(content["train"], dict):
            raise TypeError("tests or train")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not what the policy bench writes ({error}); remove it and run: convrec bench policy"
        ) from error
    return dict(content)


def pooled(
    tests: Sequence[Tests], name: str, metric: str, users: str | None = None, rival: str = "bayes"
) -> Difference | None:
    """The difference of one metric over the agents that were asked, None where nobody was.

    :param users: kind of user where the evaluation has several.
    """
    found = [_one(test[name], metric, users, rival) for test in tests if name in test]
    if not found:
        return None
    theirs, ours, diffs, halves = np.array(found).T
    between = float(diffs.std(ddof=1) / sqrt(len(diffs))) if len(diffs) > 1 else 0.0
    half = sqrt(float(np.mean(halves**2)) + (1.96 * between) ** 2)
    return Difference(float(theirs.mean()), float(ours.mean()), float(diffs.mean()), half, len(found))


def _one(test: dict[str, Any], metric: str, users: str | None, rival: str) -> tuple[float, float, float, float]:
    """Mean of the other policy, of ours, their difference, and half the width of its interval."""
    rows = [row for row in test["results"] if users in (None, row["users"])]
    theirs, ours = (
        next(row for row in rows if row["policy"] == policy)["sr" if metric == "sr@15" else metric]
        for policy in (rival, UNIFIED)
    )
    for each in test["comparisons"]:
        sides = each["a"], each["b"]
        if each["metric"] == metric and each.get("users") in (None, users, rows[0]["users"]) and rival in sides:
            low, high = each["ci"]
            return theirs, ours, ours - theirs, (high - low) / 2
    raise DataError(f"{metric} was not compared with {rival}; remove the file and run: convrec bench policy")


def policy_sections(results: Path) -> Iterator[str]:
    """The recorded tables, in Markdown."""
    found = read_units(results)
    if not found:
        return
    yield "## The unified policy"
    yield (
        "`convrec bench policy`: agents trained with `convrec train` on two cores, chosen on valid, and put beside the "
        "tuned gain rule *bayes* on the same affinity, with the same users and the same luck, on the test split. Means "
        "over agents; ± is half the width of the 95 % interval of the paired difference over dialogues, widened by how "
        "much agents of different seeds differ."
    )
    for data in SEEDS:
        if data in found:
            yield f"### {data}, {len(found[data])} agent{'s' * (len(found[data]) > 1)}"
            yield _by_users(found[data])
    if "movies" in found:
        yield from _types(found["movies"])
        yield from _timing(found["movies"])
        yield from _elsewhere(found["movies"])
    yield from _planned(found)
    if WHOLE in found:
        yield from _parts(found, results)
    yield from _costs(results)
    yield from _speed(results)


def _by_users(tests: Sequence[Tests]) -> str:
    names = [name for name in tests[0] if name not in ("types", "timing", "planner") and " on " not in name]
    return _differences({name.replace("-", ", "): (tests, name, None, "bayes") for name in names})


def _differences(lines: Mapping[str, tuple[Sequence[Tests], str, str | None, str]]) -> str:
    """A table of differences, a line for each evaluation."""
    rows = []
    for label, (tests, name, users, rival) in lines.items():
        cells = [label]
        for metric in SHOWN:
            difference = pooled(tests, name, metric, users, rival)
            cells += [""] * 3 if difference is None else _cells(difference, metric)
        rows.append(cells)
    headings = [""]
    for metric in SHOWN:
        headings += [f"{METRICS[metric].heading.replace(' %', '')}", "unified", "difference"]
    return markdown_table(headings, rows)


def _cells(difference: Difference, metric: str) -> list[str]:
    digits = 2 if metric == "at" else 3
    better = difference.high < 0 if metric in LOW_IS_GOOD else difference.low > 0
    text = f"{difference.diff:+.{digits}f} ± {difference.half:.{digits}f}"
    return [
        f"{difference.rival:.{digits}f}", f"{difference.ours:.{digits}f}", f"**{text}**" if better else text,
    ]  # fmt: skip


LOW_IS_GOOD = frozenset({"at", "interruptions", "missed", "quit"})


def _types(tests: Sequence[Tests]) -> Iterator[str]:
    users = [row["users"] for row in tests[0]["types"]["results"] if row["policy"] == UNIFIED]
    yield "### Every kind of user, movies"
    yield f"![Reward beyond bayes, by kind of user]({PICTURES['user types']})"
    rewards = [difference for each in users if (difference := pooled(tests, "types", "reward", each))]
    better = sum(each.low > 0 for each in rewards)
    worse = sum(each.high < 0 for each in rewards)
    yield f"Of {len(rewards)} kinds of user, significantly better in reward with {better}, worse with {worse}."
    yield _differences({each: (tests, "types", each, "bayes") for each in users})


def _timing(tests: Sequence[Tests]) -> Iterator[str]:
    rows = tests[0]["timing"]["results"]
    users = list(dict.fromkeys(row["users"] for row in rows))
    rivals = list(dict.fromkeys(row["policy"] for row in rows if row["policy"] != UNIFIED))
    yield "### When to wait, movies"
    yield (
        "People who write in pieces and think about lists. *always* and *fixed timer* wait by rule, *patient* reads "
        "the same cues by a rule written by hand."
    )
    lines = []
    for each in users:
        for rival in rivals:
            cells = [f"{each}, beside {rival}", *_interruptions(tests, each, rival)]
            for metric in ("sr@15", "reward"):
                difference = pooled(tests, "timing", metric, each, rival)
                cells += [] if difference is None else _cells(difference, metric)
            lines.append(cells)
    headings = [""]
    for name in ("interruptions", "SR@15", "reward"):
        headings += [name, "unified", "difference"]
    yield markdown_table(headings, lines)


def _interruptions(tests: Sequence[Tests], users: str, rival: str) -> list[str]:
    """Means of two policies over agents, and by how much they differ; bold where both intervals lie apart."""
    rows = [row for test in tests for row in test["timing"]["results"] if row["users"] == users]
    theirs, ours = ([row for row in rows if row["policy"] == policy] for policy in (rival, UNIFIED))
    before, after = (float(np.mean([row["interruptions"] for row in of])) for of in (theirs, ours))
    highest = max(row["ci"]["interruptions"][1] for row in ours)
    lowest = min(row["ci"]["interruptions"][0] for row in theirs)
    change = f"{after / before - 1:+.0%}" if before else ""
    return [f"{before:.3f}", f"{after:.3f}", f"**{change}**" if highest < lowest else change]


def _elsewhere(tests: Sequence[Tests]) -> Iterator[str]:
    names = [f"{users} on {data}" for data in ELSEWHERE for users in ("classic", "mixture")]
    lines = {name: (tests, name, None, "bayes") for name in names if name in tests[0]}
    if lines:
        yield "### Trained on movies, taken elsewhere"
        yield _differences(lines)


def _planned(found: Mapping[str, Sequence[Tests]]) -> Iterator[str]:
    lines = []
    for data in SEEDS:
        planned = [tests for tests in found.get(data, ()) if "planner" in tests]
        difference = pooled(planned, "planner", "at", None, "look-ahead")
        if difference is not None:
            rows = {row["policy"]: row for row in planned[0]["planner"]["results"]}
            above = [f"{rows[policy]['reference_gap']:+.2f}" for policy in ("bayes", "look-ahead", UNIFIED)]
            lines.append([data, f"{rows['bayes']['at']:.2f}", *_cells(difference, "at"), *above])
    if lines:
        yield "### Beside a planner, classic people"
        yield (
            "*look-ahead* tries each act out with people drawn from the belief. Above the line: turns beyond those "
            "that halving the candidates at every question would take."
        )
        yield markdown_table(
            ["", "AT, bayes", "look-ahead", "unified", "unified beyond look-ahead", "above the line: bayes",
             "look-ahead", "unified"],
            lines,
        )  # fmt: skip


def _parts(found: Mapping[str, Sequence[Tests]], results: Path) -> Iterator[str]:
    yield "### What each part is for, movies"
    yield (
        "On a reduced budget: one round of 12,000 dialogues with yes/no questions, for other learners as many minutes; "
        f"up to {ABLATION_SEEDS} seeds; *whole* has nothing left out. The last three are fakes."
    )
    yield f"![Reward beyond bayes with each part left out]({PICTURES['parts']})"
    chosen = [name for name in (WHOLE, *VARIANTS) if name in found]
    for users in ("mixture", "classic"):
        yield f"**{users}**"
        yield _differences({name: (found[name], users, None, "bayes") for name in chosen})
    beside = [name for name in chosen if all(_has(tests["mixture"], WHOLE) for tests in found[name])]
    if beside:
        yield "**mixture, beside *whole* of the same seed on the same dialogues**"
        yield _differences({name: (found[name], "mixture", None, WHOLE) for name in beside})
        yield "Their reward, each seed by itself; bold where the interval over dialogues leaves zero out:"
        yield markdown_table(
            ["", *(f"seed {seed}" for seed in range(ABLATION_SEEDS))],
            [[name, *_each_seed(found[name], "mixture", "reward", WHOLE)] for name in beside],
        )
    learners = [name for name in (WHOLE, *LEARNERS) if name in found]
    yield "Minutes to train, each seed; what differs from *whole* in its network alone goes on from its first round:"
    yield markdown_table(learners, [[_minutes(_recorded(results, name)) for name in learners]])


def _each_seed(tests: Sequence[Tests], name: str, metric: str, rival: str) -> list[str]:
    """The difference of each seed, empty where there is none."""
    cells = [""] * ABLATION_SEEDS
    for place in range(len(tests)):
        difference = pooled(tests[place : place + 1], name, metric, None, rival)
        if difference is not None:
            text = f"{difference.diff:+.3f} ± {difference.half:.3f}"
            cells[place] = f"**{text}**" if difference.low > 0 or difference.high < 0 else text
    return cells


def _has(test: Mapping[str, Any], policy: str) -> bool:
    return any(row["policy"] == policy for row in test["results"])


def _recorded(results: Path, kind: str) -> list[dict[str, Any]]:
    """What was recorded of all seeds."""
    paths = [unit_path(results, unit) for unit in units() if unit.kind == kind]
    return [read_unit(path) for path in paths if path.exists()]


def _minutes(recorded: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{each['train']['minutes']:.1f}" for each in recorded)


def _costs(results: Path) -> Iterator[str]:
    lines = []
    for data in SEEDS:
        recorded = _recorded(results, data)
        if recorded:
            minutes = _minutes(recorded)
            shown = ", ".join(f"{each['train']['doubt']:g}" for each in recorded)
            prudence = ", ".join(f"{each['prudence']:g}" for each in recorded)
            decision = np.mean([_decision(each["tests"]["classic-binary"]) for each in recorded])
            lines.append([data, minutes, shown, prudence, f"{decision:.2f}"])
    if lines:
        yield "### What it costs"
        yield markdown_table(
            ["data", "minutes to train", "doubt chosen", "prudence chosen", "ms a decision in a batch"], lines
        )


def _speed(results: Path) -> Iterator[str]:
    path = results / "agent.json"
    if not path.exists():
        return
    content = read_result(path)
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}, one core; the rule in brackets"
    yield markdown_table(
        ["data", "updates of 128 a second", "dialogues", "seconds for them", "ms a single decision", "calibrations/s"],
        [
            [
                row["data"], f"{row['updates_per_second']:.1f}", f"{row['dialogues']:,}",
                f"{row['seconds']:.1f} ({row['by_rule']:.1f})",
                f"{row['decision_ms']:.1f} ({row['decision_by_rule_ms']:.1f})",
                f"{row['calibrations_per_second']:.0f}",
            ]
            for row in content["results"]
        ],
    )  # fmt: skip


def _decision(test: dict[str, Any]) -> float:
    return float(next(row["ms"] for row in test["results"] if row["policy"] == UNIFIED))


def draw_policy_pictures(results: Path, folder: Path) -> None:
    """Draw the differences of reward by kind of user, and by what was left out."""
    found = read_units(results)
    if "movies" in found:
        tests = found["movies"]
        users = [row["users"] for row in tests[0]["types"]["results"] if row["policy"] == UNIFIED]
        lines = {each: difference for each in users if (difference := pooled(tests, "types", "reward", each))}
        _draw(lines, "reward beyond bayes, movies", folder / PICTURES["user types"])
    if WHOLE in found:
        chosen = [name for name in (WHOLE, *VARIANTS) if name in found]
        lines = {each: difference for each in chosen if (difference := pooled(found[each], "mixture", "reward"))}
        _draw(lines, "reward beyond bayes, mixture, movies", folder / PICTURES["parts"])


def _draw(lines: Mapping[str, Difference], title: str, path: Path) -> None:
    """Differences with their intervals, one under the other; filled where zero is outside."""
    with open_figure(path, (7.2, 1.2 + 0.3 * len(lines))) as figure:
        axes = figure.subplots()
        for place, each in enumerate(lines.values()):
            color = "#009E73" if each.low > 0 else "#D55E00" if each.high < 0 else "0.45"
            sure = each.low > 0 or each.high < 0
            axes.errorbar(
                each.diff, place, xerr=each.half, fmt="o", color=color, markersize=6, capsize=3, linewidth=1.8,
                markerfacecolor=color if sure else "white",
            )  # fmt: skip
        axes.axvline(0.0, color="0.3", linewidth=1)
        axes.set(yticks=range(len(lines)), yticklabels=list(lines), xlabel=title, ylim=(len(lines) - 0.5, -0.5))
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
