"""The part of the page of results on items that were added by a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convrec.recorded import markdown_table, recorded_sections

NAME = "added-items"


def added_items_sections(results: Path) -> list[str]:
    """Markdown; nothing where the table has not been recorded.

    :raises DataError: when the file is not what ``convrec bench added-items`` writes.
    """
    return recorded_sections(results, NAME, _sections)


def _sections(content: dict[str, Any]) -> Iterator[str]:
    added, known = content["of the added"], content["of the known"]
    yield "## Added items"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    yield (
        f"{content['withheld']:,} items of `{content['data']['name']}` were withheld from all training and then added "
        f"by a file, in {content['seconds to add']:.2f} s; nothing was trained after that. They have "
        f"{added['mean facts']:.1f} attributes each ({added['least facts']} to {added['most facts']}). Each is matched "
        f"to an item that was there all along, with as many attributes ({known['mean facts']:.1f}) and much as sought, "
        "and both are looked for equally often. Ratio: success with added items over success with known ones, with its "
        "95 % interval; as sought: each item as often as people seek it. Fake: the file gave each item the attributes "
        "of another."
    )
    yield markdown_table(
        ["users, questions, policy", "dialogues", "SR@15 added", "SR@15 known", "ratio", "ratio, as sought", "AT added",
         "AT known", "SR@15 fake"],
        [_row(row) for row in content["results"]],
    )  # fmt: skip


def _row(row: dict[str, Any]) -> list[str]:
    alike, sought = row["uniform"], row["sought"]
    return [
        f"{row['users']}, {row['questions']}, {row['policy']}", f"{row['dialogues']:,}", _figure(alike["sr_added"]),
        _figure(alike["sr_known"]), _interval(alike["ratio"]), _interval(sought["ratio"]),
        _figure(alike["at_added"], 2), _figure(alike["at_known"], 2), _figure(alike["sr_misled"]),
    ]  # fmt: skip


def _figure(interval: list[float], digits: int = 3) -> str:
    value, low, high = interval
    return f"{value:.{digits}f} ± {(high - low) / 2:.{digits}f}"


def _interval(interval: list[float]) -> str:
    value, low, high = interval
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
