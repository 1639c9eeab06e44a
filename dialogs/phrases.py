"""What an attribute is called in a sentence: "a film by Ang Lee", "something tagged indie rock"."""

from graph.catalogue import Catalogue
from simulator.rendering import Wording

OF_FACET = {
    "genre": "a film of the genre {}",
    "decade": "a film from the {}",
    "director": "a film directed by {}",
    "actor": "a film with {}",
    "writer": "a film written by {}",
    "country": "a film made in {}",
    "language": "a film in {}",
    "age rating": "a film rated {}",
    "running time": "a film of {}",
    "tag": "something tagged {}",
}
"""Phrase of each facet whose values fit one pattern."""

OF_VALUE = {
    ("Oscars", "no Oscar nomination"): "a film without an Oscar nomination",
    ("Oscars", "nominated for an Oscar"): "a film nominated for an Oscar",
    ("Oscars", "won an Oscar"): "a film that won an Oscar",
    ("critics", "panned"): "a film the critics panned",
    ("critics", "mixed"): "a film with mixed reviews",
    ("critics", "liked"): "a film the critics liked",
    ("critics", "acclaimed"): "a film the critics acclaimed",
}
"""Phrase of each (facet, value) that needs one of its own."""

VOWELS = frozenset("aeiou")
WITH_ARTICLE = frozenset({"Czech Republic", "Netherlands", "Philippines", "Soviet Union", "Bahamas"})


DIRECTIONS = {
    "decade": ("older", "newer"),
    "running time": ("shorter", "longer"),
    "critics": ("less liked by the critics", "better liked by the critics"),
    "age rating": ("for younger people", "for older people"),
}
"""What lies before and after a value, of each facet that has an order."""


def phrase(catalogue: Catalogue, attribute: int) -> str:
    """Say one attribute as the thing that is looked for; any facet we have no words for is named."""
    facet, name = catalogue.facets[catalogue.attribute_facet[attribute]].name, catalogue.attribute_names[attribute]
    if not _has_words_of_its_own(catalogue):
        return f"{_thing(catalogue.noun)} with {facet}: {name}"
    if (facet, name) in OF_VALUE:
        return OF_VALUE[facet, name]
    if facet == "country" and (name in WITH_ARTICLE or name.startswith("United")):
        name = f"the {name}"
    return OF_FACET[facet].format(name) if facet in OF_FACET else f"something with {facet}: {name}"


def kinds(catalogue: Catalogue, attribute: int) -> str:
    """Say all items of an attribute: "films from the 1950s", "things tagged indie rock"."""
    first, *rest = phrase(catalogue, attribute).split(" ")
    if first == "something":
        return " ".join(["things", *rest])
    noun = catalogue.noun or "film"
    return f"{noun}s{phrase(catalogue, attribute).removeprefix(f'{first} {noun}')}"


def comparison(catalogue: Catalogue, attribute: int, direction: int) -> str:
    """Say on which side of what it is compared with something lies: "older", "with a higher price"."""
    facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
    if facet in DIRECTIONS and _has_words_of_its_own(catalogue):
        return DIRECTIONS[facet][direction > 0]
    return f"with a {'higher' if direction > 0 else 'lower'} {facet}"


WORDING = Wording(phrase, comparison)


def _has_words_of_its_own(catalogue: Catalogue) -> bool:
    """Whether the phrases here are about such items: a bookshop has genres and languages too, but no films."""
    return catalogue.noun in (None, "film")


def _thing(noun: str | None) -> str:
    """An item that nothing is known of: "a jacket", "an instrument"."""
    if noun in (None, "item"):
        return "something"
    return f"{'an' if noun[:1].lower() in VOWELS else 'a'} {noun}"


def noun_of(catalogue: Catalogue) -> str:
    """What the items of a catalogue are called: "film", "artist", "item"."""
    if catalogue.noun is not None:
        return catalogue.noun
    facets = {facet.name for facet in catalogue.facets}
    if "director" in facets:
        return "film"
    return "artist" if facets == {"tag"} else "item"
