"""``convrec bench serving``: what ``convrec serve`` bears, with whole talks over real HTTP."""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
import numpy as np
import psutil
import rich_click as click
from rich import box
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, notices
from convrec.yardstick import calibrations_per_second, write_figures
from graph.errors import OptionError

TURNS_GOAL, SLOWEST_GOAL_MS, FIRST_GOAL_MS, GROWTH_GOAL = 120.0, 150.0, 300.0, 0.02
"""Turns a second; milliseconds of the slowest in a hundred at :data:`RATE` a second, and of a first reply; share by
which memory may grow."""

RATE = 60.0
"""Turns a second at which the slowest are looked at."""

AT_ONCE = 32
"""People who talk at once when it is found out how many turns a second there are."""

NEWCOMERS = 30
"""People who come one after the other, to see how long the first reply takes."""

LONGEST_TALK = 12
REST = "/webhooks/rest/webhook"
WISHES = ("a comedy", "something with Tom Hanks", "a film from the 1990s", "a thriller, please", "hello there")


@dataclass(frozen=True)
class ServingFigures:
    """What was measured, all of it in one run on one machine."""

    data: str
    policy: str
    workers: int
    turns_per_second: float
    """As many as are answered when :data:`AT_ONCE` people talk without a pause."""
    rate: float
    """Turns a second asked for in what follows."""
    seconds: float
    turns: int
    errors: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    first_reply_ms: float
    """Slowest of the first replies to :data:`NEWCOMERS` people who come one after the other."""
    first_mb: float
    """Memory of the server when the first tenth of the time was over."""
    last_mb: float
    bare_per_second: float
    """Calls a second of an action of rasa-sdk's own server that says one word."""
    calibrations_per_second: float
    """Softmax of 256 x 7,432."""

    @property
    def growth(self) -> float:
        """Share by which the memory has grown."""
        return self.last_mb / self.first_mb - 1.0


@click.command(epilog=examples("convrec bench serving", "convrec bench serving --seconds 30 --policy bayes"))
@click.option("--data", default="movies-all", show_default=True, metavar="NAME", help="What is talked about.")
@click.option("--policy", default="unified", show_default=True, metavar="NAME", help="Who talks.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that answer.")
@click.option("--seconds", type=click.FloatRange(2, 3600), default=180.0, show_default=True,
              help=f"How long to ask for {RATE:g} turns a second.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def serving(data: str, policy: str, workers: int, seconds: float, json_path: Path | None) -> None:
    """Find out how many turns a second ``convrec serve`` answers, and how long people wait at 60 a second.

    People begin with a few words and press buttons.  Beside it stand an action of rasa-sdk's own server that does
    nothing, and a fixed calculation, both measured in the same run.
    """
    check_output(json_path, "--json")
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "--workers",
            str(workers),
            "--data",
            data,
            "--policy",
            policy,
            "--port",
            "0",
            "--talks",
            str(Path(folder) / "talks.sqlite"),
        ]
        with _server([sys.executable, "-m", "convrec", "serve", *command], token) as (process, port):
            found = asyncio.run(_measure(port, token, process, seconds))
    with _bare() as port:
        bare = asyncio.run(_measure_bare(port))
    figures = ServingFigures(
        data, policy, workers, **found, bare_per_second=bare, calibrations_per_second=calibrations_per_second()
    )
    console.print(_table(figures))
    if json_path is not None:
        write_figures(json_path, [figures])


@contextmanager
def _server(command: Sequence[str], token: str) -> Iterator[tuple[psutil.Process, int]]:
    """``convrec serve``, ready; and its port."""
    settings = {"CONVREC_AUTH_TOKEN": token, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stderr=log, env=os.environ | settings)
        try:
            with notices.status("starting convrec serve"):
                port = _port_in(log, process)
            yield psutil.Process(process.pid), port
        finally:
            process.terminate()
            process.wait(60)


def _port_in(log: Any, process: "subprocess.Popen[bytes]") -> int:
    import time

    while process.poll() is None:
        log.seek(0)
        text = log.read()
        if found := re.search(r"serving .* on http://127\.0\.0\.1:(\d+)", text):
            return int(found[1])
        time.sleep(0.1)
    log.seek(0)
    raise OptionError(f"convrec serve: ended before it began ({log.read().strip().splitlines()[-1]})")


class _Load:
    """People who talk; what they waited is written down."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session, self._address = session, address
        self.waited: list[float] = []
        """Seconds from a message to its answer."""
        self.errors = 0
        self._people = 0

    async def say(self, sender: str, message: str) -> list[dict[str, Any]] | None:
        """One turn; None where it went wrong."""
        began = perf_counter()
        try:
            async with self._session.post(self._address, json={"sender": sender, "message": message}) as answer:
                found = await answer.json()
                if answer.status != 200:
                    raise aiohttp.ClientError(str(answer.status))
        except (aiohttp.ClientError, TimeoutError):
            self.errors += 1
            return None
        self.waited.append(perf_counter() - began)
        return list(found)

    async def talk(self) -> AsyncIterator[None]:
        """Talks of one person after another, turn by turn."""
        while True:
            self._people += 1
            sender, rng = f"person {self._people}", np.random.default_rng(self._people)
            said = str(rng.choice(WISHES))
            for _ in range(LONGEST_TALK):
                found = await self.say(sender, said)
                yield
                if found is None:
                    break
                said = self._answer(found, rng)

    def _answer(self, messages: Sequence[dict[str, Any]], rng: np.random.Generator) -> str:
        """One of the buttons that were shown, or nothing at all."""
        buttons = messages[-1].get("buttons") or (messages[-2].get("buttons") if len(messages) > 1 else None)
        return str(rng.choice([each["payload"] for each in buttons])) if buttons else "/silence"


@asynccontextmanager
async def _people(port: int, token: str) -> AsyncIterator[_Load]:
    headers = {"Authorization": f"Bearer {token}"}
    timeout, connector = aiohttp.ClientTimeout(total=30), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as session:
        address = f"http://127.0.0.1:{port}"
        while True:
            try:
                async with session.get(f"{address}/ready") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
        yield _Load(session, address + REST)


async def _measure(port: int, token: str, process: psutil.Process, seconds: float) -> dict[str, Any]:
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=notices)
    async with _people(port, token) as load:
        with bar:
            task = bar.add_task("as many turns as there may be", total=None)
            await _without_pause(load, 5.0)  # so that memory and caches are what they will be
            load.waited.clear()
            spent = await _without_pause(load, min(20.0, seconds))
            most = len(load.waited) / spent
            load.waited.clear()
            for number in range(NEWCOMERS):
                await load.say(f"newcomer {number}", WISHES[number % len(WISHES)])
            first_ms = 1000.0 * max(load.waited)
            load.waited.clear()
            bar.update(task, description=f"{RATE:g} turns a second", total=seconds)
            sizes = await _at_rate(load, seconds, process, lambda done: bar.update(task, completed=done))
    waited = 1000.0 * np.array(load.waited)
    return {
        "turns_per_second": most, "rate": RATE, "seconds": seconds, "turns": len(waited), "errors": load.errors,
        "p50_ms": float(np.median(waited)), "p99_ms": float(np.quantile(waited, 0.99)),
        "slowest_ms": float(waited.max()), "first_reply_ms": first_ms, "first_mb": sizes[0], "last_mb": sizes[-1],
    }  # fmt: skip


async def _without_pause(load: _Load, seconds: float) -> float:
    """Talk as fast as one is answered; hand out for how many seconds."""
    began = perf_counter()

    async def person() -> None:
        async for _ in load.talk():
            if perf_counter() - began > seconds:
                return

    await asyncio.gather(*(person() for _ in range(AT_ONCE)))
    return perf_counter() - began


async def _at_rate(load: _Load, seconds: float, process: psutil.Process, tell: Any) -> list[float]:
    """Begin a turn every so often whatever becomes of the others; hand out the memory after a tenth, and at the end."""
    free: list[AsyncIterator[None]] = []
    under_way: set[asyncio.Task[None]] = set()
    sizes: list[float] = []
    began = perf_counter()

    async def turn() -> None:
        talk = free.pop() if free else load.talk()
        await anext(talk)
        free.append(talk)

    for number in range(int(seconds * RATE)):
        due = began + number / RATE
        if (early := due - perf_counter()) > 0:
            await asyncio.sleep(early)
        task = asyncio.create_task(turn())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if not sizes and number >= seconds * RATE / 10:
            sizes.append(_size_mb(process))
        if number % RATE == 0:
            tell(perf_counter() - began)
    await asyncio.gather(*under_way)
    return [*sizes, _size_mb(process)]


def _size_mb(process: psutil.Process) -> float:
    """Memory of a process and its children that nobody else has."""
    return sum(float(each.memory_full_info().uss) for each in (process, *process.children(recursive=True))) / 2**20


BARE = """
import sys
from rasa_sdk import Action
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

class Bare(Action):
    def name(self):
        return "action_bare"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="well")
        return []

executor = ActionExecutor()
executor.register_action(Bare())
create_app(executor).run(host="127.0.0.1", port=int(sys.argv[1]), single_process=True, motd=False, access_log=False)
"""


@contextmanager
def _bare() -> Iterator[int]:
    """rasa-sdk's own server with an action that does nothing; and its port."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)


async def _measure_bare(port: int, seconds: float = 5.0) -> float:
    call = json.dumps({"next_action": "action_bare", "sender_id": "ann", "tracker": {"sender_id": "ann"}, "domain": {}})
    address, calls = f"http://127.0.0.1:{port}/webhook", 0
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def ask() -> bool:
            try:
                async with session.post(address, data=call) as answer:
                    await answer.read()
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        while not await ask():
            await asyncio.sleep(0.1)
        began = perf_counter()

        async def caller() -> int:
            count = 0
            while perf_counter() - began < seconds:
                count += await ask()
            return count

        calls = sum(await asyncio.gather(*(caller() for _ in range(AT_ONCE))))
        return calls / (perf_counter() - began)


def _table(figures: ServingFigures) -> Table:
    caption = (
        f"Goals: {TURNS_GOAL:g} turns a second; 1 in 100 over {SLOWEST_GOAL_MS:g} ms at {figures.rate:g} a second; no "
        f"errors; a first reply in {FIRST_GOAL_MS:g} ms; memory +{GROWTH_GOAL:.0%}. Beside it: a call of rasa-sdk's "
        "own server that does nothing, and a fixed calculation."
    )
    table = Table(
        box=box.SIMPLE_HEAD, title=f"convrec serve, {figures.data}, {figures.policy}", title_justify="left",
        pad_edge=False, caption=caption, caption_justify="left",
    )  # fmt: skip
    rows = {
        "turns a second": f"[bold]{figures.turns_per_second:.0f}[/]",
        f"at {figures.rate:g} a second: turns": f"{figures.turns:,}",
        "errors": str(figures.errors),
        "half wait at most, ms": f"{figures.p50_ms:.0f}",
        "99 of 100 wait at most, ms": f"[bold]{figures.p99_ms:.0f}[/]",
        "slowest, ms": f"{figures.slowest_ms:.0f}",
        "slowest first reply, ms": f"[bold]{figures.first_reply_ms:.0f}[/]",
        "memory, MB": f"{figures.first_mb:.0f} → {figures.last_mb:.0f} ({figures.growth:+.1%})",
        "bare rasa-sdk, calls a second": f"{figures.bare_per_second:.0f}",
        "calculations a second": f"{figures.calibrations_per_second:.0f}",
    }
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    return table
