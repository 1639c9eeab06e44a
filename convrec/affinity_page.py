"""What ``convrec bench affinity`` recorded, as a part of the page of results."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from convrec.affinity_calibration import as_reliability
from convrec.affinity_size import SIZES
from convrec.bench_affinity import DATA, TALKED_ABOUT, file_name
from convrec.recorded import markdown_table, read_result
from convrec.user_plots import plot_reliability

PICTURE = "calibration.svg"
"""Beside the page."""

TITLES = {
    "movies:liked": "movies, the last film that each user liked",
    "movies:all": "movies, the last film that each user rated",
}

COLUMNS = {
    "NDCG@10": "ndcg@10", "HR@10": "hr@10", "MRR": "mrr@100", "AUC": "auc", "AUC, cold items": "auc, cold items",
    "AUC, strangers": "auc, strangers", "nats over flat": "gain",
}  # fmt: skip


def affinity_sections(results: Path) -> Iterator[str]:
    """The recorded tables, in Markdown."""
    recorded = {name: read_result(results / file_name(name)) for name in DATA if (results / file_name(name)).exists()}
    if not recorded:
        return
    yield "## Affinity"
    yield (
        "Every test pair ranked among all items that its user has not had (at most 6,000 pairs), means over seeds with "
        "half the width of a 95 % interval over users; *over EASE* is the paired difference of NDCG@10. *Cold items* "
        "are those that nobody has in train, *strangers* the same pairs without history. Dialogues: the bayes policy "
        "with one rule for all, yes/no questions, 14 turns. The last two rows are fakes: the default answering for "
        "somebody else, and the default learned from data in which it was drawn by lot who chose what."
    )
    for name, content in recorded.items():
        if name in SIZES:
            continue
        yield f"### {TITLES.get(name, name)}"
        yield f"`{content['command']}` · commit `{content['commit']}`"
        yield _ranking(content["results"])
        if any(row["dialogues"] for row in content["results"]):
            yield _dialogues(content["results"])
    if any(name in TALKED_ABOUT for name in recorded):
        yield "### How far the belief can be believed"
        yield f"![Reliability of the belief at the fifth turn]({PICTURE})"
        yield (
            "Chance, by the belief, that the target is among the ten most believed items, beside how often it is; "
            "default affinity. On valid nobody is scored by a network that has met them. *By chance alone* is what a "
            "perfect predictor shows with as many dialogues."
        )
        yield _calibration(recorded)
    sizes = [row for name in SIZES if name in recorded for row in recorded[name]["results"]]
    if sizes:
        yield "### Time and memory of the default"
        yield _sizes(sizes)


def draw_calibration(results: Path, picture: Path) -> None:
    """Draw reliability diagrams of the fifth turn, a line for each data set and split."""
    diagrams = {}
    for name in TALKED_ABOUT:
        path = results / file_name(name)
        if path.exists():
            for row in read_result(path)["calibration"]:
                if row["turn"] == 5:
                    diagrams[f"{name}, {row['split']}"] = as_reliability(row["diagram"])
    if diagrams:
        plot_reliability(diagrams, "The target is among the ten most believed, turn five", picture)


def _ranking(rows: Sequence[dict[str, Any]]) -> str:
    def cell(row: dict[str, Any], measure: str) -> str:
        value = row["ranking"].get(measure, [])
        if not value:
            return ""
        return f"{value[0]:.3f}" + (f" ± {(value[2] - value[1]) / 2:.3f}" if len(value) == 3 else "")

    def beyond(row: dict[str, Any]) -> str:
        if "ease" not in row["beyond"]:
            return ""
        value, low, high = row["beyond"]["ease"]
        return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"

    return markdown_table(
        ["affinity", *COLUMNS, "over EASE", "learned in, s"],
        [
            [_name(row), *(cell(row, measure) for measure in COLUMNS.values()), beyond(row), f"{row['seconds']:.0f}"]
            for row in rows
        ],
    )


def _dialogues(rows: Sequence[dict[str, Any]]) -> str:
    def figure(value: Sequence[float], digits: int) -> str:
        return f"{value[0]:.{digits}f} ± {(value[2] - value[1]) / 2:.{digits}f}"

    return markdown_table(
        ["affinity", "who", "SR@15", "AT", "hDCG"],
        [
            [_name(row), held["who"], figure(held["sr@15"], 3), figure(held["at"], 2), figure(held["hdcg"], 3)]
            for row in rows for held in row["dialogues"]
        ],
    )  # fmt: skip


def _name(row: dict[str, Any]) -> str:
    return f"**{row['affinity']}**" if row["affinity"] == "hybrid" else str(row["affinity"])


def _calibration(recorded: dict[str, dict[str, Any]]) -> str:
    return markdown_table(
        ["data", "split", "turn", "dialogues", "calibration error", "by chance alone"],
        [
            [
                name, row["split"], str(row["turn"]), f"{row['dialogues']:,}", f"{row['error']:.3f}",
                f"{row['by_chance']:.3f}",
            ]
            for name in TALKED_ABOUT if name in recorded for row in recorded[name]["calibration"]
        ],
    )  # fmt: skip


def _sizes(rows: Sequence[dict[str, Any]]) -> str:
    return markdown_table(
        ["data", "learned in, s", "a user, ms", "a stranger with two words, ms", "calibration, ms", "peak memory, MB"],
        [
            [
                f"`{row['data']}`", f"{row['learning_seconds']:.0f}", f"{row['milliseconds_a_user']:.1f}",
                f"{row['milliseconds_a_stranger']:.1f}", f"{row['calibration_milliseconds']:.1f}",
                f"{row['peak_memory_mb']:,.0f}",
            ]
            for row in rows
        ],
    )  # fmt: skip
