import pytest

from dialogs.phrases import OF_FACET, OF_VALUE, phrase
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
    ],
)
def test_an_attribute_is_said_as_what_is_looked_for(facet: str, name: str, said: str) -> None:
    assert phrase(catalogue_of(facet, name), 0) == said


def test_every_value_of_the_films_has_words() -> None:
    """The facets of the films that ship with the package are all known here, value by value."""
    catalogue = datasets.load("movies-all", Places.from_environment()).catalogue
    for attribute in range(catalogue.n_attributes):
        facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
        assert facet in OF_FACET or (facet, catalogue.attribute_names[attribute]) in OF_VALUE
