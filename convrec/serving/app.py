"""The server that Rasa calls: one route for actions behind a token, and a few that tell how it is.

rasa-sdk's own route reads bodies without bound and echoes what it cannot read; this one does neither.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import ValidationError
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.response import json as json_response
from sanic.response import raw

from convrec.serving.action_call import ActionCall
from convrec.serving.actions import executor
from convrec.serving.answering import Answerer
from convrec.serving.backend import Backend
from convrec.serving.bodies import MOST_BYTES, BodyError, read_json
from convrec.serving.chat_routes import ChatAuth, ChatRoutes
from convrec.serving.desk import RequestError
from convrec.serving.guarding import first_of, guard, is_this_machine
from convrec.serving.metrics import Metrics
from convrec.serving.operations import described
from convrec.serving.page_routes import PageRoutes
from convrec.serving.sealing import SealError
from convrec.serving.socket_channel import SocketChannel
from convrec.serving.store import StoreBusyError
from convrec.serving.visitors import Visitors
from convrec.serving.workers import BusyError
from dialogs.session import SILENCE_S

log = structlog.get_logger("convrec.serving")


@dataclass(frozen=True)
class ServeOptions:
    """How the server behaves."""

    token: str | None = None
    """What callers have to know; None for anybody, which is for this machine alone."""
    chat_auth: ChatAuth = "session"
    """Who may talk to the gateway: whoever was given a name, or whoever knows the token."""
    deadline_s: float = 10.0
    silence_s: float = SILENCE_S
    """Seconds of silence after which the agent thinks again where it has waited."""


App = Sanic[Any, Any]


def make_app(answerer: Answerer[Backend], options: ServeOptions, visitors: Visitors, name: str = "convrec") -> App:
    """The server, not running yet.

    :param answerer: has begun; it is closed when the server ends.
    :param visitors: who may talk to the gateway.
    """
    app: App = Sanic(name, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MOST_BYTES
    app.config.RESPONSE_TIMEOUT = int(options.deadline_s) + 20
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = options.deadline_s + 5
    app.config.FALLBACK_ERROR_FORMAT = "json"
    metrics = Metrics()
    actions = executor(answerer, metrics.rated, options.silence_s)
    known = guard(options.token)
    chat = ChatRoutes(answerer, visitors, options.token, options.chat_auth, metrics)
    app.blueprint(chat.blueprint())
    app.blueprint(PageRoutes(chat).blueprint())
    app.blueprint(described())
    SocketChannel(chat, options.silence_s).attach(app)
    _begin_and_end(app, answerer)

    @app.post("/webhook")
    @known
    async def webhook(request: Request) -> HTTPResponse:
        with metrics.turn():
            return await _act(actions, request)

    @app.get("/actions")
    @known
    async def listed(request: Request) -> HTTPResponse:
        return json_response([{"name": action} for action in sorted(actions.actions)])

    @app.get("/metrics")
    @known
    async def counted(request: Request) -> HTTPResponse:
        metrics.under_way.set(answerer.under_way)
        return raw(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/health")
    async def health(request: Request) -> HTTPResponse:
        return json_response({"status": "ok"})

    @app.get("/ready")
    async def ready(request: Request) -> HTTPResponse:
        is_ready = app.ctx.ready and answerer.is_ready
        return json_response({"ready": is_ready}, 200 if is_ready else 503)

    async def noted(request: Request, response: HTTPResponse) -> None:
        route = request.route.path if request.route else "none"
        metrics.requests.labels(f"/{route}", str(response.status)).inc()
        log.info("request", route=f"/{route}", method=request.method, status=response.status)

    async def called_by_its_name(request: Request) -> HTTPResponse | None:
        # A page that calls this machine by a name of its own would be taken for ours (DNS rebinding).
        if options.token is None and not is_this_machine(request.server_name):
            return json_response({"error": "without a token this machine alone may call, as localhost"}, 403)
        return None

    app.register_middleware(called_by_its_name, "request")
    app.register_middleware(noted, "response")  # type: ignore[arg-type]  # its types know no answer but another one

    @app.exception(Exception)
    async def failed(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException):
            told = {"error": _OF_STATUS.get(error.status_code, "refused")}
            return json_response(told, error.status_code, headers=error.headers)
        log.error("failed", error=type(error).__name__, exc_info=error)
        return json_response({"error": "something went wrong here; it is in the log"}, 500)

    return app


async def _forget_hourly(answerer: Answerer[Backend]) -> None:
    while True:
        try:
            log.info("forgotten", talks=await answerer.somewhere(Backend.forget))
        except (BusyError, StoreBusyError) as error:
            log.warning("not forgotten", error=str(error))
        except Exception as error:  # it is tried again in an hour, whatever it was
            log.exception("not forgotten", error=type(error).__name__)
        await asyncio.sleep(3600)


def _begin_and_end(app: App, answerer: Answerer[Backend]) -> None:
    app.ctx.ready = False

    @app.after_server_start
    async def begun(app: App) -> None:
        app.ctx.ready = True
        app.add_task(_forget_hourly(answerer), name="forget")

    @app.before_server_stop
    async def draining(app: App) -> None:
        app.ctx.ready = False
        await app.cancel_task("forget", raise_exception=False)

    @app.after_server_stop
    async def drained(app: App) -> None:
        answerer.close()


_OF_STATUS = {404: "there is nothing here", 405: "not by this method", 408: "too slow", 413: "too large"}
"""What is said of what Sanic refuses by itself; never what was sent."""


async def _act(actions: ActionExecutor, request: Request) -> HTTPResponse:
    """Carry out what Rasa asks for."""
    action = None
    try:
        content = read_json(request.body, request.headers.get("content-encoding"))
        call = ActionCall.model_validate(content)
        if call.next_action in actions.actions:  # no other name is repeated
            action = call.next_action
        tracker = call.tracker.model_dump()
        found = await actions.run({"next_action": call.next_action, "tracker": tracker, "domain": {}})
    except BodyError as error:
        return _refused(str(error), error.status, action)
    except ValidationError as error:
        return _refused(first_of(error), 400, action)
    except ActionNotFoundException:
        return _refused("there is no such action; see /actions", 404, action)
    except RequestError as error:
        return _refused(str(error), 400, action)
    except SealError:
        return _refused("convrec_state is not what this server gave this sender", 400, action)
    except ActionExecutionRejection as error:
        return _refused(error.message, 400, action)
    except BusyError as error:
        return _refused(str(error), 503, action)
    assert found is not None
    return json_response(found.model_dump())


def _refused(why: str, status: int, action: str | None) -> HTTPResponse:
    """One line, and the name of the action where Rasa looks for it."""
    return json_response({"error": why, "action_name": action or ""}, status)
