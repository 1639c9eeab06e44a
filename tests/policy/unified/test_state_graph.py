"""The edges of the state graph, against loops over the catalogue."""

import numpy as np

from policy.unified.layout import RELATIONS
from policy.unified.state_graph import state_edges
from tests.worlds import city, make_world

HAS, MAY, ALIKE, BELIEVED = range(len(RELATIONS))


def test_edges_say_what_the_catalogue_says() -> None:
    data = make_world(
        {"Heat": {"genre": ["crime", "drama"], "actor": ["Pacino"]}, "Alien": {"genre": ["horror"], "actor": []},
         "Up": {"genre": ["drama"], "actor": ["Asner"]}},
        open_facets=["actor"],
    )  # fmt: skip
    catalogue = data.catalogue
    number = {name: place for place, name in enumerate(catalogue.attribute_names)}
    asks = np.array([[[number["crime"], number["horror"]], [number["Pacino"], -1]]], np.int32)
    items = np.array([[0, 1]], np.int32)
    answered, refused = np.array([[number["drama"]]], np.int32), np.array([[2]], np.int32)
    masses = np.array([[0.4, 0.2, 0.3, 0.1, 0.0]], np.float32)
    edges = state_edges(catalogue, asks, items, answered, refused, masses)[0]
    user, genre, actor, heat, alien, wait, drama, up = range(8)
    # Heat has one of the two genres asked about, and Pacino, and drama: shares of a row sum to one at most.
    assert np.allclose(edges[HAS, heat], [0, 0.2, 0.4, 0, 0, 0, 0.4, 0])
    assert np.allclose(edges[HAS, alien], [0, 0.5, 0, 0, 0, 0, 0, 0])
    assert edges[MAY, alien, actor] == 1, "nothing is known of who plays in Alien"
    assert edges[MAY, heat].sum() == 0
    assert edges[ALIKE, genre, drama] == 1
    assert edges[ALIKE, genre, actor] == 0
    # Heat and Up share one of four attributes, Alien shares none.
    assert edges[ALIKE, heat, up] == np.float32(0.25)
    assert edges[ALIKE, alien].sum() == 0
    assert np.allclose(edges[BELIEVED, user], [0, *(masses[0] / 3), 1 / 3, 1 / 3])
    assert edges[BELIEVED, heat, user] == 1
    assert edges[BELIEVED, wait, user] == 1


def test_every_edge_agrees_with_a_loop() -> None:
    catalogue = city().catalogue
    rng = np.random.default_rng(0)
    n, q, i, a, r = 5, 4, 6, 3, 2
    asks = rng.integers(-1, catalogue.n_attributes, (n, q, 1)).astype(np.int32)
    items = rng.integers(-1, catalogue.n_items, (n, i)).astype(np.int32)
    answered = rng.integers(-1, catalogue.n_attributes, (n, a)).astype(np.int32)
    refused = rng.integers(-1, catalogue.n_items, (n, r)).astype(np.int32)
    edges = state_edges(catalogue, asks, items, answered, refused, np.zeros((n, q + i + 1), np.float32))
    held = catalogue.item_attributes
    for row in range(n):
        attributes = np.concatenate([asks[row, :, 0], np.full(i + 1, -1), answered[row], np.full(r, -1)])
        shown = np.concatenate([np.full(q, -1), items[row], np.full(1 + a, -1), refused[row]])
        has = np.array([[x >= 0 and y >= 0 and y in held.row(x) for y in attributes] for x in shown], float)
        has = has + has.T
        expected = has / np.maximum(has.sum(axis=1, keepdims=True), 1)
        assert np.allclose(edges[row, HAS, 1:, 1:], expected)
