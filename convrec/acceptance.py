"""The recorded tables: which evaluations stand in ``results/``, and the page that is drawn from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from convrec.added_items_page import added_items_sections
from convrec.affinity_page import affinity_sections
from convrec.item_codes_page import item_codes_sections
from convrec.personas_page import personas_sections
from convrec.policy_page import policy_sections
from convrec.recorded import markdown_table, read_result
from convrec.talking_page import talking_sections
from convrec.user_tables import METRICS, as_markdown, results_over_users
from graph.errors import DataError

MCR = "--turns 14 --dialogues 4000 --seeds 2"
"""The published benchmark protocol."""

BAYES = "--policy bayes"

ASKING = f" --policy max-entropy {BAYES}"
"""Policies for which it matters how questions are asked."""

PICTURES = {"lastfm-binary": "success.svg", "users-movies": "users.svg", "noise-lastfm": "noise.svg"}
"""Files beside the page, each drawn from a table."""


@dataclass(frozen=True)
class Evaluation:
    """One table."""

    name: str
    heading: str
    arguments: str
    """What follows ``convrec evaluate``."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is told of several kinds of user."""
        words = self.arguments.split()
        return tuple(after for word, after in pairwise(words) if word == "--metric")

    @property
    def picture(self) -> str | None:
        """File beside the page."""
        return PICTURES.get(self.name)


EVALUATIONS = (
    Evaluation("lastfm-binary", "Published protocol, lastfm", f"--data lastfm --affinity content {MCR}"),
    Evaluation("lastfm_star-binary", "Published protocol, lastfm_star", f"--data lastfm_star --affinity content {MCR}"),
    Evaluation(
        "lastfm-known-drop", "Train items taken out by rule, lastfm",
        f"--data lastfm --affinity content --known drop {BAYES} {MCR}",
    ),
    Evaluation(
        "lastfm_star-known-drop", "Train items taken out by rule, lastfm_star",
        f"--data lastfm_star --affinity content --known drop {BAYES} {MCR}",
    ),
    *(
        Evaluation(f"{name}-hybrid{suffix}", f"Default affinity, {name}{words}", f"--data {name}{known} {BAYES} {MCR}")
        for name in ("lastfm", "lastfm_star", "movies")
        for suffix, words, known in (("", "", ""), ("-drop", ", train items taken out by rule", " --known drop"))
    ),
    *(
        Evaluation(
            f"lastfm-15-{mode}", f"Question modes on lastfm: {mode}",
            f"--data lastfm --affinity content --questions {mode} --dialogues 4000 --seeds 2 {BAYES}",
        )
        for mode in ("binary", "facet", "multi")
    ),
    *(
        Evaluation(
            f"movies-{mode}", f"Question modes on movies: {mode}",
            f"--data movies --questions {mode} --dialogues 4000 --seeds 2{rivals}",
        )
        for mode, rivals in (("binary", ""), ("facet", ASKING), ("multi", ASKING))
    ),
    Evaluation(
        "movies-known-drop", "Train items taken out by rule, movies",
        f"--data movies --known drop --dialogues 4000 --seeds 2 {BAYES}",
    ),
    *(
        Evaluation(
            f"movies-all-{mode}", f"17,472 films, nobody's history: {mode}",
            f"--data movies-all --questions {mode} --dialogues 2000 --seeds 2{rivals}",
        )
        for mode, rivals in (("binary", ""), ("facet", ASKING), ("multi", ASKING))
    ),
    Evaluation(
        "users-movies", "Every kind of user, movies",
        "--data movies --users all --policy random --policy max-entropy --policy bayes --policy patient-bayes "
        "--dialogues 2000 --metric reward --metric sr@15 --metric at",
    ),
    Evaluation(
        "timing-movies", "People who write in pieces and think about lists, movies",
        "--data movies --users burst --users deliberator --users burst+deliberator --policy bayes "
        "--policy patient-bayes --policy always-wait-bayes --policy fixed-timer-bayes --dialogues 4200 --seeds 2 "
        "--metric reward --metric sr@15 --metric interruptions --metric acceptance --metric missed",
    ),
    Evaluation(
        "noise-lastfm", "Answers turned around, lastfm",
        "--data lastfm --affinity content --users noisy:0 --users noisy:0.05 --users noisy:0.1 --users noisy:0.2 "
        "--users noisy:0.3 --policy max-entropy-yes --policy max-entropy --policy bayes --dialogues 2000 "
        "--metric sr@15 --metric at",
    ),
)  # fmt: skip


def draw_page(results: Path) -> str:
    """The page of all recorded tables, in Markdown.

    :param results: folder of the JSON files.
    :raises DataError: when a file is not what an evaluation writes.
    """
    parts = [
        "# Results",
        "Drawn from `results/*.json` by `convrec bench page`; do not edit. Figures are means with half the width of "
        "their 95 % interval (paired bootstrap over dialogues, those of one user about one item resampled together). "
        "A failure counts 15 turns. *No history*: the user is anonymous, as in every chat. Test split, each table run "
        "once after tuning on valid. What was tried and did not help stands in [results/LOG.md](../results/LOG.md).",
    ]
    for evaluation in EVALUATIONS:
        path = results / f"{evaluation.name}.json"
        if path.exists():
            content = read_result(path)
            check_arguments(evaluation, path, content)
            try:
                parts += _section(evaluation, content)
            except (KeyError, TypeError, IndexError) as error:
                raise DataError(f"{path}: not a recorded table ({error}); run: convrec bench tables --again") from error
    parts += policy_sections(results)
    parts += affinity_sections(results)
    parts += talking_sections(results)
    parts += personas_sections(results)
    parts += item_codes_sections(results)
    parts += added_items_sections(results)
    for name, section in (("speed", _speed_section), ("simulator", _simulator_section), ("serving", _serving_section)):
        path = results / f"{name}.json"
        if path.exists():
            parts += section(read_result(path))
    return "\n\n".join(parts) + "\n"


def check_arguments(evaluation: Evaluation, path: Path, content: dict[str, Any]) -> None:
    """Refuse a table that another command than its own has made.

    :raises DataError: when the recorded command is another one.
    """
    if not content["command"].startswith(f"convrec evaluate {evaluation.arguments} --json"):
        raise DataError(
            f"{path}: recorded by {content['command']!r}; run: convrec bench tables --only {evaluation.name}"
        )


def _section(evaluation: Evaluation, content: dict[str, Any]) -> Iterator[str]:
    rows = content["results"]
    yield f"## {evaluation.heading}"
    yield f"`{content['command']}` · commit `{content['commit']}` · {rows[0]['dialogues']:,} dialogues a row"
    if evaluation.picture:
        yield f"![{evaluation.heading}]({evaluation.picture})"
    if evaluation.metrics:
        for metric in evaluation.metrics:
            yield f"**{METRICS[metric].heading}**"
            yield as_markdown(results_over_users(rows, metric))
        longest = max(row["longest_ticks"] for row in rows)
        yield f"{sum(row['dialogues'] for row in rows):,} dialogues, the longest of them {longest} ticks."
        return
    floor = content["random_floor"]
    yield markdown_table(
        ["policy", "SR@5", "SR@10", "SR@15", "AT", "hDCG"],
        [[_label(row), *(_figure(row, metric) for metric in ("sr@5", "sr@10", "sr@15", "at", "hdcg"))] for row in rows],
    )
    if any(row["policy"] == "random" for row in rows):
        yield f"Floor: random lists at every other turn find {floor:.3f}."


def _speed_section(content: dict[str, Any]) -> Iterator[str]:
    yield "## Speed"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    yield markdown_table(
        ["data", "turns/s", "per calibration", "peak memory, MB"],
        [
            [
                f"`{row['data']}`", f"{row['turns_per_second']:,.0f}", f"{row['turns_per_calibration']:.1f}",
                f"{row['peak_memory_mb']:,.0f}",
            ]
            for row in content["results"]
        ],
    )  # fmt: skip
    yield "Whole loop with bayes, one process; a calibration is one softmax of 256 × 7,432 in the same run."


def _serving_section(content: dict[str, Any]) -> Iterator[str]:
    yield "## Serving"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    for row in content["results"]:
        yield markdown_table(
            [f"`{row['data']}`, {row['policy']}, {row['workers']} workers", ""],
            [
                ["turns a second, no pause", f"{row['turns_per_second']:.0f}"],
                [f"at {row['rate']:g} turns a second for {row['seconds']:g} s: turns", f"{row['turns']:,}"],
                ["errors", str(row["errors"])],
                ["half wait at most, ms", f"{row['p50_ms']:.0f}"],
                ["99 of 100 wait at most, ms", f"{row['p99_ms']:.0f}"],
                ["slowest, ms", f"{row['slowest_ms']:.0f}"],
                ["slowest first reply, nobody else there, ms", f"{row['first_reply_ms']:.0f}"],
                ["memory at the beginning and the end, MB", f"{row['first_mb']:,.0f}, {row['last_mb']:,.0f}"],
                ["an action of rasa-sdk that says one word, calls a second", f"{row['bare_per_second']:,.0f}"],
                ["calibrations a second", f"{row['calibrations_per_second']:.0f}"],
            ],
        )
    yield "Whole talks over HTTP, words and buttons, the people who talk on the same two cores."


def _simulator_section(content: dict[str, Any]) -> Iterator[str]:
    yield "## Speed and size of the environments"
    yield f"`{content['command']}` · commit `{content['commit']}` · {content['device']}"
    yield markdown_table(
        ["data, users", "core, steps/s", "environment, steps/s", "plain, steps/s", "times", "per calibration",
         "bytes a dialogue", "of them belief", "bytes a transition"],
        [
            [
                f"`{row['data']}`, {row['users']}", f"{row['core_steps_per_second']:,.0f}",
                f"{row['env_steps_per_second']:,.0f}", f"{row['plain_steps_per_second']:,.0f}",
                f"{row['times_plain']:.0f}", f"{row['env_steps_per_second'] / row['calibrations_per_second']:.1f}",
                f"{row['dialogue_bytes']:,}", f"{row['belief_bytes']:,}", f"{row['transition_bytes']:,}",
            ]
            for row in content["results"]
        ],
    )  # fmt: skip
    yield (
        "Core: random acts carried out, without candidates. Environment: candidates, masks and observations as well. "
        "Plain: one dialogue at a time in Python, with candidates; *times* is environment over plain. "
        f"{content['results'][0]['batch']} dialogues at once in one process."
    )


def _label(row: dict[str, Any]) -> str:
    return f"{row['policy']}, no history" if row["anonymous"] else str(row["policy"])


def _figure(row: dict[str, Any], metric: str) -> str:
    value = row["sr"][metric.partition("@")[2]] if metric.startswith("sr@") else row[metric]
    low, high = row["ci"][metric]
    digits = 2 if metric == "at" else 3
    return f"{value:.{digits}f} ± {(high - low) / 2:.{digits}f}"
