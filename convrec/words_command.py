"""``convrec train-words``: learn how to say what is to be said."""

import json
from collections.abc import Mapping
from pathlib import Path

import rich_click as click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from convrec import provenance
from convrec.cli import examples
from convrec.run_options import console, load_dataset, notices
from convrec.settings import Settings
from dialogs.generation import registry as generators
from graph.errors import OptionError
from graph.whole_file import written_whole

EXAMPLES = 4_000
"""Requests whose kinds and shapes are learned from."""

PARAPHRASES = "paraphrases.json"


@click.command(
    name="train-words",
    epilog=examples(
        "convrec train-words --out words",
        "convrec train-words --steps 400 --seed 3 --out words",
        "convrec train-words --paraphrase 40 --out words-and-more",
    ),
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("words"), show_default=True,
              metavar="FOLDER", help="Where to keep the model.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 100_000), default=1_500, show_default=True, help="Updates.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another model.")
@click.option("--paraphrase", type=click.IntRange(0, 10_000), default=0, show_default=True, metavar="N",
              help="Let smollm2 say each thing N times first, and learn what is right and new, too.")  # fmt: skip
def train_words(out: Path, steps: int, seed: int, paraphrase: int) -> None:
    """Train the neural generator: a small T5 that learns verified ways to say each thing, names left out.

    It takes some minutes on one core. Nothing of any catalogue is learned: names are copied in afterwards. With
    --paraphrase, what smollm2 adds is kept in paraphrases.json beside the model: read it before you use it.
    """
    import torch

    from dialogs.generation.examples import requests
    from dialogs.generation.neural import META, WordsConfig, train

    if out.is_dir() and any(out.iterdir()) and not (out / META).is_file():
        raise OptionError(f"--out {out}: holds other files; name a new folder")
    cache = Settings().places().cache
    if paraphrase and (lacks := generators.lacks("smollm2", cache)):
        raise OptionError(f"--paraphrase: {lacks}")
    torch.set_num_threads(1)
    further = _paraphrased(cache, paraphrase, seed) if paraphrase else {}
    shapes = list(requests(load_dataset("movies-all").catalogue, EXAMPLES, seed))
    with Progress(
        TextColumn("learning words"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(), console=notices, transient=True, disable=not notices.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=steps, loss="")
        model = train(
            shapes, WordsConfig(steps=steps, seed=seed),
            lambda loss: progress.update(task, advance=1, loss=f"loss {loss:.2f}"),
            {"command": provenance.command_line(), "commit": provenance.commit()}, further,
        )  # fmt: skip
    model.save(out)
    if further:
        with written_whole(out / PARAPHRASES) as unfinished:
            unfinished.write_text(json.dumps(further, indent=1) + "\n", encoding="utf-8")
    console.print(f"kept in {out}; talk with it: convrec chat --generator neural")


def _paraphrased(cache: Path, tries: int, seed: int) -> Mapping[str, tuple[str, ...]]:
    """Further patterns of each kind."""
    from dialogs.generation.smollm2.generator import load
    from dialogs.generation.smollm2.paraphrasing import paraphrases
    from dialogs.generation.smollm2.places import folder_in
    from dialogs.generation.templates import PATTERNS

    with Progress(
        TextColumn("finding other words"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=notices, transient=True, disable=not notices.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=tries * len(PATTERNS))
        found = paraphrases(load(folder_in(cache)), tries, seed, lambda: progress.update(task, advance=1))
    console.print(
        f"smollm2 tried {found.tries:,} times, was right {found.passed / found.tries:.0%} of the time, and found "
        f"{found.count:,} new ways",
        soft_wrap=True,
    )
    return found.new
