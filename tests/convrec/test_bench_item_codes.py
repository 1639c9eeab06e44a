"""``convrec bench item-codes`` on a small scale; the model of texts is replaced by one that knows words alone."""

from pathlib import Path

import numpy as np
import pytest

from convrec import bench_item_codes, item_code_measures
from convrec.bench_item_codes import compare_arms, measure_arms
from convrec.cli import main
from convrec.item_code_measures import (
    FROM_CENTROIDS,
    FROM_RANDOM,
    PRETRAINED,
    SHUFFLED,
    TEXT,
    ZERO_SHOT,
    Arms,
    Setting,
    Side,
    Trial,
    Tuned,
)
from convrec.recorded import read_result
from graph.affinity.signals import text
from graph.interactions import Split
from graph.item_codes import coder
from graph.synthetic import make_synthetic
from tests.graph.affinity.signals.test_text import BagOfWords

SHOP = "synthetic:users=150,items=240,attributes=40,interactions=30"
TUNED = Tuned(0.0, dict.fromkeys((PRETRAINED, FROM_RANDOM, FROM_CENTROIDS), 1e-3), steps=5)
HALVES = Setting("shop, halves", SHOP, SHOP, TUNED)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(text, "load_encoder", BagOfWords)
    monkeypatch.setattr(coder, "ROUNDS", 1)
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(bench_item_codes, "SETTINGS", (HALVES,))
    monkeypatch.setattr(item_code_measures, "SHARES", (0.2,))


def test_it_writes_every_arm_with_intervals_and_where_they_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    assert main(["bench", "item-codes", "--seeds", "1", "--json", str(path)]) == 0
    content = read_result(path)
    assert content["seeds"] == [0]
    assert content["split"] == "test"
    arms = {(row["measure"], row["share"], row["arm"]) for row in content["results"]}
    assert ("zero-shot", 1.0, SHUFFLED) in arms
    assert {("learning", 0.2, arm) for arm in TUNED.rates} <= arms
    for row in content["results"]:
        assert row["ndcg"][1] <= row["ndcg"][0] <= row["ndcg"][2]
    for row in content["comparisons"]:
        assert 0 < row["p"] <= 1
    assert content["bytes"]["bytes_an_item"] == 64
    assert "64 bytes an item" in " ".join(capsys.readouterr().out.split())


def test_shuffled_codes_are_worse_than_real_ones_and_nothing_is_from_the_source() -> None:
    dataset = make_synthetic(users=150, items=240, attributes=40, interactions=30)
    arms = Trial(HALVES, {SHOP: dataset}, 0).at_once()
    assert arms.values[ZERO_SHOT].mean() > 1.3 * arms.values[SHUFFLED].mean()
    assert arms.values[TEXT].mean() > arms.values[SHUFFLED].mean()


def test_a_side_has_what_is_about_its_items_alone() -> None:
    dataset = make_synthetic(users=20, items=30, attributes=10, interactions=8)
    history, items = dataset.interactions, np.array([3, 7, 21])
    side = Side.of(dataset, np.arange(30, dtype=np.float32)[:, None], items)
    assert side.embeddings[:, 0].tolist() == [3, 7, 21]
    for split, likes in ((Split.TRAIN, side.train), (Split.VALID, side.valid), (Split.TEST, side.test)):
        chosen = (history.split == split) & history.liked & np.isin(history.items, items)
        expected = set(zip(history.users[chosen].tolist(), history.items[chosen].tolist(), strict=True))
        assert set(zip(likes.row_of_edge().tolist(), items[likes.indices].tolist(), strict=True)) == expected
    assert side.known.n_edges == side.train.n_edges + side.valid.n_edges


def test_comparisons_are_paired_over_people_and_pooled_over_seeds() -> None:
    rng = np.random.default_rng(0)
    seeds = []
    for _ in range(2):
        base = rng.random(300)
        values = {ZERO_SHOT: 3 * base, SHUFFLED: base, bench_item_codes.CENTROIDS: base, TEXT: base + 0.01,
                  bench_item_codes.POPULARITY: rng.random(300)}  # fmt: skip
        seeds.append(Arms(1.0, np.arange(300), values, {}))
    found = {"zero-shot": [seeds]}
    times = {each.b: each for each in compare_arms("x", found)}
    assert times[SHUFFLED].times == pytest.approx([3, 3, 3])
    assert times[SHUFFLED].p < 0.01
    assert all(len(each.of_seeds) == 2 and each.people == 600 for each in measure_arms("x", found))


@pytest.mark.parametrize("arguments", [["--setting", "no such"], ["--json", "nowhere/x.json"], ["--seeds", "0"]])
def test_bad_input_is_told_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "item-codes", *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
