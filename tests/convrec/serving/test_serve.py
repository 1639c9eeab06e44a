"""The server as it is started by hand, over real HTTP: what Rasa sends, and what nobody should."""

import json
import re
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from convrec import cli
from graph.errors import OptionError
from tests.convrec.serving.servers import DATA, TOKEN, Server

SECRET_WORDS = "my-very-private-words"
SOMEBODY = "somebody-of-whom-nobody-knows"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    found = Server(cache)
    yield found
    assert found.end() == 0
    log = "".join(found.log)
    assert "/webhook" in log, "there is a log"
    for private in (SECRET_WORDS, SOMEBODY):
        assert private not in log, "neither what people say nor who they are"


def state_of(answer: Any) -> str:
    return next(event["value"] for event in answer["events"] if event["event"] == "slot")


def test_a_dialogue_as_rasa_holds_it(server: Server) -> None:
    status, answer = server.act("", action="start")
    assert status == 200
    assert answer["responses"][0]["text"]
    shown, turns = [], 0
    while not shown:
        text = answer["responses"][-1]["buttons"][-2]["payload"] if turns else "hello there"
        status, answer = server.act(text, state=state_of(answer))
        turns += 1
        assert status == 200
        assert turns < 15
        shown = [each["attachment"] for each in answer["responses"] if each["attachment"]]
        if not answer["responses"][-1]["buttons"]:
            text = "/dont_care"
            status, answer = server.act(text, state=state_of(answer))
            shown = [each["attachment"] for each in answer["responses"] if each["attachment"]]
    card = shown[0]["payload"]["elements"][0]
    status, answer = server.act(card["buttons"][0]["payload"], state=state_of(answer))
    assert status == 200
    assert card["title"] in answer["responses"][-1]["text"], "it says goodbye with what was taken"


def test_what_is_said_is_answered_and_not_logged(server: Server) -> None:
    """What the log of all this must not hold is looked for when the server has ended."""
    status, answer = server.act(SECRET_WORDS, SOMEBODY)
    assert status == 200
    assert server.act("/dont_care", SOMEBODY, state_of(answer))[0] == 200
    body = json.dumps({"sender": SOMEBODY, "message": SECRET_WORDS, "message_id": SECRET_WORDS}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert server.ask("POST", "/webhooks/rest/webhook", body, headers)[0] == 200


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer \xff\xfe"}, {"Origin": "http://["}, {"Origin": "null"}])
def test_headers_of_any_bytes_are_refused(server: Server, headers: dict[str, str]) -> None:
    assert server.ask("GET", "/metrics", None, headers)[0] == 401
    assert server.ask("POST", "/webhooks/rest/webhook", b"{}", headers)[0] in (401, 403)


def test_without_a_token_it_answers_to_the_name_of_this_machine_alone(cache: Path) -> None:
    """A page of another name that leads here would be taken for one of ours."""
    alone = Server(cache, token=None)
    body = b'{"sender": "ann", "message": "hello there"}'
    try:
        for host in ("localhost", "127.0.0.1", f"127.0.0.1:{alone.port}", f"localhost:{alone.port}"):
            assert alone.ask("POST", "/webhooks/rest/webhook", body, {"Host": host})[0] == 200
        evil = {"Host": f"evil.example:{alone.port}", "Origin": f"http://evil.example:{alone.port}"}
        assert alone.ask("POST", "/webhooks/rest/webhook", body, evil)[0] == 403
        assert alone.ask("POST", "/webhook", b"{}", evil)[0] == 403
    finally:
        assert alone.end() == 0


def test_whoever_lacks_the_token_gets_nothing(server: Server) -> None:
    for path, method in (("/webhook", "POST"), ("/metrics", "GET"), ("/actions", "GET")):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {TOKEN}x"}):
            status, answer = server.ask(method, path, b"{}" if method == "POST" else None, headers)
            assert status == 401
            assert "token" in answer["error"]
        status, _ = server.ask(method, path, b"{}" if method == "POST" else None, {"Authorization": f"Bearer {TOKEN}"})
        assert status in (200, 400)
    assert server.ask("GET", "/health") == (200, {"status": "ok"})


def test_a_forged_state_is_refused_and_the_talk_goes_on_with_the_good_one(server: Server) -> None:
    _, answer = server.act("hello")
    good = state_of(answer)
    for forged, sender in ((good[:-8] + "AAAAAAAA", "ann"), (good, "bob"), ("c1.x.y.z", "ann")):
        status, refused = server.act(SECRET_WORDS, sender, forged)
        assert (status, refused["action_name"]) == (400, "action_convrec_step"), "Rasa looks for the name"
        assert SECRET_WORDS not in str(refused)
        assert "not what this server gave" in refused["error"]
    assert server.act("/dont_care", state=good)[0] == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b'{"next_action": "action_convrec_step"}', {}, 400),
        (b'{"next_action": 7, "tracker": {"sender_id": "a"}}', {}, 400),
        (b'{"next_action": "action_convrec_step", "tracker": {"sender_id": ""}}', {}, 400),
        (b'{"next_action": "action_other", "tracker": {"sender_id": "a"}}', {}, 404),
        (b'{"next_action": "x", "tracker": {"sender_id": "a", "latest_message": {"entities": 5}}}', {}, 400),
        (b'{"next_action": "x", "tracker": {"sender_id": "a", "latest_message": {"entities": ["x"]}}}', {}, 400),
        (b'{"a":' + b"[" * 50_000, {}, 400),
        (zlib.compress(b" " * 300_000_000, 9), {"Content-Encoding": "deflate"}, 413),
        (b"{}", {"Content-Encoding": "br"}, 415),
    ],
)
def test_what_is_no_call_is_refused_without_an_echo(
    server: Server, body: bytes, headers: dict[str, str], status: int
) -> None:
    found, answer = server.ask("POST", "/webhook", body, {"Authorization": f"Bearer {TOKEN}", **headers})
    assert found == status
    assert set(answer) <= {"error", "action_name"}
    assert len(str(answer)) < 250


def test_a_large_body_is_refused_before_it_is_sent(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as caller:
        head = f"POST /webhook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 5000000\r\n\r\n"
        caller.sendall(head.encode())
        assert caller.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_packed_call_is_read(server: Server) -> None:
    call = {"next_action": "action_convrec_start", "tracker": {"sender_id": "ann"}}
    body = zlib.compress(json.dumps(call).encode())
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "deflate"}
    status, answer = server.ask("POST", "/webhook", body, headers)
    assert status == 200
    assert state_of(answer)


def test_who_thinks_is_waited_for_and_reminded(server: Server, cache: Path) -> None:
    waiting = Server(cache, "--policy", "always-wait-bayes")
    try:
        status, answer = waiting.act("let me think")
        assert status == 200
        kinds = {event["event"]: event for event in answer["events"]}
        assert not answer["responses"]
        assert kinds["followup"]["name"] == "action_listen"
        assert kinds["reminder"]["intent"] == "silence"
        assert kinds["reminder"]["kill_on_user_msg"] is True
        assert "ann" in kinds["reminder"]["name"], "one for each conversation"
        state = state_of(answer)
        for _ in range(3):
            status, answer = waiting.act("EXTERNAL: silence", state=state)
            state = state_of(answer)
        assert answer["responses"], "three waits in a row are enough"
        assert server.act("/dont_care", state=state)[0] == 200, "another process goes on with the talk"
    finally:
        assert waiting.end() == 0


def test_ratings_are_asked_for_and_counted(server: Server) -> None:
    _, answer = server.act("/feedback", action="feedback")
    assert [each["title"] for each in answer["responses"][0]["buttons"]] == ["1", "2", "3", "4", "5"]
    call = {
        "next_action": "action_convrec_feedback",
        "tracker": {
            "sender_id": "ann",
            "latest_message": {"text": '/feedback{"stars": 4}', "entities": [{"entity": "stars", "value": 4}]},
        },
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    status, answer = server.ask("POST", "/webhook", json.dumps(call).encode(), headers)
    assert (status, answer["responses"][0]["text"]) == (200, "Thank you.")
    assert 'convrec_ratings_total{stars="4"} 1.0' in server.ask("GET", "/metrics", None, headers)[1]


def test_turns_of_rasa_and_of_the_gateway_are_timed(server: Server) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def count() -> float:
        text = server.ask("GET", "/metrics", None, headers)[1]
        return float(re.search(r"^convrec_turn_seconds_count (\S+)$", text, re.MULTILINE)[1])  # type: ignore[index]

    before = count()
    assert server.act("hello")[0] == 200
    assert count() == before + 1
    said = json.dumps({"sender": "timed", "message": "hello"}).encode()
    assert server.ask("POST", "/webhooks/rest/webhook", said, headers)[0] == 200
    assert count() == before + 2
    assert server.ask("GET", "/health")[0] == 200
    assert count() == before + 2


def test_everybody_is_answered_before_it_ends(cache: Path) -> None:
    ending = Server(cache)
    found: list[int] = []
    callers = [Thread(target=lambda: found.append(ending.act("hello there")[0])) for _ in range(12)]
    for caller in callers:
        caller.start()
    while len(found) + ending.under_way() < len(callers):  # until all of them have been let in
        time.sleep(0.01)
    assert ending.end() == 0
    for caller in callers:
        caller.join()
    assert found == [200] * 12


@pytest.mark.parametrize(
    ("flags", "token", "says"),
    [
        (["--host", "0.0.0.0"], None, "without a token this machine alone may call"),
        (["--host", "example.org"], None, "without a token this machine alone may call"),
        ([], "short", "shorter than 16 characters"),
        (["--host", "203.0.113.7"], TOKEN, "cannot listen there"),
        (["--policy", "nobody"], TOKEN, "no such policy"),
        (["--origin", "shop.example"], TOKEN, "no origin; write it as in"),
        (["--origin", "https://shop.example/page"], TOKEN, "no origin; write it as in"),
        (["--port", "99999"], TOKEN, "99999"),
    ],
)
def test_wrong_settings_are_told_in_one_line(
    flags: list[str], token: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    if token is not None:
        monkeypatch.setenv("CONVREC_AUTH_TOKEN", token)
    assert cli.main(["serve", "--data", DATA, *flags]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert len(complaint.strip().split("\n")) == 1
    assert token is None or token == "short" or token not in complaint


def test_logs_tell_what_went_wrong_and_where_and_not_what_was_said() -> None:
    from convrec.serve_command import without_words

    def fails(said: str) -> None:
        try:
            raise KeyError(said)
        except KeyError as error:
            error.add_note("in another process\n")
            raise ValueError(f"nothing about {said}") from error

    try:
        fails("".join(("sec", "ret")))
    except ValueError as error:
        for told in (True, error):
            event = without_words(None, "error", {"event": "failed", "exc_info": told})
            assert "secret" not in str(event)
            assert all(each in event["exception"] for each in ("ValueError", "KeyError", "in fails", "another process"))
    assert without_words(None, "info", {"event": "request"}) == {"event": "request"}


def test_the_key_is_made_once_and_is_nobody_else_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convrec.serve_command import KEY_FILE, sealing_key
    from convrec.settings import Settings

    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    key = sealing_key(Settings())
    assert len(key) == 32
    assert sealing_key(Settings()) == key
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    monkeypatch.setenv("CONVREC_SECRET", "one of my own, long enough")
    assert sealing_key(Settings()) == b"one of my own, long enough"
    monkeypatch.setenv("CONVREC_SECRET", "short")
    with pytest.raises(OptionError, match="CONVREC_SECRET: shorter than 16 characters"):
        sealing_key(Settings())
