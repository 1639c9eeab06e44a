"""Recorded tables: read from JSON, written as Markdown."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from graph.errors import DataError


def read_result(path: Path) -> dict[str, Any]:
    """Read one recorded table.

    :raises DataError: when the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content["results"], list) or not content["results"]:
            raise TypeError("no results")
        needed = {"command": str, "commit": str | None}
        if not all(isinstance(content[name], kind) for name, kind in needed.items()):
            raise TypeError("command or commit")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a recorded table ({error}); remove it and run: convrec bench tables") from error
    return content


def recorded_sections(results: Path, name: str, sections: Callable[[dict[str, Any]], Iterable[str]]) -> list[str]:
    """Markdown of the table that ``convrec bench NAME`` wrote; nothing where it has not been recorded.

    :param sections: what is told of the content of the file.
    :raises DataError: when the file is not what the bench writes.
    """
    path = results / f"{name}.json"
    if not path.exists():
        return []
    content = read_result(path)
    try:
        return list(sections(content))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise DataError(f"{path}: not a recorded table ({error}); run: convrec bench {name} --json {path}") from error


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are figures."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
