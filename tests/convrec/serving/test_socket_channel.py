"""The gateway over socket.io, with the client that Rasa's own tests use: whole talks, silences, and who may not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as NotConnectedError

from convrec.serving.socket_channel import AFTER_CARDS, socket_messages
from tests.convrec.serving.servers import TOKEN, Server

WAIT_S = 20
SILENCE_S = 0.5
AUTH = {"token": TOKEN}


class Widget:
    """A front end: what it was told, and in which order."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client, self.told, self.names = client, asyncio.Queue[Any](), asyncio.Queue[Any]()
        client.on("bot_uttered", self.told.put)
        client.on("session_confirm", self.names.put)

    async def begin(self, name: str | None = None) -> str:
        """The name that this browser is given."""
        await self.client.emit("session_request", {"session_id": name})
        return str(await asyncio.wait_for(self.names.get(), WAIT_S))

    async def say(self, message: str, **more: Any) -> list[dict[str, Any]]:
        """All that comes of one message."""
        await self.client.emit("user_uttered", {"message": message, **more})
        return await self.hear()

    async def hear(self) -> list[dict[str, Any]]:
        found = [await asyncio.wait_for(self.told.get(), WAIT_S)]
        while True:
            try:
                found.append(await asyncio.wait_for(self.told.get(), 0.25))
            except TimeoutError:
                return found


@asynccontextmanager
async def connected(
    server: Server, transport: str = "websocket", auth: Any = None, headers: dict[str, str] | None = None
) -> AsyncIterator[Widget]:
    client = socketio.AsyncClient(reconnection=False)
    widget = Widget(client)
    address = f"http://127.0.0.1:{server.port}"
    try:
        await client.connect(address, transports=[transport], auth=auth, headers=headers or {}, retry=False)
        yield widget
    finally:
        # A request of a polling client lasts as long as the server has nothing to say.
        await client.eio.disconnect(abort=transport == "polling")
        if client.eio.http is not None:
            await client.eio.http.close()


async def whole_talk(widget: Widget) -> list[list[dict[str, Any]]]:
    """Say nothing of use until a list comes, and take its first item."""
    found = [await widget.say("hello there")]
    for _ in range(15):
        cards = [each for each in found[-1] if "attachment" in each]
        if cards:
            found.append(await widget.say(cards[0]["attachment"]["payload"]["elements"][0]["buttons"][0]["payload"]))
            break
        found.append(await widget.say("/dont_care"))
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    cache = tmp_path_factory.mktemp("cache")
    found = Server(cache, "--origin", "https://shop.example")
    yield found
    assert found.end() == 0


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An agent that always gives the other time, for those who know the token."""
    cache = tmp_path_factory.mktemp("cache")
    found = Server(
        cache, "--policy", "always-wait-bayes", "--silence", str(SILENCE_S), "--chat-auth", "token",
    )  # fmt: skip
    yield found
    assert found.end() == 0


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_talk_from_the_first_word_to_the_last(server: Server, transport: str) -> None:
    async def talk() -> None:
        async with connected(server, transport) as widget:
            name = await widget.begin()
            found = await whole_talk(widget)
        title = next(each for each in found[-2] if "attachment" in each)["attachment"]["payload"]["elements"][0][
            "title"
        ]
        assert title in found[-1][-1]["text"]
        replies = next(each for messages in found for each in messages if "quick_replies" in each)["quick_replies"]
        assert set(replies[0]) == {"content_type", "title", "payload"}
        assert "." in name

    asyncio.run(talk())


def test_who_comes_back_goes_on_and_all_pages_are_told(server: Server) -> None:
    async def talk() -> None:
        async with connected(server) as widget:
            name = await widget.begin()
            first = await widget.say("/dont_care")
        async with connected(server) as again, connected(server, "polling") as other:
            assert await again.begin(name) == name
            assert await other.begin(name) == name
            explained = await again.say("/why")
            assert await other.hear() == explained
            assert explained[-1]["quick_replies"] == first[-1]["quick_replies"], "the talk went on from where it was"

    asyncio.run(talk())


def test_the_agent_speaks_again_after_a_silence_but_not_while_somebody_types(waiting: Server) -> None:
    async def talk() -> None:
        async with connected(waiting, auth=AUTH) as widget:
            await widget.client.emit("user_uttered", {"message": "let me think"})
            await widget.client.emit("typing", {"typing": True})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(widget.told.get(), 6 * SILENCE_S)
            await widget.client.emit("typing", {"typing": False})
            assert (await widget.hear())[-1]["text"], "after three silences it has waited for long enough"

    asyncio.run(talk())


def test_names_that_we_have_not_given_are_exchanged_unless_the_token_is_known(server: Server) -> None:
    async def talk() -> None:
        async with connected(server) as widget:
            assert await widget.begin("somebody else's") != "somebody else's"
        async with connected(server, auth=AUTH) as widget:
            assert await widget.begin("a shop's own") == "a shop's own"

    asyncio.run(talk())


def test_what_cannot_be_read_is_told_in_one_line(server: Server) -> None:
    async def talk() -> None:
        async with connected(server) as widget:
            for nonsense in ("hello", {"message": 7}, {"message": "x" * 5000}, [1, 2], None):
                await widget.client.emit("user_uttered", nonsense)
                (told,) = await widget.hear()
                assert "\n" not in told["text"]
                assert "x" * 100 not in told["text"]
            await widget.client.emit("typing", "yes")
            assert (await widget.say("hello there"))[-1]["text"], "and the talk goes on"

    asyncio.run(talk())


def test_only_pages_that_are_welcome_connect(server: Server) -> None:
    async def talk() -> None:
        async with connected(server, headers={"Origin": "https://shop.example"}) as widget:
            assert await widget.begin()
        for transport in ("websocket", "polling"):
            with pytest.raises(NotConnectedError):
                async with connected(server, transport, headers={"Origin": "https://elsewhere.example"}):
                    pass

    asyncio.run(talk())


def test_where_a_token_is_wanted_nobody_else_connects(waiting: Server) -> None:
    async def talk() -> None:
        for auth in (None, {"token": "another one, and long enough"}, {"token": 7}, "nonsense"):
            with pytest.raises(NotConnectedError):
                async with connected(waiting, auth=auth):
                    pass
        async with connected(waiting, auth=AUTH) as widget:
            assert (await widget.say("hello there"))[-1]["text"]

    asyncio.run(talk())


def test_quick_replies_come_with_the_last_message() -> None:
    buttons = [{"title": "Something else", "payload": "/deny"}]
    reply = [{"content_type": "text", **buttons[0]}]
    cards = {"type": "template", "payload": {}}
    text = {"recipient_id": "ann", "text": "Look:", "buttons": buttons}
    assert socket_messages([text]) == [{"text": "Look:", "quick_replies": reply}]
    assert socket_messages([text, {"recipient_id": "ann", "attachment": cards}]) == [
        {"text": "Look:"}, {"attachment": cards}, {"text": AFTER_CARDS, "quick_replies": reply},
    ]  # fmt: skip
    assert socket_messages([]) == []
