"""A data set on disk: ``arrays.safetensors`` and ``meta.json`` in one folder, checked to the last edge when read.

Nothing read here can run code: safetensors holds numbers only, and the JSON is validated before use.
Legend: V items, P attributes, F facets, U users, E interactions.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR, sorted_unique
from graph.dataset import Ancestor, Dataset
from graph.errors import DataError
from graph.interactions import Interactions, Split

SCHEMA_VERSION = 1
ARRAYS, META = "arrays.safetensors", "meta.json"
_MEND = "delete the folder and fetch or import the data set again"
# A reader that meets a folder while it is being replaced looks again this often before it gives up.
_READS = 3

_Arrays = dict[str, NDArray[np.generic]]
_T = TypeVar("_T", bound=np.generic)
_I = TypeVar("_I", bound=np.signedinteger)


class FacetMeta(BaseModel):
    """A :class:`graph.catalogue.Facet` as JSON."""

    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    open_world: bool
    ordered: bool


class AncestorMeta(BaseModel):
    """A :class:`graph.dataset.Ancestor` as JSON."""

    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    fingerprint: str
    n_items: int
    n_attributes: int


class Meta(BaseModel):
    """Everything of a data set that is not a number."""

    model_config = ConfigDict(strict=True, extra="forbid")
    schema_version: int
    name: str
    source: str
    licence: str
    builder: str
    """What made the data set, so that it can be made anew when its maker has changed; empty when it was imported."""
    fingerprint: str
    arrays_sha256: str
    titles: list[str]
    attribute_names: list[str]
    facets: list[FacetMeta]
    user_facts: dict[str, list[str]]
    item_keys: list[str] | None = None
    texts: list[str] | None = None
    noun: str | None = None
    user_keys: list[str] | None = None
    grown_from: list[AncestorMeta] | None = None


def save(dataset: Dataset, folder: Path, builder: str = "") -> None:
    """Write the data set, replacing what was there; a reader sees the old one or the new one, never a mixture.

    :param builder: what made the data set, kept in ``Meta.builder``.
    :raises DataError: when the folder cannot be written.
    """
    arrays = safetensors.numpy.save(_to_arrays(dataset))
    meta = _to_meta(dataset, builder, hashlib.sha256(arrays).hexdigest())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror}); point CONVREC_CACHE at a folder you own"
        ) from error
    try:
        _write_through(fresh / ARRAYS, arrays)
        _write_through(fresh / META, meta.model_dump_json(indent=1, exclude_none=True).encode())
        _replace_folder(fresh, folder)
        _flush_folder(folder.parent)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror}); free some space or set CONVREC_CACHE"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def load(folder: Path) -> Dataset:
    """Read a data set that :func:`save` wrote.

    :raises DataError: when it is missing, damaged, or written by another version.
    """
    for attempt in range(_READS):
        before = _identity(folder)
        try:
            return _load_once(folder)
        except DataError:
            if attempt == _READS - 1 or _identity(folder) == before:
                raise
    raise AssertionError("the loop above returns or raises")


def read_meta(folder: Path) -> Meta:
    """Read ``meta.json`` alone.

    :raises DataError: when it is missing, is not what :func:`save` writes, or has another schema version.
    """
    path = folder / META
    raw = _read(path)
    try:
        meta = Meta.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise DataError(f"{path}: {place}: {first['msg']}; {_MEND}") from error
    if meta.schema_version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema_version is {meta.schema_version}, this convrec reads {SCHEMA_VERSION}; {_MEND}"
        )
    return meta


def _load_once(folder: Path) -> Dataset:
    meta = read_meta(folder)
    path = folder / ARRAYS
    raw = _read(path)
    if hashlib.sha256(raw).hexdigest() != meta.arrays_sha256:
        raise DataError(f"{path}: does not have the checksum that {META} gives; {_MEND}")
    try:
        arrays: _Arrays = safetensors.numpy.load(raw)
        dataset = _to_dataset(meta, arrays)
    except (safetensors.SafetensorError, DataError, KeyError) as error:
        raise DataError(f"{folder}: {str(error).splitlines()[0]}; {_MEND}") from error
    if dataset.fingerprint != meta.fingerprint:
        raise DataError(f"{folder / META}: the names are not those the fingerprint was made from; {_MEND}")
    return dataset


def _to_arrays(dataset: Dataset) -> dict[str, NDArray[np.generic]]:
    catalogue, history = dataset.catalogue, dataset.interactions
    arrays: dict[str, NDArray[np.generic]] = {
        "item_ids": catalogue.item_ids,
        "years": catalogue.years,
        "popularity": catalogue.popularity,
        "attribute_ids": catalogue.attribute_ids,
        "attribute_facet": catalogue.attribute_facet,
        "item_attributes.indptr": catalogue.item_attributes.indptr,
        "item_attributes.indices": catalogue.item_attributes.indices,
        "users": history.users,
        "items": history.items,
        "ratings": history.ratings,
        "times": history.times,
        "split": history.split,
        "liked": history.liked,
        "user_ids": history.user_ids,
        "friends.indptr": history.friends.indptr,
        "friends.indices": history.friends.indices,
    }
    if catalogue.recorded is not None:
        arrays["recorded"] = catalogue.recorded.ravel()
    # safetensors writes the buffer as it lies in memory, whatever the strides say.
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _to_meta(dataset: Dataset, builder: str, arrays_sha256: str) -> Meta:
    catalogue = dataset.catalogue
    return Meta(
        schema_version=SCHEMA_VERSION,
        name=dataset.name,
        source=dataset.source,
        licence=dataset.licence,
        builder=builder,
        fingerprint=dataset.fingerprint,
        arrays_sha256=arrays_sha256,
        titles=list(catalogue.titles),
        attribute_names=list(catalogue.attribute_names),
        facets=[FacetMeta(name=f.name, open_world=f.open_world, ordered=f.ordered) for f in catalogue.facets],
        user_facts={fact: list(values) for fact, values in dataset.interactions.user_facts.items()},
        item_keys=_listed(catalogue.item_keys),
        texts=_listed(catalogue.texts),
        noun=catalogue.noun,
        user_keys=_listed(dataset.interactions.user_keys),
        grown_from=[AncestorMeta(**each._asdict()) for each in dataset.grown_from] or None,
    )


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _distinct(names: list[str] | None, what: str) -> tuple[str, ...] | None:
    if names is not None and len(set(names)) != len(names):
        raise DataError(f"two of the {what} are the same")
    return None if names is None else tuple(names)


def _to_dataset(meta: Meta, arrays: _Arrays) -> Dataset:
    """Put the parts together, believing none of them.

    :raises DataError: naming the first array that breaks a rule.
    """
    n_items, n_attributes, n_facets = len(meta.titles), len(meta.attribute_names), len(meta.facets)
    n_users, n_edges = len(_take(arrays, "user_ids", np.int64)), len(_take(arrays, "users", np.int32))
    popularity = _take(arrays, "popularity", np.float32, n_items)
    ratings = _take(arrays, "ratings", np.float32, n_edges)
    if not (np.isfinite(ratings).all() and np.isfinite(popularity).all() and (popularity >= 0).all()):
        raise DataError("a rating or popularity is not a finite number, or a popularity is below 0")
    if len({facet.name for facet in meta.facets}) != n_facets:
        raise DataError("two facets have the same name")
    recorded = _take(arrays, "recorded", np.bool_, n_items * n_facets) if "recorded" in arrays else None
    catalogue = Catalogue(
        item_ids=_take_ids(arrays, "item_ids", n_items),
        titles=tuple(meta.titles),
        years=_take(arrays, "years", np.int16, n_items),
        popularity=popularity,
        facets=tuple(Facet(f.name, f.open_world, f.ordered) for f in meta.facets),
        attribute_ids=_take_ids(arrays, "attribute_ids", n_attributes),
        attribute_names=tuple(meta.attribute_names),
        attribute_facet=_take_indices(arrays, "attribute_facet", np.int16, n_attributes, n_facets),
        item_attributes=_take_csr(arrays, "item_attributes", n_items, n_attributes),
        recorded=None if recorded is None else recorded.reshape(n_items, n_facets),
        item_keys=_distinct(meta.item_keys, "item keys"),
        texts=None if meta.texts is None else tuple(meta.texts),
        noun=meta.noun,
    )
    interactions = Interactions(
        users=_take_indices(arrays, "users", np.int32, n_edges, n_users),
        items=_take_indices(arrays, "items", np.int32, n_edges, n_items),
        ratings=ratings,
        times=_take(arrays, "times", np.int64, n_edges),
        split=_take_indices(arrays, "split", np.int8, n_edges, len(Split)),
        liked=_take(arrays, "liked", np.bool_, n_edges),
        user_ids=_take_ids(arrays, "user_ids", n_users),
        user_facts={fact: tuple(values) for fact, values in meta.user_facts.items()},
        friends=_take_csr(arrays, "friends", n_users, n_users),
        n_items=n_items,
        user_keys=_distinct(meta.user_keys, "user keys"),
    )
    ancestors = tuple(Ancestor(**dict(each)) for each in meta.grown_from or ())
    return Dataset(meta.name, catalogue, interactions, meta.source, meta.licence, grown_from=ancestors)


def _take(arrays: _Arrays, name: str, dtype: type[_T], length: int | None = None) -> NDArray[_T]:
    if name not in arrays:
        raise DataError(f"{ARRAYS} has no array {name!r}")
    array = arrays[name]
    if array.dtype != np.dtype(dtype) or array.ndim != 1 or (length is not None and len(array) != length):
        wanted = f"{np.dtype(dtype).name} of shape ({'any' if length is None else length},)"
        raise DataError(f"array {name!r} is {array.dtype.name} of shape {array.shape}, not {wanted}")
    return cast("NDArray[_T]", array)


def _take_ids(arrays: _Arrays, name: str, length: int) -> NDArray[np.int64]:
    ids = _take(arrays, name, np.int64, length)
    if len(sorted_unique(ids)) != length:
        raise DataError(f"array {name!r} has an id twice")
    return ids


def _take_indices(arrays: _Arrays, name: str, dtype: type[_I], length: int, bound: int) -> NDArray[_I]:
    indices = _take(arrays, name, dtype, length)
    if length and not 0 <= int(indices.min()) <= int(indices.max()) < bound:
        raise DataError(f"array {name!r} points outside 0..{bound - 1}")
    return indices


def _take_csr(arrays: _Arrays, name: str, n_rows: int, n_columns: int) -> CSR:
    indptr = _take(arrays, f"{name}.indptr", np.int64, n_rows + 1)
    n_edges = len(_take(arrays, f"{name}.indices", np.int32))
    if indptr[0] != 0 or indptr[-1] != n_edges or (np.diff(indptr) < 0).any():
        raise DataError(f"array '{name}.indptr' does not cut {n_edges} edges into {n_rows} rows")
    csr = CSR(indptr, _take_indices(arrays, f"{name}.indices", np.int32, n_edges, n_columns), n_columns)
    starts_row = np.zeros(n_edges, dtype=bool)
    starts_row[indptr[:-1][csr.degrees > 0]] = True
    if n_edges and not (starts_row[1:] | (np.diff(csr.indices) > 0)).all():
        raise DataError(f"array '{name}.indices' is not ascending within its rows")
    return csr


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); {_MEND}") from error


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace_folder(fresh: Path, folder: Path) -> None:
    """Move ``fresh`` to ``folder``. A folder cannot be renamed onto a full one, so the old one steps aside first."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old-", dir=folder.parent))
    old = aside / folder.name
    placed = False
    try:
        while True:
            # Missing when there is nothing to replace, or when another process has just moved it aside.
            with suppress(FileNotFoundError):
                folder.rename(old)
            try:
                fresh.rename(folder)
                placed = True
                break
            except OSError as error:
                # Another process put its own folder there between the two renames: replace that one. It may be gone
                # again by now, so the error says it, not a look.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                shutil.rmtree(old, ignore_errors=True)
    finally:
        # After a failure what was there comes back, unless another process has put its own there meanwhile. After a
        # success the place may be empty for an instant too: another process is replacing what we have put there.
        if not placed:
            with suppress(OSError):
                old.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)


def _identity(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except FileNotFoundError:
        return None
