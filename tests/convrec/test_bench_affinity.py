"""Affinities side by side: their figures, their fakes, how far they can be believed, and the page."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from convrec import affinity_calibration, cli
from convrec.affinity_calibration import as_reliability, measure_calibration
from convrec.affinity_measures import SHUFFLED, SOMEBODY_ELSE, AffinityFigures, LearnedOnce, compare, users_shuffled
from convrec.affinity_page import affinity_sections
from convrec.affinity_size import measure_size
from convrec.bench_affinity import DATA, file_name
from graph.affinity.contests import ContestsConfig
from graph.affinity.hybrid_config import HybridConfig
from graph.dataset import Dataset
from graph.interactions import Split
from graph.synthetic import make_synthetic


@pytest.fixture(autouse=True)
def _learns_from_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HybridConfig, "of_seed", lambda seed: less(seed))


def less(seed: int) -> HybridConfig:
    return replace(HybridConfig(), seed=seed, contests=ContestsConfig(1_000, 128), scale=ContestsConfig(500, 200))


@cache
def few() -> Dataset:
    return make_synthetic(users=300, items=300, attributes=40, interactions=25)


@cache
def figures() -> dict[str, AffinityFigures]:
    kinds = ("popularity", "ease", "hybrid", SOMEBODY_ELSE, SHUFFLED, "friends")
    return {each.affinity: each for each in compare(LearnedOnce(few()), "few", kinds, range(2), dialogues=300)}


@pytest.mark.slow
def test_the_real_one_wins_and_its_fakes_lose() -> None:
    nats = {kind: each.ranking["gain"] for kind, each in figures().items()}
    assert nats["hybrid"][1] > max(nats[fake][2] for fake in (SOMEBODY_ELSE, SHUFFLED, "popularity"))
    turns = {kind: each.dialogues[0]["at"][0] for kind, each in figures().items()}
    assert turns["hybrid"] < min(turns[SOMEBODY_ELSE], turns[SHUFFLED])


@pytest.mark.slow
def test_where_who_chose_what_was_drawn_by_lot_everybody_is_a_stranger() -> None:
    """Dialogues take as long as with strangers."""
    known, _, strangers = figures()["hybrid"].dialogues
    fake = figures()[SHUFFLED].dialogues[0]["at"]
    assert fake[1] < strangers["at"][2]
    assert fake[2] > strangers["at"][1]
    assert known["at"][0] < strangers["at"][0]


@pytest.mark.slow
def test_what_cannot_be_had_is_left_out_and_differences_are_paired() -> None:
    assert "friends" not in figures()  # nobody here has any
    hybrid, ease = figures()["hybrid"], figures()["ease"]
    difference, low, high = hybrid.beyond["ease"]
    assert difference == pytest.approx(hybrid.ranking["ndcg@10"][0] - ease.ranking["ndcg@10"][0])
    assert low < difference < high
    assert hybrid.seeds == [0, 1]
    assert "ease" not in ease.beyond


def test_shuffling_users_keeps_counts_and_nothing_else() -> None:
    history, fake = few().interactions, users_shuffled(few(), 0).interactions
    assert not (fake.split == Split.TEST).any()
    pairs = fake.users.astype(np.int64) * fake.n_items + fake.items
    assert len(np.unique(pairs)) == len(pairs)
    for split in (Split.TRAIN, Split.VALID):
        for what in ("users", "items"):
            before, after = (np.bincount(getattr(h, what)[h.split == split], minlength=300) for h in (history, fake))
            assert (after <= before).all()
            assert after.sum() > 0.9 * before.sum()
    kept = np.isin(pairs, history.users.astype(np.int64) * history.n_items + history.items)
    assert kept.mean() < 0.3


@pytest.mark.slow
def test_calibration_is_measured_on_both_splits() -> None:
    found = measure_calibration(few(), LearnedOnce(few()).default)
    assert [(each.split, each.turn) for each in found] == [("valid", 1), ("valid", 5), ("test", 1), ("test", 5)]
    for each in found:
        diagram = as_reliability(each.diagram)
        assert each.error == pytest.approx(diagram.expected_calibration_error)
        assert diagram.count.sum() == each.dialogues
        assert 0 < each.by_chance < 0.25
    assert found[0].error < 0.1
    # Every pair of a rehearsal is asked, by each seed of the dialogues.
    assert found[2].dialogues == len(affinity_calibration.SEEDS) * len(few().interactions.pairs(Split.TEST)[0])


@pytest.mark.slow
def test_size_is_measured() -> None:
    size = measure_size("synthetic:users=40,items=300,attributes=30,seed=1")
    assert min(size.learning_seconds, size.milliseconds_a_user, size.milliseconds_a_stranger) > 0
    assert 50 < size.peak_memory_mb < 4000


def test_what_is_recorded_is_left_alone_and_drawn(tmp_path: Path) -> None:
    content = {"command": "convrec bench affinity", "commit": "abc", "calibration": [], "results": [a_row("hybrid")]}
    recorded = tmp_path / file_name("movies:liked")
    recorded.write_text(json.dumps(content))
    before = recorded.read_bytes()
    assert cli.main(["bench", "affinity", "--data", "movies:liked", "--results", str(tmp_path)]) == 0
    assert recorded.read_bytes() == before
    page = "\n".join(affinity_sections(tmp_path))
    assert "the last film that each user liked" in page
    assert "| **hybrid** | 0.250 ± 0.050 |" in page
    assert "+0.100 (+0.050 to +0.150)" in page


def a_row(name: str) -> dict[str, object]:
    measures = ("ndcg@10", "hr@10", "mrr@100", "auc", "auc, cold items", "auc, strangers", "gain")
    ranking = {measure: [0.25, 0.2, 0.3] for measure in measures} | {"auc, cold items": [0.5]}
    return {
        "data": "movies:liked", "affinity": name, "seeds": [0], "seconds": 1.0, "ranking": ranking,
        "beyond": {"ease": [0.1, 0.05, 0.15]}, "dialogues": [],
    }  # fmt: skip


def test_nothing_recorded_is_nothing_drawn(tmp_path: Path) -> None:
    assert list(affinity_sections(tmp_path)) == []


def test_files_of_data_sets_are_told_apart() -> None:
    names = [file_name(name) for name in DATA]
    assert len(set(names)) == len(names)
    assert not any(set(":,=") & set(name) for name in names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "contents"], "no affinity 'contents'"),
        (["--data", "moves"], "moves"),
        (["--seeds", "0"], "not in the range"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "affinity", *arguments]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert err.strip().count("\n") == 0
