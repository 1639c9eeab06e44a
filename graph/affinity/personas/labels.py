"""What distinguishes a persona: attributes that its likes have more often than the person's other likes.

Legend: B people, V items, P attributes, R personas, L likes of one person.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.affinity.personas.encoder import Personas
from graph.dataset import Dataset

SHRINKAGE = 3.0
"""Likes added to what is counted and to what is expected: the mean of a gamma distribution on the lift, so that few
likes say little (DuMouchel 1999, "Bayesian data mining in large frequency tables", The American Statistician)."""

BORROWED = 5.0
"""Likes of everybody that are added to the other likes of a person before a rate is taken."""

LEAST_LIFT, LEAST_LIKES = 1.5, 1.5
"""Lift and likes from which an attribute is a label."""

MOST_LABELS = 3
"""Labels of a persona that are kept."""


@dataclass(frozen=True)
class Label:
    """One attribute that distinguishes a persona."""

    attribute: int
    lift: float
    """How many times as often the persona's likes have it as would be expected of the person's other likes, shrunk
    towards 1 where the likes are few."""
    share: float
    """Share of the persona's likes that have it, of those of which it is known."""
    expected: float
    """The same of the person's other likes."""


class PersonaLabels:
    """Finds labels in one catalogue."""

    def __init__(self, dataset: Dataset) -> None:
        catalogue, likes = dataset.catalogue, dataset.interactions.known_likes
        self._catalogue = catalogue
        self._held = catalogue.item_attributes.to_scipy()
        counts = np.bincount(likes.indices, minlength=catalogue.n_items).astype(np.float64)
        has = catalogue.attribute_items.to_scipy() @ counts
        known = (catalogue.known.T @ counts)[catalogue.attribute_facet]
        self._everybody = np.asarray(has / np.maximum(known, 1.0))

    def of(self, personas: Personas, person: int, most: int = MOST_LABELS) -> list[list[Label]]:
        """Labels of each persona of one person, the highest lift first; none where nothing distinguishes it.

        :param most: labels of a persona, at most, no two of one facet.
        """
        items, attention = personas.likes_of(person)
        has, known = self._counts(items, attention)
        return [self._of_one(has, known, persona, most) for persona in range(attention.shape[1])]

    def _counts(
        self, items: NDArray[np.int32], attention: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Likes of each persona that have each attribute, and those of which it is known, both shape (R, P)."""
        catalogue = self._catalogue
        shares = attention.T.astype(np.float64)
        has = np.asarray(shares @ self._held[items])
        known = shares @ catalogue.known[items]
        return has, known[:, catalogue.attribute_facet]

    def _of_one(self, has: NDArray[np.float64], known: NDArray[np.float64], persona: int, most: int) -> list[Label]:
        counted, asked = has[persona], known[persona]
        others, of_others = has.sum(axis=0) - counted, known.sum(axis=0) - asked
        rates = (others + BORROWED * self._everybody) / (of_others + BORROWED)
        lifts = (counted + SHRINKAGE) / (asked * rates + SHRINKAGE)
        possible = np.flatnonzero((counted >= LEAST_LIKES) & (lifts >= LEAST_LIFT))
        # Of two that lift alike, the one that more of the likes have.
        order = possible[np.lexsort((-counted[possible], -lifts[possible]))]
        labels: list[Label] = []
        facets = set[int]()
        for attribute in order.tolist():
            facet = int(self._catalogue.attribute_facet[attribute])
            if len(labels) < most and facet not in facets:
                facets.add(facet)
                share = float(counted[attribute] / max(asked[attribute], 1e-9))
                labels.append(Label(attribute, float(lifts[attribute]), share, float(rates[attribute])))
        return labels
