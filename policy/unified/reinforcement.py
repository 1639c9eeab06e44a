"""Reinforcement learning proper, on the learners of stable-baselines3: the other ways to the same network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from policy.bayes import GainRule
from policy.unified.encoding import StateEncoder
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.sb3_learners import LearnerConfig, Watch, make_dqn, make_ppo, side_by_side
from policy.unified.trust import AnswerRates
from simulator.rewards import Rewards
from simulator.runs import Setting


class Learner(StrEnum):
    """How the network learns."""

    COMPARISONS = "comparisons"
    """Policy iteration from forked dialogues, the default: :mod:`policy.unified.iteration`."""
    DQN = "dqn"
    """Deep Q-learning: double, dueling, prioritised, n-step, masked."""
    PPO = "ppo"
    """Proximal policy optimisation, masked."""


@dataclass(frozen=True)
class Reinforcement:
    """What a learner is given."""

    learner: Learner
    network: NetworkConfig
    decisions: int
    rewards: Rewards
    seed: int


def reinforce(
    task: Reinforcement,
    setting: Setting,
    rules: Mapping[QuestionMode, GainRule],
    rates: AnswerRates,
    advance: Callable[[NDArray[np.int16]], None] | None = None,
) -> UnifiedNetwork:
    """The network after so many decisions.

    :param setting: data, affinity and users to practise with.
    :param rules: the gain rule of each question mode.
    :param advance: told of dialogues that have ended: the turn of each success, 0 for none.
    """
    catalogue = setting.dataset.catalogue
    config = LearnerConfig(seed=task.seed)
    environments = side_by_side(
        rules, StateEncoder(tuple(rules.items())), config, data=setting.dataset, split="test",
        affinity=setting.affinity, users=setting.user_type, rewards=task.rewards, answer_model=rates.model(catalogue),
    )  # fmt: skip
    make = make_ppo if task.learner is Learner.PPO else make_dqn
    learner, network = make(environments, catalogue, task.network, config)

    def told(decisions: int) -> bool:
        if advance is not None:
            advance(ended_turns(watch.locals["infos"]))
        return decisions < task.decisions

    watch = Watch(told)
    learner.learn(task.decisions, callback=watch)
    network.eval()
    return network


def ended_turns(infos: list[dict[str, Any]]) -> NDArray[np.int16]:
    """Turn of success of the dialogues that have just ended, 0 for none, shape (E,)."""
    return np.array([info["success_turn"] for info in infos if "terminal_observation" in info], np.int16)
