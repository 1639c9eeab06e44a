"""``convrec serve`` as it is started by hand, over real HTTP."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest

DATA = "synthetic:users=60,items=200,attributes=40,interactions=12,seed=1"
TOKEN = "a token of more than sixteen"


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and content of what a server on this machine answers.

    :raises ConnectionRefusedError: when nobody listens there.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(content) if is_json and content else content.decode()


class Server:
    """``convrec serve`` in a process of its own."""

    def __init__(self, cache: Path | None, *flags: str, token: str | None = TOKEN, workers: int = 1) -> None:
        command = [
            sys.executable, "-m", "convrec", "serve", "--data", DATA, "--policy", "bayes", "--affinity", "popularity",
            "--workers", str(workers), "--port", "0", *flags,
        ]  # fmt: skip
        settings = {} if cache is None else {"CONVREC_CACHE": str(cache), "CONVREC_DIALOGS": str(cache / "dialogs")}
        if token:
            settings["CONVREC_AUTH_TOKEN"] = token
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | settings)
        self.log: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"serving .* on http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            pytest.fail("".join(self.log))
        self._reader = Thread(target=lambda: self.log.extend(self.process.stderr or ()), daemon=True)
        self._reader.start()
        while not self._is_ready():
            assert self.process.poll() is None, "".join(self.log)
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/ready")[0] == 200
        except ConnectionRefusedError:  # it listens in a moment
            return False

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and content of an answer."""
        return ask(self.port, method, path, body, headers)

    def act(self, text: str, sender: str = "ann", state: str | None = None, action: str = "step") -> tuple[int, Any]:
        """One turn, as Rasa asks for it."""
        message = {"text": text, "intent": {"name": None}, "entities": [], "metadata": {}}
        tracker = {
            "sender_id": sender, "slots": {"convrec_state": state}, "latest_message": message, "paused": False,
            "events": [{"event": "user", "text": text, "input_channel": "rest"}],
        }  # fmt: skip
        call = {
            "next_action": f"action_convrec_{action}", "sender_id": sender, "tracker": tracker, "version": "3.6.21"
        }  # fmt: skip
        return self.ask("POST", f"/webhook?token={TOKEN.replace(' ', '%20')}", json.dumps(call).encode())

    def workers(self) -> list[int]:
        """Process ids of those that answer."""
        return [
            each.pid
            for each in psutil.Process(self.process.pid).children()
            if "spawn_main" in " ".join(each.cmdline()) and each.status() != psutil.STATUS_ZOMBIE
        ]

    def under_way(self) -> int:
        """Turns that are answered or wait."""
        text = self.ask("GET", "/metrics", None, {"Authorization": f"Bearer {TOKEN}"})[1]
        found = re.search(r"^convrec_turns_under_way (\S+)$", text, re.MULTILINE)
        assert found, text
        return int(float(found[1]))

    def end(self) -> int:
        """Ask it to end, and hand out its exit code."""
        return self._end_by(signal.SIGTERM)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._end_by(signal.SIGKILL)

    def _end_by(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(5)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code
