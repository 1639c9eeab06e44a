"""Everything the server answers, described, and the routes that tell it."""

import base64
import hashlib

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import html
from sanic.response import json as json_response

from convrec.serving.action_call import ActionCall
from convrec.serving.chat_routes import LINES, REST, SESSION
from convrec.serving.gateway import Asked, Rated, Said
from convrec.serving.openapi import MESSAGES, NAME, STYLE, TOKEN, Operation, Query, document, page, refusals

_ASKED = {"sender": "ann"}
_STANDING = {
    "number": {"type": "integer"}, "over": {"type": "boolean"}, "stars": {"type": ["integer", "null"]},
}  # fmt: skip
_OUTLOOK = {
    "noun": {"type": "string"}, "items": {"type": "integer"}, "likely": {"type": "integer"},
    "held": {"type": "integer"},
    "top": {"type": "array"}, "path": {"type": "array"}, "change": {"type": ["object", "null"]},
}  # fmt: skip
_OF_VISITORS = refusals(400, 401, 403, 413, 415, 429, 503)

OPERATIONS = (
    Operation(
        "post", REST, "Answer a message, as Rasa's REST channel does; an empty list where the agent waits", MESSAGES,
        Said, {"sender": "ann", "message": "a comedy with Tom Hanks", "message_id": "1"}, _OF_VISITORS, NAME,
        also={LINES: {"type": "string"}},
        queries={"stream": Query("true for a line of JSON for each message", ("true", "false"))},
    ),
    Operation(
        "post", SESSION, "Give a name to talk under", {"type": "object", "properties": {"sender": {"type": "string"}}},
        refusals=refusals(403, 429),
    ),
    Operation(
        "post", f"{SESSION}/talk", "Tell what was answered so far",
        {"type": "object", "properties": {**_STANDING, "turns": {"type": "array"}}}, Asked, _ASKED, _OF_VISITORS, NAME,
    ),
    Operation(
        "post", f"{SESSION}/belief", "Tell what the agent thinks",
        {"type": "object", "properties": {**_STANDING, **_OUTLOOK}}, Asked, _ASKED, _OF_VISITORS, NAME,
    ),
    Operation(
        "post", f"{SESSION}/rating", "Take one to five stars for a talk that is over",
        {"type": "object", "properties": {"stars": {"type": "integer"}}}, Rated,
        {"sender": "ann", "number": 7, "stars": 5}, {**_OF_VISITORS, **refusals(409)}, NAME,
    ),
    Operation(
        "post", "/webhook", "Carry out an action for Rasa", {"type": "object", "required": ["events", "responses"]},
        ActionCall,
        {"next_action": "action_convrec_start", "tracker": {"sender_id": "ann"}},
        refusals(400, 401, 403, 404, 413, 415, 503), TOKEN,
    ),
    Operation(
        "get", "/actions", "List the actions",
        {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        refusals=refusals(401, 403), caller=TOKEN,
    ),
    Operation(
        "get", "/metrics", "Tell figures, as Prometheus reads them", {"type": "string"}, refusals=refusals(401, 403),
        caller=TOKEN, media="text/plain",
    ),
    Operation("get", "/health", "Tell that it runs", {"type": "object"}, refusals=refusals(403)),
    Operation("get", "/ready", "Tell that it can answer", {"type": "object"}, refusals=refusals(403, 503)),
)  # fmt: skip


def described() -> Blueprint:
    """Routes of the document and of the page."""
    routes, content, text = Blueprint("described"), document(OPERATIONS), page(OPERATIONS)
    style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = {"Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'"}

    @routes.get("/openapi.json")
    async def for_machines(request: Request) -> HTTPResponse:
        return json_response(content)

    @routes.get("/openapi")
    async def for_people(request: Request) -> HTTPResponse:
        return html(text, headers=policy)

    return routes
