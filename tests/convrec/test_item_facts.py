"""What is known of an item, in one line."""

import pytest

from convrec.item_facts import facts
from dialogs.acts import Affirm, Ask, Deny, Inform, Wait
from dialogs.conversation import Conversation
from graph.catalogue import Catalogue
from tests.dialogs.cinema import cinema, film
from tests.worlds import make_world


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return cinema().catalogue


def named(catalogue: Catalogue, *names: str) -> frozenset[int]:
    return frozenset(catalogue.attribute_names.index(name) for name in names)


def test_the_commonest_values_come_first_and_what_says_little_is_left_out(catalogue: Catalogue) -> None:
    told = facts(catalogue, film("The Matrix"))
    assert told.startswith("Horror, Comedy · by Jane Campion · with Tom Hanks, Clint Eastwood · United States")
    assert "1970s" not in told
    assert "English" not in told


def test_what_is_wanted_is_told_first_and_in_any_case(catalogue: Catalogue) -> None:
    wanted = named(catalogue, "Comedy", "1970s", "English", "Western")
    told = facts(catalogue, film("The Matrix"), wanted)
    assert told.startswith("Comedy, Horror · 1970s · by Jane Campion")
    assert told.split(" · ").count("English") == 1
    assert "Western" not in told, "the film has nothing of it"
    made = make_world({"a": {"tag": [f"tag {number}" for number in range(9)]}}, popularity=[1.0], name="tags")
    many = frozenset(range(3, 8))
    assert facts(made.catalogue, 0).count("tag") == 2
    assert facts(made.catalogue, 0, many).count("tag") == 5


def test_wanted_is_what_was_named_or_said_yes_to() -> None:
    talk = Conversation().then((Inform(attribute=3), Inform(attribute=4, holds=False)), Ask(options=(5,)))
    assert talk.wanted == {3}
    assert talk.then((), Wait()).then((Affirm(),), Ask(options=(6,))).then((Deny(),), Wait()).wanted == {3, 5}
    assert talk.then((Inform(attribute=8),), Ask(options=(1, 2))).then((Affirm(),), Wait()).wanted == {3, 8}
    undone = talk.then((Inform(attribute=8),), Wait()).undone()
    assert undone is not None
    assert undone.wanted == {3}
