"""NDCG of held-out likes."""

import numpy as np
import pytest

from graph.csr import CSR
from graph.item_codes.held_out import HeldOut


def test_it_is_what_ir_measures_has() -> None:
    import ir_measures
    from ir_measures import Qrel, ScoredDoc, nDCG

    rng = np.random.default_rng(0)
    drawn = rng.random((20, 50))
    history, wanted = (CSR.from_pairs(*np.nonzero(chosen), 20, 50) for chosen in (drawn < 0.1, drawn > 0.8))
    held_out = HeldOut(history, wanted)
    scores = rng.random((len(held_out.people), 50), np.float32)
    found = held_out.ndcg_of(scores)
    known = drawn[held_out.people] < 0.1
    asked = [Qrel(str(row), str(item), 1) for row, who in enumerate(held_out.people) for item in wanted.row(who)]
    shown = [
        ScoredDoc(str(row), str(item), float(scores[row, item]))
        for row in range(len(scores)) for item in range(50) if not known[row, item]
    ]  # fmt: skip
    expected = {each.query_id: each.value for each in ir_measures.iter_calc([nDCG @ 10], asked, shown)}
    np.testing.assert_allclose(found, [expected[str(row)] for row in range(len(found))], rtol=1e-6)


def test_by_hand() -> None:
    history, wanted = CSR.from_pairs([0, 2], [0, 1], 3, 4), CSR.from_pairs([0, 0, 1], [1, 3, 2], 3, 4)
    held_out = HeldOut(history, wanted)
    assert held_out.people.tolist() == [0]  # one has no history, another nothing to be found
    scores = np.array([[9.0, 3.0, 2.0, 1.0]], np.float32)  # what they had stands first and does not count
    ideal = 1 + 1 / np.log2(3)
    assert held_out.ndcg_of(scores)[0] == pytest.approx((1 + 1 / np.log2(4)) / ideal)


def test_equal_scores_do_not_favour_small_ids() -> None:
    history = CSR.from_pairs(np.arange(400), np.zeros(400, int), 400, 200)
    wanted = CSR.from_pairs(np.arange(400), np.arange(400) % 10 + 1, 400, 200)
    held_out = HeldOut(history, wanted)
    assert held_out.ndcg_of(np.zeros((400, 200), np.float32)).mean() < 0.2
