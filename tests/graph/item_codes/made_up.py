"""Embeddings of items of a few kinds, and people who like one kind each."""

import numpy as np

from graph.csr import CSR
from graph.item_codes.coder import FloatArray

KINDS, DIMENSIONS = 8, 32


def embeddings(items: int, seed: int = 0) -> FloatArray:
    """Unit vectors, item i of kind ``i % KINDS``, shape (``items``, DIMENSIONS)."""
    centres = np.random.default_rng(99).normal(size=(KINDS, DIMENSIONS))
    noise = np.random.default_rng(seed).normal(size=(items, DIMENSIONS))
    found = centres[np.arange(items) % KINDS] + 0.8 * noise
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def distracting(items: int, seed: int = 0) -> FloatArray:
    """The same behind larger differences that say nothing of what anybody likes."""
    about = np.random.default_rng(seed + 50).integers(5, size=items)
    centres = 2.0 * np.random.default_rng(98).normal(size=(5, DIMENSIONS))
    found = np.sqrt(DIMENSIONS) * embeddings(items, seed) + centres[about]
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def likes(users: int, items: int, each: int = 6, seed: int = 0, other: bool = False) -> CSR:
    """User u likes ``each`` items of kind ``u % KINDS``.

    :param other: True for the kind beside it: of kinds 0 and 1, 2 and 3, and so on, each for the other.
    """
    rng = np.random.default_rng(seed)
    rows, columns = [], []
    for user in range(users):
        fitting = np.flatnonzero(np.arange(items) % KINDS == (user % KINDS) ^ other)
        chosen = rng.choice(fitting, min(each, len(fitting)), replace=False)
        rows += [user] * len(chosen)
        columns += chosen.tolist()
    return CSR.from_pairs(rows, columns, users, items)
