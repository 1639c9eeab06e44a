"""Buttons: what they send is understood, and what somebody made up is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convrec.serving.heard import INTENTS, MOST_NAMED, payload, pressed
from convrec.serving.names import Names
from dialogs.acts import Accept, AskWhy, Deny, Inform, Nothing, Unclear, Undo
from tests.dialogs.cinema import attribute, cinema, film

NAMES = Names(cinema().catalogue)


def test_every_item_and_attribute_has_a_name_that_leads_back() -> None:
    catalogue = cinema().catalogue
    assert [NAMES.item(NAMES.of_item(item)) for item in range(catalogue.n_items)] == list(range(catalogue.n_items))
    places = range(catalogue.n_attributes)
    assert [NAMES.attribute(NAMES.of_attribute(place)) for place in places] == list(places)
    assert NAMES.item("nothing") is NAMES.attribute("genre: Nothing") is NAMES.attribute(7) is None


def test_buttons_mean_what_they_say() -> None:
    horror, comedy = NAMES.of_attribute(attribute("Horror")), NAMES.of_attribute(attribute("Comedy"))
    heat = NAMES.of_item(film("Heat"))
    assert pressed("/deny", NAMES) == (Deny(),)
    assert pressed("/undo", NAMES) == (Undo(),)
    assert pressed("/silence", NAMES) == (Nothing(),)
    assert pressed("/why", NAMES) == (AskWhy(),)
    assert pressed(payload("inform", attribute=horror), NAMES) == (Inform(attribute=attribute("Horror")),)
    both = (Inform(attribute=attribute("Horror")), Inform(attribute=attribute("Comedy")))
    assert pressed(payload("inform", attribute=[horror, comedy, horror]), NAMES) == both
    assert pressed(payload("accept", item=heat), NAMES) == (Accept(item=film("Heat")),)
    assert pressed(payload("why", item=heat), NAMES) == (AskWhy(item=film("Heat")),)


@pytest.mark.parametrize("text", ["horror please", "", "/horror", "/inform_me", "//deny", "a /deny"])
def test_words_are_left_to_the_understander(text: str) -> None:
    assert pressed(text, NAMES) is None


@pytest.mark.parametrize(
    "text",
    [
        "/inform", '/inform{"attribute": 3}', '/inform{"attribute": "genre: Nothing"}', '/inform{"attribute": []}',
        '/accept{"item": "no such"}', "/accept", '/accept{"item": {"a": 1}}', "/inform{", '/inform{"attribute": null}',
        "/inform" + '{"a":' * 5000, "/inform" + str({"attribute": ["x"] * (MOST_NAMED + 1)}).replace("'", '"'),
    ],
)  # fmt: skip
def test_what_no_button_of_ours_sends_is_unclear(text: str) -> None:
    assert pressed(text, NAMES) == (Unclear(),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=5
)


@given(st.sampled_from(INTENTS), st.dictionaries(st.sampled_from(["item", "attribute", "x"]), VALUES))
def test_no_entities_break_it(intent: str, entities: dict[str, object]) -> None:
    acts = pressed(payload(intent, **entities), NAMES)
    assert acts is not None
    assert len(acts) >= 1
