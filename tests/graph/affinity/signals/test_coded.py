"""Item codes as a signal; the model of texts is replaced by one that knows words and nothing of what they mean."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from graph import affinity
from graph.affinity import saving
from graph.affinity.calibrated import Calibrated
from graph.affinity.signals import text
from graph.affinity.signals.coded import Coded, embedded, learn_codebook
from graph.csr import CSR
from graph.dataset import Ancestor, Dataset
from graph.interactions import Interactions
from graph.item_codes import Codebook, coder
from graph.synthetic import make_synthetic
from tests.graph.affinity.signals.contract import (
    SignalContract,
    auc,
    check_that_nothing_is_learned_from_nobody,
    profiles,
    small,
)
from tests.graph.affinity.signals.test_text import BagOfWords


@pytest.fixture(autouse=True, scope="module")
def _knows_words_only(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "load_encoder", BagOfWords)
        patch.setenv("CONVREC_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(coder, "ROUNDS", 1)  # what is tested here shows all the same
        patch.setattr(coder, "ITERATIONS", 5)
        yield


class TestCoded(SignalContract):
    fit = staticmethod(Coded.fit)
    restore = Coded.restore
    floor = 0.62


@cache
def learned() -> Codebook:
    return learn_codebook(small())


def without_likes_of(dataset: Dataset, items: np.ndarray) -> Dataset:
    history = dataset.interactions
    fewer: Interactions = replace(history, liked=history.liked & ~np.isin(history.items, items))
    return replace(dataset, interactions=fewer)


def test_items_that_nobody_liked_are_told_apart() -> None:
    new = np.arange(400, 500)
    cold = without_likes_of(small(), new)
    signal = Coded.fit(cold)
    assert signal.covers.all()
    values = signal.of(profiles(cold))
    assert np.ptp(values[:, new], axis=1)[profiles(cold).n_liked > 0].min() > 0
    history, hidden = small().interactions, np.zeros((400, 500), bool)
    chosen = history.liked & (history.items >= 400)
    hidden[history.users[chosen], history.items[chosen]] = True
    among, wanted = values[:, new], hidden[:, new]
    chances = [
        np.mean(row[right][:, None] > row[~right][None, :]) for row, right in zip(among, wanted, strict=True)
        if right.any() and not right.all()
    ]  # fmt: skip
    assert np.mean(chances) > 0.55


def test_a_codebook_serves_a_catalogue_it_was_not_learned_on_and_shuffled_codes_do_not() -> None:
    elsewhere = replace(make_synthetic(users=300, items=300, attributes=60, interactions=25, seed=3), name="elsewhere")
    signal = Coded.from_codebook(learned(), elsewhere)
    codes = signal.codebook.codes(embedded(elsewhere.catalogue))
    fake = Coded(signal.codebook, np.random.default_rng(0).permutation(codes))
    real, shuffled = (auc(elsewhere, each.of(profiles(elsewhere))) for each in (signal, fake))
    assert real > 0.55 > shuffled


def test_free_text_is_read_where_there_is_some() -> None:
    dataset = make_synthetic(users=2, items=4, attributes=2, facets=1, interactions=2)
    described = replace(dataset.catalogue, texts=("a boat", "a cake", "", "a boat"))
    plain, told = embedded(dataset.catalogue), embedded(described)
    changed = np.abs(plain - told).max(axis=1) > 0.01
    assert changed.tolist() == [True, True, False, True]


def test_it_is_kept_and_found_again(tmp_path: Path) -> None:
    model = affinity.fit("codes", small())
    assert isinstance(model, Calibrated)
    saving.save(model, small(), tmp_path / "kept")
    users = np.arange(-1, 30)
    np.testing.assert_array_equal(saving.load(small(), tmp_path / "kept").scores(users), model.scores(users))


def test_items_that_come_later_are_coded_by_what_was_learned_before(tmp_path: Path) -> None:
    """Old items keep their codes, new ones get theirs, and nothing is learned anew."""
    before = affinity.fit("codes", small())
    assert isinstance(before, Calibrated)
    saving.save(before, small(), tmp_path / "kept")
    more = with_twins(small(), [3, 7])
    after = saving.load(more, tmp_path / "kept", small().fingerprint)
    assert isinstance(after, Calibrated)
    users = np.arange(-1, 30)
    signals = [each.signal.of(profiles(each_of)) for each, each_of in ((before, small()), (after, more))]
    raised = [each - each[:, :1] for each in signals]
    np.testing.assert_allclose(raised[1][:, :500], raised[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(signals[1][:, 500:], signals[1][:, [3, 7]], rtol=1e-4, atol=1e-4)
    assert after.scores(users).shape == (31, 502)
    np.testing.assert_array_equal(after.signal.codebook.coder.centroids, before.signal.codebook.coder.centroids)


def test_data_that_have_grown_find_the_codebook_that_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    affinity.fit_or_load("codes", small(), tmp_path)
    before = Ancestor(small().name, small().fingerprint, 500, small().catalogue.n_attributes)
    more = replace(with_twins(small(), [3, 7]), name="small and more", grown_from=(before,))

    def learn(*rest: object) -> None:
        raise AssertionError("learned anew")

    monkeypatch.setattr(Coded, "fit", learn)
    assert affinity.fit_or_load("codes", more, tmp_path).n_items == 502


def with_twins(dataset: Dataset, items: list[int]) -> Dataset:
    """The same data with some items once more behind the others, under other ids and nobody's yet."""
    catalogue, history = dataset.catalogue, dataset.interactions
    edges, count = catalogue.item_attributes, catalogue.n_items
    own = [edges.row(item) for item in items]
    rows = np.concatenate([edges.row_of_edge(), np.repeat(count + np.arange(len(items)), [len(each) for each in own])])
    grown = replace(
        catalogue, item_ids=np.concatenate([catalogue.item_ids, catalogue.item_ids.max() + 1 + np.arange(len(items))]),
        titles=(*catalogue.titles, *(catalogue.titles[item] for item in items)),
        years=np.concatenate([catalogue.years, catalogue.years[items]]),
        popularity=np.concatenate([catalogue.popularity, catalogue.popularity[items]]),
        item_attributes=CSR.from_pairs(
            rows, np.concatenate([edges.indices, *own]), count + len(items), catalogue.n_attributes
        ),
    )  # fmt: skip
    return replace(dataset, catalogue=grown, interactions=replace(history, n_items=count + len(items)))


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(Coded.fit)
