"""The bayes policy: asks or recommends, whichever is worth more by the belief.

With m the belief in the k most believed items, H(m) the bits learned from showing them, I the bits expected from the
best question, and L the turns left after this one: recommend iff

    lambda * m + H(m) >= c * min(1, L / h) * I

Legend: N dialogues.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from policy.hand_written import list_mass, recommend_or
from simulator.protocol import Decision, State


@dataclass(frozen=True)
class GainRule:
    """The few numbers of the rule; :mod:`policy.tuning` finds them on valid."""

    success_bonus: float = 1.5
    """lambda: what an accepted list is worth beyond what it teaches, in bits."""
    question_weight: float = 1.3
    """c: what a bit from a question is worth beside a bit from a list."""
    horizon: float = 5.0
    """h: with fewer turns left than this a bit is worth less, because little can follow from it."""


class BayesPolicy:
    """Recommends iff lambda * m + H(m) >= c * min(1, L / h) * I, and always on the last turn."""

    name = "bayes"

    def __init__(self, rule: GainRule | None = None, tuned_for: Mapping[str, object] | None = None) -> None:
        self.rule = rule or GainRule()
        self.tuned_for = tuned_for
        """Data, affinity, questions, … that the rule was tuned for; None for numbers given by hand."""

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """Pick for each dialogue; see :class:`simulator.protocol.Policy`."""
        rule = self.rule
        mass = np.clip(list_mass(state), 0.0, 1.0)
        worth = rule.success_bonus * mass + binary_entropy(mass)
        patience = np.minimum(1.0, (state.turns_left - 1) / rule.horizon)
        price = rule.question_weight * patience * state.candidates.questions.value[:, 0]
        return Decision(recommend_or(state, worth >= price))


def binary_entropy(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bits of a yes/no question with this chance of yes, any shape."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(-p * np.log2(p) - (1 - p) * np.log2(1 - p))
