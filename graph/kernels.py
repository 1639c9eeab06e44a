"""Loops over a batch of beliefs, compiled: what NumPy cannot do without touching every item of every dialogue.

Legend: N dialogues, V items, P attributes, F facets, E questions, m options, S = 2**m + 1 states, B blocks of items.
Edges are CSR arrays (``indptr``, ``indices``) as in :mod:`graph.csr`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEGLIGIBLE = 1e-9
"""Belief in one item below which its attributes are not counted: a million such items hold a thousandth of the mass."""

LEAST_DISTANCE = np.float32(-30.0)
"""Log-weight below the largest from which an item holds less than a 1e-13th of it."""

BLOCK = 64
"""Items whose largest weight is found first, to see whether any of them matters."""


@njit(cache=True)
def add_by_state(log_weights, rows, options, facets, deltas, indptr, indices, unknown_indptr, unknown_indices):  # type: ignore[no-untyped-def]
    """Add to each item of a row what its state adds, relative to the state of having no option.

    :param log_weights: changed in place, shape (N, V).
    :param rows, options, facets: of each question, shapes (E,), (E, m) and (E,); options are -1 where absent.
    :param deltas: log-likelihood of each state minus that of state 0, shape (E, S).
    :param indptr, indices: items of each attribute; ``unknown_…``: items for which each facet is unknown.
    """
    n_questions, n_options = options.shape
    state = np.zeros(log_weights.shape[1], np.uint8)
    for question in range(n_questions):
        weights = log_weights[rows[question]]
        for place in range(n_options):
            attribute = options[question, place]
            if attribute >= 0:
                for edge in range(indptr[attribute], indptr[attribute + 1]):
                    state[indices[edge]] |= 1 << place
        for place in range(n_options):
            attribute = options[question, place]
            if attribute >= 0:
                for edge in range(indptr[attribute], indptr[attribute + 1]):
                    item = indices[edge]
                    if state[item]:
                        weights[item] += deltas[question, state[item]]
                        state[item] = 0
        facet = facets[question]
        delta = deltas[question, -1]
        if delta != 0.0:
            for edge in range(unknown_indptr[facet], unknown_indptr[facet + 1]):
                weights[unknown_indices[edge]] += delta


@njit(cache=True)
def subtract_log_unnamed(log_weights, rows, already, degrees, log_unnamed):  # type: ignore[no-untyped-def]
    """Divide the weight of each item of a row by the number of its attributes that were not yet named, 1 at least.

    :param log_weights: changed in place, shape (N, V).
    :param rows, already: dialogue, and number of attributes that were named before, shapes (E,).
    :param degrees: number of attributes of each item, shape (V,).
    :param log_unnamed: logarithm of 0 (taken as 1), 1, 2, … attributes.
    """
    for place in range(len(rows)):
        weights = log_weights[rows[place]]
        for item in range(len(degrees)):
            weights[item] -= log_unnamed[max(degrees[item] - already[place], 0)]


@njit(cache=True)
def add_by_side(  # type: ignore[no-untyped-def]
    log_weights, rows, facets, references, directions, satisfied, unknown, attribute_facet, indptr, indices,
    unknown_indptr, unknown_indices
):  # fmt: skip
    """Add to each item of a row that has a value of the facet on the wanted side of the reference.

    :param log_weights: changed in place, shape (N, V).
    :param rows, facets, references, directions: of each critique, shape (E,).
    :param satisfied, unknown: what items on the wanted side gain, and those for which the facet is unknown.
    :param attribute_facet: shape (P,); within a facet attributes stand in order.
    :param indptr, indices: items of each attribute; ``unknown_…``: items for which each facet is unknown.
    """
    visited = np.full(log_weights.shape[1], -1, np.int64)
    for critique in range(len(rows)):
        weights = log_weights[rows[critique]]
        facet, reference = facets[critique], references[critique]
        first, last = (0, reference) if directions[critique] < 0 else (reference + 1, len(attribute_facet))
        for attribute in range(first, last):
            if attribute_facet[attribute] != facet:
                continue
            for edge in range(indptr[attribute], indptr[attribute + 1]):
                if visited[indices[edge]] != critique:
                    visited[indices[edge]] = critique
                    weights[indices[edge]] += satisfied
        for edge in range(unknown_indptr[facet], unknown_indptr[facet + 1]):
            weights[unknown_indices[edge]] += unknown


@njit(cache=True)
def find_peaks(log_weights):  # type: ignore[no-untyped-def]
    """Largest log-weight of each block of :data:`BLOCK` items, shape (N, B): few blocks need be looked at again."""
    n_rows, n_items = log_weights.shape
    n_blocks = (n_items + BLOCK - 1) // BLOCK
    peaks = np.empty((n_rows, n_blocks), np.float32)
    for row in range(n_rows):
        weights = log_weights[row]
        for block in range(n_blocks):
            peak = np.float32(-np.inf)
            for item in range(block * BLOCK, min((block + 1) * BLOCK, n_items)):
                peak = max(peak, weights[item])
            peaks[row, block] = peak
    return peaks


@njit(cache=True)
def believed_items(weights, peaks, items, masses):  # type: ignore[no-untyped-def]
    """Softmax of one row: the items that hold more than next to nothing, in order, and their masses.

    :param weights, peaks: shape (V,) and (B,).
    :param items, masses: written to, shape (V,); float32 masses.
    :return: how many items there are, the largest weight, and one over the sum of all masses relative to it.
    """
    largest_weight = np.float32(-np.inf)
    for block in range(len(peaks)):
        largest_weight = max(largest_weight, peaks[block])
    n_believed = 0
    for block in range(len(peaks)):
        if peaks[block] - largest_weight > LEAST_DISTANCE:
            for item in range(block * BLOCK, min((block + 1) * BLOCK, len(weights))):
                items[n_believed] = item  # written over by the next item unless it counts
                n_believed += weights[item] - largest_weight > LEAST_DISTANCE
    total = 0.0
    for place in range(n_believed):
        masses[place] = np.exp(weights[items[place]] - largest_weight)
        total += masses[place]
    scale = np.float32(1.0 / total)
    for place in range(n_believed):
        masses[place] *= scale
    return n_believed, largest_weight, scale


@njit(cache=True)
def normalise(log_weights, peaks):  # type: ignore[no-untyped-def]
    """Softmax of each row, shape (N, V), float32; what is too small to count is zero without calling ``exp``."""
    n_rows, n_items = log_weights.shape
    probability = np.zeros((n_rows, n_items), np.float32)
    items, masses = np.empty(n_items, np.int32), np.empty(n_items, np.float32)
    for row in range(n_rows):
        n_believed, _, _ = believed_items(log_weights[row], peaks[row], items, masses)
        for place in range(n_believed):
            probability[row, items[place]] = masses[place]
    return probability


@njit(cache=True)
def mix(mixed, shares, rows, one, log_one, other, log_other):  # type: ignore[no-untyped-def]
    """Log-weights of two hypotheses together, and how much of the mass is the first one's.

    :param mixed, shares: written to in the rows given, shapes (N, V) and (N,).
    :param one, other: log-weights under each hypothesis, shape (N, V).
    :param log_one, log_other: what each hypothesis adds to all weights of a row, shape (N,).
    """
    for row in rows:
        most = max(log_one[row], log_other[row])
        add_one, add_other = np.float32(log_one[row] - most), np.float32(log_other[row] - most)
        peak = np.float32(-np.inf)
        for item in range(mixed.shape[1]):
            first, second = one[row, item] + add_one, other[row, item] + add_other
            high, low = max(first, second), min(first, second)
            # What would not change a float32 is not worked out.
            mixed[row, item] = high + np.log1p(np.exp(low - high)) if low - high > -17.0 else high
            peak = max(peak, high)
        its, all_of_it = 0.0, 0.0
        for item in range(mixed.shape[1]):
            if mixed[row, item] - peak > LEAST_DISTANCE:
                all_of_it += np.exp(mixed[row, item] - peak)
                if one[row, item] + add_one - peak > LEAST_DISTANCE:
                    its += np.exp(one[row, item] + add_one - peak)
        shares[row] = min(its / all_of_it, 1.0)


@njit(cache=True)
def masses_of(log_weights, rows, items, scales):  # type: ignore[no-untyped-def]
    """Belief in given items of given rows.

    :param rows, items: shape (E,) and (E, k), -1 where there is no item.
    :param scales: of each row the largest weight and one over the sum relative to it, shape (N, 2).
    :return: shape (E, k), float32, 0 where there is no item.
    """
    masses = np.zeros(items.shape, np.float32)
    for number in range(len(rows)):
        weights = log_weights[rows[number]]
        largest_weight, scale = scales[rows[number]]
        for place in range(items.shape[1]):
            if items[number, place] >= 0:
                distance = weights[items[number, place]] - largest_weight
                if distance > LEAST_DISTANCE:
                    masses[number, place] = np.exp(distance) * scale
    return masses


@njit(cache=True)
def sum_up(log_weights, peaks, indptr, indices, n_attributes, facet_indptr, facet_indices, n_facets):  # type: ignore[no-untyped-def]
    """What a belief comes to, one row after the other so that nothing of the size of the catalogue leaves the cache.

    :param peaks: see :func:`find_peaks`, shape (N, B).
    :param indptr, indices: attributes of each item; ``facet_…``: facets that are unknown for each item.
    :return: for :func:`masses_of`, the largest weight of each row and one over the sum relative to it, shape (N, 2),
        float32; the belief in each attribute, shape (N, P), and in each facet being unknown, shape (N, F), float64; the
        entropy of each row in bits, shape (N,).
    """
    n_rows, n_items = log_weights.shape
    scales = np.empty((n_rows, 2), np.float32)
    has, unknown = np.zeros((n_rows, n_attributes)), np.zeros((n_rows, n_facets))
    entropy = np.empty(n_rows)
    items, masses = np.empty(n_items, np.int32), np.empty(n_items, np.float32)
    for row in range(n_rows):
        n_believed, scales[row, 0], scales[row, 1] = believed_items(log_weights[row], peaks[row], items, masses)
        mean_distance = 0.0
        for place in range(n_believed):
            mean_distance += masses[place] * (scales[row, 0] - log_weights[row, items[place]])
        entropy[row] = (mean_distance - np.log(np.float64(scales[row, 1]))) / np.log(2.0)
        _add_by_column(items, masses, n_believed, indptr, indices, has[row])
        if len(facet_indices):
            _add_by_column(items, masses, n_believed, facet_indptr, facet_indices, unknown[row])
    return scales, has, unknown, entropy


@njit(cache=True)
def _add_by_column(items, masses, n_believed, indptr, indices, sums):  # type: ignore[no-untyped-def]
    """Add the mass of each of the first items to each of its columns."""
    for place in range(n_believed):
        mass = masses[place]
        if mass > NEGLIGIBLE:
            for edge in range(indptr[items[place]], indptr[items[place] + 1]):
                sums[indices[edge]] += mass


@njit(cache=True)
def largest(values, count, closed):  # type: ignore[no-untyped-def]
    """Places of the ``count`` largest values of each row, largest first; -1 where the rest are closed or -inf.

    :param values: shape (N, V).
    :param closed: places that must not be taken, shape (N, V).
    :return: shape (N, count), int32.
    """
    n_rows, n_columns = values.shape
    places = np.full((n_rows, count), -1, np.int32)
    best = np.empty(count, values.dtype)
    for row in range(n_rows if count else 0):
        found = 0
        for column in range(n_columns):
            value = values[row, column]
            if value == -np.inf or (found == count and value <= best[count - 1]):
                continue
            if closed[row, column]:
                continue
            place = found if found < count else count - 1
            while place > 0 and best[place - 1] < value:
                best[place] = best[place - 1]
                places[row, place] = places[row, place - 1]
                place -= 1
            best[place] = value
            places[row, place] = column
            found = min(found + 1, count)
    return places


@njit(cache=True)
def largest_but(log_weights, peaks, count, closed):  # type: ignore[no-untyped-def]
    """Places of the ``count`` largest weights of each row as :func:`largest` finds them, by way of the peaks.

    :param closed: items that must not be taken, shape (N, A), -1 where there are fewer.
    :return: shape (N, count), int32, -1 where the rest are closed or -inf.
    """
    n_rows, n_items = log_weights.shape
    places = np.full((n_rows, count), -1, np.int32)
    best = np.empty(count, np.float32)
    is_closed = np.zeros(n_items + 1, np.bool_)
    for row in range(n_rows if count else 0):
        is_closed[closed[row]] = True
        found = 0
        for block in range(peaks.shape[1]):
            if found == count and peaks[row, block] <= best[count - 1]:
                continue
            for item in range(block * BLOCK, min((block + 1) * BLOCK, n_items)):
                weight = log_weights[row, item]
                if weight == -np.inf or (found == count and weight <= best[count - 1]) or is_closed[item]:
                    continue
                place = found if found < count else count - 1
                while place > 0 and best[place - 1] < weight:
                    best[place] = best[place - 1]
                    places[row, place] = places[row, place - 1]
                    place -= 1
                best[place] = weight
                places[row, place] = item
                found = min(found + 1, count)
        is_closed[closed[row]] = False
    return places


def as_rows(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same values, laid out row after row as the kernels read them."""
    return np.ascontiguousarray(values, dtype=np.float32)
