"""How well items are ranked for people of whom some likes are held out.

Legend: B people who have a history and held-out likes, V items.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.csr import CSR
from graph.item_codes.coder import Codes, FloatArray
from graph.item_codes.table import CodeTable

DEPTH = 10
AT_ONCE = 512
"""People who are ranked for at once."""


class HeldOut:
    """People with their histories, the likes that are to be found, and what they have had anyway."""

    def __init__(self, history: CSR, wanted: CSR, had: CSR | None = None) -> None:
        """
        :param history: likes that are known, U rows, V columns.
        :param wanted: likes that are held out; people without any, or without a history, are left out.
        :param had: items that are no answer to what somebody wants next; their history if not given.
        """
        self.people: NDArray[np.int64] = np.flatnonzero((history.degrees > 0) & (wanted.degrees > 0))
        """Who they are among the U, shape (B,)."""
        self.history: sp.csr_array = history.to_scipy()[self.people]
        """Shape (B, V)."""
        self._wanted = wanted.to_scipy()[self.people]
        self._had = (had or history).to_scipy()[self.people]
        # Equal values stand in an order that has nothing to do with ids.
        self._lots = np.random.default_rng(0).permutation(history.n_columns)

    def ndcg(self, table: CodeTable, codes: Codes) -> NDArray[np.float64]:
        """NDCG at 10 of each person, all items being ranked that they have not had, shape (B,).

        :param codes: shape (V, M).
        """
        parts = [
            self._of(table.scores(codes, self.history[first : first + AT_ONCE]), first)
            for first in range(0, len(self.people), AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def ndcg_of(self, scores: FloatArray) -> NDArray[np.float64]:
        """The same for scores that are there already, shape (B, V)."""
        parts = [
            self._of(scores[first : first + AT_ONCE].astype(np.float32), first)
            for first in range(0, len(self.people), AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of(self, scores: FloatArray, first: int) -> NDArray[np.float64]:
        """Jarvelin and Kekalainen 2002: ``sum of 1 / log2(1 + rank)`` of what is found, over the largest it can be."""
        rows = slice(first, first + len(scores))
        values = scores.copy()
        values[self._had[rows].toarray() > 0] = -np.inf
        values = values[:, self._lots]
        wanted = self._wanted[rows].toarray()[:, self._lots] > 0
        depth = min(DEPTH, values.shape[1])
        best = np.argpartition(-values, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(values, best, axis=1), axis=1, kind="stable")
        found = np.take_along_axis(wanted, np.take_along_axis(best, order, axis=1), axis=1)
        worth = 1 / np.log2(np.arange(2, depth + 2))
        most = np.cumsum(worth)[np.minimum(wanted.sum(axis=1), depth) - 1]
        return np.asarray((found @ worth) / most)
