"""A small network that turns signals into a log prior.

    score(b, i) = w . x(b, i) + v . relu(A x(b, i) + item(i) + person(b)) + bias(i)

x are the signals of a person and an item.  What is known of the item alone, and of the person alone, moves the hidden
units, so that how far a signal is trusted can depend on how often the item was liked and how much the person has told.
What concerns items alone is computed once; what is left for a new person is a few multiplications an item.

Legend: B people, V items, D signals, E facts of an item, Q facts of a person, H hidden units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
    """Second layer, to the hidden units and the bias, shape (H + G, K): G networks stand side by side."""
    item_constants: FloatArray
    """Shape (H + G,)."""

    def arrays(self) -> Mapping[str, FloatArray]:
        """All numbers by name."""
        return dict(vars(self))

    def of_items(self, facts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the network makes of items alone: shapes (H, V) and (V,).

        :param facts: shape (V, E).
        """
        n_hidden = len(self.out)
        first = facts @ self.item_first[:, :-1].T + self.item_first[:, -1]
        first *= expit(first)
        second = self.item_second @ first.T + self.item_constants[:, None]
        return np.ascontiguousarray(second[:n_hidden], np.float32), second[n_hidden:].sum(axis=0).astype(np.float32)

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


BLOCK = 512
"""Items whose hidden units are computed together, so that they stay in the processor's nearest cache."""


@njit(cache=True, fastmath=True, parallel=True)
def _forward(signals, of_items, bias, people, of_signals, out, direct, scores):  # type: ignore[no-untyped-def]
    n_people, n_signals, n_items = signals.shape
    n_blocks = (n_items + BLOCK - 1) // BLOCK
    for job in prange(n_people * n_blocks):
        person, first = job // n_blocks, (job % n_blocks) * BLOCK
        width = min(BLOCK, n_items - first)
        heard = signals[person, :, first : first + width]
        rest = np.empty(width, np.float32)
        total = np.empty(width, np.float32)
        rest[:] = bias[first : first + width]
        _add_signals(rest, heard, direct, 0)
        total[:] = rest
        # The first four signals are added on the way to the output: what is written less often is done sooner.
        last = n_signals - 1
        one, two, three, four = heard[0], heard[min(1, last)], heard[min(2, last)], heard[min(3, last)]
        weights = np.zeros(4, np.float32)
        for hidden in range(len(out)):
            weights[: min(4, n_signals)] = of_signals[hidden, :4]
            w_one, w_two, w_three, w_four = weights
            constant, weight = people[person, hidden], out[hidden]
            rest[:] = of_items[hidden, first : first + width]
            _add_signals(rest, heard, of_signals[hidden], 4)
            for place in range(width):
                unit = constant + rest[place] + w_one * one[place] + w_two * two[place]
                unit += w_three * three[place] + w_four * four[place]
                total[place] += weight * max(unit, np.float32(0))
        scores[person, first : first + width] = total


@njit(cache=True, fastmath=True, inline="always")
def _add_signals(sums, signals, weights, start):  # type: ignore[no-untyped-def]
    """Add the weighted signals from ``start`` on to ``sums``, three at a time: that saves two of three writes."""
    n_signals, width = signals.shape
    whole = start + max(n_signals - start, 0) // 3 * 3
    for signal in range(start, whole, 3):
        one, two, three = signals[signal], signals[signal + 1], signals[signal + 2]
        w_one, w_two, w_three = weights[signal], weights[signal + 1], weights[signal + 2]
        for place in range(width):
            sums[place] += w_one * one[place] + w_two * two[place] + w_three * three[place]
    for signal in range(whole, n_signals):
        one, w_one = signals[signal], weights[signal]
        for place in range(width):
            sums[place] += w_one * one[place]


def mean_of(networks: list[Network], sharpness: float) -> Network:
    """One network that scores ``sharpness`` times the mean of several: their hidden units side by side."""
    share = np.float32(sharpness / len(networks))
    hidden = [net.item_second[: len(net.out)] for net in networks]
    bias = [share * net.item_second[len(net.out) :] for net in networks]
    return Network(
        direct=share * np.stack([net.direct for net in networks]).sum(axis=0),
        had=share * np.stack([net.had for net in networks]).sum(axis=0),
        of_signals=np.concatenate([net.of_signals for net in networks]),
        of_person=np.concatenate([net.of_person for net in networks]),
        out=share * np.concatenate([net.out for net in networks]),
        item_first=np.concatenate([net.item_first for net in networks]),
        item_second=_side_by_side(hidden, bias),
        item_constants=np.concatenate(
            [net.item_constants[: len(net.out)] for net in networks]
            + [share * net.item_constants[len(net.out) :] for net in networks]
        ),
    )


def _side_by_side(hidden: list[FloatArray], bias: list[FloatArray]) -> FloatArray:
    """Block-diagonal second layers, all hidden units before all biases."""
    widths = [part.shape[1] for part in hidden]
    starts = np.concatenate([[0], np.cumsum(widths)])
    rows = []
    for parts in (hidden, bias):
        for number, part in enumerate(parts):
            row = np.zeros((len(part), starts[-1]), np.float32)
            row[:, starts[number] : starts[number + 1]] = part
            rows.append(row)
    return np.concatenate(rows)
