"""The part of the page of results on personas."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convrec.recorded import markdown_table, recorded_sections

NAME = "personas"

CLAIMS = {
    "ARI, different tastes, in two": "people of different tastes told apart (adjusted Rand index), most alike personas "
                                     "put together until two are left",
    "ARI, different tastes, as they are": "the same, every persona for itself",
    "ARI, different tastes, k-means": "the same, by k-means with k = 2",
    "ARI, different tastes, told half": "the same, by a classifier that is told whose half of the likes are",
    "ARI, different tastes, by lot": "the same, by lot",
    "ARI, any two, in two": "any two people told apart",
    "ARI, any two, k-means": "the same, by k-means with k = 2",
    "ARI, any two, told half": "the same, by a classifier that is told whose half of the likes are",
    "top attention": "weight of the first persona for an item that was liked later",
    "lost without the top": "what such an item's score loses without that persona",
    "lost without another": "what it loses without another one",
    "lift of labels": "likes kept back that have the label of their persona, over what would be expected",
    "labelled": "personas that have a label",
    "order": "by how much a score changes, at most, when personas stand in another order",
}  # fmt: skip
"""Measures as they are recorded, and what they say."""


def personas_sections(results: Path) -> list[str]:
    """Markdown; nothing where the table has not been recorded.

    :raises DataError: when the file is not what ``convrec bench personas`` writes.
    """
    return recorded_sections(results, NAME, _sections)


def _sections(content: Mapping[str, Any]) -> Iterator[str]:
    yield "## Personas"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    for data in dict.fromkeys(row["data"] for row in content["results"]):
        rows = {row["kind"]: row for row in content["results"] if row["data"] == data}
        seeds = len(next(iter(rows.values()))["seeds"])
        yield (
            f"`{data}`, {seeds} seeds, each with another fifth of the users left out of learning; intervals are over "
            "users. The model of one vector learns as personas do, from the same likes, with no fewer parameters. See "
            "[personas](personas.md)."
        )
        yield markdown_table(
            ["affinity", "NDCG@10", "times one vector", "parameters"],
            [[kind, *_ranking(row)] for kind, row in rows.items()],
        )
        yield markdown_table(
            ["what personas claim", "personas", "untrained"],
            [
                [says, *(_figure(rows[kind]["figures"][measure]) for kind in ("personas", "untrained"))]
                for measure, says in CLAIMS.items()
            ],
        )


def _ranking(row: Mapping[str, Any]) -> list[str]:
    numbers = "" if row["parameters"] is None else f"{row['parameters']:,}"
    return [*(_figure(row["figures"][name]) for name in ("ndcg@10", "times one vector")), numbers]


def _figure(values: Sequence[float]) -> str:
    value, *ends = values
    if not ends:
        return f"{value:.0e}"
    low, high = ends
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
