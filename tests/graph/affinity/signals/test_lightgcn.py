"""The graph network."""

import numpy as np
import torch

from graph.affinity.signals.lightgcn import SCALE, LightGcn, propagate
from graph.csr import CSR
from graph.synthetic import make_synthetic
from tests.graph.affinity.signals.contract import (
    SignalContract,
    check_that_nothing_is_learned_from_nobody,
    profiles,
    small,
)


def fit_quickly(dataset, seed: int = 0) -> LightGcn:
    return LightGcn.fit(dataset, seed=seed, steps=40)


class TestLightGcn(SignalContract):
    fit = staticmethod(fit_quickly)
    restore = LightGcn.restore
    floor = 0.74


def test_layers_are_products_with_the_normalised_graph() -> None:
    likes = CSR.from_pairs([0, 0, 1, 2, 2], [0, 1, 1, 2, 1], 3, 4)
    vectors = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    dense = likes.to_scipy().toarray().astype(np.float64)
    adjacency = np.block([[np.zeros((3, 3)), dense], [dense.T, np.zeros((4, 4))]])
    degrees = np.maximum(adjacency.sum(axis=1), 1)
    adjacency /= np.sqrt(degrees[:, None] * degrees)
    layers = [np.concatenate([np.zeros((3, 5)), vectors.numpy()])]
    for _ in range(3):
        layers.append(adjacency @ layers[-1])
    users, items = propagate(vectors, likes, np.ones(5, bool))
    np.testing.assert_allclose(np.concatenate([users, items]), np.mean(layers, axis=0), rtol=1e-5, atol=1e-6)


def test_a_known_user_is_folded_in_as_the_layers_bring_them() -> None:
    dataset = small()
    likes = dataset.interactions.known_likes
    vectors = torch.randn(500, 64, generator=torch.Generator().manual_seed(0))
    users, items = (part.numpy() for part in propagate(vectors, likes, np.ones(likes.n_edges, bool)))
    signal = LightGcn(items, likes)
    expected = SCALE * users @ items.T
    expected -= expected[:, signal.covers].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(
        signal.of(profiles(dataset))[:, signal.covers], expected[:, signal.covers], rtol=1e-3, atol=1e-4
    )


def test_learning_leaves_the_generators_of_others_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    threads = torch.get_num_threads()
    fit_quickly(small())
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_other_seeds_learn_otherwise() -> None:
    assert not np.array_equal(fit_quickly(small()).arrays()["items"], fit_quickly(small(), 1).arrays()["items"])


def test_users_who_like_everything_do_no_harm() -> None:
    tiny = make_synthetic(users=3, items=3, attributes=2, facets=1, interactions=3)
    values = fit_quickly(tiny).of(profiles(tiny))
    assert np.isfinite(values).all()


def test_nothing_is_learned_from_nobody() -> None:
    check_that_nothing_is_learned_from_nobody(LightGcn.fit)
