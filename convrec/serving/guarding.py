"""What every route asks first: whether the caller knows the token, and how a refusal is worded."""

import hmac
import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any

from pydantic import ValidationError
from sanic import HTTPResponse, Request
from sanic.response import json as json_response

Handler = Callable[..., Any]


def knows_token(request: Request, token: str) -> bool:
    """Whether a request carries the token: in the header Authorization, or as Rasa sends it, as ``?token=``."""
    return is_token(request.token or request.args.get("token") or "", token)


def is_token(given: str, token: str) -> bool:
    """Whether this is the token; told in the same time whatever is given."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


def is_this_machine(host: str) -> bool:
    """Whether a host is the machine we run on, by a name that nobody else can have."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def guard(token: str | None) -> Callable[[Handler], Handler]:
    """Lets those in who know the token; everybody where there is none."""

    def guarded(handler: Handler) -> Handler:
        @wraps(handler)
        async def handle(request: Request) -> HTTPResponse:
            if token is not None and not knows_token(request, token):
                return json_response({"error": "a token is wanted: Authorization: Bearer …, or ?token=…"}, 401)
            found: HTTPResponse = await handler(request)
            return found

        return handle

    return guarded


def first_of(error: ValidationError) -> str:
    """What is wrong first and where, without what was sent."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(str(each) for each in first['loc'])}: {first['msg']}"
