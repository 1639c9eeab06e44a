"""Matrix factorisation, with people folded in."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from graph.affinity.profiles import Profiles
from graph.affinity.signals.factors import Als, Bpr
from tests.graph.affinity.signals.contract import (
    SignalContract,
    check_that_nothing_is_learned_from_nobody,
    profiles,
    small,
)


class TestAls(SignalContract):
    fit = staticmethod(Als.fit)
    restore = Als.restore
    floor = 0.72


class TestBpr(SignalContract):
    fit = staticmethod(Bpr.fit)
    restore = Bpr.restore
    floor = 0.66


def test_people_are_folded_in_as_the_learner_itself_does_it() -> None:
    signal = Als.fit(small())
    with threadpool_limits(1, "blas"):
        learner = AlternatingLeastSquares(64, Als.REGULARISATION, Als.CONFIDENCE, num_threads=1)
    learner.item_factors = signal.arrays()["items"]
    likes = sp.csr_matrix(small().interactions.known_likes.to_scipy())
    expected = np.stack([learner.recalculate_user(user, likes[user]) for user in range(30)])
    np.testing.assert_allclose(signal.people(profiles(small(), 30)), expected.reshape(30, 64), rtol=1e-2, atol=1e-4)


def test_other_seeds_learn_otherwise_and_much_the_same() -> None:
    for kind in (Als, Bpr):
        one, two = (kind.fit(small(), seed=seed).of(profiles(small(), 50)) for seed in (0, 1))
        assert not np.array_equal(one, two)
        assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.7


def test_logits_of_bpr_have_mean_0_over_what_was_liked() -> None:
    signal = Bpr.fit(small())
    values = signal.of(profiles(small()))
    np.testing.assert_allclose(values[:, signal.covers].mean(axis=1), 0, atol=1e-5)


def test_somebody_who_liked_what_nobody_else_did_has_told_nothing() -> None:
    history = small().interactions
    alone = np.arange(5)
    unliked = replace(small(), interactions=replace(history, liked=history.liked & ~np.isin(history.items, alone)))
    for kind in (Als, Bpr):
        signal = kind.fit(unliked)
        np.testing.assert_array_equal(np.flatnonzero(~signal.covers), alone)
        person = Profiles.unknown(1, small().catalogue).and_then(0, liked=alone.tolist())
        assert not signal.of(person).any()


def test_nothing_is_learned_from_nobody() -> None:
    for kind in (Als, Bpr):
        check_that_nothing_is_learned_from_nobody(kind.fit)
