"""Dialogues in the formats of others hold what was said, whatever the names are."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dialogs.acts import Accept, Critique, Deny, Dislike, Inform, Nothing
from dialogs.exporting import Kept, dialoguekit, rasa_stories
from dialogs.transcripts import Rating, Recorder, Transcript, read_transcript
from graph.catalogue import Catalogue
from tests.dialogs.cinema import attribute, cinema, film, session
from tests.dialogs.test_transcripts import HEADER

HORROR, COMEDY, OLD = attribute("Horror"), attribute("Comedy"), attribute("1970s")


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> Transcript:
    """A dialogue with every kind of thing that is named."""
    path, talk = tmp_path_factory.mktemp("kept") / "talk.jsonl", session()
    recorder = Recorder(path, HEADER)
    recorder.turn(talk.open())
    for message in ("a horror film", "/not a [comedy](genre)", "why?", "undo", " "):
        recorder.turn(talk.hear(message))
    for acts in (
        (Inform(attribute=HORROR), Inform(attribute=COMEDY, holds=False), Inform(attribute=OLD, graded=True)),
        (Critique(item=film("Up"), attribute=OLD, direction=-1), Dislike(item=film("Heat"))), (Deny(),), (Nothing(),),
        (Accept(item=film("Fargo")),),
    ):  # fmt: skip
        recorder.turn(talk.press(acts))
    recorder.rate(Rating(stars=4, comment="fine"))
    recorder.close()
    return read_transcript(path)


def kept(transcript: Transcript) -> Kept:
    return Kept(transcript, cinema().catalogue)


def stories(text: str) -> list[dict[str, Any]]:
    """Read by two parsers, of YAML 1.2 and of 1.1, which have to agree."""
    read = YAML(typ="safe", pure=True).load(StringIO(text))
    assert read == yaml.safe_load(text)
    assert read["version"] == "3.1"
    return list(read["stories"])


def test_dialoguekit_has_both_sides_with_acts_and_places_in_the_text(transcript: Transcript) -> None:
    (conversation,) = json.loads(dialoguekit([kept(transcript)]))
    assert conversation["conversation_id"] == conversation["conversation ID"] == "talk"
    assert conversation["agent"] == {"id": "convrec-bayes", "type": "AGENT"}
    assert conversation["user"]["id"] == "stranger"
    assert conversation["metadata"]["ratings"] == [{"stars": 4, "comment": "fine"}]
    said = conversation["conversation"]
    assert [each["participant"] for each in said[:3]] == ["AGENT", "USER", "AGENT"]
    assert len(said) == 2 * len(transcript.turns) - 1
    assert len({each["utterance_id"] for each in said}) == len(said)
    assert said[1]["utterance"] == "a horror film"
    assert said[1]["dialogue_acts"] == [{"intent": "inform", "slot_values": [["genre", "Horror", 2, 8]]}]
    for each in said:
        for act in each["dialogue_acts"]:
            for _, value, start, end in act["slot_values"]:
                assert start is None or each["utterance"][start:end].casefold() == value.casefold()
    acts = [act for each in said if each["participant"] == "USER" for act in each["dialogue_acts"]]
    assert {act["intent"] for act in acts} >= {
        "inform.not", "inform.sort-of", "critique.less", "dislike", "why", "undo", "nothing", "deny", "accept"
    }  # fmt: skip
    button = next(each for each in said if len(each["dialogue_acts"]) == 3 and each["participant"] == "USER")
    assert button["utterance"].startswith("a film of the genre Horror; not a film of the genre Comedy")
    assert said[-1]["dialogue_acts"][0]["intent"] == "farewell.found"


def test_rasa_stories_have_a_message_and_an_action_a_turn(transcript: Transcript) -> None:
    (story,) = stories(rasa_stories([kept(transcript)]))
    assert story["story"] == f"talk: found {cinema().catalogue.describe_item(film('Fargo'))}"
    steps = story["steps"]
    assert steps[:4] == [
        {"user": "/start", "intent": "start"}, {"action": "action_convrec_start"},
        {"user": "a horror film", "intent": "inform", "entities": [{"attribute": "genre: Horror"}]},
        {"action": "action_convrec_step"},
    ]  # fmt: skip
    assert steps[4]["user"] == "not a (comedy)(genre)"
    actions = ["action_convrec_step", "action_convrec_why", "action_convrec_undo", "action_convrec_step"]
    assert [step["action"] for step in steps[5:12:2]] == actions
    button = steps[12]
    assert button["user"] == (
        '/inform{"attribute": "genre: Horror", "not_attribute": "genre: Comedy", "sort_of_attribute": "decade: 1970s"}'
    )
    assert [list(each) for each in button["entities"]] == [["attribute"], ["not_attribute"], ["sort_of_attribute"]]
    assert steps[14]["entities"][2] == {"direction": "less"}
    assert steps[-2:] == [
        {"user": '/feedback{"stars": "4"}', "intent": "feedback", "entities": [{"stars": "4"}]},
        {"action": "action_convrec_feedback"},
    ]
    assert {"user": "/nothing", "intent": "nothing"} in steps


HOSTILE = (
    "yes",
    "null",
    "- x: [",
    "a: b # c",
    "'\"\\",
    "{% x %}",
    "[it](attribute)",
    "0o17",
    "1e3",
    "\x85\u2028\ufeff",
)


def called(name: str) -> Catalogue:
    """The cinema in which everything is called the same."""
    catalogue = cinema().catalogue
    return replace(
        catalogue, titles=(name,) * catalogue.n_items, attribute_names=(name,) * catalogue.n_attributes,
        facets=tuple(replace(facet, name=f"{name}{place}") for place, facet in enumerate(catalogue.facets)),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=()), max_size=30)))
def test_names_stay_names(transcript: Transcript, name: str) -> None:
    dialogues = [Kept(transcript, called(name))]
    (story,) = stories(rasa_stories(dialogues))
    (plain,) = stories(rasa_stories([kept(transcript)]))
    assert [list(step) for step in story["steps"]] == [list(step) for step in plain["steps"]]
    for step in story["steps"]:
        message = step.get("user", "")
        if message.startswith("/") and "{" in message:
            assert "](" not in message
            values = json.loads(message[message.index("{") :]).values()
            flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
            assert sorted(flat) == sorted(value for each in step["entities"] for value in each.values())
    json.loads(dialoguekit(dialogues).encode())
