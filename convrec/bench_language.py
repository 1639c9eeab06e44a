"""``convrec bench language``: whether replies say what they should, how often at once, how variedly and how fast."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import numpy as np
import rich_click as click
from rich import box
from rich.progress import track
from rich.table import Table
from threadpoolctl import threadpool_limits

from convrec.bench_smollm2 import Quickening, quickening
from convrec.cli import examples
from convrec.run_options import check_output, console, load_dataset, notices
from convrec.settings import Settings
from convrec.yardstick import calibrations_per_second, write_figures
from dialogs.generation import registry as generators
from graph.catalogue import Catalogue
from graph.errors import OptionError

if TYPE_CHECKING:
    from dialogs.generation.protocol import ReplyGenerator
    from dialogs.generation.requests import Request

REPLIES, SLOW_REPLIES = 10_000, {"smollm2": 500}
"""Replies of a generator unless a number is given."""

DIALOGUE = 10
"""Replies in a row that are taken for one dialogue when repetition is counted."""

MOST_MS = 40.0
"""Milliseconds that half of the replies may take at most, on one core."""


@dataclass(frozen=True)
class LanguageFigures:
    """What one generator did with one catalogue."""

    data: str
    generator: str
    replies: int
    slot_errors: int
    """Names that were missing or said twice, after the verifier."""
    unsupported_claims: int
    """Words that nobody asked for, after the verifier."""
    first_try: float
    """Share of replies whose first candidate passed."""
    by_template: float
    """Share that a template had to say in the end."""
    distinct_2: float
    """Different pairs of neighbouring words over all pairs, names left out (Li et al. 2016)."""
    different: int
    """Different replies, names left out."""
    repeated: float
    """Share of replies that stood, names left out, within the nine before."""
    median_ms: float
    """Of the processor's time, so that other work beside does not count."""
    p95_ms: float
    samples: tuple[str, ...]
    quickening: Quickening | None = None
    """What making it quick has brought, of a generator that was."""


def measure(name: str, catalogue: Catalogue, generator: "ReplyGenerator", count: int, seed: int) -> LanguageFigures:
    """Say ``count`` things and look at what was said."""
    from dialogs.generation.examples import requests
    from dialogs.generation.speaker import Speaker
    from dialogs.generation.verifier import problems

    speaker = Speaker(catalogue, generator)
    patterns: list[str] = []
    spent: list[float] = []
    samples: list[str] = []
    kinds: Counter[str] = Counter()
    first = by_template = 0
    asked = requests(catalogue, count, seed)
    for number, request in enumerate(track(asked, f"{generator.name}, {name}", count, console=notices, transient=True)):
        began = process_time()
        said = speaker.say_one(request, seed + number)
        spent.append(process_time() - began)
        first += said.dropped == 0 and said.generator == generator.name
        by_template += said.generator != generator.name
        kinds.update(problem.kind for problem in problems(said.text, request))
        patterns.append(without_names(said.text, request))
        if number % max(1, count // 40) == 0:
            samples.append(said.text)
    pairs = Counter(pair for pattern in patterns for pair in zip(pattern.split(), pattern.split()[1:], strict=False))
    repeated = [
        pattern in patterns[max(0, place - place % DIALOGUE) : place] for place, pattern in enumerate(patterns)
    ]  # fmt: skip
    return LanguageFigures(
        name, generator.name, count, kinds["slot"], kinds["claim"], first / count, by_template / count,
        len(pairs) / max(sum(pairs.values()), 1), len(set(patterns)), float(np.mean(repeated)),
        1000 * float(np.median(spent)), 1000 * float(np.quantile(spent, 0.95)), tuple(samples[:40]),
    )  # fmt: skip


def without_names(text: str, request: "Request") -> str:
    """A reply with its names replaced by what they stand for."""
    for name, value in sorted(request.slots, key=lambda slot: -len(slot[1])):
        for said in (value, value[:1].upper() + value[1:]):
            text = text.replace(said, f"<{name.rstrip('0123456789')}>", 1)
    return text


@click.command(
    epilog=examples(
        "convrec bench language",
        "convrec bench language --data shop --generator neural --replies 500",
        "convrec bench language --data movies-all --generator smollm2 --json smollm2.json",
    )
)
@click.option("--data", multiple=True, default=("movies-all", "lastfm_star"), show_default=True, metavar="NAME",
              help="Data set, as often as wanted; a table of your own is one.")  # fmt: skip
@click.option("--generator", multiple=True, type=click.Choice(generators.names()),
              help="Who words it, as often as wanted; all that are here if none is named.")  # fmt: skip
@click.option("--replies", type=click.IntRange(10, 1_000_000), show_default="10,000; 500 of smollm2",
              help="How many.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other replies.")
@click.option("--samples", type=click.IntRange(0, 40), default=0, show_default=True, help="Replies to print.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def language(
    data: tuple[str, ...], generator: tuple[str, ...], replies: int | None, seed: int, samples: int,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Let each generator word acts of every kind, and count what the verifier finds in what is said.

    Milliseconds are those of one processor; how often a fixed calculation runs in a second is kept beside them. Of
    smollm2, plain and quick replies take turns, and seconds of both are told.
    """
    check_output(json_path, "--json")
    cache = Settings().places().cache
    chosen_ones = _checked(generator, cache)
    found = []
    for name in data:
        catalogue = load_dataset(name).catalogue
        for chosen in chosen_ones:
            count = replies or SLOW_REPLIES.get(chosen, REPLIES)
            with threadpool_limits(1):
                figures = measure(name, catalogue, generators.make(chosen, cache), count, seed)
                if chosen == "smollm2":
                    figures = replace(figures, quickening=quickening(catalogue, cache, seed))
            found.append(figures)
            for text in found[-1].samples[:samples]:
                console.print(f"  {text}", markup=False)
    console.print(_table(found))
    for each in found:
        if each.quickening:
            console.print(f"{each.data}, {each.generator}: {each.quickening}", soft_wrap=True)
    if json_path is not None:
        write_figures(json_path, found, calibrations_per_second=calibrations_per_second())


def _checked(named: tuple[str, ...], cache: Path) -> tuple[str, ...]:
    """The generators that were named, or all that are here.

    :raises OptionError: when one that was named is not.
    """
    lacking = {name: lacks for name in generators.names() if (lacks := generators.lacks(name, cache))}
    for name in named:
        if name in lacking:
            raise OptionError(f"--generator {name}: {lacking[name]}")
    if not named:
        for name, lacks in lacking.items():
            notices.print(f"without {name}: {lacks}")
    return named or tuple(name for name in generators.names() if name not in lacking)


def _table(found: Sequence[LanguageFigures]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="What is said", title_justify="left", pad_edge=False)
    for heading in ("data", "generator", "replies", "slot errors", "claims", "first try", "distinct-2", "different",
                    "repeated", "ms, p50", "p95"):  # fmt: skip
        table.add_column(heading, justify="left" if heading in ("data", "generator") else "right")
    for each in found:
        table.add_row(
            each.data, each.generator, f"{each.replies:,}", str(each.slot_errors), str(each.unsupported_claims),
            f"{each.first_try:.1%}", f"{each.distinct_2:.4f}", f"{each.different:,}", f"{each.repeated:.1%}",
            f"{each.median_ms:.1f}", f"{each.p95_ms:.1f}",
        )  # fmt: skip
    return table
