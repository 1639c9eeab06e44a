"""The part of the page of results on item codes."""

import json
from pathlib import Path

import pytest

from convrec.item_codes_page import NAME, item_codes_sections
from graph.errors import DataError


def arm(measure: str, name: str, share: float, setting: str, value: float) -> dict[str, object]:
    return {
        "setting": setting, "measure": measure, "share": share, "arm": name,
        "ndcg": [value, value - 0.005, value + 0.005],
    }  # fmt: skip


def beside(measure: str, a: str, b: str, share: float, setting: str, asked: float) -> dict[str, object]:
    return {
        "setting": setting, "measure": measure, "share": share, "a": a, "b": b, "asked": asked,
        "times": [7.34, 6.24, 8.66], "p": 0.001,
    }  # fmt: skip


SETTINGS = "movies, halves", "movies to lastfm_star"
CONTENT = {
    "command": "convrec bench item-codes", "commit": "abc", "device": "cpu", "split": "test", "seeds": [0, 1],
    "bytes": {"bytes_an_item": 64, "id_table_bytes_an_item": 512, "table_bytes": 2113536, "coder_bytes": 689664},
    "results": [
        arm(measure, name, share, setting, 0.05)
        for setting in SETTINGS
        for measure, name, share in (("zero-shot", "zero-shot", 1.0), ("learning", "pre-trained", 0.05),
                                     ("permutation", "identity", 0.1))
    ],
    "comparisons": [
        beside(measure, a, b, share, setting, asked)
        for setting in SETTINGS
        for measure, a, b, share, asked in (("zero-shot", "zero-shot", "shuffled codes", 1.0, 2.0),
                                            ("permutation", "permutation learned", "identity", 0.1, 1.0))
    ],
}  # fmt: skip


def test_every_measure_has_its_arms_and_its_claims(tmp_path: Path) -> None:
    assert item_codes_sections(tmp_path) == []
    (tmp_path / f"{NAME}.json").write_text(json.dumps(CONTENT))
    heading, command, text, *rest = item_codes_sections(tmp_path)
    assert (heading, command) == ("## Item codes", "`convrec bench item-codes` · commit `abc` · cpu")
    assert "An item takes 64 bytes, beside 512" in text
    says, arms, claims = rest[:3]
    assert says == "**Nothing learned on the target**"
    assert arms.splitlines()[-1] == "| zero-shot | 100% | 0.0500 [0.0450, 0.0550] | 0.0500 [0.0450, 0.0550] |"
    assert claims.splitlines()[-1] == (
        "| zero-shot / shuffled codes | 100% | ≥ 2 | 7.34 [6.24, 8.66], p = 0.001 | 7.34 [6.24, 8.66], p = 0.001 |"
    )
    assert "| permutation learned / identity | 10% | > 1 |" in rest[-1]


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.json").write_text(json.dumps({**CONTENT, "results": [{"arm": "identity"}]}))
    with pytest.raises(DataError, match="not a recorded table"):
        item_codes_sections(tmp_path)
