"""How lists are judged, and what is said against them."""

import numpy as np
import pytest

from graph.catalogue import Catalogue
from simulator.people import judging
from simulator.people.minds import Minds
from simulator.randomness import dialogue_keys
from tests.simulator.users.test_kinds import ladder


def about(*wanted: list[int]) -> Minds:
    rows = np.full((len(wanted), 5), -1, np.int32)
    for row, items in enumerate(wanted):
        rows[row, : len(items)] = items
    return Minds(rows, np.full(len(wanted), -1), np.zeros(len(wanted), bool))


def test_the_first_item_that_would_do_is_found_wherever_it_stands_and_nothing_else():
    lists = np.array([[3, 1, 2], [1, 2, 3], [0, 1, 2], [4, -1, -1], [-1, -1, 3], [2, 9, 3]], np.int32)
    minds = about([3], [3], [3], [3], [3], [3, 9])
    assert judging.first_wanted(minds, np.arange(6), lists).tolist() == [1, 3, 0, 0, 3, 2]
    assert judging.first_wanted(minds, np.array([5, 0]), lists[[2, 1]]).tolist() == [0, 3]


def test_nobody_wants_the_empty_place_of_a_list():
    assert judging.first_wanted(about([0], [5]), np.arange(2), np.array([[-1, 0], [-1, -1]], np.int32)).tolist() == [
        2,
        0,
    ]


def test_the_load_of_a_list_rises_from_three_items_to_ten():
    lists = np.where(np.arange(12) < np.array([0, 1, 3, 4, 10, 12])[:, None], 5, -1)
    assert judging.list_load(lists) == pytest.approx([0, 0, 0, 1 / 7, 1, 1])


@pytest.mark.parametrize(("length", "longest"), [(1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (8, 4), (10, 4), (20, 4)])
def test_a_thought_lasts_one_tick_and_more_up_to_what_the_length_allows(length: int, longest: int):
    n = 2_000
    ticks = judging.thinking_time(np.zeros((n, length), np.int32), dialogue_keys(0, np.arange(n)), np.zeros(n, int))
    assert set(ticks.tolist()) == set(range(1, longest + 1))


def test_the_level_of_an_item_is_the_lowest_of_several_and_none_where_it_has_none():
    catalogue: Catalogue = ladder()
    levels = judging.ordered_levels(catalogue)
    assert levels.shape == (1000, 1)
    assert levels[[0, 199, 200, 999], 0].tolist() == [16, 16, 17, 20]
