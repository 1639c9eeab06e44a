"""Loops over sparse edges, against sparse matrix products; more rows than one block."""

import numpy as np

from graph.affinity.kernels import BLOCK, spread_over, sum_over, sum_three_over
from graph.csr import CSR

ROWS, COLUMNS = 2 * BLOCK + 17, 30


def edges() -> CSR:
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, ROWS, 5 * ROWS), rng.integers(0, COLUMNS, 5 * ROWS)
    return CSR.from_pairs(rows, columns, ROWS, COLUMNS)


def test_rows_sum_the_values_of_their_columns() -> None:
    rng, graph = np.random.default_rng(1), edges()
    values, scale = rng.normal(size=(3, COLUMNS)).astype(np.float32), rng.random(ROWS).astype(np.float32)
    expected = (graph.to_scipy() @ values.T).T * scale
    np.testing.assert_allclose(sum_over(graph, values, scale), expected, atol=1e-5)


def test_three_sums_at_once_are_three_sums_not_below_zero() -> None:
    rng, graph = np.random.default_rng(2), edges()
    values = rng.normal(size=(2, COLUMNS, 3)).astype(np.float32)
    scales = rng.random((ROWS, 3)).astype(np.float32)
    found = np.full((2, 4, ROWS), np.nan, dtype=np.float32)
    sum_three_over(graph, values, scales, found, (3, 0, 2))
    for place, where in enumerate((3, 0, 2)):
        expected = np.maximum((graph.to_scipy() @ values[:, :, place].T).T * scales[:, place], 0)
        np.testing.assert_allclose(found[:, where], expected, atol=1e-5)
    assert np.isnan(found[:, 1]).all()


def test_columns_gather_what_their_rows_hand_them() -> None:
    rng, graph = np.random.default_rng(3), edges()
    values = np.where(rng.random((2, ROWS)) < 0.2, rng.normal(size=(2, ROWS)), 0).astype(np.float32)
    scale = rng.random(COLUMNS).astype(np.float32)
    expected = (graph.to_scipy().T @ values.T).T * scale
    np.testing.assert_allclose(spread_over(graph, values, scale), expected, rtol=1e-4, atol=1e-3)
