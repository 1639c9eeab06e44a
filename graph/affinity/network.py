"""A small network that turns signals into a log prior.

    score(b, i) = w . x(b, i) + v . relu(A x(b, i) + item(i) + person(b)) + bias(i)

x are the signals of a person and an item.  What is known of the item alone, and of the person alone, moves the hidden
units, so that how far a signal is trusted can depend on how often the item was liked and how much the person has told.
What concerns items alone is computed once; what is left for a new person is a few multiplications an item.

Legend: B people, V items, D signals, E facts of an item, Q facts of a person, H hidden units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class NetworkConfig:
    """Size and training."""

    hidden: int = 12
    item_hidden: int = 32
    """Units of the layer between facts of an item and the hidden units."""
    epochs: int = 8
    contests_at_once: int = 64
    learning_rate: float = 0.01
    """At its height; it rises from and falls to almost nothing (Smith and Topin 2019, "Super-convergence")."""
    weight_decay: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class Network:
    """Trained numbers, ready to score; nothing in it belongs to a user or an item."""

    direct: FloatArray
    """w, shape (D,)."""
    had: FloatArray
    """Added for items a person had early and late, shape (2,)."""
    of_signals: FloatArray
    """A, shape (H, D)."""
    of_person: FloatArray
    """Shape (H, Q + 1); the last column is a constant."""
    out: FloatArray
    """v, shape (H,)."""
    item_first: FloatArray
    """First layer of the facts of items, its constant last, shape (K, E + 1)."""
    item_second: FloatArray
    """Second layer, to the hidden units and then the bias, shape (H + 1, K)."""
    item_constants: FloatArray
    """Shape (H + 1,)."""

    def arrays(self) -> Mapping[str, FloatArray]:
        """All numbers by name."""
        return dict(vars(self))

    def of_items(self, facts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the network makes of items alone: shapes (H, V) and (V,).

        :param facts: shape (V, E).
        """
        first = facts @ self.item_first[:, :-1].T + self.item_first[:, -1]
        first *= expit(first)
        second = self.item_second @ first.T + self.item_constants[:, None]
        return np.ascontiguousarray(second[:-1], np.float32), second[-1].astype(np.float32)

    def of_people(self, facts: FloatArray) -> FloatArray:
        """What it makes of people alone, shape (B, H).

        :param facts: shape (B, Q).
        """
        return np.ascontiguousarray(facts @ self.of_person[:, :-1].T + self.of_person[:, -1], np.float32)

    def scores(self, signals: FloatArray, of_items: tuple[FloatArray, FloatArray], people: FloatArray) -> FloatArray:
        """Log prior without what people had, shape (B, V).

        :param signals: shape (B, D, V).
        :param of_items: of :meth:`of_items`; ``people``: facts of shape (B, Q).
        """
        scores = np.empty((len(signals), signals.shape[2]), dtype=np.float32)
        _forward(signals, *of_items, self.of_people(people), self.of_signals, self.out, self.direct, scores)
        return scores

    def sharpened(self, factor: float, had: FloatArray) -> "Network":
        """The same network with ``factor`` times the scores, and other numbers for what people had."""
        share = np.float32(factor)
        to_bias = np.ones(len(self.item_constants), np.float32)
        to_bias[-1] = share
        return replace(
            self, direct=share * self.direct, out=share * self.out, had=had,
            item_second=to_bias[:, None] * self.item_second, item_constants=to_bias * self.item_constants,
        )  # fmt: skip


BLOCK = 512
"""Items whose hidden units are computed together, so that they stay in the processor's nearest cache."""


@njit(cache=True, fastmath=True, parallel=True)
def _forward(signals, of_items, bias, people, of_signals, out, direct, scores):  # type: ignore[no-untyped-def]
    n_people, n_signals, n_items = signals.shape
    n_blocks = (n_items + BLOCK - 1) // BLOCK
    for job in prange(n_people * n_blocks):
        person, first = job // n_blocks, (job % n_blocks) * BLOCK
        width = min(BLOCK, n_items - first)
        heard = signals[person]
        rest = np.empty(width, np.float32)
        total = np.empty(width, np.float32)
        rest[:] = bias[first : first + width]
        _add_signals(rest, heard, first, direct, 0)
        total[:] = rest
        # The first four signals are added on the way to the output: what is written less often is done sooner.
        last = n_signals - 1
        # Sliced one by one: of a slice of several the compiler does not know that neighbours lie side by side.
        one, two = heard[0, first : first + width], heard[min(1, last), first : first + width]
        three, four = heard[min(2, last), first : first + width], heard[min(3, last), first : first + width]
        weights = np.zeros(4, np.float32)
        for hidden in range(len(out)):
            weights[: min(4, n_signals)] = of_signals[hidden, :4]
            w_one, w_two, w_three, w_four = weights
            constant, weight = people[person, hidden], out[hidden]
            rest[:] = of_items[hidden, first : first + width]
            _add_signals(rest, heard, first, of_signals[hidden], 4)
            for place in range(width):
                unit = constant + rest[place] + w_one * one[place] + w_two * two[place]
                unit += w_three * three[place] + w_four * four[place]
                total[place] += weight * max(unit, np.float32(0))
        scores[person, first : first + width] = total


@njit(cache=True, fastmath=True, inline="always")
def _add_signals(sums, signals, first, weights, start):  # type: ignore[no-untyped-def]
    """Add the weighted signals from ``start`` on to ``sums``, three at a time: that saves two of three writes.

    ``sums`` are those of the items from ``first`` on.
    """
    n_signals, width = len(signals), len(sums)
    whole = start + max(n_signals - start, 0) // 3 * 3
    for signal in range(start, whole, 3):
        one, two = signals[signal, first : first + width], signals[signal + 1, first : first + width]
        three = signals[signal + 2, first : first + width]
        w_one, w_two, w_three = weights[signal], weights[signal + 1], weights[signal + 2]
        for place in range(width):
            sums[place] += w_one * one[place] + w_two * two[place] + w_three * three[place]
    for signal in range(whole, n_signals):
        one, w_one = signals[signal, first : first + width], weights[signal]
        for place in range(width):
            sums[place] += w_one * one[place]
