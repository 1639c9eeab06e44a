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


def understood(listener: str, ratio: float, messages: int, as_meant: float) -> dict[str, Any]:
    named = {"users": "classic", "questions": "multi", "policy": "bayes", "listener": listener}
    shares = {"as_meant": as_meant, "not_understood": 0.2, "something_else": 0.1}
    return {**named, **shares, "buttons_sr": 1.0, "ratio": ratio, "ratio_ci": [0.9, 1.0], "messages": messages}


def test_listeners_stand_side_by_side_and_messages_count_alike(tmp_path: Path) -> None:
    rows = [understood("shipped", 0.98, 100, 0.8), understood("deaf", 0.0, 300, 0.0)]
    rows += [{**understood("shipped", 0.9, 300, 0.4), "questions": "binary"}]
    content = {"command": "convrec bench understanding", "commit": "0", "results": rows, "fuzz": None}
    (tmp_path / "understanding.json").write_text(json.dumps(content))
    page = "\n".join(talking_sections(tmp_path))
    assert "| classic, multi, bayes | 1.000 | 0.98 [0.90, 1.00] | 0.00 [0.90, 1.00] |" in page
    assert "| shipped | 400 | 50.0% | 20.0% | 10.0% |" in page


def test_kills_are_counted(tmp_path: Path) -> None:
    figures = {"kills": 100, "dialogues": 23, "acknowledged": 1290, "kept": 1292, "lost": 0, "twice": 0, "torn": 29}
    recorded(tmp_path / "kills.json", [{"data": "movies", **figures}])
    page = "\n".join(talking_sections(tmp_path))
    assert "| movies | 100 | 23 | 1,290 | 1,292 | 0 | 0 | 29 |" in page


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    recorded(tmp_path / "talks.json", [{"style": "words"}])
    with pytest.raises(DataError, match=r"talks\.json: not a recorded table .* run: convrec bench x"):
        list(talking_sections(tmp_path))
