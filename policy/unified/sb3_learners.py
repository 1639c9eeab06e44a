"""The learners of stable-baselines3 on the unified action space: masked PPO, and masked double dueling DQN.

Legend: N dialogues side by side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from sb3_contrib import MaskablePPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from policy.unified.dqn import UnifiedDQN, UnifiedDQNPolicy
from policy.unified.encoding import StateEncoder
from policy.unified.layout import MOMENT
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.ppo import UnifiedActorCritic
from policy.unified.replay import PrioritizedReplay
from policy.unified.unicorn import UnicornNetwork
from simulator.core import Rules
from simulator.environments.joint import JointVecEnv
from simulator.environments.sb3 import MultiRoundVecEnv


@dataclass(frozen=True)
class LearnerConfig:
    """What the two have in common."""

    environments: int = 128
    """Dialogues side by side (N)."""
    gamma: float = 0.99
    """Discount of a step (PPO) or of a tick (DQN)."""
    learning_rate: float = 1e-3
    """At first; it falls to a tenth."""
    logits_of_bit: float = 10.0
    """PPO: how much likelier a slot is that is worth a bit more by the gain rule."""
    updates: int = 1
    """DQN: updates of 128 after every step of all dialogues."""
    seed: int = 0
    device: str = "cpu"


def side_by_side(
    modes: Mapping[QuestionMode, Any], encoder: StateEncoder, config: LearnerConfig, **options: Any
) -> JointVecEnv:
    """Environments of every question mode as one.

    :param options: see :class:`simulator.environments.batch.Batch`.
    """
    share = max(1, config.environments // len(modes))
    parts = [MultiRoundVecEnv(share, questions=mode.name.lower(), observe=encoder, **options) for mode in modes]
    joint = JointVecEnv(parts)
    joint.seed(config.seed)
    return joint


def make_ppo(
    environments: JointVecEnv, catalogue: Catalogue, network: NetworkConfig, config: LearnerConfig
) -> tuple[BaseAlgorithm, UnifiedNetwork]:
    """PPO and the network it trains."""
    torch.manual_seed(config.seed)
    made = UnifiedNetwork(replace(network, bit=config.logits_of_bit)).to(config.device)
    learner = MaskablePPO(
        UnifiedActorCritic, environments, learning_rate=_falling(config.learning_rate), n_steps=16, batch_size=512,
        n_epochs=3, gamma=config.gamma, gae_lambda=0.9, ent_coef=0.001, target_kl=0.06, seed=config.seed,
        device=config.device, policy_kwargs={"network": made, "catalogue": catalogue},
    )  # fmt: skip
    return learner, made


MakeNetwork = Callable[[], UnifiedNetwork | UnicornNetwork]


def make_dqn(
    environments: JointVecEnv, catalogue: Catalogue, network: NetworkConfig | MakeNetwork, config: LearnerConfig
) -> tuple[BaseAlgorithm, UnifiedNetwork | UnicornNetwork]:
    """DQN and the network it trains.

    :param network: how ours is made, or what makes another.
    """
    make = network if callable(network) else partial(UnifiedNetwork, network)
    torch.manual_seed(config.seed)
    learner = UnifiedDQN(
        UnifiedDQNPolicy, environments, learning_rate=_falling(config.learning_rate), buffer_size=80_000,
        learning_starts=2_000, batch_size=128, tau=0.01, gamma=config.gamma, train_freq=1,
        gradient_steps=config.updates,
        replay_buffer_class=PrioritizedReplay,
        replay_buffer_kwargs={
            "gamma": config.gamma, "seed": config.seed, "clock": (MOMENT.index("time left"), float(Rules().clock)),
        },
        target_update_interval=environments.num_envs, exploration_fraction=0.5, exploration_initial_eps=0.2,
        exploration_final_eps=0.03, seed=config.seed, device=config.device, explorer_seed=config.seed,
        policy_kwargs={"make_network": make, "catalogue": catalogue},
    )  # fmt: skip
    return learner, learner.online.network


class Watch(BaseCallback):
    """Tells somebody after every step of all dialogues; stops the learner when they say so."""

    def __init__(self, told: Callable[[int], bool]) -> None:
        """:param told: given the decisions so far; False to stop."""
        super().__init__()
        self._told = told

    def _on_step(self) -> bool:
        return self._told(self.num_timesteps)


def _falling(rate: float) -> Callable[[float], float]:
    """A learning rate that falls to a tenth."""
    return lambda left: rate * (0.1 + 0.9 * left)
