"""What the benches of words and of talks recorded, as a part of the page of results."""

import html
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from convrec.recorded import markdown_table, read_result
from graph.errors import DataError

SAMPLES_A_GENERATOR = 20
"""Replies that are printed of each generator, beginning with those of the first data set."""


def talking_sections(results: Path) -> Iterator[str]:
    """The recorded tables, in Markdown.

    :raises DataError: when a file is damaged.
    """
    sections = {"talks": _talks, "language": _language}
    found = [(name, path) for name in sections if (path := results / f"{name}.json").exists()]
    if found:
        yield "## Talking"
    for name, path in found:
        content = read_result(path)
        try:
            yield from sections[name](content)
        except (KeyError, TypeError, IndexError) as error:
            raise DataError(f"{path}: not a recorded table ({error}); run: {content['command']}") from error


def _talks(content: dict[str, Any]) -> Iterator[str]:
    yield "### At a terminal"
    yield (
        f"`{content['command']}`: a scripted person types into `convrec chat` through a pseudo-terminal, asks why, "
        "takes things back, has seen films, asks for time."
    )
    rows = []
    talks = sorted(content["results"], key=lambda talk: str(talk["style"]))
    for style, group in groupby(talks, lambda talk: str(talk["style"])):
        own = list(group)
        rows.append(
            [
                style, str(len(own)), str(sum(talk["ended"] == "found" for talk in own)),
                str(sum(talk["ended"] not in ("found", "broken off") for talk in own)),
                str(sum(talk["ended"] == "broken off" for talk in own)),
                f"{np.mean([talk['turns'] for talk in own]):.1f}",
                f"{np.mean([len(talk['messages']) for talk in own]):.1f}",
            ]
        )  # fmt: skip
    yield markdown_table(["", "talks", "found", "ended politely", "broken off", "turns", "messages"], rows)


def _language(content: dict[str, Any]) -> Iterator[str]:
    yield "### What is said"
    yield (
        f"`{content['command']}`: replies of every kind, each checked by the verifier. First try: the share whose "
        "first wording passed; by template: the share a template had to say in the end. Distinct-2: different pairs of "
        "neighbouring words over all pairs, names left out (Li et al. 2016). Repeated: the share that stood, names "
        "left out, within the nine replies before. Milliseconds on one core."
    )
    headings = ["", "replies", "slot errors", "unsupported claims", "first try", "by template", "distinct-2",
                "different", "repeated", "ms, p50", "p95"]  # fmt: skip
    yield markdown_table(headings, [_spoken(each) for each in content["results"]])
    for generator in dict.fromkeys(str(each["generator"]) for each in content["results"]):
        samples = _samples([each["samples"] for each in content["results"] if each["generator"] == generator])
        lines = "\n".join(f"- {_plain(text)}" for text in samples)
        yield f"<details><summary>{len(samples)} replies of {generator}</summary>\n\n{lines}\n\n</details>"


def _spoken(each: dict[str, Any]) -> list[str]:
    return [
        f"{each['data']}, {each['generator']}", f"{each['replies']:,}", str(each["slot_errors"]),
        str(each["unsupported_claims"]), f"{each['first_try']:.1%}", f"{each['by_template']:.1%}",
        f"{each['distinct_2']:.4f}", f"{each['different']:,}", f"{each['repeated']:.1%}", f"{each['median_ms']:.1f}",
        f"{each['p95_ms']:.1f}",
    ]  # fmt: skip


def _samples(of_each: Sequence[Sequence[str]]) -> list[str]:
    """Samples of each data set in turn."""
    turns = [sample for row in zip(*of_each, strict=False) for sample in row]
    return turns[:SAMPLES_A_GENERATOR]


def _plain(text: str) -> str:
    """A reply that Markdown leaves as it is."""
    return "".join(f"\\{sign}" if sign in r"\*_`[]<>#|" else sign for sign in html.escape(text, quote=False))
