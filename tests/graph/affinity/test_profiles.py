"""What is known of people."""

import numpy as np
import pytest

from graph.affinity import ANONYMOUS, Histories, Profiles, Verdict
from graph.errors import OptionError
from graph.interactions import Split
from tests.graph.affinity.contract import small


def strangers(count: int = 2) -> Profiles:
    return Profiles.unknown(count, small().catalogue)


def test_a_history_is_train_and_valid_in_order_of_time() -> None:
    history = small().interactions
    profiles = Histories(small()).of(np.array([7, ANONYMOUS, 7]))
    theirs = np.flatnonzero((history.users == 7) & (history.split != Split.TEST))
    expected = theirs[np.argsort(history.times[theirs], kind="stable")]
    events = slice(profiles.starts[0], profiles.starts[1])
    assert set(profiles.items[events].tolist()) == set(history.items[expected].tolist())
    times = dict(zip(history.items[theirs].tolist(), history.times[theirs].tolist(), strict=True))
    in_order = [times[item] for item in profiles.items[events].tolist()]
    assert in_order == sorted(in_order)
    late = set(history.items[(history.users == 7) & (history.split == Split.VALID)].tolist())
    assert set(profiles.items[events][profiles.late[events]].tolist()) == late
    assert profiles.empty.tolist() == [False, True, False]
    assert profiles.users.tolist() == [7, ANONYMOUS, 7]


def test_what_is_said_last_counts_and_comes_last() -> None:
    once = strangers().and_then(0, liked=[3, 5], seen=[9], likes=[2])
    then = once.and_then(0, disliked=[3], dislikes=[2, 4]).and_then(1, liked=[8])
    assert then.items.tolist() == [5, 9, 3, 8]
    assert then.verdicts.tolist() == [Verdict.LIKED, Verdict.SEEN, Verdict.DISLIKED, Verdict.LIKED]
    assert then.person_of_event.tolist() == [0, 0, 0, 1]
    assert then.n_liked.tolist() == [1, 1]
    assert then.stated(-0.5).toarray()[0, [2, 4]].tolist() == [-0.5, -0.5]
    assert once.items.tolist() == [3, 5, 9], "the earlier profile is as it was"


def test_matrices_hold_what_their_names_say() -> None:
    profiles = strangers().and_then(1, liked=[3, 5], disliked=[9], seen=[2])
    assert profiles.liked().toarray()[1].nonzero()[0].tolist() == [3, 5]
    weighed = profiles.weighed(-0.5).toarray()[1]
    assert weighed[[3, 5, 9, 2]].tolist() == [1, 1, -0.5, 0]
    recent = profiles.and_then(1, liked=[7]).recent(0.5).toarray()[1]
    assert recent[[3, 5, 7, 9]].tolist() == [0.25, 0.5, 1, 0]
    assert not profiles.liked().toarray()[0].any()


def test_a_late_event_stays_late_when_more_is_said() -> None:
    known = Histories(small()).of(np.array([4]))
    more = known.and_then(0, liked=[int(small().catalogue.n_items - 1)])
    assert set(more.items[more.late].tolist()) == set(known.items[known.late].tolist())


def test_rows_and_kept_events_are_those_asked_for() -> None:
    profiles = Histories(small()).of(np.arange(6))
    middle = profiles.rows(slice(2, 4))
    np.testing.assert_array_equal(middle.liked().toarray(), profiles.liked().toarray()[2:4])
    kept = profiles.keep_events(profiles.items % 2 == 0)
    assert (kept.items % 2 == 0).all()
    np.testing.assert_array_equal(kept.n_liked, (profiles.liked().toarray()[:, ::2] > 0).sum(axis=1))
    assert (kept.users == ANONYMOUS).all()


@pytest.mark.parametrize(
    ("said", "message"),
    [({"liked": [500]}, "no item 500"), ({"seen": [-1]}, "no item -1"), ({"likes": [60]}, "no attribute 60")],
)
def test_what_is_not_in_the_catalogue_is_refused(said: dict[str, list[int]], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        strangers().and_then(0, **said)


def test_somebody_who_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="no person 2 here"):
        strangers().and_then(2, liked=[1])
