"""The learners of stable-baselines3: only open slots, the same weights for the same seed, the targets of the papers."""

from typing import Any

import numpy as np
import pytest
import torch

from graph.answers import QuestionMode
from policy.bayes import GainRule
from policy.unified.dqn import UnifiedDQN
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.sb3_learners import LearnerConfig, Watch, make_dqn, make_ppo, side_by_side
from simulator.environments.joint import JointVecEnv
from tests.policy.unified.conftest import untrained
from tests.worlds import town

RULES = {QuestionMode.BINARY: GainRule(), QuestionMode.FACET: GainRule()}
CONFIG = LearnerConfig(environments=16, seed=3)
MAKERS = {"ppo": make_ppo, "dqn": make_dqn}


def environments(users: str = "mixture") -> JointVecEnv:
    return side_by_side(RULES, untrained().encoder, CONFIG, data=town(), affinity="uniform", users=users)


def learned(name: str, steps: int = 600, users: str = "mixture") -> tuple[Any, UnifiedNetwork]:
    learner, network = MAKERS[name](environments(users), town().catalogue, NetworkConfig(width=16), CONFIG)
    if isinstance(learner, UnifiedDQN):
        learner.learning_starts = 100
    learner.learn(steps)
    return learner, network


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.filterwarnings("ignore:.*target network")
def test_the_same_seed_gives_the_same_weights_and_they_move(name: str) -> None:
    one, other = (learned(name)[1].state_dict() for _ in range(2))
    assert all(torch.equal(one[part], other[part]) for part in one)
    assert one["residual.weight"].any(), "it starts at zero and has left it"


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.filterwarnings("ignore:.*target network")
def test_only_open_slots_are_taken_while_learning(name: str) -> None:
    taken: list[bool] = []
    learner, _ = MAKERS[name](environments(), town().catalogue, NetworkConfig(width=16), CONFIG)
    watch = Watch(lambda steps: True)
    watch._told = lambda steps: bool(taken.extend(info["invalid"] for info in watch.locals["infos"]) or steps < 320)
    learner.learn(10_000, callback=watch)
    assert 320 <= len(taken) < 400, "the watch stops it"
    assert not any(taken)


@pytest.mark.filterwarnings("ignore:.*target network")
def test_waiting_is_only_tried_where_somebody_may_be_busy() -> None:
    for users, tries in (("classic", False), ("burst:0.9", True)):
        joint = environments(users)
        learner, _ = make_dqn(joint, town().catalogue, NetworkConfig(width=16), CONFIG)
        assert isinstance(learner, UnifiedDQN)
        seen, waited, spoke = joint.reset(), 0, 0
        for _ in range(40):
            actions = learner.explore(seen, 1.0)
            waits = actions == joint.action_masks().shape[1] - 1
            assert joint.action_masks()[np.arange(len(actions)), actions].all()
            waited, spoke = waited + int(waits.sum()), spoke + int((~waits).sum())
            seen = joint.step(actions)[0]
        assert (waited > 0) == tries
        assert spoke > 100


@pytest.mark.filterwarnings("ignore:.*target network")
def test_a_step_of_dqn_takes_the_double_target() -> None:
    learner, _ = learned("dqn", 300)
    assert isinstance(learner, UnifiedDQN)
    drawn: list[Any] = []
    draw = learner.replay_buffer.draw
    learner.replay_buffer.draw = lambda *given: drawn.append(draw(*given)) or drawn[-1]  # type: ignore[method-assign]
    errors: list[np.ndarray] = []
    learner.replay_buffer.set_priorities = lambda places, wrong: errors.append(wrong)  # type: ignore[method-assign]
    with torch.no_grad():
        for part in learner.online.network.parameters():
            part += 0.05 * torch.randn(part.shape, generator=torch.Generator().manual_seed(1))
    before = {name: part.clone() for name, part in learner.online.state_dict().items()}
    learner.train(1, 64)
    sample = drawn[0]
    learner.online.load_state_dict(before)
    with torch.no_grad():
        chosen = learner.online(sample.next_seen).argmax(dim=1)
        assert (chosen != learner.target(sample.next_seen).argmax(dim=1)).any(), "else single and double agree"
        later = learner.target(sample.next_seen)[torch.arange(64), chosen].numpy()
        now = learner.online(sample.seen)[torch.arange(64), torch.as_tensor(sample.actions)].numpy()
    assert errors[0] == pytest.approx(now - (sample.returns + sample.discounts * later), abs=1e-5)
