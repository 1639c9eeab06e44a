import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from graph.csr import CSR, ragged_ranges, sorted_unique

Edges = tuple[int, int, list[tuple[int, int]]]


@st.composite
def edge_lists(draw: st.DrawFn) -> Edges:
    n_rows, n_columns = draw(st.integers(0, 7)), draw(st.integers(0, 7))
    if not n_rows or not n_columns:
        return n_rows, n_columns, []
    pair = st.tuples(st.integers(0, n_rows - 1), st.integers(0, n_columns - 1))
    return n_rows, n_columns, draw(st.lists(pair, max_size=30))


def build(edges: Edges) -> CSR:
    n_rows, n_columns, pairs = edges
    return CSR.from_pairs([row for row, _ in pairs], [column for _, column in pairs], n_rows, n_columns)


@given(edge_lists())
def test_rows_hold_each_edge_once_and_in_order(edges: Edges) -> None:
    n_rows, _, pairs = edges
    csr = build(edges)
    assert csr.n_rows == n_rows
    assert csr.n_edges == len(set(pairs))
    for row in range(n_rows):
        assert csr.row(row).tolist() == sorted({column for own, column in pairs if own == row})
    assert list(zip(csr.row_of_edge().tolist(), csr.indices.tolist(), strict=True)) == sorted(set(pairs))


@given(edge_lists())
def test_agrees_with_scipy(edges: Edges) -> None:
    n_rows, n_columns, pairs = edges
    dense = np.zeros((n_rows, n_columns), np.float32)
    for row, column in pairs:
        dense[row, column] = 1
    csr = build(edges)
    assert np.array_equal(csr.to_scipy().toarray(), dense)
    assert np.array_equal(csr.transposed.to_scipy().toarray(), dense.T)
    assert np.array_equal(csr.degrees, sp.csr_array(dense).sum(axis=1) if n_rows and n_columns else np.zeros(n_rows))


@given(edge_lists())
def test_contains_exactly_the_edges(edges: Edges) -> None:
    n_rows, n_columns, pairs = edges
    found = build(edges).contains(np.arange(n_rows)[:, None], np.arange(n_columns)[None, :])
    assert found.shape == (n_rows, n_columns)
    assert set(zip(*map(np.ndarray.tolist, np.nonzero(found)), strict=True)) == set(pairs)


@given(edge_lists(), st.data())
def test_gather_is_the_rows_end_to_end(edges: Edges, data: st.DataObject) -> None:
    csr = build(edges)
    rows = data.draw(st.lists(st.integers(0, csr.n_rows - 1), max_size=10)) if csr.n_rows else []
    place, columns = csr.gather(rows)
    expected = [(at, column) for at, row in enumerate(rows) for column in csr.row(row).tolist()]
    assert list(zip(place.tolist(), columns.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 6)), max_size=12))
def test_ragged_ranges_are_aranges_end_to_end(ranges: list[tuple[int, int]]) -> None:
    starts, lengths = np.array(ranges, np.int64).reshape(-1, 2).T
    expected = [value for start, length in ranges for value in range(start, start + length)]
    assert ragged_ranges(starts, lengths).tolist() == expected


@given(st.lists(st.integers(-5, 5)))
def test_sorted_unique_is_the_sorted_set(values: list[int]) -> None:
    assert sorted_unique(np.array(values, np.int64)).tolist() == sorted(set(values))


@pytest.mark.parametrize(("row", "column"), [(2, 0), (0, 3), (-1, 0), (0, -1)])
def test_an_edge_that_points_outside_is_refused(row: int, column: int) -> None:
    with pytest.raises(ValueError, match="outside 2 rows x 3 columns"):
        CSR.from_pairs([0, row], [0, column], 2, 3)
