"""Environments for reinforcement learning; one core, three faces.

``gymnasium.make("convrec/MultiRound-v0")``, ``gymnasium.make_vec("convrec/MultiRound-v0", 256)`` and
:class:`simulator.environments.sb3.MultiRoundVecEnv`.
"""

import gymnasium

ID = "convrec/MultiRound-v0"


def register() -> None:
    """Make the environment known to gymnasium; done when :mod:`simulator` is imported."""
    if ID not in gymnasium.registry:
        gymnasium.register(
            id=ID,
            entry_point="simulator.environments.single:MultiRoundEnv",
            vector_entry_point="simulator.environments.vector:MultiRoundVectorEnv",
        )
