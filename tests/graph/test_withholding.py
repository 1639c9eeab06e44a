"""A data set without some of its items."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import DataError
from graph.interactions import Split
from graph.item_attribute_graph import ItemAttributeGraph
from graph.withholding import withhold
from tests.worlds import item, open_world, town


def test_what_is_withheld_is_gone_with_all_that_was_done_with_it() -> None:
    whole = open_world()
    gone = [item(whole.catalogue, "Heat"), item(whole.catalogue, "Duck Soup")]
    left = withhold(whole, np.array(gone), "less")
    assert left.name == "less"
    assert left.catalogue.titles == ("Alien", "Blade Runner", "Collateral", "Fargo", "Short Cuts")
    assert left.catalogue.attribute_names == whole.catalogue.attribute_names
    assert left.catalogue.vocabulary == whole.catalogue.vocabulary
    history = left.interactions
    watched = [left.catalogue.titles[each] for each in history.items]
    assert watched == ["Alien", "Blade Runner", "Fargo", "Fargo", "Collateral", "Short Cuts"]
    assert (history.split == Split.VALID).tolist() == [False, False, False, True, False, False]
    assert history.n_items == left.catalogue.n_items == 5
    assert ItemAttributeGraph(left).findings().problems == ()


def test_nothing_withheld_changes_nothing() -> None:
    whole = open_world()
    assert withhold(whole, np.array([], np.int64)).fingerprint == whole.fingerprint


@settings(deadline=None)
@given(st.sets(st.integers(0, 119), max_size=100))
def test_every_item_that_stays_is_what_it_was(gone: set[int]) -> None:
    whole = town(0.3)
    left = withhold(whole, np.array(sorted(gone), np.int64))
    stayed = [place for place in range(120) if place not in gone]
    assert left.catalogue.item_ids.tolist() == whole.catalogue.item_ids[stayed].tolist()
    for new, old in enumerate(stayed):
        assert left.catalogue.attributes_of(new).tolist() == whole.catalogue.attributes_of(old).tolist()
    assert (left.catalogue.known == whole.catalogue.known[stayed]).all()
    before, after = whole.interactions, left.interactions
    edges = [place for place, each in enumerate(before.items.tolist()) if each not in gone]
    ids = left.catalogue.item_ids[after.items].tolist()
    assert ids == whole.catalogue.item_ids[before.items[edges]].tolist()
    assert after.users.tolist() == before.users[edges].tolist()


@pytest.mark.parametrize(("items", "message"), [([7], "not all in 0..6"), ([-1], "not all in"), (range(7), "nothing")])
def test_what_cannot_be_withheld_is_refused(items: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        withhold(open_world(), np.array(items))
