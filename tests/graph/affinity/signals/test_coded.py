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
from graph.dataset import Dataset
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
    arrays = {key: array.copy() for key, array in signal.arrays().items()}
    mixed = np.random.default_rng(0).permutation(300)
    fake = Coded.restore(elsewhere, {**arrays, "items": arrays["items"][mixed], "biases": arrays["biases"][mixed]})
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


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(Coded.fit)
