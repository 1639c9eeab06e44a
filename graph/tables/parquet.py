"""Read a Parquet file as cells of text."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet, types

from graph.errors import DataError
from graph.tables.columns import name_columns
from graph.tables.table import Table, fold, quoted
from graph.tables.text import Advance

_BLOCK = 50_000
"""Rows that are held as cells at one time."""
_LONGEST_REASON = 120
"""Characters of what the reader of Parquet says that fit in a message."""
_PLAIN = (
    types.is_string, types.is_large_string, types.is_boolean, types.is_integer, types.is_floating, types.is_decimal,
    types.is_date, types.is_timestamp, types.is_null,
)  # fmt: skip
_LISTS = (types.is_list, types.is_large_list, types.is_fixed_size_list)


def read_parquet(path: Path, separator: str, advance: Advance) -> Table:
    """Read every row; lists are joined by the separator, columns of anything deeper are left out with a remark.

    :raises DataError: when it is no Parquet file, is damaged, or has no rows.
    """
    try:
        with parquet.ParquetFile(path) as file:
            return _collect(path, file, separator, advance)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise DataError(f"{path}: is not a sound Parquet file ({reason}); write it anew, or save it as CSV") from error


def _collect(path: Path, file: parquet.ParquetFile, separator: str, advance: Advance) -> Table:
    schema, n_rows = file.schema_arrow, file.metadata.num_rows
    builders = name_columns(path, schema.names)
    deep = [place for place in builders if not _is_readable(schema.field(place).type)]
    kinds = [(builders.pop(place).name, schema.field(place).type) for place in deep]
    remarks = [f"column {quoted(name)} holds {kind}: left out" for name, kind in kinds]
    if not n_rows:
        raise DataError(f"{path}: holds no rows; write a row for each thing")
    done = 0
    for batch in file.iter_batches(_BLOCK):
        for place, builder in builders.items():
            builder.add(_cells(batch.column(place), separator))
        done += batch.num_rows
        advance(done / n_rows)
    columns = [builder.finish() for builder in builders.values()]
    return Table(
        path,
        {fold(column.name): column for column in columns},
        np.arange(1, done + 1),
        counted_in="row",
        remarks=tuple(remarks),
    )


def _is_readable(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind) or any(check(kind) for check in _LISTS):
        kind = kind.value_type
    return any(check(kind) for check in _PLAIN)


def _cells(array: pa.Array, separator: str) -> list[str]:
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_timestamp(array.type):
        # What is finer than microseconds Python has no type for.
        array = array.cast(pa.timestamp("us", array.type.tz), safe=False)
    digits = 7 if types.is_float32(array.type) else 15
    return [
        separator.join(_text(each, digits) for each in value) if isinstance(value, list) else _text(value, digits)
        for value in array.to_pylist()
    ]


def _text(value: Any, digits: int) -> str:
    """A value as a person would write it into a cell.

    :param digits: of a broken number that mean something.
    """
    if value is None or value != value:  # NaN is not itself
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
