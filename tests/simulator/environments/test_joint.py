"""Environments side by side go on as each would alone."""

import numpy as np
import pytest

from graph.errors import OptionError
from simulator.environments.joint import JointVecEnv
from simulator.environments.sb3 import MultiRoundVecEnv
from tests.worlds import town


def part(questions: str = "binary", observe: tuple[str, ...] = ("mask", "slots"), places: int = 3) -> MultiRoundVecEnv:
    return MultiRoundVecEnv(places, data=town(), affinity="uniform", questions=questions, observe=observe)


def test_each_goes_on_as_it_would_alone() -> None:
    joint, alone = JointVecEnv([part(), part("facet", places=2)]), [part(), part("facet", places=2)]
    joint.seed(5)
    alone[0].seed(5)
    alone[1].seed(8)
    together, apart = joint.reset(), [each.reset() for each in alone]
    for step in range(12):
        masks = np.concatenate([each.action_masks() for each in alone])
        assert np.array_equal(joint.action_masks(), masks)
        for name in together:
            assert np.array_equal(together[name], np.concatenate([each[name] for each in apart]))
        actions = np.where(masks[:, step % 10], step % 10, masks.argmax(axis=1))
        together, rewards, over, infos = joint.step(actions)
        steps = [alone[0].step(actions[:3]), alone[1].step(actions[3:])]
        apart = [each[0] for each in steps]
        assert np.array_equal(rewards, np.concatenate([each[1] for each in steps]))
        assert np.array_equal(over, np.concatenate([each[2] for each in steps]))
        assert [info.get("success_turn") for info in infos] == [
            info.get("success_turn") for each in steps for info in each[3]
        ]


def test_masks_of_some_places() -> None:
    joint = JointVecEnv([part(), part("multi", places=2)])
    joint.reset()
    assert np.array_equal(np.stack(joint.env_method("action_masks")), joint.action_masks())
    assert joint.has_attr("action_masks")
    assert len(joint.get_attr("action_masks")) == 5


@pytest.mark.parametrize("parts", [[], [part(), part(observe=("mask",))]])
def test_only_such_as_see_the_same(parts: list[MultiRoundVecEnv]) -> None:
    with pytest.raises(OptionError, match="side by side"):
        JointVecEnv(parts)
