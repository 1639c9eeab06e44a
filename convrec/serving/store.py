"""Where the gateway keeps its talks: one SQLite file, which several processes may use at a time.

A turn is kept before it is answered, in one transaction with the answer, so that after a crash the talk stands where
the person last heard that it does, and a message that is sent again gets the same answer.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convrec.serving.sealing import SealError, pack, unpack
from dialogs.session import Standing
from graph.errors import DataError

SCHEMA_VERSION = 1

ANSWERS_KEPT = 20
"""Latest answers of a talk that are kept, for messages that are sent again."""

LOCKED_S = 5.0
"""Seconds to wait for another process that writes."""

STILL_LOCKED_S, STILL_S = 0.1, 2.0
"""Seconds to wait where somebody has waited in vain already, and for how long that counts: turns that are answered
together do not wait one after the other."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS talk (
    about TEXT NOT NULL, sender TEXT NOT NULL, number INTEGER NOT NULL, standing BLOB NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (about, sender)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS talk_changed ON talk (changed);
CREATE TABLE IF NOT EXISTS answer (
    about TEXT NOT NULL, sender TEXT NOT NULL, number INTEGER NOT NULL, message TEXT, content TEXT NOT NULL,
    PRIMARY KEY (about, sender, number),
    FOREIGN KEY (about, sender) REFERENCES talk (about, sender) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answer_message ON answer (about, sender, message);
CREATE TABLE IF NOT EXISTS rating (
    about TEXT NOT NULL, sender TEXT NOT NULL, number INTEGER NOT NULL, turns INTEGER NOT NULL, stars INTEGER NOT NULL,
    PRIMARY KEY (about, sender, number),
    FOREIGN KEY (about, sender) REFERENCES talk (about, sender) ON DELETE CASCADE
) WITHOUT ROWID;
"""

_KEEP = """
INSERT INTO talk VALUES (?, ?, ?, ?, ?) ON CONFLICT (about, sender) DO UPDATE SET
number = excluded.number, standing = excluded.standing, changed = excluded.changed WHERE number = ?
"""


class StoreBusyError(Exception):
    """Another process has held the store for too long."""


class ChangedError(Exception):
    """Somebody else has answered this sender meanwhile."""


@dataclass(frozen=True)
class Kept:
    """Where a talk stands, as it was kept."""

    number: int
    """Turns that were kept so far."""
    standing: Standing


NEW = Kept(0, Standing())


@dataclass(frozen=True)
class Answered:
    """One turn of a talk, as it was kept."""

    number: int
    message: str | None
    """Id of the message."""
    content: Any
    """What it was answered."""


class Talks:
    """The talks of one file.

    :param about: what they are about, such as the fingerprint of the data: those about anything else are others.
    :raises DataError: when the file cannot be used.
    """

    def __init__(self, path: Path, about: str, now: Callable[[], float] = time.time) -> None:
        self._path, self._about, self._now = path, about, now
        self._local = threading.local()
        self._held_until = 0.0
        self._all: list[sqlite3.Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # nobody else's, and so what SQLite puts beside it
            with self._using() as base:
                version = int(base.execute("PRAGMA user_version").fetchone()[0])
                if version not in (0, SCHEMA_VERSION):
                    raise DataError(f"{path}: schema {version}, but this version reads {SCHEMA_VERSION}; name another")
                base.executescript(_SCHEMA)
                base.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except (OSError, sqlite3.Error, StoreBusyError) as error:
            raise DataError(f"{path}: cannot keep talks there ({error}); name another file") from error

    def find(self, sender: str) -> Kept:
        """Where the talk of a sender stands; at its beginning where there is none that can be gone on with.

        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            row = base.execute(
                "SELECT number, standing FROM talk WHERE about = ? AND sender = ?", (self._about, sender)
            ).fetchone()
        if row is None:
            return NEW
        number, packed = row
        try:
            return Kept(number, unpack(packed))
        except SealError:
            return Kept(number, Standing())

    def answered(self, sender: str, message: str) -> Any:
        """What a message was answered, if it was and that is kept; else None.

        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            row = base.execute(
                "SELECT content FROM answer WHERE about = ? AND sender = ? AND message = ?",
                (self._about, sender, message),
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def answers(self, sender: str) -> list[Answered]:
        """The latest :data:`ANSWERS_KEPT` answers of a talk, oldest first.

        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            rows = base.execute(
                "SELECT number, message, content FROM answer WHERE about = ? AND sender = ? ORDER BY number",
                (self._about, sender),
            ).fetchall()
        return [Answered(number, message, json.loads(content)) for number, message, content in rows]

    def rating(self, sender: str, number: int) -> int | None:
        """Stars that a talk was given at its end, which was turn ``number``; None where it was given none.

        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            row = base.execute(
                "SELECT stars FROM rating WHERE about = ? AND sender = ? AND number = ?", (self._about, sender, number)
            ).fetchone()
        return None if row is None else int(row[0])

    def rate(self, sender: str, kept: Kept, stars: int) -> bool:
        """Keep the stars of a talk, unless it was given some before; hand out whether they are kept.

        :param kept: where the talk has ended.
        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            return base.execute(
                "INSERT OR IGNORE INTO rating VALUES (?, ?, ?, ?, ?)",
                (self._about, sender, kept.number, kept.standing.replies, stars),
            ).rowcount == 1  # fmt: skip

    def keep(
        self, sender: str, before: Kept, standing: Standing, message: str | None, content: Any,
        take: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Keep one turn and its answer; when this returns they will be there after a crash.

        :param before: what the turn went on from.
        :param message: id of the message, for when it is sent again.
        :param take: called when all is written, and before it counts; what it raises undoes all.
        :raises ChangedError: when somebody else has answered this sender since then; nothing is kept.
        :raises StoreBusyError: when another process holds the file.
        """
        number, packed, now = before.number + 1, pack(standing), self._now()
        with self._using() as base:
            base.execute("BEGIN IMMEDIATE")
            try:
                if base.execute(_KEEP, (self._about, sender, number, packed, now, before.number)).rowcount != 1:
                    raise ChangedError(sender)
                base.execute(
                    "INSERT INTO answer VALUES (?, ?, ?, ?, ?)",
                    (self._about, sender, number, message, json.dumps(content)),
                )
                base.execute(
                    "DELETE FROM answer WHERE about = ? AND sender = ? AND number <= ?",
                    (self._about, sender, number - ANSWERS_KEPT),
                )
                take()
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise

    def forget(self, older_than_s: float) -> int:
        """Forget talks in which nothing was said for so long, and hand out how many.

        :raises StoreBusyError: when another process holds the file.
        """
        with self._using() as base:
            return base.execute("DELETE FROM talk WHERE changed < ?", (self._now() - older_than_s,)).rowcount

    def close(self) -> None:
        """Nothing more is kept; nobody may be using it."""
        for base in self._all:
            base.close()
        self._all.clear()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        base: sqlite3.Connection | None = getattr(self._local, "base", None)
        try:
            if base is None:
                base = self._local.base = self._connect()
            self._be_patient(base)
            yield base
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                self._held_until = time.monotonic() + STILL_S
                raise StoreBusyError("the talks are held by another process; try again in a moment") from error
            raise

    def _be_patient(self, base: sqlite3.Connection) -> None:
        patience = STILL_LOCKED_S if time.monotonic() < self._held_until else LOCKED_S
        if getattr(self._local, "patience", LOCKED_S) != patience:
            base.execute(f"PRAGMA busy_timeout = {int(1000 * patience)}").close()
            self._local.patience = patience

    def _connect(self) -> sqlite3.Connection:
        # Threads have connections of their own; they are closed by another one, in the end.
        base = sqlite3.connect(self._path, timeout=LOCKED_S, isolation_level=None, check_same_thread=False)
        try:
            for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                with closing(base.execute(f"PRAGMA {setting}")):
                    pass
        except sqlite3.Error:
            base.close()
            raise
        self._all.append(base)
        return base
