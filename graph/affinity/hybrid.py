"""The default affinity: signals of users, items and attributes in one calibrated log prior.

Legend: B people, V items, M contests, C contenders, D signals, E facts of an item, Q facts of a person.
"""

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.affinity.hybrid_config import HybridConfig
from graph.affinity.item_facts import item_facts
from graph.affinity.network import Network
from graph.affinity.popularity import Popularity
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.protocol import OfProfiles
from graph.affinity.rehearsals import rehearsals
from graph.affinity.signal_bank import SignalBank, Tell, person_facts
from graph.affinity.signals.content import ContentCosine
from graph.dataset import Dataset

if TYPE_CHECKING:
    from graph.affinity.learning import Learned

FloatArray = NDArray[np.float32]


TASTE_SHARPNESS, TASTE_SOFTENING = 1.0, 0.03
"""Weight of ``log(1 + cosine / softening)`` for people whose only likes are those they name.  At this softening, for
people of whom one like is known and beside popularity, valid targets ask for .30 on movies, .82 on lastfm and 1.28 on
lastfm_star; who names a like while looking for something means it."""


class Hybrid(OfProfiles):
    """Signals of a person and an item, weighed by a small network that knows how much of each is known.

    Learned on rehearsals (:mod:`graph.affinity.rehearsals`), so that no target is ever scored by signals that have seen
    it; how sharp the scores are makes targets likeliest for networks that have not met their users.  Some people are
    met with their history hidden or shortened.  Neither a user nor an item has a parameter of its own.
    """

    name = "hybrid"

    def __init__(self, dataset: Dataset, network: Network | None, most_dense: int, tell: Tell) -> None:
        """With no network, where nobody's choices are known, there are popularity and what somebody says they like."""
        super().__init__(Histories(dataset))
        self.n_items = dataset.catalogue.n_items
        self.network = network
        self.most_dense = most_dense
        self.signal_names: list[str] = []
        self.likelihood_gain: float | None = None
        """Nats that targets of users not learned from gain over a flat prior; None where nothing was just learned."""
        self.learned: Learned | None = None
        """All that was just learned, other users' networks included; None where it was read from a file."""
        if network is None:
            self._strangers = Popularity.fit(dataset).log_prior
            self._content = ContentCosine.fit(dataset)
            return
        self._signals = SignalBank(dataset, most_dense, tell)
        self.signal_names = self._signals.names
        self._facts = item_facts(dataset)
        self._of_items = network.of_items(self._facts)

    @classmethod
    def fit(
        cls,
        dataset: Dataset,
        config: HybridConfig | None = None,
        report: Tell | None = None,
        advance: Callable[[float], None] | None = None,
    ) -> "Hybrid":
        """Learn from train and valid; the test split is not looked at.

        :param report: is told what is left out, and why.
        :param advance: told what share of the work has just been done.
        """
        tell, config = report or (lambda line: None), config or HybridConfig()
        staged = list(rehearsals(dataset))
        if not staged:
            tell(
                f"hybrid: {dataset.name} has no user with likes in train and valid; popularity and what people say "
                "they like are all there is"
            )
            return cls(dataset, None, config.most_dense, tell)
        step = advance or (lambda share: None)
        # Learning needs torch, which takes a second to import; scoring does not.
        from graph.affinity.learning import learn_networks

        learned = learn_networks(staged, config, step)
        fitted = cls(dataset, learned.network, config.most_dense, tell)
        fitted.learned, fitted.likelihood_gain = learned, learned.likelihood_gain
        step(0.1)
        return fitted

    def _by_taste_alone(self, profiles: Profiles) -> FloatArray:
        """Popularity, and likeness to what somebody said they like, weighed as other data have it."""
        scores = np.tile(self._strangers, (len(profiles), 1))
        known = np.flatnonzero(~profiles.empty)
        if len(known):
            cosines = self._content.of(profiles)[known]
            scores[known] += np.float32(TASTE_SHARPNESS) * np.log1p(cosines / np.float32(TASTE_SOFTENING))
        return scores

    def with_network(self, network: Network) -> "Hybrid":
        """The same signals weighed by another network."""
        other = copy(self)
        other.network = network
        other._of_items = network.of_items(self._facts)
        return other

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        if self.network is None:
            return self._by_taste_alone(profiles)
        scores = self.network.scores(self._signals.of(profiles), self._of_items, person_facts(profiles))
        scores[profiles.person_of_event, profiles.items] += self.network.had[profiles.late.astype(np.intp)]
        return scores
