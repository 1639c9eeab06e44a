"""What a learner sees: within its space, of a known size, and what the features say."""

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest
from stable_baselines3.common.buffers import DictReplayBuffer

from graph.dataset import Dataset
from graph.synthetic import make_synthetic
from simulator.candidates import ActionSpace
from simulator.environments.batch import Batch
from simulator.environments.observations import CONTEXT_FEATURES, FEATURES, KEYS, SLOT_FEATURES
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.single import MultiRoundEnv
from simulator.environments.vector import MultiRoundVectorEnv
from simulator.history import Act
from tests.worlds import MODES, Ranked, closed_world, open_world, shelf, town

WORLDS = {"town": town(0.3), "closed": closed_world(), "open": open_world(), "shelf": shelf(12)}
SPACES = [ActionSpace(), ActionSpace(3, 5, 3), ActionSpace(5, 5, 10), ActionSpace(1, 1, 1), ActionSpace(2, 30, 2)]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"{space.n_ask}-{space.n_recommend}-{space.list_length}")
def test_every_observation_lies_in_its_space(mode: Any, world: str, space: ActionSpace):
    """The last ones too, also where questions and items run out."""
    env = MultiRoundVectorEnv(
        6, data=WORLDS[world], affinity="uniform", split="test", space=space, questions=mode.name.lower(),
        users="mixture+nlu:3", turns=40, clock=50,
    )  # fmt: skip
    observation, _ = env.reset(seed=3)
    env.action_space.seed(1)
    n_over, rng = 0, np.random.default_rng(0)
    for step in range(60):
        assert env.observation_space.contains(observation)
        masks = env.action_masks()
        legal = np.where(masks, rng.random(masks.shape), -1).argmax(axis=1)
        observation, _, _, _, infos = env.step(env.action_space.sample() if step % 3 == 0 else legal)
        for last in infos.get("final_obs", []):
            assert last is None or env.single_observation_space.contains(last)
            n_over += last is not None
    assert n_over


def see(data: Dataset, **options: Any) -> tuple[Batch, dict[str, Any]]:
    """One dialogue with a classic user of the first episode of seed 0."""
    batch = Batch(1, False, data=data, split="test", **options)
    batch.seed([0])
    return batch, batch.reset()


def features_of(observation: dict[str, Any]) -> dict[str, float]:
    return dict(zip(CONTEXT_FEATURES, observation["context"][0].tolist(), strict=True))


def test_what_the_features_of_the_moment_say():
    batch, observation = see(town(), affinity="uniform", turns=10, clock=40)
    wanted, catalogue = int(batch.talk._users._minds.first[0]), batch.catalogue
    now = features_of(observation)
    mass = batch.state.belief.probabilities[0]
    assert now["entropy"] == pytest.approx(-(mass[mass > 0] * np.log2(mass[mass > 0])).sum() / np.log2(120), rel=1e-4)
    assert now["list mass"] == pytest.approx(np.sort(mass)[-10:].sum(), rel=1e-5)
    assert now["best bits"] == pytest.approx(batch.state.candidates.questions.value[0].max() / 4, rel=1e-5)
    assert (now["turns left"], now["time left"], now["silence"], now["on show"]) == (1, 1, 0, 0)
    assert (now["event: message"], now["completeness"], now["typing"]) == (1, 1, 0)
    asked = int(observation["questions"][0, 0, 0])
    holds = bool(catalogue.item_attributes.contains(np.array([wanted]), asked)[0])
    now = features_of(batch.step([0])[0])
    assert (now["answered yes"], now["answered no"]) == (holds, not holds)
    assert (now["turns left"], now["time left"]) == (pytest.approx(0.9), pytest.approx(39 / 40))
    assert (now["questions"], now["lists"], now["confidence"]) == (pytest.approx(0.1), 0, 1)
    now = features_of(batch.step([30])[0])
    assert (now["event: silence"], now["event: message"], now["silence"]) == (1, 0, pytest.approx(4 / 20))
    assert (now["waits in a row"], now["turns left"]) == (pytest.approx(1 / 3), pytest.approx(0.9))
    items = np.setdiff1d(np.arange(120), [wanted])[:10]
    batch.set_lists([items])
    now = features_of(batch.step([10])[0])
    assert (now["lists"], now["waits in a row"], now["silence"]) == (pytest.approx(0.1), 0, 0)
    assert batch.talk.history.acts[0, :3].tolist() == [Act.ASK, Act.WAIT, Act.RECOMMEND]


def test_features_of_people_who_write_in_pieces_and_think():
    batch, observation = see(town(), affinity="uniform", users="burst:1+deliberator:1")
    now = features_of(observation)
    assert (now["event: fragment"], now["event: message"]) == (1, 0)
    now = features_of(batch.step([30])[0])
    assert now["volunteered"] == pytest.approx(1 / 15)
    for _ in range(2):
        batch.step([0])
    now = features_of(batch.step([10])[0])
    assert now["on show"] == 1
    assert now["event: deferral"] == now["deferred"]


def test_what_the_features_of_the_slots_say():
    space = ActionSpace(n_ask=4, n_recommend=5, list_length=2)
    batch, observation = see(town(), affinity=Ranked(120, 0.02), space=space)
    slots, candidates = observation["slots"][0], batch.state.candidates
    column = dict(zip(SLOT_FEATURES, slots.T.tolist(), strict=True))
    assert column["asks"] == [1] * 4 + [0] * 6
    assert column["recommends"] == [0] * 4 + [1] * 5 + [0]
    assert column["waits"] == [0] * 9 + [1]
    assert column["open"] == observation["mask"][0].tolist()
    assert column["bits"] == pytest.approx([*(candidates.questions.value[0] / 4), *[0] * 6], rel=1e-5)
    mass = batch.state.belief.probabilities[0]
    holds = [
        batch.catalogue.item_attributes.contains(np.arange(120), option) for option in observation["questions"][0, :, 0]
    ]
    items = observation["items"][0]
    assert column["mass"] == pytest.approx([*(mass[each].sum() for each in holds), *mass[items], 0], rel=1e-4)
    lists = [mass[candidates.list_for(np.array([slot]))[0]].sum() for slot in range(4, 9)]
    assert column["list mass"] == pytest.approx([0] * 4 + lists + [0], rel=1e-4)
    assert column["rank"] == pytest.approx([0, 0.25, 0.5, 0.75, 0, 0.2, 0.4, 0.6, 0.8, 0])


def test_ids_are_places_in_the_catalogue_best_first():
    """Ids of items and attributes in the data are others; where no item is left there is -1, and the slot is closed."""
    data = closed_world()
    batch, observation = see(data, affinity=Ranked(7, 5.0))
    opening = int(batch.talk.history.opening[0])
    fits = np.flatnonzero(data.catalogue.item_attributes.contains(np.arange(7), opening))
    assert observation["items"][0, : len(fits)].tolist() == fits.tolist()
    assert sorted(observation["items"][0, :7].tolist()) == list(range(7))
    assert (observation["items"][0, 7:] == -1).all()
    assert observation["mask"][0, 10:].tolist() == [1] * 7 + [0] * 13 + [1]
    assert opening not in observation["questions"][0]


def test_only_the_parts_that_are_asked_for_are_made():
    env = MultiRoundEnv(data=town(), affinity="uniform", observe=["context", "mask"])
    assert set(env.observation_space) == {"context", "mask"}
    assert env.reset()[0].keys() == env.step(0)[0].keys() == {"context", "mask"}
    assert set(FEATURES) < set(KEYS)


def test_what_is_done_to_an_observation_changes_nothing_else():
    env, untouched = (MultiRoundVectorEnv(2, data=town(), affinity="uniform") for _ in range(2))
    for each in (env, untouched):
        seen, _ = each.reset(seed=1)
        if each is env:
            for value in (*seen.values(), each.action_masks()):
                value[:] = 0
    one, other = env.step(np.array([3, 12]))[0], untouched.step(np.array([3, 12]))[0]
    for key, value in one.items():
        np.testing.assert_array_equal(value, other[key])


@pytest.mark.parametrize(("questions", "most"), [("binary", 2506), ("facet", 2746), ("multi", 2746)])
def test_bytes_of_a_stored_transition(questions: str, most: int):
    """As docs/environments.md has it; the goal is 4 KB."""
    env = MultiRoundVecEnv(2, data=town(), affinity="uniform", questions=questions)
    buffer = DictReplayBuffer(100, env.observation_space, env.action_space, n_envs=2)
    arrays = [*buffer.observations.values(), *buffer.next_observations.values()]
    arrays += [buffer.actions, buffer.rewards, buffer.dones, buffer.timeouts]
    assert sum(array.nbytes for array in arrays) / 100 == most <= 4096


def test_bytes_of_a_dialogue_under_way():
    """As docs/environments.md has it: 4 for each item, 8 for each attribute, and at most 8,000."""
    data = make_synthetic(users=50, items=10_000, attributes=100)

    def hold(n: int) -> int:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        env = MultiRoundVectorEnv(n, data=data, affinity="uniform", users="mixture")
        env.reset(seed=1)
        for slot in range(20):
            env.step(np.full(n, slot))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    hold(16)
    tracemalloc.start()
    try:
        few, many = hold(16), hold(64)
    finally:
        tracemalloc.stop()
    assert 4 * 10_000 < (many - few) / 48 < 4 * 10_000 + 8 * 100 + 8_000
