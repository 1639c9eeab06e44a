"""Who is talked to: a function of seed and number of the episode, drawn from the split and from nothing else."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

from graph.affinity import rehearsal
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from simulator.environments import ID
from simulator.environments.batch import Batch
from simulator.environments.episodes import EpisodeTargets
from simulator.environments.observations import observe
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.vector import MultiRoundVectorEnv
from simulator.randomness import dialogue_keys
from simulator.runs import Targets
from tests.worlds import closed_world, make_world, town

SMALL: dict[str, Any] = {"data": town(), "affinity": "uniform"}


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """Who was met in the episodes of each key."""
    people: dict[int, tuple[int, int]] = {}
    draw = EpisodeTargets.draw

    def spied(self: EpisodeTargets, keys: Any) -> Targets:
        targets = draw(self, keys)
        people.update(zip(keys.tolist(), zip(targets.users.tolist(), targets.items.tolist(), strict=True), strict=True))
        return targets

    monkeypatch.setattr(EpisodeTargets, "draw", spied)
    return people


def stream(met: dict[int, tuple[int, int]], seed: int, count: int) -> list[tuple[int, int]]:
    return [met[key] for key in dialogue_keys(seed, np.arange(count)).tolist()]


def test_place_i_of_many_meets_whom_a_single_environment_with_seed_plus_i_meets(met: dict[int, tuple[int, int]]):
    single = {}
    for place in range(3):
        met.clear()
        env = gymnasium.make(ID, **SMALL).unwrapped
        env.reset(seed=70 + place)
        order = list(met.values())
        for _ in range(7):
            env.reset()
            order.append(list(met.values())[-1])
        single[place] = order
    for make in (MultiRoundVectorEnv, MultiRoundVecEnv):
        met.clear()
        env = make(3, **SMALL)
        env.reset(seed=70) if make is MultiRoundVectorEnv else (env.seed(70), env.reset())
        rng, counts = np.random.default_rng(0), np.ones(3, int)
        while counts.min() < 8:
            result = env.step(rng.integers(0, 31, 3))
            counts += (result[2] | result[3]) if make is MultiRoundVectorEnv else result[2]
        for place in range(3):
            assert stream(met, 70 + place, 8) == single[place]
    assert len(set(single[0]) | set(single[1])) > 8, "streams of other seeds are others"


def test_a_seed_begins_a_stream_anew_and_no_seed_goes_on():
    env = gymnasium.make(ID, **SMALL).unwrapped
    first = [env.reset(seed=seed)[0]["context"].tolist() for seed in (5, None, None, 5, None, None)]
    assert first[:3] == first[3:]
    assert first[0] != first[1]


def test_a_seed_for_some_places_leaves_the_streams_of_the_others_alone():
    env, other = (MultiRoundVectorEnv(2, **SMALL) for _ in range(2))
    for each in (env, other):
        each.reset(seed=[5, 6])
    mixed, on = env.reset(seed=[5, None])[0], other.reset()[0]
    begun = MultiRoundVectorEnv(1, **SMALL).reset(seed=[5])[0]
    np.testing.assert_array_equal(mixed["context"][0], begun["context"][0])
    np.testing.assert_array_equal(mixed["context"][1], on["context"][1])


def test_without_a_seed_everybody_is_somebody_else(met: dict[int, tuple[int, int]]):
    for _ in range(2):
        MultiRoundVectorEnv(4, **SMALL).reset()
    assert len(met) == 8, "no key comes twice"


def test_a_learners_seed_reaches_the_streams():
    """stable-baselines3 seeds before the first reset; later resets go on."""
    one, other = MultiRoundVecEnv(2, **SMALL), MultiRoundVecEnv(2, seed=9, **SMALL)
    assert one.seed(9) == [9, 10]
    seen = [(one.reset(), other.reset()) for _ in range(3)]
    for mine, theirs in seen:
        for key, value in mine.items():
            np.testing.assert_array_equal(value, theirs[key])
    assert (seen[0][0]["context"] != seen[1][0]["context"]).any()
    generated = one.seed()
    assert len(set(generated)) == 2


def uneven() -> Dataset:
    """Ann may be asked for three films more than Bob."""
    data = closed_world()
    history = data.interactions
    split = np.where(history.users == 0, Split.TEST, history.split).astype(np.int8)
    return replace(data, interactions=replace(history, split=split))


def test_users_are_drawn_alike_and_their_items_alike():
    """Ann and Bob have different numbers of films to ask for."""
    data, n = uneven(), 6000
    targets = EpisodeTargets(data).draw(dialogue_keys(1, np.arange(n)))
    wanted = defaultdict(list)
    for user, item in zip(*data.interactions.pairs(Split.TEST), strict=True):
        wanted[int(user)].append(int(item))
    counts = Counter(zip(targets.users.tolist(), targets.items.tolist(), strict=True))
    assert counts.keys() == {(user, item) for user, items in wanted.items() for item in items}
    for (user, _), count in counts.items():
        share = 1 / len(wanted) / len(wanted[user])
        assert abs(count / n - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_where_nobody_is_known_items_are_drawn_by_popularity():
    data, n = make_world({"A": {"x": ["1"]}, "B": {"x": ["1"]}, "C": {"x": ["2"]}}, popularity=[0, 1, 3]), 6000
    targets = EpisodeTargets(data).draw(dialogue_keys(1, np.arange(n)))
    assert (targets.users == -1).all()
    share = np.bincount(targets.items, minlength=3) / n
    assert share[0] == 0
    assert abs(share[2] - 0.75) < 4 * np.sqrt(0.75 * 0.25 / n)


def test_items_of_which_none_is_popular_cannot_be_drawn():
    data = make_world({"A": {"x": ["1"]}, "B": {"x": ["1"]}}, popularity=[0, 0])
    with pytest.raises(OptionError, match="no item of it is popular"):
        EpisodeTargets(data)


def test_the_split_decides_what_is_looked_for():
    data = closed_world()
    for split in (Split.VALID, Split.TEST):
        batch = Batch(64, data=data, affinity="uniform", split=split.name.lower())
        batch.reset()
        asked = rehearsal(data) if split is Split.VALID else data
        held = set(asked.interactions.pairs(Split.TEST)[1].tolist())
        assert set(batch.talk._users._minds.first.tolist()) == held


class Twins:
    """Every item has a twin with the same attributes: who looks for one says what who looks for the other would say."""

    def __init__(self, which: int) -> None:
        facets = {f"facet {facet}": facet for facet in range(4)}
        rng = np.random.default_rng(3)
        values = rng.integers(0, 3, (20, len(facets)))
        self.data = make_world(
            {
                f"item {place}": {name: [f"{name} {values[place // 2, column]}"] for name, column in facets.items()}
                for place in range(40)
            }
        )
        self.which = which

    def draw(self, keys: Any) -> Targets:
        pairs = (keys >> np.uint64(7)) % np.uint64(20)
        return Targets(np.full(len(keys), -1, np.int32), (2 * pairs + np.uint64(self.which)).astype(np.int32))


@pytest.mark.parametrize(
    "users", ["classic", "noisy+dont-know+vague+weak-reject+uneven+impatient:2+burst+deliberator+nlu"]
)
@pytest.mark.parametrize("questions", ["binary", "multi"])
def test_nothing_that_is_shown_tells_what_is_looked_for(users: str, questions: str, monkeypatch: pytest.MonkeyPatch):
    """Two who look for twins are told apart only by lists that hold one of the two; none is shown here."""

    def hold(which: int) -> list[Any]:
        twins = Twins(which)
        monkeypatch.setattr(EpisodeTargets, "draw", lambda self, keys: twins.draw(keys))
        env = MultiRoundVectorEnv(6, data=twins.data, affinity="uniform", users=users, questions=questions)
        said: list[Any] = [env.reset(seed=2)]
        rng = np.random.default_rng(5)
        for _ in range(60):
            masks = env.action_masks()
            wanted = env.batch.talk._users._minds.first[:, None] // 2
            others = np.argsort(np.where(np.arange(40) // 2 == wanted, 9, rng.random((6, 40))), axis=1)
            env.set_lists(others[:, :10])
            said.append(env.step(np.where(masks, rng.random(masks.shape), -1).argmax(axis=1)))
        return said

    one, other = hold(0), hold(1)
    assert flat(one) == flat(other)
    assert sum("final_info" in each[-1] for each in one) > 5


def test_twins_are_told_apart_by_a_list_that_holds_one_of_them(monkeypatch: pytest.MonkeyPatch):
    """So that the test above could fail."""
    rewards = []
    for which in range(2):
        twins = Twins(which)
        monkeypatch.setattr(EpisodeTargets, "draw", lambda self, keys, twins=twins: twins.draw(keys))
        env = MultiRoundVectorEnv(6, data=twins.data, affinity="uniform")
        env.reset(seed=2)
        env.set_lists(env.batch.talk._users._minds.first[:, None] // 2 * 2)
        rewards.append(env.step(np.full(6, 10))[1])
    assert (rewards[0] > rewards[1]).all()


def flat(value: Any) -> list[Any]:
    """Everything in it, array by array, as bytes."""
    if isinstance(value, dict):
        return [(key, flat(each)) for key, each in sorted(value.items())]
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        return [flat(each) for each in value]
    return [type(value), value.tobytes() if isinstance(value, np.ndarray) else value]


def test_until_the_end_infos_say_nothing_but_whether_a_slot_was_replaced():
    vector, sb3 = MultiRoundVectorEnv(4, **SMALL), MultiRoundVecEnv(4, **SMALL)
    assert vector.reset(seed=1)[1] == {}
    sb3.reset()
    assert sb3.reset_infos == [{}] * 4
    for _ in range(30):
        slots = np.random.default_rng(0).integers(0, 31, 4)
        infos, (*_, done, each) = vector.step(slots)[4], sb3.step(slots)
        assert infos.keys() - {"final_info", "_final_info", "final_obs", "_final_obs"} <= {"invalid", "_invalid"}
        for over, info in zip(done, each, strict=True):
            assert over or info.keys() == {"invalid"}


def test_an_observation_holds_plain_numbers_of_its_own():
    """No view into arrays from which anything else could be read."""
    batch = Batch(2, **SMALL)
    for observation in (batch.reset(), batch.step([0, 12])[0], observe(batch.state, batch.rules)):
        for value in observation.values():
            assert value.dtype != object
            own = value if value.base is None else value.base
            assert isinstance(own, np.ndarray)
            assert own.base is None
            assert own.size == value.size
