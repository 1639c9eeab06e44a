"""Which of a person's tastes an item serves, and what it is known by.

Legend: E events of all people, B people, R personas, V items.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.affinity.personas.encoder import PersonaEncoder, Personas
from graph.affinity.personas.labels import Label, PersonaLabels
from graph.affinity.profiles import Profiles, Verdict
from graph.dataset import Dataset

FEWEST_LIKES = 6
"""Likes from which a person is taken to have several tastes: of fewer, each says as much as all of them."""


@dataclass(frozen=True)
class Taste:
    """The persona that weighs most for an item."""

    persona: int
    weight: float
    """Its weight among the person's personas for this item."""
    label: Label | None
    """What distinguishes it and the item has as well, if there is anything."""
    examples: tuple[int, ...]
    """What the person liked that belongs to it, the most like the item first; of a taste with a label what has it."""
    events: NDArray[np.bool_]
    """Which of the person's events belong to it more than to any other, shape (E,)."""


class Tastes:
    """Personas and their labels, ready to say why an item may be liked."""

    def __init__(self, dataset: Dataset, encoder: PersonaEncoder) -> None:
        self.encoder = encoder
        self.labels = PersonaLabels(dataset)
        self._catalogue = dataset.catalogue

    def behind(self, profile: Profiles, item: int, most: int = 2) -> Taste | None:
        """What an item has to do with what one person liked; None where too little is known of either.

        :param profile: one person.
        :param most: examples at most.
        """
        encoder = self.encoder
        liked = (profile.verdicts == Verdict.LIKED) & encoder.covers[profile.items]
        if not encoder.covers[item] or liked.sum() < FEWEST_LIKES:
            return None
        personas = encoder.of(profile)
        weights = encoder.weigh(personas, encoder.fits(personas, np.array([item])))[0, :, 0]
        persona = int(weights.argmax())
        items, shares = personas.likes_of(0)
        own = shares.argmax(axis=1) == persona
        if not own.any():
            return None
        events = np.zeros(len(profile.items), bool)
        events[liked] = own
        label, alike = self._shared(personas, persona, item, items[own])
        return Taste(persona, float(weights[persona]), label, self._nearest(item, alike, most), events)

    def _shared(
        self, personas: Personas, persona: int, item: int, items: NDArray[np.int32]
    ) -> tuple[Label | None, NDArray[np.int32]]:
        """The first label of a persona that an item has, and those of the persona's items that have it; all without."""
        has = self._catalogue.item_attributes
        for label in self.labels.of(personas, 0, most=self._catalogue.n_facets)[persona]:
            if has.contains(np.array([item]), np.array([label.attribute]))[0]:
                holders = items[has.contains(items, np.full(len(items), label.attribute))]
                if (holders != item).any():
                    return label, holders
        return None, items

    def _nearest(self, item: int, items: NDArray[np.int32], most: int) -> tuple[int, ...]:
        likes = self.encoder.likes
        lengths = np.maximum(np.linalg.norm(likes[items], axis=1), np.float32(1e-12))
        alike = likes[items] @ likes[item] / lengths
        order = np.argsort(-alike, kind="stable")
        return tuple(int(each) for each in items[order] if each != item)[:most]

    def weights(self, profiles: Profiles) -> NDArray[np.float32]:
        """Weight of each persona of people for each item, shape (B, R, V); all alike where an item is not covered."""
        personas = self.encoder.of(profiles)
        weights = self.encoder.weigh(personas, self.encoder.fits(personas))
        weights[:, :, ~self.encoder.covers] = 1 / self.encoder.n_personas
        return weights
