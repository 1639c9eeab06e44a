from dataclasses import replace

import pytest

from dialogs.phrases import OF_FACET, OF_VALUE, comparison, noun_of, phrase
from graph import datasets
from graph.places import Places
from tests.dialogs.attributes import catalogue_of


@pytest.mark.parametrize(
    ("facet", "name", "said"),
    [
        ("director", "Ang Lee", "a film directed by Ang Lee"),
        ("country", "United Kingdom", "a film made in the United Kingdom"),
        ("country", "France", "a film made in France"),
        ("Oscars", "won an Oscar", "a film that won an Oscar"),
        ("tag", "trip-hop", "something tagged trip-hop"),
        ("colour", "{red}", "something with colour: {red}"),
        ("actor", "{0}", "a film with {0}"),
        ("{0} % {x}", "{y}", "something with {0} % {x}: {y}"),
    ],
)
def test_an_attribute_is_said_as_what_is_looked_for(facet: str, name: str, said: str) -> None:
    assert phrase(catalogue_of(facet, name), 0) == said


@pytest.mark.parametrize(
    ("noun", "facet", "name", "said"),
    [
        ("instrument", "wood", "maple", "an instrument with wood: maple"),
        ("jacket", "water proof", "yes", "a jacket with water proof: yes"),
        ("item", "price", "under 20", "something with price: under 20"),
        ("book", "genre", "fantasy", "a book with genre: fantasy"),
        ("item", "language", "English", "something with language: English"),
        ("film", "genre", "Drama", "a film of the genre Drama"),
    ],
)
def test_what_is_no_film_is_never_called_one(noun: str, facet: str, name: str, said: str) -> None:
    assert phrase(replace(catalogue_of(facet, name), noun=noun), 0) == said
    assert noun_of(replace(catalogue_of(facet, name), noun=noun)) == noun


def test_a_comparison_is_with_what_was_shown() -> None:
    assert comparison(catalogue_of("decade", "1990s"), 0, -1) == "older"
    assert comparison(catalogue_of("price", "20 to 49"), 0, 1) == "with a higher price"
    assert comparison(replace(catalogue_of("decade", "1990s"), noun="record"), 0, -1) == "with a lower decade"


def test_every_value_of_the_films_has_words() -> None:
    """The facets of the films that ship with the package are all known here, value by value."""
    catalogue = datasets.load("movies-all", Places.from_environment()).catalogue
    for attribute in range(catalogue.n_attributes):
        facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
        assert facet in OF_FACET or (facet, catalogue.attribute_names[attribute]) in OF_VALUE
