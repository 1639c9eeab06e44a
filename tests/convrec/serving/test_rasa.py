"""The shipped bot in a real Rasa, with our server behind it: every channel, silences, and what goes wrong."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import pytest
import socketio

from dialogs.session import SILENCE_S
from graph import datasets
from graph.catalogue import Catalogue
from graph.places import Places
from tests.convrec.serving.rasa_people import Seeker, Seen
from tests.convrec.serving.rasa_server import STORIES, Project, RasaServer
from tests.convrec.serving.servers import DATA, TOKEN, Server

pytestmark = [
    pytest.mark.rasa,
    pytest.mark.slow,
    pytest.mark.xdist_group("rasa"),  # one Rasa is enough
    pytest.mark.timeout(1500),  # whoever comes first may have to install Rasa, which takes minutes
]

LATE_S = 30.0
"""Seconds after which nobody waits for a message any more."""

MOST_TURNS = 40
"""Messages of a person in one dialogue."""


class Mailbox:
    """Where the callback channel posts its messages."""

    def __init__(self) -> None:
        came: SimpleQueue[dict[str, Any]] = SimpleQueue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                came.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._came, self._waiting = came, list[dict[str, Any]]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self, sender: str, within_s: float = LATE_S) -> dict[str, Any] | None:
        """The next message to somebody; None where none comes in time."""
        end = time.monotonic() + within_s
        while True:
            for message in self._waiting:
                if message["recipient_id"] == sender:
                    self._waiting.remove(message)
                    return message
            try:
                self._waiting.append(self._came.get(timeout=max(end - time.monotonic(), 0.0)))
            except Empty:
                return None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Behind:
    """Our server, in whose place another one may stand for a while."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self.server = self._start("0", cache, TOKEN)

    def _start(self, port: str, cache: Path, token: str) -> Server:
        return Server(cache, "--policy", "patient-bayes", "--port", port, token=token)

    @contextmanager
    def another(self, token: str = TOKEN, cache: Path | None = None) -> Iterator[None]:
        """Meanwhile one of another token, or another cache and so another key, listens on the same port."""
        port = str(self.server.port)
        assert self.server.end() == 0
        stranger = self._start(port, cache or self._cache, token)
        try:
            yield
        finally:
            stranger.end()
            self.server = self._start(port, self._cache, TOKEN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rasa")


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    yield found
    found.close()


@pytest.fixture(scope="module")
def behind(folder: Path) -> Iterator[Behind]:
    found = Behind(folder / "cache")
    yield found
    assert found.server.end() == 0


@pytest.fixture(scope="module")
def rasa(folder: Path, behind: Behind, mailbox: Mailbox) -> Iterator[RasaServer]:
    found = RasaServer(Project(folder / "bot", behind.server.port, mailbox.port))
    yield found
    found.end()


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> Catalogue:
    return datasets.load(DATA, Places(cache=folder / "cache", shared=folder)).catalogue


def waits(rasa: RasaServer, sender: str, channel: str) -> None:
    """Bring a talk to where the agent waits: half a message was sent."""
    for text in ("hello there", "/dont_care", "value 3 and"):
        assert rasa.ask("POST", f"/webhooks/{channel}/webhook", {"sender": sender, "message": text})[0] == 200
    kinds = [event["event"] for event in rasa.tracker(sender)["events"]]
    assert kinds.count("reminder") == 1, kinds


@pytest.mark.parametrize("person", range(24))
def test_people_find_what_they_have_in_mind(rasa: RasaServer, catalogue: Catalogue, person: int) -> None:
    """On the REST channel; every fourth types."""
    seeker = Seeker(catalogue, person * 8, typing=person % 4 == 3)
    sender = f"person-{person}"
    seen = Seen.of(rasa.say(sender, "hello there"))
    for _ in range(MOST_TURNS):
        text = seeker.answer(seen)
        seen = Seen.of(rasa.say(sender, text))
        if text.startswith("/accept"):
            break
    assert seeker.has_taken(seen), seen
    kept = rasa.tracker(sender)
    assert kept["slots"]["convrec_state"], "the talk is with Rasa"
    assert {event["name"] for event in kept["events"] if event["event"] == "action"} <= {
        "action_session_start", "action_listen", "action_convrec_step",
    }  # fmt: skip


def test_after_a_silence_the_agent_speaks_again_unless_something_was_said(rasa: RasaServer, mailbox: Mailbox) -> None:
    for sender in ("silent", "talking"):
        waits(rasa, sender, "callback")
        began = time.monotonic()
        assert mailbox.next(sender), "hello"
        assert mailbox.next(sender), "a question"
    rasa.ask("POST", "/webhooks/callback/webhook", {"sender": "talking", "message": "/dont_care"})
    assert mailbox.next("talking", SILENCE_S / 2), "at once"
    said = mailbox.next("silent", SILENCE_S + LATE_S)
    assert said is not None
    assert said["text"]
    assert said["buttons"], "it goes on with a question"
    assert time.monotonic() > began + SILENCE_S / 2
    assert mailbox.next("talking", SILENCE_S) is None, "the reminder was for somebody who says nothing"
    for sender, woken in (("silent", True), ("talking", False)):
        heard = [event["text"] for event in rasa.tracker(sender)["events"] if event["event"] == "user"]
        assert ("EXTERNAL: silence" in heard) == woken


def test_an_intent_may_be_triggered_from_outside(rasa: RasaServer, mailbox: Mailbox) -> None:
    to = "/conversations/outside/trigger_intent?output_channel=callback"
    assert rasa.ask("POST", to, {"name": "start"})[0] == 200
    welcome = mailbox.next("outside")
    assert welcome is not None
    assert welcome["text"]
    assert rasa.ask("POST", to, {"name": "inform", "entities": {"attribute": "facet 1: value 16"}})[0] == 200
    question = mailbox.next("outside")
    assert question is not None
    assert question["buttons"], "it was understood"
    assert "value 16" not in question["text"], "what was told is not asked about"
    waits(rasa, "half", "callback")
    assert all(mailbox.next("half") for _ in range(2))
    nudge = "/conversations/half/trigger_intent?output_channel=callback"
    assert rasa.ask("POST", nudge, {"name": "silence"})[0] == 200
    assert mailbox.next("half", SILENCE_S / 2), "it need not wait for the reminder"


def test_half_a_message_is_waited_for_on_a_channel_that_cannot_be_pushed_to(rasa: RasaServer) -> None:
    waits(rasa, "rest", "rest")
    assert rasa.say("rest", "/silence")[-1]["buttons"], "the front end says that nothing was said"


def test_a_whole_dialogue_over_socket_io(rasa: RasaServer, catalogue: Catalogue) -> None:
    seeker = Seeker(catalogue, 101)

    async def both() -> tuple[list[Seen], Seen]:
        return await asyncio.gather(seeks_by_socket(rasa.port, seeker), thinks_by_socket(rasa.port))

    seen, woken = asyncio.run(both())
    assert seeker.has_taken(seen[-1]), seen
    assert any(each.cards for each in seen)
    assert any(len(each.buttons) > 2 for each in seen)
    assert rasa.tracker("socket")["latest_input_channel"] == "socketio"
    assert woken.buttons, "a silence is broken here, too"


class Widget:
    """What a page talks through."""

    def __init__(self, client: socketio.AsyncClient, session: str) -> None:
        self._client, self._session = client, session
        self._came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        client.on("bot_uttered", self._came.put_nowait)

    async def say(self, text: str) -> None:
        await self._client.emit("user_uttered", {"message": text, "session_id": self._session})

    async def look(self) -> Seen:
        """What comes next."""
        messages = [await asyncio.wait_for(self._came.get(), SILENCE_S + LATE_S)]
        if [each["title"] for each in messages[0].get("quick_replies", ())] == ["Something else"]:
            messages.append(await asyncio.wait_for(self._came.get(), LATE_S))  # the cards come by themselves
        return Seen.of(messages)


@asynccontextmanager
async def widget(port: int, session: str) -> AsyncIterator[Widget]:
    """One that is connected, and has said whose it is."""
    client = socketio.AsyncClient(reconnection=False)
    confirmed: asyncio.Queue[str] = asyncio.Queue()
    client.on("session_confirm", confirmed.put_nowait)
    found = Widget(client, session)
    await client.connect(f"http://127.0.0.1:{port}", wait_timeout=int(LATE_S))
    try:
        await client.emit("session_request", {"session_id": session})
        assert await asyncio.wait_for(confirmed.get(), LATE_S) == session
        yield found
    finally:
        await client.disconnect()


async def seeks_by_socket(port: int, seeker: Seeker) -> list[Seen]:
    """All that somebody sees of a dialogue."""
    text, seen = "hello there", list[Seen]()
    async with widget(port, "socket") as page:
        for _ in range(MOST_TURNS):
            await page.say(text)
            seen.append(await page.look())
            if text.startswith("/accept"):
                break
            text = seeker.answer(seen[-1])
    return seen


async def thinks_by_socket(port: int) -> Seen:
    """What comes after half a message and a silence."""
    async with widget(port, "pensive") as page:
        for text in ("hello there", "/dont_care"):
            await page.say(text)
            await page.look()
        await page.say("value 3 and")
        began = time.monotonic()
        found = await page.look()
        assert time.monotonic() > began + SILENCE_S / 2
    return found


def test_one_step_back_and_from_the_beginning(rasa: RasaServer) -> None:
    rasa.say("back", "hello there")
    first = Seen.of(rasa.say("back", "/dont_care"))
    second = Seen.of(rasa.say("back", first.buttons[0]))
    assert second.buttons != first.buttons
    for undo in ("/undo", "go back"):
        back = Seen.of(rasa.say("back", undo))
        assert back.buttons == first.buttons, "the same question as before"
        assert Seen.of(rasa.say("back", first.buttons[0])).buttons == second.buttons, "and on as before"
    anew = Seen.of(rasa.say("back", "/restart_talk"))
    assert anew.text
    assert not anew.buttons
    assert Seen.of(rasa.say("back", "/dont_care")).buttons == first.buttons
    assert rasa.say("back", "/restart") == [], "Rasa's own intent: it forgets the talk without a word"
    assert rasa.tracker("back")["slots"]["convrec_state"] is None
    assert Seen.of(rasa.say("back", "/dont_care")).buttons == first.buttons


def test_stars_are_taken(rasa: RasaServer, behind: Behind) -> None:
    rasa.say("fan", "hello there")
    stars = Seen.of(rasa.say("fan", "/feedback")).buttons
    assert len(stars) == 5
    assert rasa.say("fan", stars[3])[0]["text"] == "Thank you."
    assert rasa.tracker("fan")["slots"]["convrec_stars"] == 4
    metrics = behind.server.ask("GET", "/metrics", None, {"Authorization": f"Bearer {TOKEN}"})[1]
    assert 'convrec_ratings_total{stars="4"} 1.0' in metrics


def test_what_may_be_shown_travels_with_the_message(rasa: RasaServer, catalogue: Catalogue) -> None:
    only = {"eligible": [str(catalogue.item_key(item)) for item in (7, 9, 11)]}
    rasa.say("shop", "hello there", metadata=only)
    seen = Seen.of(rasa.say("shop", "/dont_care", metadata=only))
    for _ in range(MOST_TURNS):
        if seen.cards:
            break
        seen = Seen.of(rasa.say("shop", "/dont_care", metadata=only))
    shown = {button for card in seen.cards for button in card if button.startswith("/accept")}
    assert shown <= {f'/accept{{"item": "{item}"}}' for item in only["eligible"]}
    assert shown


def test_a_wrong_token_stops_a_talk_and_breaks_none(rasa: RasaServer, behind: Behind) -> None:
    """Rasa says nothing then; once the token is right again, another process goes on where the talk stood."""
    rasa.say("guest", "hello there")
    first = Seen.of(rasa.say("guest", "/dont_care"))
    with behind.another(token="quite another token, as long"):
        assert rasa.say("guest", first.buttons[0]) == []
    again = Seen.of(rasa.say("guest", first.buttons[0]))
    assert again.buttons, "it goes on"
    assert again.buttons != first.buttons
    assert Seen.of(rasa.say("guest", "/undo")).buttons == first.buttons, "what was lost has not happened"


def test_a_lost_key_lets_talks_begin_anew(rasa: RasaServer, behind: Behind, folder: Path) -> None:
    rasa.say("regular", "hello there")
    first = Seen.of(rasa.say("regular", "/dont_care"))
    second = Seen.of(rasa.say("regular", first.buttons[0]))
    with behind.another(cache=folder / "another cache"):
        anew = Seen.of(rasa.say("regular", second.buttons[0]))
        assert anew.text, "not mute"
        assert not anew.buttons
        assert Seen.of(rasa.say("regular", "/dont_care")).buttons == first.buttons


def test_the_shipped_stories_hold_and_altered_ones_do_not(folder: Path) -> None:
    project = Project(folder / "stories", 1, 1)
    model = str(project.train())
    ran = project.rasa(*STORIES, "--model", model)
    assert ran.returncode == 0, ran.stdout[-3000:]
    stories = "tests/test_stories.yml"
    project.change(stories, "/undo\n        intent: undo", "/undo\n        intent: defer")
    altered = project.rasa(*STORIES, "--model", model)
    assert altered.returncode != 0
    assert "WrongPredictionException" in altered.stdout
    project.change(stories, "/undo\n        intent: defer", "/undo\n        intent: undo")
    project.change(stories, "- action: action_convrec_feedback", "- action: action_convrec_step")
    altered = project.rasa(*STORIES, "--model", model)
    assert altered.returncode != 0
    assert "WrongPredictionException" in altered.stdout
