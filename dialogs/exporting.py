"""Kept dialogues in the formats of others: the JSON of DialogueKit and test stories of Rasa 3.

Neither has room for all that a transcript holds: what was believed, what a decision was made on and how sure the
understander was are left out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from dialogs.acts import (
    AgentAct,
    Clarify,
    Critique,
    Farewell,
    Inform,
    Noted,
    Undone,
    UserAct,
    places_in,
)
from dialogs.acts_in_words import Names, ending_in_words, heard_in_words
from dialogs.transcripts import Transcript, TurnRecord
from graph.catalogue import Catalogue
from graph.printable import printable


@dataclass(frozen=True)
class Kept:
    """A dialogue and the catalogue it was about, which has everything that is named in it."""

    transcript: Transcript
    catalogue: Catalogue


def dialoguekit(dialogues: Sequence[Kept]) -> str:
    """What ``dialoguekit.utils.dialogue_reader`` reads: a list of conversations.

    Its versions disagree on how the id is written, so it stands there both ways.
    """
    return json.dumps([_conversation(each) for each in dialogues], indent=2, ensure_ascii=False) + "\n"


def _conversation(kept: Kept) -> dict[str, Any]:
    transcript, header = kept.transcript, kept.transcript.header
    user = "stranger" if header.user is None else str(header.user)
    agent = f"convrec-{header.policy}"
    utterances: list[dict[str, Any]] = []
    for turn in transcript.turns:
        if turn.heard:
            text = printable(turn.message) or heard_in_words(Names(kept.catalogue), turn.heard)
            utterances.append(_utterance(kept, "USER", user, len(utterances), text, turn.heard))
        utterances.append(_utterance(kept, "AGENT", agent, len(utterances), printable(turn.text), turn.says))
    return {
        "conversation_id": transcript.name,
        "conversation ID": transcript.name,
        "agent": {"id": agent, "type": "AGENT"},
        "user": {"id": user, "type": "USER"},
        "metadata": {
            **header.model_dump(mode="json", exclude={"line", "schema_version"}),
            "ratings": [rating.model_dump(exclude={"line"}) for rating in transcript.ratings],
        },
        "conversation": utterances,
    }


def _utterance(
    kept: Kept, participant: str, who: str, number: int, text: str, acts: Sequence[UserAct | AgentAct]
) -> dict[str, Any]:
    return {
        "participant": participant,
        "utterance": text,
        "utterance_id": f"{kept.transcript.name}_{who}_{number}",
        "dialogue_acts": [
            {"intent": intent_of(act), "slot_values": [_annotated(text, *slot) for slot in _slots(kept.catalogue, act)]}
            for act in acts
        ],
    }


def _slots(catalogue: Catalogue, act: UserAct | AgentAct) -> Iterator[tuple[str, str]]:
    """Everything that an act names: ("genre", "Horror"), ("item", "Heat (1995)")."""
    for kind, place in places_in(act):
        if kind == "item":
            yield "item", printable(catalogue.describe_item(place))
        else:
            facet = catalogue.facets[catalogue.attribute_facet[place]].name
            yield printable(facet), printable(catalogue.attribute_names[place])


def _annotated(text: str, slot: str, value: str) -> list[str | int | None]:
    """A slot, its value, and from where to where it stands in the text; None where it does not."""
    found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) if value else None
    return [slot, value, *(found.span() if found else (None, None))]


def intent_of(act: UserAct | AgentAct) -> str:
    """What an act is called, with what it adds to its kind: "inform.not", "farewell.left"."""
    more = ""
    if isinstance(act, Inform):
        more = "sort-of" if act.graded else "" if act.holds else "not"
    elif isinstance(act, Critique):
        more = _DIRECTIONS[act.direction]
    elif isinstance(act, Farewell):
        more = act.reason
    elif isinstance(act, Noted):
        more = act.verdict
    elif isinstance(act, Clarify):
        more = act.about
    elif isinstance(act, Undone) and not act.anything:
        more = "nothing"
    return f"{act.act}.{more}" if more else act.act


_DIRECTIONS = MappingProxyType({-1: "less", 1: "more"})
"""Of a critique: to which side of the value, in the order of its facet."""


def rasa_stories(dialogues: Sequence[Kept]) -> str:
    """Test stories, for a file whose name begins with ``test_``.

    A message has the intent of its first act.  What was typed stands there as it was typed, but for the brackets and
    the slash by which Rasa would take it for something else; buttons and silence as the payload that they are.
    """
    yaml, text = YAML(), StringIO()
    yaml.width, yaml.allow_unicode = 1 << 16, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump({"version": Quoted("3.1"), "stories": [_story(each) for each in dialogues]}, text)
    return text.getvalue()


def _story(kept: Kept) -> dict[str, Any]:
    transcript, names = kept.transcript, Names(kept.catalogue)
    ending = "broken off" if transcript.farewell is None else ending_in_words(names, transcript.farewell)
    steps: list[dict[str, Any]] = []
    for turn in transcript.turns:
        steps.append(_message(names, turn))
        steps.append({"action": _action(turn)})
    for rating in transcript.ratings:
        steps.append(_step("feedback", [("stars", str(rating.stars))]))
        steps.append({"action": "action_convrec_feedback"})
    return {"story": Quoted(f"{transcript.name}: {ending}"), "steps": steps}


def _message(names: Names, turn: TurnRecord) -> dict[str, Any]:
    if not turn.heard:
        return _step("start", [])
    entities = [entity for act in turn.heard for entity in _entities(names, act)]
    return _step(turn.heard[0].act, entities, _words(turn.message))


def _words(message: str) -> str:
    """What was typed, so that Rasa takes it for words: no payload, no annotation."""
    return printable(message).lstrip("/ ").replace("[", "(").replace("]", ")")


def _step(intent: str, entities: Sequence[tuple[str, str]], typed: str = "") -> dict[str, Any]:
    by_name: dict[str, list[str]] = {}
    for name, value in entities:
        by_name.setdefault(name, []).append(value)
    step: dict[str, Any] = {"user": Quoted(typed or f"/{intent}{_payload(by_name)}"), "intent": intent}
    if entities:
        step["entities"] = [{name: Quoted(value)} for name, value in entities]
    return step


def _payload(values: Mapping[str, Sequence[str]]) -> str:
    """Entities behind an intent; a bracket in a name is escaped, so that Rasa sees no annotation in it."""

    def quoted(value: str) -> str:
        return json.dumps(value, ensure_ascii=False).replace("[", "\\u005b").replace("]", "\\u005d")

    def joined(several: Sequence[str]) -> str:
        return quoted(several[0]) if len(several) == 1 else f"[{', '.join(map(quoted, several))}]"

    inner = ", ".join(f'"{name}": {joined(several)}' for name, several in values.items())
    return f"{{{inner}}}" if inner else ""


def _entities(names: Names, act: UserAct) -> Iterator[tuple[str, str]]:
    """What Rasa calls the things an act names: an attribute that is not wanted has a name of its own."""
    prefix = ""
    if isinstance(act, Inform):
        prefix = "sort_of_" if act.graded else "" if act.holds else "not_"
    for kind, place in places_in(act):
        yield ("item", names.item(place)) if kind == "item" else (f"{prefix}attribute", names.attribute(place))
    if isinstance(act, Critique):
        yield "direction", _DIRECTIONS[act.direction]


def _action(turn: TurnRecord) -> str:
    """What answers a message; see :meth:`dialogs.agent.Agent.step` for what counts where there are several acts."""
    if turn.number == 0:
        return "action_convrec_start"
    acts = [act.act for act in turn.heard]
    first = next((act for act in acts if act in ("restart", "undo", "leave")), "why" if "why" in acts else "step")
    return "action_convrec_step" if first == "leave" else f"action_convrec_{first}"


FORMATS: Mapping[str, Callable[[Sequence[Kept]], str]] = MappingProxyType(
    {"dialoguekit": dialoguekit, "rasa": rasa_stories}
)
"""Writers by the name of their format."""
