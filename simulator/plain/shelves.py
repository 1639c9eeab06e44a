"""A catalogue as lists and sets."""

import math

from graph.belief import TIE_BREAK
from graph.catalogue import Catalogue
from graph.hashing import hash_order
from simulator.people.answering import COMMON, RARE

_ORDER_OF_QUESTIONS = 1e-7
"""Largest difference of value that only breaks ties."""


class Shelves:
    """A catalogue as lists and sets."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.n_items, self.n_attributes, self.n_facets = catalogue.n_items, catalogue.n_attributes, catalogue.n_facets
        edges, holders = catalogue.item_attributes, catalogue.attribute_items
        self.attributes: list[list[int]] = [edges.row(item).tolist() for item in range(self.n_items)]
        """Of each item, ascending."""
        self.has = [frozenset(own) for own in self.attributes]
        self.holders: list[list[int]] = [holders.row(attribute).tolist() for attribute in range(self.n_attributes)]
        """Items of each attribute, ascending."""
        self.facet: list[int] = catalogue.attribute_facet.tolist()
        self.members = [
            [attribute for attribute in range(self.n_attributes) if self.facet[attribute] == facet]
            for facet in range(self.n_facets)
        ]
        """Attributes of each facet; of one that has an order, in that order."""
        self.ordered = [number for number, facet in enumerate(catalogue.facets) if facet.ordered]
        self.known: list[list[bool]] = catalogue.known.tolist()
        """Whether each facet is known for each item."""
        self.strangers = [
            [item for item in range(self.n_items) if not self.known[item][facet]] for facet in range(self.n_facets)
        ]
        """Items for which each facet is unknown."""
        self.item_order = [float(lot) * TIE_BREAK for lot in hash_order(catalogue.item_ids)]
        self.attribute_order = [float(lot) * _ORDER_OF_QUESTIONS for lot in hash_order(catalogue.attribute_ids)]
        self.rarity = [self._rarity(len(holders)) for holders in self.holders]

    def _rarity(self, n_holders: int) -> float:
        share = max(n_holders, 1) / max(self.n_items, 1)
        return min(max(math.log(COMMON / share) / math.log(COMMON / RARE), 0.0), 1.0)

    def level(self, item: int, facet: int) -> int:
        """The attribute an item has of a facet, the lowest of several, -1 for none."""
        return next((own for own in self.attributes[item] if self.facet[own] == facet), -1)

    def neighbours(self, attribute: int) -> list[int]:
        """Values next to this one, if its facet has an order."""
        if self.facet[attribute] not in self.ordered:
            return []
        members = self.members[self.facet[attribute]]
        place = members.index(attribute)
        return [members[near] for near in (place - 1, place + 1) if 0 <= near < len(members)]
