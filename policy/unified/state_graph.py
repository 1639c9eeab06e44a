"""The edges of the state graph, from the ids of its nodes.

Legend: N dialogues, Q question slots, I item slots, A answered nodes, R refused nodes, M nodes, P attributes, V items.

Nodes are, in order: the user, Q questions, I items, wait, A answered attributes, R items of refused lists.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from policy.unified.layout import RELATIONS

FloatArray = NDArray[np.float32]


def state_edges(
    catalogue: Catalogue,
    asks: NDArray[np.int32],
    items: NDArray[np.int32],
    answered: NDArray[np.int32],
    refused: NDArray[np.int32],
    masses: FloatArray,
) -> FloatArray:
    """Weights of the edges between the nodes, each row of each relation summing to one at most.

    :param asks: options of the questions, shape (N, Q, m), -1 for none, like all of these.
    :param items: shape (N, I); ``answered``: shape (N, A); ``refused``: shape (N, R).
    :param masses: belief in what each slot stands for, shape (N, K).
    :return: shape (N, relations, M, M).
    """
    edges, unknown = catalogue.item_attributes, catalogue.unknown_items.transposed
    n_nodes = 1 + masses.shape[1] + answered.shape[1] + refused.shape[1]
    weights = np.zeros((len(items), len(RELATIONS), n_nodes, n_nodes), np.float32)
    _fill(
        weights, asks, items, answered, refused, masses, catalogue.attribute_facet,
        edges.indptr, edges.indices, unknown.indptr, unknown.indices,
    )  # fmt: skip
    return weights


@njit(cache=True)
def _holds(indptr, indices, row, column):  # type: ignore[no-untyped-def]
    low, high = indptr[row], indptr[row + 1]
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low < indptr[row + 1] and indices[low] == column


@njit(cache=True)
def _in_common(indptr, indices, one, other):  # type: ignore[no-untyped-def]
    """Share of the attributes of two items that both have."""
    i, j = indptr[one], indptr[other]
    shared = 0
    while i < indptr[one + 1] and j < indptr[other + 1]:
        if indices[i] == indices[j]:
            shared += 1
            i += 1
            j += 1
        elif indices[i] < indices[j]:
            i += 1
        else:
            j += 1
    union = indptr[one + 1] - indptr[one] + indptr[other + 1] - indptr[other] - shared
    return shared / union if union else 0.0


@njit(cache=True)
def _fill(  # type: ignore[no-untyped-def]  # noqa: C901
    weights, asks, items, answered, refused, masses, facets, indptr, indices, unknown_indptr, unknown_indices
):
    n_ask, n_items, n_options = asks.shape[1], items.shape[1], asks.shape[2]
    n_slots, n_answered, n_refused = masses.shape[1], answered.shape[1], refused.shape[1]
    n_attributes, n_shown = n_ask + n_answered, n_items + n_refused
    attribute_node = np.empty(n_attributes, np.int64)
    options = np.empty((n_attributes, n_options), np.int64)
    item_node = np.empty(n_shown, np.int64)
    shown = np.empty(n_shown, np.int64)
    for q in range(n_ask):
        attribute_node[q] = 1 + q
    for a in range(n_answered):
        attribute_node[n_ask + a] = 1 + n_slots + a
    for i in range(n_items):
        item_node[i] = 1 + n_ask + i
    for r in range(n_refused):
        item_node[n_items + r] = 1 + n_slots + n_answered + r
    for row in range(weights.shape[0]):
        options[:] = -1
        options[:n_ask] = asks[row]
        options[n_ask:, 0] = answered[row]
        shown[:n_items] = items[row]
        shown[n_items:] = refused[row]
        has, may, alike, believed = weights[row, 0], weights[row, 1], weights[row, 2], weights[row, 3]
        for x in range(n_attributes):
            if options[x, 0] < 0:
                continue
            u = attribute_node[x]
            facet = facets[options[x, 0]]
            for y in range(x):
                if options[y, 0] >= 0 and facets[options[y, 0]] == facet:
                    alike[u, attribute_node[y]] = alike[attribute_node[y], u] = 1.0
            for i in range(n_shown):
                if shown[i] < 0:
                    continue
                held = 0
                count = 0
                for o in range(n_options):
                    if options[x, o] >= 0:
                        count += 1
                        if _holds(indptr, indices, shown[i], options[x, o]):
                            held += 1
                if held:
                    has[u, item_node[i]] = has[item_node[i], u] = held / count
                elif _holds(unknown_indptr, unknown_indices, shown[i], facet):
                    may[u, item_node[i]] = may[item_node[i], u] = 1.0
        for i in range(n_shown):
            if shown[i] < 0:
                continue
            for j in range(i):
                if shown[j] >= 0:
                    common = _in_common(indptr, indices, shown[i], shown[j])
                    alike[item_node[i], item_node[j]] = alike[item_node[j], item_node[i]] = common
        for slot in range(n_slots):
            believed[0, 1 + slot] = masses[row, slot]
            believed[1 + slot, 0] = 1.0
        for a in range(n_answered):
            if answered[row, a] >= 0:
                believed[0, 1 + n_slots + a] = believed[1 + n_slots + a, 0] = 1.0
        for r in range(n_refused):
            if refused[row, r] >= 0:
                believed[0, 1 + n_slots + n_answered + r] = believed[1 + n_slots + n_answered + r, 0] = 1.0
        for relation in range(weights.shape[1]):
            for u in range(weights.shape[2]):
                total = weights[row, relation, u].sum()
                if total > 1.0:
                    weights[row, relation, u] /= total


__all__ = ["state_edges"]
