"""``convrec serve``: the agent behind Rasa, or behind a front end of your own."""

import contextlib
import logging
import os
import secrets
import socket
import sys
import traceback
from collections.abc import MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import rich_click as click

from convrec.cli import examples
from convrec.configured import ConfiguredCommand
from convrec.run_options import notices
from convrec.settings import Settings
from convrec.talk_flags import talk_flags
from graph.errors import OptionError

SHORTEST_TOKEN = 16
"""Characters that nobody guesses."""

MOST_WORKERS = 2
"""Processes that answer where nobody says how many: each takes most of a gigabyte with all films."""

KEY_FILE = "serving.key"
TALKS_FILE = "talks.sqlite"
KEY_BYTES = 32


@click.command(
    cls=ConfiguredCommand,
    epilog=examples(
        "convrec serve",
        "convrec serve --data lastfm --questions facet --port 5056",
        "CONVREC_SERVE_DATA=lastfm convrec serve",
        "CONVREC_AUTH_TOKEN=$(openssl rand -hex 16) convrec serve --host 0.0.0.0",
    ),
)
@talk_flags(questions="facet")
@click.option("--host", metavar="ADDRESS", help="Where to listen; by default this machine alone.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT", help="By default 5055; 0 for any that is free.")
@click.option("--origin", "origins", multiple=True, metavar="URL",
              help="Pages of this origin may talk to the gateway, such as https://shop.example.")  # fmt: skip
@click.option("--chat-auth", type=click.Choice(["session", "token"]), default="session", show_default=True,
              help="Who may talk to the gateway: whoever was given a name, or whoever knows the token.")  # fmt: skip
@click.option("--talks", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Keep the gateway's talks here; by default in the folder of your data.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", show_default=f"processors, {MOST_WORKERS} at most",
              help="Processes that answer, each with all data in memory.")  # fmt: skip
@click.option("--deadline", type=click.FloatRange(0.1, 300), default=10.0, show_default=True,
              help="Seconds after which a turn is answered with an excuse.")  # fmt: skip
@click.option("--silence", type=click.FloatRange(0.1, 3600), show_default="as in convrec chat",
              help="Seconds of silence after which the agent thinks again where it has waited.")  # fmt: skip
def serve(
    data: str, policy: str, checkpoint: Path | None, generator: str, affinity: str, questions: str, turns: int,
    list_length: int, exclude: tuple[str, ...], host: str | None, port: int | None, origins: tuple[str, ...],
    chat_auth: Literal["session", "token"], talks: Path | None, workers: int | None, deadline: float,
    silence: float | None,
) -> None:  # fmt: skip
    """Serve the agent: to Rasa as its action server, and to front ends as Rasa's REST channel.

    Rasa has to know the token in CONVREC_AUTH_TOKEN; without one this machine alone may call.  A conversation that Rasa
    holds travels in its slot convrec_state, sealed; those of the gateway are kept in a file.

    Each flag may be set as CONVREC_SERVE_… in the environment, or in the table [serve] of convrec.toml.
    """
    from convrec.serving.answering import Answerer
    from convrec.serving.app import ServeOptions, make_app
    from convrec.serving.backend import make_backend
    from convrec.serving.visitors import Visitors
    from convrec.talk import TalkOptions
    from dialogs.session import SILENCE_S

    settings = Settings(host=host, port=port)
    token = None if settings.auth_token is None else settings.auth_token.get_secret_value()
    check_reach(settings.host, token)
    pages = [origin_of(each) for each in origins]
    options = TalkOptions(
        data, policy, affinity, questions, turns, list_length, generator, None, 0, exclude, checkpoint
    )
    options.check_names()
    with contextlib.closing(listen(settings.host, settings.port)) as listening:
        key = sealing_key(settings)
        log_as_lines()
        make = partial(make_backend, options, key, talks or settings.dialogs_folder().with_name(TALKS_FILE))
        answerer = Answerer(make, workers or _processors(), deadline_s=deadline)
        try:
            with notices.status(f"setting the table: {data}"):
                answerer.begin()
        except BaseException:
            answerer.kill()
            raise
        serving = ServeOptions(token, chat_auth, deadline, silence or SILENCE_S)
        app = make_app(answerer, serving, Visitors(key, pages))
        address = f"http://{settings.host}:{listening.getsockname()[1]}"
        key_needed = "with the token" if token else "without a token, for this machine alone"
        notices.print(f"serving {data} on {address}, {key_needed}; Ctrl-C ends it", soft_wrap=True)
        app.run(sock=listening, single_process=True, motd=False, access_log=False)


def _processors() -> int:
    """Of those this process may use, so many as are worth it."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_WORKERS)


def check_reach(host: str, token: str | None) -> None:
    """Find out now that strangers could call.

    :raises OptionError: when others than this machine could, without a token; or the token is short.
    """
    from convrec.serving.guarding import is_this_machine

    if token is not None and len(token) < SHORTEST_TOKEN:
        raise OptionError(
            f"CONVREC_AUTH_TOKEN: shorter than {SHORTEST_TOKEN} characters; make one with: openssl rand -hex 16"
        )
    if token is None and not is_this_machine(host):
        raise OptionError(
            f"--host {host}: without a token this machine alone may call; set CONVREC_AUTH_TOKEN, or leave --host out"
        )


def origin_of(page: str) -> str:
    """The origin of a page as browsers write it: "https://shop.example".

    :raises OptionError: when it is none.
    """
    try:
        parts = urlsplit(page)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/") or parts.query:
        raise OptionError(f"--origin {page}: no origin; write it as in https://shop.example")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def listen(host: str, port: int) -> socket.socket:
    """A socket on which nobody is answered yet.

    :raises OptionError: when the address cannot be had.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise OptionError(f"--host {host} --port {port}: cannot listen there ({why}); name another") from error


def sealing_key(settings: Settings) -> bytes:
    """The key by which talks are sealed: what was set, else one that is made once and kept.

    :raises OptionError: when it cannot be kept.
    """
    if settings.secret is not None:
        secret = settings.secret.get_secret_value()
        if len(secret) < SHORTEST_TOKEN:
            raise OptionError(
                f"CONVREC_SECRET: shorter than {SHORTEST_TOKEN} characters; make one with: openssl rand -hex 32"
            )
        return secret.encode()
    path = settings.places().cache / KEY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(made, path)  # fails where another worker was quicker: then its key is everybody's
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return path.read_bytes()
    except OSError as error:
        raise OptionError(f"{path}: cannot be kept ({error.strerror}); set CONVREC_SECRET") from error


def without_words(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What went wrong and where, for the log: its message is left out, for it may repeat what somebody has said."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else sys.exc_info()[1] if told else None
    parts: list[str] = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append("".join([frames, *getattr(error, "__notes__", ()), type(error).__qualname__]))
        error = error.__cause__
    if parts:
        event["exception"] = "\n".join(parts)
    return event


def log_as_lines() -> None:
    """Logs as lines of JSON, or in colour for somebody who looks on."""
    import structlog

    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    last = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
            without_words, last,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )  # fmt: skip
