"""One signal as an affinity: put on a scale on which it is a log prior.

Legend: B people, V items, M contests, C contenders.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from graph.affinity.contests import draw_contests
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.protocol import OfProfiles
from graph.affinity.rehearsals import rehearsals
from graph.affinity.signals.protocol import Signal
from graph.affinity.weights import fit_best
from graph.dataset import Dataset

FloatArray = NDArray[np.float32]


class Calibrated(OfProfiles):
    """``log prior(i | person) = sharpness * log(1 + signal / softening) + constants``; flat for strangers.

    Items that the signal does not cover are all alike to it and take one constant; so do items a person had early, and
    late, which many signals score highest and which few look for again.  All numbers make the targets of the first
    rehearsal likeliest.  A signal that is a logarithm already is not softened.
    """

    def __init__(
        self, dataset: Dataset, signal: Signal, name: str, softening: float, weights: NDArray[np.float64]
    ) -> None:
        """
        :param softening: 0 for a signal that is used as it is.
        :param weights: sharpness, constant of items not covered, of items had early and of items had late, shape (4,).
        """
        super().__init__(Histories(dataset))
        self.name = name
        self.n_items = dataset.catalogue.n_items
        self.signal = signal
        self.softening = softening
        self.weights = weights
        self._constant = np.where(signal.covers, 0, weights[1]).astype(np.float32)

    @classmethod
    def fit(
        cls,
        dataset: Dataset,
        fit_signal: Callable[[Dataset], Signal],
        name: str,
    ) -> "Calibrated":
        """Learn from train and valid; the test split is not looked at.

        :raises OptionError: when the signal cannot be had from these data.
        """
        signal = fit_signal(dataset)
        rehearsal = next(rehearsals(dataset), None)
        if rehearsal is None:
            return cls(dataset, signal, name, max(signal.softenings, default=0.0), np.array([1.0, 0, 0, 0]))
        earlier, histories = fit_signal(rehearsal), Histories(rehearsal)
        drawn = draw_contests(rehearsal)
        contests = drawn.subset(~histories.of(drawn.users).empty)
        values = contests.gather(lambda users: earlier.of(histories.of(users)))
        had = contests.gather(lambda users: had_flags(histories.of(users)))
        constants = [~earlier.covers[contests.items], had == 1, had == 2]
        softening, best = fit_best(
            contests,
            signal.softenings or (0.0,),
            lambda divisor: np.stack([np.log1p(values / divisor) if divisor else values, *constants], axis=-1),
        )
        return cls(dataset, signal, name, softening, best.weights)

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        scores = self.signal.of(profiles)
        if self.softening:
            scores /= np.float32(self.softening)
            np.log1p(scores, out=scores)
        scores *= np.float32(self.weights[0])
        scores += self._constant
        at_had = self.weights[2:].astype(np.float32)
        scores[profiles.person_of_event, profiles.items] += at_had[profiles.late.astype(np.intp)]
        scores[profiles.empty] = 0
        return scores


def had_flags(profiles: Profiles) -> NDArray[np.int8]:
    """1 for items a person had early, 2 for those they had late, else 0, shape (B, V)."""
    flags = np.zeros((len(profiles), profiles.n_items), dtype=np.int8)
    flags[profiles.person_of_event, profiles.items] = 1 + profiles.late
    return flags
