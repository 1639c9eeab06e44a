"""Tables over user types: the same figures on the terminal, in Markdown and as JSON; who is best, and for sure."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from convrec.user_tables import METRICS, WIDTH, UserTable, as_dict, as_markdown, as_rich, compare_over_users
from graph.errors import DataError, OptionError

STRONG = "\x1b[1;32m"


def row_of(
    policy: str, users: str, half: float | None = 0.01, dialogues: int = 4000, **values: float
) -> dict[str, Any]:
    """A row of figures whose intervals reach ``half`` to both sides."""
    metrics: dict[str, Any] = {name: {"value": value, "low": None, "high": None} for name, value in values.items()}
    if half is not None:
        metrics = {name: {"value": value, "low": value - half, "high": value + half} for name, value in values.items()}
    return {"policy": policy, "users": users, "metrics": metrics, "dialogues": dialogues}


def rows_of(
    figures: dict[str, dict[str, float]], metric: str = "sr@15", half: float | None = 0.01
) -> list[dict[str, Any]]:
    """Rows of ``{users: {policy: value}}``."""
    return [
        row_of(policy, users, half, **{metric: value})
        for users, line in figures.items()
        for policy, value in line.items()
    ]


TWO = {"classic": {"bayes": 0.9, "unified": 0.905}, "noisy:0.3": {"bayes": 0.5, "unified": 0.7}}
"""With 0.01 to each side the second line is sure, the first is not."""


def table_of(figures: dict[str, dict[str, float]], metric: str = "sr@15", half: float | None = 0.01) -> UserTable:
    return compare_over_users(rows_of(figures, metric, half), metric)


def drawn(table: UserTable, styled: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, force_terminal=styled, color_system="standard" if styled else None)
    console.print(*as_rich(table), sep="\n")
    return out.getvalue()


def line_of(text: str, beginning: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(beginning))
    return line.removeprefix(beginning).split()


def words(text: str) -> str:
    """The text as if it stood in one line."""
    return " ".join(text.split())


def test_a_table_by_hand():
    text = drawn(table_of(TWO))
    assert line_of(text, "user type") == ["bayes", "unified"]
    assert line_of(text, "classic") == ["90.0±1.0", "90.5±1.0"]
    assert line_of(text, "noisy:0.3") == ["50.0±1.0", "70.0±1.0"]
    assert line_of(text, "worst user type") == ["50.0±1.0", "70.0±1.0"]
    assert line_of(text, "mean over types") == ["70.0±1.0", "80.2±1.0"]
    assert "SR@15 %, higher is better" in text
    assert "4,000 dialogues a figure" in text


def test_markdown_by_hand():
    assert as_markdown(table_of(TWO)).splitlines() == [
        "| user type | bayes | unified |",
        "| --- | ---: | ---: |",
        "| classic | 90.0 ± 1.0 | 90.5 ± 1.0 |",
        "| noisy:0.3 | 50.0 ± 1.0 | **70.0 ± 1.0** |",
        "| *worst user type* | 50.0 ± 1.0 (noisy:0.3) | **70.0 ± 1.0** (noisy:0.3) |",
        "| *mean over types* | 70.0 ± 1.0 | **80.2 ± 1.0** |",
    ]


def test_json_by_hand():
    content = as_dict(table_of({"classic": {"bayes": 0.5, "random": 0.25}}, half=0.125))
    bayes, chance = (
        {"value": value, "low": value - 0.125, "high": value + 0.125} for value in (0.5, 0.25)
    )  # fmt: skip
    line = {"policies": {"bayes": bayes, "random": chance}, "best": None}
    worst = {"policies": {"bayes": bayes | {"users": "classic"}, "random": chance | {"users": "classic"}}, "best": None}
    assert content == {
        "metric": "sr@15", "better": "high", "dialogues": [4000, 4000], "held_out": [],
        "users": {"classic": line}, "worst": worst, "mean": line,
    }  # fmt: skip
    assert json.loads(json.dumps(content)) == content


def test_the_worst_type_is_each_policys_own_and_brings_its_interval():
    rows = [
        row_of("a", "one", 0.01, at=9.0), row_of("a", "other", 0.5, at=11.0),
        row_of("b", "one", 0.02, at=12.0), row_of("b", "other", 0.01, at=8.0),
    ]  # fmt: skip
    worst = as_dict(compare_over_users(rows, "at"))["worst"]["policies"]
    assert worst["a"] == {"value": 11.0, "low": 10.5, "high": 11.5, "users": "other"}
    assert worst["b"] == {"value": 12.0, "low": 11.98, "high": 12.02, "users": "one"}


def test_the_interval_of_the_mean_is_the_mean_of_the_intervals():
    rows = [row_of("a", "one", 0.25, at=9.0), row_of("a", "other", 0.75, at=11.0)]
    mean = as_dict(compare_over_users(rows, "at"))["mean"]["policies"]["a"]
    assert mean == {"value": 10.0, "low": 9.5, "high": 10.5}
    rows[1] = row_of("a", "other", None, at=11.0)
    mean = as_dict(compare_over_users(rows, "at"))["mean"]["policies"]["a"]
    assert mean == {"value": 10.0, "low": None, "high": None}, "of one type nobody knows how sure it is"


@pytest.mark.parametrize("name", METRICS)
def test_best_goes_by_what_is_good_in_each_metric(name: str):
    table = table_of({"classic": {"less": 0.2, "more": 0.6}}, name)
    best, words_for_it = {
        "high": ("more", "higher is better"), "low": ("less", "lower is better"),
        "zero": ("less", "nearer to zero is better"),
    }[as_dict(table)["better"]]  # fmt: skip
    for line in (table.lines[0], table.worst, table.mean):
        assert line.best is not None
        assert table.policies[line.best] == best
    assert words_for_it in words(drawn(table))


def test_few_are_good_where_much_is_bad():
    """The one place that knows, against the meaning of the words."""
    of = {kind: {name for name, metric in METRICS.items() if metric.better == kind} for kind in ("low", "zero")}
    assert of["low"] == {"at", "quit", "wasted", "interruptions", "missed", "brier", "ece", "reference_gap", "ms"}
    assert of["zero"] == {"popularity_gap"}


def test_the_nearest_to_zero_is_best_from_either_side_and_the_farthest_is_the_worst():
    figures = {"one": {"a": -0.1, "b": 0.2, "c": -0.4}, "other": {"a": 0.05, "b": -0.3, "c": 0.1}}
    table = table_of(figures, "popularity_gap")
    assert [line.best for line in table.lines] == [0, 0]
    assert [cell.value if cell else None for cell in table.worst.cells] == [-0.1, -0.3, -0.4]
    assert table.worst.best == 0


def test_an_interval_around_zero_may_be_as_near_as_any():
    rows = [row_of("a", "u", 0.001, popularity_gap=0.01), row_of("b", "u", 0.2, popularity_gap=-0.1)]
    assert compare_over_users(rows, "popularity_gap").lines[0].best is None
    rows = [row_of("a", "u", 0.01, popularity_gap=0.0), row_of("b", "u", 0.05, popularity_gap=-0.1)]
    assert compare_over_users(rows, "popularity_gap").lines[0].best == 0


def test_only_what_is_sure_is_strong():
    text = drawn(table_of(TWO), styled=True)
    assert f"{STRONG}70.0" in text
    assert f"{STRONG}80.2" in text
    assert f"{STRONG}90" not in text
    assert f"{STRONG}50.0" not in text


def test_an_interval_that_touches_any_other_is_not_sure():
    """The second-best is clear, but the third has an interval so wide that it could be best."""
    rows = [row_of("a", "u", 0.01, at=5.0), row_of("b", "u", 0.01, at=6.0), row_of("c", "u", 3.0, at=7.0)]
    assert compare_over_users(rows, "at").lines[0].best is None
    assert compare_over_users(rows[:2], "at").lines[0].best == 0
    touching = [row_of("a", "u", 0.5, at=5.0), row_of("b", "u", 0.5, at=6.0)]
    assert compare_over_users(touching, "at").lines[0].best is None


def test_alone_nobody_is_best():
    assert STRONG not in drawn(table_of({"classic": {"bayes": 0.9}}), styled=True)


def test_figures_without_an_interval_have_no_margin_and_are_never_sure():
    table = table_of({"classic": {"a": 1.5, "b": 99.0}}, "ms", half=None)
    assert line_of(drawn(table), "mean over types") == ["1.50", "99.00"]
    assert STRONG not in drawn(table, styled=True)
    assert "| classic | 1.50 | 99.00 |" in as_markdown(table)
    assert as_dict(table)["users"]["classic"]["policies"]["a"] == {"value": 1.5, "low": None, "high": None}


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_figure_that_means_nothing_is_as_good_as_missing(nothing: float | None):
    rows = [row_of("a", "one", acceptance=0.5), row_of("b", "one", acceptance=0.1)]
    rows[0]["metrics"]["acceptance"] = {"value": nothing, "low": nothing, "high": nothing}
    table = compare_over_users(rows, "acceptance")
    assert line_of(drawn(table), "one") == ["–", "10.0±1.0"]
    assert table.lines[0].best is None


def test_one_figure_without_an_interval_leaves_nobody_ahead():
    rows = [row_of("a", "one", 0.01, at=5.0), row_of("b", "one", None, at=9.0)]
    for table in (compare_over_users(rows, "at"), compare_over_users(rows[::-1], "at")):
        assert table.lines[0].best is None


def test_a_policy_that_did_not_meet_all_users_has_no_summary():
    table = table_of({"classic": {"a": 0.9, "b": 0.5}, "noisy:0.3": {"b": 0.4}})
    text = drawn(table)
    assert line_of(text, "noisy:0.3") == ["–", "40.0±1.0"]
    assert line_of(text, "worst user type") == ["–", "40.0±1.0"]
    assert line_of(text, "mean over types") == ["–", "45.0±1.0"]
    assert list(as_dict(table)["worst"]["policies"]) == ["b"]
    assert "| noisy:0.3 | – | 40.0 ± 1.0 |" in as_markdown(table)


def test_users_that_were_held_out_are_marked_and_others_are_not():
    table = compare_over_users(rows_of(TWO), "sr@15", held_out=("noisy:0.3", "never seen"))
    assert line_of(drawn(table), "noisy:0.3") == ["°", "50.0±1.0", "70.0±1.0"]
    assert line_of(drawn(table), "classic") == ["90.0±1.0", "90.5±1.0"]
    assert "°: users that nothing was learned from" in words(drawn(table))
    assert "°" not in drawn(table_of(TWO))
    assert "| noisy:0.3° |" in as_markdown(table)
    assert as_dict(table)["held_out"] == ["noisy:0.3"]


POLICIES = ("random", "abs-greedy", "max-entropy-yes", "max-entropy", "bayes", "unified")
KINDS = ("classic", "noisy:0.1+dont-know:0.2", "bursts+impatient+mumbling:0.5", "a" * 50)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("extra", [(), ("bayes (checkpoints/of/last/night/lastfm-content-14.json)",)])
def test_the_widest_figures_fit_eighty_columns(name: str, extra: tuple[str, ...]):
    value = 1.0 if METRICS[name].scale == 100 else 123.456
    policies = (*POLICIES, *extra)
    text = drawn(table_of({users: dict.fromkeys(policies, value) for users in KINDS}, name, half=value / 8))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    figure = f"{METRICS[name].format(value)}±{METRICS[name].margin(value / 8)}"
    assert text.count(figure) == (len(KINDS) + 2) * len(policies)
    assert text.count("a figure, ±") == 1
    for word in ("random", "greedy", "bayes", "unified", "classic", "noisy:0.1+", "dont-know:0.2"):
        assert word in text


def test_six_policies_stand_abreast_and_what_does_not_fit_is_parted_evenly():
    figures = {"classic": dict.fromkeys(POLICIES, 0.25)}
    assert [len(part.columns) for part in as_rich(table_of(figures))] == [7]
    parts = as_rich(table_of({"classic": dict.fromkeys([*POLICIES, "one more"], 0.25)}))
    assert [len(part.columns) for part in parts] == [5, 4]
    assert [", continued" in str(part.title) for part in parts] == [False, True]


def test_figures_stand_in_line_whatever_their_margins():
    rows = [row_of("a", "one", 0.1, at=9.0), row_of("a", "other", 10.0, at=11.0)]
    lines = drawn(compare_over_users(rows, "at")).splitlines()
    one, other, heading = (next(line for line in lines if line.startswith(word)) for word in ("one", "oth", "user"))
    assert one.index("9.00±0.10") == other.index("11.00±10.00") + 1
    assert len(heading.rstrip()) == len(other.rstrip()) == len(one.rstrip()) + 1


def test_summaries_stand_apart_and_long_names_are_folded_where_they_are_joined():
    text = drawn(table_of({"noisy:0.1+dont-know:0.2": {"bayes": 0.5}}))
    lines = [line.split() for line in text.splitlines()]
    at = lines.index(["noisy:0.1+", "50.0±1.0"])
    assert lines[at + 1 : at + 4] == [["dont-know:0.2"], [], ["worst", "user", "type", "50.0±1.0"]]


def test_policies_and_users_stand_in_the_order_in_which_they_come():
    table = table_of({"z": {"b": 0.1, "a": 0.2}, "a": {"b": 0.1, "a": 0.2}})
    assert table.policies == ("b", "a")
    assert [line.label for line in table.lines] == ["z", "a"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("sr@15", 0.9731, "97.3"), ("sr@15", 1.0, "100.0"), ("at", 12.345, "12.35"), ("hdcg", 0.3014, ".301"),
        ("hdcg", 1.0, "1.000"), ("reward", -0.05, "-0.05"), ("reward", 0.5, "0.50"), ("reference_gap", 1.2, "+1.20"),
        ("reference_gap", -1.2, "-1.20"), ("reference_gap", -0.001, "0.00"), ("popularity_gap", 0.0213, "+2.1"),
        ("popularity_gap", -0.0213, "-2.1"), ("ms", 1234.5678, "1,234.57"), ("brier", 10.0, "10.000"),
    ],
)  # fmt: skip
def test_figures_are_written_as_short_as_they_can_be(name: str, value: float, text: str):
    assert METRICS[name].format(value) == text


def test_the_range_of_dialogues_is_told():
    rows = [row_of("a", "one", dialogues=200, at=9.0), row_of("a", "other", dialogues=4000, at=9.0)]
    assert "200 to 4,000 dialogues" in words(drawn(compare_over_users(rows, "at")))


def test_brackets_and_bars_are_no_markup():
    table = table_of({"[b]users|x": {"[i]p|y": 0.5}})
    assert line_of(drawn(table), "[b]users|x") == ["50.0±1.0"]
    assert "[i]p|y" in drawn(table)
    assert as_markdown(table).splitlines()[0] == "| user type | [i]p\\|y |"
    assert "| [b]users\\|x |" in as_markdown(table)


def test_rows_without_the_metric_are_left_out():
    rows = [*rows_of(TWO), row_of("random", "classic", at=3.0)]
    assert compare_over_users(rows, "sr@15").policies == ("bayes", "unified")


def test_what_cannot_be_tabled_is_refused():
    with pytest.raises(OptionError, match="no metric 'speed'"):
        compare_over_users(rows_of(TWO), "speed")
    with pytest.raises(DataError, match="none of 4 rows has a value for 'at'"):
        compare_over_users(rows_of(TWO), "at")
    with pytest.raises(DataError, match="none of 1 rows has a value for 'at'"):
        compare_over_users([row_of("a", "one", at=float("nan"))], "at")
    with pytest.raises(DataError, match=r"two rows of bayes with noisy:0\.3 users"):
        compare_over_users(rows_of(TWO) + rows_of(TWO)[2:3], "sr@15")
