"""Prioritised n-step replay of dict observations, each kept once.

Schaul, Quan, Antonoglou and Silver 2016, "Prioritized experience replay", ICLR.  Features are kept in half precision
and edges not at all: they follow from the ids.

Legend: B transitions of a sample, E environments, L steps kept of each, n steps of a return.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer

FULL_PRECISION = frozenset({"values"})
"""Parts whose small differences matter."""


class Sample(NamedTuple):
    """Transitions of n steps, or fewer where a dialogue ends before."""

    seen: Mapping[str, NDArray[np.generic]]
    next_seen: Mapping[str, NDArray[np.generic]]
    actions: NDArray[np.int64]
    """Shape (B,), like all that follow."""
    returns: NDArray[np.float32]
    discounts: NDArray[np.float32]
    """What the value of ``next_seen`` counts for: 0 where the dialogue was over."""
    weights: NDArray[np.float32]
    """Importance weights, 1 at most."""
    places: NDArray[np.int64]
    """Where they lie, for :meth:`PrioritizedReplay.set_priorities`."""


class SumTree:
    """Sums of priorities in a binary tree, so that places are drawn in proportion, many at once."""

    def __init__(self, size: int) -> None:
        self._depth = max(1, int(np.ceil(np.log2(max(size, 2)))))
        self._first = 2**self._depth
        self._nodes = np.zeros(2 * self._first)

    @property
    def total(self) -> float:
        """Sum of all priorities."""
        return float(self._nodes[1])

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._nodes[self._first + places]

    def put(self, places: NDArray[np.int64], priorities: NDArray[np.float64] | float) -> None:
        """Set some priorities; the last one counts where a place is named twice."""
        nodes = self._first + places
        self._nodes[nodes] = priorities
        for _ in range(self._depth):
            nodes = np.unique(nodes // 2)
            self._nodes[nodes] = self._nodes[2 * nodes] + self._nodes[2 * nodes + 1]

    def find(self, sums: NDArray[np.float64]) -> NDArray[np.int64]:
        """The place at which the running sum of priorities passes each of ``sums``, shape (B,)."""
        nodes, rest = np.ones(len(sums), np.int64), sums.copy()
        for _ in range(self._depth):
            left = self._nodes[2 * nodes]
            right = (rest >= left) & (self._nodes[2 * nodes + 1] > 0)
            rest -= np.where(right, left, 0.0)
            nodes = 2 * nodes + right
        return nodes - self._first


class PrioritizedReplay(ReplayBuffer):
    """A ring of the latest steps of every environment.

    :param buffer_size: steps kept, of all environments together.
    :param n_steps: steps of a return (n).
    :param gamma: discount of one tick: a wait of two ticks discounts twice.
    :param alpha: how much priorities count, 0 for not at all.
    :param clock: ticks that "time left" of the moment counts as one.
    :param seed: of the draws.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Dict,
        action_space: spaces.Space[Any],
        device: torch.device | str = "cpu",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        *,
        n_steps: int = 3,
        gamma: float = 0.99,
        alpha: float = 0.6,
        clock: tuple[int, float] = (4, 60.0),
        seed: int = 0,
    ) -> None:
        super(ReplayBuffer, self).__init__(buffer_size, observation_space, action_space, device, n_envs=n_envs)
        self.length = max(buffer_size // n_envs, n_steps + 2)
        self.n_return, self._gamma, self._alpha = n_steps, gamma, alpha
        self._time_left, self._clock = clock
        self._rng = np.random.default_rng(seed)
        self._seen: dict[str, NDArray[Any]] = {
            name: np.zeros((self.length, n_envs, *(part.shape or ())), _kept_as(name, part.dtype))
            for name, part in observation_space.spaces.items()
        }
        self._actions = np.zeros((self.length, n_envs), np.int16)
        self._rewards = np.zeros((self.length, n_envs), np.float32)
        self._over = np.zeros((self.length, n_envs), bool)
        self._cut_off: dict[int, dict[str, NDArray[Any]]] = {}
        self._tree = SumTree(self.length * n_envs)
        self._highest = 1.0
        self._count = 0

    def size(self) -> int:
        """Steps kept."""
        return min(self._count, self.length) * self.n_envs

    @property
    def nbytes_of_step(self) -> int:
        """Bytes a step takes."""
        arrays: list[NDArray[Any]] = [*self._seen.values(), self._actions, self._rewards, self._over]
        return sum(array.nbytes for array in arrays) // (self.length * self.n_envs)

    def add(self, obs: Any, next_obs: Any, action: Any, reward: Any, done: Any, infos: list[dict[str, Any]]) -> None:
        """Keep one step of every environment; ``next_obs`` is only looked at where the clock cut a dialogue off."""
        row = self._count % self.length
        places = row * self.n_envs + np.arange(self.n_envs)
        for name, kept in self._seen.items():
            kept[row] = obs[name]
        self._actions[row], self._rewards[row], self._over[row] = action, reward, done
        for place in places:
            self._cut_off.pop(int(place), None)
        for env in np.flatnonzero(done):
            if infos[env].get("TimeLimit.truncated"):
                self._cut_off[int(places[env])] = {name: next_obs[name][env].copy() for name in self._seen}
        self._tree.put(places, 0.0)
        self._count += 1
        if self._count > self.n_return:
            ready = (row - self.n_return) % self.length * self.n_envs + np.arange(self.n_envs)
            self._tree.put(ready, self._highest)

    def draw(self, count: int, beta: float) -> Sample:
        """Transitions in proportion to their priority.

        :param beta: how far the importance weights make up for it, 1 for wholly.
        """
        spread = (np.arange(count) + self._rng.random(count)) / count * self._tree.total
        places = self._tree.find(spread)
        rows, envs = np.divmod(places, self.n_envs)
        returns, discounts = np.zeros(count, np.float32), np.ones(count, np.float32)
        last, going = rows.copy(), np.ones(count, bool)
        ended = np.zeros(count, bool)
        start = self._ticks_left(rows, envs)
        for step in range(self.n_return):
            at = (rows + step) % self.length
            passed = start - self._ticks_left(at, envs)
            returns += np.where(going, self._gamma**passed * self._rewards[at, envs], 0.0).astype(np.float32)
            last = np.where(going, at, last)
            ended |= going & self._over[at, envs]
            going &= ~self._over[at, envs]
        following = np.where(ended, last, (last + 1) % self.length)
        next_seen = {name: kept[following, envs] for name, kept in self._seen.items()}
        discounts = self._gamma ** (start - self._ticks_left(following, envs)).astype(np.float32)
        discounts = np.where(ended, 0.0, discounts).astype(np.float32)
        for number in np.flatnonzero(ended):
            cut = self._cut_off.get(int(last[number] * self.n_envs + envs[number]))
            if cut is not None:
                discounts[number] = self._gamma ** float(start[number])
                for name, kept in next_seen.items():
                    kept[number] = cut[name]
        chance = self._tree[places] / self._tree.total
        weights = (self.size() * chance) ** -beta
        seen = {name: kept[rows, envs] for name, kept in self._seen.items()}
        actions = self._actions[rows, envs].astype(np.int64)
        return Sample(
            seen, next_seen, actions, returns, discounts, (weights / weights.max()).astype(np.float32), places
        )

    def _ticks_left(self, rows: NDArray[np.int64], envs: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.rint(self._seen["moment"][rows, envs, self._time_left].astype(np.float64) * self._clock)

    def set_priorities(self, places: NDArray[np.int64], errors: NDArray[np.float64]) -> None:
        """Give transitions priorities by how wrong their values were, shape (B,)."""
        priorities = (np.abs(errors) + 1e-3) ** self._alpha
        alive = self._tree[places] > 0
        self._tree.put(places[alive], priorities[alive])
        self._highest = max(self._highest, float(priorities.max(initial=0.0)))


def _kept_as(name: str, dtype: np.dtype[Any] | None) -> Any:
    if name in FULL_PRECISION or dtype != np.float32:
        return dtype
    return np.float16
