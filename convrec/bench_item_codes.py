"""``convrec bench item-codes``: what codes and table are worth on a catalogue they were not learned on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import rich_click as click
from rich import box
from rich.status import Status
from rich.table import Table

from convrec.cli import examples
from convrec.item_code_measures import (
    CENTROIDS,
    FROM_CENTROIDS,
    FROM_RANDOM,
    IDENTITY,
    PERMUTED,
    POPULARITY,
    PRETRAINED,
    SHUFFLED,
    SHUFFLED_ROWS,
    TEXT,
    ZERO_SHOT,
    Arms,
    Setting,
    Trial,
    Tuned,
    run_trial,
)
from convrec.run_options import check_output, console, load_dataset, notices
from convrec.yardstick import write_figures
from graph.dataset import Dataset
from graph.errors import OptionError
from simulator.statistics import PairedBootstrap

SETTINGS = (
    Setting("movies, halves", "movies", "movies",
            Tuned(0.0, {PRETRAINED: 1e-4, FROM_RANDOM: 3e-4, FROM_CENTROIDS: 1e-4})),
    Setting("movies to lastfm_star", "movies", "lastfm_star",
            Tuned(1.0, {PRETRAINED: 1e-4, FROM_RANDOM: 1e-3, FROM_CENTROIDS: 1e-4})),
)  # fmt: skip
"""Chosen on valid, not by an equal search for every arm; docs/item-codes.md says what was tried."""

CLAIMS = {
    "zero-shot": ((ZERO_SHOT, SHUFFLED, 2.0), (ZERO_SHOT, CENTROIDS, 1.0), (ZERO_SHOT, TEXT, 1.0),
                  (ZERO_SHOT, POPULARITY, 1.0)),
    "learning": ((PRETRAINED, FROM_RANDOM, 1.15), (PRETRAINED, FROM_CENTROIDS, 1.0), (PRETRAINED, TEXT, 1.0),
                 (PRETRAINED, POPULARITY, 1.0)),
    "permutation": ((PERMUTED, IDENTITY, 1.0), (PERMUTED, SHUFFLED_ROWS, 1.0)),
}  # fmt: skip
"""What is set side by side in each measure: one, the other, and how many times the other it is asked to be."""


@dataclass(frozen=True)
class ArmFigures:
    """What one arm reached in one setting, over all seeds."""

    setting: str
    measure: str
    share: float
    """Of the target's train interactions that are known."""
    arm: str
    ndcg: list[float]
    """NDCG at 10 with a 95 % interval over people; of what is learned further, the area under the curve."""
    of_seeds: list[float]
    curve: list[float]
    """Mean over the seeds at each checkpoint, where there are some."""
    people: int
    """Over all seeds."""


@dataclass(frozen=True)
class SideBySide:
    """One arm beside another for the same people."""

    setting: str
    measure: str
    share: float
    a: str
    b: str
    asked: float
    """How many times the other it is asked to be."""
    times: list[float]
    """How many times it is, with a 95 % interval over people."""
    diff: list[float]
    """By how much it is more, with a 95 % interval."""
    p: float
    """Two-sided, that there is no difference."""


@dataclass(frozen=True)
class Sizes:
    """What codes take beside an id table of as many dimensions."""

    bytes_an_item: int
    id_table_bytes_an_item: int
    table_bytes: int
    coder_bytes: int
    dimensions: int


@click.command(
    name="item-codes",
    epilog=examples("convrec bench item-codes", "convrec bench item-codes --seeds 5 --json results/item-codes.json"),
)
@click.option("--setting", "names", multiple=True, metavar="NAME", help="Setting, as often as wanted; all if none: "
              f"{'; '.join(setting.name for setting in SETTINGS)}.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 20), default=5, show_default=True, help="Times that all is learned.")
@click.option("--first-seed", type=click.IntRange(0, 10_000), default=0, show_default=True, help="The others follow.")
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Likes that are to be found; valid to choose settings by.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def item_codes(names: tuple[str, ...], seeds: int, first_seed: int, split: str, json_path: Path | None) -> None:
    """Learn codes and table on one catalogue, and rank on another: at once, and after a few interactions.

    The items of the two are disjoint. Beside it stand codes that are shuffled among the items, tables that start from
    nothing, the text alone, and popularity. About half an hour on one core.
    """
    check_output(json_path, "--json")
    known = {setting.name: setting for setting in SETTINGS}
    for name in names:
        if name not in known:
            raise OptionError(f"--setting {name}: no such setting; choose from {'; '.join(known)}")
    chosen = [known[name] for name in names] or list(SETTINGS)
    numbers = range(first_seed, first_seed + seeds)
    datasets = {name: load_dataset(name) for each in chosen for name in (each.source, each.target)}
    began = perf_counter()
    figures: list[ArmFigures] = []
    beside: list[SideBySide] = []
    sizes = None
    for setting in chosen:
        arms, sizes = _trials(setting, datasets, numbers, split)
        of_setting = measure_arms(setting.name, arms)
        compared = compare_arms(setting.name, arms)
        console.print(_arm_table(setting.name, of_setting))
        console.print(_claim_table(setting.name, compared))
        figures += of_setting
        beside += compared
    assert sizes is not None
    console.print(
        f"{sizes.bytes_an_item} bytes an item, beside {sizes.id_table_bytes_an_item} of an id table of "
        f"{sizes.dimensions} dimensions; and once {sizes.table_bytes / 1e6:.1f} MB of table and "
        f"{sizes.coder_bytes / 1e6:.1f} MB of coder"
    )
    if json_path is not None:
        write_figures(
            json_path, figures, split=split, seeds=list(numbers), seconds=round(perf_counter() - began),
            comparisons=[asdict(each) for each in beside], bytes=asdict(sizes),
        )  # fmt: skip


def _trials(
    setting: Setting, datasets: Mapping[str, Dataset], seeds: Sequence[int], split: str
) -> tuple[dict[str, list[list[Arms]]], Sizes]:
    """Every measure with its arms, a list for each share with one entry a seed."""
    found: dict[str, list[list[Arms]]] = {}
    sizes = None
    with notices.status(setting.name) as status:
        for seed in seeds:
            label = f"{setting.name}, seed {seed}"
            status.update(f"{label}: codes and table")
            trial = Trial(setting, datasets, seed, split)
            for measure, of_shares in run_trial(trial, partial(_tell, status, label)).items():
                for place, arms in enumerate(of_shares):
                    of_measure = found.setdefault(measure, [])
                    if place == len(of_measure):
                        of_measure.append([])
                    of_measure[place].append(arms)
            sizes = Sizes(
                trial.coder.n_groups, 4 * trial.table.n_dimensions, trial.table.n_bytes,
                sum(each.nbytes for each in trial.coder.arrays().values()), trial.table.n_dimensions,
            )  # fmt: skip
    assert sizes is not None
    return found, sizes


def _tell(status: Status, label: str, line: str) -> None:
    status.update(f"{label}: {line}")


def measure_arms(setting: str, found: Mapping[str, Sequence[Sequence[Arms]]]) -> list[ArmFigures]:
    """Means with intervals of every arm; people who are asked for with several seeds belong together."""
    figures = []
    for measure, shares in found.items():
        for seeds in shares:
            bootstrap = _bootstrap(seeds)
            for arm in seeds[0].values:
                estimate = bootstrap.estimate(np.concatenate([each.values[arm] for each in seeds]))
                curves = [each.curves[arm] for each in seeds if arm in each.curves]
                figures.append(
                    ArmFigures(
                        setting, measure, seeds[0].share, arm, [estimate.value, estimate.low, estimate.high],
                        [float(each.values[arm].mean()) for each in seeds],
                        np.mean(curves, axis=0).tolist() if curves else [], sum(len(each.people) for each in seeds),
                    )
                )  # fmt: skip
    return figures


def compare_arms(setting: str, found: Mapping[str, Sequence[Sequence[Arms]]]) -> list[SideBySide]:
    """Everything of :data:`CLAIMS`, paired over people."""
    compared = []
    for measure, shares in found.items():
        for seeds in shares:
            bootstrap = _bootstrap(seeds)
            for a, b, asked in CLAIMS[measure]:
                one, other = (np.concatenate([each.values[arm] for each in seeds]) for arm in (a, b))
                times = bootstrap.estimate_ratio(one, other)
                comparison = bootstrap.compare(one, other, a=a, b=b, metric="ndcg@10")
                compared.append(
                    SideBySide(
                        setting, measure, seeds[0].share, a, b, asked, [times.value, times.low, times.high],
                        [comparison.diff, *comparison.ci], comparison.p,
                    )
                )  # fmt: skip
    return compared


def _bootstrap(seeds: Sequence[Arms]) -> PairedBootstrap:
    people = np.concatenate([each.people for each in seeds])
    return PairedBootstrap(len(people), np.random.default_rng(0), clusters=people)


def _table(title: str, *headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right")
    return table


def _arm_table(setting: str, figures: Sequence[ArmFigures]) -> Table:
    table = _table(f"{setting}: NDCG@10", "arm", "known", "mean", "95 %", "seeds")
    measure = ""
    for each in figures:
        if f"{each.measure} {each.share}" != measure:
            measure = f"{each.measure} {each.share}"
            table.add_section()
        table.add_row(
            each.arm, f"{each.share:.0%}", f"{each.ndcg[0]:.4f}", f"{each.ndcg[1]:.4f}..{each.ndcg[2]:.4f}",
            " ".join(f"{value:.4f}" for value in each.of_seeds),
        )  # fmt: skip
    return table


def _claim_table(setting: str, compared: Sequence[SideBySide]) -> Table:
    table = _table(f"{setting}: side by side", "one beside the other", "known", "times", "95 %", "asked", "p")
    for each in compared:
        table.add_row(
            f"{each.a} / {each.b}", f"{each.share:.0%}", f"{each.times[0]:.2f}",
            f"{each.times[1]:.2f}..{each.times[2]:.2f}", f"{each.asked:.2f}", f"{each.p:.3f}",
        )  # fmt: skip
    return table
