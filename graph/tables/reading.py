"""Read a table by what its name ends in."""

import zlib
from difflib import get_close_matches
from pathlib import Path

from graph.errors import DataError, OptionError
from graph.printable import printable
from graph.tables.table import Table, quoted, shortened
from graph.tables.text import Advance, read_text

_LONGEST_REASON = 120
"""Characters of what a library says that fit in a message."""

TABS, COMMAS, PARQUET = (".tsv", ".tab"), (".csv", ".txt"), (".parquet", ".pq")


def read_table(path: Path, encoding: str = "utf-8", separator: str = "|", advance: Advance | None = None) -> Table:
    """Read every cell of a CSV, TSV (either may be gzipped) or Parquet file.

    Cells are put on one line, without control characters or spaces around them. Rows without any cell are passed over,
    rows that are too short are filled up.

    :param encoding: how text is written as bytes.
    :param separator: what lists in a Parquet file are joined by.
    :param advance: is told what share has been read.
    :raises DataError: when there is no such file, or it cannot be read as a table.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    step = advance or (lambda share: None)
    try:
        if path.is_dir():
            raise DataError(f"{path}: is a folder; name the file that holds the table")
        if not path.exists():
            raise DataError(f"{path}: no such file; {_near(path)}")
        if not path.is_file():
            raise DataError(f"{path}: is not an ordinary file; copy the table into one")
        if kind in PARQUET and suffixes[-1] == kind:
            from graph.tables.parquet import read_parquet

            return read_parquet(path, separator, step)
        if kind in TABS or kind in COMMAS:
            return read_text(path, encoding, kind in TABS, step)
    except (EOFError, OSError, zlib.error) as error:
        # What unpacks files raises errors of its own, which have no strerror.
        reason = shortened(printable(getattr(error, "strerror", None) or str(error)), _LONGEST_REASON)
        raise DataError(f"{path}: cannot be read ({reason}); check the file, or copy it anew") from error
    raise DataError(f"{path}: is no kind of table that can be read; save it as .csv, .tsv or .parquet")


def check_encoding(encoding: str) -> None:
    """Accept the name of a way to write text as bytes.

    :raises OptionError: when there is none of this name.
    """
    try:
        "a".encode(encoding).decode(encoding)
    except (LookupError, ValueError) as error:
        raise OptionError(
            f"--encoding {quoted(encoding)}: no such encoding; utf-8, latin-1 and cp1252 are the usual ones"
        ) from error


def _near(path: Path) -> str:
    folder = path.absolute().parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    near = get_close_matches(path.name, [each.name for each in folder.iterdir() if each.is_file()], n=2, cutoff=0.75)
    return f"did you mean {' or '.join(near)}?" if near else "name the file that holds the table"
