"""How people judge a list: whether it is taken, at once or after some thought, and what is said against it.

Legend: E dialogues that are shown a list now, k items of a list, W items that would do.
"""

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from simulator.people.minds import Minds
from simulator.people.traits import Share, Traits
from simulator.randomness import Purpose, chance, uniform

FEW, MANY = 3, 10
"""Lengths of a list up to which choosing costs nothing, and from which it costs most."""

LOST_TO_LENGTH = 0.06
"""Share of the longest lists that people who deliberate most never accept, however long they think."""

LONGEST_THOUGHT = 4
"""Ticks somebody looks through the longest list, at most."""


def first_wanted(minds: Minds, rows: NDArray[np.intp], lists: NDArray[np.int32]) -> NDArray[np.int16]:
    """Place (from 1) of the first item that would do, 0 when there is none.

    :param lists: items shown, shape (E, k), -1 where there are fewer.
    :return: shape (E,).
    """
    wanted = minds.wanted[rows]
    n_wanted = int((wanted >= 0).sum(axis=1).max(initial=1))
    found = ((lists[:, :, None] == wanted[:, None, :n_wanted]) & (lists[:, :, None] >= 0)).any(axis=2)
    return np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0).astype(np.int16)


def list_load(lists: NDArray[np.int32]) -> Share:
    """How heavy a list is to choose from: 0 up to :data:`FEW` items, 1 from :data:`MANY` on, shape (E,)."""
    return np.clip(((lists >= 0).sum(axis=1) - FEW) / (MANY - FEW), 0.0, 1.0)


def accepts_at_once(
    deliberation: Share, lists: NDArray[np.int32], keys: NDArray[np.uint64], turns: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether somebody would take a list that holds what they want without thinking, shape (E,)."""
    return chance(keys, Purpose.AT_ONCE, turns, 1.0 - deliberation * (0.5 + 0.5 * list_load(lists)))


def accepts_after_thought(
    deliberation: Share, lists: NDArray[np.int32], keys: NDArray[np.uint64], turns: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether somebody who did not at once takes it in the end, shape (E,)."""
    return chance(keys, Purpose.ACCEPTANCE, turns, 1.0 - deliberation * LOST_TO_LENGTH * list_load(lists))


def thinking_time(lists: NDArray[np.int32], keys: NDArray[np.uint64], turns: NDArray[np.integer]) -> NDArray[np.int8]:
    """Ticks somebody looks through a list, 1 .. :data:`LONGEST_THOUGHT`, longer for longer lists, shape (E,)."""
    length = (lists >= 0).sum(axis=1)
    longest = np.clip(np.ceil(LONGEST_THOUGHT * length / MANY), 1, LONGEST_THOUGHT)
    return (1 + uniform(keys, Purpose.THOUGHT, turns)[:, 0] * longest).astype(np.int8)


def criticise(
    catalogue: Catalogue,
    minds: Minds,
    traits: Traits,
    rows: NDArray[np.intp],
    lists: NDArray[np.int32],
    keys: NDArray[np.uint64],
    turns: NDArray[np.integer],
    levels: NDArray[np.int32],
) -> NDArray[np.int32]:
    """What is said against lists that were turned down: "like this one, but older".

    The item taken as a measure is the one that shares most attributes with what is wanted; the facet is one that has an
    order and in which the two differ.

    :param levels: of each item in each facet that has an order, from :func:`ordered_levels`.
    :return: place in the list (from 1), attribute that is moved away from, -1 or +1; zeros for nothing; shape (E, 3).
    """
    said = np.zeros((len(rows), 3), np.int32)
    speaks = chance(keys, Purpose.CRITIQUE, turns, traits.criticism[rows])
    who = np.flatnonzero(speaks & (lists >= 0).any(axis=1))
    if not len(who) or not levels.shape[1]:
        return said
    wanted, shown = minds.first[rows[who]], lists[who]
    edges = catalogue.item_attributes
    place, theirs = edges.gather(np.maximum(shown, 0).ravel())
    shared = edges.contains(np.repeat(wanted, shown.shape[1])[place], theirs)
    count = np.bincount(place, weights=shared, minlength=shown.size).reshape(shown.shape)
    best = np.where(shown >= 0, count, -1.0).argmax(axis=1)
    measure = shown[np.arange(len(who)), best]
    lots = uniform(keys[who], Purpose.CRITIQUE, turns[who], 1 + levels.shape[1])[:, 1:]
    mine, its = levels[wanted], levels[measure]  # (E, ordered facets)
    differs = (mine >= 0) & (its >= 0) & (mine != its)
    chosen = np.argmax(np.where(differs, lots, -1.0), axis=1)
    at = np.arange(len(who)), chosen
    content = np.stack([best + 1, its[at], np.sign(mine[at] - its[at])], axis=1)
    said[who] = np.where(differs.any(axis=1)[:, None], content, 0)
    return said


def ordered_levels(catalogue: Catalogue) -> NDArray[np.int32]:
    """The attribute each item has of each facet that has an order, the lowest of several, -1 for none.

    :return: shape (V, such facets).
    """
    facets = [number for number, facet in enumerate(catalogue.facets) if facet.ordered]
    levels = np.full((catalogue.n_items, len(facets)), -1, np.int32)
    edges = catalogue.item_attributes
    items, attributes = edges.row_of_edge()[::-1], edges.indices[::-1]  # the lowest is written last
    for column, facet in enumerate(facets):
        belongs = catalogue.attribute_facet[attributes] == facet
        levels[items[belongs], column] = attributes[belongs]
    return levels
