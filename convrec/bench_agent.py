"""``convrec bench agent``: what the unified policy costs in time."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import rich_click as click
from rich import box
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, notices
from convrec.yardstick import calibrations_per_second, write_figures

if TYPE_CHECKING:
    from simulator.protocol import Policy
    from simulator.runs import Setting

DIALOGUES_GOAL_S = 30.0
"""Seconds in which 4,000 greedy dialogues of lastfm have to be held."""

UPDATES_GOAL, DECISION_GOAL_MS = 8.0, 8.0
"""Updates of 128 decisions a second and core, and milliseconds of one decision on movies-all."""

UPDATE = 128


@dataclass(frozen=True)
class AgentFigures:
    """What one data set gave."""

    data: str
    updates_per_second: float
    """Of 128 decisions each: forward, backward, step."""
    dialogues: int
    seconds: float
    """To hold them, greedily."""
    by_rule: float
    """Seconds in which the gain rule holds as many."""
    decision_ms: float
    """Median of one decision in one dialogue: candidates, state graph, network."""
    decision_by_rule_ms: float
    calibrations_per_second: float
    """Softmax of 256 x 7,432 in the same run."""


@click.command(epilog=examples("convrec bench agent", "convrec bench agent --data lastfm --dialogues 4000"))
@click.option("--data", multiple=True, metavar="NAME", default=("lastfm", "movies-all"), show_default=True,
              help="Data set, as often as wanted.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(16, 1_000_000), default=4000, show_default=True,
              help="Dialogues held with each.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def agent(data: tuple[str, ...], dialogues: int, json_path: Path | None) -> None:
    """Time the unified policy in one process on one core, with classic people and yes/no questions.

    Beside it stands the gain rule on the same dialogues, and how often a fixed calculation runs in a second.
    """
    check_output(json_path, "--json")
    found = []
    for name in data:
        with notices.status(f"timing {name}"), ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            found.append(fresh.submit(measure_agent, name, dialogues).result())
    console.print(_table(found))
    if json_path is not None:
        write_figures(json_path, found)


def measure_agent(name: str, dialogues: int) -> AgentFigures:
    """Measure in a process of its own, after everything has been compiled."""
    import torch

    from convrec.run_options import RunOptions, fit_affinity, load_dataset, make_setting
    from policy import registry
    from policy.tuned_rules import Conditions
    from simulator.runs import draw_targets, run_dialogues

    torch.set_num_threads(1)
    dataset = load_dataset(name)
    setting = make_setting(
        RunOptions(name, "hybrid", "classic", "binary", 15, "keep"), dataset, fit_affinity("hybrid", dataset)
    )
    targets = draw_targets(dataset, dialogues, seed=0)
    seconds, decisions = {}, {}
    for policy in ("unified", "bayes"):
        made = registry.make(policy, Conditions(name, "hybrid", "binary", 15))
        run_dialogues(setting, made, draw_targets(dataset, 64, seed=1), seed=1)  # compiles the kernels
        began = perf_counter()
        run_dialogues(setting, made, targets, seed=0)
        seconds[policy] = perf_counter() - began
        decisions[policy] = _median_decision(setting, made)
    return AgentFigures(
        name, _updates_per_second(setting), len(targets), seconds["unified"], seconds["bayes"], decisions["unified"],
        decisions["bayes"], calibrations_per_second(),
    )  # fmt: skip


def _median_decision(setting: "Setting", policy: "Policy", count: int = 60) -> float:
    """Milliseconds from what was heard to the act, one dialogue at a time."""
    from simulator.randomness import dialogue_keys
    from simulator.runs import Targets, draw_targets

    targets, keys = draw_targets(setting.dataset, count, seed=2), dialogue_keys(2, np.arange(count))
    spent = []
    for place in range(len(targets)):
        one = slice(place, place + 1)
        talk = setting.begin(policy, Targets(targets.users[one], targets.items[one]), keys[one])
        over = False
        while not over:
            began = perf_counter()
            state = talk.state()
            decision = policy.choose(state)
            spent.append(perf_counter() - began)
            over = bool(talk.step(state, decision).over[0])
    return 1000 * float(np.median(spent))


def _updates_per_second(setting: "Setting", seconds: float = 5.0) -> float:
    """Updates of 128 decisions a second."""
    from policy import registry
    from policy.tuned_rules import Conditions
    from policy.unified.agent import UnifiedPolicy
    from policy.unified.iteration import FitConfig, fit_to_comparisons
    from policy.unified.network import NetworkConfig, UnifiedNetwork
    from policy.unified.what_if import compare_acts
    from simulator.runs import draw_targets

    unified = registry.make("unified", Conditions(setting.dataset.name, "hybrid", "binary", 15))
    assert isinstance(unified, UnifiedPolicy)
    rule = registry.make("bayes", Conditions(setting.dataset.name, "hybrid", "binary", 15))
    targets = draw_targets(setting.dataset, 256, seed=3)
    found = compare_acts(setting, rule, unified.encoder, targets, 3, looked_at=1.0)
    network, catalogue = UnifiedNetwork(NetworkConfig()), setting.dataset.catalogue
    config = FitConfig(epochs=1, batch=min(UPDATE, len(found)))
    fit_to_comparisons(network, catalogue, found, config, 0)
    updates, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        fit_to_comparisons(network, catalogue, found, config, updates)
        updates += max(1, len(found) // config.batch)
    return updates / (perf_counter() - began)


def _table(found: Sequence[AgentFigures]) -> Table:
    caption = (
        f"Bars: {UPDATES_GOAL:g} updates of {UPDATE} a second; 4,000 dialogues of lastfm in {DIALOGUES_GOAL_S:g} s; a "
        f"decision on movies-all in {DECISION_GOAL_MS:g} ms. Bayes: what the gain rule takes."
    )
    table = Table(
        box=box.SIMPLE_HEAD, title="The unified policy on one core", title_justify="left", pad_edge=False,
        caption=caption, caption_justify="left",
    )  # fmt: skip
    headings = (
        "data", "updates\na second", "dialogues", "seconds", "bayes:\nseconds", "a decision,\nms", "bayes:\nms"
    )  # fmt: skip
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for each in found:
        table.add_row(
            each.data, f"[bold]{each.updates_per_second:.1f}[/]", f"{each.dialogues:,}", f"[bold]{each.seconds:.1f}[/]",
            f"{each.by_rule:.1f}", f"[bold]{each.decision_ms:.1f}[/]", f"{each.decision_by_rule_ms:.1f}",
        )  # fmt: skip
    return table
