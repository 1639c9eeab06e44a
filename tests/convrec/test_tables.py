"""Tables: every figure in full on a terminal of 80 columns, the best one strong, differences the right way round."""

import io
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from convrec.tables import comparisons_table, name_of, results_table
from simulator.statistics import Comparison


def row_of(policy: str, anonymous: bool = False, checkpoint: str | None = None, **figures: float) -> dict[str, Any]:
    given = {"sr@5": 0.05, "sr@10": 1.0, "sr@15": 1.0, "at": 12.34, "hdcg": 0.3, "half": 0.1234} | figures
    half = given.pop("half")
    at_half = half * 10
    return {
        "policy": policy, "anonymous": anonymous, "checkpoint": checkpoint,
        "sr": {turn: given[f"sr@{turn}"] for turn in ("5", "10", "15")}, "at": given["at"], "hdcg": given["hdcg"],
        "ci": {name: [value - (at_half if name == "at" else half), value + (at_half if name == "at" else half)]
               for name, value in given.items()},
    }  # fmt: skip


def drawn(table: Table, styled: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=styled, color_system="standard" if styled else None).print(table)
    return out.getvalue()


POLICIES = ("random", "abs-greedy", "max-entropy-yes", "max-entropy", "bayes")


@pytest.mark.parametrize("wide", [(), ("bayes (checkpoints/of/last/night/lastfm-content-14.json)",)])
def test_the_widest_figures_fit_eighty_columns(wide: tuple[str, ...]):
    rows = [row_of(name, hidden) for hidden in (False, True) for name in (*POLICIES, *wide)]
    text = drawn(results_table(rows, "a title " * 12, "a caption " * 12))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("100.0 ±12.3") == 2 * len(rows)
    assert text.count("12.34 ±1.23") == len(rows)
    assert text.count(".300 ±.123") == len(rows)
    for heading in ("policy", "SR@5 %", "SR@10 %", "SR@15 %", "AT", "hDCG"):
        assert heading in text


def test_a_row_by_hand():
    text = drawn(results_table([row_of("bayes", **{"sr@5": 0.25, "at": 7.5, "hdcg": 0.0123, "half": 0.01})], "t", "c"))
    (line,) = (line for line in text.splitlines() if line.startswith("bayes"))
    assert line.split() == "bayes 25.0 ±1.0 100.0 ±1.0 100.0 ±1.0 7.50 ±0.10 .012 ±.010".split()


def test_rows_without_history_stand_apart():
    rows = [row_of("bayes", True), row_of("bayes"), row_of("random", True)]
    lines = [line.split()[0] for line in drawn(results_table(rows, "", "")).splitlines() if line.strip()]
    assert [word for word in lines if word in ("bayes", "random", "without")] == ["bayes", "without", "bayes", "random"]


def test_where_nobody_has_a_history_nothing_stands_apart():
    assert "without history" not in drawn(results_table([row_of("bayes", True)], "", ""))


def test_the_best_of_each_column_is_strong_and_few_turns_are_good():
    good, bad = row_of("a", **{"sr@5": 0.5, "at": 3.0}), row_of("b", **{"sr@5": 0.25, "at": 9.0})
    text = drawn(results_table([good, bad], "", ""), styled=True)
    strong = "\x1b[1;32m"
    assert f"{strong}50.0" in text
    assert f"{strong}3.00" in text
    assert f"{strong}25.0" not in text
    assert f"{strong}9.00" not in text


def test_each_group_has_a_best_of_its_own():
    rows = [row_of("a", at=3.0), row_of("a", True, at=9.0), row_of("b", True, at=11.0)]
    text = drawn(results_table(rows, "", ""), styled=True)
    assert "\x1b[1;32m3.00" in text
    assert "\x1b[1;32m9.00" in text
    assert "\x1b[1;32m11.00" not in text


def test_a_row_is_named_after_its_checkpoint_and_brackets_are_no_markup():
    assert name_of(row_of("bayes")) == "bayes"
    assert name_of(row_of("bayes", checkpoint="night.json")) == "bayes (night.json)"
    assert "bayes ([b].x)" in drawn(results_table([row_of("bayes", checkpoint="[b].x")], "", ""))


def comparisons(a: str, b: str, diff: float) -> list[Comparison]:
    scale = {"sr@5": 1, "sr@10": 1, "sr@15": 1, "at": 10, "hdcg": 1}
    return [
        Comparison(a, b, metric, diff * by, (diff * by - 0.1 * by, diff * by + 0.1 * by), 0.01)
        for metric, by in scale.items()
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_differences_are_of_the_policy_beside_the_reference(turned: bool):
    """However the comparison was made, "random" is 20 points below "bayes"."""
    made = comparisons("bayes", "random", 0.2) if turned else comparisons("random", "bayes", -0.2)
    text = drawn(comparisons_table(made, "bayes"))
    (line,) = (line for line in text.splitlines() if line.startswith("random"))
    assert line.split() == "random -20.0 ±10.0* -2.00 ±1.00* -.200 ±.100*".split()


def test_what_is_sure_is_marked():
    made = comparisons("one", "bayes", 0.2) + comparisons("other", "bayes", 0.05)
    text = drawn(comparisons_table(made, "bayes"), styled=True)
    assert "\x1b[1m+20.0 ±10.0*\x1b[0m" in text
    assert "+5.0 ±10.0 " in text
    assert "\x1b[1m+5.0" not in text


def test_comparisons_fit_eighty_columns_and_leave_the_suffix_to_the_title():
    names = [f"{name}, no history" for name in POLICIES]
    made = [each for name in names[:-1] for each in comparisons(name, names[-1], -0.999)]
    text = drawn(comparisons_table(made, names[-1]))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("no history") == 1
    for name in POLICIES[:-1]:
        assert any(line.split()[0] == name for line in text.splitlines() if line.strip())


def test_comparisons_of_others_are_left_out():
    made = comparisons("random", "bayes", -0.2) + comparisons("random", "max-entropy", -0.1)
    text = drawn(comparisons_table(made, "bayes"))
    assert sum(line.startswith("random") for line in text.splitlines()) == 1
    assert "max-entropy" not in text
