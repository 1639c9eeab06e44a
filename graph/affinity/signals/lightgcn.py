"""A graph network over who likes what, without parameters of users.

Legend: B people, U users, V items, C items that a step tells apart, E edges, D dimensions of a vector.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import Profiles
from graph.affinity.signals.factors import centred
from graph.affinity.signals.item_knn import check_likes
from graph.affinity.signals.protocol import FloatArray
from graph.csr import CSR
from graph.dataset import Dataset

if TYPE_CHECKING:
    import torch

DIMENSIONS = 64
LAYERS = 3
STEPS = 200
BATCH = 512
"""Users of a step."""
CANDIDATES = 8_192
"""Items of a step at most, drawn anew for each."""
SHOWN = 0.5
"""Share of the likes that the graph of a step has; the others are to be found."""
LEARNING_RATE, WEIGHT_DECAY = 0.03, 1e-5
_NEVER = -1e9  # a logit; infinity would make the gradient of a user who is shown to like everything no number
SCALE = 8.0
"""What a user's vector is multiplied with: the edges' weights make the vectors small, and learning slow."""


class LightGcn:
    """Vectors of items, smoothed along the edges of the graph of likes, and people as sums of what they liked.

    LightGCN (He, Deng, Wang, Li, Zhang and Wang 2020, "LightGCN: Simplifying and powering graph convolution network for
    recommendation", SIGIR) with three changes.  Users have no vectors to begin with, so that they are what the layers
    bring them, and somebody who was not there is found in the same way.  The loss is the softmax over items, not BPR.
    Each step hides half of the likes from the graph, and these have to be found.

    :raises OptionError: when there are no likes.
    """

    name = "lightgcn"
    softenings: tuple[float, ...] = ()

    def __init__(self, items: FloatArray, likes: CSR) -> None:
        """Keep smoothed vectors of items, shape (V, D)."""
        counts = np.bincount(likes.indices, minlength=likes.n_columns)
        self.covers = np.asarray(counts > 0)
        self._items = items
        # An edge weighs 1 / sqrt(likes of the user x likes of the item).
        edges = np.where(counts > 0, SCALE / np.sqrt(np.maximum(counts, 1)), 0)
        self._outgoing = items * edges.astype(np.float32)[:, None]

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0, steps: int = STEPS) -> "LightGcn":
        """Learn from train and valid."""
        import torch

        likes = dataset.interactions.known_likes
        check_likes(cls.name, likes)
        generator = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        vectors = torch.nn.Parameter(0.1 * torch.randn(likes.n_columns, DIMENSIONS, generator=generator))
        optimizer = torch.optim.Adam([vectors], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: (1 + math.cos(math.pi * min(step / max(steps, 1), 1))) / 2
        )
        liked = np.flatnonzero(np.bincount(likes.indices, minlength=likes.n_columns))
        with one_thread():
            for _ in range(steps):
                loss = _loss(vectors, likes, liked, rng)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                scheduler.step()
        with one_thread(), torch.no_grad():
            _, items = propagate(vectors, likes, np.ones(likes.n_edges, bool))
        return cls(items.numpy(), likes)

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "LightGcn":
        """What :meth:`arrays` gave, as a signal again."""
        return cls(np.ascontiguousarray(arrays["items"], dtype=np.float32), dataset.interactions.known_likes)

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over the items that somebody liked, shape (B, V); 0 for the others.

        As many layers as :data:`LAYERS`, an odd number, bring a user the smoothed vectors of their items and no more:
        with nothing in users' vectors at first, the layers of items are the even ones and those of users the odd ones
        right after.
        """
        edges = (1 / np.sqrt(np.maximum(profiles.n_liked, 1))).astype(np.float32)
        people = np.asarray(profiles.liked() @ self._outgoing) * edges[:, None]
        return centred(people @ self._items.T, self.covers, profiles)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Smoothed vectors of items, shape (V, D)."""
        return {"items": self._items}


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread for a while: with more, sums are taken in another order each time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def propagate(vectors: "torch.Tensor", likes: CSR, shown: NDArray[np.bool_]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Means over the layers for users, shape (U, D), and items, shape (V, D).

    :param vectors: those of items before the first layer, shape (V, D).
    :param shown: edges that the graph has, shape (E,).
    """
    import torch
    from torch_geometric.nn import LGConv

    convolve = LGConv()
    users = torch.from_numpy(likes.row_of_edge()[shown].astype(np.int64))
    items = torch.from_numpy(likes.indices[shown].astype(np.int64) + likes.n_rows)
    edges = torch.stack([torch.cat([users, items]), torch.cat([items, users])])
    layer = torch.cat([vectors.new_zeros(likes.n_rows, vectors.shape[1]), vectors])
    total = layer
    for _ in range(LAYERS):
        layer = convolve(layer, edges)
        total = total + layer
    total = total / (LAYERS + 1)
    return total[: likes.n_rows], total[likes.n_rows :]


def _loss(vectors: "torch.Tensor", likes: CSR, liked: NDArray[np.int64], rng: np.random.Generator) -> "torch.Tensor":
    """Mean of ``-log softmax`` of the hidden likes of some users, among some of the items they are not shown to like.

    :param liked: items to tell apart, of which some are drawn.
    """
    import torch

    shown = rng.random(likes.n_edges) < SHOWN
    users, items = propagate(vectors, likes, shown)
    chosen = rng.permutation(likes.n_rows)[:BATCH]
    candidates = rng.permutation(liked)[:CANDIDATES]
    rows, columns = np.full(likes.n_rows, -1), np.full(likes.n_columns, -1)
    rows[chosen], columns[candidates] = np.arange(len(chosen)), np.arange(len(candidates))
    row, column = rows[likes.row_of_edge()], columns[likes.indices]
    here = (row >= 0) & (column >= 0)
    given = here & shown
    wanted = here & ~shown
    logits = SCALE * users[torch.from_numpy(chosen)] @ items[torch.from_numpy(candidates)].T
    taken = torch.zeros(logits.shape, dtype=torch.bool)
    taken[torch.from_numpy(row[given]), torch.from_numpy(column[given])] = True
    logs = torch.log_softmax(logits.masked_fill(taken, _NEVER), dim=1)
    # A step with nothing to find has no loss, and none that is not a number.
    return -logs[torch.from_numpy(row[wanted]), torch.from_numpy(column[wanted])].sum() / max(int(wanted.sum()), 1)
