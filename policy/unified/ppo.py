"""Proximal policy optimisation on the unified action space: the other learner, on sb3-contrib's ``MaskablePPO``.

Schulman et al. 2017, "Proximal policy optimization algorithms"; Huang and Ontañón 2022 (masks).

Legend: B states, K slots.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib.common.maskable.distributions import MaskableCategoricalDistribution, MaskableDistribution
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.policies import BasePolicy
from torch import Tensor

from graph.catalogue import Catalogue
from policy.unified.agent import tensors
from policy.unified.network import UnifiedNetwork


class UnifiedActorCritic(MaskableActorCriticPolicy):
    """The network behind the face that sb3-contrib expects: advantages are logits, the value is the critic."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Discrete,
        lr_schedule: Any,
        *,
        network: UnifiedNetwork,
        catalogue: Catalogue,
        use_sde: bool = False,
    ) -> None:
        BasePolicy.__init__(self, observation_space, action_space)
        self.network, self._catalogue = network, catalogue
        self.action_dist = MaskableCategoricalDistribution(int(action_space.n))
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=lr_schedule(1), eps=1e-5)

    def forward(
        self, obs: Any, deterministic: bool = False, action_masks: NDArray[np.bool_] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slots, values and log-probabilities, each with a first axis of B."""
        values, distribution = self._act(obs, action_masks)
        actions = distribution.get_actions(deterministic=deterministic)
        return actions, values, distribution.log_prob(actions)

    def evaluate_actions(
        self, obs: Any, actions: Tensor, action_masks: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Values, log-probabilities of the slots taken, and entropies, each with a first axis of B."""
        values, distribution = self._act(obs, action_masks)
        return values, distribution.log_prob(actions), distribution.entropy()

    def predict_values(self, obs: Any) -> Tensor:
        """Shape (B, 1)."""
        return self._act(obs, None)[0]

    def _act(self, obs: Any, action_masks: Any) -> tuple[Tensor, MaskableDistribution]:
        seen = {name: part.numpy() if isinstance(part, Tensor) else part for name, part in obs.items()}
        value, logits = self.network(tensors(seen, self._catalogue, self.device))
        self.action_dist.proba_distribution(logits)
        self.action_dist.apply_masking(seen["mask"] > 0 if action_masks is None else action_masks)
        return value[:, None], self.action_dist
