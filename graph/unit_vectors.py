"""Vectors scaled to length one."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Vectors along the last axis scaled to length 1; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)
