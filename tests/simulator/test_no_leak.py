"""No leak: what a policy sees depends on what was said, never on the item the user has in mind.

Each dialogue is held about an item A.  At every step another item B is looked for about which the user would have said
all the same, and the dialogue is held again about B: up to that step the policy sees the same, to the last bit.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.dataset import Dataset
from policy.bayes import BayesPolicy
from policy.hand_written import MaxEntropyPolicy, RandomPolicy
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules
from simulator.history import Act, History
from simulator.people import Opening, People
from simulator.protocol import Decision, Policy, State
from simulator.randomness import dialogue_keys
from tests.worlds import MODES, Rambling, Ranked, begin, open_world, town

SPACE = ActionSpace(n_ask=3, n_recommend=5, list_length=3)
POLICIES: dict[str, type] = {"bayes": BayesPolicy, "random": RandomPolicy, "max-entropy": MaxEntropyPolicy}


class OpeningWith(People):
    """Classic users who begin with what they are told to begin with."""

    opening: NDArray[np.int32]

    def open(self) -> Opening:
        return replace(super().open(), attribute=self.opening)


def talk_about(
    dataset: Dataset, targets: NDArray[np.int32], mode: QuestionMode, seed: int, opening: NDArray[np.int32] | None
) -> Conversations:
    catalogue = dataset.catalogue
    keys = dialogue_keys(seed, np.arange(len(targets)))
    users = People(catalogue, targets, keys)
    if opening is not None:
        users = OpeningWith(catalogue, targets, keys)
        users.opening = opening
    prior = Ranked(catalogue.n_items, 0.02).scores(targets)
    rules = Rules(questions=mode, space=SPACE)
    return Conversations(catalogue, rules, AnswerModel.honest(catalogue), users, prior, keys)


def policy_of(name: str, seed: int) -> Policy:
    return Rambling(np.random.default_rng(seed)) if name == "rambling" else POLICIES[name]()


def seen(value: Any, path: str = "", known: frozenset[int] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Everything that can be reached from an object, through fields, attributes and containers."""
    if id(value) in known or value is None or isinstance(value, str | int | float | np.generic):
        if not isinstance(value, type(None)) and id(value) not in known:
            yield path, value
        return
    yield path, value
    known |= {id(value)}
    if isinstance(value, np.ndarray):
        if value.base is not None:
            yield from seen(value.base, f"{path}.base", known)
        return
    if isinstance(value, dict):
        inner: dict[str, Any] = {str(key): each for key, each in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        inner = {str(place): each for place, each in enumerate(value)} if len(value) < 50 else {}
    else:
        inner = dict(getattr(value, "__dict__", {}))
        if is_dataclass(value):
            inner |= {field.name: getattr(value, field.name) for field in fields(value)}
    for name, each in inner.items():
        yield from seen(each, f"{path}.{name}", known)


def what_is_seen(state: State) -> dict[str, bytes]:
    """Every array in reach of the state but the catalogue's, as bytes, with the beliefs that are computed on demand."""
    state.belief.probabilities, state.belief.attribute_masses, state.belief.unknown_masses  # noqa: B018
    return {
        path: np.ascontiguousarray(value).tobytes() + str((value.shape, value.dtype)).encode()
        for path, value in seen(state)
        if isinstance(value, np.ndarray) and ".catalogue" not in path
    }


def hold(talk: Conversations, policy: Policy, steps: int) -> tuple[list[dict[str, bytes]], list[NDArray[np.intp]]]:
    """Go on for some steps; what was seen at each, and who was still there."""
    sights, present = [], []
    while talk.n_dialogues and len(sights) <= steps:
        state = talk.state()
        sights.append(what_is_seen(state))
        present.append(talk.rows)
        over = talk.step(state, policy.choose(state)).over
        talk.keep(np.flatnonzero(~over))
    return sights, present


def consistent(dataset: Dataset, history: History, row: int, steps: int, mode: QuestionMode, seed: int) -> NDArray:
    """Items about which the user of ``row`` would have said the same in the opening and the first ``steps`` steps."""
    catalogue = dataset.catalogue
    n_items = catalogue.n_items
    everything = np.arange(n_items, dtype=np.int32)
    users = People(catalogue, everything, np.repeat(dialogue_keys(seed, [row]), n_items))
    opening = int(history.opening[row])
    same = catalogue.item_attributes.contains(everything, opening) if opening >= 0 else np.ones(n_items, bool)
    turns = 0
    for step in range(steps):
        act = history.acts[row, step]
        if act == Act.ASK:
            options = np.tile(history.options[row, step], (n_items, 1))
            said = users.answer(everything, options, mode, np.full(n_items, turns))
            same &= (said == history.answers[row, step]).all(axis=1)
        if act == Act.RECOMMEND:
            same &= ~np.isin(everything, history.lists[row, step])
        turns += act != Act.WAIT
    return np.flatnonzero(same)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    open_share=st.sampled_from([0.0, 0.4]),
    who=st.sampled_from(["bayes", "random", "max-entropy", "rambling"]),
)
def test_another_item_that_fits_what_was_said_looks_the_same(
    mode: QuestionMode, seed: int, open_share: float, who: str
):
    dataset, n = town(open_share), 5
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, dataset.catalogue.n_items, n).astype(np.int32)
    talk = talk_about(dataset, targets, mode, seed, opening=None)
    opening = talk.history.opening.copy()
    whole = History.begin(opening, 60, mode.n_options, SPACE.list_length)
    sights, policy = [], policy_of(who, seed)
    present = []
    while talk.n_dialogues:
        state = talk.state()
        sights.append(what_is_seen(state))
        present.append(talk.rows)
        over = talk.step(state, policy.choose(state)).over
        now = talk.history.take(np.arange(talk.n_dialogues))
        now.grow(60 - now.n_steps)
        whole.put(talk.rows, now)
        talk.keep(np.flatnonzero(~over))
    swapped = 0
    for step in range(len(sights)):
        others = targets.copy()
        for row in present[step]:
            fitting = consistent(dataset, whole, row, step, mode, seed)
            assert targets[row] in fitting
            others[row] = rng.choice(fitting)
        swapped += (others != targets).sum()
        again, there = hold(talk_about(dataset, others, mode, seed, opening), policy_of(who, seed), step)
        for earlier in range(step + 1):
            assert np.array_equal(there[earlier], present[earlier])
            assert again[earlier] == sights[earlier]
    assert swapped > 0 or len(sights) <= 1


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_neither_users_nor_what_they_have_in_mind_can_be_reached_from_the_state(mode: QuestionMode):
    dataset = open_world()
    targets = np.array([6, 2, 4, 2, 0], np.int32)
    keys = dialogue_keys(0, np.arange(5))
    users = People(dataset.catalogue, targets, keys)
    talk = begin(dataset, targets, mode, users=users)
    for slot in (0, SPACE.wait_slot, 0):
        state = talk.state()
        for path, value in seen(state, "state"):
            assert value is not users, path
            assert value is not talk, path
            assert not isinstance(value, People | Conversations), path
            if isinstance(value, np.ndarray):
                assert not np.shares_memory(value, targets), path
                assert not (value.shape == targets.shape and (value == targets).all()), path
        talk.step(state, Decision(np.full(5, slot)))


def test_the_search_for_leaks_finds_one():
    """A list in a dictionary in a dataclass in an attribute, and the array behind a view."""
    secret = np.array([6, 2, 4])
    dataset = open_world()
    state = begin(dataset, [0]).state()
    state.belief.__dict__["notes"] = {"mind": [secret[1:]]}
    assert any(value is secret for _, value in seen(state))


def test_keys_are_made_of_seed_and_place_alone():
    dataset = town()
    one, other = (talk_about(dataset, np.full(4, item, np.int32), QuestionMode.BINARY, 9, None) for item in (1, 2))
    assert np.array_equal(one.state().keys, other.state().keys)
