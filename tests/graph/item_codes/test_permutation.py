"""Which row of the table each code takes."""

import numpy as np
import torch

from graph.item_codes import CodeTable, ItemCoder
from graph.item_codes.held_out import HeldOut
from graph.item_codes.permutation import (
    PermutationConfig,
    best_permutation,
    learn_permutation,
    soft_permutation,
    straight_through,
)
from tests.graph.item_codes.made_up import embeddings, likes


def logits() -> torch.Tensor:
    return torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_(True)


def test_every_column_is_used_once() -> None:
    hard = straight_through(logits(), 0.5).detach()
    torch.testing.assert_close(hard.sum(dim=1), torch.ones(3, 6))
    torch.testing.assert_close(hard.sum(dim=2), torch.ones(3, 6))
    torch.testing.assert_close(hard, hard.round())
    np.testing.assert_array_equal(hard.argmax(dim=2), best_permutation(logits()))
    for group in best_permutation(logits()):
        assert sorted(group) == list(range(6))


def test_no_other_permutation_of_three_has_a_larger_sum() -> None:
    from itertools import permutations

    values = logits().detach()[:1, :3, :3]
    sums = {each: float(values[0, np.arange(3), list(each)].sum()) for each in permutations(range(3))}
    assert tuple(best_permutation(values)[0]) == max(sums, key=lambda each: sums[each])


def test_the_gradient_is_that_of_the_soft_permutation_and_not_zero() -> None:
    weights = torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(1))
    hard, soft = logits(), logits()
    (straight_through(hard, 0.5) * weights).sum().backward()
    (soft_permutation(soft, 0.5) * weights).sum().backward()
    assert hard.grad is not None
    assert soft.grad is not None
    assert (hard.grad.abs().amax(dim=(1, 2)) > 1e-3).all()
    torch.testing.assert_close(hard.grad, soft.grad)


def test_rounding_up_as_published_has_no_gradient() -> None:
    values = logits()
    soft_permutation(values, 0.5).ceil().sum().backward()
    assert values.grad is not None
    assert not values.grad.any()


def test_the_soft_permutation_is_nearly_doubly_stochastic() -> None:
    soft = soft_permutation(logits(), 1.0).detach()
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(3, 6))
    torch.testing.assert_close(soft.sum(dim=2), torch.ones(3, 6), atol=1e-2, rtol=0)


def test_it_begins_as_it_is_and_every_step_of_it_is_a_permutation() -> None:
    items = embeddings(200)
    coder = ItemCoder.fit(items, 0, groups=4, centroids=8)
    table = CodeTable.of_centroids(coder, coder.codes(items), 16)
    found = learn_permutation(table, coder.codes(items), likes(80, 200), 0, PermutationConfig(steps=20), every=5)
    assert len(found) == 5
    np.testing.assert_array_equal(found[0], np.tile(np.arange(8), (4, 1)))
    for each in found:
        np.testing.assert_array_equal(np.sort(each, axis=1), found[0])


def test_codes_that_were_mixed_up_are_put_nearer_to_their_place() -> None:
    items = embeddings(200)
    coder = ItemCoder.fit(items, 0, groups=4, centroids=8)
    codes = coder.codes(items)
    real = CodeTable.of_centroids(coder, codes, 16)
    mixed = np.random.default_rng(0).permuted(np.tile(np.arange(8), (4, 1)), axis=1)
    table = real.permuted(mixed)
    train, wanted = likes(160, 200, seed=1), likes(160, 200, seed=2)
    held_out = HeldOut(train, wanted)
    found = learn_permutation(table, codes, train, 0, PermutationConfig(steps=150, rate=0.3), every=150)[-1]
    before, after = (held_out.ndcg(each, codes).mean() for each in (table, table.permuted(found)))
    assert after > 1.2 * before
    assert (found != np.arange(8)).any()


def test_the_same_seed_finds_the_same() -> None:
    items = embeddings(100)
    coder = ItemCoder.fit(items, 0, groups=4, centroids=8)
    table = CodeTable.of_centroids(coder, coder.codes(items), 16)
    one, other = (
        learn_permutation(table, coder.codes(items), likes(40, 100), 3, PermutationConfig(steps=30, rate=1.0))[-1]
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)
