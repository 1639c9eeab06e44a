"""A codebook on disk: ``arrays.safetensors`` and ``codebook.json`` in one folder, checked when read.

It holds nothing of any user or item.  Nothing read here can run code.
"""

import hashlib
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import BaseModel, ConfigDict, ValidationError

from graph.errors import DataError
from graph.item_codes.codebook import Codebook, Origin
from graph.item_codes.coder import ItemCoder
from graph.item_codes.table import CodeTable
from graph.whole_file import written_whole

SCHEMA_VERSION = 1
ARRAYS, META = "arrays.safetensors", "codebook.json"
MOST_BYTES = 256 * 2**20
"""Of the arrays; the largest that can be made here has 50 MB."""
MOST_META_BYTES = 2**20
_MEND = "learn it again with: convrec codes learn"


class Meta(BaseModel):
    """Everything of a codebook that is not a number."""

    model_config = ConfigDict(strict=True, extra="forbid")
    schema_version: int
    data: str
    fingerprint: str
    licence: str
    seed: int
    home: str
    adapted: list[str]
    arrays_sha256: str


def save(codebook: Codebook, folder: Path) -> None:
    """Write a codebook, replacing what was there.

    :raises DataError: when the folder cannot be written.
    """
    found = {**codebook.coder.arrays(), **codebook.table.arrays()}
    arrays = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in found.items()})
    origin = codebook.origin
    meta = Meta(
        schema_version=SCHEMA_VERSION,
        data=origin.data,
        fingerprint=origin.fingerprint,
        licence=origin.licence,
        seed=origin.seed,
        home=origin.home,
        adapted=list(origin.adapted),
        arrays_sha256=hashlib.sha256(arrays).hexdigest(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / ARRAYS) as unfinished:
            unfinished.write_bytes(arrays)
        # Last: it names the arrays by their hash, so a reader never takes old and new together for whole.
        with written_whole(folder / META) as unfinished:
            unfinished.write_text(meta.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}); name a folder you own") from error


def load(folder: Path) -> Codebook:
    """Read what :func:`save` wrote.

    :raises DataError: when it is missing or damaged, too large, or written by another version.
    """
    meta = _meta(folder / META)
    raw = _read(folder / ARRAYS, MOST_BYTES)
    if hashlib.sha256(raw).hexdigest() != meta.arrays_sha256:
        raise DataError(f"{folder / ARRAYS}: damaged; {_MEND}")
    try:
        arrays = safetensors.numpy.load(raw)
        coder, table = ItemCoder.restore(arrays), CodeTable.restore(arrays)
    except (KeyError, ValueError, safetensors.SafetensorError) as error:
        raise DataError(f"{folder / ARRAYS}: not a codebook ({error}); {_MEND}") from error
    except DataError as error:
        raise DataError(f"{folder / ARRAYS}: {error}; {_MEND}") from error
    if table.rows.shape[:2] != coder.centroids.shape[:2]:
        raise DataError(f"{folder / ARRAYS}: the table is not for these codes; {_MEND}")
    origin = Origin(meta.data, meta.fingerprint, meta.licence, meta.seed, meta.home, tuple(meta.adapted))
    return Codebook(coder, table, origin)


def _meta(path: Path) -> Meta:
    try:
        meta = Meta.model_validate_json(_read(path, MOST_META_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise DataError(f"{path}: {place}: {first['msg']}; {_MEND}") from error
    if meta.schema_version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema_version is {meta.schema_version}, this convrec reads {SCHEMA_VERSION}; {_MEND}"
        )
    return meta


def _read(path: Path, most: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise DataError(f"{path}: {size:,} bytes are no codebook's, which has {most:,} at most; {_MEND}")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); {_MEND}") from error
