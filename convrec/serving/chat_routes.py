"""Routes for people's browsers: a name for who has none, and messages as Rasa's REST channel takes them."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import ValidationError
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as json_response
from sanic.response import text as text_response

from convrec.serving.actions import TOO_SLOW
from convrec.serving.answering import Answerer
from convrec.serving.backend import Backend
from convrec.serving.bodies import MOST_BYTES, BodyError, read_json
from convrec.serving.desk import RequestError
from convrec.serving.gateway import Asked, Rated, Said, as_lines, rest_messages
from convrec.serving.guarding import Handler, first_of, knows_token
from convrec.serving.metrics import Metrics
from convrec.serving.store import StoreBusyError
from convrec.serving.visitors import Visitors
from convrec.serving.workers import BusyError

ChatAuth = Literal["session", "token"]

REST = "/webhooks/rest/webhook"
SESSION = "/session"
LINES = "application/x-ndjson"
"""Medium of an answer that comes as a line of JSON for each message."""


Sent = TypeVar("Sent", Said, Asked, Rated)

MOST_OF_VISITORS = 1 << 16
"""Bytes of a body of who does not know the token."""


class RefusedError(Exception):
    """A message that is not answered.

    :param status: of the answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ChatRoutes:
    """What is behind the routes."""

    answerer: Answerer[Backend]
    visitors: Visitors
    token: str | None
    """Whoever knows it may speak for any sender; where there is none, this machine alone calls, and may."""
    auth: ChatAuth
    metrics: Metrics

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("chat")
        self.add(routes, SESSION, self.session, "session")
        self.add(routes, REST, self.rest, "rest")
        return routes

    def add(self, routes: Blueprint, path: str, handler: Handler, name: str) -> None:
        """A route that pages may call, and what browsers ask beforehand."""
        routes.add_route(self._for_pages(handler), path, methods=["POST"], name=name)
        routes.add_route(self._for_pages(self.asked), path, methods=["OPTIONS"], name=f"asked_{name}")

    def _for_pages(self, handler: Handler) -> Handler:
        """Answers pages of origins that are welcome, and what is no page of a browser; no other page."""

        async def handle(request: Request) -> HTTPResponse:
            origin = request.headers.get("origin")
            if not self.visitors.welcomes(origin, request.host):
                return json_response({"error": "pages of this origin may not talk here"}, 403)
            response = await _told_why(handler, request)
            response.headers["Vary"] = "Origin"
            if origin is not None:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response.headers["Access-Control-Allow-Methods"] = "POST"
            return response

        return handle

    async def asked(self, request: Request) -> HTTPResponse:
        """A browser asks beforehand what a page may send."""
        return text_response("", 204)

    async def session(self, request: Request) -> HTTPResponse:
        """A name for who has none."""
        if not self.visitors.may_have_name(request.remote_addr or request.ip):
            return json_response({"error": "too many names in a minute; try again in a moment"}, 429)
        return json_response({"sender": self.visitors.new_name()})

    async def rest(self, request: Request) -> HTTPResponse:
        """A message, and the messages it is answered by."""
        said = self.read(request, Said)
        messages = await self._answered(said)
        if request.args.get("stream") == "true":
            return text_response(as_lines(messages), content_type=LINES)
        return json_response(messages)

    def read(self, request: Request, kind: type[Sent], looks: bool = False) -> Sent:
        """What was sent, by who may send it.

        :param looks: that only looks at how the talk stands, which may be done more often.
        :raises BodyError: when it cannot be read.
        :raises ValidationError: when it is not what is wanted.
        :raises RefusedError: when it is not answered.
        """
        trusted = self.trusts(self.token is None or knows_token(request, self.token))
        most = MOST_BYTES if trusted else MOST_OF_VISITORS
        sent = kind.model_validate(read_json(request.body, request.headers.get("content-encoding"), most))
        return self._admitted(sent, trusted, looks)

    def trusts(self, knows_token: bool) -> bool:
        """Whether a caller may speak for any sender.

        :param knows_token: whether the caller has sent the token, where there is one.
        :raises RefusedError: where nobody else may call.
        """
        trusted = self.token is None or knows_token
        if not trusted and self.auth == "token":
            raise RefusedError("a token is wanted: Authorization: Bearer …", 401)
        return trusted

    async def answer(self, said: Said, trusted: bool) -> list[dict[str, Any]]:
        """The messages that answer one, as Rasa's REST channel writes them.

        :raises RefusedError: when it is not answered.
        """
        try:
            return await self._answered(self._admitted(said, trusted))
        except RequestError as error:
            raise RefusedError(str(error), 400) from error
        except (BusyError, StoreBusyError) as error:
            raise RefusedError(str(error), 503) from error

    async def _answered(self, said: Said) -> list[dict[str, Any]]:
        with self.metrics.turn():
            found = await self.answerer(said.sender, Backend.answer, said)
        return rest_messages(said.sender, (TOO_SLOW,)) if found is None else found

    def _admitted(self, sent: Sent, trusted: bool, looks: bool = False) -> Sent:
        """What was sent, as far as its sender may send it."""
        if trusted:
            return sent
        self._admit(sent.sender, looks)
        # What may be shown is up to who knows the token.
        return sent.model_copy(update={"metadata": None})

    def _admit(self, sender: str, looks: bool) -> None:
        if not self.visitors.knows(sender):
            raise RefusedError(f"a sender that POST {SESSION} has given is wanted", 401)
        if not (self.visitors.may_look(sender) if looks else self.visitors.may_speak(sender)):
            raise RefusedError("too many messages in a minute; try again in a moment", 429)


async def _told_why(handler: Handler, request: Request) -> HTTPResponse:
    """What a handler answers; one line where it does not."""
    try:
        found: HTTPResponse = await handler(request)
    except (BodyError, RefusedError) as error:
        return json_response({"error": str(error)}, error.status)
    except ValidationError as error:
        return json_response({"error": first_of(error)}, 400)
    except RequestError as error:
        return json_response({"error": str(error)}, 400)
    except (BusyError, StoreBusyError) as error:
        return json_response({"error": str(error)}, 503)
    return found
