"""``convrec data add-items``: new items come to a data set by a table, to be asked about and found at once."""

from collections.abc import Sequence
from pathlib import Path

import rich_click as click
from rich import box
from rich.table import Table
from rich.text import Text

from convrec.cli import examples
from convrec.run_options import console, load_dataset, notices
from convrec.settings import Settings
from convrec.table_command import check_separator, watching
from graph import datasets
from graph.errors import OptionError
from graph.item_attribute_graph import ItemAttributeGraph
from graph.printable import printable
from graph.tables import adding
from graph.tables.adding import LEAST_ITEMS, AddReport
from graph.tables.options import TableOptions
from graph.tables.table import counted, enumerated


@click.command(
    name="add-items",
    epilog=examples(
        "convrec data add-items new.csv --data shop",
        "convrec data add-items films.csv --data movies-all --name my-films",
        "convrec data add-items films.csv --data movies-all --name my-films --column director=regie --dry-run",
    ),
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--data", required=True, metavar="NAME", help="Data set that the items come to; see: convrec data list.")
@click.option("--name", metavar="NEW", help="What to call the result; by default as before. Needed where the data set "
              "is one that convrec brings along, which stays as it is.")  # fmt: skip
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS",
              help="What the table calls one of id, title, text, year, popularity, or a facet; as often as"
              " wanted.")  # fmt: skip
@click.option("--least", type=click.IntRange(1), default=LEAST_ITEMS, show_default=True,
              help="New items that must share a value the catalogue lacks before it can be asked about.")  # fmt: skip
@click.option("--separator", default="|", show_default=True, help="What stands between several values in one cell.")
@click.option("--encoding", default="utf-8", show_default=True, help="How text is written as bytes, such as latin-1.")
@click.option("--licence", default=TableOptions.licence, show_default=True,
              help="What may be done with the new items.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Check and report, and keep nothing.")
def add_items(
    file: Path, data: str, name: str | None, columns: Sequence[str], least: int, separator: str, encoding: str,
    licence: str, dry_run: bool,
) -> None:  # fmt: skip
    """Add items to a data set; they can be asked about and recommended in the next conversation.

    FILE is CSV, TSV or Parquet with the columns id and title, perhaps text, year and popularity; every other column is
    a facet that the data set has, by name: Running_Time is "running time". Values are those it has, in any case;
    numbers fall into its ranges. What was there stays in its place, so that agents and affinities learned before serve
    as they are. An id that is there already is refused.
    """
    places = Settings().places()
    chosen = datasets.check_grown_name(data, name, places)
    options = TableOptions(
        encoding=encoding,
        called=dict(_read_column(given) for given in columns),
        separator=check_separator(separator),
        least_items=least,
        licence=printable(licence),
    )
    with notices.status(f"loading {data}"):
        dataset = load_dataset(data)
    with watching() as watch:
        grown, report = adding.add_items(dataset, file, chosen, options, watch)
    with notices.status("checking the graph"):
        findings = ItemAttributeGraph(grown).validate()
        kept = None if dry_run else datasets.keep(grown, places)
    _print_report(report, findings.warnings)
    added = f"{counted(report.n_added, 'item')} {'can be' if kept is None else 'are' if report.n_added > 1 else 'is'}"
    line = f"{added} added to {data}: {chosen} {'would have' if kept is None else 'has'} {grown.describe_sizes()}"
    if kept is None:
        console.print(Text(f"{line}; nothing is kept (--dry-run)"), soft_wrap=True)
        return
    console.print(Text(f"{line}; kept in {kept}"), soft_wrap=True)
    console.print(Text(f"next: convrec chat --data {chosen}", style="dim"))


def _read_column(given: str) -> tuple[str, str]:
    ours, equals, theirs = given.partition("=")
    if not (equals and ours.strip() and theirs.strip()):
        raise OptionError(f"--column {given}: write it as title=NAME, with the name of a column of the table")
    return ours.strip(), theirs


def _print_report(report: AddReport, warnings: Sequence[str]) -> None:
    """A row for each facet, and a line for each thing a person may want to check."""
    facets = Table(box=box.SIMPLE_HEAD, show_edge=False)
    facets.add_column("facet", style="bold", overflow="fold")
    facets.add_column("from", overflow="fold")
    facets.add_column("known for", justify="right")
    facets.add_column("values met", justify="right")
    facets.add_column("new attributes", overflow="fold")
    for each in report.found:
        facets.add_row(
            Text(printable(each.name)), Text(each.source), f"{each.n_known / report.n_added:.0%}",
            f"{each.n_values:,}", Text(enumerated(each.new, most=4)),
        )  # fmt: skip
    console.print(facets)
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    for name, n_rows in report.rows:
        lines.add_row("rows read", Text(f"{name} {n_rows:,}"))
    for heading, text in (*report.notes, *(("odd", warning) for warning in warnings)):
        lines.add_row(heading, Text(text, style="yellow" if heading == "odd" else ""))
    console.print(lines)
