"""What makes no sense is refused at once, in one line that says what was wrong and what there is."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest

from graph.affinity.popularity import Uniform
from graph.errors import ConvrecError, DataError, OptionError
from simulator.candidates import ActionSpace
from simulator.environments import ID
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.single import MultiRoundEnv
from simulator.environments.vector import MultiRoundVectorEnv
from tests.worlds import closed_world, town

SMALL: dict[str, Any] = {"data": town(), "affinity": "uniform"}
V = town().catalogue.n_items

Maker = Callable[..., Any]

FACES: dict[str, Maker] = {
    "make": lambda **given: gymnasium.make(ID, **given),
    "make_vec": lambda **given: gymnasium.make_vec(ID, 2, **given),
    "sync": lambda **given: gymnasium.make_vec(ID, 2, vectorization_mode="sync", **given),
    "sb3": lambda **given: MultiRoundVecEnv(2, **given),
}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"users": "angry"}, "no user type 'angry'"),
    ({"users": "noisy:2"}, "'2' is not a number from 0 to 0.5"),
    ({"users": ""}, "no user type ''"),
    ({"users": 3}, "users=3: give a name, or what makes users"),
    ({"data": 3}, "data is a int: give a Dataset"),
    ({"affinity": "contnt"}, "did you mean content"),
    ({"affinity": 3}, "affinity=3: give a name, or an affinity fitted to the 120 items of synthetic"),
    ({"affinity": Uniform(0, 7)}, "affinity='uniform': give a name, or an affinity fitted to the 120 items"),
    ({"questions": "open"}, "questions='open': choose binary, facet or multi"),
    ({"questions": 2}, "questions=2: choose binary, facet or multi"),
    ({"split": "dev"}, "split='dev': choose test or valid"),
    ({"known": "maybe"}, "known='maybe': choose keep or drop"),
    ({"split": "train"}, "split='train': choose test or valid"),
    ({"observe": ["mask", "belief"]}, "observe='belief': choose questions, items, mask, slots or context"),
    ({"observe": "mask"}, "observe='mask': give a list of parts, some of questions, items, mask, slots, context"),
    ({"observe": []}, "observe=[]: give a list of parts"),
    ({"turns": 0}, "turns=0: give a whole number from 1 to 10000"),
    ({"turns": 1.5}, "turns=1.5: give a whole number from 1 to 10000"),
    ({"turns": 40_000}, "turns=40000: give a whole number from 1 to 10000"),
    ({"clock": 0}, "clock=0: give a whole number from 1 to 10000"),
    ({"clock": True}, "clock=True: give a whole number from 1 to 10000"),
    ({"space": ActionSpace(n_ask=0)}, "space: n_ask=0: give a whole number of 1 or more"),
    ({"space": ActionSpace(n_recommend=0)}, "space: n_recommend=0: give a whole number of 1 or more"),
    ({"space": ActionSpace(list_length=0)}, "space: list_length=0: give a whole number of 1 or more"),
    ({"space": 31}, "space is a int: give a ActionSpace"),
    ({"rewards": {"turn": -1}}, "rewards is a dict: give a Rewards"),
    ({"answer_model": "honest"}, "answer_model is a str: give a AnswerModel"),
    ({"eligible": np.ones(3, bool)}, "eligible has shape (3,) and type bool: give 120 booleans"),
    ({"eligible": np.ones(V)}, "eligible has shape (120,) and type float64: give 120 booleans"),
    ({"eligible": np.zeros(V, bool)}, "of which at least one is true"),
    ({"user": "noisy"}, "no option 'user'; there are affinity, answer_model, clock, data, eligible, known, observe,"),
    ({"autoreset": False}, "no option 'autoreset'; there are"),
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("given", "message"), WRONG, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_an_option_that_makes_no_sense_is_refused(face: str, given: dict[str, Any], message: str):
    with pytest.raises(OptionError) as refusal:
        FACES[face](**SMALL | given)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["filmz", "synthetic:users=x", "../movies"])
def test_an_unknown_data_set_is_refused_as_everywhere(face: str, name: str):
    with pytest.raises(DataError, match=r"^[^\n]+$") as refusal:
        FACES[face](data=name)
    assert repr(name)[:8] in str(refusal.value)


def test_a_data_set_without_pairs_to_talk_about_is_refused():
    with pytest.raises(OptionError, match=r"synthetic.* has no valid pairs"):
        MultiRoundVectorEnv(
            1, data="synthetic:users=1,items=5,attributes=3,facets=1,interactions=1", affinity="uniform"
        )


def test_the_mode_of_rendering_is_refused_where_there_is_none():
    with pytest.raises(OptionError, match="render_mode='human': choose ansi, or None"):
        MultiRoundEnv(render_mode="human", **SMALL)
    with pytest.raises(OptionError, match="render_mode='ansi': only the environment for one dialogue"):
        gymnasium.make_vec(ID, 2, render_mode="ansi", **SMALL)
    assert gymnasium.make_vec(ID, 2, render_mode=None, **SMALL).render_mode is None


@pytest.mark.parametrize("count", [0, -1, 2.0, "2", True, None])
def test_a_number_of_places_that_is_none_is_refused(count: Any):
    for make in (MultiRoundVectorEnv, MultiRoundVecEnv):
        with pytest.raises(OptionError, match=r"num_envs=.*: give a whole number of 1 or more"):
            make(count, **SMALL)


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True])
def test_a_seed_that_is_none_is_refused(seed: Any):
    message = "give a whole number of 0 or more"
    with pytest.raises(OptionError, match=message):
        gymnasium.make(ID, **SMALL).reset(seed=seed)
    vector = gymnasium.make_vec(ID, 2, **SMALL)
    for wrong in (seed, [3, seed]) if not isinstance(seed, str) else ([3, seed],):
        with pytest.raises(OptionError, match=message):
            vector.reset(seed=wrong)
    with pytest.raises(OptionError, match=message):
        MultiRoundVecEnv(2, seed=seed, **SMALL)


@pytest.mark.parametrize("seeds", [[1], [1, 2, 3], []])
def test_as_many_seeds_as_places(seeds: list[int]):
    with pytest.raises(OptionError, match=f"{len(seeds)} seeds for 2 dialogues"):
        MultiRoundVectorEnv(2, **SMALL).reset(seed=seeds)


def test_a_list_of_seeds_of_which_one_is_wrong_changes_nothing():
    env, same = (MultiRoundVectorEnv(2, **SMALL) for _ in range(2))
    for each in (env, same):
        each.reset(seed=[5, 6])
    with pytest.raises(OptionError):
        env.reset(seed=[7, -1])
    for one, other in zip(env.reset()[0].values(), same.reset()[0].values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_reset_takes_no_options():
    wrong = {"reset_mask": np.ones(2, bool)}
    for env in (gymnasium.make(ID, **SMALL), gymnasium.make_vec(ID, 2, **SMALL)):
        env.reset(options={})
        with pytest.raises(OptionError, match="no option 'reset_mask'; there are none"):
            env.reset(options=wrong)
    env = MultiRoundVecEnv(2, **SMALL)
    env.set_options({"difficulty": 3})
    with pytest.raises(OptionError, match="no option 'difficulty'; there are none"):
        env.reset()


WRONG_ACTIONS = [
    (np.zeros(3, int), r"shape \(3,\)"),
    (np.zeros((2, 1), int), r"shape \(2, 1\)"),
    (3, r"shape \(\)"),
    (np.zeros(2), "type float64"),
    (np.zeros(2, bool), "type bool"),
    (["a", "b"], "type <U1"),
]


@pytest.mark.parametrize(("actions", "message"), WRONG_ACTIONS, ids=lambda value: str(value)[:12])
def test_actions_of_another_shape_or_type_are_refused(actions: Any, message: str):
    vector, sb3 = MultiRoundVectorEnv(2, **SMALL), MultiRoundVecEnv(2, **SMALL)
    for env in (vector, sb3):
        env.reset()
        with pytest.raises(
            OptionError, match=rf"{message}.*give whole numbers of shape \(2,\), each a slot from 0 to 30"
        ):
            env.step(actions)
        env.step(np.array([0, 0]))
        assert (env.batch.talk.history.length == 1).all(), "what was refused was no step"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.array([1]), r"the action has shape \(1,\): give one whole number"),
        (1.0, "type float64"),
        (None, "type object"),
        ("ask", "type <U3"),
    ],
)
def test_one_action_of_another_shape_or_type_is_refused(action: Any, message: str):
    env = MultiRoundEnv(**SMALL)
    env.reset()
    with pytest.raises(OptionError, match=message):
        env.step(action)
    for fine in (0, np.int64(1), np.array(2), np.uint8(30)):
        env.step(fine)


@pytest.mark.parametrize("slot", [-1, 31, 10**6, 2**63, -(2**40)])
def test_a_slot_that_there_is_not_is_replaced_by_the_first_open_one(slot: int):
    env, other = MultiRoundEnv(**SMALL), MultiRoundEnv(**SMALL)
    for each in (env, other):
        each.reset(seed=2)
    actions = np.array(slot, np.uint64 if slot > 2**62 else np.int64)
    observation, *_, info = env.step(actions)
    wanted, *_, valid = other.step(int(other.action_masks().argmax()))
    assert (info["invalid"], valid["invalid"]) == (True, False)
    np.testing.assert_array_equal(observation["context"], wanted["context"])
    assert env.batch.talk.history.options[0, 0, 0] == other.batch.talk.history.options[0, 0, 0] >= 0


def test_a_closed_slot_is_replaced_by_the_first_open_one():
    env = MultiRoundEnv(data=closed_world(), affinity="uniform", split="test")
    observation, _ = env.reset(seed=0)
    closed = np.flatnonzero(observation["mask"] == 0)
    assert len(closed)
    *_, info = env.step(closed[0])
    assert info["invalid"]
    assert env.batch.talk.history.options[0, 0, 0] == observation["questions"][0, 0]
    while env.step(30)[-1]["invalid"] is False:
        assert env.batch.talk.history.waits_in_a_row[0] <= 3
    assert env.batch.talk.history.waits_in_a_row[0] == 0, "the fourth wait in a row became a question"


def test_nothing_can_be_done_before_a_dialogue_has_begun():
    single, vector, sb3 = MultiRoundEnv(**SMALL), MultiRoundVectorEnv(2, **SMALL), MultiRoundVecEnv(2, **SMALL)
    calls = [lambda: single.step(0), lambda: vector.step(np.zeros(2, int)), lambda: sb3.step(np.zeros(2, int))]
    calls += [single.action_masks, vector.action_masks, sb3.action_masks]
    for call in calls:
        with pytest.raises(OptionError, match="no dialogue has begun; call reset"):
            call()
    with pytest.raises(gymnasium.error.ResetNeeded):
        gymnasium.make(ID, **SMALL).step(0)


@pytest.mark.parametrize(("given", "ends"), [({"turns": 1}, (True, False)), ({"clock": 1}, (False, True))])
def test_nothing_can_be_done_after_the_end_of_a_dialogue(given: dict[str, int], ends: tuple[bool, bool]):
    env = MultiRoundEnv(**given, **SMALL)
    env.reset()
    assert env.step(0)[2:4] == ends
    with pytest.raises(OptionError, match="the dialogue is over; call reset"):
        env.step(0)
    env.reset()
    env.step(0)


def test_every_refusal_is_an_error_of_ours():
    assert issubclass(OptionError, ConvrecError)
    assert issubclass(DataError, ConvrecError)
