"""The file of tuned rules: what is kept comes back, damage is told, and the closest rule is found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.errors import DataError
from policy.bayes import GainRule
from policy.tuned_rules import Conditions, RunConditions, TunedRule, closest_rule, keep_rule, read_rules, shipped_rules

HERE = Conditions("lastfm", "content", "binary", 14)
RULE = TunedRule(HERE, GainRule(2.0, 1.15, 3.0), {"command": "convrec train", "valid": {"at": 7.5}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.json"


def test_what_is_kept_comes_back(path: Path):
    keep_rule(path, RULE)
    assert read_rules(path) == [RULE]


def test_rules_for_other_conditions_stay_and_one_for_the_same_is_replaced(path: Path):
    other = replace(RULE, conditions=replace(HERE, questions="facet"))
    better = replace(RULE, rule=GainRule(3.0, 1.0, 8.0))
    for rule in (RULE, other, better):
        keep_rule(path, rule)
    found = read_rules(path)
    assert len(found) == 2
    assert better in found
    assert other in found


@pytest.mark.parametrize(
    "change",
    [{"data": "x"}, {"affinity": "x"}, {"questions": "multi"}, {"turns": 15}, {"known": "drop"}, {"users": "x"}],
)
def test_every_condition_tells_rules_apart(path: Path, change: dict[str, Any]):
    keep_rule(path, RULE)
    keep_rule(path, replace(RULE, conditions=replace(HERE, **change)))
    assert len(read_rules(path)) == 2


def test_the_order_of_keeping_leaves_no_trace(tmp_path: Path):
    rules = [replace(RULE, conditions=replace(HERE, data=name)) for name in ("b", "a", "c")]
    for order, name in ((rules, "one"), (rules[::-1], "other")):
        for rule in order:
            keep_rule(tmp_path / name, rule)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def content(**changes: Any) -> dict[str, Any]:
    """A good file with one entry, changed."""
    entry: dict[str, Any] = {
        "conditions": {"data": "d", "affinity": "a", "questions": "binary", "turns": 15},
        "rule": {"success_bonus": 1, "question_weight": 1, "horizon": 1},
        "provenance": {},
    }
    rule = entry["rule"] | changes.pop("rule", {})
    return {"schema_version": 1, "rules": [entry | {"rule": rule} | changes]}


def test_the_good_file_that_is_changed_below_is_good(path: Path):
    path.write_text(json.dumps(content()))
    assert read_rules(path)[0].rule == GainRule(1, 1, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a file of tuned rules"),
        ("{", "not a file of tuned rules"),
        ("[]", "not a file of tuned rules"),
        ("{}", "schema_version"),
        ('"rules"', "not a file of tuned rules"),
        ("[" * 100_000, "not a file of tuned rules"),
        ('{"schema_version": 2, "rules": []}', "schema 2, but 1 is needed"),
        ('{"schema_version": 1}', "rules"),
        ('{"schema_version": 1, "rules": 3}', "not a file of tuned rules"),
        ('{"schema_version": 1, "rules": ["x"]}', "not a file of tuned rules"),
        (json.dumps(content(rule={"horizon": -1})), "horizon = -1"),
        (json.dumps(content(rule={"horizon": 0})), "horizon = 0.0"),
        (json.dumps(content(rule={"question_weight": -0.5})), "question_weight = -0.5"),
        (json.dumps(content(rule={"success_bonus": float("nan")})), "success_bonus = nan"),
        (json.dumps(content(rule={"success_bonus": float("inf")})), "success_bonus = inf"),
        (json.dumps(content(rule={"success_bonus": 10**400})), "too large"),
        (json.dumps(content(rule={"success_bonus": "9"})), "success_bonus = '9'"),
        (json.dumps(content(rule={"success_bonus": True})), "success_bonus = True"),
        (json.dumps(content(rule={"horizon": 1e-300})), "horizon = 1e-300"),
        (json.dumps(content(conditions={"data": 1})), "not a file of tuned rules"),
        ('{"schema_version": true, "rules": []}', "schema True"),
        ('{"schema_version": 1, "rules": {}}', "rules is not a list"),
        (json.dumps(content(rule={"success_bonus": None})), "not a file of tuned rules"),
        (json.dumps(content(conditions={"data": "d"})), "missing"),
        (json.dumps(content(conditions={"colour": "red"})), "colour"),
        (json.dumps(content(provenance=3)), "not a file of tuned rules"),
    ],
    ids=range(26),
)
def test_damage_is_told_in_one_line_with_the_file_and_the_way_out(path: Path, text: str, told: str):
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_rules(path)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert told in line
    assert "convrec train --policy bayes --out FILE" in line
    assert "\n" not in line


def test_a_number_that_is_missing_is_told(path: Path):
    broken = content()
    del broken["rules"][0]["rule"]["horizon"]
    path.write_text(json.dumps(broken))
    with pytest.raises(DataError, match="horizon"):
        read_rules(path)


def test_bytes_that_are_no_text_and_folders_are_told(path: Path, tmp_path: Path):
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a file of tuned rules"):
        read_rules(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_rules(tmp_path)


def test_a_damaged_file_is_not_overwritten(path: Path):
    path.write_text("precious")
    with pytest.raises(DataError):
        keep_rule(path, RULE)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("when", ["write_text", "replace"])
def test_an_interruption_leaves_the_old_file_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch, when: str):
    keep_rule(path, RULE)
    before = path.read_bytes()
    real = getattr(Path, when)

    def interrupted(self: Path, *arguments: Any, **options: Any) -> None:
        if when == "write_text":
            real(self, "half of")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, when, interrupted)
        with pytest.raises(KeyboardInterrupt):
            keep_rule(path, replace(RULE, rule=GainRule(9, 9, 9)))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def rule_for(**conditions: Any) -> TunedRule:
    return replace(RULE, conditions=replace(HERE, **conditions))


@pytest.mark.parametrize(
    ("closer", "farther"),
    [
        ({}, {"known": "drop"}),
        ({"known": "drop"}, {"turns": 15}),
        ({"turns": 15, "known": "drop"}, {"affinity": "hybrid"}),
        ({"affinity": "hybrid", "turns": 15, "known": "drop"}, {"data": "movies"}),
        ({"data": "movies"}, {"data": "movies", "affinity": "hybrid"}),
        ({"data": "movies"}, {"data": "movies", "turns": 15}),
    ],
)
def test_data_count_most_then_affinity_then_turns_then_the_rest(closer: dict[str, Any], farther: dict[str, Any]):
    first, second = rule_for(**closer), rule_for(**farther)
    assert closest_rule([first, second], HERE) is first
    assert closest_rule([second, first], HERE) is first


def test_a_rule_for_another_question_mode_never_fits():
    assert closest_rule([rule_for(questions="facet")], HERE) is None
    assert closest_rule([], HERE) is None
    far = rule_for(data="movies", affinity="x", turns=15)
    assert closest_rule([rule_for(questions="multi"), far], HERE) is far


def test_the_rules_that_come_with_the_package_can_be_read():
    for tuned in shipped_rules():
        assert tuned.conditions.questions in ("binary", "facet", "multi")
        assert {"command", "data", "seed", "valid"} <= set(tuned.provenance)


def test_data_that_have_grown_take_the_rule_of_what_they_grew_from():
    rules = [replace(RULE, conditions=replace(HERE, data=name)) for name in ("a", "b", "elsewhere")]
    wanted = RunConditions("grown", "content", "binary", 14, grown_from=("a", "b"))
    found = closest_rule(rules, wanted)
    assert found is not None
    assert found.conditions.data == "b", "the newest that has one"
    own = replace(RULE, conditions=replace(HERE, data="grown", affinity="other", turns=15))
    assert closest_rule([*rules, own], wanted) == own
    only_old = closest_rule([rules[2], rules[0]], wanted)
    assert only_old is not None
    assert only_old.conditions.data == "a"


def test_what_a_rule_was_tuned_for_is_kept_as_before(path: Path):
    keep_rule(path, RULE)
    assert "grown_from" not in path.read_text()
