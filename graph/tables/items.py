"""A catalogue from a table of items.

Legend: V items, P attributes, F facets.
"""

import shlex
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.errors import DataError, OptionError
from graph.tables.cells import ITEM_ROLES, assign, check_ids, check_titles, parse
from graph.tables.facets import FacetColumn, make_facet
from graph.tables.ids import number_ids, without_repeats
from graph.tables.options import TableOptions
from graph.tables.report import ImportReport
from graph.tables.table import Column, Problems, Table, counted, enumerated, fold, quoted, shortened

LONGEST_TITLE = 300
LONGEST_TEXT = 1_000
"""Characters of a title and of a description that are kept."""
_REASONS = 3
"""Columns whose fate fits in a message."""


def make_items(table: Table, options: TableOptions, report: ImportReport) -> tuple[Catalogue, list[str]]:
    """Make a catalogue, whose facets are open-world: an empty cell says that a value is unknown.

    :param report: is told what was merged, left out and cut.
    :return: the catalogue, and each item's id as the table writes it, length V.
    :raises DataError: when a cell cannot be used, an id stands for two items, or nothing can be asked about.
    :raises OptionError: when a facet that is asked for is no column.
    """
    ids = assign(table, ITEM_ROLES, options.called)["id"]
    problems = Problems(table)
    check_ids(ids, problems, "item")
    problems.raise_if_any()
    table, repeats = without_repeats(table, ids, "item")
    columns, problems = assign(table, ITEM_ROLES, options.called), Problems(table)
    check_titles(columns["title"], problems)
    years, popularity = (
        parse(role, columns[role], problems) if role in columns else np.full(table.n_rows, np.nan)
        for role in ("year", "popularity")
    )
    problems.raise_if_any()
    report.remark(table)
    report.note("merged", repeats)
    facets = _facets(table, columns, options, report)
    keys = [columns["id"][row] for row in range(table.n_rows)]
    item_ids, item_keys = number_ids(keys)
    names = [(place, name) for place, facet in enumerate(facets) for name in facet.names]
    offsets = np.cumsum([0, *(len(facet.names) for facet in facets)])
    edges = [(facet.held.row_of_edge(), facet.held.indices + offsets[place]) for place, facet in enumerate(facets)]
    rows, attributes = (np.concatenate(ends) for ends in zip(*edges, strict=True))
    catalogue = Catalogue(
        item_ids=item_ids,
        titles=cut_cells(columns["title"], LONGEST_TITLE, report),
        years=np.nan_to_num(years).astype(np.int16),
        popularity=_popularity(popularity, report),
        facets=tuple(Facet(facet.name, open_world=True, ordered=facet.ordered) for facet in facets),
        attribute_ids=np.arange(len(names), dtype=np.int64),
        attribute_names=tuple(name for _, name in names),
        attribute_facet=np.array([place for place, _ in names], np.int16),
        item_attributes=CSR.from_pairs(rows, attributes, table.n_rows, len(names)),
        recorded=np.stack([facet.recorded for facet in facets], axis=1),
        item_keys=item_keys,
        texts=cut_cells(columns["text"], LONGEST_TEXT, report) if "text" in columns else None,
        noun=options.noun,
    )
    return catalogue, keys


def _facets(
    table: Table, columns: Mapping[str, Column], options: TableOptions, report: ImportReport
) -> list[FacetColumn]:
    taken = {column.name for column in columns.values()}
    free = [column for column in table.columns.values() if column.name not in taken]
    chosen = {column.name: column for column in (_find(table, name, "--facet") for name in options.facets)}
    orders = {_find(table, name, "--order").name: order for name, order in options.orders.items()}
    facets = []
    for column in chosen.values() or free:
        made = make_facet(table, column, options, orders.pop(column.name, ()))
        if isinstance(made, FacetColumn):
            facets.append(made)
            _note_facet(made, options.least_items, report)
            continue
        if chosen:
            raise DataError(f"{table.path}: --facet {column.name}: {made.why}; choose another column")
        report.note("left out", f"{quoted(made.column)}: {made.why}")
    for name in orders:
        raise OptionError(f"--order {name}=…: {quoted(name)} is no facet here; add --facet {shlex.quote(name)}")
    if not facets:
        reasons = [text for heading, text in report.notes if heading == "left out"]
        why = "; ".join(reasons[:_REASONS]) if reasons else "no column says anything of the items"
        more = f"; and {counted(len(reasons) - _REASONS, 'more column')}" if len(reasons) > _REASONS else ""
        raise DataError(
            f"{table.path}: nothing can be asked about ({why}{more}); add columns whose values several items share"
        )
    for name, n_columns in Counter(facet.name for facet in facets).items():
        if n_columns > 1:
            raise DataError(f"{table.path}: {n_columns} columns begin alike with {quoted(name)}; shorten their names")
    report.facets += facets
    return facets


def _note_facet(facet: FacetColumn, least_items: int, report: ImportReport) -> None:
    """What a person may not expect of a facet."""
    column = quoted(facet.column)
    if facet.kind == "ranges":
        report.note("ranges", f"{column}: {', '.join(facet.names)}")
    if facet.n_respelled:
        report.note("merged", f"{column}: {counted(facet.n_respelled, 'spelling')} in another case")
    if facet.n_rare:
        rare = counted(facet.n_rare, "value")
        report.note("rare", f"{column}: {rare} of fewer than {counted(least_items, 'item')}, never asked about")
    report.note("note", f"{column}: {facet.remark}" if facet.remark else "")


def _find(table: Table, name: str, option: str) -> Column:
    """A column that a person names.

    :raises OptionError: when there is none.
    """
    column = table.columns.get(fold(name))
    if column is None:
        near = get_close_matches(fold(name), list(table.columns), n=2, cutoff=0.5)
        hint = f"did you mean {enumerated([table.columns[each].name for each in near])}? " if near else ""
        raise OptionError(
            f"{option} {quoted(name)}: no such column in {table.path}; {hint}the columns are {enumerated(table.names)}"
        )
    return column


def cut_cells(column: Column, most: int, report: ImportReport) -> tuple[str, ...]:
    """Every cell of a column, those that are too long cut, of which the report is told."""
    texts = [shortened(value, most) for value in column.values]
    n_cut = int(np.array([len(value) > most for value in column.values])[column.codes].sum())
    if n_cut:
        report.note("cut", f"{counted(n_cut, 'cell')} of {quoted(column.name)} to {most:,} characters")
    return tuple(texts[code] for code in column.codes)


def _popularity(given: NDArray[np.float64], report: ImportReport) -> NDArray[np.float32]:
    known = ~np.isnan(given)
    if not given[known].sum():
        if known.any():
            report.note("note", "every popularity is 0: all items count as equally sought")
        return np.ones(len(given), np.float32)
    if not known.all():
        median = float(np.median(given[known]))
        items = counted(int((~known).sum()), "item")
        report.note("note", f"{items} without a popularity: taken as {median:g}, which half of the others exceed")
    return np.where(known, given, np.median(given[known])).astype(np.float32)
