"""Several tastes of one person, each with a vector of its own.

Legend: B people, V items.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from graph.affinity.personas.encoder import PersonaEncoder
from graph.affinity.profiles import Profiles
from graph.affinity.signals.factors import centred
from graph.affinity.signals.protocol import FloatArray
from graph.dataset import Dataset


class PersonaScores:
    """A graph network like :class:`graph.affinity.signals.lightgcn.LightGcn` with several vectors a person.

    Which of them counts depends on the item (:mod:`graph.affinity.personas`).

    :raises OptionError: when there are no likes.
    """

    name = "personas"
    softenings: tuple[float, ...] = ()

    def __init__(self, encoder: PersonaEncoder) -> None:
        self.encoder = encoder
        self.covers = encoder.covers

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0) -> "PersonaScores":
        """Learn from train and valid."""
        # Learning needs torch, which takes a second to import; scoring does not.
        from graph.affinity.personas.learning import learn_personas

        return cls(learn_personas(dataset, seed))

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "PersonaScores":
        """What :meth:`arrays` gave, as a signal again."""
        return cls(PersonaEncoder.restore(arrays))

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over the items that somebody liked, shape (B, V); 0 for the others."""
        return centred(self.encoder.scores(self.encoder.of(profiles)), self.covers, profiles)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Vectors and constants."""
        return self.encoder.arrays()
