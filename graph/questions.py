"""Questions worth asking: the expected drop of belief entropy of each, and the choice of options.

Legend: N dialogues, P attributes, F facets, E questions, m options, S = 2**m + 1 states (see :mod:`graph.answers`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph import kernels
from graph.answers import AnswerModel, QuestionMode, answer_information
from graph.belief import Belief
from graph.hashing import hash_order

N_WEIGHED = 32
"""How many attributes of a facet are weighed as options; those that split the belief best come first."""


@dataclass(frozen=True)
class Questions:
    """The best questions of each dialogue, best first."""

    options: NDArray[np.int32]
    """Attributes each question names, shape (N, K, m), -1 where there are fewer; all -1 where there is no question."""
    value: NDArray[np.float64]
    """Expected drop of belief entropy in bits, shape (N, K); zero where there is no question."""


def best_questions(belief: Belief, asked: NDArray[np.bool_], mode: QuestionMode, count: int) -> Questions:
    """The ``count`` questions of each dialogue from which most is to be learned.

    :param asked: attributes that must not be asked about again, shape (N, P).
    """
    if mode is QuestionMode.BINARY:
        return _best_attributes(belief, asked, count)
    return _best_facets(belief, asked, mode, count)


def attribute_information(belief: Belief) -> NDArray[np.float64]:
    """Bits expected from asking about each attribute alone, shape (N, P).

    Closed form of :func:`graph.answers.answer_information` for one option, computed without its (S, R) tables.
    """
    model, facets = belief.answer_model, belief.catalogue.attribute_facet
    has = belief.attribute_masses
    unknown = belief.unknown_masses[:, facets] if belief.catalogue.unknown_items.n_edges else 0.0
    lacks = np.maximum(1.0 - has - unknown, 0.0)
    silence = np.minimum(model.dont_know + model.dont_care, 1.0)
    unknown_silence = np.minimum(model.unknown_dont_know + model.dont_care, 1.0)
    speaks, unknown_speaks = 1 - silence, (1 - unknown_silence) * (np.ndim(unknown) > 0)
    yes = speaks * (has * (1 - model.error) + lacks * model.error) + unknown * unknown_speaks * model.rate
    no = speaks * (has * model.error + lacks * (1 - model.error)) + unknown * unknown_speaks * (1 - model.rate)
    bits = _plogp(yes) + _plogp(no)
    if silence.any() or np.ndim(unknown):
        bits += _plogp(1.0 - yes - no)
    noise = speaks * (_plogp(model.error) + _plogp(1 - model.error)) + _plogp(silence) + _plogp(speaks)
    if noise.any():
        bits -= (has + lacks) * noise
    if np.ndim(unknown):
        noise = unknown_speaks * (_plogp(model.rate) + _plogp(1 - model.rate))
        bits -= unknown * (noise + _plogp(unknown_silence) + _plogp(unknown_speaks))
    return np.maximum(-bits, 0.0)


def _plogp(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    mass = np.maximum(mass, 1e-30)
    return np.asarray(mass * np.log2(mass))


def _best_attributes(belief: Belief, asked: NDArray[np.bool_], count: int) -> Questions:
    value = attribute_information(belief)
    order = hash_order(belief.catalogue.attribute_ids) * np.float32(1e-7)
    attributes = kernels.largest(np.where(asked, -np.inf, value + order).astype(np.float32), count)
    found = attributes >= 0
    chosen = np.where(found, np.take_along_axis(value, np.maximum(attributes, 0), axis=1), 0.0)
    return Questions(attributes[:, :, None], chosen)


def _best_facets(belief: Belief, asked: NDArray[np.bool_], mode: QuestionMode, count: int) -> Questions:
    catalogue, model = belief.catalogue, belief.answer_model
    n_dialogues, n_options = belief.n_dialogues, mode.n_options
    order = hash_order(catalogue.attribute_ids) * np.float32(1e-7)
    single = np.where(asked, -np.inf, attribute_information(belief) + order).astype(np.float32)
    options = np.full((n_dialogues, catalogue.n_facets, n_options), -1, np.int32)
    value = np.zeros((n_dialogues, catalogue.n_facets))
    items = catalogue.attribute_items
    for facet in range(catalogue.n_facets):
        attributes = np.flatnonzero(catalogue.attribute_facet == facet).astype(np.int32)
        places = kernels.largest(np.ascontiguousarray(single[:, attributes]), min(N_WEIGHED, len(attributes)))
        weighed = np.where(places >= 0, attributes[places], -1).astype(np.int32)
        options[:, facet], masses = kernels.choose_options(
            belief.probabilities, weighed, mode is QuestionMode.FACET, n_options, items.indptr, items.indices
        )
        value[:, facet] = _information(model, mode, options[:, facet], masses, belief.unknown_masses[:, facet])
    best = kernels.largest(np.where(options[:, :, 0] >= 0, value, -np.inf).astype(np.float32), count)
    found = best >= 0
    safe = np.maximum(best, 0)
    chosen = np.where(found[:, :, None], np.take_along_axis(options, safe[:, :, None], axis=1), -1)
    return Questions(chosen, np.where(found, np.take_along_axis(value, safe, axis=1), 0.0))


def _information(
    model: AnswerModel,
    mode: QuestionMode,
    options: NDArray[np.int32],
    cells: NDArray[np.float64],
    unknown: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Bits expected from one question a dialogue; ``cells`` (N, 2**m) counts unknown items in cell 0."""
    states = np.concatenate([cells, unknown[:, None]], axis=1)
    states[:, 0] = np.maximum(states[:, 0] - unknown, 0.0)
    channel = model.naming_channel(options) if mode is QuestionMode.FACET else model.picking_channel(options)
    return answer_information(states, channel)
