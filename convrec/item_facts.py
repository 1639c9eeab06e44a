"""What is known of an item, in one line, for people who see it in a list."""

from dialogs.phrases import noun_of
from graph.catalogue import Catalogue
from graph.printable import printable

LEFT_OUT = frozenset({"decade", "language", "writer"})
"""Facets of a film that say little beside its title and the others."""

BEFORE = {"director": "by ", "actor": "with "}
"""What stands before the values of a facet."""


def facts(catalogue: Catalogue, item: int, wanted: frozenset[int] = frozenset(), most: int = 2) -> str:
    """What is known of an item, facet by facet, first what is wanted and then the commonest values.

    :param wanted: attributes that whoever looks has asked for; they are told in any case.
    :param most: values of a facet, where no more are wanted.
    """
    degrees, films = catalogue.attribute_items.degrees, noun_of(catalogue) == "film"
    parts = []
    for facet, kind in enumerate(catalogue.facets):
        own = catalogue.attributes_of(item, facet).tolist()
        own.sort(key=lambda each: (each not in wanted, -int(degrees[each])))
        sought = sum(each in wanted for each in own)
        own = own[: max(most, sought)]
        names = [catalogue.attribute_names[each] if films else catalogue.name_by_itself(each) for each in own]
        if names and (sought or not films or not (kind.name in LEFT_OUT or names[0].startswith("no "))):
            parts.append(BEFORE.get(kind.name, "") * films + printable(", ".join(names)))
    return " · ".join(parts)
