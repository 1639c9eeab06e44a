"""Tables of text and Parquet files, whatever they hold: cells of text with the place of each, or one clear line."""

import gzip
import io
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from graph.errors import DataError, OptionError
from graph.tables.reading import check_encoding, read_table
from graph.tables.table import Table

Read = Callable[..., Table]
NOISE = random.Random(1).randbytes(200_000)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write bytes or text to a file and read it as a table."""

    def read(content: bytes | str, name: str = "t.csv", encoding: str = "utf-8") -> Table:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, encoding)

    return read


def cells(table: Table) -> dict[str, list[str]]:
    return {name: [column[row] for row in range(table.n_rows)] for name, column in table.columns.items()}


def refused(path: Path, encoding: str = "utf-8") -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, encoding)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert message.isprintable()
    return message


def test_rows_are_read_with_the_lines_they_begin_on(read: Read) -> None:
    table = read('\n id ,title,Colour\r\n1,"A\r\nB",red\r\n\r\n,,\r\n2,"C ""x""",\r\n 3\t,D, blue  green\x07,,,\r\n')
    assert cells(table) == {
        "id": ["1", "2", "3"],
        "title": ["A B", 'C "x"', "D"],
        "colour": ["red", "", "blue green"],
    }
    assert [table.where(row) for row in range(3)] == ["line 3", "line 7", "line 8"]
    assert table.names == ["id", "title", "Colour"]
    assert not table.remarks


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_line_ends_of_every_kind(read: Read, mark: str, ends: str) -> None:
    table = read(ends.join(["id,title", "1,Café", "2,Кино", ""]).encode(mark))
    assert cells(table) == {"id": ["1", "2"], "title": ["Café", "Кино"]}
    assert table.lines.tolist() == [2, 3]


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.csv", ";"), ("a.CSV", "\t"), ("a.tsv", "\t")])
def test_cells_stand_between_what_the_header_has_most_of(read: Read, name: str, separator: str) -> None:
    table = read(f"id{separator}title{separator}price\n1{separator}x{separator}7\n", name)
    assert cells(table) == {"id": ["1"], "title": ["x"], "price": ["7"]}
    assert table.decimal_comma == (separator == ";")


def test_tabs_alone_part_cells_of_a_tsv(read: Read) -> None:
    assert cells(read("id\ttitle, in words\n1\ta, b, c\n", "a.tsv")) == {"id": ["1"], "title, in words": ["a, b, c"]}


def test_a_gzipped_table_is_read(read: Read) -> None:
    assert cells(read(gzip.compress(b"id,title\n1,x\n"), "a.csv.gz")) == {"id": ["1"], "title": ["x"]}


def test_latin_1_is_named_by_line_and_byte_and_read_when_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("id,title\n1,Tea\n2,Café crème\n".encode("latin-1"))
    message = refused(path)
    assert "line 3: the byte 0xE9 after '2,Caf' is not UTF-8" in message
    assert "--encoding latin-1" in message
    assert cells(read_table(path, "latin-1"))["title"] == ["Tea", "Café crème"]


def test_bytes_that_only_windows_has_are_told_from_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes("id,title\n1,5 €\n".encode("cp1252"))
    assert "--encoding cp1252" in refused(path)
    assert cells(read_table(path, "cp1252"))["title"] == ["5 €"]


def test_short_rows_are_filled_and_nameless_columns_left_out(read: Read) -> None:
    table = read(",id,title,colour,\n0,1,a,red,\n1,2,b\n,,\n2,3\n")
    assert cells(table) == {"id": ["1", "2", "3"], "title": ["a", "b", ""], "colour": ["red", "", ""]}
    assert table.remarks == (
        "column 1 has no name and is left out",
        "2 rows with fewer cells than the header, line 3 first: the missing ones count as empty",
    )


def test_blocks_are_joined_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.tables.text._BLOCK", 3)
    monkeypatch.setattr("graph.tables.columns._REMEMBERED", 2)
    path = tmp_path / "t.csv"
    path.write_text("id,title\n" + "".join(f"{number},t{number % 3}\n" for number in range(10)))
    shares: list[float] = []
    table = read_table(path, advance=shares.append)
    assert cells(table) == {"id": [str(n) for n in range(10)], "title": [f"t{n % 3}" for n in range(10)]}
    assert table.columns["title"].values == ["t0", "t1", "t2"]
    assert (len(shares), shares[-1]) == (4, 1.0)
    assert shares == sorted(shares)


DAMAGED: dict[str, tuple[str, bytes, str]] = {
    "an empty file": ("a.csv", b"", "is empty; write a line with the names of the columns"),
    "blank lines": ("a.csv", b"\r\n \n\n", "is empty"),
    "a header only": ("a.csv", b"id,title\n", "holds a header and no rows"),
    "too many cells": (
        "a.csv",
        b'id,title\n1,a\n"2","a\nb"\n3,a,b,c\n4,a,b\n',
        "line 5: 4 cells, but the header has 2; put a cell that holds ',' into quotes (and 1 more row)",
    ),
    "too many cells between tabs": ("a.tsv", b"id\ttitle\n1\ta\tb\n", "a cell that holds a tab"),
    "the same name twice": (
        "a.csv",
        b"id,colour,title,Colour\n",
        "columns 2 and 4, 'colour' and 'Colour', have the same",
    ),
    "names that differ in _": ("a.csv", b"id,shoe_size,Shoe  Size\n", "columns 2 and 3"),
    "too many columns": ("a.csv", b",".join(b"c%d" % n for n in range(1001)) + b"\n1\n", "1,001 columns"),
    "an open quote": ("a.csv", b'id,title\n1,x\n2,"y\n3,z\n', "line 3: a quote is opened here and never closed"),
    "a quote in quotes": ("a.csv", b'id,title\n1,"a "b" c"\n', "line 2: a quote stands inside a cell in quotes"),
    "a huge cell": ("a.csv", b'id,title\n1,"' + b"x" * 140_000 + b'"\n', "line 2: a cell of over 131,072 characters"),
    "a line without end": ("a.csv", b"x" * 1_000_001, "line 1: 1,000,000 characters and no end"),
    "noise": ("a.csv", NOISE, "holds zero bytes, so it is no table of text"),
    "noise without zeros": ("a.csv", NOISE.replace(b"\0", b"\1"), "is not UTF-8"),
    "noise as TSV": ("a.tsv", NOISE, "holds zero bytes"),
    "noise as gzip": ("a.csv.gz", NOISE, "cannot be read (Not a gzipped file"),
    "half a gzip file": ("a.csv.gz", gzip.compress(NOISE)[:9_000], "cannot be read (Compressed file ended"),
    "a damaged gzip file": ("a.csv.gz", gzip.compress(b"id,title\n")[:12] + NOISE, "cannot be read"),
    "noise as Parquet": ("a.parquet", NOISE, "is not a sound Parquet file"),
    "an empty Parquet file": ("a.parquet", b"", "is not a sound Parquet file"),
    "Parquet as CSV": ("a.csv", b"PAR1" + NOISE, "is a Parquet file; let its name end in .parquet"),
    "a workbook as CSV": ("a.csv", b"PK\x03\x04" + NOISE, "is a workbook or a zip file; save the sheet as CSV"),
    "an old workbook": ("a.csv", b"\xd0\xcf\x11\xe0" + NOISE, "save the sheet as CSV"),
    "gzip as CSV": ("a.csv", gzip.compress(b"id,title\n1,x\n"), "let its name end in .csv.gz"),
    "UTF-16 cut in half": ("a.csv", "id,title\n1,x".encode("utf-16")[:-1], "is not text in UTF-16"),
    "a workbook": ("a.xlsx", b"PK\x03\x04", "is no kind of table that can be read"),
    "no suffix": ("table", b"id,title\n1,x\n", "is no kind of table that can be read"),
    "gzipped Parquet": ("a.parquet.gz", b"", "is no kind of table that can be read"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, what: str) -> None:
    name, content, says = DAMAGED[what]
    (tmp_path / name).write_bytes(content)
    assert says in refused(tmp_path / name)


def test_places_that_hold_no_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "items.csv").touch()
    assert "is a folder" in refused(tmp_path)
    assert "no such file; did you mean items.csv?" in refused(tmp_path / "item.csv")
    assert "no such file; name the file" in refused(tmp_path / "x.csv")
    assert "there is no folder" in refused(tmp_path / "nowhere" / "x.csv")
    assert "is not an ordinary file" in refused(Path("/dev/null"))


def test_an_encoding_that_is_none_is_refused() -> None:
    for encoding in ("utf-8", "latin-1", "cp1252", "utf-16", "shift-jis"):
        check_encoding(encoding)
    for encoding in ("utf-99", "", "rot13", "hex", "\0"):
        with pytest.raises(OptionError, match="no such encoding; utf-8, latin-1 and cp1252"):
            check_encoding(encoding)


@given(raw=st.binary(max_size=300), head=st.sampled_from([b"", b"id,title\n1,", b"\xef\xbb\xbfid;t\n", b"\xff\xfe"]))
def test_no_bytes_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, raw: bytes, head: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name, encoding in (("any.csv", "utf-8"), ("any.csv", "latin-1"), ("any.csv.gz", "utf-8"), ("any.pq", "utf-8")):
        path = folder / name
        path.write_bytes(head + raw)
        try:
            table = read_table(path, encoding)
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert all(len(column.codes) == table.n_rows > 0 for column in table.columns.values())


def parquet_of(columns: dict[str, pa.Array]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_a_parquet_file_is_read_as_a_person_would_write_it(read: Read) -> None:
    content = parquet_of(
        {
            "id": pa.array([7, 8, None]),
            "whole": pa.array([1.0, float("nan"), 2.5]),
            "single": pa.array([49.99, 0.1, 1e6], pa.float32()),
            "flag": pa.array([True, False, None]),
            "day": pa.array([date(2024, 5, 31), None, None]),
            "moment": pa.array([1_700_000_000_123_456_789, None, 0], pa.timestamp("ns", "UTC")),
            "price": pa.array([Decimal("9.90"), None, Decimal(10)]),
            "colour": pa.array(["red", "blue", "red"]).dictionary_encode(),
            "tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
            "nothing": pa.nulls(3),
            "deep": pa.array([{"a": 1}, None, None]),
            "raw": pa.array([b"x", None, None]),
        }
    )
    table = read(content, "t.parquet")
    moment = datetime.fromtimestamp(1_700_000_000, UTC).replace(microsecond=123_456).isoformat()
    assert cells(table) == {
        "id": ["7", "8", ""],
        "whole": ["1", "", "2.5"],
        "single": ["49.99", "0.1", "1000000"],
        "flag": ["yes", "no", ""],
        "day": ["2024-05-31", "", ""],
        "moment": [moment, "", "1970-01-01T00:00:00+00:00"],
        "price": ["9.90", "", "10.00"],
        "colour": ["red", "blue", "red"],
        "tags": ["a|b", "", ""],
        "nothing": ["", "", ""],
    }
    assert [remark.partition(" holds")[0] for remark in table.remarks] == ["column 'deep'", "column 'raw'"]
    assert table.where(2) == "row 3"


def test_a_parquet_file_without_rows_or_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet_of({"id": pa.array([], pa.string())}))
    assert "holds no rows" in refused(path)
    path.write_bytes(parquet_of({"id": pa.array([1]), "ID": pa.array([1])}))
    assert "columns 1 and 2, 'id' and 'ID', have the same name" in refused(path)


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = parquet_of({"id": pa.array(range(500)), "title": pa.array([f"title {n}" for n in range(500)])})
    rng, path = random.Random(2), tmp_path / "t.parquet"
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 9)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_table(path)
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017
