"""UNICORN in the same harness: Deng, Li, Sun, Ding, Lam, "Unified conversational recommendation policy learning via
graph-based reinforcement learning", SIGIR 2021.

Its network sees which items and attributes the slots stand for and what was answered, and nothing of the belief: TransE
embeddings, a graph network over the nodes of the moment, a Transformer over what was answered, a dueling head.  It is
bound to one catalogue.  *As published* keeps what was found in its code: embeddings that start at random, a state in
which the user does not occur, rows of what was accepted that are all alike, attention that runs across the dialogues of
a batch and over padding, dropout while it acts, a "no" that says nothing, the ten most believed items and no others.

Legend: B states, K slots, Q question slots, I item slots, A answered nodes, M nodes, D width, V items, P attributes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch_geometric.nn import DenseGCNConv
from torch_geometric.nn.kge import TransE

from graph.catalogue import Catalogue
from graph.dataset import Dataset
from graph.interactions import Split
from policy.unified.layout import ANSWERED, N_ANSWERED, N_REFUSED, RELATIONS
from policy.unified.network import dueling, open_slots

EMBEDDING, WIDTH, HEADS = 64, 100, 4


@dataclass(frozen=True)
class UnicornConfig:
    """Shape of the network, and whether it is mended."""

    n_items: int
    n_attributes: int
    vocabulary: str
    """The :attr:`graph.catalogue.Catalogue.vocabulary` whose places the embeddings stand at."""
    mended: bool = True
    dropout: float = 0.1
    may_wait: bool = True
    may_change_list: bool = True
    rule_decides: bool = False
    prudence: float = 0.0
    """Always zero: there is no rule to hold on to."""


class UnicornNetwork(nn.Module):
    """Values of the slots from ids; takes and gives what :class:`policy.unified.network.UnifiedNetwork` does.

    :param embeddings: where they start, items (V, 64) and attributes (P, 64); at random if not given.
    """

    def __init__(self, config: UnicornConfig, embeddings: tuple[Tensor, Tensor] | None = None) -> None:
        super().__init__()
        self.config = config
        # One more row at the end, for nothing: -1 is its place.
        self.items, self.attributes = (
            nn.Embedding(count + 1, EMBEDDING, padding_idx=count) for count in (config.n_items, config.n_attributes)
        )
        if embeddings is not None:
            for table, start in zip((self.items, self.attributes), embeddings, strict=True):
                table.weight.data[:-1] = start
        self.polarity = nn.Linear(len(ANSWERED), EMBEDDING)
        self.graph = nn.ModuleList([DenseGCNConv(EMBEDDING, WIDTH), DenseGCNConv(WIDTH, WIDTH)])
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 2 * WIDTH, dropout=config.dropout, batch_first=config.mended, norm_first=False
        )
        self.history = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.beginning = nn.Parameter(0.1 * torch.randn(WIDTH))
        self.wait = nn.Parameter(0.1 * torch.randn(EMBEDDING))
        self.value = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))
        self.advantage = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))

    def forward(self, seen: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Value of each state, shape (B,), and advantage of each slot, shape (B, K)."""
        nodes = self._nodes(seen)
        adjacency = seen["edges"].sum(dim=1).clamp(max=1.0)
        for layer in self.graph:
            nodes = torch.relu(layer(nodes, adjacency))
        n_slots = seen["mask"].shape[1]
        slots, answered = nodes[:, 1 : 1 + n_slots], nodes[:, 1 + n_slots : 1 + n_slots + N_ANSWERED]
        there = seen["answered"] >= 0
        state = self._read(answered, there) if self.config.mended else self._read_as_published(answered)
        if self.config.mended:
            state = state + nodes[:, 0]
        around = state[:, None].expand(-1, n_slots, -1)
        advantage = self.advantage(torch.cat([slots, around], dim=2))[..., 0]
        return self.value(state)[:, 0], advantage

    def values(self, seen: dict[str, Tensor], least_prudence: float = 0.0) -> Tensor:
        """Dueling values of the slots, shape (B, K).

        :param least_prudence: without effect, for there is no rule to hold on to.
        """
        return dueling(*self.forward(seen), open_slots(seen, self.config))

    def _nodes(self, seen: dict[str, Tensor]) -> Tensor:
        """In the order of :mod:`policy.unified.state_graph`, shape (B, M, 64)."""
        options = seen["asks"]
        count = (options >= 0).sum(dim=2, keepdim=True).clamp(min=1)
        asks = self._of(self.attributes, options).sum(dim=2) / count
        items, refused = self._of(self.items, seen["items"]), self._of(self.items, seen["refused"])
        answered = self._of(self.attributes, seen["answered"])
        if self.config.mended:
            answered = answered + self.polarity(seen["answers"])
            first = 1 + asks.shape[1]
            believed = seen["edges"][:, RELATIONS.index("believed"), 0, first : first + items.shape[1]]
            user = torch.einsum("bi,bie->be", believed, items)
        else:
            user = torch.zeros_like(asks[:, 0])
        wait = self.wait.expand(len(asks), 1, -1)
        nodes = torch.cat([user[:, None], asks, items, wait, answered, refused], dim=1)
        assert nodes.shape[1] == 1 + seen["mask"].shape[1] + N_ANSWERED + N_REFUSED
        return nodes

    @staticmethod
    def _of(table: nn.Embedding, ids: Tensor) -> Tensor:
        return table(torch.where(ids < 0, table.num_embeddings - 1, ids))

    def _read(self, answered: Tensor, there: Tensor) -> Tensor:
        """What the answers come to, shape (B, D): each dialogue for itself, padding masked."""
        beginning = self.beginning.expand(len(answered), 1, -1)
        padding = torch.cat([torch.zeros_like(there[:, :1]), ~there], dim=1)
        return self.history(torch.cat([beginning, answered], dim=1), src_key_padding_mask=padding)[:, 0]

    def _read_as_published(self, answered: Tensor) -> Tensor:
        alike = answered.mean(dim=1, keepdim=True).expand_as(answered)
        self.history.train()  # dropout stays on
        return self.history(alike).mean(dim=1)


def transe(dataset: Dataset, seed: int, epochs: int = 15) -> tuple[Tensor, Tensor]:
    """Embeddings of items (V, 64) and attributes (P, 64) from who chose what in train and what has which attribute.

    Bordes et al. 2013, "Translating embeddings for modeling multi-relational data"; learned with PyG.
    """
    torch.manual_seed(seed)
    catalogue = dataset.catalogue
    n_items, n_attributes = catalogue.n_items, catalogue.n_attributes
    likes = dataset.interactions.pairs(Split.TRAIN)
    has_items, has_attributes = edges_of(catalogue)
    heads = np.concatenate([likes[0] + n_items + n_attributes, has_items])
    tails = np.concatenate([likes[1], has_attributes + n_items])
    kinds = np.repeat([0, 1], [len(likes[0]), len(has_items)])
    model = TransE(n_items + n_attributes + dataset.interactions.n_users, 2, EMBEDDING)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    triples = [torch.as_tensor(part.astype(np.int64)) for part in (heads, kinds, tails)]
    for _ in range(epochs):
        for batch in model.loader(*triples, batch_size=1024, shuffle=True):
            optimizer.zero_grad()
            model.loss(*batch).backward()
            optimizer.step()
    table = model.node_emb.weight.detach()
    return table[:n_items].clone(), table[n_items : n_items + n_attributes].clone()


def edges_of(catalogue: Catalogue) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items and the attributes they have, one pair each."""
    edges = catalogue.item_attributes
    return np.repeat(np.arange(catalogue.n_items), np.diff(edges.indptr)), edges.indices.astype(np.int64)
