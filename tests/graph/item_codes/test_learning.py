"""The table that is learned behind the codes."""

import numpy as np
import pytest
import torch

from graph.csr import CSR
from graph.errors import DataError, OptionError
from graph.item_codes import CodeTable, ItemCoder
from graph.item_codes.held_out import HeldOut
from graph.item_codes.learning import LearningConfig, TuningConfig, learn_table, tune_table
from tests.graph.item_codes.made_up import KINDS, distracting, likes

ITEMS, USERS = 240, 160


def coder() -> ItemCoder:
    return ItemCoder.fit(distracting(ITEMS), 0, groups=8, centroids=16)


def taste(seed: int) -> CSR:
    return likes(USERS, ITEMS, each=8, seed=seed)


def learned(seed: int = 0, steps: int = 60) -> CodeTable:
    codes = coder().codes(distracting(ITEMS))
    return learn_table(coder(), codes, taste(0), seed, LearningConfig(dimensions=16, steps=steps, rate=0.01))


def on_new_items(table: CodeTable, shuffled: bool = False) -> float:
    """NDCG on items the table has not met, for people it has not met."""
    codes = coder().codes(distracting(ITEMS, seed=4))
    if shuffled:
        codes = codes[np.random.default_rng(0).permutation(ITEMS)]
    return float(HeldOut(taste(11), taste(12)).ndcg(table, codes).mean())


def test_what_is_learned_holds_for_items_nobody_has_met_and_not_for_shuffled_codes() -> None:
    bare = CodeTable.of_centroids(coder(), coder().codes(distracting(ITEMS)), 16)
    real, fake = on_new_items(learned()), on_new_items(learned(), shuffled=True)
    assert real > 1.1 * on_new_items(bare)
    assert real > 2 * fake


def test_the_same_seed_learns_the_same_and_leaves_generators_and_threads_alone() -> None:
    torch.manual_seed(3)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    one, same, other = learned(steps=5), learned(steps=5), learned(1, steps=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(one.rows, same.rows)
    assert (one.rows != other.rows).any()


def test_tuning_begins_with_what_came_and_gets_better_where_it_is_tuned() -> None:
    codes = coder().codes(distracting(ITEMS))
    came = CodeTable.random(8, 16, 0, 16)
    tables = tune_table(came, codes, taste(0), 0, TuningConfig(steps=60, rate=0.02), every=20)
    assert len(tables) == 4
    assert tables[0] is came
    worth = [float(HeldOut(taste(0), taste(5)).ndcg(table, codes).mean()) for table in tables]
    assert worth[-1] > 1.5 * worth[0]


def test_without_popularity_what_is_liked_often_is_not_what_is_looked_for() -> None:
    codes = coder().codes(distracting(ITEMS))
    often = np.flatnonzero(np.arange(ITEMS) % KINDS == 0)[:12]
    rows = np.repeat(np.arange(USERS), 12)
    crowd = CSR.from_pairs(rows, np.tile(often, USERS), USERS, ITEMS)
    biases = []
    for popularity in (0.0, 1.0):
        config = TuningConfig(steps=30, rate=0.02, popularity=popularity)
        table = tune_table(CodeTable.random(8, 16, 0, 16), codes, crowd, 0, config, every=30)[-1]
        lifts = table.item_biases(codes)
        biases.append(lifts[often].mean() - lifts.mean())
    assert biases[0] > 1.5 * max(biases[1], 0)


def test_of_people_who_like_one_item_nothing_is_learned() -> None:
    alone = CSR.from_pairs(np.arange(5), np.arange(5), 5, ITEMS)
    with pytest.raises(OptionError, match="nobody likes two items"):
        learn_table(coder(), coder().codes(distracting(ITEMS)), alone, 0)


def test_scores_are_those_of_the_formula() -> None:
    table = learned(steps=5)
    codes = coder().codes(distracting(10))
    vectors = np.stack([sum(table.rows[m, codes[item, m]] for m in range(8)) for item in range(10)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lifts = np.array([sum(table.biases[m, codes[item, m]] for m in range(8)) for item in range(10)])
    liked = CSR.from_pairs([0, 0, 1], [2, 5, 7], 3, 10).to_scipy()
    person = vectors[2] + vectors[5]
    expected = table.sharpness * (vectors @ person) / np.linalg.norm(person) + lifts
    scores = table.scores(codes, liked)
    np.testing.assert_allclose(scores[0], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(scores[2], lifts, rtol=1e-3, atol=1e-4)


def test_a_permuted_table_gives_permuted_codes_what_the_table_gives_codes() -> None:
    table, codes = learned(steps=5), coder().codes(distracting(30))
    permutation = np.random.default_rng(0).permuted(np.tile(np.arange(16), (8, 1)), axis=1)
    moved = np.stack([np.argsort(permutation[m])[codes[:, m]] for m in range(8)], axis=1).astype(np.uint8)
    np.testing.assert_allclose(table.permuted(permutation).items(moved), table.items(codes), rtol=1e-5)
    np.testing.assert_allclose(table.permuted(permutation).item_biases(moved), table.item_biases(codes), rtol=1e-5)


def test_a_table_can_be_restored_and_what_is_none_is_refused() -> None:
    arrays = dict(learned(steps=1).arrays())
    assert CodeTable.restore(arrays).rows.shape == (8, 16, 16)
    for key, wrong in (("biases", arrays["biases"][:3]), ("sharpness", np.array([np.inf], np.float32))):
        with pytest.raises(DataError, match="no table"):
            CodeTable.restore({**arrays, key: wrong})
