"""Work on several processors: the same results in the same order, told as it goes, errors passed on."""

import os
from functools import partial
from typing import Any

import pytest
import torch

from policy.unified.side_by_side import side_by_side


def square(number: int, told: Any) -> tuple[int, int]:
    told(number)
    return number * number, os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_come_back_in_order_and_tell_as_they_go(workers: int) -> None:
    heard: list[int] = []
    found = side_by_side([partial(square, number) for number in range(5)], heard.append, workers)
    assert [value for value, _ in found] == [0, 1, 4, 9, 16]
    assert sorted(heard) == [0, 1, 2, 3, 4]
    elsewhere = {process for _, process in found} - {os.getpid()}
    assert bool(elsewhere) == (workers > 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_part_is_that_of_the_whole(workers: int) -> None:
    def fail(told: Any) -> None:
        raise ValueError("part three")

    with pytest.raises(ValueError, match="part three"):
        side_by_side([partial(square, 1), partial(square, 2), fail], lambda said: None, workers)


def many_sums(told: Any) -> int:
    indices = torch.arange(200_000).flip(0)
    torch.arange(200_000)[indices]  # in parallel where there are threads
    return torch.get_num_threads()


@pytest.mark.timeout(60)
def test_parts_have_one_thread_each_where_the_parent_has_more() -> None:
    """A forked child would wait for the parent's threads for ever."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        many_sums(None)
        assert side_by_side([many_sums, many_sums], lambda said: None, 2) == [1, 1]
    finally:
        torch.set_num_threads(before)
