"""Affinities by name."""

import pytest

from graph import affinity
from graph.errors import OptionError
from tests.graph.affinity.contract import small


def test_the_kinds_there_are() -> None:
    assert affinity.names() == tuple(
        (
            "uniform popularity content text friends item-knn ease als bpr lightgcn codes personas sequential hybrid"
        ).split()
    )


def test_a_near_miss_is_named() -> None:
    with pytest.raises(OptionError, match="no affinity 'contents'; did you mean content"):
        affinity.fit("contents", small())


def test_otherwise_all_are_listed() -> None:
    with pytest.raises(OptionError, match="choose one of uniform, popularity, content"):
        affinity.fit("zzz", small())
