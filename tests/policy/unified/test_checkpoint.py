"""An agent on disk: back as it was, and nothing else gets in."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph.answers import QuestionMode
from graph.errors import DataError
from policy.unified.checkpoint import ARRAYS, META, Agent, load, save
from policy.unified.trust import RATES, AnswerRates
from tests.policy.unified.conftest import shaken, untrained
from tests.policy.unified.test_agent import met
from tests.worlds import city, town


def agent(bound: bool = True) -> Agent:
    policy = shaken(untrained())
    catalogue = city().catalogue
    table = np.random.default_rng(0).random((catalogue.n_attributes, len(RATES))) / 10
    rates = AnswerRates(
        (0.01,) * len(RATES), {catalogue.facets[0].name: (0.02,) * len(RATES)},
        table if bound else None, catalogue.vocabulary,
    )  # fmt: skip
    return Agent(policy.network, policy.encoder, rates, provenance={"command": "convrec train", "seed": 3})


def test_back_as_it_was(tmp_path: Path) -> None:
    kept = agent()
    save(kept, tmp_path / "agent")
    back = load(tmp_path / "agent")
    assert back.provenance == {"command": "convrec train", "seed": 3}
    assert back.encoder == kept.encoder
    assert back.space == kept.space
    policy = untrained()
    for state in met(QuestionMode.BINARY, "mixture", policy):
        policy.network = kept.network
        before = policy.values(state)
        policy.network = back.network
        assert policy.values(state) == pytest.approx(before, abs=1e-5)
    here, elsewhere = city().catalogue, town().catalogue
    assert np.allclose(back.rates.model(here).miss, kept.rates.model(here).miss)
    assert len(set(back.rates.model(here).miss)) > 2, "each attribute has its own rates where they were learned"
    assert set(back.rates.model(elsewhere).miss) <= {0.01, 0.02}, "and those of its facet, or of all, elsewhere"


def damaged(folder: Path, change: Any) -> None:
    content = json.loads((folder / META).read_text())
    change(content)
    (folder / META).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda meta: meta.update(schema_version=9), "schema 9"),
        (lambda meta: meta.update(kind="bayes"), "of 'bayes'"),
        (lambda meta: meta.update(layout="0" * 16), "made for other slots or features"),
        (lambda meta: meta.update(arrays_sha256="0"), "damaged"),
        (lambda meta: meta["network"].update(width=8), "not an agent"),
        (lambda meta: meta["network"].update(depth=8), "not an agent"),
        (lambda meta: meta["rules"].update(essay={}), "not an agent"),
        (lambda meta: meta["rules"]["binary"].update(horizon=-1), "not an agent"),
        (lambda meta: meta["rates"].update(everywhere=[0.1]), "not an agent"),
        (lambda meta: meta["rates"].update(everywhere=[1.5] * len(RATES)), "not an agent"),
        (lambda meta: meta["space"].update(n_ask="ten"), "not an agent"),
        (lambda meta: meta.pop("rates"), "not an agent"),
    ],
)
def test_what_is_no_agent_is_refused_in_one_line(tmp_path: Path, change: Any, what: str) -> None:
    save(agent(), tmp_path)
    damaged(tmp_path, change)
    with pytest.raises(DataError, match=what) as caught:
        load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "convrec train" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_torn_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path)
    save(agent(), tmp_path)
    (tmp_path / ARRAYS).write_bytes((tmp_path / ARRAYS).read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        load(tmp_path)
    (tmp_path / META).write_text("[" * 100_000)
    with pytest.raises(DataError, match="not an agent"):
        load(tmp_path)


def test_an_agent_is_small(tmp_path: Path) -> None:
    save(agent(), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000_000
