"""Replay: a kept dialogue goes the same way again, and what has changed is shown at its first turn."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dialogs.acts import Accept, DontCare, Farewell, Inform, Like, Nothing, UserAct
from dialogs.agent import Agent
from dialogs.generation import templates
from dialogs.generation.speaker import Speaker
from dialogs.replay import Replay, changes, replay
from dialogs.session import Session
from dialogs.transcripts import Recorder, Transcript, read_transcript
from dialogs.understanding.protocol import Context
from graph.answers import QuestionMode
from graph.errors import DataError
from policy.bayes import BayesPolicy, GainRule
from policy.patience import patient
from simulator.protocol import Policy
from tests.dialogs.cinema import agent, attribute, cinema, film, understander
from tests.dialogs.test_transcripts import HEADER

Message = str | tuple[UserAct, ...]

EVERYTHING: tuple[Message, ...] = (
    "a horror film with Tom Hanks", "hmm", "…", (Nothing(),), "why?", "none of these", "undo",
    (Inform(attribute=attribute("Horror")),), "qwertz", "asdf", "yxcvb", "like Fargo", "none of these", "seen 1",
    "the second, but older", "let me think", (Nothing(),), "hello", "start over", "something French", "\udc80 1",
    (Like(item=film("Up")), Inform(attribute=attribute("Drama"), holds=False, graded=True)), "goodbye",
)  # fmt: skip
"""Every way to talk."""


def talk(policy: Policy | None = None, leader: Agent | None = None) -> Session:
    leader = leader or agent(policy=policy or patient(BayesPolicy()))
    return Session(leader, understander(), Speaker(cinema().catalogue))


def held(path: Path, *messages: Message, policy: Policy | None = None) -> Transcript:
    """A dialogue that was kept."""
    session, recorder = talk(policy), Recorder(path, HEADER)
    recorder.turn(session.open())
    for message in messages:
        recorder.turn(session.hear(message) if isinstance(message, str) else session.press(message))
    recorder.close()
    return read_transcript(path)


def again(transcript: Transcript, session: Session | None = None, understand: bool = True) -> Replay:
    return replay(transcript, session or talk(), HEADER, understand)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.jsonl"


@pytest.mark.parametrize("understand", [True, False])
def test_it_goes_the_same_way_again(path: Path, understand: bool) -> None:
    transcript = held(path, *EVERYTHING)
    result = again(transcript, understand=understand)
    assert result.differences == result.changes == ()
    assert result.turns == len(transcript.turns) == len(EVERYTHING) + 1
    acts = {act.act for turn in transcript.turns for act in turn.says}
    assert acts >= {"ask", "recommend", "wait", "clarify", "undone", "noted", "explain-question", "farewell"}


def test_a_changed_template_is_shown_at_its_first_turn(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript = held(path, "a horror film", "none of these", "undo", "goodbye")
    undone = next(turn.number for turn in transcript.turns if turn.says[0].act == "undone")
    changed: Mapping[str, tuple[str, ...]] = {**templates.PATTERNS, "undone": ("That is forgotten.",)}
    monkeypatch.setattr(templates, "PATTERNS", changed)
    (only,) = again(transcript).differences
    assert (only.turn, only.aspect) == (undone, "said")
    assert only.recorded.startswith(("I have taken that back.", "All right, that is forgotten."))
    assert only.now.startswith("That is forgotten.")


def test_a_changed_rule_is_shown_where_it_first_decides_otherwise(path: Path) -> None:
    transcript = held(path, "a horror film", *["none of these"] * 6, policy=BayesPolicy())
    result = again(transcript, talk(BayesPolicy(GainRule(success_bonus=40.0))))
    first = result.differences[0]
    assert (first.turn, first.aspect) == (1, "did")
    assert first.recorded.startswith("asks for ")
    assert first.now.startswith("shows ")
    assert [each.turn for each in result.differences] == sorted(each.turn for each in result.differences)


def test_one_changed_weight_is_shown_at_the_first_decision(path: Path) -> None:
    import torch

    from tests.policy.unified.conftest import shaken, untrained

    transcript = held(path, "hello", "a horror film", "goodbye", policy=shaken(untrained(QuestionMode.MULTI)))
    assert not again(transcript, talk(shaken(untrained(QuestionMode.MULTI)))).differences
    changed = shaken(untrained(QuestionMode.MULTI))
    with torch.no_grad():
        changed.network.residual.weight[0, 0] += 0.01
    first = again(transcript, talk(changed)).differences[0]
    assert (first.turn, first.aspect) == (2, "thought")
    assert "scores" in first.recorded
    assert first.recorded != first.now


class Misunderstands:
    """Takes every no for "I don't care"."""

    name = "other"

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        found = understander().understand(message, context)
        return tuple(DontCare() if act.act == "deny" else act for act in found)


def test_a_change_of_the_understander_is_told_from_one_of_the_agent(path: Path) -> None:
    transcript = held(path, "a horror film", "none of these", "goodbye")
    session = talk()
    session.understander = Misunderstands()
    first = again(transcript, session).differences[0]
    assert (first.turn, first.aspect, first.recorded, first.now) == (2, "heard", "no", "I don't care")
    session = talk()
    session.understander = Misunderstands()
    assert not again(transcript, session, understand=False).differences


def test_a_figure_that_differs_alone_is_named(path: Path) -> None:
    transcript = held(path, "a horror film")
    heard = transcript.turns[1].heard[0]
    assert isinstance(heard, Inform)
    doubted = transcript.turns[1].model_copy(update={"heard": (heard.model_copy(update={"confidence": 0.5}),)})
    unsure = replace(transcript, turns=(transcript.turns[0], doubted))
    first = again(unsure).differences[0]
    assert first.recorded == "a film of the genre Horror (confidence 0.5)"
    assert first.now == "a film of the genre Horror (confidence 0.98)"


def test_a_dialogue_that_ends_earlier_now_is_not_led_on(path: Path) -> None:
    transcript = held(path, "a horror film", (Accept(item=film("Up")),), "hello")
    opened = transcript.turns[2].model_copy(update={"says": (), "over": False})
    result = again(replace(transcript, turns=(*transcript.turns[:2], opened, transcript.turns[3])))
    assert result.turns == 3
    assert result.differences[0].now == f"says goodbye: found {cinema().catalogue.describe_item(film('Up'))}"
    assert transcript.farewell == Farewell(found=film("Up"))


def test_what_the_agent_went_by_is_told_from_what_it_did(path: Path) -> None:
    transcript = held(path, "a horror film", *["none of these"] * 6)
    turn = next(turn for turn in transcript.turns if turn.says[0].act == "recommend")
    unsure = turn.model_copy(update={"says": (turn.says[0].model_copy(update={"chance": 0.125}),)})
    (only,) = again(replace(transcript, turns=(*transcript.turns[: turn.number], unsure))).differences
    assert (only.turn, only.aspect) == (turn.number, "thought")
    assert only.recorded.endswith("(chance 0.125)")


def test_what_decides_or_speaks_now_and_did_not_is_said_first(path: Path) -> None:
    now = HEADER.model_copy(update={"policy_hash": "q", "generator_hash": "u", "affinity_hash": "b", "seed": 7})
    assert changes(HEADER, HEADER) == changes(HEADER, HEADER.model_copy(update={"affinity_hash": "b"})) == ()
    assert changes(now.model_copy(update={"affinity_hash": "a"}), now) == ("another affinity: a then, b now",)
    assert changes(HEADER, now) == ("another policy: bayes p then, bayes q now",
                                    "another generator: template t then, template u now")  # fmt: skip
    assert replay(held(path, "hello"), talk(), now).changes == changes(HEADER, now)


def test_other_data_cannot_be_compared(path: Path) -> None:
    transcript = held(path, "hello")
    with pytest.raises(DataError, match=r"cinema has changed since \(graph g then, h now\)"):
        replay(transcript, talk(), HEADER.model_copy(update={"graph": "h"}))
    path.write_text(path.read_text().replace('"heard":[{"act":"greet"}]', '"heard":[{"act":"like","item":60}]'))
    with pytest.raises(DataError, match="turn 1 names item 60, but there are 60; the file has been changed"):
        again(read_transcript(path))
