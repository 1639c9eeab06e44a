"""What ``convrec bench policy`` does: trainings, and what each agent is then asked to show.

One unit is one training with its evaluations, kept in one file; ``convrec bench policy`` can stop between any two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

ABLATION_SEEDS = 3

SEEDS = {"movies": 5, "lastfm": 3, "lastfm_star": 3}
"""Agents trained in full, by data."""

REDUCED = "--questions binary --rounds 1 --dialogues 12000"
"""The budget of ablations, fakes and rivals, and of the agent they stand beside: about five minutes."""

WHOLE = "whole"
"""The agent with nothing left out, on the reduced budget."""

VARIANTS = (
    "no-gnn", "no-transformer", "no-belief", "no-residual", "no-answer-model", "no-wait", "fixed-list", "rule-decides",
    "one-type", "with-codes", "with-tastes", "dqn", "ppo", "unicorn-published", "unicorn-mended", "unicorn-mixture",
    "untrained", "random-weights", "shuffled-reward",
)  # fmt: skip
"""See :data:`policy.unified.variants.VARIANTS`, which loads PyTorch."""

LEARNERS = "dqn", "ppo", "unicorn-published", "unicorn-mended", "unicorn-mixture"
"""Those of them that learn in another way."""

MODES = ("binary", "facet", "multi")

TIMERS = "--policy patient-bayes --policy always-wait-bayes --policy fixed-timer-bayes"


@dataclass(frozen=True)
class Test:
    """One evaluation of an agent beside the gain rule."""

    name: str
    arguments: str
    """What follows ``convrec evaluate --policy bayes --policy unified --checkpoint AGENT``."""

    __test__ = False  # no test of pytest's


@dataclass(frozen=True)
class Unit:
    """One training and its evaluations."""

    name: str
    """Of the agent, and of the file of figures."""
    data: str
    training: str
    """What follows ``convrec train --data DATA --out AGENT``."""
    tests: tuple[Test, ...]
    beside: str = ""
    """Unit whose agent stands beside this one's in the tests: the same with nothing left out."""

    @property
    def kind(self) -> str:
        """The same for all seeds."""
        return self.name.rpartition("-")[0]


def units() -> Iterator[Unit]:
    """All of them, those that matter most first."""
    most = max(SEEDS.values())
    for seed in range(most):
        for data, count in SEEDS.items():
            if seed < count:
                tests = (*_tests(data), *([] if seed else [_planner(data)]))
                yield Unit(f"{data}-{seed}", data, f"--seed {seed}", tests)
    for seed in range(ABLATION_SEEDS):
        for variant in (WHOLE, *VARIANTS):
            chosen, beside = ("", "") if variant == WHOLE else (f" --variant {variant}", f"{WHOLE}-{seed}")
            training = f"{REDUCED} --seed {seed}{chosen}"
            yield Unit(f"{variant}-{seed}", "movies", training, tuple(_brief("movies")), beside)


def _test(name: str, data: str, users: str, dialogues: int, rest: str = "") -> Test:
    arguments = f"--data {data} --users {users} --dialogues {dialogues} --no-anonymous"
    return Test(name, f"{arguments} {rest}".strip())


def _brief(data: str) -> Iterator[Test]:
    for users in ("mixture", "classic"):
        yield _test(users, data, users, 4000)


def _tests(data: str) -> Iterator[Test]:
    for users in ("classic", "mixture"):
        for mode in MODES:
            yield _test(f"{users}-{mode}", data, users, 4000, f"--questions {mode}")
    if data != "movies":
        yield _test("classic-14", data, "classic", 4000, "--turns 14")
    if data == "lastfm":
        yield _test("uneven", data, "uneven", 4000)
        for mode in ("binary", "multi"):
            yield _test(f"noisy-{mode}", data, "noisy:0.1+dont-know:0.2", 4000, f"--questions {mode}")
    if data == "movies":
        yield _test("types", data, "all", 2000)
        timing = " --users ".join(("burst", "deliberator", "burst+deliberator"))
        yield _test("timing", data, timing, 2000, TIMERS)
        for elsewhere in ELSEWHERE:
            for users in ("classic", "mixture"):
                yield _test(f"{users} on {elsewhere}", elsewhere, users, 2000)


def _planner(data: str) -> Test:
    """Beside the planner, which takes a hundred times as long: few dialogues, one agent."""
    return _test("planner", data, "classic", 500, "--policy look-ahead")


ELSEWHERE = ("movies-all", "lastfm_star", "synthetic:users=400,items=500,attributes=60,seed=0")
"""Where the agents of movies are taken without being trained there."""
