"""The data sets ``movies`` and ``movies-all``: attributes, and who may be looked for."""

from functools import cache

import numpy as np
import pytest

from graph.catalogue import Facet
from graph.dataset import Dataset
from graph.films import FacetRule
from graph.interactions import Split
from graph.movielens import FOLDER
from graph.movies import build_movies, build_movies_all, count_values, make_catalogue
from graph.places import Places


@cache
def movies() -> Dataset:
    folder = Places.from_environment().cache / FOLDER
    if not folder.is_dir():
        pytest.skip("MovieLens 100K is not fetched: run `convrec data fetch movies`")
    return build_movies(folder)


@cache
def movies_all() -> Dataset:
    return build_movies_all()


def item(data: Dataset, title: str) -> dict[str, set[str]]:
    """What an item has of each facet."""
    catalogue = data.catalogue
    attributes = catalogue.attributes_of(catalogue.titles.index(title))
    held: dict[str, set[str]] = {facet.name: set() for facet in catalogue.facets}
    for attribute in attributes:
        held[catalogue.facets[catalogue.attribute_facet[attribute]].name].add(catalogue.attribute_names[attribute])
    return held


def test_values_that_too_few_films_have_are_no_attributes() -> None:
    rules = (
        FacetRule(Facet("length", ordered=True), order=("short", "middling", "long")),
        FacetRule(Facet("actor", open_world=True), least_in_table=3, least_in_data=2),
    )
    values = [
        {"length": ("long",), "actor": ("Ann", "Bob")},
        {"length": ("short",), "actor": ("Ann", "Cid", "Bob")},
        {"length": (), "actor": ("Cid",)},
    ]
    catalogue = make_catalogue(
        np.arange(3), ["a", "b", "c"], np.zeros(3, np.int16), np.ones(3, np.float32), values,
        in_table=count_values(values * 2) - count_values([{"actor": ("Bob", "Bob")}]), rules=rules,
    )  # fmt: skip
    described = [catalogue.describe_attribute(attribute) for attribute in range(catalogue.n_attributes)]
    assert described == ["length: short", "length: long", "actor: Ann", "actor: Cid"]
    assert [catalogue.attributes_of(each).tolist() for each in range(3)] == [[1, 2], [0, 2, 3], [3]]


def test_movies_is_movielens_to_the_last_rating() -> None:
    data = movies()
    history = data.interactions
    assert (data.catalogue.n_items, history.n_users, history.n_edges) == (1_682, 943, 100_000)
    assert data.catalogue.item_ids.tolist() == list(range(1, 1_683))
    assert set(history.user_facts) == {"age", "gender", "occupation"}
    assert "research" in data.licence
    shares = np.bincount(history.split[history.liked]) / history.liked.sum()
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.01)


def test_movies_never_learns_from_what_comes_later() -> None:
    history = movies().interactions
    first_test = np.full(history.n_users, np.iinfo(np.int64).max)
    users, times = history.users, history.times
    tested = history.liked & (history.split == Split.TEST)
    np.minimum.at(first_test, users[tested], times[tested])
    learned = history.split != Split.TEST
    assert (times[learned] <= first_test[users[learned]]).all()


def test_every_target_can_open_a_conversation() -> None:
    for_sure = movies().interactions
    degrees = movies().catalogue.item_attributes.degrees
    assert (degrees[for_sure.items[for_sure.liked]] > 0).all()


def test_an_unmatched_film_keeps_its_genres_and_decade_and_no_more() -> None:
    held = item(movies(), "Gone with the Wind")
    assert held.pop("genre") == {"Drama", "Romance", "War"}
    assert held.pop("decade") == {"1930s"}
    assert not any(held.values())
    catalogue = movies().catalogue
    known = catalogue.known[catalogue.titles.index("Gone with the Wind")]
    assert {catalogue.facets[facet].name for facet in np.flatnonzero(known)} == {"genre", "decade"}


def test_a_matched_film_joins_the_genres_of_both() -> None:
    held = item(movies(), "Toy Story")
    assert held["genre"] >= {"Animation", "Comedy", "Family", "Fantasy"}
    assert "Children's" not in movies().catalogue.attribute_names
    assert not held["actor"]
    assert held["Oscars"] == {"nominated for an Oscar", "won an Oscar"}


def test_titles_are_as_people_say_them() -> None:
    titles = movies().catalogue.titles
    assert not [title for title in titles if title.endswith((", The", ", Il", ", La", ", A"))]
    assert "The Wizard of Oz" in titles


@pytest.mark.parametrize("build", [movies, movies_all])
def test_attributes_are_ordered_shared_and_named_once(build: object) -> None:
    assert callable(build)
    catalogue = build().catalogue
    named = [catalogue.describe_attribute(attribute) for attribute in range(catalogue.n_attributes)]
    assert len(set(named)) == len(named)
    assert catalogue.attribute_ids.tolist() == list(range(catalogue.n_attributes))
    degrees = catalogue.attribute_items.degrees
    shared = [catalogue.facet_index(name) for name in ("director", "actor", "writer", "country", "language")]
    assert degrees.min() >= 1
    assert degrees[np.isin(catalogue.attribute_facet, shared)].min() >= 2
    for facet in ("decade", "age rating", "running time", "critics"):
        assert catalogue.facets[catalogue.facet_index(facet)].ordered
    decades = [name for name in catalogue.attribute_names if name.endswith("0s")]
    assert decades == sorted(decades)


def test_movies_all_has_every_film_and_nobody() -> None:
    data = movies_all()
    assert data.catalogue.n_items == 17_472
    assert data.anonymous
    assert "CC0" in data.licence
    popular = data.catalogue.popularity
    assert popular.min() >= 0
    assert data.catalogue.titles[int(popular.argmax())]
    actors = data.catalogue.attribute_items.degrees[
        data.catalogue.attribute_facet == data.catalogue.facet_index("actor")
    ]
    assert actors.min() >= 5
