"""The page of all kinds of simulated users, each with its reasons and a sample dialogue."""

from collections.abc import Iterator
from functools import cached_property

from dialogs.phrases import WORDING
from graph.affinity import Affinity
from graph.answers import QuestionMode
from graph.dataset import Dataset
from policy import registry
from policy.tuned_rules import Conditions
from simulator.core import Rules
from simulator.evaluation import Run, evaluate_policy
from simulator.rendering import render_dialogue
from simulator.runs import Setting
from simulator.users import HELD_OUT, KINDS, parse_users
from simulator.users.protocol import Kind

SAMPLE_DATA = "movies-all"
"""Films and nobody's ratings: free to quote from."""

HELD = 200
"""Dialogues among which a sample is looked for."""

LONGEST = 9
"""Acts of a sample, at most."""


class Sampler:
    """Holds the same dialogues with any kind of user and finds one that shows what is special about it."""

    def __init__(self, dataset: Dataset, affinity: Affinity) -> None:
        self._dataset, self._affinity = dataset, affinity

    def hold(self, users: str, policy: str = "patient-bayes") -> Run:
        """The dialogues of one kind of user."""
        conditions = Conditions(self._dataset.name, self._affinity.name, "facet", 15, users=users)
        setting = Setting(self._dataset, self._affinity, parse_users(users), Rules(questions=QuestionMode.FACET))
        return evaluate_policy(registry.make(policy, conditions), setting, users, HELD, [0])

    @cached_property
    def _classic(self) -> Run:
        return self.hold("classic")

    def sample(self, users: str) -> tuple[Run, int]:
        """The first short success that goes otherwise than with a classic user; a run and the place in it."""
        run = self.hold(users)
        short = [row for row in range(len(run.targets)) if 2 < run.history.length[row] <= LONGEST]
        found = [row for row in short if run.success_turn[row] and _lines(run, row) != _lines(self._classic, row)]
        return run, (found or short or [0])[0]


def _lines(run: Run, row: int) -> list[tuple[str, str]]:
    return render_dialogue(run.setting.dataset.catalogue, run.history, row, WORDING)


def draw_page(sampler: Sampler) -> str:
    """The page, in Markdown."""
    parts = [
        "# Simulated users",
        "Drawn by `convrec users --page docs/users.md`; do not edit. Kinds are joined by `+` in any order and take a "
        "number after a colon: `convrec evaluate --users noisy:0.1+impatient`. Each sample is the first short success "
        f"among {HELD} dialogues that goes otherwise than with the classic user: {SAMPLE_DATA}, facet questions, "
        "`patient-bayes` talking. In [environments.md](environments.md) stands what an agent sees of time.",
        "Whatever the kinds, what people volunteer is true, they know their own mind, and only they know what they "
        "look for. Under the `mixture` every dialogue is with one of its parts; "
        f"{', '.join(f'`{name}`' for name in HELD_OUT)} are held out of it.",
    ]
    for kind in KINDS.values():
        parts += _section(kind, sampler)
    parts += [
        "## A table of your own understander",
        "`--users nlu:FILE.json` reads how an understander mistakes answers, and how sure it says it is. Each row of "
        "`heard` sums to one; words that are left out are always heard right. `confidence` holds evenly spaced "
        "quantiles, from the least to the largest, when the answer was understood and when it was not.",
        '```json\n{"schema_version": 1,\n "heard": {"yes": {"yes": 0.9, "no": 0.04, "dont-know": 0.06},\n'
        '           "no": {"no": 0.92, "yes": 0.03, "dont-know": 0.05}},\n'
        ' "confidence": {"right": [0.4, 0.8, 0.9, 0.95, 0.99], "wrong": [0.1, 0.3, 0.5, 0.65, 0.9]}}\n```',
    ]
    return "\n\n".join(parts) + "\n"


def _section(kind: Kind, sampler: Sampler) -> Iterator[str]:
    yield f"## {kind.name}"
    yield f"They {kind.said}"
    if kind.number:
        number = kind.number
        whole = "whole numbers " if number.whole else ""
        yield (
            f"`{kind.name}:{number.default:g}` is the default; the number, {whole}{number.low:g} to {number.high:g}: "
            f"{number.meaning}."
        )
    yield f"*Why:* {kind.reason}"
    run, row = sampler.sample(kind.name)
    target = run.setting.dataset.catalogue.describe_item(int(run.targets.items[row]))
    dialogue = "\n".join(f"{speaker:>6}  {text}" for speaker, text in _lines(run, row))
    yield f"```text\nin mind: {target}\n\n{dialogue}\n```"
