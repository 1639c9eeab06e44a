"""What several traits make of one step together."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import QuestionMode
from simulator.history import Act, History
from simulator.people import People, Reaction, Traits
from simulator.people.patience import Annoyance
from simulator.randomness import dialogue_keys
from simulator.timing import Event
from tests.worlds import attribute, closed_world, item, make_world


def one_step(
    users: People, act: Act, options: NDArray[np.integer] | None = None, opening: NDArray[np.int32] | None = None
) -> tuple[History, Reaction]:
    """What everybody does about the first act."""
    begun = users.open().attribute if opening is None else opening
    history = History.begin(begun, 5, 1, 4)
    history.acts[:, 0] = act
    if options is not None:
        history.options[:, 0, 0] = options
    return history, users.react(history, QuestionMode.BINARY, np.zeros(len(begun), bool))


def test_what_was_said_at_a_step_stands_if_there_is_nothing_more_to_say():
    """A piece is written, the agent speaks, a mind changes: the new item may have nothing that was not named yet.

    What is heard must not depend on who else is talked to.
    """
    dataset = make_world({"a": {"kind": ["x", "y"]}, "b": {"kind": ["x"]}, "c": {"kind": ["x", "z", "w"]}})
    catalogue, n = dataset.catalogue, 400
    targets = np.zeros(n, np.int32)
    keys = dialogue_keys(0, np.arange(n))
    traits = replace(Traits.classic(n), bursts=np.ones(n), fickleness=np.ones(n))
    opening = np.full(n, attribute(catalogue, "x"), np.int32)
    asked = np.full(n, attribute(catalogue, "w"))

    def hear(rows: NDArray[np.intp]) -> NDArray[np.int32]:
        users = People(catalogue, targets[rows], keys[rows], traits.take(rows))
        users.open()
        return one_step(users, Act.ASK, asked[rows], opening[rows])[1].volunteered

    together = hear(np.arange(n))
    alone = np.concatenate([hear(np.array([row])) for row in range(n)])
    assert np.array_equal(together, alone)
    assert {attribute(catalogue, "y"), attribute(catalogue, "z"), -1} == set(together.tolist())


def test_nobody_is_annoyed_at_first_and_everything_adds_up():
    annoyance = Annoyance(np.array([0, 2, 0]), np.array([0, 0, 3]))
    hazard = annoyance.hazard(np.array([1.0, 1.0, 2.0]), np.array([0, 1, 0]), np.array([2, 0, 0]))
    assert hazard == pytest.approx(1 - np.exp([-(0.005 + 0.06), -(0.005 + 0.04 + 0.05), -2 * (0.005 + 0.24)]))
    assert (Annoyance.none(3).hazard(np.zeros(3), np.ones(3, int), np.ones(3, int)) == 0).all()


def test_what_belongs_to_the_caller_is_left_alone():
    catalogue = closed_world().catalogue
    keys = dialogue_keys(0, np.arange(4))
    kept, targets = keys.copy(), np.arange(4, dtype=np.int32)
    users = People(catalogue, targets, keys)
    users.replace(np.array([1, 3]), People(catalogue, targets[:2], dialogue_keys(5, np.arange(2))))
    users.keep(np.array([3, 1]))
    assert np.array_equal(keys, kept)
    assert targets.tolist() == [0, 1, 2, 3]


def test_who_takes_somebodys_place_is_not_annoyed_by_what_happened_before():
    catalogue, n = closed_world().catalogue, 3_000
    traits = replace(Traits.classic(n), impatience=np.full(n, 2.0))
    users = People(catalogue, np.full(n, 6, np.int32), dialogue_keys(0, np.arange(n)), traits)
    history = History.begin(users.open().attribute, 8, 1, 1)
    for step in range(5):
        history.acts[:, step], history.lists[:, step, 0], history.length[:] = Act.RECOMMEND, step, step
        users.react(history, QuestionMode.BINARY, np.zeros(n, bool))
    half = np.arange(0, n, 2)
    fresh = People(catalogue, np.full(n // 2, 6, np.int32), dialogue_keys(1, half), traits.take(half))
    users.replace(half, fresh)
    _, reaction = one_step(users, Act.ASK, np.zeros(n, int))
    left = reaction.event == Event.LEFT
    assert left[half].mean() == pytest.approx(1 - np.exp(-2 * 0.005), abs=0.008)
    assert left[half + 1].mean() == pytest.approx(1 - np.exp(-2 * (0.005 + 5 * 0.02)), abs=0.03)


def test_everybody_judges_by_their_own_item():
    catalogue = closed_world().catalogue
    users = People(catalogue, np.array([5, 0, 2], np.int32), dialogue_keys(0, np.arange(3)))
    history = History.begin(users.open().attribute, 5, 1, 2)
    history.acts[:, 0], history.lists[:, 0] = Act.RECOMMEND, [[1, 5], [1, 5], [2, -1]]
    reaction = users.react(history, QuestionMode.BINARY, np.zeros(3, bool))
    assert reaction.accepted.tolist() == [2, 0, 1]
    assert reaction.wanted_shown.tolist() == [True, False, True]


def test_classic_people_give_no_signs_and_mind_no_waiting():
    catalogue = closed_world().catalogue
    users = People(catalogue, np.arange(7, dtype=np.int32), dialogue_keys(0, np.arange(7)))
    opening = users.open()
    assert not opening.typing.any()
    assert (opening.completeness == 1).all()
    assert (opening.event == Event.MESSAGE).all()
    _, reaction = one_step(users, Act.WAIT)
    assert (reaction.event == Event.SILENCE).all()
    assert reaction.dead_air.all()
    assert (reaction.volunteered == -1).all()
    assert not reaction.typing.any()


def test_who_is_left_waiting_is_still_there():
    """Idle people answer as before: waiting costs time and nothing else."""
    catalogue = closed_world().catalogue
    heat, crime = item(catalogue, "Heat"), attribute(catalogue, "crime")
    users = People(catalogue, np.array([heat], np.int32), dialogue_keys(0, [0]))
    history, _ = one_step(users, Act.WAIT)
    history.length += 1
    history.acts[:, 1], history.options[:, 1, 0] = Act.ASK, crime
    reaction = users.react(history, QuestionMode.BINARY, np.zeros(1, bool))
    assert reaction.answers.tolist() == [[1]]
    assert not reaction.interrupted.any()
