"""``convrec codes``: learn item codes on one data set, show them at work on another, adapt them to it."""

from functools import partial
from pathlib import Path

import numpy as np
import rich_click as click
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import console, load_dataset, notices, work_bar
from convrec.settings import Settings
from graph.catalogue import Catalogue
from graph.errors import OptionError
from graph.item_codes import Codebook
from graph.item_codes.coder import FloatArray

SHOWN_ITEMS, NEAREST = 5, 3


@click.group(
    epilog=examples(
        "convrec codes learn --data movies --out movies-codes",
        "convrec codes apply movies-codes --data lastfm_star",
        "convrec codes adapt movies-codes --data lastfm_star --out music-codes",
    )
)
def codes() -> None:
    """Learn item codes and carry them to other catalogues.

    An item's codes come from what is written about it, so items that nobody has chosen yet have them too.
    """


@codes.command(epilog=examples("convrec codes learn --data movies --out movies-codes"))
@click.option("--data", default="movies", show_default=True, help="Data set; see: convrec data list.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of what is drawn.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR",
              help="Folder of the codebook.")  # fmt: skip
def learn(data: str, seed: int, out: Path) -> None:
    """Learn codes and their table from a data set, and keep them as a codebook.

    The codebook holds nothing of any user or item. Where the data may not be used commercially, neither may it.
    """
    from graph.affinity.signals.coded import learn_codebook
    from graph.item_codes import saving

    dataset = load_dataset(data)
    with work_bar() as progress:
        task = progress.add_task(f"learning codes from {data}", total=1.0)
        codebook = learn_codebook(dataset, seed, Settings().places().cache, partial(progress.advance, task))
    saving.save(codebook, out)
    coder, table = codebook.coder, codebook.table
    console.print(
        f"kept in {out}: {coder.n_groups} codes of {coder.n_centroids} for each item, {coder.n_groups} bytes, and a "
        f"table of {table.n_bytes / 1e6:.1f} MB; licence: {codebook.origin.licence}"
    )


@codes.command(name="apply", epilog=examples("convrec codes apply movies-codes --data lastfm_star --items 3"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", required=True, help="Data set; see: convrec data list.")
@click.option("--items", type=click.IntRange(1, 100), default=SHOWN_ITEMS, show_default=True,
              help="Items to show, the most sought first.")  # fmt: skip
def apply_codes(folder: Path, data: str, items: int) -> None:
    """Code the items of a data set by a codebook, and show which items a few of them are most like.

    Nothing is learned: rotation, centroids and table stay as they are.
    """
    from graph.affinity.signals.coded import embedded
    from graph.item_codes import saving

    codebook = saving.load(folder)
    dataset = load_dataset(data)
    catalogue = dataset.catalogue
    if catalogue.n_items < 2:
        raise OptionError(f"--data {data}: has {catalogue.n_items} items, so none is like another; choose other data")
    with notices.status(f"coding the items of {data}"):
        embeddings = embedded(catalogue, Settings().places().cache)
        here = codebook.at(data, embeddings)
        coded = here.codes(embeddings)
        vectors = here.table.items(coded)
    sought = np.bincount(dataset.interactions.train_items.indices, minlength=catalogue.n_items)
    shown = np.lexsort((catalogue.item_lots, -catalogue.popularity, -sought))[:items]
    console.print(_nearest_table(catalogue, vectors, shown))
    distinct = len(np.unique(coded, axis=0))
    console.print(
        f"{catalogue.n_items:,} items, {distinct:,} different combinations of codes, {coded.nbytes:,} bytes of codes; "
        f"{_told(codebook)}"
    )


@codes.command(epilog=examples("convrec codes adapt movies-codes --data lastfm_star --out music-codes"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", required=True, help="Data set with users; see: convrec data list.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of what is drawn.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR2",
              help="Folder of the adapted codebook.")  # fmt: skip
def adapt(folder: Path, data: str, seed: int, out: Path) -> None:
    """Adapt a codebook to a data set: first which row of the table each code takes, then the rows.

    It learns what leads from train to valid, and keeps what surely helps people whom it has not learned from, which may
    be the codebook as it came. What it prints is measured on such people, too.
    """
    from graph.affinity.signals.coded import embedded
    from graph.item_codes import adapting, saving

    codebook = saving.load(folder)
    dataset = load_dataset(data)
    if dataset.anonymous:
        raise OptionError(f"--data {data}: has no users, so there is nothing to adapt to; use: convrec codes apply")
    history = dataset.interactions
    with work_bar() as progress:
        task = progress.add_task(f"adapting to {data}", total=1.0)
        embeddings = embedded(dataset.catalogue, Settings().places().cache)
        here = codebook.at(data, embeddings)
        found = adapting.adapt(
            here, here.codes(embeddings), history.train_likes, history.valid_likes, seed, data, dataset.licence,
            partial(progress.advance, task),
        )  # fmt: skip
    saving.save(found.codebook, out)
    table = Table(box=box.SIMPLE_HEAD, title=f"NDCG@10 of {found.people:,} people's held-out likes",
                  title_justify="left", pad_edge=False)  # fmt: skip
    table.add_column("stage")
    table.add_column("NDCG@10", justify="right")
    for stage, value in (("as it came", found.as_it_came), ("permuted", found.permuted), ("table tuned", found.tuned)):
        table.add_row(stage, f"{value:.4f}")
    console.print(table)
    if found.codebook.table is here.table:
        console.print("nothing that was learned surely helps anybody it was not learned from: the table is as it came")
    console.print(f"kept in {out}; licence: {found.codebook.origin.licence}")


def _told(codebook: Codebook) -> str:
    origin = codebook.origin
    adapted = f", adapted to {', '.join(origin.adapted)}" if origin.adapted else ""
    return f"codebook learned from {origin.data}{adapted}"


def _nearest_table(catalogue: Catalogue, vectors: FloatArray, items: NDArray[np.int64]) -> Table:
    """Items, each with those whose vectors are nearest."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("item")
    table.add_column("most like it, with their cosine")
    for item in items.tolist():
        cosines = vectors @ vectors[item]
        cosines[item] = -np.inf
        best = np.argsort(-cosines, kind="stable")[: min(NEAREST, catalogue.n_items - 1)]
        table.add_row(
            catalogue.describe_item(item),
            "; ".join(f"{catalogue.describe_item(other)} {cosines[other]:.2f}" for other in best.tolist()),
        )
    return table
