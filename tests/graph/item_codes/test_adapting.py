"""A codebook adapted to a catalogue it has come to."""

from dataclasses import replace

import numpy as np
import pytest

from graph.csr import CSR
from graph.errors import OptionError
from graph.item_codes import Codebook, CodeTable, Origin, adapting
from graph.item_codes.adapting import Halves, Stage, adapt
from graph.item_codes.held_out import HeldOut
from graph.item_codes.learning import LearningConfig
from tests.graph.item_codes.made_up import embeddings, likes

ITEMS = 160


def codebook() -> Codebook:
    origin = Origin("shop", "0123456789abcdef", "CC0", 0, "shop")
    return Codebook.learn(embeddings(200), likes(80, 200), origin, LearningConfig(dimensions=16, steps=10))


def test_it_gets_better_by_stages_where_there_is_something_to_learn() -> None:
    book = codebook()
    mixed = np.random.default_rng(0).permuted(np.tile(np.arange(64), (32, 1)), axis=1)
    book = replace(book, table=book.table.permuted(mixed))
    here = book.at("elsewhere", embeddings(ITEMS, seed=3))
    codes = here.codes(embeddings(ITEMS, seed=3))
    train, valid = likes(120, ITEMS, seed=1), likes(120, ITEMS, seed=2)
    shares: list[float] = []
    found = adapt(here, codes, train, valid, 0, "elsewhere", "mine alone", shares.append)
    assert found.as_it_came <= found.permuted <= found.tuned
    assert found.tuned > 1.1 * found.as_it_came
    assert HeldOut(train, valid).ndcg(found.codebook.table, codes).mean() > 1.1 * found.as_it_came
    assert found.codebook.origin.adapted == ("elsewhere",)
    assert "CC0" in found.codebook.origin.licence
    assert "mine alone" in found.codebook.origin.licence
    assert sum(shares) == pytest.approx(1)


def test_what_helps_nobody_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    here = codebook().at("elsewhere", embeddings(ITEMS, seed=3))
    worse = np.random.default_rng(0).permuted(np.tile(np.arange(64), (32, 1)), axis=1)
    monkeypatch.setattr(adapting, "learn_permutation", lambda *rest: [worse, worse])
    monkeypatch.setattr(adapting, "tune_table", lambda table, *rest: [table, table.permuted(worse)])
    codes = here.codes(embeddings(ITEMS, seed=3))
    found = adapt(here, codes, likes(80, ITEMS), likes(80, ITEMS, seed=2), 0, "elsewhere", "CC0")
    assert found.codebook.table is here.table
    assert found.tuned == found.as_it_came


def test_without_a_valid_split_some_likes_are_held_out() -> None:
    here = codebook().at("elsewhere", embeddings(ITEMS, seed=3))
    codes = here.codes(embeddings(ITEMS, seed=3))
    none = CSR.from_pairs([], [], 80, ITEMS)
    found = adapt(here, codes, likes(80, ITEMS), none, 0, "elsewhere", "CC0")
    assert 20 < found.people <= 80
    with pytest.raises(OptionError, match="elsewhere"):
        adapt(here, codes, none, none, 0, "elsewhere", "CC0")


def test_what_people_like_next_is_learned_where_it_is_unlike_what_they_liked() -> None:
    here = codebook().at("elsewhere", embeddings(ITEMS, seed=3))
    codes = here.codes(embeddings(ITEMS, seed=3))
    train, later = likes(160, ITEMS, seed=1), likes(160, ITEMS, seed=2, other=True)
    found = adapt(here, codes, train, later, 0, "elsewhere", "CC0")
    assert found.tuned > 2 * found.as_it_came
    asked = HeldOut(train, likes(160, ITEMS, seed=4, other=True))
    learned, before = (float(asked.ndcg(table, codes).mean()) for table in (found.codebook.table, here.table))
    assert learned > 2 * before


def test_nobody_is_asked_by_what_was_learned_from_them() -> None:
    """A way to learn by heart, of no use to anybody else, is not taken."""
    table = codebook().table
    codes = codebook().codes(embeddings(ITEMS, seed=3))
    train, valid = likes(80, ITEMS), likes(80, ITEMS, seed=2)
    halves = Halves.of(codes, train, valid, 0)
    assert not set(halves.asked[0].people) & set(halves.asked[1].people)
    learned_from: list[set[int]] = []

    def by_heart(start: CodeTable, wanted: CSR, advance: object) -> list[CodeTable]:
        learned_from.append(set(np.flatnonzero(wanted.degrees)))
        return [start, start]

    start = halves.start(table)
    assert halves.best(start, [by_heart]) is start
    assert [bool(each & set(asked.people)) for each, asked in zip(learned_from, halves.asked, strict=True)] == [
        False
    ] * 2


def test_what_one_of_many_gains_may_be_chance_and_what_many_gain_is_not() -> None:
    table = codebook().table
    before = Stage(table, (table, table), np.zeros(100))
    lucky, many = np.zeros(100), np.zeros(100)
    lucky[0], many[:25] = 1.0, 0.5
    assert Stage(table, (table, table), lucky).surely_better_than(before) < 1e-9
    surely = Stage(table, (table, table), many).surely_better_than(before)
    assert surely == pytest.approx(0.125 - np.std(many, ddof=1) / 10)
    assert surely > 0


def test_a_gain_that_may_be_chance_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As good on average, but for one person alone, is no reason to change anything."""
    table = codebook().table
    halves = Halves.of(codebook().codes(embeddings(ITEMS, seed=3)), likes(80, ITEMS), likes(80, ITEMS, seed=2), 0)
    start = halves.start(table)
    changed = table.permuted(np.random.default_rng(0).permuted(np.tile(np.arange(64), (32, 1)), axis=1))
    gainers = np.zeros(0, np.int64)
    before = {id(asked): asked.ndcg(table, halves.codes) for asked in halves.asked}
    monkeypatch.setattr(
        HeldOut, "ndcg",
        lambda asked, given, codes: before[id(asked)] + 0.01 * ((given is changed) & np.isin(asked.people, gainers)),
    )  # fmt: skip

    def learn(start: CodeTable, wanted: CSR, advance: object) -> list[CodeTable]:
        return [start, changed]

    gainers = halves.asked[0].people[:1]
    assert halves.best(start, [learn]) is start
    gainers = np.arange(80)
    assert halves.best(start, [learn]).table is changed
