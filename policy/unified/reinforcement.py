"""Reinforcement learning proper, on the learners of stable-baselines3: the other ways to the same network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.dataset import Dataset
from policy.bayes import GainRule
from policy.unified.encoding import StateEncoder
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.sb3_learners import LearnerConfig, MakeNetwork, Watch, make_dqn, make_ppo, side_by_side
from policy.unified.trust import AnswerRates
from policy.unified.unicorn import UnicornConfig, UnicornNetwork, transe
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
    UNICORN = "unicorn"
    """Deep Q-learning with the network of :mod:`policy.unified.unicorn`, embeddings from TransE."""
    UNICORN_AS_PUBLISHED = "unicorn as published"
    """The same with the flaws of its code."""


@dataclass(frozen=True)
class Reinforcement:
    """What a learner is given."""

    learner: Learner
    network: NetworkConfig
    decisions: int
    rewards: Rewards
    seed: int
    device: str = "cpu"


def reinforce(
    task: Reinforcement,
    setting: Setting,
    rules: Mapping[QuestionMode, GainRule],
    rates: AnswerRates,
    advance: Callable[[NDArray[np.int16]], None] | None = None,
) -> UnifiedNetwork | UnicornNetwork:
    """The network after so many decisions.

    :param setting: data, affinity and users to practise with.
    :param rules: the gain rule of each question mode.
    :param advance: told of dialogues that have ended: the turn of each success, 0 for none.
    """
    catalogue = setting.dataset.catalogue
    config = LearnerConfig(seed=task.seed, device=task.device)
    made: NetworkConfig | MakeNetwork = task.network
    if task.learner in (Learner.UNICORN, Learner.UNICORN_AS_PUBLISHED):
        # Rates of the paper; its one update after every ten steps would be none here.
        config = replace(config, gamma=0.999, learning_rate=1e-4, updates=4)
        made = unicorn_maker(task, setting.dataset)
    environments = side_by_side(
        rules, StateEncoder(tuple(rules.items())), config, data=setting.dataset, split="test",
        affinity=setting.affinity, users=setting.user_type, rewards=task.rewards, answer_model=rates.model(catalogue),
    )  # fmt: skip
    make: Any = make_ppo if task.learner is Learner.PPO else make_dqn
    learner, network = make(environments, catalogue, made, config)

    def told(decisions: int) -> bool:
        if advance is not None:
            advance(ended_turns(watch.locals["infos"]))
        return decisions < task.decisions

    watch = Watch(told)
    learner.learn(task.decisions, callback=watch)
    network.eval()
    return network


def unicorn_maker(task: Reinforcement, dataset: Dataset) -> MakeNetwork:
    """What makes the network of UNICORN for a catalogue, with the slots closed that the task closes."""
    catalogue, mended = dataset.catalogue, task.learner is Learner.UNICORN
    config = UnicornConfig(
        catalogue.n_items, catalogue.n_attributes, catalogue.vocabulary, mended,
        may_wait=task.network.may_wait, may_change_list=task.network.may_change_list,
    )  # fmt: skip
    return partial(UnicornNetwork, config, transe(dataset, task.seed) if mended else None)


def ended_turns(infos: list[dict[str, Any]]) -> NDArray[np.int16]:
    """Turn of success of the dialogues that have just ended, 0 for none, shape (E,)."""
    return np.array([info["success_turn"] for info in infos if "terminal_observation" in info], np.int16)
