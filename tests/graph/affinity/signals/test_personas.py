"""Several vectors a person, as a signal."""

from dataclasses import replace

from graph.affinity.personas.learning import PersonaConfig, learn_personas
from graph.affinity.signals.personas import PersonaScores
from tests.graph.affinity.signals.contract import SignalContract, check_that_nothing_is_learned_from_nobody


def fit_quickly(dataset, seed: int = 0) -> PersonaScores:
    return PersonaScores(learn_personas(dataset, seed, replace(PersonaConfig(), steps=40)))


class TestPersonaScores(SignalContract):
    fit = staticmethod(fit_quickly)
    restore = PersonaScores.restore
    floor = 0.72


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(PersonaScores.fit)
