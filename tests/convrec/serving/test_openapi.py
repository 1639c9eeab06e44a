"""What the server says of itself: true of every answer to thousands of calls that were made up from it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from convrec.serving.openapi import Operation, document, page
from convrec.serving.operations import OPERATIONS
from tests.convrec.serving.servers import TOKEN, Server

CASES = 220
"""Calls of each operation that takes a body, with the token and without; some two thousand in all."""

LONGEST_ECHO = 8
"""Characters that may be in an answer by chance."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("cache"))
    yield found
    assert found.end() == 0
    assert '"level": "error"' not in "".join(found.log), "nothing went wrong"


schema = schemathesis.openapi.from_dict(document(OPERATIONS))

MANY = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("knows_token", [True, False], ids=["with the token", "a stranger"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_whatever_is_sent_is_answered_as_described(server: Server, operation: Operation, knows_token: bool) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"} if knows_token else {}

    @MANY
    @given(schema[operation.path][operation.method].as_strategy())
    def send(case: schemathesis.Case) -> None:
        check(server, case, headers)

    send()


def check(server: Server, case: schemathesis.Case, headers: dict[str, str]) -> None:
    """A call is answered as the document says, and without an echo where it is refused."""
    response = case.call_and_validate(base_url=f"http://127.0.0.1:{server.port}", headers=headers)
    if response.status_code >= 400:
        told = response.content.decode()
        assert len(told) < 400
        assert not [each for each in _texts(case.body) if len(each) > LONGEST_ECHO and each in told], "no echo"


def _texts(content: Any) -> Iterator[str]:
    """All that was said in a body, without the names of its parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


def test_every_route_is_described(server: Server) -> None:
    """But for the page itself, the routes that describe, and socket.io."""
    content = server.ask("GET", "/openapi.json")[1]
    assert content == json.loads(json.dumps(document(OPERATIONS)))
    assert {path for path in content["paths"] if path != "/webhook"} >= {"/metrics", "/session", "/health", "/ready"}
    status, text = server.ask("GET", "/openapi")
    assert (status, text) == (200, page(OPERATIONS))
    for path, operations in content["paths"].items():
        for method in operations:
            assert server.ask(method.upper(), path)[0] not in (404, 405), f"{method} {path}"
            assert f"<code>{method.upper()} {path}</code>" in text
