"""The network as it scores, against its formula."""

import numpy as np
import pytest
from scipy.special import expit

from graph.affinity.network import BLOCK, Network


def network(n_signals: int) -> Network:
    rng = np.random.default_rng(n_signals)
    shapes = {
        "direct": (n_signals,), "had": (2,), "of_signals": (5, n_signals), "of_person": (5, 3), "out": (5,),
        "item_first": (7, 4), "item_second": (6, 7), "item_constants": (6,),
    }  # fmt: skip
    return Network(**{name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})


def inputs(n_signals: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng, n_items = np.random.default_rng(9), BLOCK + 3
    shapes = ((2, n_signals, n_items), (n_items, 3), (2, 2))
    signals, facts, people = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return signals, facts, people


@pytest.mark.parametrize("n_signals", [1, 3, 4, 5, 8, 9])
def test_scores_are_those_of_the_formula(n_signals: int) -> None:
    net, (signals, facts, people) = network(n_signals), inputs(n_signals)
    first = facts @ net.item_first[:, :-1].T + net.item_first[:, -1]
    second = (first * expit(first)) @ net.item_second.T + net.item_constants  # (V, H + 1)
    of_people = people @ net.of_person[:, :-1].T + net.of_person[:, -1]
    hidden = np.einsum("hd,bdv->bhv", net.of_signals, signals) + second[:, :-1].T + of_people[:, :, None]
    expected = np.einsum("h,bhv->bv", net.out, np.maximum(hidden, 0)) + second[:, -1]
    expected += np.einsum("d,bdv->bv", net.direct, signals)
    found = net.scores(signals, net.of_items(facts), people)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_sharpened_it_scores_so_many_times_as_much() -> None:
    net, (signals, facts, people) = network(4), inputs(4)
    had = np.array([-3, -2], np.float32)
    sharp = net.sharpened(1.5, had)
    plain = net.scores(signals, net.of_items(facts), people)
    np.testing.assert_allclose(sharp.scores(signals, sharp.of_items(facts), people), 1.5 * plain, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(sharp.had, had)
