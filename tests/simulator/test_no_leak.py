"""No leak: what a policy sees depends on what was said, never on what the user has in mind.

Many people with the same luck, who look for different items and are of different kinds, get the same questions and
lists.  As long as two of them say the same, at the same moments, what a policy sees of them is the same, bit by bit.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.dataset import Dataset
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules
from simulator.history import Act, History
from simulator.people import Opening, People, Reaction, Traits
from simulator.protocol import Decision
from simulator.randomness import dialogue_keys
from simulator.users import HELD_OUT, parse_users, user_types
from tests.simulator.users.leaks import find_hidden, seen, what_is_seen
from tests.worlds import MODES, Rambling, Ranked, begin, open_world, town

SPACE = ActionSpace(n_ask=3, n_recommend=5, list_length=3)

VISIBLE = ("answers", "confidence", "accepted", "deferred", "settled", "verdict", "volunteered", "critiques", "ticks",
           "event", "typing", "completeness")  # fmt: skip
"""What is said and seen of a reaction; the rest is the users' own."""


@dataclass
class Overheard:
    """Users of whom everything that can be heard and seen is written down beside."""

    people: People
    transcripts: list[list[bytes]] = field(default_factory=list)
    """Of each dialogue under way."""

    @property
    def without_history(self) -> NDArray[np.bool_]:
        return self.people.without_history

    @property
    def nbytes(self) -> int:
        return self.people.nbytes

    def open(self) -> Opening:
        opening = self.people.open()
        rows = range(len(opening.attribute))
        self.transcripts = [[opening.take(np.array([row])).attribute.tobytes()] for row in rows]
        for row in rows:
            self._write(row, opening.event, opening.typing, opening.completeness)
        return opening

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        reaction = self.people.react(history, mode, last)
        for row in range(history.n_dialogues):
            self._write(row, *(getattr(reaction, name) for name in VISIBLE))
        return reaction

    def _write(self, row: int, *parts: NDArray[np.generic]) -> None:
        self.transcripts[row].append(b"".join(np.ascontiguousarray(part[row]).tobytes() for part in parts))

    def keep(self, rows: NDArray[np.intp]) -> None:
        self.people.keep(rows)
        self.transcripts = [self.transcripts[row] for row in rows]

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        raise NotImplementedError


def talk_with(
    dataset: Dataset, mode: QuestionMode, targets: NDArray[np.int32], keys: NDArray[np.uint64], traits: Traits
) -> tuple[Conversations, Overheard]:
    catalogue = dataset.catalogue
    users = Overheard(People(catalogue, targets, keys, traits))
    prior = Ranked(catalogue.n_items, 0.02).scores(targets)
    rules = Rules(questions=mode, space=SPACE)
    return Conversations(catalogue, rules, AnswerModel.honest(catalogue), users, prior, keys), users


def everybody_about(items: int, seed: int) -> tuple[NDArray[np.int32], NDArray[np.uint64], Traits]:
    """People of every kind, as many for each item, all with the same luck."""
    kinds = user_types()
    key = dialogue_keys(seed, [0])
    traits = Traits.concatenate([parse_users(kind).traits(key) for kind in kinds for _ in range(items)])
    targets = np.tile(np.arange(items, dtype=np.int32), len(kinds))
    return targets, np.repeat(key, len(targets)), traits


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("seed", range(3))
def test_who_says_the_same_looks_the_same(mode: QuestionMode, seed: int):
    dataset = town((0.0, 0.4, 0.4)[seed])
    targets, keys, traits = everybody_about(20, seed)
    talk, users = talk_with(dataset, mode, targets, keys, traits)
    rambling, rng = Rambling(np.random.default_rng(seed)), np.random.default_rng(seed)
    compared = 0
    while talk.n_dialogues > 1:
        state = talk.state()
        groups: defaultdict[tuple[bytes, ...], list[int]] = defaultdict(list)
        for row, transcript in enumerate(users.transcripts):
            groups[tuple(transcript)].append(row)
        sight = {path: array for path, array in what_is_seen(state).items() if len(array) == talk.n_dialogues}
        assert {".history.acts", ".candidates.mask", ".silence", ".keys"} <= set(sight)
        assert any(path.startswith(".belief") for path in sight)
        for rows in groups.values():
            for path, array in sight.items():
                assert (array[rows] == array[rows[0]]).all(), path
            compared += len(np.unique(targets[talk.rows[rows]])) - 1
        # All get the act that is chosen for one of them.
        decision, one = rambling.choose(state), rng.integers(talk.n_dialogues)
        slot = decision.slots[one]
        n = talk.n_dialogues
        options = state.candidates.questions.options[one, min(slot, SPACE.n_ask - 1)]
        items = state.candidates.list_for(decision.slots)[one]
        over = talk.carry_out(
            np.full(n, SPACE.act_of(slot), np.int8), np.tile(options, (n, 1)), np.tile(items, (n, 1))
        ).over
        talk.keep(np.flatnonzero(~over))
    assert compared > 100, "hardly two people about different items ever said the same"


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("kind", user_types())
def test_nothing_that_users_hide_can_be_reached_from_the_state(kind: str, mode: QuestionMode):
    dataset = open_world()
    targets = np.array([6, 2, 4, 2, 0], np.int32)
    users = parse_users(kind)(dataset.catalogue, targets, dialogue_keys(0, np.arange(5)))
    talk = begin(dataset, targets, mode, users=users)
    for slot in (0, SPACE.wait_slot, SPACE.n_ask, SPACE.wait_slot, 0):
        state = talk.state()
        what_is_seen(state)
        assert find_hidden(state, users) is None
        for path, value in seen(state):
            if isinstance(value, np.ndarray):
                assert not (value.shape == targets.shape and (value == targets).all()), path
        talk.step(state, Decision(np.full(5, slot)))


def test_the_search_for_leaks_finds_one():
    """A list in a dictionary in a dataclass in an attribute, and the array behind a view."""
    secret = np.array([6, 2, 4])
    dataset = open_world()
    state = begin(dataset, [0]).state()
    state.belief.__dict__["notes"] = {"mind": [secret[1:]]}
    assert any(value is secret for _, value in seen(state))


@pytest.mark.parametrize("part", ["_minds.wanted", "_attention.phase", "_attention.verdict", "_traits.slips", "_minds"])
def test_the_search_for_what_users_hide_finds_it(part: str):
    dataset = open_world()
    users = People(dataset.catalogue, np.array([1, 2], np.int32), dialogue_keys(0, [0, 1]))
    state = begin(dataset, [1, 2], users=users).state()
    assert find_hidden(state, users) is None
    secret: object = users
    for name in part.split("."):
        secret = getattr(secret, name)
    state.belief.__dict__["notes"] = secret[:1] if isinstance(secret, np.ndarray) else secret
    assert find_hidden(state, users) is not None


def test_a_verdict_is_not_written_down_before_it_is_given():
    """One has the item in mind that the list holds and one has not; both think, and look alike until they are done."""
    dataset, n = town(), 400
    catalogue = dataset.catalogue
    wanted, other = (catalogue.attribute_items.row(0)[place] for place in (0, 1))
    keys = np.repeat(dialogue_keys(0, np.arange(n)), 2)
    targets = np.tile(np.array([wanted, other], np.int32), n)
    traits = replace(Traits.classic(2 * n), deliberation=np.ones(2 * n), silence=np.ones(2 * n))
    talk, users = talk_with(dataset, QuestionMode.BINARY, targets, keys, traits)
    lists, none = np.tile(np.array([wanted, -1, -1], np.int32), (2 * n, 1)), np.full((2 * n, 1), -1, np.int32)
    talk.carry_out(np.full(2 * n, Act.RECOMMEND, np.int8), none, lists)
    thinks = talk.history.deferred[:, 0].reshape(n, 2)
    assert thinks[:, 1].all(), "who does not find the item looks through the list"
    pairs = np.flatnonzero(thinks.all(axis=1))
    assert 0.3 < len(pairs) / n < 0.7, "of one item a half is taken at once"
    for _ in range(2):
        sight = {path: each for path, each in what_is_seen(talk.state()).items() if len(each) == 2 * n}
        still = pairs[users.people._attention.verdict[2 * pairs] > 0]
        for path, array in sight.items():
            assert np.array_equal(array[2 * still], array[2 * still + 1]), path
        talk.carry_out(np.full(2 * n, Act.WAIT, np.int8), none, lists)
    assert len(still) < len(pairs), "some have made up their minds"
    assert (talk.history.accepted[2 * pairs, 0] > 0).all()
    assert not (talk.history.accepted[2 * pairs + 1, 0] > 0).any()


def test_keys_are_made_of_seed_and_place_alone():
    dataset, keys = town(), dialogue_keys(9, np.arange(4))
    one, other = (
        talk_with(dataset, QuestionMode.BINARY, np.full(4, item, np.int32), keys, parse_users(kind).traits(keys))[0]
        for item, kind in ((1, "classic"), (2, HELD_OUT[0]))
    )
    assert np.array_equal(one.state().keys, other.state().keys)
