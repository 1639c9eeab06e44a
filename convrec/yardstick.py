"""What speed is measured against: a fixed calculation of the same run, and the largest data set of the benchmark."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from convrec import provenance
from graph.whole_file import written_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

YELP_SHAPE = "synthetic:users=27675,items=70311,attributes=590,seed=0"
"""The largest data set of the published benchmark, in shape."""

CALIBRATION_SHAPE = (256, 7432)
"""Softmax of this shape is the yardstick."""


def calibrations_per_second(repeats: int = 20) -> float:
    """How often softmax of :data:`CALIBRATION_SHAPE` in float32 runs in a second, the best of ``repeats`` tries."""
    values = np.random.default_rng(0).normal(size=CALIBRATION_SHAPE).astype(np.float32)
    best = float("inf")
    for _ in range(repeats):
        began = perf_counter()
        weights = np.exp(values - values.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        best = min(best, perf_counter() - began)
    return 1 / best


def write_figures(path: Path, found: "Sequence[DataclassInstance]", **more: Any) -> None:
    """Write what was measured as JSON, with the command, the commit and the machine.

    :param more: what stands beside the results.
    """
    content = {
        "schema_version": 1,
        "command": provenance.command_line(),
        "commit": provenance.commit(),
        "device": provenance.device(),
        **more,
        "results": [asdict(figures) for figures in found],
    }
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
