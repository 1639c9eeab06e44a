"""Facts of 17,472 films from Wikidata, and the attributes made of them.

The table is part of the package ``bokeh_sampledata`` (``_data/movies.db``, tables ``omdb`` and ``tomatoes``), all of it
CC0. It covers films first shown from 1940 to 2014, knows no plots, and lists casts by the alphabet, so that nobody can
be called the star.
"""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from graph.catalogue import Facet
from graph.errors import DataError

INSTALL = "pip install --force-reinstall bokeh_sampledata==2026.1"
LEAST_RUNTIME = 6
"""Minutes; the table has feature films of 1 and 4 minutes, which are slips."""
LEAST_REVIEWS = 5
"""Reviews it takes before the share of good ones says something."""

GENRE_NAMES = {"Children's": "Family", "Film-Noir": "Film noir"}
"""Genres of MovieLens that Wikidata's list or plain English calls otherwise; the rest are spelled alike."""
COUNTRY_NAMES = {
    "British Hong Kong": "Hong Kong", "Federal Republic of Yugoslavia": "Yugoslavia",
    "Occupied Palestinian territory": "Palestine", "People's Republic of China": "China", "Republic of China": "Taiwan",
    "Socialist Federal Republic of Yugoslavia": "Yugoslavia", "Wales": "United Kingdom", "West Germany": "Germany",
}  # fmt: skip
LANGUAGE_NAMES = {
    "American English": "English", "Bangla": "Bengali", "Egyptian Arabic": "Arabic", "Flemish Dutch": "Dutch",
    "Modern Greek": "Greek", "Modern Hebrew": "Hebrew", "Putonghua": "Mandarin", "Quebec French": "French",
    "Standard Chinese": "Mandarin", "Standard Taiwanese Mandarin": "Mandarin", "Yue Chinese": "Cantonese",
}  # fmt: skip
AGE_RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
AGE_RATING_NAMES = {"M": "PG", "GP": "PG", "M/PG": "PG", "X": "NC-17"}
"""What the MPAA called its ratings before 1972, and before 1990 for X."""

RUNTIME_BANDS = (
    (90, "under 90 minutes"), (105, "90 to 104 minutes"), (120, "105 to 119 minutes"), (150, "120 to 149 minutes"),
    (10_000, "150 minutes or more"),
)  # fmt: skip
CRITICS_BANDS = ((40, "panned"), (60, "mixed"), (85, "liked"), (101, "acclaimed"))
"""Bounds on the per cent of good reviews (Tomatometer; from 60 on a film counts as "fresh")."""
NO_NOMINATION, NOMINATED, WON = "no Oscar nomination", "nominated for an Oscar", "won an Oscar"
DECADES = tuple(f"{year}s" for year in range(1890, 2030, 10))


@dataclass(frozen=True)
class FacetRule:
    """A facet of films, and which of its values become attributes."""

    facet: Facet
    least_in_table: int = 0
    """Films of the whole table that must have a value: people on the rim of film would never be named."""
    least_in_data: int = 1
    """Items of the data set that must have it: a value of one item would name the item. 1 for short closed lists."""
    order: tuple[str, ...] = ()
    """All values of an ordered facet, first to last."""


FACET_RULES = (
    FacetRule(Facet("genre", open_world=True)),
    FacetRule(Facet("decade", open_world=True, ordered=True), order=DECADES),
    FacetRule(Facet("director", open_world=True), least_in_data=3),
    FacetRule(Facet("actor", open_world=True), least_in_data=5),
    FacetRule(Facet("writer", open_world=True), least_in_data=3),
    FacetRule(Facet("country", open_world=True), least_in_data=2),
    FacetRule(Facet("language", open_world=True), least_in_data=2),
    FacetRule(Facet("age rating", open_world=True, ordered=True), order=AGE_RATINGS),
    FacetRule(Facet("running time", open_world=True, ordered=True), order=tuple(name for _, name in RUNTIME_BANDS)),
    FacetRule(Facet("Oscars", open_world=True)),
    FacetRule(Facet("critics", open_world=True, ordered=True), order=tuple(name for _, name in CRITICS_BANDS)),
)
"""Every facet is open-world: a film the table does not know, or a gap in a row, is not known to lack anything. Awards
are complete for films of the table, and there "no Oscar nomination" is a value; a winner was nominated as well."""


@dataclass(frozen=True)
class Film:
    """A row of the table; empty, None or 0 where it says nothing."""

    film_id: int
    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    actors: tuple[str, ...]
    """In the order of the alphabet, never of importance; up to 124."""
    writers: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    age_rating: str
    """One of ``AGE_RATINGS``, or empty."""
    runtime: int
    """Minutes."""
    oscars: int
    """Won."""
    nominated: bool
    """For an Oscar, won or not."""
    meter: int | None
    """Per cent of good reviews, 0..100; None below ``LEAST_REVIEWS`` of them."""
    reviews: int
    """How many critics reviewed it: how much a film is talked about."""

    def values(self) -> dict[str, tuple[str, ...]]:
        """What the film has of each facet of ``FACET_RULES``, by name; empty where unknown."""
        oscars = (NOMINATED, WON) if self.oscars else (NOMINATED,) if self.nominated else (NO_NOMINATION,)
        return {
            "genre": self.genres,
            "decade": decade(self.year),
            "director": self.directors,
            "actor": self.actors,
            "writer": self.writers,
            "country": self.countries,
            "language": self.languages,
            "age rating": (self.age_rating,) if self.age_rating else (),
            "running time": _band(self.runtime, RUNTIME_BANDS) if self.runtime else (),
            "Oscars": oscars,
            "critics": () if self.meter is None else _band(self.meter, CRITICS_BANDS),
        }


def decade(year: int) -> tuple[str, ...]:
    """The decade of a year as a facet value, "1990s"; nothing for year 0."""
    return (f"{year // 10 * 10}s",) if year else ()


def _band(number: float, bands: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    return (next(name for bound, name in bands if number < bound),)


def split_names(text: str | None, rename: dict[str, str] | None = None) -> tuple[str, ...]:
    """Take a list of names apart at its commas, without repeats and in the order given.

    A suffix belongs to the name before it: "Robert Downey, Jr., Tom Hanks" are two people, and the first of them is the
    "Robert Downey Jr." of other rows.
    """
    glued = re.sub(r",\s*(Jr\.?|Sr\.?|II|III|IV|M\.D\.|Ph\.D\.)(?=\s*(?:,|$))", r" \1", text or "")
    glued = re.sub(r"\b(Jr|Sr)(?=\s*(?:,|$))", r"\1.", glued)
    names = (" ".join(name.split()) for name in glued.split(","))
    return tuple(dict.fromkeys((rename or {}).get(name, name) for name in names if name))


def table_path() -> Path:
    """Where the installed package keeps the table.

    :raises DataError: when the package or its table is not installed.
    """
    try:
        path = Path(str(resources.files("bokeh_sampledata") / "_data" / "movies.db"))
    except ModuleNotFoundError as error:
        raise DataError(f"facts of films: package bokeh_sampledata is missing; {INSTALL}") from error
    if not path.is_file():
        raise DataError(f"facts of films: {path} is missing; {INSTALL}")
    return path


def read_films(path: Path | None = None) -> tuple[Film, ...]:
    """Read the whole table, by ascending film id.

    :param path: another SQLite file with the same two tables.
    :raises DataError: when the file is missing, damaged or lacks a column.
    """
    path = path or table_path()
    query = (
        'SELECT o.ID, o.Title, o.Year, o.Genre, o.Director, o."Cast", o.Writer, o.Country, o.Language, o.Rating, '
        "o.Runtime, o.Oscars, o.Awards, t.Meter, t.Reviews "
        "FROM omdb o LEFT JOIN tomatoes t ON t.ID = o.ID ORDER BY o.ID"
    )
    try:
        # The package may be installed where nothing can be written, not even SQLite's lock.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            rows = database.execute(query).fetchall()
    except sqlite3.Error as error:
        raise DataError(f"facts of films: {path} cannot be read ({error}); {INSTALL}") from error
    return tuple(_film(*row) for row in rows)


def _film(
    film_id: int,
    title: str,
    year: int,
    genres: str | None,
    directors: str | None,
    cast: str | None,
    writers: str | None,
    countries: str | None,
    languages: str | None,
    rating: str | None,
    runtime: float | None,
    oscars: int | None,
    awards: str | None,
    meter: int | None,
    reviews: int | None,
) -> Film:
    minutes = int(runtime or 0)
    return Film(
        film_id=film_id,
        title=re.sub(r" \((?:\d{4} )?film\)$", "", title),
        year=year,
        genres=split_names(genres, GENRE_NAMES),
        directors=split_names(directors),
        actors=split_names(cast),
        writers=split_names(writers),
        countries=split_names(countries, COUNTRY_NAMES),
        languages=split_names((languages or "").replace(" language", ""), LANGUAGE_NAMES),
        age_rating=AGE_RATING_NAMES.get(rating or "", rating or ""),
        runtime=minutes if minutes >= LEAST_RUNTIME else 0,
        oscars=oscars or 0,
        nominated=bool(oscars or awards),
        meter=meter if (reviews or 0) >= LEAST_REVIEWS else None,
        reviews=reviews or 0,
    )
