"""Kept dialogues: one JSON line a turn, appended and flushed to the disk before the answer is shown.

A file is a header and then a record a turn; a rating may follow.  The last line may be torn by a crash: it was never
acknowledged, is left out when read and cut off before anything is appended.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dialogs.acts import AgentAct, Farewell, Place, UserAct, places_in
from dialogs.session import Reply, writable
from graph.catalogue import Catalogue
from graph.errors import DataError

SCHEMA_VERSION = 1
SUFFIX = ".jsonl"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Header(_Line):
    """Everything that has to be the same for a dialogue to go the same way again."""

    line: Literal["header"] = "header"
    schema_version: int = SCHEMA_VERSION
    started: AwareDatetime = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))
    convrec: str
    """Version of the program."""
    data: str
    graph: str
    """Fingerprint of the data set."""
    affinity: str
    affinity_hash: str = ""
    """Of what was known of the person before the first word; empty where it was not kept."""
    policy: str
    policy_hash: str
    checkpoint: str | None = None
    """Where the policy came from; None where it came with the program."""
    generator: str
    generator_hash: str
    understander: str
    questions: str = Field(pattern="^(binary|facet|multi)$")
    turns: int = Field(ge=1)
    list_length: int = Field(ge=1)
    seed: int = Field(ge=0)
    user: int | str | None = None
    excluded: tuple[Place, ...] = ()
    """Items that were not to be shown, by their places."""


class SaidText(_Line):
    """One part of what was said."""

    text: str
    generator: str
    dropped: int = 0


class ThoughtRecord(_Line):
    """What a decision was made on; see :class:`dialogs.agent.Thought`."""

    candidates: int
    top: tuple[tuple[int, float], ...]
    mask: tuple[bool, ...]
    scores: tuple[float, ...]
    slot: int
    turn: int


class TurnRecord(_Line):
    """One message and what came of it."""

    line: Literal["turn"] = "turn"
    number: int = Field(ge=0)
    message: str
    heard: tuple[UserAct, ...]
    says: tuple[AgentAct, ...]
    said: tuple[SaidText, ...]
    thought: ThoughtRecord | None = None
    seconds: float = Field(ge=0)
    over: bool = False

    @property
    def text(self) -> str:
        """All that was said."""
        return " ".join(each.text for each in self.said)


class Rating(_Line):
    """What the person thought of the dialogue."""

    line: Literal["rating"] = "rating"
    stars: int = Field(ge=1, le=5)
    comment: str = ""


@dataclass(frozen=True)
class Transcript:
    """One dialogue that was kept."""

    path: Path
    header: Header
    turns: tuple[TurnRecord, ...]
    ratings: tuple[Rating, ...]
    torn: bool
    """Whether the last line had been cut short."""

    @property
    def name(self) -> str:
        """What the dialogue is called: its file without the suffix."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def farewell(self) -> Farewell | None:
        """How the dialogue ended; None where it did not."""
        acts = (act for turn in reversed(self.turns) for act in turn.says if isinstance(act, Farewell))
        return next(acts, None)

    @property
    def found(self) -> int | None:
        """Place of the item that was accepted; None where none was."""
        return None if self.farewell is None else self.farewell.found

    @property
    def over(self) -> bool:
        """Whether the dialogue came to its end."""
        return any(turn.over for turn in self.turns)


class Recorder:
    """Appends to the file of one dialogue, and holds it so that nobody else does.

    :raises DataError: when the file cannot be written, or is being written by somebody else.
    """

    def __init__(self, path: Path, header: Header | None = None) -> None:
        self.path = path
        self._number = 0
        try:
            if header is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("r+b" if header is None else "xb")
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if header is None:
                self._go_on()
            else:
                self._append(header)
        except BlockingIOError as error:
            self._file.close()
            raise DataError(f"{path}: the dialogue is still going on; wait until it has ended") from error
        except OSError as error:
            self._file.close()
            raise self._unwritable(error) from error
        except DataError:
            self._file.close()
            raise

    def _unwritable(self, error: OSError) -> DataError:
        return DataError(f"{self.path}: cannot be written ({error.strerror}); name a folder you own")

    def _go_on(self) -> None:
        """Stand behind the last whole line of a dialogue that was kept before."""
        self._number = len(read_transcript(self.path).turns)
        self._file.truncate(_whole_lines(self.path.read_bytes()))
        self._file.seek(0, os.SEEK_END)

    def turn(self, reply: Reply) -> None:
        """Keep one turn; when this returns it will be there after a crash."""
        thought = None if reply.thought is None else ThoughtRecord(**asdict(reply.thought))
        said = tuple(SaidText(text=each.text, generator=each.generator, dropped=each.dropped) for each in reply.said)
        self._append(
            TurnRecord(
                number=self._number, message=reply.message, heard=reply.heard, says=reply.says, said=said,
                thought=thought, seconds=round(reply.seconds, 4), over=reply.over,
            )
        )  # fmt: skip
        self._number += 1

    def rate(self, rating: Rating) -> None:
        """Keep a rating."""
        self._append(rating.model_copy(update={"comment": writable(rating.comment)}))

    def close(self) -> None:
        """Nothing more will be kept."""
        self._file.close()

    def _append(self, line: BaseModel) -> None:
        self._file.write(line.model_dump_json(exclude_defaults=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def new_path(folder: Path, now: datetime | None = None) -> Path:
    """A name that no dialogue has yet, in order of time."""
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    for number in range(10_000):
        path = folder / f"{stamp}{f'-{number}' if number else ''}{SUFFIX}"
        if not path.exists():
            return path
    raise DataError(f"{folder}: holds ten thousand dialogues of one second; name another folder")


def read_transcript(path: Path) -> Transcript:
    """Read one dialogue.

    :raises DataError: when it is missing, damaged before its last line, or of another version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); see: convrec dialogs list") from error
    whole = _whole_lines(content)
    # Not splitlines(), which would also cut where a message holds U+2028.
    lines = content[:whole].decode("utf-8", "replace").split("\n")[:-1]
    if not lines:
        raise DataError(f"{path}: holds no dialogue; delete it")
    header = _parse(path, 1, lines[0])
    if not isinstance(header, Header):
        raise DataError(f"{path}: line 1: a dialogue begins with its header; this is no transcript")
    turns: list[TurnRecord] = []
    ratings: list[Rating] = []
    for number, text in enumerate(lines[1:], start=2):
        line = _parse(path, number, text)
        if isinstance(line, TurnRecord) and line.number == len(turns):
            turns.append(line)
        elif isinstance(line, Rating):
            ratings.append(line)
        else:
            raise DataError(f"{path}: line {number}: turn {len(turns)} was to stand here; the file has been changed")
    return Transcript(path, header, tuple(turns), tuple(ratings), whole < len(content))


def _whole_lines(content: bytes) -> int:
    """Bytes up to the last line that is whole."""
    return content.rfind(b"\n") + 1


KINDS: Mapping[str, type[Header | TurnRecord | Rating]] = {"header": Header, "turn": TurnRecord, "rating": Rating}


def _parse(path: Path, number: int, text: str) -> Header | TurnRecord | Rating:
    try:
        raw: Any = json.loads(text)
        kind = KINDS[raw["line"]]
        if kind is Header and raw.get("schema_version") != SCHEMA_VERSION:
            raise DataError(
                f"{path}: schema {raw.get('schema_version')!r}, but this version reads {SCHEMA_VERSION}; "
                "read it with the version that wrote it"
            )
        return kind.model_validate_json(text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = _first_of(error) if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{path}: line {number}: not what a transcript holds ({what}); restore the file") from error


def _first_of(error: ValidationError) -> str:
    """What is wrong first, and where: "heard: Field required"."""
    first = error.errors()[0]
    return f"{'.'.join(str(each) for each in first['loc'])}: {first['msg']}"


def check_data(transcript: Transcript, graph: str, catalogue: Catalogue) -> None:
    """Find out now that the data are not those a dialogue was about, so that its places mean other things.

    :param graph: fingerprint of the data there are.
    :raises DataError: when they have changed, or lack an item or attribute that is named.
    """
    header, sizes = transcript.header, {"item": catalogue.n_items, "attribute": catalogue.n_attributes}
    if header.graph != graph:
        raise DataError(
            f"{transcript.path}: {header.data} has changed since (graph {header.graph} then, {graph} now), so items "
            "and attributes are no longer those that were talked about; bring the old data back"
        )
    named = [(0, "item", item) for item in header.excluded]
    for turn in transcript.turns:
        named += [(turn.number, *each) for act in (*turn.heard, *turn.says) for each in places_in(act)]
        named += [(turn.number, "item", item) for item, _ in (turn.thought.top if turn.thought else ())]
    for number, kind, place in named:
        if not 0 <= place < sizes[kind]:
            raise DataError(
                f"{transcript.path}: turn {number} names {kind} {place}, but there are {sizes[kind]:,}; "
                "the file has been changed, restore it"
            )


def transcripts_in(folder: Path) -> list[Path]:
    """The dialogues of a folder in the order in which they began; what does not begin like one stands first."""
    found = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file()) if folder.is_dir() else []
    return sorted(found, key=_beginning)


def _beginning(path: Path) -> datetime:
    try:
        with path.open("rb") as file:
            header = _parse(path, 1, file.readline(_LONGEST_HEADER).decode("utf-8", "replace"))
    except (OSError, DataError):
        return _NEVER
    return header.started.astimezone(UTC) if isinstance(header, Header) else _NEVER


_NEVER = datetime.min.replace(tzinfo=UTC)
_LONGEST_HEADER = 1 << 20
"""Bytes."""
