"""Affinities by name."""

import pytest

from graph import affinity
from graph.errors import OptionError
from tests.graph.affinity.contract import small


def test_there_are_five_kinds() -> None:
    assert affinity.names() == ("uniform", "popularity", "content", "ease", "blend")


def test_a_near_miss_is_named() -> None:
    with pytest.raises(OptionError, match="no affinity 'contents'; did you mean content"):
        affinity.fit("contents", small())


def test_otherwise_all_are_listed() -> None:
    with pytest.raises(OptionError, match="choose one of uniform, popularity, content, ease, blend"):
        affinity.fit("zzz", small())
