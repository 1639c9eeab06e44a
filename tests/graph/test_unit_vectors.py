"""Vectors of length one."""

import numpy as np

from graph.unit_vectors import unit_rows


def test_rows_have_length_one_and_zeros_stay() -> None:
    vectors = np.array([[[3.0, 4.0], [0.0, 0.0]], [[1e-15, 0.0], [-2.0, 0.0]]], np.float32)
    found = unit_rows(vectors)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[[0.6, 0.8], [0.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]]], rtol=1e-6)
