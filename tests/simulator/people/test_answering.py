"""Answers of people without traits: truthful, and without favourites among the truths."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from simulator.people import People, Traits
from simulator.people.answering import rarity
from simulator.randomness import dialogue_keys
from tests.worlds import attribute, closed_world, item, make_world, open_world

NO, YES, DONT_KNOW, UNSAID, NONE = Answer.NO, Answer.YES, Answer.DONT_KNOW, Answer.UNSAID, -1
SORT_OF, DONT_CARE = Answer.SORT_OF, Answer.DONT_CARE
BINARY, FACET, MULTI = QuestionMode


def n_people(catalogue: Catalogue, target: int, n: int, **trait: float) -> People:
    """People who all have one item in mind, with these traits."""
    traits = replace(Traits.classic(n), **{name: np.full(n, value) for name, value in trait.items()})
    return People(catalogue, np.full(n, target, np.int32), dialogue_keys(2, np.arange(n)), traits)


def options_of(catalogue: Catalogue, names: list[str], mode: QuestionMode, n: int = 1) -> NDArray[np.int32]:
    options = np.full((n, mode.n_options), -1, np.int32)
    options[:, : len(names)] = [attribute(catalogue, name) for name in names]
    return options


def answers_of(dataset: Dataset, title: str, names: list[str], mode: QuestionMode) -> list[int]:
    catalogue = dataset.catalogue
    users = n_people(catalogue, item(catalogue, title), 1)
    return users.answer(np.array([0]), options_of(catalogue, names, mode), mode, np.array([0]))[0].tolist()


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
    users = People(catalogue, np.arange(7, dtype=np.int32), dialogue_keys(0, np.arange(7)))
    rows, options = np.array([5, 0, 2]), options_of(catalogue, ["crime"], BINARY, 3)
    assert users.answer(rows, options, BINARY, np.zeros(3, int))[:, 0].tolist() == [NO, NO, YES]


@pytest.fixture(scope="module")
def spread() -> Dataset:
    """An item with four colours and two sizes, and one with nothing."""
    many = {"colour": ["red", "green", "blue", "black"], "size": ["small", "large"]}
    return make_world({"many": many, "none": {"colour": [], "size": []}, "one": {"colour": ["red"]}})


@pytest.mark.parametrize("over", ["dialogues", "turns"])
def test_of_the_options_that_hold_any_is_named_alike(spread: Dataset, over: str):
    n, catalogue = 9_000, spread.catalogue
    users = n_people(catalogue, 0, n)
    options = options_of(catalogue, ["red", "blue", "black"], FACET, n)
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
    users = n_people(catalogue, item(catalogue, "Fargo"), n)
    options = options_of(catalogue, ["horror", "crime", "science fiction", "drama"], FACET, n)
    named = (users.answer(np.arange(n), options, FACET, np.zeros(n, int)) == YES).sum(axis=0)
    assert named[[0, 2]].tolist() == [0, 0]
    assert (named[[1, 3]] > 180).all()


def test_the_same_question_again_gets_the_same_answer(spread: Dataset):
    users = n_people(spread.catalogue, 0, 50)
    options = np.tile([0, 1, 2, 3], (50, 1)).astype(np.int32)
    turns = np.arange(50) % 3
    first, again = (users.answer(np.arange(50), options, FACET, turns) for _ in range(2))
    assert np.array_equal(first, again)
    some = np.array([40, 7])
    assert np.array_equal(users.answer(some, options[some], FACET, turns[some]), first[some])


def test_of_a_facet_question_what_sort_of_holds_is_named_only_where_nothing_holds(spread: Dataset):
    n = 4_000
    users = n_people(spread.catalogue, 0, n, vagueness=0.5)
    options = options_of(spread.catalogue, ["red", "blue"], FACET, n)
    answers = users.answer(np.arange(n), options, FACET, np.zeros(n, int))[:, :2]
    assert ((answers == UNSAID).sum(axis=1) == 1).all(), "one is named"
    # Both grades are drawn for themselves: with a chance of a quarter neither holds plainly.
    assert (answers == SORT_OF).any(axis=1).mean() == pytest.approx(0.25, abs=3 * np.sqrt(0.25 * 0.75 / n))
    assert ((answers == YES) | (answers == SORT_OF)).sum(axis=1).tolist() == [1] * n


def test_indifference_to_a_facet_question_is_said_of_all_of_it():
    catalogue, n = closed_world().catalogue, 3_000
    options = options_of(catalogue, ["horror", "crime", "drama"], FACET, n)
    users = n_people(catalogue, 0, n, indifference=0.5)
    answers = users.answer(np.arange(n), options, FACET, np.zeros(n, int))
    silent = (answers == DONT_CARE).any(axis=1)
    assert (answers[silent, :3] == DONT_CARE).all()
    assert silent.mean() == pytest.approx(0.5, abs=0.03)


def test_rarity_is_nothing_from_a_tenth_on_and_one_from_a_thousandth_down():
    items = {f"item {place}": {"kind": ["all"] + ["tenth"] * (place < 100) + ["some"] * (place < 10) + ["one"] *
                               (place < 1)} for place in range(1000)}  # fmt: skip
    assert rarity(make_world(items).catalogue) == pytest.approx([0.0, 0.0, 0.5, 1.0])
