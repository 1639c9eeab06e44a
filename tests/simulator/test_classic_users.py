"""The classic user: truthful, patient, and without favourites among the truths."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from graph.answers import Answer, QuestionMode
from graph.dataset import Dataset
from graph.errors import OptionError
from simulator.randomness import dialogue_keys
from simulator.users import ClassicUsers, parse_users, user_types
from tests.worlds import attribute, closed_world, item, make_world, open_world

NO, YES, DONT_KNOW, UNSAID, NONE = Answer.NO, Answer.YES, Answer.DONT_KNOW, Answer.UNSAID, -1
BINARY, FACET, MULTI = QuestionMode


def answers_of(dataset: Dataset, title: str, names: list[str], mode: QuestionMode) -> list[int]:
    catalogue = dataset.catalogue
    users = ClassicUsers(catalogue, np.array([item(catalogue, title)], np.int32), dialogue_keys(0, [0]))
    options = np.full((1, mode.n_options), -1, np.int32)
    options[0, : len(names)] = [attribute(catalogue, name) for name in names]
    return users.answer(np.array([0]), options, mode, np.array([0]))[0].tolist()


@pytest.mark.parametrize(
    ("title", "names", "mode", "said"),
    [
        ("Heat", ["crime"], BINARY, [YES]),
        ("Heat", ["comedy"], BINARY, [NO]),
        ("Heat", ["Joel Coen"], BINARY, [NO]),
        ("Heat", ["crime", "comedy", "drama"], MULTI, [YES, NO, YES, NONE]),
        ("Heat", ["comedy", "horror", "science fiction"], MULTI, [NO, NO, NO, NONE]),
        ("Heat", ["comedy", "crime"], FACET, [UNSAID, YES, NONE, NONE]),
        ("Heat", ["comedy", "horror", "science fiction"], FACET, [NO, NO, NO, NONE]),
        ("Heat", ["crime"], FACET, [YES, NONE, NONE, NONE]),
        ("Fargo", ["Joel Coen", "Ethan Coen"], MULTI, [YES, YES, NONE, NONE]),
    ],
)
@pytest.mark.parametrize("world", [closed_world, open_world])
def test_what_the_catalogue_knows_is_said(world, title: str, names: list[str], mode: QuestionMode, said: list[int]):
    assert answers_of(world(), title, names, mode) == said


@pytest.mark.parametrize(
    ("mode", "open_said", "closed_said"),
    [
        (BINARY, [DONT_KNOW], [NO]),
        (FACET, [DONT_KNOW, DONT_KNOW, NONE, NONE], [NO, NO, NONE, NONE]),
        (MULTI, [DONT_KNOW, DONT_KNOW, NONE, NONE], [NO, NO, NONE, NONE]),
    ],
)
def test_where_the_facet_is_unknown_the_user_does_not_know(
    mode: QuestionMode, open_said: list[int], closed_said: list[int]
):
    names = ["Michael Mann", "Joel Coen"][: mode.n_options]
    assert answers_of(open_world(), "Duck Soup", names, mode) == open_said
    assert answers_of(closed_world(), "Duck Soup", names, mode) == closed_said


def test_a_value_too_rare_to_be_an_attribute_is_known_all_the_same():
    """Of Duck Soup the source has a director, whom no attribute names: it is by none of those who are asked about."""
    world = open_world()
    recorded = world.catalogue.known.copy()
    recorded[item(world.catalogue, "Duck Soup"), world.catalogue.facet_index("director")] = True
    world = replace(world, catalogue=replace(world.catalogue, recorded=recorded))
    assert answers_of(world, "Duck Soup", ["Michael Mann"], BINARY) == [NO]
    assert answers_of(world, "Duck Soup", ["Michael Mann", "Joel Coen"], FACET) == [NO, NO, NONE, NONE]
    assert answers_of(world, "Short Cuts", ["crime"], BINARY) == [DONT_KNOW]


def test_everybody_answers_about_their_own_item():
    catalogue = open_world().catalogue
    users = ClassicUsers(catalogue, np.arange(7, dtype=np.int32), dialogue_keys(0, np.arange(7)))
    rows = np.array([5, 0, 2])
    options = np.full((3, 1), attribute(catalogue, "crime"), np.int32)
    assert users.answer(rows, options, BINARY, np.zeros(3, int))[:, 0].tolist() == [NO, NO, YES]
    lists = np.array([[1, 5], [1, 5], [3, 2]], np.int32)
    assert users.accept(rows, lists, np.zeros(3, int)).tolist() == [2, 0, 2]


def test_the_item_in_mind_is_accepted_wherever_it_stands_and_nothing_else():
    catalogue = open_world().catalogue
    users = ClassicUsers(catalogue, np.full(4, 3, np.int32), dialogue_keys(0, np.arange(4)))
    lists = np.array([[3, 1, 2], [1, 2, 3], [0, 1, 2], [4, -1, -1]], np.int32)
    assert users.accept(np.arange(4), lists, np.zeros(4, int)).tolist() == [1, 3, 0, 0]


def test_nobody_has_the_empty_place_of_a_list_in_mind():
    users = ClassicUsers(open_world().catalogue, np.array([0], np.int32), dialogue_keys(0, [0]))
    assert users.accept(np.array([0]), np.array([[-1, -1, 0]], np.int32), np.array([0])).tolist() == [3]


@pytest.fixture(scope="module")
def spread() -> Dataset:
    """An item with four colours and two sizes, and one with nothing."""
    many = {"colour": ["red", "green", "blue", "black"], "size": ["small", "large"]}
    return make_world({"many": many, "none": {"colour": [], "size": []}, "one": {"colour": ["red"]}})


def test_the_opening_is_any_attribute_of_the_item_alike(spread: Dataset):
    n = 12_000
    opened = ClassicUsers(spread.catalogue, np.zeros(n, np.int32), dialogue_keys(1, np.arange(n))).open()
    counts = np.bincount(opened, minlength=6)
    assert counts.sum() == n
    assert stats.chisquare(counts).pvalue > 1e-3


def test_the_opening_is_of_the_own_item_and_nothing_where_there_is_none(spread: Dataset):
    targets = np.array([1, 2, 1, 2], np.int32)
    opened = ClassicUsers(spread.catalogue, targets, dialogue_keys(1, np.arange(4))).open()
    assert opened.tolist() == [-1, 0, -1, 0]


@pytest.mark.parametrize("over", ["dialogues", "turns"])
def test_of_the_options_that_hold_any_is_named_alike(spread: Dataset, over: str):
    n, catalogue = 9_000, spread.catalogue
    users = ClassicUsers(catalogue, np.zeros(n, np.int32), dialogue_keys(2, np.arange(n)))
    names = ["red", "blue", "black"]
    options = np.tile([*(attribute(catalogue, name) for name in names), -1], (n, 1)).astype(np.int32)
    rows = np.arange(n) if over == "dialogues" else np.zeros(n, np.intp)
    turns = np.zeros(n, int) if over == "dialogues" else np.arange(n)
    answers = users.answer(rows, options, FACET, turns)
    assert (answers[:, 3] == NONE).all()
    assert ((answers == YES).sum(axis=1) == 1).all()
    assert ((answers == UNSAID).sum(axis=1) == 2).all()
    assert stats.chisquare((answers[:, :3] == YES).sum(axis=0)).pvalue > 1e-3


def test_an_option_that_does_not_hold_is_never_named():
    catalogue = closed_world().catalogue
    n = 500
    fargo = np.full(n, item(catalogue, "Fargo"), np.int32)
    users = ClassicUsers(catalogue, fargo, dialogue_keys(2, np.arange(n)))
    names = ["horror", "crime", "science fiction", "drama"]
    options = np.tile([attribute(catalogue, name) for name in names], (n, 1)).astype(np.int32)
    named = (users.answer(np.arange(n), options, FACET, np.zeros(n, int)) == YES).sum(axis=0)
    assert named[[0, 2]].tolist() == [0, 0]
    assert (named[[1, 3]] > 180).all()


def test_the_same_question_again_gets_the_same_answer(spread: Dataset):
    catalogue = spread.catalogue
    users = ClassicUsers(catalogue, np.zeros(50, np.int32), dialogue_keys(2, np.arange(50)))
    options = np.tile([0, 1, 2, 3], (50, 1)).astype(np.int32)
    turns = np.arange(50) % 3
    first, again = (users.answer(np.arange(50), options, FACET, turns) for _ in range(2))
    assert np.array_equal(first, again)
    some = np.array([40, 7])
    assert np.array_equal(users.answer(some, options[some], FACET, turns[some]), first[some])


def test_kinds_of_users_by_name():
    assert parse_users("classic") is ClassicUsers
    assert "classic" in user_types()
    with pytest.raises(OptionError, match="no user type 'clasic'; did you mean classic\\?"):
        parse_users("clasic")
    with pytest.raises(OptionError, match="no user type 'nobody at all'; choose one of classic"):
        parse_users("nobody at all")
