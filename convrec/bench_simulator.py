"""``convrec bench simulator``: steps a second and bytes a dialogue of the environments, beside a plain one."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import rich_click as click
from rich import box
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, notices
from convrec.yardstick import YELP_SHAPE, calibrations_per_second, write_figures
from graph.answers import AnswerModel
from simulator.environments.batch import Batch
from simulator.environments.episodes import EpisodeTargets
from simulator.environments.observations import KEYS
from simulator.history import Act
from simulator.plain import PlainDialogue
from simulator.randomness import dialogue_keys
from simulator.runs import ANONYMOUS
from simulator.users import parse_users

GOALS = {"lastfm": (20_000, 10_000), "lastfm_star": (15_000, 5_000), YELP_SHAPE: (1_500, 800)}
"""Steps a second to reach on one quiet core, without candidates and with them."""


@dataclass(frozen=True)
class SimulatorFigures:
    """What one data set and one kind of user gave."""

    data: str
    users: str
    batch: int
    core_steps_per_second: float
    """Without candidates: random questions and lists are carried out, people react, history and belief move on."""
    env_steps_per_second: float
    """With candidates, masks and observations; random open slots that speak."""
    plain_steps_per_second: float
    """One dialogue after the other in plain Python, with candidates."""
    times_plain: float
    calibrations_per_second: float
    """Softmax of 256 x 7,432 in the same run."""
    dialogue_bytes: int
    """A running dialogue: history, people, belief over all items."""
    belief_bytes: int
    """Of these, the belief."""
    transition_bytes: int
    """A stored transition: two observations, the action, the reward and whether it ended."""


@click.command(
    epilog=examples("convrec bench simulator", "convrec bench simulator --data lastfm --users mixture --seconds 10")
)
@click.option("--data", multiple=True, metavar="NAME", default=tuple(GOALS), show_default=True,
              help="Data set, as often as wanted.")  # fmt: skip
@click.option("--users", multiple=True, metavar="KIND", default=("classic", "mixture"), show_default=True,
              help="Kind of simulated user, as often as wanted.")  # fmt: skip
@click.option("--batch", type=click.IntRange(1, 4096), default=256, show_default=True, help="Dialogues at once.")
@click.option("--seconds", type=click.FloatRange(0.5, 600), default=5.0, show_default=True,
              help="How long each figure is measured.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def simulator(
    data: tuple[str, ...], users: tuple[str, ...], batch: int, seconds: float, json_path: Path | None
) -> None:
    """Steps a second of the environments in one process, and what a dialogue and a transition take in memory.

    Beside each figure stands that of a plain Python environment of the same protocol, which holds one dialogue at a
    time and reaches the same results.
    """
    check_output(json_path, "--json")
    found = []
    for name in data:
        for kind in users:
            with notices.status(f"timing {name}, {kind} users"), ProcessPoolExecutor(1, get_context("spawn")) as fresh:
                found.append(fresh.submit(measure_simulator, name, kind, batch, seconds).result())
    console.print(_table(found))
    if json_path is not None:
        write_figures(json_path, found)


def measure_simulator(data: str, users: str, batch: int, seconds: float) -> SimulatorFigures:
    """Measure in a process of its own, after everything has been compiled."""
    from convrec.run_options import load_dataset
    from graph import affinity

    dataset = load_dataset(data)
    options: dict[str, Any] = {
        "data": dataset,
        "affinity": affinity.fit("content", dataset),
        "users": users,
        "split": "test",
    }
    places = Batch(batch, **options)
    places.seed(range(batch))
    places.reset()
    generator = np.random.default_rng(0)

    def act() -> int:
        _carry_out_anything(places, generator)
        return batch

    def choose() -> int:
        open_slots = places.state.candidates.mask[:, : places.n_slots - 1]
        lots = generator.random(open_slots.shape) * open_slots
        places.step(lots.argmax(axis=1))
        return batch

    before = calibrations_per_second()
    core = rate(act, seconds)
    places.reset()
    env = rate(choose, seconds)
    plain = rate(PlainDialogues(places, users, generator).step, seconds)
    yardstick = (before + calibrations_per_second()) / 2
    belief = places.talk.belief.log_weights.nbytes // batch
    return SimulatorFigures(
        data, users, batch, core, env, plain, env / plain, yardstick, dialogue_bytes(places), belief,
        transition_bytes(places),
    )  # fmt: skip


class PlainDialogues:
    """One plain dialogue after the other, with the same people, priors and kind of choices as the batch."""

    def __init__(self, places: Batch, users: str, generator: np.random.Generator) -> None:
        self._setting, self._population, self._generator = places.setting, parse_users(users), generator
        self._answer_model = AnswerModel.honest(places.catalogue)
        self._targets = EpisodeTargets(places.setting.dataset)
        self._begun = 0
        self._begin()

    def _begin(self) -> None:
        keys = dialogue_keys(0, [self._begun])
        self._begun += 1
        targets, traits = self._targets.draw(keys), self._population.traits(keys)
        who = np.where(traits.newness > 0, ANONYMOUS, targets.users).astype(np.int32)
        prior = self._setting.affinity.scores(who)[0]
        self._talk = PlainDialogue(
            self._setting.dataset.catalogue, self._setting.rules, self._answer_model, traits, self._population.table,
            int(targets.items[0]), int(keys[0]), prior,
        )  # fmt: skip

    def step(self) -> int:
        """Take a random open slot that speaks."""
        mask = self._talk.state().mask[:-1]
        lots = self._generator.random(len(mask)) * mask
        _, terminated, truncated = self._talk.step(int(lots.argmax()))
        if terminated or truncated:
            self._begin()
        return 1


def rate(step: Callable[[], int], seconds: float) -> float:
    """Steps a second: ``step`` is called for ``seconds`` and says how many steps it took."""
    until = perf_counter() + min(1.0, seconds)
    while perf_counter() < until:
        step()  # compiles, and gets the dialogues out of step with each other
    steps, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        steps += step()
    return steps / (perf_counter() - began)


def _carry_out_anything(places: Batch, generator: np.random.Generator) -> None:
    """Ask or show something at random in every dialogue, whatever the belief."""
    n, catalogue, rules = places.n_places, places.catalogue, places.rules
    acts = generator.integers(Act.ASK, Act.RECOMMEND + 1, n).astype(np.int8)
    options = generator.integers(0, catalogue.n_attributes, (n, rules.questions.n_options)).astype(np.int32)
    lists = generator.integers(0, catalogue.n_items, (n, rules.space.list_length)).astype(np.int32)
    over = places.talk.carry_out(acts, options, lists).over
    if over.any():
        places.begin_anew(np.flatnonzero(over))


def dialogue_bytes(places: Batch) -> int:
    """Bytes of one dialogue under way."""
    return places.talk.nbytes // places.n_places


def transition_bytes(places: Batch) -> int:
    """Bytes of a transition as a replay buffer of stable-baselines3 keeps it."""
    observation = places.observation()
    seen = sum(np.asarray(observation[key]).nbytes for key in KEYS) // places.n_places
    action, reward, ended, timeout = 8, 4, 4, 4
    return int(2 * seen + action + reward + ended + timeout)


def _table(found: Sequence[SimulatorFigures]) -> Table:
    goals = ", ".join(f"{name_of(data)} {core:,} and {env:,}" for data, (core, env) in GOALS.items())
    table = Table(
        box=box.SIMPLE_HEAD, title=f"Steps a second, {found[0].batch} dialogues at once, one process",
        title_justify="left", caption_justify="left", pad_edge=False, padding=(0, 1, 0, 0),
        caption="Core: random acts are carried out. Env: candidates, masks and observations as well. Plain: one "
        "dialogue at a time in plain Python; times: env over plain. Bytes of a running dialogue beside its belief, and "
        f"of a stored transition. Goals, core and env: {goals}.",
    )  # fmt: skip
    for heading in ("data", "users", "core", "env", "plain", "times", "dialogue", "transition"):
        table.add_column(heading, justify="left" if heading in ("data", "users") else "right", no_wrap=True)
    for each in found:
        table.add_row(
            name_of(each.data), each.users, f"[bold]{each.core_steps_per_second:,.0f}[/]",
            f"[bold]{each.env_steps_per_second:,.0f}[/]", f"{each.plain_steps_per_second:,.0f}",
            f"{each.times_plain:.0f}", f"{each.dialogue_bytes - each.belief_bytes:,}", f"{each.transition_bytes:,}",
        )  # fmt: skip
    return table


def name_of(data: str) -> str:
    """What a data set is called in the table."""
    return "Yelp shape" if data == YELP_SHAPE else data.replace(",", ", ")
