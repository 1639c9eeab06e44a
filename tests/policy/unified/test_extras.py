"""What else the network may be told of each slot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from graph.errors import DataError
from graph.item_codes import Codebook, CodeTable, ItemCoder, Origin
from policy.unified import extras
from policy.unified.checkpoint import META, Agent, load, save
from policy.unified.extras import CodeExtra, Extra, TasteExtra
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.trust import HONEST
from simulator.protocol import State
from tests.policy.unified.conftest import shaken, untrained
from tests.policy.unified.test_agent import met

ORIGIN = Origin("city", "0" * 16, "none", 0, "city")


def made_up(catalogue: Catalogue) -> np.ndarray:
    """Embeddings that follow from the titles."""
    rows = [np.random.default_rng(list(title.encode())).normal(size=384) for title in catalogue.titles]
    return np.array(rows, np.float32) / 20


@pytest.fixture(autouse=True)
def _no_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "embedded", made_up)


def codes(catalogue: Catalogue) -> CodeExtra:
    embeddings, rng = made_up(catalogue), np.random.default_rng(0)
    centroids = rng.normal(size=(8, 4, 48)).astype(np.float32) / 20
    coder = ItemCoder(np.zeros(384, np.float32), np.eye(384, dtype=np.float32), centroids)
    return CodeExtra(Codebook(coder, CodeTable.of_centroids(coder, coder.codes(embeddings)), ORIGIN))


def states(n_tastes: int = 3) -> list[State]:
    """States of dialogues, with tastes of the people drawn by lot."""
    found = []
    for state in met(QuestionMode.BINARY, "mixture", untrained()):
        rng = np.random.default_rng(1)
        tastes = rng.dirichlet(np.full(n_tastes, 0.3), (len(state.candidates.mask), state.catalogue.n_items))
        found.append(replace(state, tastes=np.ascontiguousarray(tastes.transpose(0, 2, 1), np.float32)))
    return found


def test_tastes_are_told_as_they_are_believed() -> None:
    for state in states():
        told, space = TasteExtra().of(state), state.candidates.space
        assert state.tastes is not None
        for row in range(len(told)):
            believed = state.tastes[row].astype(np.float64) @ state.belief.probabilities[row]
            entropy = -(believed * np.log(believed)).sum() / np.log(3)
            np.testing.assert_allclose(told[row, :, 2], entropy, rtol=1e-3)
            for place, item in enumerate(state.candidates.items[row]):
                slot = told[row, space.n_ask + place]
                if item < 0:
                    assert not slot[:2].any()
                    continue
                top = state.tastes[row, :, item].argmax()
                np.testing.assert_allclose(slot[:2], [state.tastes[row, top, item], believed[top]], rtol=1e-3)
        assert not told[:, : space.n_ask, :2].any()
        assert not told[:, space.wait_slot, :2].any()


def test_who_looks_at_tastes_needs_them() -> None:
    state = replace(states()[0], tastes=None)
    with pytest.raises(DataError, match="where the data have users"):
        TasteExtra().of(state)


def test_codes_are_told_of_items_and_of_nothing_else() -> None:
    state = states()[0]
    extra, space = codes(state.catalogue), state.candidates.space
    told, vectors = extra.of(state), extra.vectors(state.catalogue)
    assert told.shape == (len(state.candidates.mask), space.n_slots, extra.width)
    assert not told[:, : space.n_ask].any()
    assert not told[:, space.wait_slot].any()
    meant = state.belief.probabilities[0] @ vectors
    for place, item in enumerate(state.candidates.items[0]):
        slot = told[0, space.n_ask + place]
        if item < 0:
            assert not slot.any()
            continue
        np.testing.assert_allclose(slot[:-1], np.clip(4 * vectors[item, : extra.DIMENSIONS], -4, 4), rtol=1e-4)
        np.testing.assert_allclose(slot[-1], vectors[item] @ meant / np.linalg.norm(meant), rtol=1e-3, atol=1e-5)


def test_an_item_that_came_later_is_coded_by_the_same_centroids() -> None:
    catalogue = states()[0].catalogue
    extra = codes(catalogue)
    fewer = replace(
        catalogue, titles=catalogue.titles[:-1], item_ids=catalogue.item_ids[:-1], years=catalogue.years[:-1],
        popularity=catalogue.popularity[:-1], recorded=None,
        item_attributes=type(catalogue.item_attributes)(
            catalogue.item_attributes.indptr[:-1],
            catalogue.item_attributes.indices[: catalogue.item_attributes.indptr[-2]], catalogue.n_attributes,
        ),
    )  # fmt: skip
    before = extra.codebook.coder
    assert extra.vectors(fewer).shape == (catalogue.n_items - 1, extra.vectors(catalogue).shape[1])
    assert extra.vectors(catalogue).shape[0] == catalogue.n_items
    np.testing.assert_array_equal(extra.codebook.coder.centroids, before.centroids)


@pytest.mark.parametrize("kinds", [("tastes",), ("codes",), ("tastes", "codes")])
def test_an_agent_comes_back_with_what_it_is_told(kinds: tuple[str, ...], tmp_path: Path) -> None:
    policy, state = untrained(), states()[0]
    made: dict[str, Extra] = {"tastes": TasteExtra(), "codes": codes(state.catalogue)}
    encoder = replace(policy.encoder, extras=tuple(made[kind] for kind in kinds))
    torch.manual_seed(0)
    network = UnifiedNetwork(NetworkConfig(extra=encoder.n_extra))
    policy = shaken(replace(policy, encoder=encoder, network=network))
    save(Agent(policy.network, encoder, HONEST), tmp_path / "agent")
    back = load(tmp_path / "agent")
    assert [extra.name for extra in back.encoder.extras] == list(kinds)
    again = replace(policy, encoder=back.encoder, network=back.network)
    np.testing.assert_allclose(again.values(state), policy.values(state), atol=1e-5)
    plain = replace(policy, encoder=replace(encoder, extras=()))
    with pytest.raises(RuntimeError):
        plain.values(state)


def test_what_is_told_moves_what_is_chosen() -> None:
    policy, state = untrained(), states()[0]
    encoder = replace(policy.encoder, extras=(TasteExtra(),))
    torch.manual_seed(0)
    policy = shaken(replace(policy, encoder=encoder, network=UnifiedNetwork(NetworkConfig(extra=encoder.n_extra))))
    assert state.tastes is not None
    other = replace(state, tastes=np.ascontiguousarray(state.tastes[:, :, ::-1]))
    assert np.abs(policy.values(state) - policy.values(other)).max() > 1e-4


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda meta: meta.update(extras=["horoscopes"]), "no extra 'horoscopes'"),
        (lambda meta: meta.update(extras=[]), "extra numbers"),
        (lambda meta: meta.update(codebook=None), "no extra 'codes'"),
    ],
)
def test_an_agent_that_lacks_what_it_is_told_is_refused(change, what: str, tmp_path: Path) -> None:
    encoder = replace(untrained().encoder, extras=(codes(states()[0].catalogue),))
    save(Agent(UnifiedNetwork(NetworkConfig(extra=encoder.n_extra)), encoder, HONEST), tmp_path / "agent")
    meta = json.loads((tmp_path / "agent" / META).read_text())
    change(meta)
    (tmp_path / "agent" / META).write_text(json.dumps(meta))
    with pytest.raises(DataError, match=what):
        load(tmp_path / "agent")
