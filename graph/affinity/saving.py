"""A learned affinity on disk: ``arrays.safetensors`` and ``affinity.json`` in one folder.

The file holds what was learned and nothing of any user.  What follows from the data in closed form is worked out again
when it is loaded; the data set must be the same to the last edge.  Nothing read here can run code.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from graph.affinity.calibrated import Calibrated
from graph.affinity.hybrid import Hybrid
from graph.affinity.network import Network
from graph.affinity.signals.coded import Coded
from graph.affinity.signals.factors import Als, Bpr
from graph.affinity.signals.lightgcn import LightGcn
from graph.affinity.signals.personas import PersonaScores
from graph.affinity.signals.sequential import Sequential
from graph.dataset import Dataset
from graph.errors import DataError
from graph.whole_file import written_whole

SCHEMA_VERSION = 2
ARRAYS, META = "arrays.safetensors", "affinity.json"

LEARNED_SIGNALS = {signal.name: signal for signal in (Als, Bpr, Coded, LightGcn, PersonaScores, Sequential)}
"""Those that take long to learn; the others are worked out anew in no more time than reading a file."""

KEPT = (Hybrid.name, *LEARNED_SIGNALS)
"""Kinds of affinity that can be kept."""

SURVIVE_GROWTH = (Hybrid.name, Coded.name)
"""Those of them without numbers of single items: they serve new items as they are."""

_SCALE = "scale"
"""Name of the calibration's numbers among the arrays of a signal: softening and weights."""


def save(model: Hybrid | Calibrated, dataset: Dataset, folder: Path) -> None:
    """Write what was learned, replacing what was there.

    :raises DataError: when nothing was learned, or the folder cannot be written.
    """
    learned, about = _of_hybrid(model) if isinstance(model, Hybrid) else _of_signal(model)
    if not learned:
        raise DataError(f"{folder}: nothing was learned from {dataset.name}, so there is nothing to keep")
    arrays = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in learned.items()})
    meta = {
        "schema_version": SCHEMA_VERSION,
        "kind": model.name,
        "data": dataset.name,
        "licence": dataset.licence,
        "graph": dataset.fingerprint,
        **about,
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


def _of_hybrid(model: Hybrid) -> tuple[Mapping[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and further facts."""
    about = {"signals": model.signal_names, "most_dense": model.most_dense, "gain": model.likelihood_gain}
    return ({} if model.network is None else model.network.arrays()), about


def _of_signal(model: Calibrated) -> tuple[Mapping[str, NDArray[Any]], dict[str, Any]]:
    if model.name not in LEARNED_SIGNALS:
        return {}, {}
    return {**model.signal.arrays(), _SCALE: np.array([model.softening, *model.weights])}, {}


def load(dataset: Dataset, folder: Path, learned_from: str | None = None) -> Hybrid | Calibrated:
    """Read what :func:`save` wrote.

    :param learned_from: fingerprint of the data it was learned from, where items were added to them since.
    :raises DataError: when it is missing or damaged, was written by another version, or belongs to other data.
    """
    mend = "fit it again"
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        raw = (folder / ARRAYS).read_bytes()
        if meta["schema_version"] != SCHEMA_VERSION or meta["kind"] not in KEPT:
            raise DataError(f"{folder}: schema {meta['schema_version']!r} of {meta['kind']!r}; {mend}")
        if meta["graph"] != (learned_from or dataset.fingerprint):
            raise DataError(f"{folder}: learned from other data ({meta['data']}, graph {meta['graph']}); {mend}")
        if meta["arrays_sha256"] != hashlib.sha256(raw).hexdigest():
            raise DataError(f"{folder / ARRAYS}: damaged; {mend}")
        arrays = safetensors.numpy.load(raw)
        model = (
            _hybrid(dataset, meta, arrays) if meta["kind"] == Hybrid.name else _signal(dataset, meta["kind"], arrays)
        )
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); {mend}") from error
    except (IndexError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise DataError(f"{folder}: not a fitted affinity ({error}); {mend}") from error
    if isinstance(model, Hybrid) and model.signal_names != meta["signals"]:
        raise DataError(f"{folder}: learned with other signals ({', '.join(map(str, meta['signals']))}); {mend}")
    return model


def _hybrid(dataset: Dataset, meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Hybrid:
    network = Network(**{each.name: arrays[each.name] for each in fields(Network)})
    model = Hybrid(dataset, network, int(meta["most_dense"]), lambda line: None)
    model.likelihood_gain = float(meta["gain"]) if meta["gain"] is not None else None
    return model


def _signal(dataset: Dataset, kind: str, arrays: dict[str, NDArray[Any]]) -> Calibrated:
    softening, *weights = arrays.pop(_SCALE).astype(np.float64).tolist()
    return Calibrated(dataset, LEARNED_SIGNALS[kind].restore(dataset, arrays), kind, softening, np.array(weights))
