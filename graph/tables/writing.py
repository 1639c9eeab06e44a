"""Items of a catalogue as a table that can be read again: what ``convrec data add-items`` takes.

Legend: F facets.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.errors import DataError
from graph.tables.cells import ITEM_ROLES
from graph.tables.placing import ANOTHER
from graph.tables.reading import PARQUET
from graph.tables.table import UNKNOWN, fold, quoted
from graph.whole_file import written_whole

SEPARATORS = ("|", ";", "¦", "^")
"""What may stand between several values of a cell: the first that stands in none of them."""


def write_items(catalogue: Catalogue, items: NDArray[np.integer], path: Path) -> str:
    """Write items as CSV or, where the name ends so, as Parquet: a row each, a column for each facet.

    A value that is known but no attribute is written as :data:`graph.tables.placing.ANOTHER`.

    :param items: places of the items, in the order they are to stand in.
    :return: what stands between several values in a cell.
    :raises DataError: when something would not come back as it is.
    """
    separator = _separator(catalogue)
    header, rows = _header(catalogue), _rows(catalogue, items, separator)
    with written_whole(path) as unfinished:
        if path.suffix in PARQUET:
            _write_parquet(unfinished, header, list(rows))
        else:
            with unfinished.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                writer.writerows(rows)
    return separator


def _header(catalogue: Catalogue) -> list[str]:
    roles = [role.name for role in ITEM_ROLES if role.name != "text" or catalogue.texts is not None]
    names = [facet.name for facet in catalogue.facets]
    folded = [fold(name) for name in (*(role.name for role in ITEM_ROLES), *names)]
    if twice := next((name for name in names if folded.count(fold(name)) > 1), None):
        raise DataError(f"facet {quoted(twice)}: two columns would have this name, so it cannot be written")
    return [*roles, *names]


def _rows(catalogue: Catalogue, items: NDArray[np.integer], separator: str) -> Iterator[list[str]]:
    for item in items.tolist():
        year = int(catalogue.years[item])
        row = [str(catalogue.item_key(item)), catalogue.titles[item]]
        if catalogue.texts is not None:
            row.append(catalogue.texts[item])
        row += [str(year) if year else "", f"{catalogue.popularity[item]:.9g}"]
        for facet in range(catalogue.n_facets):
            names = [catalogue.attribute_names[attribute] for attribute in catalogue.attributes_of(item, facet)]
            beyond = catalogue.facets[facet].open_world and catalogue.known[item, facet] and not names
            row.append(ANOTHER if beyond else separator.join(names))
        yield row


def _separator(catalogue: Catalogue) -> str:
    """A sign that stands in the name of no attribute.

    :raises DataError: when there is none, or a name would be read as nothing.
    """
    for name in catalogue.attribute_names:
        if name.strip().casefold() in UNKNOWN:
            raise DataError(f"attribute {quoted(name)}: would be read as unknown, so it cannot be written")
    found = next((sign for sign in SEPARATORS if not any(sign in name for name in catalogue.attribute_names)), None)
    if found is None:
        raise DataError(f"names of attributes hold each of {' '.join(SEPARATORS)}: nothing can stand between them")
    return found


def _write_parquet(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # Loading it takes a while, which text does not need.
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    parquet.write_table(
        pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(header, columns, strict=True)}), path
    )
