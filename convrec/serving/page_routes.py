"""Routes of the page: its files, and what it asks beside the chat."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as json_response
from sanic.response import raw

from convrec.serving.backend import Backend
from convrec.serving.chat_routes import SESSION, ChatRoutes, RefusedError
from convrec.serving.gateway import Asked, NotOverError, Rated
from convrec.serving.guarding import Handler

PAGE = Path(__file__).with_name("page")

KINDS = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}  # fmt: skip

POLICY = "; ".join([
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
])  # fmt: skip
"""Of what the page may load and do (https://www.w3.org/TR/CSP3): nothing but what is ours, and no script in markup."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",  # asked for anew each time, and by its ETag hardly ever sent anew
}


@dataclass(frozen=True)
class PageRoutes:
    """What is behind the routes."""

    chat: ChatRoutes
    """Who may talk there may ask here, in the same way."""

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("page")
        for path in sorted(PAGE.iterdir()):
            if path.suffix in KINDS:
                place = "/" if path.name == "index.html" else f"/page/{path.name}"
                name = path.name.replace(".", "_")
                routes.add_route(_file(path), place, methods=["GET", "HEAD"], name=name)
        self.chat.add(routes, f"{SESSION}/talk", self.talk, "talk")
        self.chat.add(routes, f"{SESSION}/belief", self.belief, "belief")
        self.chat.add(routes, f"{SESSION}/rating", self.rating, "rating")
        return routes

    async def talk(self, request: Request) -> HTTPResponse:
        """What was answered so far, to draw it again."""
        asked = self.chat.read(request, Asked, looks=True)
        return _answer(await self.chat.answerer(asked.sender, Backend.talk, asked))

    async def belief(self, request: Request) -> HTTPResponse:
        """What the agent thinks."""
        asked = self.chat.read(request, Asked, looks=True)
        return _answer(await self.chat.answerer(asked.sender, Backend.look, asked))

    async def rating(self, request: Request) -> HTTPResponse:
        """Stars for a talk that has ended; what it was given first stands."""
        rated = self.chat.read(request, Rated)
        try:
            found = await self.chat.answerer(rated.sender, Backend.rate, rated)
        except NotOverError as error:
            raise RefusedError(str(error), 409) from error
        if found is None:
            return _answer(None)
        stars, first = found
        if first:
            self.chat.metrics.rated(stars)
        return _answer({"stars": stars})


def _answer(found: object) -> HTTPResponse:
    if found is None:
        return json_response({"error": "that took too long; try again in a moment"}, 503)
    return json_response(found, headers={"Cache-Control": "no-store"})


def _file(path: Path) -> Handler:
    """Hands out a file, unless the browser has it as it is."""
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers, kind = {**HEADERS, "ETag": tag}, KINDS[path.suffix]

    async def handle(request: Request) -> HTTPResponse:
        known = request.headers.get("if-none-match", "")
        if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
            return raw(b"", 304, headers)
        return raw(content, 200, headers, content_type=kind)

    return handle
