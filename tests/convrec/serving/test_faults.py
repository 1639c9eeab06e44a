"""What breaks, and what people notice of it; docs/reliability.md tells it."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from convrec import cli
from policy.unified.shipped import agents_folder
from tests.convrec.serving.servers import DATA, TOKEN, Server

REST = "/webhooks/rest/webhook"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


def body(sender: str, message: str, **more: Any) -> bytes:
    return json.dumps({"sender": sender, "message": message, **more}).encode()


def head(length: int) -> bytes:
    """Of a request with a body of so many bytes."""
    lines = f"POST {REST} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}", f"Content-Length: {length}"
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    found = Server(cache, "--talks", str(cache / "talks.sqlite"))
    yield found
    assert found.end() == 0


def test_sigterm_under_load_loses_nothing(cache: Path, server: Server) -> None:
    """Another server on the same file: what was answered is answered the same, and what was not is answered now."""
    ending = Server(cache, "--talks", str(cache / "talks.sqlite"))
    answered: dict[tuple[str, str], Any] = {}
    turned_away: list[tuple[str, str]] = []

    def keep_talking(sender: str) -> None:
        for number in range(10_000):
            said = body(sender, "/dont_care", message_id=str(number))
            try:
                answered[sender, str(number)] = ending.ask("POST", REST, said, KNOWN)
            except (OSError, http.client.HTTPException):
                turned_away.append((sender, str(number)))
                return

    callers = [threading.Thread(target=keep_talking, args=(f"caller {number}",)) for number in range(8)]
    for caller in callers:
        caller.start()
    while len(answered) < 40:
        time.sleep(0.01)
    assert ending.end() == 0
    for caller in callers:
        caller.join()
    assert len(turned_away) == len(callers), "each has talked until nobody answered"
    assert {status for status, _ in answered.values()} == {200}
    for sender, number in turned_away:
        last = sender, str(int(number) - 1)
        said = body(sender, "/dont_care", message_id=last[1])
        assert server.ask("POST", REST, said, KNOWN) == answered[last]
        assert server.ask("POST", REST, body(sender, "/dont_care", message_id=number), KNOWN)[0] == 200


@pytest.mark.timeout(300)
def test_a_worker_that_is_killed_costs_nobody_an_answer(cache: Path) -> None:
    """Its turns are answered by another, but for one that was about to be kept, which is answered when sent again."""
    both = Server(cache, "--talks", str(cache / "workers.sqlite"), workers=2)
    killed = threading.Event()
    answered: list[tuple[int, Any]] = []

    def keep_talking(sender: str) -> None:
        after = 0
        while after < 10:
            after += killed.is_set()
            said = body(sender, "/dont_care", message_id=str(len(answered)) + sender)
            status, found = both.ask("POST", REST, said, KNOWN)
            if status == 503:
                assert "once more" in found["error"]
                status, found = both.ask("POST", REST, said, KNOWN)
            answered.append((status, bool(found)))

    callers = [threading.Thread(target=keep_talking, args=(f"caller {number}",)) for number in range(8)]
    for caller in callers:
        caller.start()
    while len(answered) < 40:
        time.sleep(0.01)
    os.kill(both.workers()[0], signal.SIGKILL)
    killed.set()
    for caller in callers:
        caller.join()
    assert set(answered) == {(200, True)}
    while len(both.workers()) < 2:
        time.sleep(0.05)
    assert both.end() == 0
    assert any("a worker is gone" in line for line in both.log)


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_leaves_no_worker_behind(cache: Path) -> None:
    server = Server(cache, "--talks", str(cache / "killed.sqlite"), workers=2)
    workers = server.workers()
    assert len(workers) == 2
    server.kill()
    deadline = time.monotonic() + 30.0
    while any(map(psutil.pid_exists, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, workers))


def test_whoever_sends_slowly_holds_up_nobody(server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(50)]
    try:
        begun = head(400)
        for number, caller in enumerate(slow):
            caller.sendall(begun[: 20 + number] if number % 2 else begun + b'{"sender": ')
        for number in range(10):
            status, found = server.ask("POST", REST, body("quick", "/dont_care", message_id=str(number)), KNOWN)
            assert (status, bool(found)) == (200, True)
    finally:
        for caller in slow:
            caller.close()
    assert server.ask("GET", "/health")[0] == 200


def test_whoever_reads_slowly_holds_up_nobody(server: Server) -> None:
    asked = body("slow reader", "/dont_care")
    with contextlib.ExitStack() as open_ones:
        for _ in range(20):
            caller = open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            caller.sendall(head(len(asked)) + asked)  # and the answer is never looked at
        assert server.ask("POST", REST, body("quick reader", "/dont_care"), KNOWN)[0] == 200


@pytest.mark.timeout(300)
def test_while_the_store_is_locked_people_are_told_and_nothing_is_lost(server: Server, cache: Path) -> None:
    first = server.ask("POST", REST, body("gina", "/dont_care", message_id="1"), KNOWN)
    assert first[0] == 200
    with contextlib.closing(sqlite3.connect(cache / "talks.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        status, told = server.ask("POST", REST, body("gina", "/dont_care", message_id="2"), KNOWN)
        assert (status, set(told)) == (503, {"error"})
        assert "try again" in told["error"]
        assert server.ask("POST", REST, body("gina", "/dont_care", message_id="1"), KNOWN) == first, "reading goes on"
        # Many who come at the same time are told so too, and do not wait one after the other.
        told_all: list[int] = []
        callers = [
            threading.Thread(
                target=lambda sender: told_all.append(server.ask("POST", REST, body(sender, "/dont_care"), KNOWN)[0]),
                args=(f"gina {number}",),
            )
            for number in range(12)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert told_all == [503] * 12
        holder.execute("ROLLBACK")
    status, second = server.ask("POST", REST, body("gina", "/dont_care", message_id="2"), KNOWN)
    assert (status, bool(second)) == (200, True)
    assert server.ask("POST", REST, body("gina", "/dont_care", message_id="2"), KNOWN) == (200, second)


@pytest.mark.parametrize("damage", ["cut short", "another's", "no JSON", "missing"])
def test_a_damaged_checkpoint_is_told_before_anything_is_served(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    agent = tmp_path / "agent"
    shutil.copytree(agents_folder() / "movies", agent)
    arrays, meta = agent / "network.safetensors", agent / "agent.json"
    if damage == "cut short":
        arrays.write_bytes(arrays.read_bytes()[:-1000])
    elif damage == "another's":
        shutil.copy(agents_folder() / "lastfm" / arrays.name, arrays)
    elif damage == "no JSON":
        meta.write_text("{")
    else:
        arrays.unlink()
    assert (
        cli.main(["serve", "--data", DATA, "--affinity", "popularity", "--checkpoint", str(agent), "--port", "0"]) == 2
    )
    told = capsys.readouterr().err.strip()
    assert str(agent) in told
    assert len(told.splitlines()) == 1
