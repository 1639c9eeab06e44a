"""One environment, four faces: the same seeds and actions give the same dialogues, whoever asks for them.

N places, K slots.  Beside the single environment, the vector environment, that of stable-baselines3 and gymnasium's
SyncVectorEnv over single ones, the same dialogues are held by hand, in conversations with the same keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray

from graph.answers import AnswerModel
from simulator.core import Conversations
from simulator.environments import ID
from simulator.environments.batch import Batch
from simulator.environments.episodes import EpisodeTargets
from simulator.environments.observations import observe
from simulator.environments.sb3 import MultiRoundVecEnv
from simulator.environments.setup import make_setting
from simulator.environments.single import MultiRoundEnv
from simulator.environments.vector import MultiRoundVectorEnv
from simulator.history import History
from simulator.protocol import Decision
from simulator.randomness import dialogue_keys
from simulator.users import user_types
from tests.worlds import MODES, town

N, STEPS, SEED = 3, 60, 40

CASES = [(users, "binary") for users in user_types()] + [
    ("mixture", "facet"),
    ("mixture", "multi"),
    ("burst+deliberator+impatient:3+nlu", "multi"),
]

Observation = dict[str, NDArray[np.generic]]


def options(users: str, questions: str) -> dict[str, Any]:
    return {"data": town(0.2), "affinity": "content", "users": users, "questions": questions, "clock": 25}


@dataclass
class Moment:
    """What came of one step in all places."""

    observation: Observation
    masks: NDArray[np.bool_]
    reward: list[float] = field(default_factory=list)
    terminated: list[bool] = field(default_factory=list)
    truncated: list[bool] = field(default_factory=list)
    infos: list[dict[str, Any]] = field(default_factory=list)
    """Of the step, before another dialogue began in the place."""
    last: dict[int, Observation] = field(default_factory=dict)
    """What was seen last, where a dialogue was over."""


Face = Callable[[dict[str, Any], "Actions"], Iterator[Moment]]


class Actions:
    """Mostly open slots, some of them wait; now and then one that is closed or that there is not."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._lots, self._odd = rng.random((STEPS, N)), rng.integers(-4, 40, (STEPS, N))
        self._wild, self._waits = rng.random((STEPS, N)) < 0.1, rng.random((STEPS, N)) < 0.2

    def pick(self, step: int, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        slots = np.zeros(N, np.int64)
        for place, mask in enumerate(masks):
            open_slots = np.flatnonzero(mask)
            slots[place] = open_slots[int(self._lots[step, place] * len(open_slots))]
        slots = np.where(self._waits[step], masks.shape[1] - 1, slots)
        return np.where(self._wild[step], self._odd[step], slots)


def stack(observations: list[Observation]) -> Observation:
    return {key: np.stack([each[key] for each in observations]) for key in observations[0]}


def by_single(given: dict[str, Any], actions: Actions) -> Iterator[Moment]:
    places = [MultiRoundEnv(**given) for _ in range(N)]
    now = [env.reset(seed=SEED + place)[0] for place, env in enumerate(places)]
    yield Moment(stack(now), np.stack([env.action_masks() for env in places]))
    for step in range(STEPS):
        slots = actions.pick(step, np.stack([env.action_masks() for env in places]))
        moment = Moment({}, np.empty(0))
        for place, env in enumerate(places):
            now[place], reward, terminated, truncated, info = env.step(slots[place])
            moment.reward.append(reward)
            moment.terminated.append(terminated)
            moment.truncated.append(truncated)
            moment.infos.append(info)
            if terminated or truncated:
                moment.last[place] = now[place]
                now[place] = env.reset()[0]
        moment.observation, moment.masks = stack(now), np.stack([env.action_masks() for env in places])
        yield moment


def unpacked(infos: dict[str, Any], place: int) -> dict[str, Any]:
    """The info of one place from those of a vector environment."""
    if "_final_info" in infos and infos["_final_info"][place]:
        infos = infos["final_info"]
    names = [name for name in infos if not name.startswith(("_", "final_"))]
    return {name: infos[name][place].item() for name in names if infos[f"_{name}"][place]}


def by_vector(given: dict[str, Any], actions: Actions) -> Iterator[Moment]:
    env = MultiRoundVectorEnv(N, **given)
    observation, _ = env.reset(seed=SEED)
    yield Moment(observation, env.action_masks())
    for step in range(STEPS):
        observation, reward, terminated, truncated, infos = env.step(actions.pick(step, env.action_masks()))
        last = {place: infos["final_obs"][place] for place in np.flatnonzero(terminated | truncated)}
        each = [unpacked(infos, place) for place in range(N)]
        yield Moment(
            observation, env.action_masks(), reward.tolist(), terminated.tolist(), truncated.tolist(), each, last
        )


EXTRAS = ("terminal_observation", "TimeLimit.truncated", "is_success")


def by_sb3(given: dict[str, Any], actions: Actions) -> Iterator[Moment]:
    env = MultiRoundVecEnv(N, seed=SEED, **given)
    yield Moment(env.reset(), env.action_masks())
    for step in range(STEPS):
        observation, reward, done, infos = env.step(actions.pick(step, env.action_masks()))
        truncated = [info.get("TimeLimit.truncated", False) for info in infos]
        terminated = [bool(over) and not cut for over, cut in zip(done, truncated, strict=True)]
        last = {place: infos[place]["terminal_observation"] for place in np.flatnonzero(done)}
        assert all(infos[place]["is_success"] == infos[place]["success"] for place in np.flatnonzero(done))
        each = [{name: value for name, value in info.items() if name not in EXTRAS} for info in infos]
        yield Moment(observation, env.action_masks(), reward.tolist(), terminated, truncated, each, last)


def by_hand(given: dict[str, Any], actions: Actions) -> Iterator[Moment]:
    """No environment at all: for each place one conversation after the other, with the keys of its stream."""
    setting = make_setting(split="valid", **given)
    targets, honest = EpisodeTargets(setting.dataset), AnswerModel.honest(setting.dataset.catalogue)

    def begin(place: int, episode: int) -> Conversations:
        keys = dialogue_keys(SEED + place, [episode])
        return setting.begin_with(honest, targets.draw(keys), keys)

    def look(talks: list[Conversations]) -> tuple[Observation, NDArray[np.bool_]]:
        states = [talk.state() for talk in talks]
        seen = [{key: value[0] for key, value in observe(state, setting.rules).items()} for state in states]
        return stack(seen), np.stack([state.candidates.mask[0] for state in states])

    talks, episodes = [begin(place, 0) for place in range(N)], [0] * N
    yield Moment(*look(talks))
    for step in range(STEPS):
        slots = actions.pick(step, look(talks)[1])
        moment = Moment({}, np.empty(0))
        for place, talk in enumerate(talks):
            outcome = talk.step(talk.state(), Decision(slots[place : place + 1]))
            moment.reward.append(float(outcome.reward[0]))
            moment.terminated.append(bool(outcome.terminated[0]))
            moment.truncated.append(bool(outcome.truncated[0]))
            moment.infos.append({"invalid": bool(outcome.invalid[0])})
            if outcome.over[0]:
                moment.infos[-1] |= how_it_ended(talk)
                moment.last[place] = {key: value[0] for key, value in look([talk])[0].items()}
                episodes[place] += 1
                talks[place] = begin(place, episodes[place])
        moment.observation, moment.masks = look(talks)
        yield moment


def how_it_ended(talk: Conversations) -> dict[str, Any]:
    """From the history act by act, without the properties the environments use."""
    history, length = talk.history, int(talk.history.length[0])
    accepted = history.accepted[0, :length]
    turns = int((history.acts[0, :length] != 3).sum())
    return {
        "success": bool(accepted.any()),
        "success_turn": turns if accepted.any() else 0,
        "rank": int(accepted.max()),
        "turns": turns,
        "ticks": int(history.ticks[0, :length].sum()),
        "left": bool((history.events[0, : length + 1] == 4).any()),
        "reward": float(talk.tally.reward[0]),
        "interruptions": int(talk.tally.interruptions[0]),
        "dead_air": int(talk.tally.dead_air[0]),
    }


def assert_same(one: Observation, other: Observation, where: str) -> None:
    assert one.keys() == other.keys(), where
    for key in one:
        assert one[key].dtype == other[key].dtype, f"{where}: {key}"
        np.testing.assert_array_equal(one[key], other[key], err_msg=f"{where}: {key}")


@pytest.mark.parametrize(("users", "questions"), CASES)
def test_every_face_shows_the_same_dialogues(users: str, questions: str):
    given = options(users, questions)
    faces: dict[str, Face] = {"single": by_single, "sb3": by_sb3, "by hand": by_hand}
    n_over = 0
    expected = list(by_vector(given, Actions()))
    for name, face in faces.items():
        for step, (moment, wanted) in enumerate(zip(face(given, Actions()), expected, strict=True)):
            where = f"{name}, step {step}"
            assert_same(moment.observation, wanted.observation, where)
            np.testing.assert_array_equal(moment.masks, wanted.masks, err_msg=where)
            np.testing.assert_array_equal(moment.masks, moment.observation["mask"], err_msg=where)
            np.testing.assert_array_equal(np.float32(moment.reward), np.float32(wanted.reward), err_msg=where)
            assert (moment.terminated, moment.truncated) == (wanted.terminated, wanted.truncated), where
            assert moment.infos == wanted.infos, where
            assert moment.last.keys() == wanted.last.keys(), where
            for place, last in moment.last.items():
                assert_same(last, wanted.last[place], f"{where}, the last of place {place}")
            n_over += len(moment.last)
    assert n_over >= 3 * N * len(faces), "too few dialogues came to an end for this to say anything"
    assert any(any(info["invalid"] for info in moment.infos) for moment in expected)


@pytest.mark.parametrize(("users", "questions"), [("mixture", "binary"), ("deliberator+impatient", "facet")])
def test_infos_have_the_very_structure_of_gymnasiums_own_vector_environment(users: str, questions: str):
    given, actions = options(users, questions), Actions()
    env = gymnasium.make_vec(ID, N, **given)
    theirs = SyncVectorEnv(
        [lambda: gymnasium.make(ID, **given) for _ in range(N)], autoreset_mode=AutoresetMode.SAME_STEP
    )
    assert env.metadata["autoreset_mode"] is theirs.metadata["autoreset_mode"]
    assert env.observation_space == theirs.observation_space
    assert env.action_space == theirs.action_space
    assert data_equivalence(env.reset(seed=SEED), theirs.reset(seed=SEED), exact=True)
    n_over = set()
    for step in range(STEPS):
        masks = np.stack(theirs.call("action_masks"))
        np.testing.assert_array_equal(env.unwrapped.action_masks(), masks)
        slots = actions.pick(step, masks)
        ours, wanted = env.step(slots), theirs.step(slots)
        n_over.add(int((ours[2] | ours[3]).sum()))
        for part, (mine, their) in enumerate(zip(ours, wanted, strict=True)):
            assert data_equivalence(mine, their, exact=True), f"step {step}, part {part}: {mine} is not {their}"
    assert {0, 1} <= n_over


def test_infos_of_a_step_at_which_every_dialogue_is_over():
    """No info of a step stands beside the final ones then."""
    given = options("classic", "binary") | {"turns": 1}
    env = gymnasium.make_vec(ID, 2, **given)
    theirs = SyncVectorEnv([lambda: gymnasium.make(ID, **given)] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    for each in (env, theirs):
        each.reset(seed=3)
    infos, wanted = env.step(np.array([0, 99]))[4], theirs.step(np.array([0, 99]))[4]
    assert data_equivalence(infos, wanted, exact=True)
    assert infos.keys() == {"final_obs", "_final_obs", "final_info", "_final_info"}
    assert infos["final_info"]["invalid"].tolist() == [False, True]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_what_is_kept_of_a_dialogue_is_the_history_of_the_same_conversation(mode: Any, monkeypatch: Any):
    """The places of a batch are used again and again; nothing of who sat there before is left."""
    given, ended = options("mixture", mode.name.lower()), []
    replace = Conversations.replace

    def spied(talk: Conversations, rows: NDArray[np.intp], fresh: Conversations) -> None:
        ended.extend(zip(rows.tolist(), split(talk.history.take(rows)), strict=True))
        replace(talk, rows, fresh)

    monkeypatch.setattr(Conversations, "replace", spied)
    batch, actions = Batch(N, **given), Actions()
    batch.seed([SEED + place for place in range(N)])
    batch.reset()
    alone = [Batch(1, False, **given) for _ in range(N)]
    for place, each in enumerate(alone):
        each.seed([SEED + place])
        each.reset()
    for step in range(STEPS):
        slots = actions.pick(step, batch.masks())
        before = len(ended)
        batch.step(slots)
        for place, each in enumerate(alone):
            if each.step(slots[place : place + 1])[1].over[0]:
                (kept,) = [history for row, history in ended[before:] if row == place]
                assert_same_history(kept, each.talk.history)
                each.reset()
    assert len(ended) >= 3 * N


def split(history: History) -> list[History]:
    return [history.take(np.array([row])) for row in range(history.n_dialogues)]


def assert_same_history(one: History, other: History) -> None:
    """One of them may have room for more steps, which were not reached."""
    one.grow(max(other.n_steps - one.n_steps, 0))
    other.grow(max(one.n_steps - other.n_steps, 0))
    for each in fields(History):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name), each.name)


@pytest.mark.parametrize("users", ["classic", "mixture"])
def test_who_never_waits_meets_the_same_dialogues_where_waiting_is_impossible(
    users: str, monkeypatch: pytest.MonkeyPatch
):
    def hold() -> tuple[list[Observation], list[list[float]], list[dict[str, Any]]]:
        env = MultiRoundVectorEnv(8, **options(users, "binary"))
        seen, rewards, infos = [env.reset(seed=1)[0]], [], []
        rng = np.random.default_rng(0)
        for _ in range(STEPS):
            open_slots = env.action_masks()[:, :-1]
            slots = np.where(open_slots, rng.random(open_slots.shape), -1).argmax(axis=1)
            observation, reward, _, _, info = env.step(slots)
            seen.append(observation)
            rewards.append(reward.tolist())
            infos.append(info)
        return seen, rewards, infos

    with_wait = hold()
    monkeypatch.setattr("simulator.candidates.MOST_WAITS", 0)
    without = hold()
    for one, other in zip(with_wait[0], without[0], strict=True):
        assert one["mask"][:, -1].all()
        assert not other["mask"][:, -1].any()
        for parts in (one, other):
            parts["mask"] = parts["mask"][:, :-1]
            parts["slots"] = parts["slots"][:, :-1]
        assert_same(one, other, "a step")
    assert with_wait[1] == without[1]
    assert sum("final_info" in info for info in without[2]) > 5
    for mine, theirs in zip(with_wait[2], without[2], strict=True):
        assert mine.keys() == theirs.keys()
        assert data_equivalence(mine.get("final_info"), theirs.get("final_info"), exact=True)
