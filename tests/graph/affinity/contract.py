"""What every affinity has to stand; a new kind enters with one class that names it and its floor."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from graph import affinity
from graph.affinity import ANONYMOUS, Affinity, Histories, Profiles, rehearsal
from graph.affinity.contests import ContestsConfig, draw_contests
from graph.affinity.hybrid import Hybrid
from graph.affinity.hybrid_config import HybridConfig
from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions, Split
from graph.mcr import import_mcr
from graph.places import Places
from graph.synthetic import make_synthetic

SHARED = Places.from_environment().shared
LASTFM = SHARED / "data" / "mcr" / "lastfm" if SHARED is not None else Path("absent")
needs_lastfm = pytest.mark.skipif(not LASTFM.is_dir(), reason="no data/mcr/lastfm in the folder CONVREC_SHARED names")

QUICK = HybridConfig(contests=ContestsConfig(contests=2_500, contenders=256), scale=ContestsConfig(500, 500))
"""The default affinity, learned from a quarter of what it usually is."""

FloatArray = NDArray[np.float32]
Scores = Callable[[NDArray[np.int64]], FloatArray]


@cache
def small() -> Dataset:
    """Fewer items than a contest has places, so that nothing in a fit depends on which rivals are drawn."""
    return make_synthetic(users=400, items=500, attributes=60, interactions=25)


@cache
def lastfm() -> Dataset:
    return import_mcr(LASTFM, "lastfm")


@cache
def fitted(name: str) -> Affinity:
    return affinity.fit(name, small())


@cache
def fitted_on_lastfm(name: str) -> Affinity:
    return Hybrid.fit(lastfm(), HybridConfig()) if name == Hybrid.name else affinity.fit(name, lastfm())


def gain(dataset: Dataset, scores: Scores, pairs: int = 1_500) -> float:
    """Nats by which test targets are likelier than under a flat prior, all items being open."""
    users, items = dataset.interactions.pairs(Split.TEST)
    drawn = np.random.default_rng(5).permutation(len(users))[:pairs]
    logits = scores(users[drawn].astype(np.int64)).astype(np.float64)
    top = logits.max(axis=1)
    log_total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return float((logits[np.arange(len(drawn)), items[drawn]] - log_total).mean() + np.log(dataset.catalogue.n_items))


def of_other_users(real: Affinity, dataset: Dataset) -> Scores:
    """A fake that answers for somebody else."""
    other = np.random.default_rng(0).permutation(dataset.interactions.n_users)
    return lambda users: real.scores(other[users])


def of_other_items(real: Affinity, dataset: Dataset) -> Scores:
    """A fake that has mixed up its items."""
    other = np.random.default_rng(0).permutation(dataset.catalogue.n_items)
    return lambda users: real.scores(users)[:, other]


def total_variation(one: FloatArray, other: FloatArray) -> NDArray[np.float64]:
    """How far apart two priors are for each person, 0..1, shape (B,)."""
    priors = [softmax(scores.astype(np.float64), axis=1) for scores in (one, other)]
    return np.asarray(np.abs(priors[0] - priors[1]).sum(axis=1) / 2)


def with_test_pairs_drawn_anew(dataset: Dataset) -> Dataset:
    history = dataset.interactions
    in_test = history.split == Split.TEST
    items = history.items.copy()
    items[in_test] = np.random.default_rng(1).integers(history.n_items, size=int(in_test.sum()))
    return replace(dataset, interactions=replace(history, items=items))


def with_items_renumbered(dataset: Dataset, place: NDArray[np.int64]) -> Dataset:
    """The same data with item i at ``place[i]``."""
    old, history = dataset.catalogue, dataset.interactions
    order = np.argsort(place)
    edges = old.item_attributes
    catalogue: Catalogue = replace(
        old,
        titles=tuple(old.titles[item] for item in order),
        years=old.years[order],
        popularity=old.popularity[order],
        item_attributes=CSR.from_pairs(place[edges.row_of_edge()], edges.indices, edges.n_rows, edges.n_columns),
    )
    interactions: Interactions = replace(history, items=place[history.items].astype(np.int32))
    return replace(dataset, catalogue=catalogue, interactions=interactions)


class AffinityContract:
    name: ClassVar[str]
    floor: ClassVar[float]
    """Nats a test target of the small data that the real one gains, and no fake does."""
    lastfm_floor: ClassVar[float]
    """The same on Last.fm."""
    slack: ClassVar[float] = 5e-3
    """Nats by which another temperature may be better for targets that the fit has not met."""
    fakes: ClassVar[tuple[Callable[[Affinity, Dataset], Scores], ...]] = (of_other_users, of_other_items)

    @property
    def model(self) -> Affinity:
        return fitted(self.name)

    def test_it_is_registered_under_its_name(self) -> None:
        assert self.name in affinity.names()
        assert self.model.name == self.name
        assert self.model.n_items == small().catalogue.n_items

    def test_scores_are_finite_floats_of_the_right_shape(self) -> None:
        for users in ([0, 5, 5, ANONYMOUS, 399], [ANONYMOUS], [], range(400)):
            scores = self.model.scores(np.array(users, dtype=np.int64))
            assert scores.shape == (len(users), 500)
            assert scores.dtype == np.float32
            assert np.isfinite(scores).all()

    def test_a_row_depends_on_its_user_alone(self) -> None:
        together = self.model.scores(np.array([3, ANONYMOUS, 7, 3, 250]))
        alone = np.concatenate([self.model.scores(np.array([user])) for user in (3, ANONYMOUS, 7, 3, 250)])
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)

    def test_scores_belong_to_the_caller(self) -> None:
        before = self.model.scores(np.array([1, ANONYMOUS]))
        self.model.scores(np.array([1, ANONYMOUS]))[:] = 99.0
        np.testing.assert_array_equal(self.model.scores(np.array([1, ANONYMOUS])), before)

    def test_nobody_without_history_is_told_apart(self) -> None:
        history = small().interactions
        kept = history.users != 17
        parts = {part: getattr(history, part)[kept] for part in "users items ratings times split liked".split()}
        model = affinity.fit(self.name, replace(small(), interactions=replace(history, **parts)))
        newcomer, anonymous = model.scores(np.array([17, ANONYMOUS]))
        np.testing.assert_array_equal(newcomer, anonymous)

    def test_profiles_of_users_score_as_the_users_do(self) -> None:
        users = np.array([4, ANONYMOUS, 9])
        profiles = Histories(small()).of(users)
        np.testing.assert_array_equal(self.model.scores_of(profiles), self.model.scores(users))
        nobody = Profiles.unknown(1, small().catalogue)
        np.testing.assert_array_equal(self.model.scores_of(nobody), self.model.scores(np.array([ANONYMOUS])))

    @pytest.mark.parametrize("user", [-2, 400])
    def test_a_user_out_of_range_is_refused(self, user: int) -> None:
        with pytest.raises(OptionError, match=str(user)):
            self.model.scores(np.array([0, user]))

    def test_the_test_split_changes_no_bit(self) -> None:
        users = np.arange(-1, 400)
        blind = affinity.fit(self.name, with_test_pairs_drawn_anew(small()))
        np.testing.assert_array_equal(blind.scores(users), self.model.scores(users))

    def test_ids_of_items_say_nothing(self) -> None:
        place = np.random.default_rng(2).permutation(500)
        users = np.arange(-1, 50)
        renumbered = affinity.fit(self.name, with_items_renumbered(small(), place)).scores(users)[:, place]
        self.check_alike(renumbered, self.model.scores(users))

    def check_alike(self, one: FloatArray, other: FloatArray) -> None:
        """Two fits to the same data give the same priors; what is learned by chance may differ by chance."""
        assert total_variation(one, other).max() < 0.002

    def test_no_other_temperature_makes_rehearsed_targets_much_likelier(self) -> None:
        asked = rehearsal(small())
        contests = draw_contests(asked)
        scores = contests.gather(affinity.fit(self.name, asked).scores)
        as_fitted = contests.softmax(scores)[0].mean()
        for factor in (0.5, 0.8, 1.25, 2.0):
            assert contests.softmax(scores * np.float32(factor))[0].mean() <= as_fitted + self.slack

    def test_the_real_one_reaches_its_floor_and_no_fake_does(self) -> None:
        assert gain(small(), self.model.scores) >= self.floor
        for fake in self.fakes:
            assert gain(small(), fake(self.model, small())) < self.floor, fake.__name__

    @pytest.mark.slow
    @pytest.mark.shared
    @pytest.mark.timeout(600)
    @needs_lastfm
    def test_on_lastfm_the_real_one_reaches_its_floor_and_no_fake_does(self) -> None:
        model = fitted_on_lastfm(self.name)
        assert gain(lastfm(), model.scores) >= self.lastfm_floor
        for fake in self.fakes:
            assert gain(lastfm(), fake(model, lastfm())) < self.lastfm_floor, fake.__name__
