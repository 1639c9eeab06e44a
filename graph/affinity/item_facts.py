"""What is known of items alone: how often they were liked, early and late, and what they are.

Legend: V items, E facts.
"""

import numpy as np
from numpy.typing import NDArray

from graph.affinity.signals.lift import attribute_mean
from graph.dataset import Dataset

FACTS = (
    "likes in train", "any in train", "likes in valid", "any in valid", "attributes", "one attribute or none",
    "likes in train of its attributes", "likes in valid of its attributes", "year", "year unknown",
    "sought by strangers",
)  # fmt: skip
"""Names of the columns."""

SMOOTHING = 0.3
"""Likes added to every count before its logarithm."""


def item_facts(dataset: Dataset) -> NDArray[np.float32]:
    """Facts of every item, by train and valid only, shape (V, E)."""
    catalogue, history = dataset.catalogue, dataset.interactions
    degrees = catalogue.item_attributes.degrees
    columns = []
    of_attributes = []
    for likes in (history.train_likes, history.valid_likes):
        counts = np.bincount(likes.indices, minlength=catalogue.n_items)
        columns += [np.log(counts + SMOOTHING), counts > 0]
        holders = catalogue.attribute_items
        liked_holders = np.asarray(holders.to_scipy() @ counts.astype(np.float32))
        rate = liked_holders / (np.maximum(holders.degrees, 1) * max(counts.mean(), 1e-9))
        # One in ten keeps attributes that nobody liked finite.
        of_attributes.append(attribute_mean(catalogue) @ np.log(rate + 0.1))
    known = catalogue.years > 0
    years = np.where(known, catalogue.years, catalogue.years[known].mean() if known.any() else 0)
    sought = catalogue.popularity / max(float(catalogue.popularity.mean()), 1e-9)
    columns += [np.log(np.maximum(degrees, 1)), degrees <= 1, *of_attributes, years, ~known, np.log(sought + 0.01)]
    return np.stack(columns, axis=1).astype(np.float32)
