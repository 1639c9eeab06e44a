"""An affinity that remembers gives the scores of the one behind it, and asks it once."""

import numpy as np
import pytest

from graph.affinity import Affinity, Profiles, fit, remembered
from graph.affinity.remembered import Remembered
from graph.errors import OptionError
from tests.worlds import city


class Counting:
    """Content, with a list of who was asked for."""

    name = "content"

    def __init__(self) -> None:
        self._content: Affinity = fit("content", city())
        self.n_items = self._content.n_items
        self.asked: list[int] = []

    def scores(self, users: np.ndarray) -> np.ndarray:
        self.asked += users.tolist()
        return self._content.scores(users)

    def scores_of(self, profiles: Profiles) -> np.ndarray:
        return self._content.scores_of(profiles)


ASKED = np.array([3, -1, 3, 7, 0])


def test_scores_are_the_same_and_worked_out_once() -> None:
    behind = Counting()
    affinity = Remembered(behind, city().interactions.n_users)
    expected = behind._content.scores(ASKED)
    for _ in range(3):
        assert np.array_equal(affinity.scores(ASKED), expected)
    assert sorted(behind.asked) == [-1, 0, 3, 7]


def test_what_is_handed_out_can_be_written_to() -> None:
    affinity = Remembered(Counting(), city().interactions.n_users)
    affinity.scores(ASKED)[:] = 0.0
    assert affinity.scores(ASKED).any()


@pytest.mark.parametrize("rooms", [0, 4])
def test_users_beyond_the_room_there_is_are_worked_out_anew(monkeypatch: pytest.MonkeyPatch, rooms: int) -> None:
    monkeypatch.setattr(remembered, "MOST_CELLS", rooms * city().catalogue.n_items)
    behind = Counting()
    affinity = Remembered(behind, city().interactions.n_users)
    for _ in range(2):
        assert np.array_equal(affinity.scores(ASKED), behind._content.scores(ASKED))
    assert behind.asked.count(7) == 2


def test_there_are_no_other_users() -> None:
    affinity = Remembered(Counting(), city().interactions.n_users)
    with pytest.raises(OptionError, match="no user 999999 here"):
        affinity.scores(np.array([999_999]))
