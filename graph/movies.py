"""The data sets ``movies`` (MovieLens 100K with Wikidata's facts) and ``movies-all`` (Wikidata's films alone).

Legend: V items, E interactions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Dataset
from graph.films import FACET_RULES, GENRE_NAMES, FacetRule, Film, decade, read_films
from graph.interactions import Interactions
from graph.matching import FilmName, alternative_titles, match_films
from graph.movielens import MovieLens, read_ratings
from graph.time_split import split_by_time, tie_break

FACTS_SOURCE = "facts of films first shown from 1940 to 2014 from Wikidata, as in the Python package bokeh_sampledata"
FACTS_LICENCE = "facts of films: CC0"
RATINGS_SOURCE = "users and ratings: MovieLens 100K by GroupLens, September 1997 to April 1998"
RATINGS_LICENCE = (
    "users and ratings: for research only, not to be redistributed, not for commercial use without permission of "
    "GroupLens; cite Harper and Konstan 2015 (doi:10.1145/2827872)"
)
LIKED_FROM = 4
"""Ratings from here on make a film a possible target."""

Values = Mapping[str, tuple[str, ...]]
"""What one film has of each facet, by the facet's name."""


def build_movies(archive: Path) -> Dataset:
    """MovieLens 100K, with the facts of the films that are found in Wikidata's table.

    All 1,682 films stay, in the order of their MovieLens ids; films that MovieLens lists twice share their facts and
    stay two items, so that the sizes are the published ones. A film that is not found keeps its genres and decade.
    Popularity is all ones: how sought a film is by these users is learned from their train ratings.

    :param archive: folder with the files of MovieLens 100K, see :func:`graph.movielens.fetch_ratings`.
    :raises DataError: when a file is missing or damaged.
    """
    lens, films = read_ratings(archive), read_films()
    genres = [tuple(GENRE_NAMES.get(genre, genre) for genre in names) for names in lens.genres]
    places = match_movielens(lens, films)
    titles, years, values = [], lens.years.copy(), []
    for item, place in enumerate(places):
        if place is None:
            titles.append(alternative_titles(lens.titles[item])[0])
            values.append({"genre": genres[item], "decade": decade(int(lens.years[item]))})
        else:
            film = films[place]
            titles.append(film.title)
            years[item] = film.year
            values.append(film.values() | {"genre": tuple(dict.fromkeys(genres[item] + film.genres))})
    catalogue = make_catalogue(
        item_ids=lens.item_ids,
        titles=titles,
        years=years,
        popularity=np.ones(len(titles), dtype=np.float32),
        values=values,
        in_table=count_values([film.values() for film in films]),
    )
    return Dataset(
        name="movies",
        catalogue=catalogue,
        interactions=_interactions(lens, catalogue),
        source=f"{RATINGS_SOURCE}; {FACTS_SOURCE}",
        licence=f"{RATINGS_LICENCE}; {FACTS_LICENCE}",
    )


def build_movies_all() -> Dataset:
    """All films of Wikidata's table and nobody's ratings; popularity is log(1 + number of critics' reviews).

    :raises DataError: when the table is missing or damaged.
    """
    films = read_films()
    values = [film.values() for film in films]
    catalogue = make_catalogue(
        item_ids=np.array([film.film_id for film in films], dtype=np.int64),
        titles=[film.title for film in films],
        years=np.array([film.year for film in films], dtype=np.int16),
        popularity=np.log1p(np.array([film.reviews for film in films], dtype=np.float32)),
        values=values,
        in_table=count_values(values),
    )
    return Dataset("movies-all", catalogue, Interactions.none(len(films)), FACTS_SOURCE, FACTS_LICENCE)


def match_movielens(lens: MovieLens, films: Sequence[Film]) -> list[int | None]:
    """Place in ``films`` of each film of MovieLens, None for those the table does not have; length V."""
    listed = [
        FilmName(title, int(year), frozenset(GENRE_NAMES.get(genre, genre) for genre in genres))
        for title, year, genres in zip(lens.titles, lens.years, lens.genres, strict=True)
    ]
    return match_films(listed, [FilmName(film.title, film.year, frozenset(film.genres)) for film in films])


def count_values(values: Sequence[Values]) -> Counter[tuple[str, str]]:
    """How many films have each (facet, value)."""
    return Counter((facet, value) for film in values for facet, held in film.items() for value in held)


def make_catalogue(
    item_ids: NDArray[np.int64],
    titles: Sequence[str],
    years: NDArray[np.int16],
    popularity: NDArray[np.float32],
    values: Sequence[Values],
    in_table: Mapping[tuple[str, str], int],
    rules: Sequence[FacetRule] = FACET_RULES,
) -> Catalogue:
    """Make attributes of the values that enough films have, by facet, then in its own order or the alphabet's.

    :param values: what each of the V films has.
    :param in_table: films of the whole table with each (facet, value).
    """
    here = count_values(values)
    names = [
        (place, rule.facet.name, value) for place, rule in enumerate(rules) for value in _kept(rule, here, in_table)
    ]
    number = {(facet, value): attribute for attribute, (_, facet, value) in enumerate(names)}
    edges = [
        (item, number[facet, value])
        for item, film in enumerate(values)
        for facet, held in film.items()
        for value in held
        if (facet, value) in number
    ]
    rows, columns = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return Catalogue(
        item_ids=item_ids,
        titles=tuple(titles),
        years=years,
        popularity=popularity,
        facets=tuple(rule.facet for rule in rules),
        attribute_ids=np.arange(len(names), dtype=np.int64),
        attribute_names=tuple(value for _, _, value in names),
        attribute_facet=np.array([place for place, _, _ in names], dtype=np.int16),
        item_attributes=CSR.from_pairs(rows, columns, len(titles), len(names)),
        recorded=np.array([[bool(film.get(rule.facet.name)) for rule in rules] for film in values], dtype=bool),
    )


def _kept(rule: FacetRule, here: Mapping[tuple[str, str], int], in_table: Mapping[tuple[str, str], int]) -> list[str]:
    kept = [
        value
        for (facet, value), n_items in here.items()
        if facet == rule.facet.name
        and n_items >= rule.least_in_data
        and in_table.get((facet, value), 0) >= rule.least_in_table
    ]
    return sorted(kept, key=lambda value: (rule.order.index(value) if rule.order else 0, value.casefold(), value))


def _interactions(lens: MovieLens, catalogue: Catalogue) -> Interactions:
    # The one film without any fact could not open a conversation.
    liked = (lens.ratings >= LIKED_FROM) & (catalogue.item_attributes.degrees > 0)[lens.items]
    ties = tie_break(lens.user_ids[lens.users], lens.item_ids[lens.items])
    order = np.lexsort((ties, lens.times, lens.users))
    users, times, liked = lens.users[order], lens.times[order], liked[order]
    empty = np.zeros(0, dtype=np.int32)
    n_users = len(lens.user_ids)
    return Interactions(
        users=users,
        items=lens.items[order],
        ratings=lens.ratings[order],
        times=times,
        split=split_by_time(users, times, liked, n_users),
        liked=liked,
        user_ids=lens.user_ids,
        user_facts=lens.user_facts,
        friends=CSR.from_pairs(empty, empty, n_users, n_users),
        n_items=catalogue.n_items,
    )
