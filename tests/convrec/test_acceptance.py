import json
from pathlib import Path

import pytest

from convrec.acceptance import EVALUATIONS, draw_page
from convrec.recorded import read_result
from graph.errors import DataError

ROOT = Path(__file__).parents[2]


def test_the_page_is_drawn_from_the_recorded_tables() -> None:
    assert (ROOT / "docs/results.md").read_text(encoding="utf-8") == draw_page(ROOT / "results")


def test_every_table_is_recorded_by_the_command_it_names() -> None:
    for evaluation in EVALUATIONS:
        content = read_result(ROOT / "results" / f"{evaluation.name}.json")
        assert content["command"].startswith(f"convrec evaluate {evaluation.arguments} --json"), evaluation.name
        assert content["commit"]
        assert not content["commit"].endswith("+"), f"{evaluation.name} was recorded with uncommitted changes"


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{EVALUATIONS[0].name}.json").write_text(json.dumps({"results": 3}))
    with pytest.raises(DataError, match=rf"{EVALUATIONS[0].name}\.json: not a recorded table"):
        draw_page(tmp_path)
