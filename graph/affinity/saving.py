"""A fitted hybrid on disk: ``arrays.safetensors`` and ``affinity.json`` in one folder.

The file holds what was learned and nothing of any user: the network.  Signals in closed form are fitted again to the
data set when it is loaded, which must be the same to the last edge.  Nothing read here can run code.
"""

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from graph.affinity.hybrid import Hybrid
from graph.affinity.network import Network
from graph.dataset import Dataset
from graph.errors import DataError
from graph.whole_file import written_whole

SCHEMA_VERSION = 1
ARRAYS, META = "arrays.safetensors", "affinity.json"


def save(model: Hybrid, dataset: Dataset, folder: Path) -> None:
    """Write what was learned, replacing what was there.

    :raises DataError: when nothing was learned, or the folder cannot be written.
    """
    if model.network is None:
        raise DataError(f"{folder}: nothing was learned from {dataset.name}, so there is nothing to keep")
    arrays = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in model.network.arrays().items()})
    meta = {
        "schema_version": SCHEMA_VERSION,
        "kind": model.name,
        "data": dataset.name,
        "licence": dataset.licence,
        "graph": dataset.fingerprint,
        "signals": model.signal_names,
        "most_dense": model.most_dense,
        "gain": model.likelihood_gain,
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / ARRAYS) as unfinished:
            unfinished.write_bytes(arrays)
        # Last: it names the arrays by their hash, so a reader never takes old and new together for whole.
        with written_whole(folder / META) as unfinished:
            unfinished.write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}); name a folder you own") from error


def load(dataset: Dataset, folder: Path) -> Hybrid:
    """Read what :func:`save` wrote.

    :raises DataError: when it is missing or damaged, was written by another version, or belongs to other data.
    """
    mend = "fit it again"
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        raw = (folder / ARRAYS).read_bytes()
        if meta["schema_version"] != SCHEMA_VERSION or meta["kind"] != Hybrid.name:
            raise DataError(f"{folder}: schema {meta['schema_version']!r} of {meta['kind']!r}; {mend}")
        if meta["graph"] != dataset.fingerprint:
            raise DataError(f"{folder}: learned from other data ({meta['data']}, graph {meta['graph']}); {mend}")
        if meta["arrays_sha256"] != hashlib.sha256(raw).hexdigest():
            raise DataError(f"{folder / ARRAYS}: damaged; {mend}")
        arrays = safetensors.numpy.load(raw)
        network = Network(**{each.name: arrays[each.name] for each in fields(Network)})
        model = Hybrid(dataset, network, int(meta["most_dense"]), lambda line: None)
        model.likelihood_gain = float(meta["gain"]) if meta["gain"] is not None else None
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); {mend}") from error
    except (KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise DataError(f"{folder}: not a fitted affinity ({error}); {mend}") from error
    if model.signal_names != meta["signals"]:
        raise DataError(f"{folder}: learned with other signals ({', '.join(map(str, meta['signals']))}); {mend}")
    return model
