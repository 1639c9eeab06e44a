"""A number picks the option that stands beside it on the screen."""

import pytest

from dialogs.acts import Ask, Inform
from graph.answers import QuestionMode
from tests.dialogs.cinema import cinema, session


@pytest.mark.parametrize("mode", [QuestionMode.FACET, QuestionMode.MULTI])
def test_a_number_picks_the_option_that_was_said_in_that_place(mode: QuestionMode) -> None:
    catalogue, ordered = cinema().catalogue, set()
    for opening in ("Comedy", "Horror", "French", "Bill Murray", "Western"):
        talk = session(mode)
        talk.open()
        reply = talk.hear(opening)
        while not reply.over:
            asked = reply.says[-1]
            if not isinstance(asked, Ask) or len(asked.options) < 2:
                break
            names = [catalogue.attribute_names[option] for option in asked.options]
            text = " ".join(said.text for said in reply.said)
            assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)
            facet = catalogue.facets[catalogue.attribute_facet[asked.options[0]]]
            if facet.ordered:
                ordered.add(facet.name)
                assert list(asked.options) == sorted(asked.options)
            reply = talk.hear("2")
            assert [act.attribute for act in reply.heard if isinstance(act, Inform)] == [asked.options[1]]
    assert ordered == {"decade", "running time"}
