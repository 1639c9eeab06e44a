"""A small cinema to talk about, with the facets of films."""

from dataclasses import replace
from functools import cache

from dialogs.agent import Agent, World
from dialogs.generation.speaker import Speaker
from dialogs.session import Session
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.understander import LexicalUnderstander
from graph.affinity.popularity import Popularity
from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from policy.bayes import BayesPolicy
from simulator.candidates import ActionSpace
from simulator.core import Rules
from tests.worlds import make_world

GENRES = ("Horror", "Comedy", "Drama", "Thriller", "Sci-Fi", "Western")
DECADES = ("1970s", "1980s", "1990s", "2000s")
DIRECTORS = ("Clint Eastwood", "Jane Campion", "Quentin Tarantino", "Akira Kurosawa", "Sofia Coppola")
ACTORS = ("Tom Hanks", "Clint Eastwood", "Scarlett Johansson", "Bill Murray", "Robert Downey, Jr.", "Uma Thurman")
COUNTRIES, LANGUAGES = ("France", "United States", "Japan"), ("French", "English", "Japanese")
TIMES = ("under 90 minutes", "90 to 104 minutes", "105 to 119 minutes", "120 to 149 minutes", "150 minutes or more")
TITLES = (
    "Heat",
    "The Matrix",
    "Fargo",
    "Scream 2",
    "Jackie Brown",
    "Up",
    "It",
    "Alien",
    "The Piano",
    "Ran",
    "9",
    "Looking for Richard",
)


@cache
def cinema() -> Dataset:
    """Sixty films; the first twelve have titles of their own."""
    films = {}
    for number in range(60):
        title = TITLES[number] if number < len(TITLES) else f"Film Number {number}"
        films[f"{title} ({1970 + number * 7 % 40})"] = {
            "genre": [GENRES[number % 6], GENRES[(number // 6) % 6]][: 1 + (number % 3 > 0)],
            "decade": [DECADES[number * 7 % 40 // 10]],
            "director": [DIRECTORS[number % 5]],
            "actor": [ACTORS[number % 6], ACTORS[(number // 5) % 6]],
            "country": [COUNTRIES[number % 3]],
            "language": [LANGUAGES[number % 3]],
            "running time": [TIMES[number % 4 if number % 7 else 4]],
        }
    for facets in films.values():
        for facet, names in facets.items():
            facets[facet] = list(dict.fromkeys(names))
    made = make_world(films, popularity=[60.0 - number for number in range(60)], name="cinema")
    ordered = tuple(replace(facet, ordered=facet.name in ("decade", "running time")) for facet in made.catalogue.facets)
    return replace(made, catalogue=_in_order(replace(made.catalogue, facets=ordered)))


def _in_order(catalogue: Catalogue) -> Catalogue:
    """Decades and running times in their order: places follow the first film that has them otherwise."""
    names = list(catalogue.attribute_names)
    for values in (DECADES, TIMES):
        places = sorted(names.index(value) for value in values)
        moved = {names.index(value): place for value, place in zip(values, places, strict=True)}
        renamed = list(names)
        for old, new in moved.items():
            renamed[new] = names[old]
        edges = catalogue.item_attributes
        columns = [moved.get(int(each), int(each)) for each in edges.indices]
        catalogue = replace(
            catalogue, attribute_names=tuple(renamed),
            item_attributes=type(edges).from_pairs(edges.row_of_edge(), columns, edges.n_rows, edges.n_columns),
        )  # fmt: skip
        names = renamed
    return catalogue


def attribute(name: str, facet: str | None = None) -> int:
    """Place of an attribute."""
    catalogue = cinema().catalogue
    for place, other in enumerate(catalogue.attribute_names):
        if other == name and facet in (None, catalogue.facets[catalogue.attribute_facet[place]].name):
            return place
    raise KeyError(name)


def film(title: str) -> int:
    """Place of a film."""
    return cinema().catalogue.titles.index(title)


def agent(mode: QuestionMode = QuestionMode.MULTI, **changes: object) -> Agent:
    """The gain rule, talking about the cinema."""
    rules = Rules(questions=mode, space=ActionSpace(list_length=5))
    made = World(cinema().catalogue, Popularity.fit(cinema()), BayesPolicy(), rules)
    return Agent(replace(made, **changes))  # type: ignore[arg-type]


@cache
def understander() -> LexicalUnderstander:
    """Understands names alone."""
    return LexicalUnderstander(Lexicon(cinema().catalogue))


def session(mode: QuestionMode = QuestionMode.MULTI, seed: int = 0) -> Session:
    """A conversation that has not begun."""
    return Session(agent(mode), understander(), Speaker(cinema().catalogue), seed)
