"""What item codes are worth on a catalogue they were not learned on, beside simple rivals and fakes.

Legend: B people who have a history and held-out likes, V items, E dimensions of an embedding, M groups, K centroids.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.affinity.signals.coded import embedded
from graph.csr import CSR
from graph.dataset import Dataset
from graph.interactions import Split
from graph.item_codes import CodeTable, ItemCoder
from graph.item_codes.adapting import adapt_permutation
from graph.item_codes.coder import Codes, FloatArray
from graph.item_codes.held_out import HeldOut
from graph.item_codes.learning import TuningConfig, learn_table, tune_table

Values = NDArray[np.float64]

ZERO_SHOT, SHUFFLED, CENTROIDS = "zero-shot", "shuffled codes", "centroids, nothing learned"
TEXT, POPULARITY, RANDOM = "text-only", "popularity", "random"
PRETRAINED, FROM_RANDOM, FROM_CENTROIDS = "pre-trained", "from scratch, random rows", "from scratch, centroids as rows"
PERMUTED, IDENTITY, SHUFFLED_ROWS = "permutation learned", "identity", "random permutation"

SHARES = (0.05, 0.10)
"""Of the target's interactions."""
CHECKPOINTS = 5
"""Tables after the first whose mean is the area under the learning curve."""


@dataclass(frozen=True)
class Tuned:
    """What was chosen on valid for a pair of catalogues."""

    popularity: float
    """See :class:`graph.item_codes.learning.TuningConfig`; the same for every arm."""
    rates: Mapping[str, float]
    """Of Adam, by arm; docs/item-codes.md says which were tried."""
    steps: int = 50


@dataclass(frozen=True)
class Setting:
    """A catalogue to learn on and another to come to."""

    name: str
    source: str
    target: str
    tuned: Tuned

    @property
    def halves(self) -> bool:
        """Whether both are disjoint halves of one catalogue, drawn by the seed."""
        return self.source == self.target


@dataclass(frozen=True)
class Side:
    """One of the two catalogues with what people did there."""

    embeddings: FloatArray
    """Shape (V, E)."""
    train: CSR
    """Likes of train, U rows, V columns; ``valid`` and ``test`` alike."""
    valid: CSR
    test: CSR
    had_early: CSR
    """Everything in train, liked or not; ``had`` everything in train and valid."""
    had: CSR

    @classmethod
    def of(cls, dataset: Dataset, embeddings: FloatArray, items: NDArray[np.int64]) -> "Side":
        """The part of a data set that is about some items, renumbered from 0.

        :param embeddings: of all its items.
        """
        history = dataset.interactions
        place = np.full(history.n_items, -1)
        place[items] = np.arange(len(items))

        def kept(chosen: NDArray[np.bool_]) -> CSR:
            edges = chosen & (place[history.items] >= 0)
            return CSR.from_pairs(history.users[edges], place[history.items[edges]], history.n_users, len(items))

        train, valid, test = (kept((history.split == split) & history.liked) for split in Split)
        early, had = kept(history.split == Split.TRAIN), kept(history.split != Split.TEST)
        return cls(embeddings[items], train, valid, test, early, had)

    @property
    def known(self) -> CSR:
        """Likes of train and valid."""
        both = (self.train.to_scipy() + self.valid.to_scipy()).tocoo()
        return CSR.from_pairs(both.row, both.col, *both.shape)


@dataclass(frozen=True)
class Arms:
    """NDCG at 10 of each person under each arm, the same people in the same order."""

    share: float
    """Of the target's train interactions that are known: the people's histories, and what is learned from."""
    people: NDArray[np.int64]
    """Who they are among the target's users, shape (B,)."""
    values: dict[str, Values]
    """Each of shape (B,); of what is learned further, the mean over the checkpoints."""
    curves: dict[str, list[float]]
    """NDCG at 10 at each checkpoint, of what is learned further."""


class Trial:
    """One setting with one seed: everything that is learned on the source, and the target under its codes."""

    def __init__(self, setting: Setting, datasets: Mapping[str, Dataset], seed: int, split: str = "test") -> None:
        """Learn on the source; ``split`` is "test", or "valid" to choose by."""
        self._setting, self._seed, self._split = setting, seed, split
        self._rng = np.random.default_rng(seed)
        source, target = datasets[setting.source], datasets[setting.target]
        n_source, n_target = source.catalogue.n_items, target.catalogue.n_items
        drawn = self._rng.permutation(n_source)
        here, there = (
            (np.sort(drawn[: n_source // 2]), np.sort(drawn[n_source // 2 :]))
            if setting.halves
            else (np.arange(n_source), np.arange(n_target))
        )
        learned_on = Side.of(source, embedded(source.catalogue), here)
        self._target = Side.of(target, embedded(target.catalogue), there)
        self.coder = ItemCoder.fit(learned_on.embeddings, seed)
        at_source = self.coder.codes(learned_on.embeddings)
        self.codes: Codes = self.coder.moved_to(self._target.embeddings).codes(self._target.embeddings)
        self.table = learn_table(self.coder, at_source, learned_on.known, seed)
        self._bare = CodeTable.of_centroids(self.coder, at_source)
        self._rows_at_random = CodeTable.random(self.coder.n_groups, self.coder.n_centroids, seed)

    def at_once(self) -> Arms:
        """Zero-shot: nothing is learned on the target; people have their whole train histories."""
        held_out = self._held_out(self._target.train)
        shuffled = self.codes[self._rng.permutation(len(self.codes))]
        values = {
            ZERO_SHOT: held_out.ndcg(self.table, self.codes),
            SHUFFLED: held_out.ndcg(self.table, shuffled),
            CENTROIDS: held_out.ndcg(self._bare, self.codes),
            **self._simple(held_out, self._target.train),
        }
        return Arms(1.0, held_out.people, values, {})

    def learned_further(self, share: float) -> Arms:
        """Area under the learning curve from a table that was learned on the source, and from two that were not."""
        likes = self._part(self._target.train, share)
        held_out = self._held_out(likes)
        starts = {PRETRAINED: self.table, FROM_RANDOM: self._rows_at_random, FROM_CENTROIDS: self._bare}
        tuned = self._setting.tuned
        values, curves = {}, {}
        for arm, start in starts.items():
            config = TuningConfig(tuned.steps, tuned.rates[arm], tuned.popularity)
            tables = tune_table(start, self.codes, likes, self._seed, config, tuned.steps // CHECKPOINTS)
            of_tables = np.stack([held_out.ndcg(table, self.codes) for table in tables])
            values[arm], curves[arm] = of_tables.mean(axis=0), of_tables.mean(axis=1).tolist()
        return Arms(share, held_out.people, {**values, **self._simple(held_out, likes)}, curves)

    def permuted(self, share: float) -> Arms:
        """Only the permutation learned, from the same share of train and of valid; how far is chosen there as well."""
        likes, later = (self._part(each, share) for each in (self._target.train, self._target.valid))
        held_out, codes = self._held_out(likes), self.codes
        permuted = adapt_permutation(self.table, codes, likes, later, self._seed)
        n_groups, n_centroids = self.table.biases.shape
        at_random = np.stack([self._rng.permutation(n_centroids) for _ in range(n_groups)])
        values = {
            PERMUTED: held_out.ndcg(permuted, codes),
            IDENTITY: held_out.ndcg(self.table, codes),
            SHUFFLED_ROWS: held_out.ndcg(self.table.permuted(at_random), codes),
        }
        return Arms(share, held_out.people, values, {})

    def _held_out(self, history: CSR) -> HeldOut:
        target = self._target
        if self._split == "valid":
            return HeldOut(history, target.valid, target.had_early)
        return HeldOut(history, target.test, target.had)

    def _part(self, likes: CSR, share: float) -> CSR:
        """Some of the likes, drawn by the seed."""
        kept = np.random.default_rng(self._seed).permutation(likes.n_edges)[: round(share * likes.n_edges)]
        return CSR.from_pairs(likes.row_of_edge()[kept], likes.indices[kept], likes.n_rows, likes.n_columns)

    def _simple(self, held_out: HeldOut, likes: CSR) -> dict[str, Values]:
        """What needs no learning, by the same histories."""
        people = len(held_out.people)
        counts = np.bincount(likes.indices, minlength=likes.n_columns).astype(np.float32)
        texts = self._texts
        wanted = np.asarray(held_out.history @ texts)
        wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return {
            TEXT: held_out.ndcg_of(wanted @ texts.T),
            POPULARITY: held_out.ndcg_of(np.broadcast_to(counts, (people, len(counts)))),
            RANDOM: held_out.ndcg_of(self._rng.random((people, len(counts)), np.float32)),
        }

    @cached_property
    def _texts(self) -> FloatArray:
        """Unit vectors of the target's texts, less their mean, as the text affinity has them, shape (V, E)."""
        centred = self._target.embeddings - self._target.embeddings.mean(axis=0)
        return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), np.float32)


def run_trial(trial: Trial, working: Callable[[str], None] = lambda line: None) -> dict[str, list[Arms]]:
    """Every measure of a trial, by its name."""
    found: dict[str, list[Arms]] = {"zero-shot": [trial.at_once()], "learning": [], "permutation": []}
    for share in SHARES:
        working(f"learning further from {share:.0%}")
        found["learning"].append(trial.learned_further(share))
    for share in (*SHARES, 1.0):
        working(f"a permutation from {share:.0%}")
        found["permutation"].append(trial.permuted(share))
    return found
