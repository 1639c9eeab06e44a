"""The belief: the posterior over items, updated by evidence arrays; it knows no dialogue acts.

log b(i) = log prior(i | user) + sum over all that was heard log P(heard | i) + const

What is heard are answers, rejected lists, attributes named unasked, and critiques of an item.

Legend: N dialogues, V items, P attributes, F facets, E pieces of evidence, m options, k items of a list.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph import kernels
from graph.answers import Answer, AnswerModel, floored_log
from graph.catalogue import Catalogue
from graph.errors import ConvrecError

TIE_BREAK = 1e-4
"""Largest difference of log-weight that only breaks ties."""


class EmptyBeliefError(ConvrecError):
    """Every item of a dialogue is ruled out by the operator's masks, so there is nothing to believe in."""


@dataclass(frozen=True)
class AnswerEvidence:
    """Answers to questions, any number of them for a dialogue."""

    rows: NDArray[np.intp]
    """Dialogue of each question, shape (E,)."""
    options: NDArray[np.int32]
    """Attributes asked about, of one facet a row, shape (E, m), -1 where there are fewer."""
    answers: NDArray[np.int8]
    """:class:`graph.answers.Answer` to each option, shape (E, m)."""
    naming: NDArray[np.bool_]
    """True for facet questions, which are answered as a whole, shape (E,)."""
    confidence: NDArray[np.float32] | None = None
    """Chance that the answers were understood, in [0, 1], shape (E,); None for certainty."""


@dataclass(frozen=True)
class RejectionEvidence:
    """Lists that were shown and turned down."""

    rows: NDArray[np.intp]
    """Dialogue of each list, shape (E,)."""
    items: NDArray[np.int32]
    """Items shown, shape (E, k), -1 where there are fewer."""


@dataclass(frozen=True)
class VolunteeredEvidence:
    """Attributes of the item in mind that users named unasked, each drawn uniformly from those not yet named.

    P(a | i) = P(yes to a | i) / number of attributes of i not yet named: [i has a] over the number for truthful people
    where the facet is known, softer otherwise, so that what the catalogue does not know is not ruled out.
    """

    rows: NDArray[np.intp]
    """Dialogue of each, shape (E,)."""
    attributes: NDArray[np.int32]
    """Attribute that was named, shape (E,), -1 where the user had nothing to say."""
    already: NDArray[np.integer]
    """How many attributes of the item had been named or affirmed before, shape (E,)."""


@dataclass(frozen=True)
class CritiqueEvidence:
    """Wishes such as "like this one, but older": the item in mind lies on one side of another in an ordered facet."""

    rows: NDArray[np.intp]
    """Dialogue of each critique, shape (E,)."""
    references: NDArray[np.int32]
    """Attribute of a facet that has an order, from which the item in mind differs, shape (E,)."""
    directions: NDArray[np.int8]
    """-1 where the item in mind has a value strictly before the reference, +1 where it has one after it, shape (E,)."""


Evidence = AnswerEvidence | RejectionEvidence | VolunteeredEvidence | CritiqueEvidence
"""Whatever a belief can take in."""


class Belief:
    """Log-weights over items for a batch of dialogues.

    :param catalogue: V items.
    :param answer_model: how what is heard comes about.
    :param log_prior: affinity of each dialogue's user with each item, shape (N, V).
    :param eligible: items that may be shown, shape (V,) or (N, V); None for all.
    :raises EmptyBeliefError: when a dialogue has no eligible item.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        answer_model: AnswerModel,
        log_prior: NDArray[np.float32],
        eligible: NDArray[np.bool_] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.answer_model = answer_model
        self._weights = kernels.as_rows(log_prior + catalogue.item_lots * np.float32(TIE_BREAK))
        self.evidence = np.zeros(len(self._weights))
        """Log-likelihood of what was heard that is common to all items of a dialogue, shape (N,)."""
        if eligible is not None:
            self._weights[~np.broadcast_to(eligible, self._weights.shape)] = -np.inf
            if (empty := np.isneginf(self._weights).all(axis=1)).any():
                raise EmptyBeliefError(
                    f"dialogue {int(np.argmax(empty))}: no item is eligible; widen the mask or the exclude list"
                )

    @property
    def n_dialogues(self) -> int:
        return len(self._weights)

    @property
    def log_weights(self) -> NDArray[np.float32]:
        """Unnormalised log posterior, shape (N, V); -inf for items that may not be shown.  Not to be written to."""
        return self._weights

    @property
    def trust(self) -> NDArray[np.float64]:
        """Chance that each user is as the answer model has it, shape (N,): beyond doubt."""
        return np.ones(self.n_dialogues)

    @property
    def models(self) -> list[tuple[NDArray[np.intp] | slice, AnswerModel]]:
        """Dialogues, and by which model their next answer is expected."""
        return [(slice(None), self.answer_model)]

    @property
    def nbytes(self) -> int:
        """Bytes of the weights."""
        return self._weights.nbytes

    def update(self, evidence: Evidence) -> None:
        """Take evidence in, in place."""
        if isinstance(evidence, AnswerEvidence):
            self._hear(evidence)
        elif isinstance(evidence, RejectionEvidence):
            self._add_rejections(evidence)
        elif isinstance(evidence, VolunteeredEvidence):
            self._add_volunteered(evidence)
        else:
            self._add_critiques(evidence)
        self._forget()

    def _forget(self) -> None:
        for name in ("peaks", "probabilities", "_sums"):
            self.__dict__.pop(name, None)

    def open_with(self, rows: NDArray[np.intp], attributes: NDArray[np.int32]) -> None:
        """Take in the attribute with which each user began.

        :param rows: dialogues, shape (E,).
        :param attributes: shape (E,), -1 where the user had nothing to say.
        """
        self.update(VolunteeredEvidence(rows, attributes, np.zeros(len(rows), np.int32)))

    def _hear(self, evidence: AnswerEvidence) -> None:
        logs = self.answer_model.log_likelihood(
            evidence.options, evidence.answers, evidence.naming, evidence.confidence
        )
        np.add.at(self.evidence, evidence.rows, logs[:, 0])
        items, unknown = self.catalogue.attribute_items, self.catalogue.unknown_items
        facets = self.catalogue.attribute_facet[evidence.options[:, 0]]
        kernels.add_by_state(
            self._weights, evidence.rows, evidence.options, facets, (logs - logs[:, :1]).astype(np.float32),
            items.indptr, items.indices, unknown.indptr, unknown.indices,
        )  # fmt: skip

    def _add_rejections(self, evidence: RejectionEvidence) -> None:
        shown = evidence.items >= 0
        rows = np.broadcast_to(evidence.rows[:, None], shown.shape)[shown]
        penalty = floored_log(np.array(1.0 - self.answer_model.acceptance))
        np.add.at(self._weights, (rows, evidence.items[shown]), np.float32(penalty))

    def _add_volunteered(self, evidence: VolunteeredEvidence) -> None:
        spoke = evidence.attributes >= 0
        rows, attributes = evidence.rows[spoke], evidence.attributes[spoke]
        answers = np.full((len(rows), 1), Answer.YES, dtype=np.int8)
        self._hear(AnswerEvidence(rows, attributes[:, None], answers, np.zeros(len(rows), bool)))
        degrees = self.catalogue.item_attributes.degrees
        log_unnamed = np.log(np.maximum(np.arange(degrees.max(initial=0) + 1), 1)).astype(np.float32)
        kernels.subtract_log_unnamed(self._weights, rows, evidence.already[spoke], degrees, log_unnamed)

    def _add_critiques(self, evidence: CritiqueEvidence) -> None:
        catalogue, error = self.catalogue, self.answer_model.critique_error
        facets = catalogue.attribute_facet[evidence.references]
        ordered = np.array([facet.ordered for facet in catalogue.facets], dtype=bool)[facets]
        if not ordered.all():
            name = catalogue.facets[facets[ordered.argmin()]].name
            raise ValueError(f"critique: facet {name!r} has no order; ask about its values instead")
        violated, satisfied, unknown = floored_log(np.array([error, 1.0 - error, 0.5]))
        items, missing = catalogue.attribute_items, catalogue.unknown_items
        kernels.add_by_side(
            self._weights, evidence.rows, facets, evidence.references, evidence.directions,
            np.float32(satisfied - violated), np.float32(unknown - violated), catalogue.attribute_facet,
            items.indptr, items.indices, missing.indptr, missing.indices,
        )  # fmt: skip

    @cached_property
    def peaks(self) -> NDArray[np.float32]:
        """Where to look: the largest log-weight of each block of :data:`graph.kernels.BLOCK` items, shape (N, B)."""
        return kernels.find_peaks(self._weights)

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """The posterior, shape (N, V), each row summing to one."""
        return kernels.normalise(self._weights, self.peaks)

    @property
    def attribute_masses(self) -> NDArray[np.float64]:
        """Belief that the item in mind has each attribute, shape (N, P)."""
        return self._sums[1]

    @property
    def unknown_masses(self) -> NDArray[np.float64]:
        """Belief that each facet is unknown for the item in mind, shape (N, F)."""
        return self._sums[2]

    @property
    def is_summed(self) -> bool:
        """Whether the sums over all items are at hand, so that :meth:`masses` costs next to nothing."""
        return "_sums" in self.__dict__

    def masses(self, rows: NDArray[np.intp], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Belief in some items of some dialogues; ``probabilities`` without the pass over all the others.

        :param rows: shape (E,).
        :param items: shape (E, k), -1 for none.
        :return: shape (E, k), 0 for none.
        """
        return kernels.masses_of(self._weights, rows, items, self._sums[0])

    @cached_property
    def _sums(self) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        edges, unknown = self.catalogue.item_attributes, self.catalogue.unknown_items.transposed
        return kernels.sum_up(
            self._weights, self.peaks, edges.indptr, edges.indices, edges.n_columns,
            unknown.indptr, unknown.indices, unknown.n_columns,
        )  # fmt: skip

    def entropy(self) -> NDArray[np.float64]:
        """Entropy of each dialogue's posterior in bits, shape (N,)."""
        return self._sums[3]

    def top_items(self, count: int, without: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
        """The most believed items, most believed first.

        :param without: items to leave out, any number of them for a dialogue, shape (N, A), -1 where there are fewer.
        :return: shape (N, count), -1 where no more are left.
        """
        closed = np.zeros((self.n_dialogues, 0), np.int32) if without is None else without
        return kernels.largest_but(self._weights, self.peaks, count, closed)

    def take(self, rows: NDArray[np.intp]) -> "Belief":
        """The belief of some of the dialogues, as a copy."""
        chosen = object.__new__(Belief)
        self._copy_to(chosen, rows)
        return chosen

    def _copy_to(self, chosen: "Belief", rows: NDArray[np.intp]) -> None:
        chosen.catalogue, chosen.answer_model = self.catalogue, self.answer_model
        chosen._weights, chosen.evidence = self._weights[rows], self.evidence[rows]

    def put(self, rows: NDArray[np.intp], other: "Belief") -> None:
        """Write ``other`` over the belief of some of the dialogues."""
        self._weights[rows], self.evidence[rows] = other._weights, other.evidence
        self._forget()
