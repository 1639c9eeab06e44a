"""A split that never learns from what comes later."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.interactions import Split
from graph.time_split import split_by_time, tie_break


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[int], list[bool]]:
    rows = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.booleans()), max_size=60))
    rows.sort(key=lambda row: row[:2])
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


@given(histories())
def test_nothing_learned_is_later_than_a_target_it_is_tested_on(
    history: tuple[list[int], list[int], list[bool]],
) -> None:
    users, times = np.array(history[0], dtype=np.int32), np.array(history[1], dtype=np.int64)
    liked = np.array(history[2], dtype=bool)
    split = split_by_time(users, times, liked, n_users=5)
    for user in range(5):
        mine = users == user
        for part in (Split.VALID, Split.TEST):
            targets = times[mine & liked & (split == part)]
            earlier = times[mine & (split < part)]
            assert not len(targets) or not len(earlier) or earlier.max() <= targets.min()
        n_likes = int((mine & liked).sum())
        sizes = [int((mine & liked & (split == part)).sum()) for part in Split]
        assert sum(sizes) == n_likes
        assert sizes[0] >= (n_likes >= 1)
        if n_likes >= 3:
            assert min(sizes) >= 1
            assert sizes[1] == sizes[2] == max(1, int(0.15 * n_likes + 0.5))
        else:
            assert sizes == [min(n_likes, 1), 0, int(n_likes == 2)]
        if not n_likes:
            assert (split[mine] == Split.TRAIN).all()


def test_a_split_by_hand() -> None:
    liked = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0], dtype=bool)
    split = split_by_time(np.zeros(15, np.int32), np.arange(15), liked, n_users=1)
    assert split.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_ties_are_broken_by_nothing_that_ids_tell() -> None:
    items = np.arange(1, 2001, dtype=np.int64)
    keys = tie_break(np.full(2000, 7, dtype=np.int64), items)
    assert len(np.unique(keys)) == 2000
    assert abs(np.corrcoef(items, np.argsort(np.argsort(keys)))[0, 1]) < 0.06
    assert (keys != tie_break(np.full(2000, 8, dtype=np.int64), items)).all()
