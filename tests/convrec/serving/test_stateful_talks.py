"""Talks that nobody would have thought of: any message after any other, sent again, over restarts of the server."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from convrec.serving.gateway import Asked, Gateway, NotOverError, Rated, Said
from convrec.serving.heard import INTENTS, payload
from convrec.serving.store import Talks
from tests.convrec.serving.desks import desk

SENDERS = "ann", "bob"

words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["a comedy", "something with Tom Hanks", "no", "yes", "undo", "the second one", "why", "not a drama"]
    ),
)
buttons = st.one_of(
    st.sampled_from([payload(intent) for intent in INTENTS]),
    st.builds(
        lambda intent, item: payload(intent, item=item), st.sampled_from(INTENTS), st.text("0123456789", max_size=3)
    ),
    st.builds(
        lambda name: payload("inform", attribute=name), st.one_of(st.text(max_size=9), st.lists(st.text(), max_size=3))
    ),
    st.builds(lambda text: f"/inform{{{text}", st.text(max_size=12)),
)
senders = st.sampled_from(SENDERS)


class AnyTalk(RuleBasedStateMachine):
    """Two people and one server, which is now and then another one."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.said: dict[tuple[str, str], Any] = {}
        self.latest: dict[str, list[dict[str, Any]]] = {sender: [] for sender in SENDERS}
        self.turns = dict.fromkeys(SENDERS, 0)
        self.open()

    def open(self) -> None:
        self.talks = Talks(self.folder / "talks.sqlite", "cinema")
        self.gateway = Gateway(desk(), self.talks)

    def teardown(self) -> None:
        if hasattr(self, "talks"):
            self.talks.close()
            shutil.rmtree(self.folder)

    def say(self, sender: str, message: str) -> None:
        number = str(len(self.said))
        found = self.gateway.answer(Said(sender=sender, message=message, message_id=number))
        assert all(each["recipient_id"] == sender for each in found)
        assert all(each.get("text") or each.get("attachment") for each in found), "something to show"
        json.dumps(found)
        self.said[sender, number] = self.latest[sender] = found
        self.turns[sender] += 1

    @rule(sender=senders, message=words)
    def types(self, sender: str, message: str) -> None:
        self.say(sender, message)

    @rule(sender=senders, message=buttons)
    def presses_anything(self, sender: str, message: str) -> None:
        self.say(sender, message)

    @rule(sender=senders, which=st.integers(0, 20))
    def presses_what_is_shown(self, sender: str, which: int) -> None:
        shown = [button["payload"] for each in self.latest[sender] for button in each.get("buttons", ())]
        for each in self.latest[sender]:
            for card in each.get("attachment", {}).get("payload", {}).get("elements", ()):
                shown += [button["payload"] for button in card["buttons"]]
        self.say(sender, shown[which % len(shown)] if shown else "/silence")

    @rule(sender=senders)
    def sends_again(self, sender: str) -> None:
        mine = [number for who, number in self.said if who == sender][-3:]
        for number in mine:
            again = self.gateway.answer(Said(sender=sender, message="something else", message_id=number))
            assert again == self.said[sender, number]

    @rule(sender=senders, stars=st.integers(1, 5))
    def rates(self, sender: str, stars: int) -> None:
        standing = self.gateway.talk(Asked(sender=sender))
        if standing["number"]:
            try:
                kept, first = self.gateway.rate(Rated(sender=sender, number=standing["number"], stars=stars))
            except NotOverError:
                assert not standing["over"]
            else:
                assert standing["over"]
                assert kept == (stars if first else standing["stars"])

    @rule(sender=senders)
    def looks(self, sender: str) -> None:
        seen = self.gateway.look(Asked(sender=sender))
        assert 0 <= seen["likely"] <= seen["items"]

    @rule()
    def the_server_is_another_one(self) -> None:
        self.talks.close()
        self.open()

    @invariant()
    def every_turn_is_kept(self) -> None:
        if hasattr(self, "turns"):
            for sender, turns in self.turns.items():
                assert self.talks.find(sender).number == turns


AnyTalk.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyTalk = AnyTalk.TestCase
