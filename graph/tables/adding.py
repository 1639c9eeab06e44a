"""New items from a table come to a catalogue that is there: its facets, its attributes, and its ids go on.

Old items and attributes keep their places, so that whatever was learned about them still holds.

Legend: V items, P attributes, F facets, R new items (rows of the table).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Ancestor, Dataset
from graph.errors import DataError, OptionError
from graph.tables.cells import ITEM_ROLES, assign, check_ids, check_titles, parse
from graph.tables.facets import LONGEST_NAME
from graph.tables.ids import is_whole
from graph.tables.importing import Watch
from graph.tables.items import LONGEST_TEXT, LONGEST_TITLE, cut_cells
from graph.tables.options import TableOptions
from graph.tables.placing import ANOTHER, NOWHERE, FacetValues, split_cells
from graph.tables.reading import check_encoding, read_table
from graph.tables.report import ImportReport
from graph.tables.table import Column, Problems, Table, counted, enumerated, fold, quoted, shortened

LEAST_ITEMS = 5
"""New items that must share a value before it becomes an attribute, if nothing else is said."""
DECADE, YEAR = "decade", "year"
"""A facet that follows from the year of an item, where the table says nothing of it."""


@dataclass(frozen=True)
class FoundFacet:
    """What a column, or the years, said of one facet of the catalogue."""

    name: str
    source: str
    """What the table calls the column."""
    n_known: int
    """New items for which the facet is known."""
    n_values: int
    """Different values that are attributes already."""
    new: tuple[str, ...] = ()
    """Attributes that came to it."""


@dataclass
class AddReport(ImportReport):
    """What became of the new items."""

    found: list[FoundFacet] = field(default_factory=list)
    n_added: int = 0


@dataclass(frozen=True)
class _Said:
    """What the new items have of one facet."""

    facet: int
    held: CSR
    """Attributes of each new item: old ones by their place, new ones from P on; R rows."""
    known: NDArray[np.bool_]
    """Whether the table has any value, shape (R,)."""
    new: tuple[str, ...]


def add_items(
    dataset: Dataset, path: Path, name: str, options: TableOptions | None = None, watch: Watch | None = None
) -> tuple[Dataset, AddReport]:
    """Read a table of new items and make the data set that has them too; nothing is written.

    Columns are facets by name, values are attributes by name or, where they are numbers and the facet has ranges, by
    the range.  A value the catalogue lacks becomes an attribute when ``least_items`` of the new items share it; else it
    is known and never asked about.  Of values with an order only those beyond the last find a place.

    :param name: what the result is called.
    :raises DataError: when the table cannot be used, with the place and how to mend it.
    :raises OptionError: when an option names something that is not there.
    """
    options, watch = options or TableOptions(least_items=LEAST_ITEMS), watch or (lambda what, share: None)
    check_encoding(options.encoding)
    report = AddReport()
    table = read_table(path, options.encoding, options.separator, partial(watch, f"reading {path.name}"))
    report.rows.append((path.name, table.n_rows))
    watch("adding the items", 0.0)
    catalogue = dataset.catalogue
    _check_called(table, catalogue, options.called)
    roles = assign(table, ITEM_ROLES, {role: name for role, name in options.called.items() if _is_role(role)})
    problems = Problems(table)
    _check_new_ids(roles["id"], dataset, problems)
    check_titles(roles["title"], problems)
    numbers = {role: parse(role, roles[role], problems) for role in ("year", "popularity") if role in roles}
    problems.raise_if_any()
    report.remark(table)
    years = np.nan_to_num(numbers.get("year", np.zeros(table.n_rows))).astype(np.int16)
    said = _read_facets(table, roles, dataset, years, options, report)
    popularity = _popularity(numbers.get("popularity"), table.n_rows, catalogue, report)
    grown = _grow(catalogue, table, roles, (years, popularity), said, report)
    report.n_added = table.n_rows
    before = Ancestor(dataset.name, dataset.fingerprint, catalogue.n_items, catalogue.n_attributes)
    return replace(
        dataset,
        name=name,
        catalogue=grown,
        interactions=replace(dataset.interactions, n_items=grown.n_items),
        source=f"{dataset.source}; items of {path.name}",
        licence=_licence(dataset.licence, path, options.licence),
        grown_from=(*dataset.grown_from, before),
    ), report


def _licence(old: str, path: Path, new: str) -> str:
    return old if new == old else f"{old}; items of {path.name}: {new}"


def _is_role(name: str) -> bool:
    return name in {role.name for role in ITEM_ROLES}


def _check_called(table: Table, catalogue: Catalogue, called: Mapping[str, str]) -> None:
    """Whatever a person names has to be there.

    :raises OptionError: when a role, a facet or a column is not.
    """
    ours = [role.name for role in ITEM_ROLES] + [facet.name for facet in catalogue.facets]
    for wanted, column in called.items():
        for given, there, what in ((wanted, ours, "column or facet of ours"), (column, table.names, "column")):
            if fold(given) not in map(fold, there):
                near = get_close_matches(given, there, n=2)
                hint = f"did you mean {' or '.join(map(quoted, near))}? " if near else ""
                raise OptionError(
                    f"--column {wanted}={column}: no {what} {quoted(given)}; {hint}there are {enumerated(there)}"
                )


def _check_new_ids(column: Column, dataset: Dataset, problems: Problems) -> None:
    """Every row needs an id of its own that no item has yet."""
    catalogue = dataset.catalogue
    check_ids(column, problems, "item")
    wanted = ~column.unknown
    if catalogue.item_keys is None:
        odd = np.array([not is_whole(value) for value in column.values])[column.codes] & wanted
        as_here = f"give every item one, as {dataset.name} has them"
        problems.add(np.flatnonzero(odd), column, "is no whole number", as_here)
    own = set(map(str, catalogue.item_ids.tolist() if catalogue.item_keys is None else catalogue.item_keys))
    there = np.array([value in own for value in column.values], bool)[column.codes] & wanted
    taken = f"is the id of an item of {dataset.name} already"
    problems.add(np.flatnonzero(there), column, taken, "leave its row out, or give it another")
    again = (column.first_rows[column.codes] != np.arange(len(column.codes))) & wanted
    problems.add(np.flatnonzero(again), column, "stands in an earlier row too", "leave one row for each item")


def _read_facets(
    table: Table, roles: Mapping[str, Column], dataset: Dataset, years: NDArray[np.int16], options: TableOptions,
    report: AddReport,
) -> list[_Said]:  # fmt: skip
    """What the table says of each facet that the catalogue has."""
    catalogue, said = dataset.catalogue, []
    columns = _facet_columns(table, roles, dataset, options.called, report)
    n_new = 0
    for facet, (column, source) in (columns | _from_years(catalogue, columns, years)).items():
        values = FacetValues(catalogue, facet, table.decimal_comma)
        first = catalogue.n_attributes + n_new
        each, n_values = _read_facet(facet, column, values, options, first, report)
        said.append(each)
        n_new += len(each.new)
        facet_name = catalogue.facets[facet].name
        report.found.append(FoundFacet(facet_name, source, int(each.known.sum()), n_values, each.new))
    silent = [each.name for place, each in enumerate(catalogue.facets) if place not in {one.facet for one in said}]
    if silent:
        report.note("not there", f"{enumerated(silent)}: unknown for the new items")
    return said


def _facet_columns(
    table: Table, roles: Mapping[str, Column], dataset: Dataset, called: Mapping[str, str], report: AddReport
) -> dict[int, tuple[Column, str]]:
    """The column of each facet and what the table calls it, by place of the facet.

    :raises DataError: when no column is a facet.
    """
    renamed = {fold(theirs): fold(ours) for ours, theirs in called.items()}
    taken = {fold(column.name) for column in roles.values()}
    places = {fold(facet.name): place for place, facet in reversed(list(enumerate(dataset.catalogue.facets)))}
    found: dict[int, tuple[Column, str]] = {}
    for name, column in table.columns.items():
        if name in taken:
            continue
        place = places.get(renamed.get(name, name))
        if place is not None and (place not in found or name in renamed):
            found[place] = column, column.name
            continue
        near = get_close_matches(name, list(places), n=1)
        hint = f"; if it is {quoted(near[0])}, give --column {quoted(near[0])}={quoted(column.name)}" if near else ""
        report.note("left out", f"{quoted(column.name)}: no facet of {dataset.name}{hint}")
    if not found:
        facets = [facet.name for facet in dataset.catalogue.facets]
        raise DataError(
            f"{table.path}: no column is a facet of {dataset.name}, which are {enumerated(facets)}; rename columns, or "
            f"say which they are with --column {quoted(facets[0]) if ' ' in facets[0] else facets[0]}=NAME"
        )
    return {place: found[place] for place in sorted(found)}


def _from_years(
    catalogue: Catalogue, columns: Mapping[int, object], years: NDArray[np.int16]
) -> dict[int, tuple[Column, str]]:
    """The decades, where the catalogue has such a facet and the table does not say more than the years."""
    names = [facet.name for facet in catalogue.facets]
    if DECADE not in names or names.index(DECADE) in columns or not years.any():
        return {}
    distinct, codes = np.unique(years, return_inverse=True)
    cells = [f"{year // 10 * 10}s" if year else "" for year in distinct.tolist()]
    return {names.index(DECADE): (Column(DECADE, cells, codes.astype(np.int32)), YEAR)}


def _read_facet(
    facet: int, column: Column, values: FacetValues, options: TableOptions, first: int, report: AddReport
) -> tuple[_Said, int]:
    """What one column says.

    :param first: place that the first new attribute will have.
    :return: that, and how many different attributes of old were found.
    """
    written, held = split_cells(column, options.separator)
    place = np.array([values.find(value) for value in written], np.int64)
    rows, said = held.row_of_edge(), held.indices
    groups = _unplaced(written, held, place)
    fresh = []
    for members, often in groups:
        begins = values.follows(written[members[0]]) if values.ordered else 0.0
        if often >= options.least_items and begins is not None:
            fresh.append((begins, shortened(written[members[0]], LONGEST_NAME), members))
    fresh.sort(key=lambda each: (each[0], each[1].casefold()))
    for number, (_, _, members) in enumerate(fresh):
        place[members] = first + number
    left = [written[members[0]] for members, _ in groups if place[members[0]] == NOWHERE]
    _note_left(column, left, values, options, report)
    attributes = place[said]
    there = attributes != NOWHERE
    edges = CSR.from_pairs(rows[there], attributes[there], held.n_rows, first + len(fresh))
    new = tuple(name for _, name, _ in fresh)
    n_found = len(np.unique(place[(place != NOWHERE) & (place < first)]))
    return _Said(facet, edges, held.degrees > 0, new), n_found


def _unplaced(written: Sequence[str], held: CSR, place: NDArray[np.int64]) -> list[tuple[list[int], int]]:
    """Values that are no attribute yet: all spellings of each, the commonest first, and how many items have it."""
    often = np.bincount(held.indices, minlength=len(written))
    groups: dict[str, list[int]] = {}
    for value in np.argsort(-often, kind="stable").tolist():
        if place[value] == NOWHERE and written[value] != ANOTHER:
            groups.setdefault(shortened(written[value], LONGEST_NAME).casefold(), []).append(value)
    group_of = np.full(len(written), len(groups))
    for number, members in enumerate(groups.values()):
        group_of[members] = number
    grouped = CSR.from_pairs(held.row_of_edge(), group_of[held.indices], held.n_rows, len(groups) + 1)
    counts = np.bincount(grouped.indices, minlength=len(groups) + 1).tolist()
    return list(zip(groups.values(), counts[: len(groups)], strict=True))


def _note_left(
    column: Column, left: Sequence[str], values: FacetValues, options: TableOptions, report: AddReport
) -> None:
    if not left:
        return
    why = f"fewer than {counted(options.least_items, 'new item')} or no place in the order"
    why = why if values.ordered else why.partition(" or ")[0]
    what = f"{counted(len(left), 'value')} of {why}, never asked about"
    report.note("rare", f"{quoted(column.name)}: {what}: {enumerated(left, most=3)}")


def _popularity(
    given: NDArray[np.float64] | None, n_rows: int, catalogue: Catalogue, report: AddReport
) -> NDArray[np.float32]:
    """How sought each new item is: as the table says, else as half of the items of old are, shape (R,)."""
    if (catalogue.popularity == 1).all():
        # Nothing is known of the old ones, so there is no scale to read this on.
        report.note("left out", "the popularity: all items there were count as equally sought"
                    if given is not None and not (np.nan_to_num(given, nan=1.0) == 1).all() else "")  # fmt: skip
        return np.ones(n_rows, np.float32)
    median = float(np.median(catalogue.popularity))
    known = np.zeros(n_rows, bool) if given is None else ~np.isnan(given)
    if not known.all():
        items = counted(int((~known).sum()), "item")
        report.note("popularity", f"{items} without one: taken as {median:g}, the median of those there were")
    found = np.full(n_rows, median) if given is None else np.where(known, given, median)
    most = float(catalogue.popularity.max())
    if n_rows and found.max() > most:
        report.note("popularity", f"up to {found.max():g}, but of the items there were up to {most:g}: on one scale?")
    return found.astype(np.float32)


def _grow(
    catalogue: Catalogue, table: Table, roles: Mapping[str, Column],
    numbers: tuple[NDArray[np.int16], NDArray[np.float32]], said: Sequence[_Said], report: AddReport,
) -> Catalogue:  # fmt: skip
    """The catalogue with the new items after the old ones."""
    years, popularity = numbers
    keys = [roles["id"][row] for row in range(table.n_rows)]
    if catalogue.item_keys is None:
        item_ids, item_keys = np.array([int(key) for key in keys], np.int64), None
    else:
        item_ids = int(catalogue.item_ids.max()) + 1 + np.arange(len(keys), dtype=np.int64)
        item_keys = (*catalogue.item_keys, *keys)
    names = [(each.facet, name) for each in said for name in each.new]
    n_attributes = catalogue.n_attributes + len(names)
    old = catalogue.item_attributes
    rows = np.concatenate([each.held.row_of_edge() for each in said])
    held = CSR.from_pairs(rows, np.concatenate([each.held.indices for each in said]), table.n_rows, n_attributes)
    edges = CSR(
        np.concatenate([old.indptr, old.indptr[-1] + held.indptr[1:]]),
        np.concatenate([old.indices, held.indices]),
        n_attributes,
    )
    last_id = int(catalogue.attribute_ids.max(initial=-1))
    n_bare = int((held.degrees == 0).sum())
    report.note("note", f"{counted(n_bare, 'item')} without any attribute: nobody can say it is what they look for"
                if n_bare else "")  # fmt: skip
    return replace(
        catalogue,
        item_ids=np.concatenate([catalogue.item_ids, item_ids]),
        titles=(*catalogue.titles, *cut_cells(roles["title"], LONGEST_TITLE, report)),
        years=np.concatenate([catalogue.years, years]),
        popularity=np.concatenate([catalogue.popularity, popularity]),
        attribute_ids=np.concatenate([catalogue.attribute_ids, last_id + 1 + np.arange(len(names), dtype=np.int64)]),
        attribute_names=(*catalogue.attribute_names, *(name for _, name in names)),
        attribute_facet=np.concatenate([catalogue.attribute_facet, np.array([each for each, _ in names], np.int16)]),
        item_attributes=edges,
        recorded=_recorded(catalogue, said, held),
        item_keys=item_keys,
        texts=_texts(catalogue, roles, table.n_rows, report),
    )


def _recorded(catalogue: Catalogue, said: Sequence[_Said], held: CSR) -> NDArray[np.bool_] | None:
    """Where values are known, as :attr:`graph.catalogue.Catalogue.recorded`; None where attributes say it all."""
    new = np.zeros((held.n_rows, catalogue.n_facets), bool)
    for each in said:
        new[:, each.facet] = each.known
    if catalogue.recorded is not None:
        return np.concatenate([catalogue.recorded, new])
    tells_more = any((each.known & (each.held.degrees == 0)).any() for each in said)
    return np.concatenate([np.zeros((catalogue.n_items, catalogue.n_facets), bool), new]) if tells_more else None


def _texts(
    catalogue: Catalogue, roles: Mapping[str, Column], n_rows: int, report: AddReport
) -> tuple[str, ...] | None:  # fmt: skip
    if catalogue.texts is None:
        report.note("left out", f"{quoted(roles['text'].name)}: the items there were have no descriptions"
                    if "text" in roles else "")  # fmt: skip
        return None
    new = cut_cells(roles["text"], LONGEST_TEXT, report) if "text" in roles else ("",) * n_rows
    return (*catalogue.texts, *new)
