"""Where the numbers of the gain rule are kept, each set with its provenance, and which set fits a run."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.errors import DataError
from graph.whole_file import written_whole
from policy.bayes import GainRule

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Conditions:
    """What a rule was tuned for."""

    data: str
    affinity: str
    questions: str
    """"binary", "facet" or "multi"."""
    turns: int
    known: str = "keep"
    users: str = "classic"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the data, and of what they grew from, newest first."""
        return (self.data,)


@dataclass(frozen=True)
class RunConditions(Conditions):
    """Those of a run on data that may have grown: what was tuned before items were added serves there too."""

    grown_from: tuple[str, ...] = ()
    """Names of the data before each time that items were added, oldest first."""

    @property
    def names(self) -> tuple[str, ...]:
        """See :attr:`Conditions.names`."""
        return self.data, *reversed(self.grown_from)


@dataclass(frozen=True)
class TunedRule:
    """One rule and how it was found."""

    conditions: Conditions
    rule: GainRule
    provenance: dict[str, Any] = field(default_factory=dict)
    """Command, commit, data fingerprint, seed, dialogues and figures on valid."""


def shipped_rules() -> list[TunedRule]:
    """The rules that come with the package."""
    return read_rules(Path(str(files("policy") / "tuned_rules.json")))


def read_rules(path: Path) -> list[TunedRule]:
    """Read a file of tuned rules.

    :raises DataError: when the file is not one.
    """
    mend = "give a file written by: convrec train --policy bayes --out FILE"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if type(content["schema_version"]) is not int or content["schema_version"] != SCHEMA_VERSION:
            raise DataError(f"{path}: schema {content['schema_version']!r}, but {SCHEMA_VERSION} is needed; {mend}")
        if not isinstance(content["rules"], list):
            raise TypeError("rules is not a list")
        return [_parse(entry) for entry in content["rules"]]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); {mend}") from error
    except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a file of tuned rules ({error}); {mend}") from error


def _parse(entry: dict[str, Any]) -> TunedRule:
    numbers = {name.name: _number(entry["rule"], name.name) for name in fields(GainRule)}
    if numbers["horizon"] < LEAST_HORIZON:
        raise ValueError(f"horizon = {numbers['horizon']}")
    conditions = Conditions(**entry["conditions"])
    for name in fields(Conditions):
        if type(getattr(conditions, name.name)) is not (int if name.name == "turns" else str):
            raise TypeError(f"{name.name} = {getattr(conditions, name.name)!r}")
    return TunedRule(conditions, GainRule(**numbers), dict(entry["provenance"]))


LEAST_HORIZON = 0.01
"""Turns; below it the rule cannot be told from one without a horizon."""


def _number(rule: dict[str, Any], name: str) -> float:
    value = rule[name]
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} = {value!r}")
    return float(value)


def keep_rule(path: Path, tuned: TunedRule) -> None:
    """Add a rule to a file, in the place of one for the same conditions; the file is replaced as a whole."""
    others = [other for other in read_rules(path) if other.conditions != tuned.conditions] if path.exists() else []
    rules = sorted([*others, tuned], key=lambda each: tuple(map(str, asdict(each.conditions).values())))
    content = {"schema_version": SCHEMA_VERSION, "rules": [asdict(each) for each in rules]}
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def closest_rule(rules: list[TunedRule], wanted: Conditions) -> TunedRule | None:
    """The rule tuned for the most alike conditions; the question mode must be the same.

    Data count most, the newest of what they grew from before older ones; then users, affinity, turns, and the rest;
    None when no rule is for this question mode.
    """
    alike = [rule for rule in rules if rule.conditions.questions == wanted.questions]

    def likeness(rule: TunedRule) -> tuple[int, ...]:
        have = rule.conditions
        near = len(wanted.names) - wanted.names.index(have.data) if have.data in wanted.names else 0
        same = (getattr(have, name) == getattr(wanted, name) for name in ("users", "affinity", "turns", "known"))
        return near, *same

    return max(alike, key=likeness, default=None)
