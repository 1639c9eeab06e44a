"""Adapt a codebook to a catalogue it has come to: first which row each code takes, then the rows.

Legend: U users, V items, E dimensions of an embedding, B people who have a history and held-out likes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

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
POPULARITY = (0.0, 1.0)
"""Weights that are tried; see :class:`graph.item_codes.learning.TuningConfig`."""


@dataclass(frozen=True)
class Adaptation:
    """A codebook that was adapted, and how good each stage was for the held-out likes."""

    codebook: Codebook
    people: int
    """B."""
    as_it_came: float
    """NDCG at 10 before anything was learned."""
    permuted: float
    """With the best permutation; never less."""
    tuned: float
    """With the best rows after that; never less."""


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
    """Learn on ``train`` and keep what ranks ``valid`` best, so that what does not help there is not kept.

    :param codebook: at the catalogue that it is adapted to.
    :param codes: of that catalogue's items, shape (V, M).
    :param train: likes to learn from, U rows, V columns.
    :param valid: likes that are held out; some of ``train`` where there are none.
    :param data: name of the data set, and ``licence`` what may be done with what is learned from it.
    :raises OptionError: when too few likes are known to learn from them and to choose by others.
    """
    if not valid.n_edges:
        train, valid = _held_out(train, seed)
    held_out = HeldOut(train, valid)
    if not len(held_out.people):
        raise OptionError(f"item codes: nobody in {data} has a like to learn from and another to choose by")

    def worth(table: CodeTable) -> float:
        return float(held_out.ndcg(table, codes).mean())

    def half(share: float) -> None:
        advance(share / 2 / len(POPULARITY))

    as_it_came = worth(codebook.table)
    permuted, by_permutation = _best(
        codebook.table, as_it_came, _permuted(codebook.table, codes, train, seed, half), worth
    )
    tuned, by_rows = _best(permuted, by_permutation, _tuned(permuted, codes, train, seed, half), worth)
    origin = codebook.origin
    learned = tuned is not codebook.table
    origin = replace(
        origin,
        adapted=(*origin.adapted, data),
        licence=origin.licence if licence in origin.licence or not learned else f"{origin.licence} And: {licence}",
    )
    return Adaptation(
        replace(codebook, table=tuned, origin=origin), len(held_out.people), as_it_came, by_permutation, by_rows
    )


def _permuted(table: CodeTable, codes: Codes, train: CSR, seed: int, advance: Advance) -> Iterator[CodeTable]:
    for popularity in POPULARITY:
        config = PermutationConfig(popularity=popularity)
        for permutation in learn_permutation(table, codes, train, seed, config, EVERY, advance)[1:]:
            yield table.permuted(permutation)


def _tuned(table: CodeTable, codes: Codes, train: CSR, seed: int, advance: Advance) -> Iterator[CodeTable]:
    for popularity in POPULARITY:
        config = TuningConfig(popularity=popularity)
        yield from tune_table(table, codes, train, seed, config, EVERY, advance)[1:]


def _best(
    table: CodeTable, value: float, others: Iterator[CodeTable], worth: Callable[[CodeTable], float]
) -> tuple[CodeTable, float]:
    """The best of a table and others, with its worth; the first of equals."""
    for other in others:
        found = worth(other)
        if found > value:
            table, value = other, found
    return table, value


def _held_out(likes: CSR, seed: int) -> tuple[CSR, CSR]:
    """A part to learn from and a part to choose by, both U rows, V columns."""
    apart = np.random.default_rng(seed).random(likes.n_edges) < HELD_OUT
    rows = likes.row_of_edge()
    first, second = (
        CSR.from_pairs(rows[chosen], likes.indices[chosen], likes.n_rows, likes.n_columns) for chosen in (~apart, apart)
    )
    return first, second
