"""What questions are worth, compiled: loops over a batch of beliefs.

Legend: N dialogues, V items, P attributes, F facets, m options, S = 2**m + 1 states, C options weighed, B blocks of
items, G groups of attributes.  Edges are CSR arrays (``indptr``, ``indices``) as in :mod:`graph.csr`.
"""

import numpy as np
from numba import njit

from graph.kernels import NEGLIGIBLE, believed_items

SLACK = 1e-5
"""Bits that rounding and the breaking of ties may move an attribute by, and more."""

LEAST_GAIN = 1e-6
"""Bits another option must add."""

EXPECTED_UNKNOWN = np.array([0.0, 0.05, 0.2, 0.5, 0.8])
"""Beliefs that a facet is unknown, each for which it is worked out beforehand what an answer would be a surprise."""

EXPECTED_HAS = 0.003
"""Belief in an attribute that goes with each of them: most attributes are rare."""


@njit(cache=True)
def binary_information(has, unknown, facets, spoken, noise):  # type: ignore[no-untyped-def]
    """Bits expected from asking about each attribute alone.

    :param has: belief in each attribute, shape (N, P); ``unknown``: belief that each facet is unknown, shape (N, F).
    :param facets: facet of each attribute, shape (P,).
    :param spoken: P(response) of an item that lacks the attribute, has it, or is unknown, shape (P, 3, R); what is left
        over is silence.
    :param noise: entropy of the answer in each of these states, in bits, shape (P, 3).
    :return: shape (N, P), >= 0.
    """
    bits = np.zeros(has.shape)
    for row in range(has.shape[0]):
        for attribute in range(has.shape[1]):
            with_it, not_known = has[row, attribute], unknown[row, facets[attribute]]
            if with_it >= NEGLIGIBLE or not_known >= NEGLIGIBLE:
                bits[row, attribute] = _bits_of(attribute, with_it, not_known, spoken, noise)
    return bits


@njit(cache=True)
def _bits_of(attribute, with_it, not_known, spoken, noise):  # type: ignore[no-untyped-def]
    """Bits expected from asking about one attribute."""
    lacks = max(1.0 - with_it - not_known, 0.0)
    worth, silence = 0.0, 1.0
    for answer in range(spoken.shape[2]):
        said = lacks * spoken[attribute, 0, answer] + with_it * spoken[attribute, 1, answer]
        said += not_known * spoken[attribute, 2, answer]
        worth -= _plogp(said)
        silence -= said
    worth -= _plogp(silence)
    worth -= lacks * noise[attribute, 0] + with_it * noise[attribute, 1] + not_known * noise[attribute, 2]
    return max(worth, 0.0)


@njit(cache=True)
def surprises(spoken):  # type: ignore[no-untyped-def]
    """Bits by which the answer would surprise somebody who expected another, in each state.

    That is the Kullback-Leibler divergence of the answers in a state from those of an expected belief.  Its mean over
    any belief is at least what the answer tells (the difference being the divergence of all answers from the expected
    ones), so that it bounds the bits of a question by three products.

    :param spoken: see :func:`binary_information`.
    :return: of each belief of :data:`EXPECTED_UNKNOWN`, attribute and state, shape (U, P, 3).
    """
    n_attributes, n_states, n_answers = spoken.shape
    bits = np.zeros((len(EXPECTED_UNKNOWN), n_attributes, n_states))
    for reference in range(len(EXPECTED_UNKNOWN)):
        not_known = EXPECTED_UNKNOWN[reference]
        lacks, with_it = (1.0 - not_known) * (1.0 - EXPECTED_HAS), (1.0 - not_known) * EXPECTED_HAS
        for attribute in range(n_attributes):
            silence = 1.0
            for answer in range(n_answers):
                expected = lacks * spoken[attribute, 0, answer] + with_it * spoken[attribute, 1, answer]
                expected += not_known * spoken[attribute, 2, answer]
                silence -= expected
                for state in range(n_states):
                    bits[reference, attribute, state] += _surprise(spoken[attribute, state, answer], expected)
            for state in range(n_states):
                its = 1.0
                for answer in range(n_answers):
                    its -= spoken[attribute, state, answer]
                bits[reference, attribute, state] += _surprise(its, silence)
    return bits


@njit(cache=True)
def _surprise(chance, expected):  # type: ignore[no-untyped-def]
    return chance * np.log2(chance / max(expected, 1e-12)) if chance > 1e-12 else 0.0


@njit(cache=True)
def _nearest_expected(unknown, nearest):  # type: ignore[no-untyped-def]
    """Write for each facet which of :data:`EXPECTED_UNKNOWN` to take."""
    for facet in range(len(unknown)):
        nearest[facet] = 0
        for reference in range(1, len(EXPECTED_UNKNOWN)):
            if 2.0 * unknown[facet] > EXPECTED_UNKNOWN[reference - 1] + EXPECTED_UNKNOWN[reference]:
                nearest[facet] = reference


@njit(cache=True)
def most_telling(has, unknown, facets, spoken, noise, surprising, order, groups, n_groups, count, closed):  # type: ignore[no-untyped-def]
    """The attributes of each group about which it is best to ask, as :func:`binary_information` values them.

    Attributes that cannot make it by the bound of :func:`surprises` are passed over without a logarithm.

    :param has, unknown, facets, spoken, noise: see :func:`binary_information`.
    :param surprising: see :func:`surprises`.
    :param order: added to the bits to break ties, far below :data:`SLACK`, shape (P,).
    :param groups: group of each attribute, below ``n_groups``, shape (P,).
    :param closed: attributes not to be asked about, shape (N, A), -1 where there are fewer.
    :return: attributes, shape (N, G, count), int32, best first, -1 where no more are open; and their bits, 0 there.
    """
    n_rows, n_attributes = has.shape
    attributes = np.full((n_rows, n_groups, count), -1, np.int32)
    bits = np.zeros((n_rows, n_groups, count))
    best = np.empty((n_groups, count))
    found, least = np.zeros(n_groups, np.int64), np.zeros(n_groups)
    nearest = np.zeros(unknown.shape[1], np.int64)
    is_closed = np.zeros(n_attributes + 1, np.bool_)
    for row in range(n_rows if count else 0):
        _nearest_expected(unknown[row], nearest)
        is_closed[closed[row]] = True
        found[:] = 0
        least[:] = -np.inf
        for attribute in range(n_attributes):
            with_it, not_known = has[row, attribute], unknown[row, facets[attribute]]
            group = groups[attribute]
            at_most = surprising[nearest[facets[attribute]], attribute]
            lacks = 1.0 - with_it - not_known
            if lacks * at_most[0] + with_it * at_most[1] + not_known * at_most[2] < least[group]:
                continue
            worth = 0.0
            if with_it >= NEGLIGIBLE or not_known >= NEGLIGIBLE:
                worth = _bits_of(attribute, with_it, not_known, spoken, noise)
            value = worth + order[attribute]
            if (found[group] == count and value <= best[group, count - 1]) or is_closed[attribute]:
                continue
            place = found[group] if found[group] < count else count - 1
            while place > 0 and best[group, place - 1] < value:
                best[group, place] = best[group, place - 1]
                attributes[row, group, place] = attributes[row, group, place - 1]
                bits[row, group, place] = bits[row, group, place - 1]
                place -= 1
            best[group, place] = value
            attributes[row, group, place] = attribute
            bits[row, group, place] = worth
            found[group] = min(found[group] + 1, count)
            if found[group] == count:
                least[group] = best[group, count - 1] - SLACK
        is_closed[closed[row]] = False
    return attributes, bits


@njit(cache=True)
def _plogp(mass):  # type: ignore[no-untyped-def]
    return mass * np.log2(mass) if mass > 1e-12 else 0.0


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
    bits = -_plogp(nothing) - spread
    for place in range(n_chosen + 1):
        bits -= _plogp(named[place])
    return bits


@njit(cache=True)
def _partition_entropy(cells, n_chosen, candidate):  # type: ignore[no-untyped-def]
    """Bits from a truthful multi question once ``candidate`` joins the options chosen so far."""
    bits = 0.0
    for cell in range(1 << n_chosen):
        bits -= _plogp(candidate[cell]) + _plogp(max(cells[cell] - candidate[cell], 0.0))
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
    believed, masses, mass_of = np.empty(n_items, np.int32), np.empty(n_items, np.float32), np.zeros(0, np.float32)
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
            if not len(mass_of):
                mass_of = np.zeros(n_items, np.float32)
            mass_of[:] = 0.0
            for number in range(n_believed):
                mass_of[believed[number]] = masses[number]
            for facet in range(n_facets):
                for index in range(n_weighed):
                    attribute = open_ones[facet, index]
                    if attribute >= 0:
                        total = 0.0
                        for edge in range(by_attribute[0][attribute], by_attribute[0][attribute + 1]):
                            total += mass_of[by_attribute[1][edge]]
                        part[facet, index, 0] = total
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


@njit(cache=True)
def _fill_channel(channel, spoken):  # type: ignore[no-untyped-def]
    """P(answer | state) about one option, shape (3, R + 1): what is spoken, and silence."""
    for known in range(3):
        silence = 1.0
        for said in range(spoken.shape[1]):
            channel[known, said] = spoken[known, said]
            silence -= spoken[known, said]
        channel[known, spoken.shape[1]] = max(silence, 0.0)


@njit(cache=True)
def _answer_one(now, then, n_cells, n_before, channel):  # type: ignore[no-untyped-def]
    """Turn the first option still open into what is said of it; return the mass that lacks it and that has it.

    :param now: mass by cell of the options still open, ``2 * n_cells`` of them, and by what was said before.
    :param then: written to: the same with ``n_cells`` cells, and what is said of this option after what was before.
    """
    lacks, has = 0.0, 0.0
    n_said = channel.shape[1]
    for cell in range(n_cells):
        for before in range(n_before):
            without = now[2 * cell * n_before + before]
            having = now[(2 * cell + 1) * n_before + before]
            lacks += without
            has += having
            for said in range(n_said):
                then[(cell * n_said + said) * n_before + before] = (
                    without * channel[0, said] + having * channel[1, said]
                )
    return lacks, has


@njit(cache=True)
def picking_information(held, unknown, options, spoken, noise):  # type: ignore[no-untyped-def]
    """Bits expected from multi questions, whose options are answered one by one.

    Closed form of :func:`graph.answers.answer_information`: the cells are turned, option after option, into what is
    said of them, so that no (S, R) table is made.

    :param held: belief in each cell of the items for which the facet is known, shape (N, F, 2**m).
    :param unknown: belief that each facet is unknown for the item, shape (N, F).
    :param options: shape (N, F, m), -1 after the last.
    :param spoken, noise: see :func:`binary_information`, shapes (P, 3, R) and (P, 3).
    :return: shape (N, F), >= 0.
    """
    n_rows, n_facets, n_options = options.shape
    n_said = spoken.shape[2] + 1
    bits = np.zeros((n_rows, n_facets))
    now, then = np.empty(n_said**n_options), np.empty(n_said**n_options)
    blank, blank_then = np.empty(n_said**n_options), np.empty(n_said**n_options)
    channel = np.empty((3, n_said))
    for row in range(n_rows):
        for facet in range(n_facets):
            asked = 0
            while asked < n_options and options[row, facet, asked] >= 0:
                asked += 1
            # Cells with an option that is not asked about are empty, and come last.
            now[: 1 << asked] = held[row, facet, : 1 << asked]
            blank[0] = unknown[row, facet]
            n_before, loss = 1, 0.0
            for place in range(asked):
                attribute = options[row, facet, place]
                _fill_channel(channel, spoken[attribute])
                lacks, has = _answer_one(now, then, 1 << (asked - place - 1), n_before, channel)
                for before in range(n_before):
                    for said in range(n_said):
                        blank_then[said * n_before + before] = blank[before] * channel[2, said]
                loss += lacks * noise[attribute, 0] + has * noise[attribute, 1]
                loss += unknown[row, facet] * noise[attribute, 2]
                now, then = then, now
                blank, blank_then = blank_then, blank
                n_before *= n_said
            entropy = 0.0
            for said in range(n_before if asked else 0):
                entropy -= _plogp(now[said] + blank[said])
            bits[row, facet] = max(entropy - loss, 0.0)
    return bits
