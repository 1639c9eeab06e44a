"""The unified policy with a part left out, and fakes of it: what each part is good for.

A variant is a change of :class:`policy.unified.training.TrainingConfig`; what is switched off stays off in the agent.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graph.errors import OptionError
from policy.unified.reinforcement import Learner
from policy.unified.training import Fake, TrainingConfig
from simulator.rewards import Rewards


@dataclass(frozen=True)
class Variant:
    """One change."""

    says: str
    """What is different, in a few words."""
    change: Callable[[TrainingConfig], TrainingConfig]


def _network(**switches: Any) -> Callable[[TrainingConfig], TrainingConfig]:
    return lambda config: replace(config, network=replace(config.network, **switches))


def _training(**settings: Any) -> Callable[[TrainingConfig], TrainingConfig]:
    return lambda config: replace(config, **settings)


def _from_nothing(config: TrainingConfig) -> TrainingConfig:
    # Prudence holds to the rule, of which nothing may be left.
    return replace(config, network=replace(config.network, uses_rule=False), prudence=(0.0,))


def _unicorn(config: TrainingConfig, *, as_published: bool = False) -> TrainingConfig:
    """Practised as published: with classic people, for the rewards of the paper, without waiting."""
    learner = Learner.UNICORN_AS_PUBLISHED if as_published else Learner.UNICORN
    switches = replace(config.network, may_wait=False, may_change_list=not as_published)
    return replace(
        config, learner=learner, network=switches, users="classic", easy=(0.0,), prudence=(0.0,), doubts=(0.0,),
        rewards=Rewards.unicorn(), hears_no=not as_published,
    )  # fmt: skip


ABLATIONS = {
    "no-gnn": Variant("no graph network over the state", _network(graph_layers=0)),
    "no-transformer": Variant("no Transformer over the history", _network(history_layers=0)),
    "no-belief": Variant("the network is not told what is believed", _network(sees_belief=False)),
    "no-residual": Variant("values start from nothing instead of the gain rule", _from_nothing),
    "no-answer-model": Variant("every answer is believed", _training(doubts=(0.0,))),
    "no-wait": Variant("waiting is closed", _network(may_wait=False)),
    "fixed-list": Variant("lists are the most believed items", _network(may_change_list=False)),
    "rule-decides": Variant("the gain rule says when to recommend", _network(rule_decides=True)),
    "one-type": Variant("practised with classic people alone", _training(users="classic", easy=(0.0,))),
}
"""Parts left out."""

FAKES = {
    "untrained": Variant(
        "the residual is left at zero, and every answer is believed: the gain rule",
        _training(fake=Fake.UNTRAINED, prudence=(0.0,), doubts=(0.0,)),
    ),
    "random-weights": Variant("the residual is random", _training(fake=Fake.RANDOM_WEIGHTS)),
    "shuffled-reward": Variant("fitted to what other acts came to", _training(fake=Fake.SHUFFLED_REWARD)),
}
"""Nothing learned, or nonsense; chosen on valid like the real one, so that all that differs is what was learned."""

RIVALS = {
    "dqn": Variant("the same network, learned by deep Q-learning", _training(learner=Learner.DQN, prudence=(0.0,))),
    "ppo": Variant("the same network, learned by masked PPO", _training(learner=Learner.PPO, prudence=(0.0,))),
    "unicorn-published": Variant("UNICORN as published", lambda config: _unicorn(config, as_published=True)),
    "unicorn-mended": Variant("UNICORN without the flaws of its code", lambda config: _unicorn(config)),
    "unicorn-mixture": Variant(
        "the same, practised with the people and for the reward of ours, and free to wait",
        _training(learner=Learner.UNICORN, prudence=(0.0,), doubts=(0.0,)),
    ),
}
"""Other learners, and another network."""

EXTRAS = {
    "with-codes": Variant("told codes of the items, too", _training(extras=("codes",))),
    "with-tastes": Variant("told which of the person's tastes an item serves, too", _training(extras=("tastes",))),
}
"""Parts that the agents that come with the package do without."""

VARIANTS = ABLATIONS | RIVALS | FAKES | EXTRAS


def vary(config: TrainingConfig, name: str) -> TrainingConfig:
    """The configuration of a variant.

    :raises OptionError: when there is none of this name.
    """
    if name not in VARIANTS:
        raise OptionError(f"--variant {name}: no such variant; choose from {', '.join(VARIANTS)}")
    return VARIANTS[name].change(config)
