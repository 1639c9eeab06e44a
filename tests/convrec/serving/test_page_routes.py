"""The routes of the page over real HTTP: its files, the talk so far, what the agent thinks, and stars."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from convrec.serving.page_routes import KINDS, PAGE
from convrec.serving.visitors import LOOKS_A_MINUTE
from tests.convrec.serving.servers import TOKEN, Server
from tests.convrec.serving.test_gateway import KNOWN, named, say, talk

MOST_BYTES = 150_000
"""Of the page and everything it loads, unpacked."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    found = Server(cache)
    yield found
    assert found.end() == 0


def ask(server: Server, what: str, sender: str, headers: dict[str, str] | None = None, **more: Any) -> tuple[int, Any]:
    return server.ask("POST", f"/session/{what}", json.dumps({"sender": sender, **more}).encode(), headers or {})


def get(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(connection):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


FILES = ["/", *(f"/page/{path.name}" for path in sorted(PAGE.iterdir()) if path.name != "index.html")]


def test_the_page_weighs_little() -> None:
    assert sum(path.stat().st_size for path in PAGE.iterdir()) <= MOST_BYTES
    assert {path.suffix for path in PAGE.iterdir()} <= set(KINDS), "every file is served"


@pytest.mark.parametrize("path", FILES)
def test_a_file_of_the_page(server: Server, path: str) -> None:
    status, headers, body = get(server, path)
    kind = ".html" if path == "/" else Path(path).suffix
    assert (status, headers["content-type"]) == (200, KINDS[kind])
    assert body == (PAGE / ("index.html" if path == "/" else Path(path).name)).read_bytes()
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    status, again, body = get(server, path, **{"If-None-Match": f'"other", W/{headers["etag"]}'})
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    status, _, body = get(server, path, "HEAD")
    assert (status, body) == (200, b"")


def test_nothing_else_of_the_machine_is_served(server: Server) -> None:
    for path in ("/page/", "/page/../app.py", "/page/%2e%2e/app.py", "/page/index.html", "/page//chat.js"):
        assert get(server, path)[0] == 404


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for path in PAGE.iterdir():
        content = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in content, path.name
        assert "innerHTML" not in content, path.name
        assert " style=" not in content, path.name


def test_a_page_that_is_loaded_again_draws_the_talk_again(server: Server) -> None:
    name = named(server)
    assert ask(server, "talk", name)[1] == {"number": 0, "over": False, "stars": None, "turns": []}
    answers = [say(server, name, text, {}, message_id=f"m{number}")[1] for number, text in enumerate(("/greet", "no"))]
    status, found = ask(server, "talk", name)
    assert (status, found["number"], found["over"]) == (200, 2, False)
    assert [(each["number"], each["message_id"]) for each in found["turns"]] == [(1, "m0"), (2, "m1")]
    assert [each["messages"] for each in found["turns"]] == answers


def test_what_is_thought_is_told_to_the_one_it_is_about(server: Server) -> None:
    ann, bob = named(server), named(server)
    say(server, ann, "hello there", {})
    _, at_first = ask(server, "belief", ann)
    for _ in range(3):
        say(server, ann, "/deny", {})
    status, later = ask(server, "belief", ann)
    assert status == 200
    assert len(later["path"]) > 1
    assert later["change"]["before"] == later["path"][-2]
    assert later != at_first
    assert ask(server, "belief", bob)[1] == {**at_first, "number": 0}, "of others nothing is told"
    assert say(server, ann, "/undo", {})[0] == 200
    assert ask(server, "belief", ann)[1]["path"] == later["path"][:-1]


def test_a_talk_is_rated_once_when_it_is_over(server: Server, cache: Path) -> None:
    name = named(server)
    say(server, name, "hello there", {})
    assert ask(server, "rating", name, stars=4, number=1)[0] == 409, "it is not over"
    talk(server, name)
    _, ended = ask(server, "belief", name)
    assert (ended["over"], ended["stars"]) == (True, None)
    number = ended["number"]
    for wrong in (0, 6, "4", 4.5, True, None):
        assert ask(server, "rating", name, stars=wrong, number=number)[0] == 400
    assert ask(server, "rating", name, stars=4, number=number - 1)[0] == 409, "another talk"
    before = server.ask("GET", "/metrics", None, KNOWN)[1].count('stars="4"')
    assert ask(server, "rating", name, stars=4, number=number) == (200, {"stars": 4})
    assert ask(server, "rating", name, stars=4, number=number) == (200, {"stars": 4}), "sent again"
    assert ask(server, "rating", name, stars=1, number=number) == (200, {"stars": 4}), "the first one stands"
    assert before == 0
    assert 'convrec_ratings_total{stars="4"} 1.0' in server.ask("GET", "/metrics", None, KNOWN)[1]
    assert 'convrec_ratings_total{stars="1"}' not in server.ask("GET", "/metrics", None, KNOWN)[1]
    other = Server(cache)
    try:
        assert ask(other, "talk", name, KNOWN)[1]["stars"] == 4, "it is kept"
    finally:
        assert other.end() == 0
    say(server, name, "hello there", {})
    assert ask(server, "rating", name, stars=5, number=number)[0] == 409, "another talk has begun"


@pytest.mark.parametrize("what", ["talk", "belief", "rating"])
def test_the_rules_are_those_of_the_chat(server: Server, what: str) -> None:
    name, more = named(server), {"stars": 3, "number": 1}
    for made_up in ("ann", f"{name[:-1]}{'A' if name[-1] != 'A' else 'B'}"):
        status, refused = ask(server, what, made_up, **more)
        assert (status, set(refused)) == (401, {"error"})
    foreign = {"Origin": "https://evil.example"}
    assert ask(server, what, name, foreign, **more)[0] == 403
    assert server.ask("OPTIONS", f"/session/{what}", None, foreign)[0] == 403
    assert server.ask("OPTIONS", f"/session/{what}", None, {"Origin": f"http://127.0.0.1:{server.port}"})[0] == 204
    for body in (b"", b"[]", b'{"sender": 7}', b"{}", b'{"sender": ""}'):
        assert server.ask("POST", f"/session/{what}", body)[0] == 400
    assert server.ask("POST", f"/session/{what}", b'{"sender": "' + b"x" * 70_000 + b'"}')[0] == 413
    assert server.ask("GET", f"/session/{what}")[0] == 405


def test_who_looks_too_often_is_stopped_and_may_still_talk(server: Server) -> None:
    name = named(server)
    codes = [ask(server, "talk", name)[0] for _ in range(2 * LOOKS_A_MINUTE + 1)]
    assert codes[:LOOKS_A_MINUTE] == [200] * LOOKS_A_MINUTE
    assert codes[-1] == 429
    assert say(server, name, "hello there", {})[0] == 200


def test_where_a_token_is_wanted_it_is_wanted_here_too(cache: Path) -> None:
    closed = Server(cache, "--chat-auth", "token")
    try:
        name = named(closed)
        assert ask(closed, "belief", name)[0] == 401
        assert ask(closed, "belief", name, {"Authorization": f"Bearer {TOKEN}"})[0] == 200
    finally:
        assert closed.end() == 0
