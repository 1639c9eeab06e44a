"""Targets of a rehearsal among their rivals: what the weights of every affinity are fitted on.

A conversation opens with one true attribute of its target, so an affinity has to tell the target from the items that
share that attribute.  A contest is one (user, target) pair, one attribute of the target drawn uniformly, and the
items that have it.  An item with n attributes is opened with this one in 1 of n dialogues, so that is its weight:
P(item | user, opening) = prior(item | user) / n, up to a constant.  (Left out, the weights would learn to prefer items
of few attributes, and the scores would be a prior only right after an opening.)  Many rivals are sampled, and weigh as
many as they stand for (sampled softmax with uniform proposals; Jean et al. 2015, "On using very large target
vocabulary", arXiv:1412.2007).

Legend: M contests, C contenders of a contest, D features, B users asked for at once, V items.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graph.csr import IntArray
from graph.dataset import Dataset
from graph.interactions import Split

FloatArray = NDArray[np.float32]

_T = TypeVar("_T", bound=np.generic)

NEVER = np.float32(-1e9)
"""Log weight of a place that no contender fills; finite, so that products with zero stay zero."""

USERS_AT_ONCE = 256
"""Rows of scores held in memory while features are gathered, at most."""

SCORES_AT_ONCE = 2**24
"""Scores of one feature held in memory: 64 MB."""


def users_at_once(n_items: int) -> int:
    """Rows of scores to hold in memory."""
    return int(np.clip(SCORES_AT_ONCE // max(n_items, 1), 1, USERS_AT_ONCE))


@dataclass(frozen=True)
class ContestsConfig:
    """Which pairs are used, and how many rivals each target meets."""

    contests: int = 6_000
    """At most so many pairs, drawn without replacement; the standard error of a mean log-likelihood is 0.02."""
    contenders: int = 512
    """At most so many items a contest, the target included; rivals beyond are sampled and weighted up."""
    seed: int = 0
    """Of the drawn pairs, opening attributes and rivals."""


@dataclass(frozen=True)
class Contests:
    """Targets among their rivals."""

    users: NDArray[np.int64]
    """Who looks, shape (M,)."""
    items: NDArray[np.int64]
    """Contenders, the target first, shape (M, C); 0 where ``log_weights`` is ``NEVER``."""
    log_weights: FloatArray
    """Log of how many items each contender stands for times how likely it is to be opened with, shape (M, C)."""

    @property
    def n_contests(self) -> int:
        return len(self.users)

    def subset(self, chosen: NDArray[np.bool_]) -> "Contests":
        """The contests that are true in ``chosen``, shape (M,)."""
        return Contests(self.users[chosen], self.items[chosen], self.log_weights[chosen])

    def gather(self, of_users: Callable[[IntArray], NDArray[_T]]) -> NDArray[_T]:
        """Values of the contenders.

        :param of_users: maps users of shape (B,) to values of shape (B, V) or (B, V, D).
        :return: shape (M, C) or (M, C, D).
        """
        users, place = np.unique(self.users, return_inverse=True)
        order = np.argsort(place, kind="stable")
        parts = []
        at_once = users_at_once(int(self.items.max(initial=0)) + 1)
        for first in range(0, len(users), at_once):
            chosen = order[(place[order] >= first) & (place[order] < first + at_once)]
            values = of_users(users[first : first + at_once])
            parts.append(values[(place[chosen] - first)[:, None], self.items[chosen]])
        gathered = np.concatenate(parts)
        restored = np.empty_like(gathered)
        restored[order] = gathered
        return restored

    @classmethod
    def joined(cls, parts: "Sequence[Contests]") -> "Contests":
        """Contests of several rehearsals, one after another."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))

    def softmax(self, scores: FloatArray) -> tuple[NDArray[np.float64], FloatArray]:
        """What the scores make of the contests when they are a log prior.

        :param scores: of the contenders, shape (M, C).
        :return: log-probability of each target, shape (M,), and probability of every contender, shape (M, C).
        """
        shares = scores + self.log_weights
        shares -= shares.max(axis=1, keepdims=True)
        at_target = shares[:, 0].astype(np.float64)
        np.exp(shares, out=shares)
        totals = shares.sum(axis=1, dtype=np.float64)
        shares /= totals[:, None].astype(np.float32)
        return at_target - np.log(totals), shares


def draw_contests(rehearsal: Dataset, config: ContestsConfig = ContestsConfig(), opened: bool = True) -> Contests:
    """Contests of what a rehearsal asks for.

    :param opened: rivals share an attribute with the target, as after the opening of a dialogue; else, and for targets
        without attributes, they are all items.
    """
    rng = np.random.default_rng(config.seed)
    users, targets = rehearsal.interactions.pairs(Split.TEST)
    drawn = rng.permutation(len(users))[: config.contests]
    catalogue = rehearsal.catalogue
    width = min(config.contenders, catalogue.n_items)
    items = np.zeros((len(drawn), width), dtype=np.int64)
    log_weights = np.full((len(drawn), width), NEVER, dtype=np.float32)
    log_openings = -np.log(np.maximum(catalogue.item_attributes.degrees, 1))
    for row, pair in enumerate(drawn):
        target = int(targets[pair])
        attributes = catalogue.attributes_of(target)
        pool = catalogue.attribute_items.row(int(rng.choice(attributes))) if opened and len(attributes) else None
        n_rivals = (catalogue.n_items if pool is None else len(pool)) - 1
        met = min(n_rivals, width - 1)
        rivals = rng.choice(n_rivals, met, replace=False) if met < n_rivals else np.arange(n_rivals)
        rivals = rivals + (rivals >= (target if pool is None else np.searchsorted(pool, target)))
        contenders = slice(1, met + 1)
        items[row, 0] = target
        items[row, contenders] = rivals if pool is None else pool[rivals]
        log_weights[row, 0] = 0
        log_weights[row, contenders] = np.log(n_rivals / met) if met else 0
        if pool is not None:
            log_weights[row, : met + 1] += log_openings[items[row, : met + 1]]
    return Contests(users[drawn].astype(np.int64), items, log_weights)
