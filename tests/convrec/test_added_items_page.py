"""The part of the page of results on added items."""

import json
from pathlib import Path

import pytest

from convrec.added_items_page import NAME, added_items_sections
from graph.errors import DataError

FIGURES = {
    "sr_added": [0.91, 0.90, 0.92], "sr_known": [0.92, 0.91, 0.93], "ratio": [0.989, 0.97, 1.01],
    "at_added": [5.0, 4.8, 5.2], "at_known": [4.9, 4.7, 5.1], "sr_misled": [0.05, 0.04, 0.06],
    "ratio_misled": [0.06, 0.05, 0.07],
}  # fmt: skip
FACTS = {"least facts": 5, "mean facts": 17.1, "most facts": 61, "mean popularity": 3.3}
CONTENT = {
    "command": "convrec bench added-items", "commit": "abc", "device": "cpu", "data": {"name": "movies-all"},
    "withheld": 1000, "seconds to add": 0.21, "of the added": FACTS, "of the known": FACTS,
    "results": [
        {"policy": "unified", "users": "classic", "questions": "facet", "dialogues": 4000, "uniform": FIGURES,
         "sought": FIGURES | {"ratio": [0.995, 0.98, 1.0]}}
    ],
}  # fmt: skip


def test_a_row_says_what_was_found(tmp_path: Path) -> None:
    assert added_items_sections(tmp_path) == []
    (tmp_path / f"{NAME}.json").write_text(json.dumps(CONTENT))
    heading, command, text, table = added_items_sections(tmp_path)
    assert (heading, command) == ("## Added items", "`convrec bench added-items` · commit `abc` · cpu")
    assert "1,000 items of `movies-all` were withheld" in text
    assert table.splitlines()[-1] == (
        "| classic, facet, unified | 4,000 | 0.910 ± 0.010 | 0.920 ± 0.010 | 0.989 [0.970, 1.010] | "
        "0.995 [0.980, 1.000] | 5.00 ± 0.20 | 4.90 ± 0.20 | 0.050 ± 0.010 |"
    )


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.json").write_text(json.dumps({**CONTENT, "results": [{"policy": "unified"}]}))
    with pytest.raises(DataError, match="not a recorded table"):
        added_items_sections(tmp_path)
