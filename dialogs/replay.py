"""Replay: a kept dialogue is held again, and every turn is laid beside the one that was recorded.

A session with the same settings hears the same messages: what was typed is understood anew, buttons and silence are
what they were.  With everything that was heard taken as it was recorded, a change of the understander can be told from
one of the agent.
"""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel

from dialogs.acts_in_words import Names, heard_in_words, says_in_words
from dialogs.agent import Thought
from dialogs.session import Reply, Session
from dialogs.transcripts import Header, ThoughtRecord, Transcript, TurnRecord, check_data
from graph.printable import printable

CLOSE = 1e-5
"""Largest difference of two numbers that count as the same, relative from 1 on: processors add up in several orders."""

FIGURES = frozenset({"chance", "shares", "weight"})
"""Fields of the agent's acts that say what it went by, not what it did."""

Aspect = Literal["heard", "did", "said", "thought"]
"""What differs: how the message was understood, what the agent did, its words, what it decided by."""


_Unlike = tuple[str, str]
"""The first thing that differs, then and now: ("chance 0.5", "chance 0.25")."""


@dataclass(frozen=True)
class Difference:
    """Something about one turn that is not as it was recorded, in words."""

    turn: int
    aspect: Aspect
    recorded: str
    now: str


@dataclass(frozen=True)
class Replay:
    """What became of one dialogue."""

    transcript: Transcript
    changes: tuple[str, ...]
    """What decides or speaks now and did not then; no fault by itself."""
    differences: tuple[Difference, ...]
    """In order of turns; empty where the dialogue went the same way."""
    turns: int
    """How many were replayed, the opening included; fewer than recorded where the dialogue ends earlier now."""


def changes(recorded: Header, now: Header) -> tuple[str, ...]:
    """What decides or speaks otherwise than when a dialogue was held, a line each."""
    parts = (
        ("policy", f"{recorded.policy} {recorded.policy_hash}", f"{now.policy} {now.policy_hash}"),
        ("affinity", recorded.affinity_hash, now.affinity_hash if recorded.affinity_hash else ""),
        ("generator", f"{recorded.generator} {recorded.generator_hash}", f"{now.generator} {now.generator_hash}"),
        ("understander", recorded.understander, now.understander),
    )
    return tuple(f"another {part}: {then} then, {today} now" for part, then, today in parts if then != today)


def replay(transcript: Transcript, session: Session, now: Header, understand: bool = True) -> Replay:
    """Hold a dialogue again, until it ends as recorded or earlier.

    :param session: has not begun, and has the settings of the transcript.
    :param now: what the transcript of that session would begin with.
    :param understand: False to take what was heard as it was recorded.
    :raises DataError: when it was about other data, or names what they do not have.
    """
    catalogue = session.agent.world.catalogue
    check_data(transcript, now.graph, catalogue)
    names, found = Names(catalogue), list[Difference]()
    for record in transcript.turns:
        reply = _answer(session, record, understand)
        found += differences(record, reply, names)
        if reply.over and not record.over:
            break
    return Replay(transcript, changes(transcript.header, now), tuple(found), session.standing.replies)


def _answer(session: Session, record: TurnRecord, understand: bool) -> Reply:
    if record.number == 0:
        return session.open()
    if record.message and understand:
        return session.hear(record.message)
    return session.press(record.heard)


def differences(record: TurnRecord, reply: Reply, names: Names) -> Iterator[Difference]:
    """Everything about one turn that is not as it was recorded."""
    did = _first_unlike(_plain(record.says), _plain(reply.says), FIGURES)
    thought = _first_unlike(_plain(record.thought), _plain(reply.thought))
    if did is None and thought is None:
        thought = _first_unlike(_plain(record.says), _plain(reply.says))
    compared: tuple[tuple[Aspect, _Unlike | None, Callable[[Names, Any], str], Any, Any], ...] = (
        ("heard", _first_unlike(_plain(record.heard), _plain(reply.heard)), heard_in_words, record.heard, reply.heard),
        ("did", did, says_in_words, record.says, reply.says),
        ("said", _first_unlike(record.text, reply.text), _text_in_words, record.text, reply.text),
        ("thought", thought, thought_in_words, record.thought, reply.thought),
    )
    for aspect, unlike, in_words, then, now in compared:
        if unlike is not None:
            words = in_words(names, then) or "nothing", in_words(names, now) or "nothing"
            if words[0] == words[1]:
                words = f"{words[0]} ({unlike[0]})", f"{words[1]} ({unlike[1]})"
            yield Difference(record.number, aspect, *words)


def thought_in_words(names: Names, thought: Thought | ThoughtRecord | None) -> str:
    """What was believed when the agent decided."""
    if thought is None:
        return "nothing to decide"
    top = ", ".join(f"{names.item(item)} {chance:.0%}" for item, chance in thought.top)
    worth = f" worth {thought.scores[thought.slot]:.3f}" if 0 <= thought.slot < len(thought.scores) else ""
    return f"about {thought.candidates:,} left · {top} · slot {thought.slot}{worth}"


def _text_in_words(names: Names, text: str) -> str:
    return printable(text)


def _plain(value: Any) -> Any:
    """Acts and thoughts as dictionaries, lists and numbers."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Thought):
        return asdict(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _first_unlike(then: Any, now: Any, without: Collection[str] = (), where: str = "") -> _Unlike | None:
    """Where two values differ first, and how; None where they are the same.

    :param without: fields that do not count.
    """
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        pairs = [(then[key], now[key], key) for key in then if key not in without]
    elif isinstance(then, list | tuple) and isinstance(now, list | tuple) and len(then) == len(now):
        pairs = [(mine, its, f"{where} {place}") for place, (mine, its) in enumerate(zip(then, now, strict=True))]
    elif isinstance(then, float) and isinstance(now, float):
        same = math.isclose(then, now, rel_tol=CLOSE, abs_tol=CLOSE)
        return None if same else (f"{where.strip()} {then:.9g}", f"{where.strip()} {now:.9g}")
    else:
        return None if then == now else (f"{where.strip()} {then}", f"{where.strip()} {now}")
    unlike = (_first_unlike(mine, its, without, path) for mine, its, path in pairs)
    return next((each for each in unlike if each is not None), None)
