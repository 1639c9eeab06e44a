"""Lists a learner puts together itself: shown once, where a recommend slot is taken."""

from typing import Any

import numpy as np
import pytest

from graph.errors import OptionError
from simulator.candidates import ActionSpace
from simulator.environments.batch import Batch
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.single import MultiRoundEnv
from simulator.environments.vector import MultiRoundVectorEnv
from tests.worlds import closed_world, shelf, town

SPACE = ActionSpace(n_ask=3, n_recommend=6, list_length=3)
SMALL: dict[str, Any] = {"data": town(), "affinity": "uniform", "space": SPACE}
ASK, LIST, WAIT = 0, SPACE.n_ask, SPACE.wait_slot


def shown(env: Any, step: int) -> list[list[int]]:
    return env.batch.talk.history.lists[:, step].tolist()


@pytest.fixture(params=[MultiRoundVectorEnv, MultiRoundVecEnv], ids=["vector", "sb3"])
def env(request: pytest.FixtureRequest) -> Any:
    """Two dialogues that stay where they are when they are over, so that the last list can be looked at."""
    env = request.param(2, **SMALL)
    env.batch.seed([3, 4])
    env.reset()
    env.batch._autoreset = False
    return env


def unwanted(env: Any, count: int) -> list[list[int]]:
    """Items that nobody looks for, so that the dialogues go on."""
    wanted = set(env.batch.talk._users._minds.first.tolist())
    free = [item for item in range(env.batch.catalogue.n_items) if item not in wanted]
    return [free[:count], free[count : 2 * count]]


def test_lists_are_shown_at_the_next_step_and_at_no_other(env: Any):
    mine = unwanted(env, 3)
    env.set_lists(np.array(mine))
    env.step(np.array([LIST, LIST + 4]))
    assert shown(env, 0) == mine
    own = env.batch.state.candidates.items[:, :3].tolist()
    env.step(np.array([LIST, LIST]))
    assert shown(env, 1) == own


def test_lists_are_forgotten_when_the_next_step_shows_none(env: Any):
    mine = unwanted(env, 3)
    env.set_lists(np.array(mine))
    env.step(np.array([ASK, WAIT]))
    assert shown(env, 0) == [[-1] * 3] * 2
    own = env.batch.state.candidates.items[:, :3].tolist()
    env.step(np.array([LIST, LIST]))
    assert shown(env, 1) == own != mine


def test_lists_are_forgotten_when_other_dialogues_begin(env: Any):
    env.set_lists(np.array(unwanted(env, 3)))
    env.reset()
    own = env.batch.state.candidates.items[:, :3].tolist()
    env.step(np.array([LIST, LIST]))
    assert shown(env, 0) == own


def test_a_refused_action_does_not_use_lists_up(env: Any):
    mine = unwanted(env, 2)
    env.set_lists(mine)
    with pytest.raises(OptionError):
        env.step(np.zeros(5, int))
    env.step(np.array([LIST, LIST]))
    assert shown(env, 0) == [[*each, -1] for each in mine]


def test_a_row_without_items_leaves_the_list_to_the_slot(env: Any):
    mine = [unwanted(env, 3)[0], [-1, -1, -1]]
    own = env.batch.state.candidates.items[1, [2, 0, 1]].tolist()
    env.set_lists(np.array(mine))
    env.step(np.array([LIST, LIST + 2]))
    assert shown(env, 0) == [mine[0], own]


@pytest.mark.parametrize("slot", [-1, ASK, WAIT, 99], ids=["below", "closed", "wait", "beyond"])
def test_a_row_without_items_shows_the_best_list_where_one_takes_the_place_of_a_closed_slot(slot: int):
    """Of a shelf nothing can be asked once it has been, so the first open slot is a list."""
    batch = Batch(1, False, data=shelf(9), affinity="uniform", space=SPACE, split="test", clock=1000)
    batch.seed([1])
    batch.reset()
    for _ in range(3):
        batch.step([WAIT])
    best = batch.state.candidates.items[0, :3].tolist()
    assert batch.masks()[0].argmax() == LIST
    batch.set_lists([[-1, -1, -1]])
    assert batch.step([slot])[1].invalid[0]
    assert batch.talk.history.lists[0, 3].tolist() == best


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (np.zeros((2, 4), int), r"shape \(2, 4\) and type int64: give the numbers of at most 3 items for each of 2"),
        (np.zeros((1, 3), int), r"shape \(1, 3\)"),
        (np.zeros(3, int), r"shape \(3,\)"),
        (np.zeros((2, 3)), "type float64"),
        ([[0, 1], [2, 120]], "lists name items from 0 to 119, and -1 for none"),
        ([[0, 1], [-2, 3]], "lists name items from 0 to 119, and -1 for none"),
    ],
)
def test_lists_that_cannot_be_shown_are_refused(env: Any, lists: Any, message: str):
    with pytest.raises(OptionError, match=message):
        env.set_lists(lists)
    own = env.batch.state.candidates.items[:, :3].tolist()
    env.step(np.array([LIST, LIST]))
    assert shown(env, 0) == own, "what was refused is not remembered"


def test_one_list_for_one_dialogue():
    env = MultiRoundEnv(data=closed_world(), affinity="uniform", split="test", space=SPACE)
    env.reset(seed=0)
    wanted = int(env.batch.talk._users._minds.first[0])
    env.set_list([(wanted + 1) % 7, wanted])
    *_, terminated, _, info = env.step(LIST)
    assert terminated
    assert (info["success"], info["rank"], info["success_turn"]) == (True, 2, 1)
    with pytest.raises(OptionError, match=r"shape \(1, 1, 2\)"):
        env.set_list([[1, 2]])


def test_an_item_that_may_not_be_shown_is_left_out_and_reported():
    eligible = np.arange(120) != 5
    env = MultiRoundVectorEnv(1, eligible=eligible, **SMALL)
    env.reset()
    env.batch._autoreset = False
    env.set_lists([[5, 6]])
    infos = env.step(np.array([LIST]))[4]
    facts = infos.get("final_info", infos)
    assert facts["invalid"].tolist() == [True]
    assert shown(env, 0) == [[-1, 6, -1]]
