"""The gateway over socket.io, with the events of Rasa's channel, so that widgets made for that work unchanged.

``session_request`` is answered by ``session_confirm``, ``user_uttered`` by any number of ``bot_uttered``.  Beyond
Rasa's channel it hears ``typing``, and speaks again by itself when nothing was said for a while after it has waited.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import socketio
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sanic import Request, Sanic
from socketio.exceptions import ConnectionRefusedError as RefusedConnection

from convrec.serving.chat_routes import MOST_OF_VISITORS, ChatRoutes, RefusedError
from convrec.serving.gateway import LONGEST_MESSAGE, Said
from convrec.serving.guarding import first_of, is_token, knows_token
from convrec.serving.heard import payload
from dialogs.session import SILENCE_S

MOST_CONNECTED = 2000
"""Connections at a time."""

AFTER_CARDS = "None of these?"
"""Said with the quick replies of a list: widgets hide those of a message that another one follows."""

log = structlog.get_logger("convrec.serving")


class _Named(BaseModel):
    model_config = ConfigDict(extra="ignore")

    session_id: str | None = Field(default=None, max_length=200)


class _Uttered(_Named):
    message: str = Field(max_length=LONGEST_MESSAGE)
    message_id: str | None = Field(default=None, min_length=1, max_length=200)
    customData: dict[str, Any] | None = None  # noqa: N815 - as Rasa's widgets call it


class _Typing(BaseModel):
    model_config = ConfigDict(extra="ignore")

    typing: bool


@dataclass
class _Connection:
    """One browser."""

    address: str
    trusted: bool
    sender: str | None = None
    typing: bool = False
    waited: bool = False
    """Whether the agent gives the other time."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a message is answered: the next one comes after it."""
    silence: asyncio.Task[None] | None = None

    def hush(self) -> None:
        """Something happens: nobody has been silent."""
        if self.silence is not None:
            self.silence.cancel()
            self.silence = None


class SocketChannel:
    """Answers widgets.

    :param routes: the rules of the gateway, which hold here as well.
    :param silence_s: seconds of silence after which the agent thinks again.
    """

    def __init__(self, routes: ChatRoutes, silence_s: float = SILENCE_S) -> None:
        self._routes, self._silence_s = routes, silence_s
        self._connections: dict[str, _Connection] = {}
        self._server = socketio.AsyncServer(
            async_mode="sanic", cors_allowed_origins=self._welcomes, max_http_buffer_size=MOST_OF_VISITORS
        )
        for event in ("connect", "disconnect", "session_request", "user_uttered", "typing"):
            self._server.on(event, getattr(self, f"_{event}"))

    def attach(self, app: Sanic[Any, Any]) -> None:
        """Answer at ``/socket.io`` of a server."""
        self._server.attach(app)
        app.before_server_stop(self._end)

    async def _end(self, app: Sanic[Any, Any]) -> None:
        for connection in self._connections.values():
            connection.hush()
        await self._server.shutdown()

    def _welcomes(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        request: Request = environ["sanic.request"]
        return self._routes.visitors.welcomes(origin, request.host)

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        request: Request = environ["sanic.request"]
        given = auth.get("token") if isinstance(auth, dict) else None
        token = self._routes.token or ""
        knows = knows_token(request, token) or (isinstance(given, str) and is_token(given, token))
        if len(self._connections) >= MOST_CONNECTED:
            raise RefusedConnection("too many at once; try again in a moment")
        try:
            trusted = self._routes.trusts(knows)
        except RefusedError as error:
            raise RefusedConnection("a token is wanted: auth = {token: …}") from error
        self._connections[sid] = _Connection(request.remote_addr or request.ip, trusted)

    async def _disconnect(self, sid: str, reason: str = "") -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            connection.hush()

    async def _session_request(self, sid: str, data: object = None) -> None:
        if (connection := self._connections.get(sid)) is not None:
            await self._carefully(sid, self._begin(sid, connection, data))

    async def _user_uttered(self, sid: str, data: object = None) -> None:
        if (connection := self._connections.get(sid)) is not None:
            await self._carefully(sid, self._hear(sid, connection, data))

    async def _carefully(self, sid: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something, and tell one browser in one line what goes wrong with it."""
        try:
            await work
        except ValidationError as error:
            await self._say(sid, first_of(error))
        except RefusedError as error:
            await self._say(sid, str(error))
        except Exception as error:
            log.exception("failed", error=type(error).__name__)
            await self._say(sid, "something went wrong here; it is in the log")

    async def _begin(self, sid: str, connection: _Connection, data: object) -> None:
        named = _Named.model_validate(data or {})
        sender = await self._name(sid, connection, named.session_id)
        await self._server.emit("session_confirm", sender, to=sid)

    async def _hear(self, sid: str, connection: _Connection, data: object) -> None:
        connection.hush()
        connection.typing = False
        uttered = _Uttered.model_validate(data)
        sender = await self._name(sid, connection, uttered.session_id)
        said = Said(sender=sender, message=uttered.message, message_id=uttered.message_id, metadata=uttered.customData)
        await self._answer(sid, connection, said)

    async def _typing(self, sid: str, data: object = None) -> None:
        """Whoever types is not silent; who stops without sending anything is."""
        connection = self._connections.get(sid)
        if connection is None:
            return
        try:
            connection.typing = _Typing.model_validate(data).typing
        except ValidationError:
            return
        connection.hush()
        self._listen(sid, connection)

    async def _name(self, sid: str, connection: _Connection, wanted: str | None) -> str:
        """The sender that this browser speaks as: the one it wants if it may, else one of its own.

        :raises RefusedError: when it can be given none.
        """
        visitors, before = self._routes.visitors, connection.sender
        if wanted and (connection.trusted or visitors.knows(wanted)):
            connection.sender = wanted
        elif before is None:
            if not visitors.may_have_name(connection.address):
                raise RefusedError("too many names in a minute; try again in a moment", 429)
            connection.sender = visitors.new_name()
        assert connection.sender is not None
        if connection.sender != before:
            if before is not None:
                await self._server.leave_room(sid, before)
            await self._server.enter_room(sid, connection.sender)
        return connection.sender

    async def _answer(self, sid: str, connection: _Connection, said: Said) -> None:
        async with connection.turn:
            found = await self._routes.answer(said, connection.trusted)
            for message in socket_messages(found):
                # To all pages on which this person has the talk open.
                await self._server.emit("bot_uttered", message, to=said.sender)
            connection.waited = not found
        self._listen(sid, connection)

    def _listen(self, sid: str, connection: _Connection) -> None:
        """Think again when nothing is said for a while, if the agent has waited for something."""
        connection.hush()
        idle = not connection.typing and not connection.turn.locked()
        if connection.waited and idle and sid in self._connections:
            connection.silence = asyncio.create_task(self._think_again(sid, connection))

    async def _think_again(self, sid: str, connection: _Connection) -> None:
        await asyncio.sleep(self._silence_s)
        connection.silence = None  # what follows is a turn, which nothing cancels
        assert connection.sender is not None
        said = Said(sender=connection.sender, message=payload("silence"))
        await self._carefully(sid, self._answer(sid, connection, said))

    async def _say(self, sid: str, text: str) -> None:
        """Tell one browser alone."""
        await self._server.emit("bot_uttered", {"text": text}, to=sid)


def socket_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages as Rasa's socket.io channel writes them, from those of its REST channel: quick replies come last."""
    found: list[dict[str, Any]] = [
        {"attachment": each["attachment"]} if "attachment" in each else {"text": each["text"]} for each in messages
    ]
    replies = [{"content_type": "text", **button} for each in messages for button in each.get("buttons", ())]
    if replies and "text" not in found[-1]:
        found.append({"text": AFTER_CARDS})
    if replies:
        found[-1]["quick_replies"] = replies
    return found
