"""The part of the page of results on personas."""

import json
from pathlib import Path

import pytest

from convrec.bench_personas import CLAIMS as RECORDED
from convrec.personas_page import CLAIMS, NAME, personas_sections
from graph.errors import DataError

RANKED = {"ndcg@10": [0.058, 0.054, 0.062], "times one vector": [0.988, 0.952, 1.024]}
CONTENT = {
    "command": "convrec bench personas", "commit": "abc", "device": "cpu",
    "results": [
        {"data": "movies", "kind": "personas", "seeds": [0, 1, 2], "parameters": 107841,
         "figures": RANKED | {measure: [0.621, 0.593, 0.649] for measure in CLAIMS} | {"order": [3.8e-06]}},
        {"data": "movies", "kind": "untrained", "seeds": [0, 1, 2], "parameters": 107841,
         "figures": RANKED | {measure: [0.003, 0.0, 0.006] for measure in CLAIMS} | {"order": [3e-07]}},
        {"data": "movies", "kind": "ease", "seeds": [0, 1, 2], "parameters": None, "figures": RANKED},
    ],
}  # fmt: skip


def test_every_claim_stands_beside_its_fake(tmp_path: Path) -> None:
    assert personas_sections(tmp_path) == []
    (tmp_path / f"{NAME}.json").write_text(json.dumps(CONTENT))
    heading, command, text, ranking, claims = personas_sections(tmp_path)
    assert (heading, command) == ("## Personas", "`convrec bench personas` · commit `abc` · cpu")
    assert text.startswith("`movies`, 3 seeds")
    assert ranking.splitlines()[-1] == "| ease | 0.058 [0.054, 0.062] | 0.988 [0.952, 1.024] |  |"
    rows = claims.splitlines()
    assert rows[2].endswith("| 0.621 [0.593, 0.649] | 0.003 [0.000, 0.006] |")
    assert rows[-1].endswith("| 4e-06 | 3e-07 |")


def test_what_is_told_is_what_is_recorded() -> None:
    assert set(CLAIMS) <= set(RECORDED)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.json").write_text(json.dumps({**CONTENT, "results": [{"kind": "personas"}]}))
    with pytest.raises(DataError, match="not a recorded table"):
        personas_sections(tmp_path)
