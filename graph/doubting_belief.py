"""A belief that does not take everybody for the same: two answer models side by side, weighed by what is heard.

P(i | heard) = P(honest | heard) P(i | heard, honest) + P(other | heard) P(i | heard, other)

Whoever contradicts themselves, or does not know what everybody knows, is found out at once, and from then on believed
as one believes such people; who is honest pays next to nothing for it.

Legend: N dialogues, V items, E pieces of evidence.
"""

import numpy as np
from numpy.typing import NDArray

from graph import kernels
from graph.answers import AnswerModel
from graph.belief import Belief, Evidence
from graph.catalogue import Catalogue


class DoubtingBelief(Belief):
    """What :class:`graph.belief.Belief` is, for an answer model with another beside it.

    :param answer_model: its :attr:`graph.answers.AnswerModel.otherwise` holds with a chance of ``doubt`` beforehand.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        answer_model: AnswerModel,
        log_prior: NDArray[np.float32],
        eligible: NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__(catalogue, answer_model, log_prior, eligible)
        assert answer_model.otherwise is not None
        self._plain = answer_model.undoubted
        models = answer_model.forgiven, answer_model.otherwise
        self._parts = [Belief(catalogue, model, log_prior, eligible) for model in models]
        for part, share in zip(self._parts, (1.0 - answer_model.doubt, answer_model.doubt), strict=True):
            part.evidence += np.log(max(share, 1e-300))
        self._trust = np.full(self.n_dialogues, 1.0 - answer_model.doubt)

    @property
    def trust(self) -> NDArray[np.float64]:
        """Chance that each user is honest, shape (N,)."""
        return self._trust

    @property
    def models(self) -> list[tuple[NDArray[np.intp] | slice, AnswerModel]]:
        """Dialogues, and by which model their next answer is expected: the likelier one, of the honest a plain one."""
        honest = self._trust >= 0.5
        groups = np.flatnonzero(honest), np.flatnonzero(~honest)
        models = self._plain, self._parts[1].answer_model
        return [(rows, model) for rows, model in zip(groups, models, strict=True) if len(rows)]

    @property
    def nbytes(self) -> int:
        """Bytes of the weights."""
        return super().nbytes + sum(part.nbytes for part in self._parts)

    def update(self, evidence: Evidence) -> None:
        """Take evidence in, in place."""
        for part in self._parts:
            part.update(evidence)
        honest, other = self._parts
        kernels.mix(
            self._weights, self._trust, np.unique(evidence.rows), honest.log_weights, honest.evidence,
            other.log_weights, other.evidence,
        )  # fmt: skip
        self._forget()

    def take(self, rows: NDArray[np.intp]) -> "DoubtingBelief":
        """The belief of some of the dialogues, as a copy."""
        chosen = object.__new__(DoubtingBelief)
        self._copy_to(chosen, rows)
        chosen._plain = self._plain
        chosen._parts, chosen._trust = [part.take(rows) for part in self._parts], self._trust[rows]
        return chosen

    def put(self, rows: NDArray[np.intp], other: Belief) -> None:
        """Write ``other`` over the belief of some of the dialogues."""
        assert isinstance(other, DoubtingBelief)
        super().put(rows, other)
        for part, its in zip(self._parts, other._parts, strict=True):
            part.put(rows, its)
        self._trust[rows] = other._trust
