"""Tastes of the users of a data set, for pictures, for explanations and for policies that look at them.

Legend: N users asked for, R tastes of a person, V items.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from convrec.run_options import fit_affinity
from graph.affinity.calibrated import Calibrated
from graph.affinity.personas.tastes import Tastes
from graph.affinity.profiles import Histories
from graph.affinity.signals.personas import PersonaScores
from graph.dataset import Dataset
from simulator.protocol import Policy

TastesOf = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""Maps users of shape (N,), -1 for somebody unknown, to weights of shape (N, R, V)."""


def load_tastes(dataset: Dataset, quietly: bool = False) -> Tastes:
    """Personas of a data set, learned at first use and kept.

    :raises OptionError: when nobody's choices are known.
    """
    learned = fit_affinity(PersonaScores.name, dataset, quietly)
    assert isinstance(learned, Calibrated)
    assert isinstance(learned.signal, PersonaScores)
    return Tastes(dataset, learned.signal.encoder)


def tastes_of(dataset: Dataset) -> TastesOf:
    """Weights of the tastes of users by what they had in train and valid.

    :raises OptionError: when nobody's choices are known.
    """
    tastes, histories = load_tastes(dataset, quietly=True), Histories(dataset)
    return lambda users: tastes.weights(histories.of(users))


def looks_at_tastes(policies: Sequence[Policy]) -> bool:
    """Whether one of them has to be told."""
    extras = [extra.name for policy in policies for extra in getattr(getattr(policy, "encoder", None), "extras", ())]
    return "tastes" in extras
