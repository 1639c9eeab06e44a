"""Sealed talks: they come back as they were, and nobody else's hand passes."""

import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convrec.serving.sealing import MOST_BYTES, Sealer, SealError, StaleSealError, _text
from dialogs.acts import Clarify, Critique, Inform, Like, Unclear
from dialogs.session import Session, Standing
from tests.dialogs.cinema import attribute, film, session

SAID = (
    "a horror film",
    "why",
    "yes",
    "none of these",
    "seen Heat",
    "let me think",
    "undo",
    "asdf qwer",
    "no",
    "Tom Hanks",
)


def sealer(key: bytes = b"key", about: str = "cinema", **rest: Any) -> Sealer:
    return Sealer(key, about, **rest)


def talked(messages: list[str]) -> Session:
    talk = session()
    talk.open()
    for message in messages:
        if not talk.over:
            talk.hear(message)
    return talk


@settings(deadline=None)  # the first talk compiles
@given(st.lists(st.sampled_from(SAID), max_size=8))
def test_a_talk_comes_back_as_it_was(messages: list[str]) -> None:
    standing = talked(messages).standing
    assert sealer().open(sealer().seal(standing, "ann"), "ann") == standing


def test_acts_with_parts_come_back() -> None:
    heard = (
        Critique(item=film("Heat"), attribute=attribute("1980s"), direction=-1, confidence=0.5),
        Unclear(meanings=(Inform(attribute=1, holds=False), Like(item=2))),
    )
    talk = talked(["a horror film"])
    move = talk.standing.conversation.exchanges[0].move
    conversation = talk.standing.conversation.then(heard, move)
    standing = Standing(conversation, Clarify(meanings=(Like(item=3), Inform(attribute=2))), 2, 7, over=True)
    assert sealer().open(sealer().seal(standing, "ann"), "ann") == standing


def test_a_long_talk_is_short_when_sealed() -> None:
    standing = talked(["a horror film", *["none of these"] * 12]).standing
    assert len(standing.conversation.exchanges) >= 6
    assert len(sealer().seal(standing, "ann")) < 800


def test_whatever_is_changed_is_refused() -> None:
    good = sealer().seal(talked(["a horror film", "no"]).standing, "ann")
    for place, letter in enumerate(good):
        changed = good[:place] + ("A" if letter != "A" else "B") + good[place + 1 :]
        if place < len(good) - 1:  # the last letter has bits to spare
            with pytest.raises(SealError):
                sealer().open(changed, "ann")


@given(
    st.text(max_size=60)
    | st.from_regex(r"c1\.cinema(-[0-9a-f]{8})?\.[0-9a-f]{8}\.[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{43}", fullmatch=True)
)
def test_whatever_is_made_up_is_refused(text: str) -> None:
    with pytest.raises(SealError):
        sealer().open(text, "ann")


@pytest.mark.parametrize("sender", ["bob", "ann ", ""])
def test_it_is_good_for_one_sender_alone(sender: str) -> None:
    good = sealer().seal(Standing(), "ann")
    with pytest.raises(SealError, match="somebody else's"):
        sealer().open(good, sender)


def test_what_another_key_has_sealed_is_old_and_never_read() -> None:
    """Whoever loses the key must not be mute to everybody with whom a talk is under way."""
    good = sealer(b"another").seal(talked(["a horror film"]).standing, "ann")
    with pytest.raises(StaleSealError, match="another key"):
        sealer().open(good, "ann")
    mine = sealer().seal(Standing(), "ann").split(".")[1]
    claimed = ".".join([good.split(".")[0], mine, *good.split(".")[2:]])
    with pytest.raises(SealError, match="somebody else's"):
        sealer().open(claimed, "ann")


def test_what_is_ours_but_too_old_or_of_other_data_is_told_apart() -> None:
    good = sealer(now=lambda: 1000.0, lasts_s=60).seal(Standing(), "ann")
    assert sealer(now=lambda: 1060.0).open(good, "ann") == Standing()
    with pytest.raises(StaleSealError, match="too old"):
        sealer(now=lambda: 1061.0).open(good, "ann")
    with pytest.raises(StaleSealError, match="other data"):
        sealer(about="another").open(good, "ann")


def test_nothing_unpacks_without_bound() -> None:
    """Not even with the key: 250 MB of nothing pack into 250 KB."""
    bomb = zlib.compress(b"[" * (MOST_BYTES + 1), 9)
    assert len(bomb) < MOST_BYTES // 100
    head = f"c1.{sealer()._about}.{10**12:x}.{_text(bomb)}"
    signed = f"{head}.{_text(sealer()._sign(head, 'ann'))}"
    with pytest.raises(SealError, match="larger than any talk"):
        sealer().open(signed, "ann")
    with pytest.raises(SealError, match="longer"):
        sealer().open("c1." * 100_000, "ann")
