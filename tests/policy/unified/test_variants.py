"""What is switched off stays off: each ablation does without the part it is named after, and without nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from graph.answers import QuestionMode
from policy.bayes import BayesPolicy
from policy.unified.agent import UnifiedPolicy, tensors
from policy.unified.layout import OF_BELIEF
from policy.unified.network import CLOSED
from policy.unified.training import TrainingConfig
from policy.unified.variants import ABLATIONS, FAKES, VARIANTS, vary
from simulator.history import Act
from simulator.protocol import State
from tests.policy.unified.conftest import RULE, shaken, untrained
from tests.worlds import begin, town


def state_of(mode: QuestionMode = QuestionMode.BINARY) -> State:
    """Twenty dialogues after two questions."""
    talk = begin(town(), np.arange(20), mode)
    for _ in range(2):
        state = talk.state()
        talk.step(state, BayesPolicy(RULE).choose(state))
    return talk.state()


def policy_of(name: str) -> UnifiedPolicy:
    """The variant with weights drawn at random."""
    config = vary(TrainingConfig(), name).network
    return shaken(untrained(**{each: getattr(config, each) for each in type(config).__dataclass_fields__}))


def test_every_variant_changes_something() -> None:
    assert not ABLATIONS.keys() & FAKES.keys()
    for name in VARIANTS:
        assert vary(TrainingConfig(), name) != TrainingConfig(), name


def test_waiting_is_closed() -> None:
    state = state_of()
    assert (untrained().values(state)[:, -1] > CLOSED).any(), "it is open otherwise"
    assert (policy_of("no-wait").values(state)[:, -1] == CLOSED).all()


def test_only_the_list_of_the_most_believed_is_left() -> None:
    state, space = state_of(), state_of().candidates.space
    values = policy_of("fixed-list").values(state)
    assert (values[:, space.n_ask + 1 : space.wait_slot] == CLOSED).all()
    assert (values[:, space.n_ask] > CLOSED).all()


def test_the_rule_decides_between_asking_and_recommending() -> None:
    state = state_of()
    space = state.candidates.space
    acts = space.act_of(policy_of("rule-decides").choose(state).slots)
    ruled = space.act_of(BayesPolicy(RULE).choose(state).slots)
    spoke = acts != Act.WAIT
    assert spoke.any()
    assert np.array_equal(acts[spoke], ruled[spoke])
    free = space.act_of(shaken(untrained()).choose(state).slots)
    assert (free != ruled).any(), "weights drawn at random decide otherwise where they may"


def test_where_the_belief_is_hidden_it_changes_no_residual() -> None:
    policy = policy_of("no-belief")
    state = state_of()
    seen = tensors(policy.encoder.encode(state, policy.rules), state.catalogue)
    other = dict(seen)
    for name, (layout, hidden) in OF_BELIEF.items():
        other[name] = seen[name].clone()
        for column in hidden:
            other[name][..., layout.index(column)] += torch.rand(seen[name].shape[:-1])
    with torch.inference_mode():
        assert torch.equal(policy.network(seen)[1], policy.network(other)[1])
        whole = shaken(untrained()).network
        assert not torch.equal(whole(seen)[1], whole(other)[1])


def test_without_a_start_the_rule_counts_for_nothing() -> None:
    policy = policy_of("no-residual")
    state = state_of()
    seen = tensors(policy.encoder.encode(state, policy.rules), state.catalogue)
    with torch.inference_mode():
        assert torch.equal(policy.network(seen)[1], policy.network({**seen, "values": seen["values"] + 1.0})[1])
    assert vary(TrainingConfig(), "no-residual").prudence == (0.0,), "it would hold on to the rule"


@pytest.mark.parametrize("mode", QuestionMode)
def test_the_untrained_fake_is_the_rule_act_for_act(mode: QuestionMode) -> None:
    config = vary(TrainingConfig(), "untrained")
    assert config.doubts == (0.0,)
    policy = replace(untrained(mode), rules=replace(untrained(mode).rules, questions=mode))
    state = state_of(mode)
    assert np.array_equal(policy.choose(state).slots, BayesPolicy(RULE).choose(state).slots)
