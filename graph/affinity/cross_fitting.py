"""The default affinity in rehearsals, for looking at it without the test split: nobody is scored by what has met them.

Legend: B people, V items.
"""

from collections.abc import Iterator

import numpy as np

from graph.affinity.hybrid import Hybrid
from graph.affinity.profiles import ANONYMOUS, Profiles
from graph.affinity.protocol import FloatArray, checked_users
from graph.affinity.rehearsals import rehearsals
from graph.csr import IntArray
from graph.dataset import Dataset


class CrossFitted:
    """Scores every user of a rehearsal by the network that learned from the other half of the users."""

    name = Hybrid.name

    def __init__(self, halves: tuple[Hybrid, Hybrid], half_of_user: IntArray) -> None:
        """Hybrids of which the first has met nobody of half 0, the second nobody of half 1."""
        self._halves = halves
        self._half_of_user = half_of_user
        self.n_items = halves[0].n_items

    def scores(self, users: IntArray) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        asked = checked_users(users, len(self._half_of_user))
        half = np.where(asked == ANONYMOUS, 0, self._half_of_user[asked])
        scores = np.empty((len(asked), self.n_items), dtype=np.float32)
        for number, hybrid in enumerate(self._halves):
            scores[half == number] = hybrid.scores(asked[half == number])
        return scores

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        return self._halves[0].scores_of(profiles)


def cross_fitted(dataset: Dataset, fitted: Hybrid) -> Iterator[tuple[Dataset, CrossFitted]]:
    """Every rehearsal of a data set beside what was learned from all of them; see :mod:`graph.affinity.learning`.

    :param fitted: the default, just learned from the data set.
    """
    learned = fitted.learned
    if learned is None:
        return
    for rehearsal in rehearsals(dataset):
        first = Hybrid(rehearsal, learned.by_others[0], fitted.most_dense, lambda line: None)
        yield rehearsal, CrossFitted((first, first.with_network(learned.by_others[1])), learned.half_of_user)
