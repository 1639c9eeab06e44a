"""A small world of two tastes: half of the users like some of one shelf, half some of the other."""

from dataclasses import replace
from functools import cache

import numpy as np

from graph.affinity.personas.encoder import PersonaEncoder
from graph.affinity.personas.learning import PersonaConfig, learn_personas
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.dataset import Dataset
from graph.interactions import Interactions, Split

SHELF, USERS, EACH = 40, 160, 12
"""Items of a shelf, users, and likes of each."""


@cache
def two_tastes() -> Dataset:
    """Items 0..39 are of the genre "calm", the others are "loud"; the mood is drawn by lot and says nothing."""
    rng = np.random.default_rng(0)
    n_items = 2 * SHELF
    genre, mood = np.repeat([0, 1], SHELF), 2 + rng.integers(0, 2, n_items)
    catalogue = Catalogue(
        np.arange(n_items), tuple(f"item {item}" for item in range(n_items)), np.zeros(n_items, np.int16),
        np.ones(n_items, np.float32), (Facet("genre"), Facet("mood")), np.arange(4), ("calm", "loud", "odd", "even"),
        np.array([0, 0, 1, 1], np.int16),
        CSR.from_pairs(np.tile(np.arange(n_items), 2), np.concatenate([genre, mood]), n_items, 4),
    )  # fmt: skip
    users = np.repeat(np.arange(USERS), EACH).astype(np.int32)
    rows = [SHELF * (user % 2) + rng.permutation(SHELF)[:EACH] for user in range(USERS)]
    items, count = np.concatenate(rows).astype(np.int32), USERS * EACH
    split = np.where(np.arange(count) % EACH < EACH - 2, Split.TRAIN, Split.TEST).astype(np.int8)
    history = Interactions(
        users, items, np.ones(count, np.float32), np.arange(count, dtype=np.int64) + 1, split, np.ones(count, bool),
        np.arange(USERS), {}, CSR.from_pairs([], [], USERS, USERS), n_items,
    )  # fmt: skip
    return Dataset("two-tastes", catalogue, history, "made up", "none")


QUICK = PersonaConfig(personas=3, dimensions=16, steps=80, users_at_once=80, entropy=0.4)


@cache
def learned(steps: int = QUICK.steps) -> PersonaEncoder:
    """Personas of this world; nothing is learned in no steps."""
    return learn_personas(two_tastes(), 0, replace(QUICK, steps=steps))
