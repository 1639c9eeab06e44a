from dataclasses import replace

import numpy as np
import pytest

from graph.catalogue import Catalogue
from graph.catalogue_search import find_item
from graph.errors import DataError
from graph.synthetic import make_synthetic


@pytest.fixture
def films() -> Catalogue:
    titles = ("Heat", "Hamlet", "Hamlet", "300", "Amélie", "Hamlet")
    years = np.array([1995, 1948, 1996, 2006, 2001, 1996], np.int16)
    made = make_synthetic(users=0, items=6, attributes=5).catalogue
    return replace(made, item_ids=np.array([10, 20, 30, 40, 300, 60]), titles=titles, years=years)


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("10", 0), ("heat", 0), (" HEAT  (1995) ", 0), ("Hamlet (1948)", 1), ("300", 4), ("300 (2006)", 3), ("AMÉLIE", 4)],
)
def test_an_item_is_found_by_id_title_or_title_and_year(films: Catalogue, wanted: str, place: int) -> None:
    assert find_item(films, wanted) == place


def test_a_number_that_is_no_id_is_a_title(films: Catalogue) -> None:
    assert find_item(replace(films, item_ids=np.arange(6)), "300") == 3


@pytest.mark.parametrize(
    ("wanted", "place"), [("SKU 1", 0), ("sku 1", 1), ("Sku  2", 2), ("300", 4), ("Heat", 0), ("amélie", 5), ("40", 5)]
)
def test_an_id_in_words_comes_before_a_title(films: Catalogue, wanted: str, place: int) -> None:
    named = replace(
        films, item_keys=("SKU 1", "sku 1", "sku 2", "4", "300", "Amélie"), titles=(*films.titles[:5], "40")
    )
    assert find_item(named, wanted) == place


def test_several_of_one_name_are_listed_by_id(films: Catalogue) -> None:
    with pytest.raises(
        DataError, match=r"3 items .*: Hamlet \(1948\) is 20; Hamlet \(1996\) is 30; Hamlet \(1996\) is 60"
    ):
        find_item(films, "hamlet")
    with pytest.raises(DataError, match=r"2 items .*: Hamlet \(1996\) is 30; Hamlet \(1996\) is 60"):
        find_item(films, "hamlet (1996)")


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("amelie", r"did you mean Amélie \(2001\)"),
        ("xyzzy", "give an id"),
        ("", "give an id"),
        ("9" * 5_000, "give an id"),
    ],
)
def test_a_name_nobody_has_hears_of_near_ones(films: Catalogue, wanted: str, hint: str) -> None:
    with pytest.raises(DataError, match=hint):
        find_item(films, wanted)
