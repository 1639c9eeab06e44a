"""``convrec bench affinity``: record how well each affinity ranks, what that buys in dialogues, and what it costs."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import rich_click as click
from rich import box
from rich.table import Table

from convrec import provenance
from convrec.affinity_calibration import CalibrationFigures, measure_calibration
from convrec.affinity_measures import FAKES, AffinityFigures, LearnedOnce, compare
from convrec.affinity_size import SIZES, SizeFigures, measure_size
from convrec.cli import examples
from convrec.run_options import console, load_dataset, notices
from graph import affinity as affinities
from graph.affinity.ranking import leave_last_out
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.whole_file import written_whole

LAST = {"movies:liked": False, "movies:all": True}
"""Leave-last-out protocols, and whether everything that was rated counts."""

TALKED_ABOUT = ("movies", "lastfm", "lastfm_star")
"""Data sets with dialogues and calibration."""

DATA = (*LAST, *TALKED_ABOUT, *SIZES)


@click.command(
    epilog=examples(
        "convrec bench affinity", "convrec bench affinity --data movies:liked --kind ease --kind hybrid --seeds 1"
    )
)
@click.option("--data", multiple=True, metavar="NAME", help="Data set, as often as wanted: movies:liked and movies:all "
              "ask for the last of each user, synthetic:… only for time and memory; all if none.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, metavar="NAME", help="Affinity, as often as wanted; all if none.")
@click.option("--seeds", type=click.IntRange(1, 20), default=3, show_default=True, help="Times that each is learned.")
@click.option("--dialogues", type=click.IntRange(0, 100_000), default=4000, show_default=True,
              help="Dialogues held with each affinity; none for 0.")  # fmt: skip
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep the figures here, a file for each data set; those that are there are left alone.")  # fmt: skip
@click.option("--again", is_flag=True, help="Measure anew what is there already.")
def affinity(
    data: tuple[str, ...], kinds: tuple[str, ...], seeds: int, dialogues: int, results: Path | None, again: bool
) -> None:
    """Rank what people chose next, and hold dialogues with each affinity, everything else fixed.

    Targets are ranked among all items that their user has not had. Beside the real affinities stand two fakes of the
    default: it answers for somebody else, and it is learned from data whose users are shuffled. Hours for everything;
    with --results it goes on where it stopped.
    """
    chosen = list(kinds) or [*affinities.names(), *FAKES]
    for kind in chosen:
        if kind not in FAKES:
            affinities.check_name(kind)
    if results is not None:
        try:
            results.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(
                f"--results {results}: cannot be made a folder ({error.strerror}); name another"
            ) from error
    for name in data or DATA:
        path = None if results is None else results / file_name(name)
        if path is None or again or not path.exists():
            _bench(name, chosen, seeds, dialogues, path)


def file_name(data: str) -> str:
    """Where the figures of a data set are kept."""
    size = {name: str(place) for place, name in enumerate(SIZES)}.get(data)
    return f"affinity-{'size-' + size if size else data.replace(':', '-')}.json"


def _bench(name: str, kinds: Sequence[str], seeds: int, dialogues: int, path: Path | None) -> None:
    if name.startswith("synthetic:"):
        with notices.status(name), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            size = fresh.submit(measure_size, name).result()
        console.print(_size_table([size]))
        _write(path, [size], [])
        return
    dataset = _dataset(name)
    talks = dialogues if name not in LAST else 0
    with notices.status(name) as status:
        learned = LearnedOnce(dataset)
        found = compare(learned, name, kinds, range(seeds), talks, status.update, notices.print)
        console.print(_ranking_table(name, found))
        if talks:
            console.print(_dialogue_table(name, found))
        calibration = []
        if talks and "hybrid" in kinds:
            status.update(f"{name}: calibration")
            calibration = measure_calibration(dataset, learned.default)
            console.print(_calibration_table(name, calibration))
    _write(path, found, calibration)


def _dataset(name: str) -> Dataset:
    return leave_last_out(load_dataset("movies"), LAST[name]) if name in LAST else load_dataset(name)


def _write(
    path: Path | None, found: Sequence[AffinityFigures | SizeFigures], calibration: Sequence[CalibrationFigures]
) -> None:
    if path is None:
        return
    content: dict[str, Any] = {
        "schema_version": 1,
        "command": provenance.command_line(),
        "commit": provenance.commit(),
        "device": provenance.device(),
        "results": [asdict(figures) for figures in found],
        "calibration": [asdict(figures) for figures in calibration],
    }
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _table(title: str, *headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right", no_wrap=place == 0)
    return table


def _ranking_table(name: str, found: Sequence[AffinityFigures]) -> Table:
    headings = ("NDCG\n@10", "AUC", "AUC,\ncold", "AUC,\nanon.", "over\nEASE", "95 %", "s")
    table = _table(f"{name}: ranking", "affinity", *headings)
    for each in found:
        beyond = each.beyond.get("ease")
        more = (f"{beyond[0]:+.3f}", f"±{(beyond[2] - beyond[1]) / 2:.3f}") if beyond else ("", "")
        columns = ("ndcg@10", "auc", "auc, cold items", "auc, strangers")
        cells = [f"{each.ranking[column][0]:.3f}" if column in each.ranking else "" for column in columns]
        table.add_row(each.affinity, *cells, *more, f"{each.seconds:.0f}")
    return table


def _dialogue_table(name: str, found: Sequence[AffinityFigures]) -> Table:
    table = _table(f"{name}: dialogues", "affinity", "who", "SR@15 %", "AT", "hDCG")
    for each in found:
        for row in each.dialogues:
            table.add_row(
                each.affinity, row["who"], f"{100 * row['sr@15'][0]:.1f}", f"{row['at'][0]:.2f}",
                f"{row['hdcg'][0]:.3f}",
            )  # fmt: skip
    return table


def _calibration_table(name: str, found: Sequence[CalibrationFigures]) -> Table:
    title = f"{name}: the target is among the ten most believed"
    table = _table(title, "split", "turn", "dialogues", "calibration error", "by chance alone")
    for each in found:
        table.add_row(
            each.split, str(each.turn), f"{each.dialogues:,}", f"{each.error:.3f}", f"{each.by_chance:.3f}"
        )  # fmt: skip
    return table


def _size_table(found: Sequence[SizeFigures]) -> Table:
    headings = ("learned, s", "a user, ms", "a stranger, ms", "calibration, ms", "peak MB")
    table = _table("Time and memory of the default", "data", *headings)
    table.columns[0].no_wrap = False  # names of made-up data are long
    for each in found:
        table.add_row(
            each.data.replace(",", ", "), f"{each.learning_seconds:.0f}", f"{each.milliseconds_a_user:.1f}",
            f"{each.milliseconds_a_stranger:.1f}", f"{each.calibration_milliseconds:.1f}",
            f"{each.peak_memory_mb:,.0f}",
        )  # fmt: skip
    return table
