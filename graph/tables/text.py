"""Read a table of text: CSV or TSV, perhaps gzipped, in any encoding."""

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError
from graph.tables.columns import name_columns
from graph.tables.table import Table, counted, fold, quoted

if TYPE_CHECKING:
    import _csv

Advance = Callable[[float], None]
"""Is told what share of a file has been read so far."""
Row = tuple[int, list[str]]
"""The line a row begins on, from 1, and its cells."""

_BLOCK = 50_000
"""Rows that are held as rows at one time."""
_HEAD = 65_536
"""Bytes that are looked at before any is taken for text."""
_LONGEST_HEADER = 1_000_000
"""Characters of the first line; a file without line ends would be read whole."""
_SEPARATORS = (",", ";", "\t")
_WIDE = ("utf-16", "utf-32")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
"""Those that begin like another stand before it."""
_OTHER_FILES = {
    b"PAR1": "is a Parquet file; let its name end in .parquet",
    b"PK\x03\x04": "is a workbook or a zip file; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook; save the sheet as CSV",
    b"\x1f\x8b": "is a gzip file; let its name end in .csv.gz",
}
"""How files begin that are given instead of a table of text."""
_SPOKEN = {"\t": "a tab"}
_BEFORE = 20
"""Bytes that are shown before one that cannot be read."""
_WINDOWS_ONLY = range(0x80, 0xA0)
"""Bytes that are characters in Windows' encoding and control codes in Latin-1."""
_CSV_ERRORS = {
    "unexpected end of data": "a quote is opened here and never closed; close it",
    "expected after": "a quote stands inside a cell in quotes; write it twice",
    "field limit": f"a cell of over {csv.field_size_limit():,} characters; close the quote it begins with, or cut it",
}
"""What the reader of CSV says, and what it means."""


def read_text(path: Path, encoding: str, tabs: bool, advance: Advance) -> Table:
    """Read every row.

    Cells stand between commas, semicolons or tabs, whichever the header has most of; where it is semicolons, numbers
    may have a decimal comma. A byte order mark counts more than ``encoding``.

    :param tabs: True where nothing but tabs can stand between cells.
    :raises DataError: when it is empty, is no text in this encoding, or a row cannot be read.
    """
    with _opened(path) as (raw, _):
        head = raw.read(_HEAD)
    for begins, wrong in _OTHER_FILES.items():
        if head.startswith(begins):
            raise DataError(f"{path}: {wrong}")
    encoding = next((known for mark, known in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), encoding)
    if b"\0" in head and codecs.lookup(encoding).name[:6] not in _WIDE:
        raise DataError(f"{path}: holds zero bytes, so it is no table of text; save the table as CSV in UTF-8")
    with _opened(path) as (raw, share), io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
        try:
            return _collect(path, text, tabs, lambda: advance(share()))
        except UnicodeError as error:
            raise DataError(f"{path}: {_undecodable(path, encoding)}") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedReader | gzip.GzipFile, Callable[[], float]]]:
    """The bytes of a table, unpacked where it is gzipped, and what share of the file has been read."""
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        if path.suffix.lower() == ".gz":
            with gzip.open(file) as unpacked:
                yield unpacked, lambda: file.tell() / size
        else:
            yield file, lambda: file.tell() / size


def _collect(path: Path, text: IO[str], tabs: bool, advance: Callable[[], None]) -> Table:
    first, skipped = _first_line(path, text)
    separator = "\t" if tabs else max(_SEPARATORS, key=first.count)
    rows = _rows(path, csv.reader(chain([first], text), delimiter=separator, strict=True), skipped)
    _, header = next(rows, (0, []))
    builders = name_columns(path, header)
    lines: list[NDArray[np.int64]] = []
    short: list[int] = []
    nameless: set[int] = set()
    while block := list(islice(rows, _BLOCK)):
        short += _square(path, block, len(header), separator)
        for place, cells in enumerate(zip(*(row for _, row in block), strict=True)):
            if place in builders:
                builders[place].add(cells)
            elif any(cells):
                nameless.add(place + 1)
        lines.append(np.array([line for line, _ in block], np.int64))
        advance()
    if not lines:
        raise DataError(f"{path}: holds a header and no rows; add a row for each thing")
    remarks = [f"column {place} has no name and is left out" for place in sorted(nameless)]
    if short:
        rows_are = f"{counted(len(short), 'row')} with fewer cells than the header"
        remarks.append(f"{rows_are}, line {short[0]:,} first: the missing ones count as empty")
    columns = [builder.finish() for builder in builders.values()]
    return Table(
        path,
        {fold(column.name): column for column in columns},
        np.concatenate(lines),
        decimal_comma=separator == ";",
        remarks=tuple(remarks),
    )


def _first_line(path: Path, text: IO[str]) -> tuple[str, int]:
    """The first line with anything on it, and how many stand before it."""
    for skipped, line in enumerate(iter(lambda: text.readline(_LONGEST_HEADER), "")):
        if len(line) == _LONGEST_HEADER:
            raise DataError(f"{path}: line {skipped + 1}: {len(line):,} characters and no end; save the table as CSV")
        if line.strip():
            return line, skipped
    raise DataError(f"{path}: is empty; write a line with the names of the columns, then a line for each thing")


def _rows(path: Path, reader: "_csv.Reader", skipped: int) -> Iterator[Row]:
    """Rows with any cell.

    :param skipped: lines before those the reader sees.
    """
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            meant = next((meant for said, meant in _CSV_ERRORS.items() if said in str(error)), str(error))
            raise DataError(f"{path}: line {line:,}: {meant}") from error
        if any(cells):
            yield line, cells


def _square(path: Path, block: list[Row], width: int, separator: str) -> list[int]:
    """Give every row the width of the header, and name the lines of rows that were shorter."""
    long, short = [], []
    for line, cells in block:
        if len(cells) < width:
            cells += [""] * (width - len(cells))
            short.append(line)
        elif any(cells[width:]):
            long.append((line, len(cells)))
        del cells[width:]
    if long:
        (line, n_cells), more = long[0], f" (and {counted(len(long) - 1, 'more row')})" if len(long) > 1 else ""
        raise DataError(
            f"{path}: line {line:,}: {n_cells:,} cells, but the header has {width:,}; put a cell that holds "
            f"{_SPOKEN.get(separator, quoted(separator))} into quotes{more}"
        )
    return short


def _undecodable(path: Path, encoding: str) -> str:
    """Where the first byte stands that is no text in this encoding, and how to mend it."""
    named = encoding.upper()
    with _opened(path) as (raw, _):
        for number, line in enumerate(raw if "\n".encode(encoding) == b"\n" else (), 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                byte = line[error.start]
                before = line[max(error.start - _BEFORE, 0) : error.start].decode(encoding, "replace")
                other = "cp1252" if byte in _WINDOWS_ONLY else "latin-1"
                return (
                    f"line {number:,}: the byte 0x{byte:02X} after {quoted(before)} is not {named}; save the file as "
                    f"UTF-8, or say how it is written, such as --encoding {other}"
                )
    return f"is not text in {named}; save the file as UTF-8, or say how it is written with --encoding"
