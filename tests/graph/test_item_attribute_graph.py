import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import DataError
from graph.interactions import Interactions, Split
from graph.item_attribute_graph import ItemAttributeGraph
from graph.neighbourhood import find_neighbourhood, find_well_known
from graph.synthetic import make_synthetic


def make_films() -> Dataset:
    """Five films and two users, small enough to count by hand.

    film 0: drama, Lee; 1: drama, Lee, Winslet; 2: comedy, Winslet; 3: drama; 4: nothing.
    Ann (10) has 0 and 2 in train, 2 without liking it, 1 in valid, 3 in test; Bob (20) has 1 in train.
    """
    films, attributes = [0, 0, 1, 1, 1, 2, 2, 3], [0, 2, 0, 2, 3, 1, 3, 0]
    catalogue = Catalogue(
        item_ids=np.array([7, 5, 9, 3, 1]),
        titles=("Ride", "Sense\x0b", "Holiday", "Milk", "Blank"),
        years=np.array([1999, 1995, 0, 2008, 0], np.int16),
        popularity=np.array([1, 5, 2, 1, 9], np.float32),
        facets=(Facet("genre"), Facet("person", open_world=True)),
        attribute_ids=np.array([100, 101, 102, 103]),
        attribute_names=("drama", "comedy", "Ang Lee", "Kate <Winslet> & Co"),
        attribute_facet=np.array([0, 0, 1, 1], np.int16),
        item_attributes=CSR.from_pairs(films, attributes, 5, 4),
    )
    history = Interactions(
        users=np.array([0, 0, 0, 0, 1], np.int32),
        items=np.array([0, 2, 1, 3, 1], np.int32),
        ratings=np.array([5, 1, 4, 4, 5], np.float32),
        times=np.arange(5),
        split=np.array([0, 0, 1, 2, 0], np.int8),
        liked=np.array([True, False, True, True, True]),
        user_ids=np.array([10, 20]),
        user_facts={},
        friends=CSR.from_pairs([0, 1], [1, 0], 2, 2),
        n_items=5,
    )
    return Dataset("films", catalogue, history, "made up", "CC0")


@pytest.fixture
def films() -> Dataset:
    return make_films()


def pairs_of(csr: CSR) -> set[tuple[int, int]]:
    return set(zip(csr.row_of_edge().tolist(), csr.indices.tolist(), strict=True))


def test_edges_of_users_come_from_train(films: Dataset) -> None:
    graph = ItemAttributeGraph(films)
    assert pairs_of(graph.user_items) == {(0, 0), (0, 2), (1, 1)}
    # Ann liked film 0 alone; what film 2 is made of says nothing of her taste.
    assert pairs_of(graph.user_attributes) == {(0, 0), (0, 2), (1, 0), (1, 2), (1, 3)}


def test_valid_is_added_on_request_and_test_never(films: Dataset) -> None:
    graph = ItemAttributeGraph(films, (Split.TRAIN, Split.VALID))
    assert (0, 1) in pairs_of(graph.user_items)
    assert (0, 3) not in pairs_of(graph.user_items)
    assert graph.findings().problems == ()
    with pytest.raises(DataError, match="never learned from"):
        ItemAttributeGraph(films, (Split.TRAIN, Split.TEST))


def test_hetero_data_holds_every_edge_and_its_reverse(films: Dataset) -> None:
    data = ItemAttributeGraph(films).to_hetero_data()
    assert data.validate()
    assert {kind: data[kind].num_nodes for kind in data.node_types} == {"user": 2, "item": 5, "attribute": 4}
    assert data["item"].ids.tolist() == [7, 5, 9, 3, 1]
    assert data["attribute"].facet.tolist() == [0, 0, 1, 1]
    for head, relation, tail in [
        ("item", "has", "attribute"),
        ("user", "chose", "item"),
        ("user", "likes", "attribute"),
    ]:
        there = data[head, relation, tail].edge_index
        assert data[tail, f"rev_{relation}", head].edge_index.tolist() == there.flip(0).tolist()
    assert data["user", "chose", "item"].edge_index.T.tolist() == [[0, 0], [0, 2], [1, 1]]
    assert data["user", "knows", "user"].edge_index.T.tolist() == [[0, 1], [1, 0]]
    assert len(data.edge_types) == 7


def test_networkx_names_its_nodes(films: Dataset) -> None:
    graph = ItemAttributeGraph(films).to_networkx()
    assert graph.nodes["item", 0] == {"kind": "item", "name": "Ride (1999)"}
    assert graph.nodes["attribute", 2] == {"kind": "attribute", "name": "Ang Lee", "facet": "person"}
    assert graph.nodes["user", 1]["name"] == "user 20"
    assert graph.edges[("item", 0), ("attribute", 2)]["relation"] == "has"
    assert graph.number_of_nodes() == 11
    assert graph.number_of_edges() == 8 + 3 + 5 + 1
    assert ItemAttributeGraph(films).to_networkx(user_attributes=False).number_of_edges() == 8 + 3 + 1


def test_graphml_is_sound_xml_with_every_name(films: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "films.graphml"
    ItemAttributeGraph(films).write_graphml(path)
    ET.parse(path)
    graph = nx.read_graphml(path)
    assert graph.nodes["item:1"]["name"] == "Sense (1995)"
    assert graph.nodes["attribute:3"]["name"] == "Kate <Winslet> & Co"
    assert graph.edges["user:0", "item:2"]["relation"] == "chose"
    assert graph.number_of_edges() == 12
    assert [found.name for found in tmp_path.iterdir()] == ["films.graphml"]


def test_graphml_that_is_interrupted_leaves_the_earlier_file(
    films: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "films.graphml"
    path.write_text("earlier")

    def interrupt(graph: object, unfinished: Path, **_: object) -> None:
        unfinished.write_text("<graph")
        raise KeyboardInterrupt

    monkeypatch.setattr(nx, "write_graphml_xml", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ItemAttributeGraph(films).write_graphml(path)
    assert path.read_text() == "earlier"
    assert [found.name for found in tmp_path.iterdir()] == ["films.graphml"]


def test_graphml_into_nowhere_is_refused(films: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        ItemAttributeGraph(films).write_graphml(tmp_path / "no" / "films.graphml")


def test_a_sound_graph_has_warnings_alone(films: Dataset) -> None:
    findings = ItemAttributeGraph(films).validate()
    assert findings.problems == ()
    assert findings.warnings == ("1 items have no attribute, the first has the id 1",)


def with_history(dataset: Dataset, **changed: NDArray[Any]) -> Dataset:
    return replace(dataset, interactions=replace(dataset.interactions, **changed))  # type: ignore[arg-type]


def with_catalogue(dataset: Dataset, **changed: Any) -> Dataset:
    return replace(dataset, catalogue=replace(dataset.catalogue, **changed))


BROKEN: dict[str, Callable[[Dataset], Dataset]] = {
    "1 interactions point past the 5 items there are, the first to 5": lambda d: with_history(
        d, items=np.array([0, 2, 1, 3, 5], np.int32)
    ),
    "1 interactions point past the 2 users there are, the first to -1": lambda d: with_history(
        d, users=np.array([0, 0, 0, 0, -1], np.int32)
    ),
    "1 interactions stand there twice, first user 10 with the item in place 0 (train and test)": lambda d: with_history(
        d, items=np.array([0, 2, 1, 0, 1], np.int32)
    ),
    "the same item id stands there twice": lambda d: with_catalogue(d, item_ids=np.array([7, 5, 9, 3, 7])),
    "1 attributes have no facet, attribute 103 first": lambda d: with_catalogue(
        d, attribute_facet=np.array([0, 0, 1, 2], np.int16)
    ),
    "two attributes of the facet 'genre' are called 'drama'": lambda d: with_catalogue(
        d, attribute_names=("drama", "drama", "a", "b")
    ),
    "1 item-attribute edges point past the 4 attributes there are, the first to 4": lambda d: with_catalogue(
        d, item_attributes=CSR(d.catalogue.item_attributes.indptr, np.array([0, 2, 0, 2, 3, 1, 3, 4], np.int32), 4)
    ),
    "1 friendships point past the 2 users there are, the first to 2": lambda d: replace(
        d, interactions=replace(d.interactions, friends=CSR(np.array([0, 1, 2]), np.array([1, 2], np.int32), 2))
    ),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_rule_is_named(films: Dataset, problem: str) -> None:
    broken = BROKEN[problem](films)
    graph = ItemAttributeGraph(films)
    assert problem in graph.findings(broken).problems
    with pytest.raises(DataError) as caught:
        graph.validate(broken)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_valid_or_test_edge_in_what_is_learned_is_found(films: Dataset) -> None:
    leaky = with_history(films, split=np.zeros(5, np.int8))
    problems = ItemAttributeGraph(leaky).findings(films).problems
    assert problems == (
        "2 user-item edges are not from train, first user 10, item 5",
        "1 user-attribute edges come from nothing liked in train, first user 10, attribute 103",
    )


def test_a_graph_of_another_data_set_is_found(films: Dataset) -> None:
    other = make_synthetic(users=5, items=9, attributes=6)
    assert ItemAttributeGraph(films).findings(other).problems == ("the graph was made from a data set of another size",)


def test_the_nearest_items_share_what_is_rare(films: Dataset) -> None:
    around = ItemAttributeGraph(films).neighbourhood(0)
    # Lee is rarer than drama: film 1, that has both, is nearer than film 3; film 2 shares nothing.
    assert around.items == (1, 3)
    assert around.attributes == (0, 2)
    assert around.shared == ((0, 2), (0,))
    assert around.n_hidden == 0


def test_a_neighbourhood_keeps_to_its_limits() -> None:
    dataset = make_synthetic(users=0, items=500, attributes=60, per_item=20)
    catalogue, item = dataset.catalogue, find_well_known(dataset)
    around = find_neighbourhood(catalogue, item, n_items=4, n_attributes=6)
    own = set(catalogue.attributes_of(item).tolist())
    assert len(around.items) == 4
    assert item not in around.items
    assert len(around.attributes) == 6
    assert set(around.attributes) <= own
    assert around.n_hidden == len(own) - 6
    for near, shared in zip(around.items, around.shared, strict=True):
        assert set(shared) == set(around.attributes) & set(catalogue.attributes_of(near).tolist())


def test_an_item_without_attributes_stands_alone(films: Dataset) -> None:
    around = ItemAttributeGraph(films).neighbourhood(4)
    assert (around.items, around.attributes, around.n_hidden) == ((), (), 0)


def test_an_item_that_is_not_there_is_refused(films: Dataset) -> None:
    for item in (-1, 5):
        with pytest.raises(DataError, match=f"no item in place {item}"):
            ItemAttributeGraph(films).neighbourhood(item)


def test_the_well_known_item_is_known_and_has_attributes(films: Dataset) -> None:
    # Blank is the most sought and has nothing to show; in train, film 1 is chosen as often as any and has the most.
    assert find_well_known(films) == 1
    alone = replace(films, interactions=Interactions.none(5))
    assert find_well_known(alone) == 1
    sought = np.array([5, 1, 2, 1, 9], np.float32)
    assert find_well_known(with_catalogue(alone, popularity=sought)) == 0


def test_a_catalogue_alone_makes_a_graph() -> None:
    dataset = make_synthetic(users=0, items=20, attributes=5)
    graph = ItemAttributeGraph(dataset)
    assert graph.findings().problems == ()
    assert graph.to_hetero_data()["user"].num_nodes == 0
    assert graph.to_networkx().number_of_nodes() == 25


def test_the_graph_is_ready_without_torch() -> None:
    code = "import sys, graph.item_attribute_graph, graph.datasets; assert not {'torch', 'networkx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
