"""The data as they would have looked if a part of what is known were still to come."""

from dataclasses import replace

import numpy as np

from graph.affinity import rehearsal, rehearsals
from graph.dataset import Dataset
from graph.interactions import Interactions, Split
from tests.graph.affinity.contract import small


def without_times(dataset: Dataset) -> Dataset:
    history = dataset.interactions
    return replace(dataset, interactions=replace(history, times=np.zeros_like(history.times)))


def pairs(dataset: Dataset, split: Split) -> set[tuple[int, int]]:
    users, items = dataset.interactions.pairs(split)
    return set(zip(users.tolist(), items.tolist(), strict=True))


def test_the_true_test_split_is_in_no_rehearsal() -> None:
    for data in (small(), without_times(small())):
        for each in rehearsals(data):
            assert not pairs(data, Split.TEST) & set().union(*(pairs(each, split) for split in Split))


def test_with_times_the_latest_asks_for_valid_and_knows_the_end_of_train_as_valid() -> None:
    assert small().interactions.timed
    once = rehearsal(small())
    assert once.asks is Split.VALID
    assert pairs(once, Split.TEST) == pairs(small(), Split.VALID)
    assert pairs(once, Split.TRAIN) | pairs(once, Split.VALID) == pairs(small(), Split.TRAIN)
    history = once.interactions
    sizes = [np.bincount(history.users[history.split == split], minlength=400) for split in (Split.VALID, Split.TEST)]
    np.testing.assert_array_equal(*sizes)
    for user in range(0, 400, 37):
        times = [history.times[(history.users == user) & (history.split == split)] for split in Split]
        assert (
            times[Split.TRAIN].max() <= times[Split.VALID].min() <= times[Split.VALID].max() <= times[Split.TEST].min()
        )


def test_further_steps_are_taken_until_enough_is_asked() -> None:
    steps = list(rehearsals(small()))
    assert len(steps) > 1, "the small data ask for fewer pairs than a rehearsal should"
    for earlier, later in zip(steps[1:], steps[:-1], strict=True):
        assert pairs(earlier, Split.TEST) == pairs(later, Split.VALID)


def test_without_times_each_fold_of_valid_is_asked_once_and_all_else_is_known() -> None:
    data = without_times(small())
    folds = list(rehearsals(data))
    asked = [pairs(fold, Split.TEST) for fold in folds]
    assert set().union(*asked) == pairs(data, Split.VALID)
    assert sum(map(len, asked)) == len(pairs(data, Split.VALID))
    for fold, theirs in zip(folds, asked, strict=True):
        assert pairs(fold, Split.TRAIN) == pairs(data, Split.TRAIN)
        assert pairs(fold, Split.VALID) == pairs(data, Split.VALID) - theirs


def test_where_nobody_has_a_history_nothing_changes_but_what_is_asked() -> None:
    alone = replace(small(), interactions=Interactions.none(500))
    assert list(rehearsals(alone)) == []
    assert rehearsal(alone).asks is Split.VALID
    assert rehearsal(alone).fingerprint == alone.fingerprint
