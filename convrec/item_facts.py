"""What is known of an item, in one line, for people who see it in a list."""

from dialogs.phrases import noun_of
from graph.catalogue import Catalogue
from graph.printable import printable

LEFT_OUT = frozenset({"decade", "language", "writer"})
"""Facets of a film that say little beside its title and the others."""

BEFORE = {"director": "by ", "actor": "with "}
"""What stands before the values of a facet."""


def facts(catalogue: Catalogue, item: int, most: int = 2) -> str:
    """What is known of an item, facet by facet, the commonest values first."""
    degrees, films = catalogue.attribute_items.degrees, noun_of(catalogue) == "film"
    parts = []
    for facet, kind in enumerate(catalogue.facets):
        own = sorted(catalogue.attributes_of(item, facet).tolist(), key=lambda each: -int(degrees[each]))[:most]
        names = [catalogue.attribute_names[each] if films else catalogue.name_by_itself(each) for each in own]
        if names and not (films and (kind.name in LEFT_OUT or names[0].startswith("no "))):
            parts.append(BEFORE.get(kind.name, "") * films + printable(", ".join(names)))
    return " · ".join(parts)
