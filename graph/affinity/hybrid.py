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
from graph.dataset import Dataset

if TYPE_CHECKING:
    from graph.affinity.learning import Learned

FloatArray = NDArray[np.float32]


class Hybrid(OfProfiles):
    """Signals of a person and an item, weighed by a small network that knows how much of each is known.

    Learned on rehearsals (:mod:`graph.affinity.rehearsals`), so that no target is ever scored by signals that have seen
    it; how sharp the scores are makes targets likeliest for networks that have not met their users.  Some people are
    met with their history hidden or shortened.  Neither a user nor an item has a parameter of its own.
    """

    name = "hybrid"

    def __init__(self, dataset: Dataset, network: Network | None, most_dense: int, tell: Tell) -> None:
        """With no network, where nobody's choices are known, the catalogue's popularity is all there is."""
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
            tell(f"hybrid: {dataset.name} has no user with likes in train and valid; every user gets popularity alone")
            return cls(dataset, None, config.most_dense, tell)
        step = advance or (lambda share: None)
        # Learning needs torch, which takes a second to import; scoring does not.
        from graph.affinity.learning import learn_networks

        learned = learn_networks(staged, config, step)
        fitted = cls(dataset, learned.network, config.most_dense, tell)
        fitted.learned, fitted.likelihood_gain = learned, learned.likelihood_gain
        step(0.1)
        return fitted

    def with_network(self, network: Network) -> "Hybrid":
        """The same signals weighed by another network."""
        other = copy(self)
        other.network = network
        other._of_items = network.of_items(self._facts)
        return other

    def scores_of(self, profiles: Profiles) -> FloatArray:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        if self.network is None:
            return np.tile(self._strangers, (len(profiles), 1))
        scores = self.network.scores(self._signals.of(profiles), self._of_items, person_facts(profiles))
        scores[profiles.person_of_event, profiles.items] += self.network.had[profiles.late.astype(np.intp)]
        return scores
