"""What questions are worth, compiled: loops over a batch of beliefs.

Legend: N dialogues, P attributes, F facets, m options, S = 2**m + 1 states, G groups of attributes.
"""

import numpy as np
from numba import njit

from graph.kernels import NEGLIGIBLE

SLACK = 1e-5
"""Bits that rounding and the breaking of ties may move an attribute by, and more."""

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
        worth -= plogp(said)
        silence -= said
    worth -= plogp(silence)
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
def plogp(mass):  # type: ignore[no-untyped-def]
    """A mass times its logarithm in bits; nothing for next to nothing."""
    return mass * np.log2(mass) if mass > 1e-12 else 0.0


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
                entropy -= plogp(now[said] + blank[said])
            bits[row, facet] = max(entropy - loss, 0.0)
    return bits
