"""What friends have, and by hand."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from graph.affinity.profiles import Histories, Profiles
from graph.affinity.signals.friends import Friends
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import OptionError
from tests.graph.affinity.signals.contract import SignalContract, befriended, profiles, small


@cache
def among_friends() -> Dataset:
    return befriended(small())


class TestFriends(SignalContract):
    fit = staticmethod(Friends.fit)
    floor = 0.7

    @classmethod
    def data(cls) -> Dataset:
        return among_friends()

    def test_profiles_are_looked_at_and_not_users(self) -> None:
        """The other way round: friends are those of a user, whatever is in the profile."""
        known = profiles(self.data(), 20)
        forgotten = replace(Profiles.unknown(20, self.data().catalogue), users=known.users)
        np.testing.assert_array_equal(self.signal.of(forgotten), self.signal.of(known))
        stranger = known.keep_events(np.ones(len(known.items), bool))
        assert not self.signal.of(stranger).any()


def test_a_value_is_the_share_of_friends_with_the_item() -> None:
    friends = CSR.from_pairs([0, 0, 1, 2], [1, 2, 0, 0], 400, 400)
    dataset = replace(small(), interactions=replace(small().interactions, friends=friends))
    likes = dataset.interactions.known_likes.to_scipy().toarray()
    values = Friends.fit(dataset).of(Histories(dataset).of(np.array([0, 1, 7, -1])))
    np.testing.assert_allclose(values[0], (likes[1] + likes[2]) / 7, rtol=1e-6)
    np.testing.assert_allclose(values[1], likes[0] / 6, rtol=1e-6)
    assert not values[2:].any()


def test_data_without_friends_are_refused() -> None:
    with pytest.raises(OptionError, match="does not say who is a friend of whom"):
        Friends.fit(small())
