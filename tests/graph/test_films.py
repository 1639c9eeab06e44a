"""Facts of films: names taken apart, gaps left open, bands in order."""

import sqlite3
from functools import cache
from pathlib import Path

import pytest

from graph.errors import DataError
from graph.films import AGE_RATINGS, FACET_RULES, Film, read_films, split_names


@cache
def table() -> tuple[Film, ...]:
    return read_films()


@cache
def films() -> dict[tuple[str, int], Film]:
    return {(film.title, film.year): film for film in table()}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Robert Downey, Jr., Tom Hanks", ("Robert Downey Jr.", "Tom Hanks")),
        ("Robert Downey Jr., Tom Hanks", ("Robert Downey Jr.", "Tom Hanks")),
        ("Sammy Davis, Jr", ("Sammy Davis Jr.",)),
        ("Robert Downey, Sr., Robert Downey, Jr.", ("Robert Downey Sr.", "Robert Downey Jr.")),
        ("Henry Gibson, JR Bourne", ("Henry Gibson", "JR Bourne")),
        ("John Smith, III, Cher", ("John Smith III", "Cher")),
        ("Cher, Cher", ("Cher",)),
        ("", ()),
        (None, ()),
    ],
)
def test_a_suffix_is_no_person(text: str | None, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


def test_the_table_is_whole_and_ordered() -> None:
    ids = [film.film_id for film in table()]
    assert len(ids) == 17_472
    assert ids == sorted(set(ids))
    assert min(film.year for film in table()) == 1940
    assert max(film.year for film in table()) == 2014


def test_nobody_is_called_junior_alone() -> None:
    people = {name for film in table() for name in film.actors + film.directors + film.writers}
    assert not people & {"Jr.", "Jr", "Sr.", "Sr", "II", "III", "IV"}
    assert "Robert Downey Jr." in people
    assert not any(name != name.strip() or "," in name for name in people)


def test_what_a_well_known_film_has() -> None:
    values = films()["Fargo", 1996].values()
    assert values["director"] == ("Ethan Coen", "Joel Coen")
    assert values["decade"] == ("1990s",)
    assert values["running time"] == ("90 to 104 minutes",)
    assert values["Oscars"] == ("nominated for an Oscar", "won an Oscar")
    assert values["critics"] == ("acclaimed",)
    assert {"Crime", "Drama"} <= set(values["genre"])
    assert "Frances McDormand" in values["actor"]


def test_gaps_are_unknown_and_not_a_value() -> None:
    values = films()["Toy Story", 1995].values()
    assert values["actor"] == ()
    assert values["writer"]
    slip = films()["Machuca", 2004]
    assert slip.runtime == 0
    assert slip.values()["running time"] == ()
    assert films()["The Shawshank Redemption", 1994].values()["Oscars"] == ("nominated for an Oscar",)


def test_a_share_of_few_reviews_says_nothing() -> None:
    assert all(film.meter is None for film in table() if film.reviews < 5)


def test_every_value_has_a_facet_and_bands_are_listed_in_order() -> None:
    rules = {rule.facet.name: rule for rule in FACET_RULES}
    for film in table():
        values = film.values()
        assert values.keys() == rules.keys()
        for name, held in values.items():
            if rules[name].facet.ordered:
                assert len(held) <= 1
                assert set(held) <= set(rules[name].order)
    assert all(bool(rule.order) == rule.facet.ordered for rule in FACET_RULES)


def test_old_names_of_age_ratings_are_read_as_todays() -> None:
    assert {film.age_rating for film in table()} == {"", *AGE_RATINGS}


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "movies.db"
    path.write_bytes(b"no database at all, " * 100)
    with pytest.raises(DataError, match=r"movies\.db cannot be read .* pip install"):
        read_films(path)


def test_a_table_without_a_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "movies.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE omdb (ID INTEGER)")
        database.execute("CREATE TABLE tomatoes (ID INTEGER)")
    with pytest.raises(DataError, match="no such column"):
        read_films(path)
