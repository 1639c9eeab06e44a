"""The page of what was said and how talks went."""

import json
from pathlib import Path
from typing import Any

import pytest

from convrec.talking_page import SAMPLES_A_GENERATOR, talking_sections
from graph.errors import DataError


def recorded(path: Path, results: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"command": "convrec bench x", "commit": "0", "results": results}))


def talk(style: str, ended: str) -> dict[str, Any]:
    return {"style": style, "ended": ended, "turns": 3, "messages": ["a", "b"]}


def spoken(data: str, samples: list[str]) -> dict[str, Any]:
    figures = {"slot_errors": 0, "unsupported_claims": 0, "first_try": 0.985, "by_template": 0.001, "distinct_2": 0.03}
    more = {"different": 1200, "repeated": 0.02, "median_ms": 30.0, "p95_ms": 50.0}
    return {"data": data, "generator": "neural", "replies": 10_000, "samples": samples, **figures, **more}


def test_nothing_is_told_of_what_was_not_recorded(tmp_path: Path) -> None:
    assert list(talking_sections(tmp_path)) == []


def test_talks_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    recorded(tmp_path / "talks.json", [talk("words", "found"), talk("buttons", "turns"), talk("words", "broken off")])
    page = "\n".join(talking_sections(tmp_path))
    assert "| words | 2 | 1 | 0 | 1 | 3.0 | 2.0 |" in page
    assert "| buttons | 1 | 0 | 1 | 0 | 3.0 | 2.0 |" in page


def test_replies_are_printed_as_they_are_whatever_stands_in_them(tmp_path: Path) -> None:
    recorded(tmp_path / "language.json", [spoken("a", ["<b>M*A*S*H</b>?"] * 40), spoken("b", ["How about Up?"] * 40)])
    page = "\n".join(talking_sections(tmp_path))
    assert "| a, neural | 10,000 | 0 | 0 | 98.5% | 0.1% | 0.0300 | 1,200 | 2.0% | 30.0 | 50.0 |" in page
    assert page.count("- &lt;b&gt;M\\*A\\*S\\*H&lt;/b&gt;?") == SAMPLES_A_GENERATOR // 2
    assert page.count("- How about Up?") == SAMPLES_A_GENERATOR // 2


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    recorded(tmp_path / "talks.json", [{"style": "words"}])
    with pytest.raises(DataError, match=r"talks\.json: not a recorded table .* run: convrec bench x"):
        list(talking_sections(tmp_path))
