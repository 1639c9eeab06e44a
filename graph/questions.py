"""Questions worth asking: the expected drop of belief entropy of each, and the choice of options.

Legend: N dialogues, P attributes, F facets, E questions, m options, S = 2**m + 1 states (see :mod:`graph.answers`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph import kernels, option_kernels, question_kernels
from graph.answers import AnswerModel, QuestionMode, answer_information
from graph.belief import Belief

N_WEIGHED = 16
"""How many attributes of a facet are weighed as options; those that split the belief best come first."""

AT_ONCE = 1024
"""Questions whose answers are tabulated at once; each table takes some kilobytes."""

TIE_BREAK = 1e-7
"""Largest difference of bits that only breaks ties."""


@dataclass(frozen=True)
class Questions:
    """The best questions of each dialogue, best first."""

    options: NDArray[np.int32]
    """Attributes each question names, shape (N, K, m), -1 where there are fewer; all -1 where there is no question."""
    value: NDArray[np.float64]
    """Expected drop of belief entropy in bits, shape (N, K); zero where there is no question."""


def best_questions(belief: Belief, asked: NDArray[np.int32], mode: QuestionMode, count: int) -> Questions:
    """The ``count`` questions of each dialogue from which most is to be learned.

    :param asked: attributes that must not be asked about again, any number of them, shape (N, A), -1 for none.
    """
    if mode is QuestionMode.BINARY:
        together = np.zeros(belief.catalogue.n_attributes, np.int16)
        attributes, value = _most_telling(belief, asked, together, 1, count)
        return Questions(attributes[:, 0, :, None], value[:, 0])
    return _best_facets(belief, asked, mode, count)


def attribute_information(belief: Belief) -> NDArray[np.float64]:
    """Bits expected from asking about each attribute alone, shape (N, P).

    Closed form of :func:`graph.answers.answer_information` for one option, computed without its (S, R) tables.
    """
    catalogue = belief.catalogue
    return question_kernels.binary_information(
        belief.attribute_masses, belief.unknown_masses, catalogue.attribute_facet, *belief.answer_model.binary_channel
    )


def _most_telling(
    belief: Belief, asked: NDArray[np.int32], groups: NDArray[np.int16], n_groups: int, count: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The best attributes of each group to ask about alone, and their bits, shape (N, G, count)."""
    catalogue = belief.catalogue
    attributes = np.empty((belief.n_dialogues, n_groups, count), np.int32)
    bits = np.empty(attributes.shape)
    for rows, model in belief.models:
        attributes[rows], bits[rows] = question_kernels.most_telling(
            belief.attribute_masses[rows], belief.unknown_masses[rows], catalogue.attribute_facet,
            *model.binary_channel, model.binary_surprises, catalogue.attribute_lots * np.float32(TIE_BREAK), groups,
            n_groups, count, asked[rows],
        )  # fmt: skip
    return attributes, bits


def _best_facets(belief: Belief, asked: NDArray[np.int32], mode: QuestionMode, count: int) -> Questions:
    catalogue = belief.catalogue
    weighed, _ = _most_telling(belief, asked, catalogue.attribute_facet, catalogue.n_facets, N_WEIGHED)
    by_item, by_attribute = catalogue.item_attributes, catalogue.attribute_items
    options, cells = option_kernels.choose_options(
        belief.log_weights, belief.peaks, belief.unknown_masses, weighed, catalogue.attribute_facet,
        mode is QuestionMode.FACET, mode.n_options, (by_item.indptr, by_item.indices),
        (by_attribute.indptr, by_attribute.indices),
    )  # fmt: skip
    value = np.empty((belief.n_dialogues, catalogue.n_facets))
    for rows, model in belief.models:
        asking = options[rows], cells[rows], belief.unknown_masses[rows]
        worth = _picking_information if mode is QuestionMode.MULTI else _naming_information
        value[rows] = worth(model, *asking)
    best = kernels.largest(value, count, options[:, :, 0] < 0)
    found = best >= 0
    safe = np.maximum(best, 0)
    chosen = np.where(found[:, :, None], np.take_along_axis(options, safe[:, :, None], axis=1), -1)
    return Questions(chosen, np.where(found, np.take_along_axis(value, safe, axis=1), 0.0))


def _picking_information(
    model: AnswerModel, options: NDArray[np.int32], cells: NDArray[np.float64], unknown: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same of one multi question of each facet, shape (N, F)."""
    return question_kernels.picking_information(cells, unknown, options, *model.binary_channel)


def _naming_information(
    model: AnswerModel, options: NDArray[np.int32], cells: NDArray[np.float64], unknown: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bits expected from one facet question of each facet, shape (N, F).

    :param cells: belief in each cell of the items for which the facet is known, shape (N, F, 2**m).
    """
    value = np.zeros(unknown.shape)
    asked = np.argwhere(options[:, :, 0] >= 0)
    for first in range(0, len(asked), AT_ONCE):
        rows, facets = asked[first : first + AT_ONCE].T
        states = np.concatenate([cells[rows, facets], unknown[rows, facets, None]], axis=1)
        value[rows, facets] = answer_information(states, model.naming_channel(options[rows, facets]))
    return value
