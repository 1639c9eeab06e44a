"""``convrec data import table``: a person's own catalogue from tables, with a report of what became of them."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

import rich_click as click
from rich import box
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from convrec.cli import examples
from convrec.run_options import console, notices
from convrec.settings import Settings
from graph import datasets
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.item_attribute_graph import ItemAttributeGraph
from graph.printable import printable
from graph.tables.cells import INTERACTION_ROLES, ITEM_ROLES
from graph.tables.facets import FacetColumn
from graph.tables.options import TableOptions
from graph.tables.report import ImportReport

ROLES = tuple(role.name for role in (*ITEM_ROLES, *INTERACTION_ROLES))
_COMMONEST = 4
"""Values of a facet that a table row has room for."""
_NOUN = re.compile(r"[^\W\d_]([^\W\d_]|[ '-]){0,39}")
"""A word or several."""
_LEAST_ORDERED = 2
"""Values it takes for an order."""


@click.command(
    name="table",
    epilog=examples(
        "convrec data import table --items shop.csv --name shop",
        "convrec data import table --items shop.csv --interactions sales.csv --name shop --noun jacket",
        "convrec data import table --items shop.csv --name shop --column title='product name' --dry-run",
        "convrec data import table --items shop.tsv --name shop --order size=S,M,L,XL --facet size --facet brand",
    ),
)
@click.option("--items", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="CSV, TSV or Parquet with the columns id and title, if there are such text, year and popularity; "
              "every other column is a facet.")  # fmt: skip
@click.option("--interactions", type=click.Path(path_type=Path), metavar="FILE",
              help="Who chose what: the columns user and item, perhaps rating, and time as a date or"
              " unix seconds.")  # fmt: skip
@click.option("--users", type=click.Path(path_type=Path), metavar="FILE",
              help="What is known of users: the column id; every other column is a fact.")  # fmt: skip
@click.option("--name", required=True, metavar="NAME", help="What to call it from now on: a-z, 0-9, '_', '.', '-'.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS",
              help=f"What a table calls one of {', '.join(ROLES)}; as often as wanted.")  # fmt: skip
@click.option("--facet", "facets", multiple=True, metavar="COLUMN",
              help="A column that is a facet, as often as wanted; every useful one if none is named.")  # fmt: skip
@click.option("--order", "orders", multiple=True, metavar="COLUMN=A,B,C",
              help="The values of a facet that has an order, first to last; numbers have theirs anyhow.")  # fmt: skip
@click.option("--noun", default="item", show_default=True, help="What one item is called, such as jacket.")
@click.option("--separator", default="|", show_default=True, help="What stands between several values in one cell.")
@click.option("--least", type=click.IntRange(1), default=2, show_default=True,
              help="Items that must share a value before it can be asked about.")  # fmt: skip
@click.option("--liked-from", type=float, metavar="RATING",
              help="The lowest rating that says that something is liked; if not given, three quarters up the"
              " scale.")  # fmt: skip
@click.option("--encoding", default="utf-8", show_default=True, help="How text is written as bytes, such as latin-1.")
@click.option("--licence", default=TableOptions.licence, show_default=True, help="What may be done with the data.")
@click.option("--dry-run", is_flag=True, help="Check and report, and keep nothing.")
def import_table(
    items: Path,
    interactions: Path | None,
    users: Path | None,
    name: str,
    columns: Sequence[str],
    facets: Sequence[str],
    orders: Sequence[str],
    noun: str,
    separator: str,
    least: int,
    liked_from: float | None,
    encoding: str,
    licence: str,
    dry_run: bool,
) -> None:
    """Import a catalogue of your own from tables.

    Each row of --items is an item. An empty cell says that something is unknown; several values in one cell stand
    between |. Many different numbers become a few ranges, and columns in which nearly every item has a value of its own
    are left out, as the report says. An earlier import under the same name is replaced when all went well.
    """
    datasets.check_import_name(name)
    if liked_from is not None and not math.isfinite(liked_from):
        raise OptionError(f"--liked-from {liked_from}: is not a rating; give a number such as 4")
    options = TableOptions(
        encoding=encoding,
        called=dict(_read_column(given) for given in columns),
        facets=facets,
        orders=dict(_read_order(given) for given in orders),
        separator=check_separator(separator),
        least_items=least,
        liked_from=liked_from,
        noun=_check_noun(noun),
        licence=printable(licence),
    )
    dataset, report = _import(name, (items, interactions, users), options)
    with notices.status("checking the graph"):
        findings = ItemAttributeGraph(dataset).validate()
        kept = None if dry_run else datasets.keep(dataset, Settings().places())
    print_report(dataset, report, findings.warnings)
    if kept is None:
        console.print(Text(f"{name} can be imported: {dataset.describe_sizes()}; nothing is kept (--dry-run)"))
    else:
        console.print(Text(f"{name} is imported: {dataset.describe_sizes()}; kept in {kept}"), soft_wrap=True)
        console.print(Text(f"next: convrec data show {name}; convrec chat --data {name}", style="dim"))


def _import(
    name: str, paths: tuple[Path, Path | None, Path | None], options: TableOptions
) -> tuple[Dataset, ImportReport]:
    from graph.tables import importing

    with watching() as watch:
        return importing.import_table(name, *paths, options, watch)


@contextmanager
def watching() -> Iterator[Callable[[str, float], None]]:
    """A bar for the reading of tables; it is told what is being done and what share of it is done."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=notices, transient=True,
        disable=not notices.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=1.0)
        yield lambda what, share: progress.update(task, description=what, completed=share)


def print_report(dataset: Dataset, report: ImportReport, warnings: Sequence[str]) -> None:
    """What the tables became: a row for each facet, and a line for each thing a person may want to check."""
    facets = Table(title=dataset.name, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    facets.add_column("facet", style="bold", overflow="fold")
    facets.add_column("attributes", justify="right")
    facets.add_column("kind", no_wrap=True)
    facets.add_column("known for", justify="right")
    facets.add_column("such as", overflow="fold")
    for facet in report.facets:
        facets.add_row(
            Text(facet.name),
            f"{len(facet.names):,}",
            facet.kind,
            f"{facet.recorded.mean():.0%}",
            Text(_examples(facet)),
        )
    console.print(facets)
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    lines.add_row("rows read", Text(", ".join(f"{name} {n_rows:,}" for name, n_rows in report.rows)))
    for heading, text in (*report.notes, *(("odd", warning) for warning in warnings)):
        lines.add_row(heading, Text(text, style="yellow" if heading in ("refused", "odd") else ""))
    console.print(lines)


def _examples(facet: FacetColumn) -> str:
    """The commonest values, or the ends of an order."""
    if facet.ordered:
        return ", ".join(facet.names[:2]) + (f" … {facet.names[-1]}" if len(facet.names) > 2 else "")
    often = facet.held.transposed.degrees
    return ", ".join(facet.names[attribute] for attribute in (-often).argsort(kind="stable")[:_COMMONEST])


def _read_column(given: str) -> tuple[str, str]:
    role, equals, column = given.partition("=")
    if not (equals and column.strip()):
        raise OptionError(f"--column {given}: write it as title=NAME, with the name of a column of the table")
    if role not in ROLES:
        near = get_close_matches(role, ROLES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(ROLES)}"
        raise OptionError(f"--column {given}: {role!r} is none of our columns; {hint}")
    return role, column


def _read_order(given: str) -> tuple[str, tuple[str, ...]]:
    """A value with a comma in it stands in quotes."""
    column, _, listed = given.partition("=")
    values = tuple(printable(value) for value in next(csv.reader([listed], skipinitialspace=True), []))
    if not column or len(values) < _LEAST_ORDERED or not all(values):
        raise OptionError(f"--order {given}: write it as size=S,M,L, with two values at least")
    if len({value.casefold() for value in values}) < len(values):
        raise OptionError(f"--order {given}: a value stands there twice; leave one")
    return column, values


def _check_noun(noun: str) -> str:
    if not _NOUN.fullmatch(noun):
        raise OptionError(f"--noun {noun[:40]!r}: write what one item is called in letters, such as jacket")
    return noun


def check_separator(separator: str) -> str:
    """Accept what may stand between several values in a cell.

    :raises OptionError: for what stands in words.
    """
    if not separator or separator.isalnum():
        raise OptionError(f"--separator {separator!r}: would cut words; give a sign such as '|' or ';'")
    return separator
