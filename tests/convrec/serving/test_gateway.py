"""The gateway over real HTTP: whole talks, sent again, after a kill, by who may and by who may not."""

import contextlib
import json
import os
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from convrec.serving.visitors import NAMES_A_MINUTE, TURNS_A_MINUTE, Visitors
from tests.convrec.serving.servers import TOKEN, Server

REST = "/webhooks/rest/webhook"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


def say(
    server: Server, sender: str, message: str, headers: dict[str, str] | None = None, **more: Any
) -> tuple[int, Any]:
    body = json.dumps({"sender": sender, "message": message, **more}).encode()
    return server.ask("POST", REST, body, KNOWN if headers is None else headers)


def talk(server: Server, sender: str, turns: int = 12) -> list[Any]:
    """Say nothing of use until a list comes, and take its first item."""
    found = [say(server, sender, "hello there")[1]]
    for _ in range(turns):
        cards = [each for each in found[-1] if "attachment" in each]
        if cards:
            take = cards[0]["attachment"]["payload"]["elements"][0]["buttons"][0]["payload"]
            found.append(say(server, sender, take)[1])
            break
        found.append(say(server, sender, "/dont_care")[1])
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    found = Server(cache, "--origin", "https://shop.example")
    yield found
    assert found.end() == 0


def test_a_talk_as_a_front_end_of_rasa_holds_it(server: Server) -> None:
    found = talk(server, "ann")
    assert all(each["recipient_id"] == "ann" for messages in found for each in messages)
    question = next(each for messages in found for each in messages if each.get("buttons"))
    assert set(question["buttons"][0]) == {"title", "payload"}
    title = next(each for each in found[-2] if "attachment" in each)["attachment"]["payload"]["elements"][0]["title"]
    assert title in found[-1][-1]["text"]


def test_a_message_sent_again_is_answered_once(server: Server) -> None:
    say(server, "bob", "hello there", message_id="m1")
    first = say(server, "bob", "/dont_care", message_id="m2")
    assert say(server, "bob", "/dont_care", message_id="m2") == first
    assert say(server, "bob", "/dont_care", message_id="m3") != first, "the talk has gone on"


def test_as_lines_where_that_is_asked_for(server: Server) -> None:
    say(server, "carl", "hello there")
    say(server, "carl", "/dont_care")
    body = json.dumps({"sender": "carl", "message": "/undo"}).encode()
    status, lines = server.ask("POST", f"{REST}?stream=true", body, KNOWN)
    assert status == 200
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) > 1
    assert [row["recipient_id"] for row in rows] == ["carl"] * len(rows)


def test_whoever_has_no_name_is_given_one_and_may_talk(server: Server) -> None:
    status, given = server.ask("POST", "/session", b"", {"Origin": "https://shop.example"})
    assert status == 200
    name = given["sender"]
    assert say(server, name, "hello there", {})[0] == 200
    for made_up in ("ann", name[:-1] + ("A" if name[-1] != "A" else "B"), "x." + name.split(".")[1], ""):
        status, refused = say(server, made_up or "default", "hello there", {})
        assert status == 401
        assert "POST /session" in refused["error"]


def test_pages_of_other_origins_may_not_talk(server: Server) -> None:
    own = f"http://127.0.0.1:{server.port}"
    for origin in ("https://shop.example", own, "https://evil.example", "null"):
        allowed = origin in ("https://shop.example", own)
        status, answer = say(server, "dora", "hello there", {**KNOWN, "Origin": origin})
        assert status == (200 if allowed else 403)
        assert server.ask("OPTIONS", REST, None, {"Origin": origin})[0] == (204 if allowed else 403)
        assert allowed or answer == {"error": "pages of this origin may not talk here"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"[]", 400), (b'{"sender": 7}', 400), (b'{"sender": ""}', 400),
        (b'{"message": "' + b"x" * 4001 + b'"}', 400), (b'{"message": "hi", "metadata": 3}', 400),
        (b'{"message": "hi", "metadata": {"exclude": "all"}}', 400), (b'{"message": "hi", "other": 1}', 200),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(server: Server, body: bytes, status: int) -> None:
    found, answer = server.ask("POST", REST, body, KNOWN)
    assert found == status
    if status != 200:
        assert set(answer) == {"error"}
        assert "xxx" not in str(answer)


def named(server: Server) -> str:
    """A sender who is given a name."""
    name = server.ask("POST", "/session", b"")[1]["sender"]
    assert isinstance(name, str)
    return name


def test_who_says_too_much_in_a_minute_is_stopped_and_others_are_not(server: Server) -> None:
    eve, frank = named(server), named(server)
    codes = [say(server, eve, "/why", {})[0] for _ in range(2 * TURNS_A_MINUTE + 2)]
    assert codes[:TURNS_A_MINUTE] == [200] * TURNS_A_MINUTE
    assert codes[-1] == 429
    assert say(server, frank, "/why", {})[0] == 200
    assert say(server, eve, "/why")[0] == 200, "who knows the token sees to that"


def test_visitors_are_read_within_narrow_bounds(server: Server) -> None:
    """Else a few kilobytes that unpack to millions of parts would keep everybody waiting."""
    bomb = zlib.compress(b"[" + b"[[]]," * 800_000 + b"[]]", 9)
    headers = {"Content-Encoding": "deflate"}
    assert server.ask("POST", REST, bomb, headers)[0] == 413
    assert server.ask("POST", REST, b'{"message": "' + b"x" * 70_000 + b'"}')[0] == 413


def test_what_may_be_shown_is_not_up_to_visitors(server: Server) -> None:
    name = named(server)
    assert say(server, name, "hello there", {}, metadata={"eligible": "no list at all"})[0] == 200
    assert say(server, "dan", "hello there", metadata={"eligible": "no list at all"})[0] == 400


def test_a_talk_goes_on_after_the_server_was_killed(cache: Path, server: Server) -> None:
    """Another server on the same file: it knows what was acknowledged, and answers it the same."""
    doomed = Server(cache)
    say(doomed, "gina", "hello there", message_id="m0")
    kept = [say(doomed, "gina", "/dont_care", message_id=f"m{number}") for number in (1, 2)]
    caller = Thread(target=lambda: _unless_it_dies(doomed))
    caller.start()
    os.kill(doomed.process.pid, signal.SIGKILL)
    doomed.process.wait()
    caller.join()
    assert say(server, "gina", "/dont_care", message_id="m2") == kept[1]
    # Killed before or after the last turn was kept: taken back as often, it stands where the first answer had left it.
    texts = [each["text"] for each in kept[0][1] if "text" in each]
    back = [say(server, "gina", "/undo")[1] for _ in range(2)]
    assert any(set(texts[-1].split()) & set(each[-1].get("text", "").split()) for each in back)
    buttons = kept[0][1][-1].get("buttons")
    assert buttons
    assert any(each[-1].get("buttons") == buttons for each in back), "the same question is on the table again"
    doomed.end()


def _unless_it_dies(server: Server) -> None:
    with contextlib.suppress(OSError):
        say(server, "gina", "/dont_know", message_id="m3")


def test_names_are_given_so_many_in_a_minute_to_one_address() -> None:
    visitors = Visitors(b"key")
    assert [visitors.may_have_name("::1") for _ in range(NAMES_A_MINUTE + 1)] == [True] * NAMES_A_MINUTE + [False]
    assert visitors.may_have_name("::2")
    names = {visitors.new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(visitors.knows(name) and Visitors(b"key").knows(name) for name in names)
    assert not any(Visitors(b"another").knows(name) for name in names)
    assert not visitors.knows("")
    assert not visitors.knows("a\ud800.b")
