"""The item-attribute graph: users, items and attributes with the edges that may be learned from.

Legend: V items, P attributes, F facets, U users, E edges.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from graph.csr import CSR
from graph.dataset import Dataset
from graph.errors import DataError
from graph.graph_checks import Findings, check_catalogue, check_interactions, check_learned_edges
from graph.interactions import Split
from graph.neighbourhood import Neighbourhood, find_neighbourhood
from graph.printable import printable
from graph.whole_file import written_whole

if TYPE_CHECKING:
    import networkx as nx
    from torch_geometric.data import HeteroData

_Node = TypeVar("_Node", bound=Hashable)


@dataclass(frozen=True)
class ItemAttributeGraph:
    """Four kinds of edges over three kinds of nodes; those of users come from the given splits alone."""

    dataset: Dataset
    splits: tuple[Split, ...] = (Split.TRAIN,)
    """What user edges are made of: train, or train and valid where nothing is chosen on valid; never test."""

    def __post_init__(self) -> None:
        if Split.TEST in self.splits:
            raise DataError(
                "item-attribute graph: test interactions are never learned from; leave test out of the splits"
            )

    @property
    def item_attributes(self) -> CSR:
        """Attributes of each item, V rows, P columns."""
        return self.dataset.catalogue.item_attributes

    @cached_property
    def user_items(self) -> CSR:
        """Items of each user in the splits, liked or not, U rows, V columns."""
        return self._history(np.isin(self.dataset.interactions.split, self.splits))

    @cached_property
    def user_attributes(self) -> CSR:
        """Attributes of the items each user liked in the splits, U rows, P columns."""
        history = self.dataset.interactions
        likes = self._history(np.isin(history.split, self.splits) & history.liked)
        held = (likes.to_scipy() @ self.item_attributes.to_scipy()).tocoo()
        return CSR.from_pairs(held.row, held.col, history.n_users, self.dataset.catalogue.n_attributes)

    @property
    def friends(self) -> CSR:
        """Who is a friend of whom, U rows, U columns."""
        return self.dataset.interactions.friends

    def _history(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> CSR:
        history = self.dataset.interactions
        return CSR.from_pairs(history.users[chosen], history.items[chosen], history.n_users, history.n_items)

    def neighbourhood(self, item: int, n_items: int = 8, n_attributes: int = 18) -> Neighbourhood:
        """The subgraph around one item: its attributes, and the items nearest to it through rare ones they share.

        :param n_items: most items besides the one in the middle.
        :param n_attributes: most attributes; those that tie it to the other items come first.
        """
        return find_neighbourhood(self.dataset.catalogue, item, n_items, n_attributes)

    def findings(self, dataset: Dataset | None = None) -> Findings:
        """What is wrong with the graph, and what is only odd.

        :param dataset: what the graph's edges are held against; its own data set if none is given.
        """
        against = self.dataset if dataset is None else dataset
        problems, warnings = check_catalogue(against.catalogue)
        problems += check_interactions(against.interactions, against.catalogue.n_items)
        if not problems:
            # Edges can only be compared when no end of them dangles.
            problems += check_learned_edges(against, self.splits, self.user_items, self.user_attributes)
        return Findings(tuple(problems), tuple(warnings))

    def validate(self, dataset: Dataset | None = None) -> Findings:
        """:meth:`findings`, for those who cannot go on with a broken graph.

        :raises DataError: when a node dangles, an interaction is in two splits, or an edge that is learned from comes
            from a split it may not come from.
        """
        findings = self.findings(dataset)
        if findings.problems:
            more = f" (and {len(findings.problems) - 1} more)" if len(findings.problems) > 1 else ""
            raise DataError(
                f"data set {self.dataset.name!r}: {findings.problems[0]}{more}; mend the data and import them again"
            )
        return findings

    def to_hetero_data(self) -> "HeteroData":
        """The graph for PyTorch Geometric: every relation of two kinds of nodes has its reverse, called ``rev_…``.

        Node stores hold ``num_nodes`` and the data set's own ids as ``ids``; items also ``year`` and ``popularity``, of
        shape (V,), attributes also ``facet``, of shape (P,). Edge indices are int64 of shape (2, E).
        """
        import torch
        from torch_geometric.data import HeteroData

        data, catalogue = HeteroData(), self.dataset.catalogue
        ids = {
            "user": self.dataset.interactions.user_ids,
            "item": catalogue.item_ids,
            "attribute": catalogue.attribute_ids,
        }
        for kind, own in ids.items():
            data[kind].num_nodes = len(own)
            data[kind].ids = torch.tensor(own)
        data["item"].year = torch.tensor(catalogue.years.astype(np.int64))
        data["item"].popularity = torch.tensor(catalogue.popularity)
        data["attribute"].facet = torch.tensor(catalogue.attribute_facet.astype(np.int64))
        for head, relation, tail, edges in self._relations():
            ends = torch.tensor(np.stack([edges.row_of_edge(), edges.indices]).astype(np.int64))
            data[head, relation, tail].edge_index = ends
            if head != tail:
                data[tail, f"rev_{relation}", head].edge_index = ends.flip(0)
        return data

    def to_networkx(self, user_attributes: bool = True) -> "nx.Graph[tuple[str, int]]":
        """The graph for people: nodes such as ("item", 3) with ``kind`` and ``name``, edges with ``relation``.

        :param user_attributes: leave these edges out where their number is in the way; they follow from the others.
        """
        return self._to_networkx(lambda kind, place: (kind, place), user_attributes)

    def write_graphml(self, path: Path, user_attributes: bool = False) -> None:
        """Write the graph for Gephi, yEd and their like; the file appears when it is whole. Nodes are called "item:3".

        :raises DataError: when the file cannot be written.
        """
        import networkx as nx

        graph = self._to_networkx(lambda kind, place: f"{kind}:{place}", user_attributes)
        try:
            with written_whole(path) as unfinished:
                nx.write_graphml_xml(graph, unfinished, prettyprint=False)
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror}); name a file you may write to") from error

    def _to_networkx(self, node: Callable[[str, int], _Node], user_attributes: bool) -> "nx.Graph[_Node]":
        """The same graph under any way to call its nodes."""
        import networkx as nx

        graph: nx.Graph[_Node] = nx.Graph()
        catalogue = self.dataset.catalogue
        for item in range(catalogue.n_items):
            graph.add_node(node("item", item), kind="item", name=printable(catalogue.describe_item(item)))
        for attribute, name in enumerate(catalogue.attribute_names):
            facet = catalogue.facets[catalogue.attribute_facet[attribute]].name
            graph.add_node(node("attribute", attribute), kind="attribute", name=printable(name), facet=printable(facet))
        for user in range(self.dataset.interactions.n_users):
            own = printable(str(self.dataset.interactions.user_key(user)))
            graph.add_node(node("user", user), kind="user", name=f"user {own}")
        for head, relation, tail, edges in self._relations():
            if relation != "likes" or user_attributes:
                pairs = zip(edges.row_of_edge().tolist(), edges.indices.tolist(), strict=True)
                graph.add_edges_from(((node(head, a), node(tail, b)) for a, b in pairs), relation=relation)
        return graph

    def _relations(self) -> Iterator[tuple[str, str, str, CSR]]:
        yield "item", "has", "attribute", self.item_attributes
        yield "user", "chose", "item", self.user_items
        yield "user", "likes", "attribute", self.user_attributes
        yield "user", "knows", "user", self.friends
