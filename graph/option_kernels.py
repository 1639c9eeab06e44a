"""Which options a question has, compiled: loops over a batch of beliefs.

Legend: N dialogues, V items, P attributes, F facets, C attributes weighed in each, m options, B blocks of items.  Edges
are CSR arrays (``indptr``, ``indices``) as in :mod:`graph.csr`.
"""

import numpy as np
from numba import njit

from graph.kernels import NEGLIGIBLE, believed_items
from graph.question_kernels import plogp

LEAST_GAIN = 1e-6
"""Bits another option must add."""


@njit(cache=True)
def _naming_information(cells, sizes, log_sizes, n_chosen, candidate, named):  # type: ignore[no-untyped-def]
    """Bits from a truthful facet question once ``candidate`` joins the options chosen so far.

    :param cells: belief in each cell of the options chosen so far, shape (2**m,).
    :param sizes: how many options each cell has, shape (2**m,); ``log_sizes``: the logarithms of 0 (taken as 1) to m.
    :param candidate: the part of each cell that has the candidate, shape (2**m,).
    :param named: written over, shape (m,).
    """
    named[: n_chosen + 1] = 0.0
    nothing = 0.0
    spread = 0.0
    for cell in range(1 << n_chosen):
        size = sizes[cell]
        with_it = candidate[cell]
        without = max(cells[cell] - with_it, 0.0)
        if size == 0:
            nothing += without
        else:
            spread += without * log_sizes[size]
        spread += with_it * log_sizes[size + 1]
        for place in range(n_chosen):
            if cell >> place & 1:
                named[place] += without / size + with_it / (size + 1)
        named[n_chosen] += with_it / (size + 1)
    bits = -plogp(nothing) - spread
    for place in range(n_chosen + 1):
        bits -= plogp(named[place])
    return bits


@njit(cache=True)
def _partition_entropy(cells, n_chosen, candidate):  # type: ignore[no-untyped-def]
    """Bits from a truthful multi question once ``candidate`` joins the options chosen so far."""
    bits = 0.0
    for cell in range(1 << n_chosen):
        bits -= plogp(candidate[cell]) + plogp(max(cells[cell] - candidate[cell], 0.0))
    return bits


@njit(cache=True)
def _drop_negligible(items, masses, n_believed):  # type: ignore[no-untyped-def]
    """Keep only items that are counted, in their order; return how many there are."""
    kept = 0
    for place in range(n_believed):
        items[kept], masses[kept] = items[place], masses[place]
        kept += masses[place] > NEGLIGIBLE
    return kept


@njit(cache=True)
def _sum_of_degrees(nodes, n_nodes, indptr):  # type: ignore[no-untyped-def]
    total = 0
    for place in range(n_nodes):
        total += indptr[nodes[place] + 1] - indptr[nodes[place]]
    return total


@njit(cache=True)
def _pick(cells, sizes, log_sizes, place, weighed, part, named, naming, least):  # type: ignore[no-untyped-def]
    """The attribute that makes the truthful answer worth most as the next option, -1 for none, and how much then.

    :param weighed: attributes to choose among, -1 for none, shape (C,).
    :param part: the part of each cell that has the attribute, shape (C, 2**m).
    :param least: what it has to be worth more than.
    """
    best, best_worth = -1, least
    for index in range(len(weighed)):
        if weighed[index] < 0:
            continue
        if naming:
            bits = _naming_information(cells, sizes, log_sizes, place, part[index], named)
        else:
            bits = _partition_entropy(cells, place, part[index])
        if bits > best_worth:
            best, best_worth = index, bits
    return best, best_worth


@njit(cache=True)
def _edges_of_items(items, n_items, indptr, indices, weighed, facets, place_of, edges, first_edge):  # type: ignore[no-untyped-def]
    """List the edges of items to attributes that are weighed, those of one item after those of another.

    :param place_of: all -1 before and after, shape (P,).
    :param edges: written to: place of the item among the items, facet, place of the attribute among those weighed.
    :param first_edge: written to, shape (V + 1,).
    """
    for facet in range(weighed.shape[0]):
        for index in range(weighed.shape[1]):
            if weighed[facet, index] >= 0:
                place_of[weighed[facet, index]] = index
    n_edges = 0
    for number in range(n_items):
        first_edge[number] = n_edges
        for edge in range(indptr[items[number]], indptr[items[number] + 1]):
            index = place_of[indices[edge]]
            edges[n_edges, 0], edges[n_edges, 1], edges[n_edges, 2] = number, facets[indices[edge]], index
            n_edges += index >= 0  # written over by the next edge unless it counts
    first_edge[n_items] = n_edges
    for facet in range(weighed.shape[0]):
        for index in range(weighed.shape[1]):
            place_of[max(weighed[facet, index], 0)] = -1
    return n_edges


@njit(cache=True)
def _move_by_item(masses, edges, n_edges, first_edge, chosen, place, state, part):  # type: ignore[no-untyped-def]
    """What else an item with the chosen option has in its facet moves to another cell, item after item."""
    for edge in range(n_edges):
        number, facet = edges[edge, 0], edges[edge, 1]
        if edges[edge, 2] == chosen[facet]:
            before, mass = state[facet, number], masses[number]
            state[facet, number] = after = before | 1 << place
            for other in range(first_edge[number], first_edge[number + 1]):
                if edges[other, 1] == facet:
                    part[facet, edges[other, 2], before] -= mass
                    part[facet, edges[other, 2], after] += mass


@njit(cache=True)
def _sums_by_attribute(mass_of, weighed, indptr, indices, part):  # type: ignore[no-untyped-def]
    """Write the mass of the items that have each attribute into its first cell."""
    for facet in range(weighed.shape[0]):
        for index in range(weighed.shape[1]):
            attribute = weighed[facet, index]
            if attribute >= 0:
                total = 0.0
                for edge in range(indptr[attribute], indptr[attribute + 1]):
                    total += mass_of[indices[edge]]
                part[facet, index, 0] = total


@njit(cache=True)
def _move_by_attribute(mass_of, weighed, indptr, indices, attribute, place, state, part):  # type: ignore[no-untyped-def]
    """The same in one facet, attribute after attribute: each sum is added up in the same order."""
    bit = np.uint8(1 << place)
    for edge in range(indptr[attribute], indptr[attribute + 1]):
        state[indices[edge]] |= bit
    for index in range(len(weighed)):
        if weighed[index] >= 0:
            for edge in range(indptr[weighed[index]], indptr[weighed[index] + 1]):
                after = state[indices[edge]]
                if after & bit:
                    part[index, after ^ bit] -= mass_of[indices[edge]]
                    part[index, after] += mass_of[indices[edge]]


@njit(cache=True)
def choose_options(log_weights, peaks, unknown, weighed, facets, naming, n_options, by_item, by_attribute):  # type: ignore[no-untyped-def]  # noqa: C901
    """Pick the options of one question a facet greedily: each next one is what makes the truthful answer worth most.

    Walked are the edges of believed items or those of attributes that are weighed, whichever are fewer; both give the
    same to the bit.

    :param log_weights, peaks: shapes (N, V) and (N, B); see :func:`find_peaks`.
    :param unknown: belief that each facet is unknown for the item, which is taken for silence, shape (N, F).
    :param weighed: attributes to choose among, most telling first, shape (N, F, C), -1 where there are fewer.
    :param facets: facet of each attribute, shape (P,).
    :param naming: True for facet questions (one is named), False for multi (all that hold are picked).
    :param by_item, by_attribute: attributes of each item, and items of each attribute: indptr and indices.
    :return: options (N, F, m) int32, -1 where fewer are worth anything, and the belief in each cell of the items
        for which the facet is known (N, F, 2**m) float64.
    """
    n_rows, n_facets, n_weighed = weighed.shape
    n_cells, n_items = 1 << n_options, log_weights.shape[1]
    options = np.full((n_rows, n_facets, n_options), -1, np.int32)
    held = np.zeros((n_rows, n_facets, n_cells))
    believed, masses = np.empty(n_items, np.int32), np.empty(n_items, np.float32)
    mass_of = np.zeros(n_items, np.float32)
    edges, first_edge = np.empty((0, 3), np.int32), np.empty(0, np.int64)
    place_of = np.full(len(facets), -1, np.int32)
    open_ones, state = np.empty((n_facets, n_weighed), np.int32), np.zeros((n_facets, n_items), np.uint8)
    part = np.zeros((n_facets, n_weighed, n_cells))
    worth = np.zeros(n_facets)
    chosen, named = np.empty(n_facets, np.int32), np.empty(n_options)
    log_sizes = np.log2(np.maximum(np.arange(n_options + 1), 1.0))
    sizes = np.zeros(n_cells, np.int64)
    for cell in range(n_cells):
        for place in range(n_options):
            sizes[cell] += cell >> place & 1
    for row in range(n_rows):
        n_believed, _, _ = believed_items(log_weights[row], peaks[row], believed, masses)
        n_believed = _drop_negligible(believed, masses, n_believed)
        open_ones[:] = weighed[row]
        worth[:], state[:], part[:], n_edges = 0.0, 0, 0.0, 0
        held[row, :, 0] = np.maximum(1.0 - unknown[row], 0.0)
        few = _sum_of_degrees(believed, n_believed, by_item[0])
        named_ones = open_ones.ravel()[open_ones.ravel() >= 0]
        narrow = few < _sum_of_degrees(named_ones, len(named_ones), by_attribute[0])
        if narrow:
            if len(edges) < few + 1:
                edges, first_edge = np.empty((few + 1, 3), np.int32), np.empty(n_items + 1, np.int64)
            n_edges = _edges_of_items(
                believed, n_believed, by_item[0], by_item[1], open_ones, facets, place_of, edges, first_edge
            )
            for edge in range(n_edges):
                part[edges[edge, 1], edges[edge, 2], 0] += masses[edges[edge, 0]]
        else:
            mass_of[:] = 0.0
            for number in range(n_believed):
                mass_of[believed[number]] = masses[number]
            _sums_by_attribute(mass_of, open_ones, by_attribute[0], by_attribute[1], part)
        for place in range(n_options):
            for facet in range(n_facets):
                cells = held[row, facet]
                best, best_worth = _pick(
                    cells, sizes, log_sizes, place, open_ones[facet], part[facet], named, naming,
                    worth[facet] + LEAST_GAIN,
                )  # fmt: skip
                chosen[facet] = best
                if best >= 0:
                    worth[facet] = best_worth
                    attribute = options[row, facet, place] = open_ones[facet, best]
                    open_ones[facet, best] = -1
                    for cell in range(1 << place):
                        cells[cell | 1 << place] = part[facet, best, cell]
                        cells[cell] = max(cells[cell] - part[facet, best, cell], 0.0)
                    if not narrow and place + 1 < n_options:
                        _move_by_attribute(
                            mass_of, open_ones[facet], by_attribute[0], by_attribute[1], attribute, place,
                            state[facet], part[facet],
                        )  # fmt: skip
            if narrow and place + 1 < n_options:
                _move_by_item(masses, edges, n_edges, first_edge, chosen, place, state, part)
    return options, held
