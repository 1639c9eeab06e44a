"""What every signal has to stand; a new kind enters with one class that names it and its floor."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.affinity.profiles import ANONYMOUS, Histories, Profiles
from graph.affinity.signals.protocol import Signal
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions, Split
from graph.synthetic import make_synthetic

FloatArray = NDArray[np.float32]


@cache
def small() -> Dataset:
    return make_synthetic(users=400, items=500, attributes=60, interactions=25)


def profiles(dataset: Dataset, count: int | None = None) -> Profiles:
    """The first users."""
    return Histories(dataset).of(np.arange(dataset.interactions.n_users if count is None else count))


def auc(dataset: Dataset, values: FloatArray) -> float:
    """Chance that a test item has a higher value than an item the user never had, ties counting half; (U, V) values."""
    history = dataset.interactions
    had = np.zeros(values.shape, bool)
    had[history.users, history.items] = True
    chances = []
    for user, item in zip(*history.pairs(Split.TEST), strict=True):
        others = values[user, ~had[user]]
        chances.append((np.mean(others < values[user, item]) + np.mean(others <= values[user, item])) / 2)
    return float(np.mean(chances))


def with_test_pairs_drawn_anew(dataset: Dataset) -> Dataset:
    history = dataset.interactions
    in_test = history.split == Split.TEST
    items = history.items.copy()
    items[in_test] = np.random.default_rng(1).integers(history.n_items, size=int(in_test.sum()))
    return replace(dataset, interactions=replace(history, items=items))


def without_likes(dataset: Dataset) -> Dataset:
    none: Interactions = replace(dataset.interactions, liked=np.zeros(dataset.interactions.n_edges, bool))
    return replace(dataset, interactions=none)


@cache
def fitted(contract: "type[SignalContract]") -> Signal:
    return contract.fit(contract.data())


class SignalContract:
    fit: ClassVar[Callable[[Dataset], Signal]]
    """As a static method, with whatever makes it quick."""
    restore: ClassVar[Callable[[Dataset, Any], Signal] | None] = None
    """Where something is kept of what was learned."""
    floor: ClassVar[float]
    """AUC of test items that the real one reaches, and one that answers for somebody else does not."""

    @classmethod
    def data(cls) -> Dataset:
        return small()

    @property
    def signal(self) -> Signal:
        return fitted(type(self))

    def test_values_are_new_finite_floats_of_the_right_shape(self) -> None:
        for count in (0, 1, 7, 300):
            values = self.signal.of(profiles(self.data(), count))
            assert values.shape == (count, self.data().catalogue.n_items)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
            values += 1
            assert not np.shares_memory(values, self.signal.of(profiles(self.data(), count)))

    def test_values_that_are_softened_are_not_negative(self) -> None:
        softenings = self.signal.softenings
        assert all(softening > 0 for softening in softenings)
        if softenings:
            assert self.signal.of(profiles(self.data())).min() >= 0

    def test_nobody_is_told_nothing(self) -> None:
        values = self.signal.of(Profiles.unknown(3, self.data().catalogue))
        np.testing.assert_array_equal(values, np.zeros_like(values))

    def test_an_item_that_is_only_seen_tells_nothing(self) -> None:
        seen = Profiles.unknown(1, self.data().catalogue).and_then(0, seen=[4, 9])
        assert np.ptp(self.signal.of(seen)) == 0

    def test_items_that_are_not_covered_are_all_alike(self) -> None:
        covers = self.signal.covers
        assert covers.shape == (self.data().catalogue.n_items,)
        assert covers.any()
        if not covers.all():
            assert np.ptp(self.signal.of(profiles(self.data()))[:, ~covers], axis=1).max() == 0

    def test_a_row_depends_on_its_person_alone(self) -> None:
        together = self.signal.of(profiles(self.data(), 40))
        histories = Histories(self.data())
        for users in ([17], [39, 17, ANONYMOUS, 17]):
            apart = self.signal.of(histories.of(np.array(users)))
            np.testing.assert_allclose(apart[users.index(17)], together[17], rtol=1e-4, atol=1e-5)

    def test_profiles_are_looked_at_and_not_users(self) -> None:
        known = profiles(self.data(), 20)
        stranger = known.keep_events(np.ones(len(known.items), bool))
        assert (stranger.users == ANONYMOUS).all()
        np.testing.assert_array_equal(self.signal.of(stranger), self.signal.of(known))

    def test_fitting_again_gives_the_same(self) -> None:
        again = type(self).fit(self.data())
        np.testing.assert_array_equal(again.of(profiles(self.data())), self.signal.of(profiles(self.data())))

    def test_the_test_split_is_not_learned_from(self) -> None:
        other = type(self).fit(with_test_pairs_drawn_anew(self.data()))
        np.testing.assert_array_equal(other.of(profiles(self.data())), self.signal.of(profiles(self.data())))

    def test_what_was_learned_can_be_restored(self) -> None:
        arrays = self.signal.arrays()
        if self.restore is None:
            assert not arrays
            return
        n_users = self.data().interactions.n_users
        assert arrays
        assert all(array.dtype == np.float32 and n_users not in array.shape for array in arrays.values())
        kept = {key: array.copy() for key, array in arrays.items()}
        for array in kept.values():
            array.flags.writeable = False
        restored = type(self).restore(self.data(), kept)  # type: ignore[misc]
        np.testing.assert_array_equal(restored.of(profiles(self.data())), self.signal.of(profiles(self.data())))
        np.testing.assert_array_equal(restored.covers, self.signal.covers)

    def test_it_finds_what_users_had_later_and_not_what_others_had(self) -> None:
        values = self.signal.of(profiles(self.data()))
        mixed_up = values[np.random.default_rng(0).permutation(len(values))]
        assert auc(self.data(), values) >= self.floor
        assert auc(self.data(), mixed_up) < self.floor


def befriended(dataset: Dataset, each: int = 10) -> Dataset:
    """The same data with every user a friend of those who share most of their train items."""
    items = dataset.interactions.train_items.to_scipy()
    shared = (items @ items.T).toarray()
    np.fill_diagonal(shared, -1)
    nearest = np.argsort(-shared, axis=1, kind="stable")[:, :each]
    n_users = len(shared)
    users = np.repeat(np.arange(n_users), each)
    friends = CSR.from_pairs(
        np.concatenate([users, nearest.ravel()]), np.concatenate([nearest.ravel(), users]), n_users, n_users
    )
    return replace(dataset, interactions=replace(dataset.interactions, friends=friends))


def check_that_nothing_is_learned_from_nobody(fit: Callable[[Dataset], Signal]) -> None:
    with pytest.raises(OptionError, match="nobody likes anything in train"):
        fit(without_likes(small()))
