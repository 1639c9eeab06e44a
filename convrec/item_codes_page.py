"""The part of the page of results on item codes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convrec.recorded import markdown_table, recorded_sections

NAME = "item-codes"

MEASURES = {
    "zero-shot": "Nothing learned on the target",
    "learning": "Area under the learning curve: mean over the checkpoints, the beginning included",
    "permutation": "Only the permutation of the codes learned",
}
"""Measures as they are recorded, and what they are."""


def item_codes_sections(results: Path) -> list[str]:
    """Markdown; nothing where the table has not been recorded.

    :raises DataError: when the file is not what ``convrec bench item-codes`` writes.
    """
    return recorded_sections(results, NAME, _sections)


def _sections(content: Mapping[str, Any]) -> Iterator[str]:
    settings = list(dict.fromkeys(row["setting"] for row in content["results"]))
    size = content["bytes"]
    yield "## Item codes"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    yield (
        f"NDCG@10 of {content['split']} likes among all items that a person has not had; {len(content['seeds'])} "
        "seeds; intervals over people, all seeds of a person together. *Known*: share of the target's likes in train "
        "(for the permutation in valid, too) that histories hold and that is learned from. An item takes "
        f"{size['bytes_an_item']} bytes, beside {size['id_table_bytes_an_item']} in a table of ids; once, however many "
        f"items there are, {size['table_bytes'] / 1e6:.1f} MB of table and {size['coder_bytes'] / 1e6:.1f} MB of "
        "coder. See [item codes](item-codes.md)."
    )
    for measure, says in MEASURES.items():
        yield f"**{says}**"
        yield markdown_table(["", "known", *settings], list(_arms(content["results"], measure, settings)))
        yield markdown_table(
            ["times", "known", "asked", *settings], list(_claims(content["comparisons"], measure, settings))
        )


def _arms(rows: Sequence[Mapping[str, Any]], measure: str, settings: Sequence[str]) -> Iterator[list[str]]:
    found = {(row["arm"], row["share"], row["setting"]): row for row in rows if row["measure"] == measure}
    for arm, share in dict.fromkeys((arm, share) for arm, share, _ in found):
        cells = [_figure(found[arm, share, setting]["ndcg"], 4) for setting in settings]
        yield [arm, f"{share:.0%}", *cells]


def _claims(rows: Sequence[Mapping[str, Any]], measure: str, settings: Sequence[str]) -> Iterator[list[str]]:
    found = {(row["a"], row["b"], row["share"], row["setting"]): row for row in rows if row["measure"] == measure}
    for a, b, share in dict.fromkeys((a, b, share) for a, b, share, _ in found):
        of_settings = [found[a, b, share, setting] for setting in settings]
        asked = of_settings[0]["asked"]
        wanted = f"≥ {asked:g}" if asked > 1 else "> 1" if measure == "permutation" else ""
        cells = [f"{_figure(row['times'], 2)}, p = {row['p']:.3f}" for row in of_settings]
        yield [f"{a} / {b}", f"{share:.0%}", wanted, *cells]


def _figure(values: Sequence[float], digits: int) -> str:
    value, low, high = values
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
