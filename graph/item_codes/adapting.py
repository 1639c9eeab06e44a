"""Adapt a codebook to a catalogue it has come to: first which row each code takes, then the rows.

There are two things to learn from: what people liked later, given what they liked before, which is what will be asked
for; and likes hidden from the rest, of which there are more.  Which of them, and how far to go, is seen by two halves
of the people, each by what was learned from the later likes of the other; what gains no more than chance might is left
alone.

Legend: U users, V items, E dimensions of an embedding, M groups, K centroids of a group, B people who have a history
and held-out likes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.errors import OptionError
from graph.item_codes.codebook import Codebook
from graph.item_codes.coder import Codes
from graph.item_codes.held_out import HeldOut
from graph.item_codes.learning import Advance, TuningConfig, tune_table
from graph.item_codes.permutation import PermutationConfig, learn_permutation
from graph.item_codes.table import CodeTable

EVERY = 5
"""Steps after which what is learned so far stands for choice."""
HELD_OUT = 0.2
"""Share of the likes that are held out where a data set holds none out itself."""
FEWEST = 2
"""People of each half, at least."""


@dataclass(frozen=True)
class Adaptation:
    """A codebook that was adapted, and how good each stage was for likes of people it had not learned from."""

    codebook: Codebook
    people: int
    """B."""
    as_it_came: float
    """NDCG at 10 before anything was learned."""
    permuted: float
    """With the permutation of the best number of steps; never less, for it may be none."""
    tuned: float
    """With the rows of the best number of steps after that; never less."""


Learn = Callable[[CodeTable, CSR, Advance], list[CodeTable]]
"""Tables after every so many steps from one on, itself first, learned from what is wanted."""


def adapt(
    codebook: Codebook,
    codes: Codes,
    train: CSR,
    valid: CSR,
    seed: int,
    data: str,
    licence: str,
    advance: Advance = lambda share: None,
) -> Adaptation:
    """Learn what leads from ``train`` to ``valid``, as far as it helps people who were not learned from.

    :param codebook: at the catalogue that it is adapted to.
    :param codes: of that catalogue's items, shape (V, M).
    :param train: likes that are known, U rows, V columns.
    :param valid: likes that came later; some of ``train`` where there are none.
    :param data: name of the data set, and ``licence`` what may be done with what is learned from it.
    :raises OptionError: when too few likes are known to learn from them and to choose by others.
    """
    if not valid.n_edges:
        train, valid = _held_out(train, seed)
    halves = Halves.of(codes, train, valid, seed)
    if min(len(half.people) for half in halves.asked) < FEWEST:
        raise OptionError(f"item codes: hardly anybody in {data} has a like to learn from and another to choose by")
    start = halves.start(codebook.table)
    permuted = halves.best(start, _permuting(codes, train, seed), lambda share: advance(share / 2))
    tuned = halves.best(permuted, _tuning(codes, train, seed), lambda share: advance(share / 2))
    origin = codebook.origin
    learned = tuned.table is not codebook.table
    origin = replace(
        origin,
        adapted=(*origin.adapted, data),
        licence=origin.licence if licence in origin.licence or not learned else f"{origin.licence} And: {licence}",
    )
    return Adaptation(
        replace(codebook, table=tuned.table, origin=origin), sum(len(half.people) for half in halves.asked),
        start.worth, permuted.worth, tuned.worth,
    )  # fmt: skip


def adapt_permutation(table: CodeTable, codes: Codes, train: CSR, valid: CSR, seed: int) -> CodeTable:
    """The first stage by itself: the table under the permutation that leads from ``train`` to ``valid`` best.

    :raises OptionError: when nobody has a like in both.
    """
    halves = Halves.of(codes, train, valid, seed)
    return halves.best(halves.start(table), _permuting(codes, train, seed)).table


@dataclass(frozen=True)
class Stage:
    """A table, and what stands in for it where one must not have learned from who is asked."""

    table: CodeTable
    """Learned from everybody."""
    by_others: tuple[CodeTable, CodeTable]
    """For either half of the people, what was learned from the other."""
    values: NDArray[np.float64]
    """NDCG at 10 of each of the people of both halves by what was learned from the others, shape (B,)."""

    @property
    def worth(self) -> float:
        """Mean over people."""
        return float(self.values.mean())

    def surely_better_than(self, other: "Stage") -> float:
        """By how much it is better on average, less one standard error of that."""
        gains = self.values - other.values
        return float(gains.mean() - gains.std(ddof=1) / np.sqrt(len(gains)))


@dataclass(frozen=True)
class Halves:
    """People with likes that came later, in two halves."""

    codes: Codes
    everybody: CSR
    """Likes that came later, U rows, V columns."""
    wanted: tuple[CSR, CSR]
    """Those of either half."""
    asked: tuple[HeldOut, HeldOut]

    @classmethod
    def of(cls, codes: Codes, train: CSR, valid: CSR, seed: int) -> "Halves":
        """Halves drawn by a seed."""
        first = np.random.default_rng(seed).permutation(train.n_rows) % 2 == 0
        one, other = (_of_users(valid, chosen) for chosen in (first, ~first))
        return cls(codes, valid, (one, other), (HeldOut(train, one), HeldOut(train, other)))

    def start(self, table: CodeTable) -> Stage:
        """A table that nothing has been learned for yet."""
        return self._stage(table, (table, table))

    def _stage(self, table: CodeTable, by_others: tuple[CodeTable, CodeTable]) -> Stage:
        values = [asked.ndcg(each, self.codes) for asked, each in zip(self.asked, by_others, strict=True)]
        return Stage(table, by_others, np.concatenate(values))

    def best(self, stage: Stage, ways: Sequence[Learn], advance: Advance = lambda share: None) -> Stage:
        """What is most surely better of all that is learned from a stage on; the stage itself if nothing is."""

        def step(share: float) -> None:
            advance(share / (2 * len(ways) + 1))

        best, gain, chosen = stage, 0.0, None
        for learn in ways:
            # Whoever is asked in one half is met by what was learned from the other.
            paths = [learn(stage.by_others[half], self.wanted[1 - half], step) for half in (0, 1)]
            for number, (one, other) in enumerate(zip(*paths, strict=False)):  # one of them may lead nowhere
                found = self._stage(stage.table, (one, other))
                if (sure := found.surely_better_than(stage)) > gain:
                    best, gain, chosen = found, sure, (learn, number)
        if chosen is None:
            step(1.0)
            return stage
        learn, number = chosen
        return replace(best, table=learn(stage.table, self.everybody, step)[number])


def _permuting(codes: Codes, train: CSR, seed: int) -> list[Learn]:
    def learn(table: CodeTable, wanted: CSR | None, advance: Advance) -> list[CodeTable]:
        found = learn_permutation(table, codes, train, seed, PermutationConfig(), EVERY, advance, wanted)
        return [table, *(table.permuted(each) for each in found[1:])]

    return _from_later_and_from_hidden(learn)


def _tuning(codes: Codes, train: CSR, seed: int) -> list[Learn]:
    def learn(table: CodeTable, wanted: CSR | None, advance: Advance) -> list[CodeTable]:
        return tune_table(table, codes, train, seed, TuningConfig(), EVERY, advance, wanted)

    return _from_later_and_from_hidden(learn)


def _from_later_and_from_hidden(
    learn: Callable[[CodeTable, CSR | None, Advance], list[CodeTable]],
) -> list[Learn]:
    """Both ways; where there is nothing to be found in one of them, it leads nowhere."""

    def from_later(table: CodeTable, wanted: CSR, advance: Advance) -> list[CodeTable]:
        try:
            return learn(table, wanted, advance)
        except OptionError:
            return [table]

    def from_hidden(table: CodeTable, wanted: CSR, advance: Advance) -> list[CodeTable]:
        try:
            return learn(table, None, advance)
        except OptionError:
            return [table]

    return [from_later, from_hidden]


def _of_users(likes: CSR, chosen: NDArray[np.bool_]) -> CSR:
    """The likes of some users, of U rows as before."""
    rows = likes.row_of_edge()
    kept = chosen[rows]
    return CSR.from_pairs(rows[kept], likes.indices[kept], likes.n_rows, likes.n_columns)


def _held_out(likes: CSR, seed: int) -> tuple[CSR, CSR]:
    """A part to learn from and a part to be found, both U rows, V columns."""
    apart = np.random.default_rng(seed).random(likes.n_edges) < HELD_OUT
    rows = likes.row_of_edge()
    first, second = (
        CSR.from_pairs(rows[chosen], likes.indices[chosen], likes.n_rows, likes.n_columns) for chosen in (~apart, apart)
    )
    return first, second
