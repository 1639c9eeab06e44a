"""A real Rasa that calls our server: the environment it runs in, the shipped bot's model, and the running server.

Rasa needs a Python and packages that ours cannot have, so that it lives in an environment of its own, made once.
``CONVREC_TEST_RASA`` names one that is there already.
"""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import platformdirs
import pytest

from convrec import serving
from tests.convrec.serving.servers import TOKEN, ask

RASA = "rasa==3.6.21"
SOCKET_IO = "python-socketio==5.9.0"
"""With later ones messages to Rasa's socketio channel vanish."""

PYTHON = "3.10"
PYENV_PYTHON = "3.10.13"
ENVIRONMENT = "CONVREC_TEST_RASA"
NEEDED = "CONVREC_TEST_RASA_NEEDED"
"""Set where tests without a real Rasa are worth nothing."""

BOT = Path(serving.__file__).with_name("bot")

STORIES = ("test", "core", "--stories", "tests", "--e2e", "--fail-on-prediction-errors")
"""What Rasa is told to run the stories that come with the bot."""

START_S = 240.0
"""Seconds within which Rasa has to be up, also on a machine that has other things to do."""

QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "2", "OMP_NUM_THREADS": "1"}


def find_python() -> Path | None:
    """A Python that Rasa runs on; None where there is none.

    Each candidate is run: a command on the PATH may be a shim that knows no such Python.
    """
    says_where = f"import ensurepip, sys, venv; print(sys.executable if sys.version_info[:2] == {_numbers()} else '')"
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates: list[tuple[str, dict[str, str]]] = [
        (f"python{PYTHON}", {}),
        (f"python{PYTHON}", {"PYENV_VERSION": PYENV_PYTHON}),
        *((str(found), {}) for found in sorted(root.glob(f"versions/{PYTHON}.*/bin/python"))),
    ]
    for command, settings in candidates:
        try:
            run = subprocess.run(
                [command, "-c", says_where], env=os.environ | settings, capture_output=True, text=True, timeout=60
            )
        except OSError:
            continue
        if run.returncode == 0 and run.stdout.strip():
            return Path(run.stdout.strip())
    return None


def _numbers() -> tuple[int, ...]:
    return tuple(int(each) for each in PYTHON.split("."))


def environment() -> Path:
    """The environment that Rasa is installed in; it is made where it is not there yet, which takes minutes.

    Skips the test where there is no Python for it, unless :data:`NEEDED` is set, and fails it where it cannot be made.
    """
    if given := os.environ.get(ENVIRONMENT):
        if not (Path(given) / "bin" / "rasa").exists():
            pytest.fail(f"{ENVIRONMENT}={given}: there is no Rasa in that environment")
        return Path(given)
    python = find_python()
    if python is None:
        (pytest.fail if os.environ.get(NEEDED) else pytest.skip)(
            f"Rasa needs Python {PYTHON}, and none that works was found"
        )
    name = hashlib.sha256("\n".join((str(python), RASA, SOCKET_IO)).encode()).hexdigest()[:12]
    folder = cache() / name
    whole = folder / ".whole"
    with alone(name):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # an environment cannot be moved: what is half made is made anew
            _make(python, folder)
            whole.touch()
    return folder


def _make(python: Path, folder: Path) -> None:
    log = folder.with_suffix(".log")
    with log.open("w") as file:
        for command in (
            [str(python), "-m", "venv", str(folder)],
            [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", "--no-cache-dir",
             "--disable-pip-version-check", RASA, SOCKET_IO],
            [str(folder / "bin" / "rasa"), "--version"],
        ):  # fmt: skip
            if subprocess.run(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL).returncode != 0:
                file.flush()
                pytest.fail(f"{' '.join(command)} failed; {log} ends with:\n{_end_of(log)}")


def cache() -> Path:
    """Where environments and models are kept from one run to the next."""
    folder = platformdirs.user_cache_path("convrec") / "test-rasa"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Nobody else makes the thing of this name meanwhile."""
    with (cache() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Project:
    """A copy of the shipped bot, with the little changed that everybody has to change."""

    def __init__(self, folder: Path, action_port: int, callback_port: int) -> None:
        self.folder = folder
        shutil.copytree(BOT, folder)
        self.change("endpoints.yml", "127.0.0.1:5055", f"127.0.0.1:{action_port}")
        self.change("endpoints.yml", "# token: ${CONVREC_AUTH_TOKEN}", "token: ${CONVREC_AUTH_TOKEN}")
        self.change("credentials.yml", "127.0.0.1:5034", f"127.0.0.1:{callback_port}")

    def change(self, name: str, old: str, new: str) -> None:
        """Put one thing in a file in place of another, which has to be there."""
        path = self.folder / name
        content = path.read_text(encoding="utf-8")
        assert content.count(old) == 1, f"{name}: {old!r}"
        path.write_text(content.replace(old, new), encoding="utf-8")

    def rasa(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Rasa's command line here to its end."""
        return subprocess.run(
            [str(environment() / "bin" / "rasa"), *arguments], cwd=self.folder, env=os.environ | QUIET, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def train(self) -> Path:
        """A model of the shipped bot, trained where there is none of just these files."""
        name = f"bot-{hash_of(BOT)}"
        model = cache() / f"{name}.tar.gz"
        with alone(name):
            if not model.exists():
                ran = self.rasa("train", "--fixed-model-name", "bot", "--out", "models")
                assert ran.returncode == 0, ran.stdout[-3000:]
                made = model.with_suffix(".part")
                shutil.copyfile(self.folder / "models" / "bot.tar.gz", made)
                made.rename(model)
        return model


def hash_of(folder: Path) -> str:
    """Of what all files of a folder hold and are called."""
    digest = hashlib.sha256(RASA.encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class RasaServer:
    """``rasa run`` in a process of its own."""

    def __init__(self, project: Project, token: str = TOKEN) -> None:
        self.port = free_port()
        self._log = project.folder.with_suffix(".log")
        command = [
            str(environment() / "bin" / "rasa"), "run", "--enable-api", "--interface", "127.0.0.1", "--port",
            str(self.port), "--model", str(project.train()),
        ]  # fmt: skip
        with self._log.open("w") as file:
            self.process = subprocess.Popen(
                command, cwd=project.folder, env=os.environ | QUIET | {"CONVREC_AUTH_TOKEN": token}, stdout=file,
                stderr=file, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        end = time.monotonic() + START_S
        while not self._is_up():
            if self.process.poll() is not None or time.monotonic() > end:
                self.end()
                pytest.fail(f"Rasa has not started:\n{_end_of(self._log)}")
            time.sleep(0.5)

    def _is_up(self) -> bool:
        try:
            return self.ask("GET", "/status")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Status and content of an answer."""
        body = None if content is None else json.dumps(content).encode()
        return ask(self.port, method, path, body, {"Content-Type": "application/json"})

    def say(self, sender: str, text: str, **more: Any) -> list[dict[str, Any]]:
        """What is answered to a message on the REST channel."""
        status, said = self.ask("POST", "/webhooks/rest/webhook", {"sender": sender, "message": text, **more})
        assert status == 200
        return list(said)

    def tracker(self, sender: str) -> dict[str, Any]:
        """What Rasa keeps of a conversation."""
        status, found = self.ask("GET", f"/conversations/{quote(sender)}/tracker")
        assert status == 200
        return dict(found)

    @property
    def log(self) -> str:
        """All that it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Ask it to end, and make it if it does not."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


def free_port() -> int:
    """A port on which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]
