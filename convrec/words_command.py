"""``convrec train-words``: learn how to say what is to be said."""

from pathlib import Path

import rich_click as click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from convrec import provenance
from convrec.cli import examples
from convrec.run_options import console, load_dataset, notices
from graph.errors import OptionError

EXAMPLES = 4_000
"""Requests whose kinds and shapes are learned from."""


@click.command(
    name="train-words",
    epilog=examples("convrec train-words --out words", "convrec train-words --steps 400 --seed 3 --out words"),
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("words"), show_default=True,
              metavar="FOLDER", help="Where to keep the model.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 100_000), default=1_500, show_default=True, help="Updates.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another model.")
def train_words(out: Path, steps: int, seed: int) -> None:
    """Train the neural generator: a small T5 that learns verified ways to say each thing, names left out.

    It takes some minutes on one core. Nothing of any catalogue is learned: names are copied in afterwards.
    """
    import torch

    from dialogs.generation.examples import requests
    from dialogs.generation.neural import META, WordsConfig, train

    if out.is_dir() and any(out.iterdir()) and not (out / META).is_file():
        raise OptionError(f"--out {out}: holds other files; name a new folder")
    torch.set_num_threads(1)
    shapes = list(requests(load_dataset("movies-all").catalogue, EXAMPLES, seed))
    with Progress(
        TextColumn("learning words"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(), console=notices, transient=True, disable=not notices.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=steps, loss="")
        model = train(
            shapes, WordsConfig(steps=steps, seed=seed),
            lambda loss: progress.update(task, advance=1, loss=f"loss {loss:.2f}"),
            {"command": provenance.command_line(), "commit": provenance.commit()},
        )  # fmt: skip
    model.save(out)
    console.print(f"kept in {out}; talk with it: convrec chat --generator neural")
