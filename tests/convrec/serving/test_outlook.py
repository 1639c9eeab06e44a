"""What the agent says that it thinks is what it believes, and says nothing that was taken back."""

import numpy as np
import pytest

from convrec.serving.heard import payload
from convrec.serving.names import Names
from convrec.serving.outlook import HELD, SHOWN_TOP, Outlook
from dialogs.agent import Agent
from dialogs.conversation import Conversation
from dialogs.session import Standing
from tests.convrec.serving.desks import desk, table
from tests.dialogs.cinema import cinema


def after(*said: str, sender: str = "ann") -> tuple[Standing, Outlook]:
    """Where a talk stands after these messages, and what is thought then."""
    standing, chosen = Standing(), desk()
    for each in said:
        standing = chosen.go_on(sender, standing, each).standing
    return standing, chosen.look(sender, standing)


def test_before_anything_was_said_it_thinks_what_the_prior_says() -> None:
    _, outlook = after("/greet")
    assert outlook.change is None
    assert (outlook.noun, outlook.items, len(outlook.path)) == ("film", 60, 1)
    assert outlook.top[0].title == cinema().catalogue.describe_item(0), "the most sought"


@pytest.mark.parametrize("said", [["an English film"], ["an English film", "no"], ["a comedy", "/dont_care", "no"]])
def test_numbers_are_those_of_the_belief_computed_anew(said: list[str]) -> None:
    standing, outlook = after(*said)
    agent = Agent(table().world)
    last = standing.conversation.exchanges[-1]
    memory = agent.memory(Conversation(standing.conversation.exchanges[:-1]), last.heard)
    shares = np.sort(agent.belief(memory).probabilities[0].astype(float))[::-1]
    entropy = -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    assert outlook.likely == round(2**entropy) == outlook.path[-1]
    assert shares[: outlook.held].sum() >= HELD - 1e-6 > shares[: outlook.held - 1].sum() - 1e-5
    assert [each.share for each in outlook.top] == pytest.approx(shares[:SHOWN_TOP].tolist(), abs=1e-5)
    assert len(outlook.path) == len(said) + 1
    assert outlook.change is not None
    assert (outlook.change.before, outlook.change.after) == (outlook.path[-2], outlook.path[-1])


def test_an_answer_lifts_what_has_it_and_lowers_what_lacks_it() -> None:
    _, outlook = after("a comedy")
    change = outlook.change
    assert change is not None
    assert "Comedy" in change.told
    assert change.after < change.before
    catalogue = cinema().catalogue
    comedies = {
        catalogue.describe_item(item)
        for item in range(catalogue.n_items)
        if any(catalogue.attribute_names[each] == "Comedy" for each in catalogue.attributes_of(item))
    }
    assert {each.title for each in change.up} <= comedies
    assert change.up
    assert not {each.title for each in change.down} & comedies
    assert all(each.after > each.before for each in change.up)
    assert all(each.after < each.before for each in change.down)


def test_what_was_taken_back_is_not_thought() -> None:
    _, first = after("a comedy")
    _, undone = after("a comedy", "no", "/undo")
    assert undone == first
    assert after("a comedy", "/restart_talk")[1] == after("/greet")[1]


def test_taking_an_item_is_no_answer() -> None:
    standing, before = after("a comedy")
    taken = desk().go_on("ann", standing, payload("accept", item=Names(cinema().catalogue).of_item(0))).standing
    assert taken.over
    assert desk().look("ann", taken) == before


def test_looking_changes_no_reply() -> None:
    watched, alone, standing, other = desk(), desk(), Standing(), Standing()
    for said in ("a comedy", "/dont_care", "no", "no"):
        watched.look("ann", standing)
        turn, same = watched.go_on("ann", standing, said), alone.go_on("ann", other, said)
        assert turn.messages == same.messages
        standing, other = turn.standing, same.standing
