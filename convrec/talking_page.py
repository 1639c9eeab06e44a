"""What the benches of words and of talks recorded, as a part of the page of results."""

import html
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from convrec.recorded import markdown_table, read_result
from graph.errors import DataError

SAMPLES_A_GENERATOR = 40
"""Replies that are printed of each generator, beginning with those of the first data set."""


def talking_sections(results: Path) -> Iterator[str]:
    """The recorded tables, in Markdown.

    :raises DataError: when a file is damaged.
    """
    sections = {"talks": _talks, "understanding": _understanding, "kills": _kills, "language": _language}
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


def _understanding(content: dict[str, Any]) -> Iterator[str]:
    yield "### What is understood"
    yield (
        f"`{content['command']}`: simulated users say what they would press, in templates, with synonyms that stand "
        "nowhere in the understander and every tenth longer word mistyped. Beside them the same people with buttons; "
        "in brackets the 95 % interval of the ratio of SR@15."
    )
    listeners = list(dict.fromkeys(str(each["listener"]) for each in content["results"]))
    rows: dict[str, list[str]] = {}
    for each in content["results"]:
        label = f"{each['users']}, {each['questions']}, {each['policy']}"
        row = rows.setdefault(label, [label, f"{each['buttons_sr']:.3f}"])
        low, high = each["ratio_ci"]
        row.append(f"{each['ratio']:.2f} [{low:.2f}, {high:.2f}]")
    yield markdown_table(["", "SR@15 with buttons", *listeners], list(rows.values()))
    yield markdown_table(["heard by", "messages", "as meant", "not understood", "something else"],
                         [_heard(name, content["results"]) for name in listeners])  # fmt: skip
    noise = content["fuzz"]
    if noise:
        yield (
            f"{noise['messages']:,} messages that nobody should send, on {noise['data']}: {noise['crashes']} crashes, "
            f"{noise['strange_replies']} replies with anything in them that nobody asked for; 99 of 100 take "
            f"{noise['cpu_p99_ms']:.0f} ms of the processor at most ({noise['p99_ms']:.0f} ms by the clock)."
        )


def _heard(listener: str, results: Sequence[dict[str, Any]]) -> list[str]:
    own = [each for each in results if each["listener"] == listener]
    messages = [each["messages"] for each in own]
    names = "as_meant", "not_understood", "something_else"
    shares = (float(np.average([each[name] for each in own], weights=messages)) for name in names)
    return [listener, f"{sum(messages):,}", *(f"{share:.1%}" for share in shares)]


def _kills(content: dict[str, Any]) -> Iterator[str]:
    yield "### Killed at random"
    yield f"`{content['command']}`: a process that keeps dialogues is killed, and everything is read again."
    headings = ["", "kills", "dialogues", "turns acknowledged", "kept", "lost", "twice", "last lines torn"]
    names = "kills", "dialogues", "acknowledged", "kept", "lost", "twice", "torn"
    yield markdown_table(
        headings, [[each["data"], *(f"{each[name]:,}" for name in names)] for each in content["results"]]
    )


def _language(content: dict[str, Any]) -> Iterator[str]:
    yield "### What is said"
    yield (
        f"`{content['command']}`: replies of every kind, each checked by the verifier. First try: the share whose "
        "first wording passed; by template: the share a template had to say in the end. Distinct-2: different pairs of "
        "neighbouring words over all pairs, names left out (Li et al. 2016). Repeated: the share that stood, names "
        "left out, within the nine replies before. Milliseconds of one processor."
    )
    headings = ["", "replies", "slot errors", "unsupported claims", "first try", "by template", "distinct-2",
                "different", "repeated", "ms, p50", "p95"]  # fmt: skip
    yield markdown_table(headings, [_spoken(each) for each in content["results"]])
    for each in content["results"]:
        if quick := each.get("quickening"):
            yield (
                f"{each['data']}, {each['generator']}, seconds a reply in turns on one core: plain "
                f"{quick['plain_seconds']:.2f}, quick {quick['quick_seconds']:.2f} ({quick['times_faster']:.1f} times "
                f"faster), the first of a kind {quick['first_seconds']:.2f}."
            )
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
