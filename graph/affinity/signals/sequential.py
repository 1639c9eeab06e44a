"""What comes next: a transformer over the likes of a person, oldest first.

Legend: B people, V items, W items that somebody liked, D dimensions, H heads, N likes of all users, S stretches of
histories, L places of a stretch.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import Profiles, Verdict
from graph.affinity.signals.factors import centred
from graph.affinity.signals.item_knn import check_likes
from graph.affinity.signals.lightgcn import one_thread
from graph.affinity.signals.protocol import FloatArray
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions, Split

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

LENGTH = 50
"""Likes that are looked at: the latest."""
DIMENSIONS, BLOCKS, HEADS, WIDENING = 64, 2, 2, 2
EPOCHS = 15
"""On MovieLens 100k nothing is gained after these."""
BATCH = 32
"""Stretches of a step."""
WARM_UP = 50
"""Steps until the learning rate is reached."""
LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 0.003, 0.01, 0.2
MOST_ITEMS = 20_000
"""Refuse to tell more apart: each step compares every place of a stretch with each of them."""
SCORED_AT_ONCE = 256
"""People, so that the memory that attention takes stays small."""


class Sequential:
    """A causal transformer that learned which item is liked after those before it.

    SASRec (Kang and McAuley 2018, "Self-attentive sequential recommendation", ICDM), learned with the cross-entropy
    over all items (Klenitskiy and Vasilev 2023, "Turning dross into gold loss: is BERT4Rec really better than SASRec?",
    RecSys).  Profiles know the order of events and not their dates, so time enters as how many likes ago something was:
    each head has a weight for each such distance, in place of vectors of places, and the last like is always 0 away.

    :raises OptionError: when the data do not say what came first, nobody likes anything, or too many items are liked.
    """

    name = "sequential"
    softenings: tuple[float, ...] = ()

    def __init__(self, weights: "Weights", covers: NDArray[np.bool_]) -> None:
        self._weights = weights
        self.covers = covers
        self._places = places_of(covers)

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0, epochs: int = EPOCHS) -> "Sequential":
        """Learn from train and valid."""
        import torch
        from torch.nn import functional

        covers = _check(dataset)
        likes, starts = _likes_in_order(dataset.interactions)
        generator = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        weights = _first_weights(int(covers.sum()), generator)
        optimizer = torch.optim.AdamW(list(weights.values()), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        n_steps = max(epochs * sum(1 for _ in _batches(likes, starts, np.random.default_rng(seed))), 1)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * min(step / n_steps, 1))) / 2
        )
        places = places_of(covers)[likes]
        with one_thread():
            for given, wanted in chain.from_iterable(_batches(places, starts, rng) for _ in range(epochs)):
                found = _encode(weights, torch.from_numpy(given), generator)
                targets = torch.from_numpy(wanted)
                logits = _logits(weights, found[targets >= 0])
                loss = functional.cross_entropy(logits, targets[targets >= 0])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                scheduler.step()
        return cls({key: weight.detach() for key, weight in weights.items()}, covers)

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "Sequential":
        """What :meth:`arrays` gave, as a signal again."""
        import torch

        # Copies, for what is read from a file may not be written to, and torch warns of that.
        weights = {key: torch.from_numpy(np.array(array, dtype=np.float32)) for key, array in arrays.items()}
        return cls(weights, _check(dataset))

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over the items that somebody liked, shape (B, V); 0 for the others."""
        import torch

        stretches = self._latest(profiles)
        values = np.zeros((len(profiles), len(self.covers)), dtype=np.float32)
        with one_thread(), torch.inference_mode():
            for first in range(0, len(profiles), SCORED_AT_ONCE):
                some = slice(first, first + SCORED_AT_ONCE)
                last = _encode(self._weights, torch.from_numpy(stretches[some]))[:, -1]
                values[some, self.covers] = _logits(self._weights, last).numpy()
        return centred(values, self.covers, profiles)

    def _latest(self, profiles: Profiles) -> NDArray[np.int64]:
        """Places among the W items of the last likes, the very last one at the end, shape (B, L); W where none is."""
        liked = (profiles.verdicts == Verdict.LIKED) & self.covers[profiles.items]
        people = profiles.person_of_event[liked]
        ends = np.cumsum(np.bincount(people, minlength=len(profiles)))
        ago = ends[people] - 1 - np.arange(len(people))
        recent = ago < LENGTH
        stretches = np.full((len(profiles), LENGTH), int(self.covers.sum()))
        stretches[people[recent], LENGTH - 1 - ago[recent]] = self._places[profiles.items[liked][recent]]
        return stretches

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Weights of the network; none is a user's."""
        return {key: weight.numpy() for key, weight in self._weights.items()}


def places_of(covers: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Place of each covered item among them, shape (V,); of no meaning for the others."""
    return np.cumsum(covers, dtype=np.int64) - 1


def _check(dataset: Dataset) -> NDArray[np.bool_]:
    """Which items are liked, shape (V,), after a look at whether anything can be learned."""
    history = dataset.interactions
    check_likes(Sequential.name, history.known_likes)
    if not history.timed:
        raise OptionError(f"sequential: {dataset.name} does not say what came first; choose another affinity for it")
    covers = np.bincount(history.known_likes.indices, minlength=history.n_items) > 0
    if covers.sum() > MOST_ITEMS:
        raise OptionError(
            f"sequential: {covers.sum():,} items of {dataset.name} are liked, and it tells at most {MOST_ITEMS:,} "
            "apart; choose another affinity for these data"
        )
    return covers


def _likes_in_order(history: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items that users liked in train and valid, oldest first, shape (N,), and where each user begins, (U + 1,)."""
    order = history.in_order
    chosen = order[(history.split[order] != Split.TEST) & history.liked[order]]
    starts = np.searchsorted(history.users[chosen], np.arange(history.n_users + 1))
    return history.items[chosen].astype(np.int64), starts.astype(np.int64)


def _batches(
    likes: NDArray[np.int64], starts: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Stretches of histories in random order: what came, and after each of them what came next, both shape (S, L).

    Long histories are cut elsewhere each time.  Empty places, at the front, hold one more than the largest like in the
    first and -1 in the second.
    """
    lengths = np.diff(starts)
    shifts = np.where(lengths > LENGTH + 1, rng.integers(0, LENGTH, len(lengths)), 0)
    n_stretches = np.maximum(-(-(lengths - shifts - 1) // LENGTH), 0)
    user = np.repeat(np.arange(len(lengths)), n_stretches)
    nth = np.arange(len(user)) - np.repeat(np.cumsum(n_stretches) - n_stretches, n_stretches)
    last = starts[user + 1] - 1 - shifts[user] - LENGTH * nth
    targets = last[:, None] + np.arange(1 - LENGTH, 1)
    filled = targets > starts[user][:, None]
    nothing = int(likes.max()) + 1
    given = np.where(filled, likes[np.maximum(targets - 1, 0)], nothing)
    wanted = np.where(filled, likes[np.maximum(targets, 0)], -1)
    order = rng.permutation(len(user))
    for first in range(0, len(order), BATCH):
        some = order[first : first + BATCH]
        yield given[some], wanted[some]


def _first_weights(n_items: int, generator: "torch.Generator") -> "Weights":
    import torch

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) / (2 * math.sqrt(shape[-1]))

    wide = WIDENING * DIMENSIONS
    weights = {
        "items": random(n_items, DIMENSIONS),
        "item_biases": torch.zeros(n_items),
        "norms": torch.ones(2 * BLOCKS + 1, DIMENSIONS),
        "norm_biases": torch.zeros(2 * BLOCKS + 1, DIMENSIONS),
        "distances": torch.zeros(BLOCKS, HEADS, LENGTH),
        "attend": random(BLOCKS, 3 * DIMENSIONS, DIMENSIONS),
        "gather": random(BLOCKS, DIMENSIONS, DIMENSIONS),
        "widen": random(BLOCKS, wide, DIMENSIONS),
        "widen_biases": torch.zeros(BLOCKS, wide),
        "narrow": random(BLOCKS, DIMENSIONS, wide),
        "narrow_biases": torch.zeros(BLOCKS, DIMENSIONS),
    }
    return {key: weight.requires_grad_() for key, weight in weights.items()}


def _encode(weights: "Weights", stretches: "torch.Tensor", dropout: "torch.Generator | None" = None) -> "torch.Tensor":
    """What the network makes of each place and those before it, shape (S, L, D).

    :param stretches: places among the W items, shape (S, L); W where nothing is.
    :param dropout: hides some of what it sees, as is done while learning.
    """
    import torch
    from torch.nn import functional

    def drop(values: torch.Tensor) -> torch.Tensor:
        if dropout is None:
            return values
        return values * torch.empty_like(values).bernoulli_(1 - DROPOUT, generator=dropout) / (1 - DROPOUT)

    def normed(values: torch.Tensor, which: int) -> torch.Tensor:
        return functional.layer_norm(values, values.shape[-1:], weights["norms"][which], weights["norm_biases"][which])

    n_stretches, length = stretches.shape
    n_items = len(weights["items"])
    here = stretches < n_items
    distance = torch.arange(length)[:, None] - torch.arange(length)
    # A place sees those before it that hold something, and itself so that there is always one to see.
    seen = ((distance >= 0) & here[:, None, :]) | (distance == 0)
    values = drop(weights["items"][stretches.clamp(max=n_items - 1)] * here[:, :, None])
    for block in range(BLOCKS):
        mixed = functional.linear(normed(values, 2 * block), weights["attend"][block])
        query, key, value = mixed.view(n_stretches, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mask = weights["distances"][block][:, distance.clamp(min=0)].masked_fill(~seen[:, None], -torch.inf)
        heads = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        gathered = heads.transpose(1, 2).reshape(n_stretches, length, -1)
        values = values + drop(functional.linear(gathered, weights["gather"][block]))
        wide = functional.linear(normed(values, 2 * block + 1), weights["widen"][block], weights["widen_biases"][block])
        narrow = functional.linear(functional.gelu(wide), weights["narrow"][block], weights["narrow_biases"][block])
        values = values + drop(narrow)
    return normed(values, 2 * BLOCKS)


def _logits(weights: "Weights", found: "torch.Tensor") -> "torch.Tensor":
    """Fit of each of the W items, shape (..., W)."""
    from torch.nn import functional

    return functional.linear(found, weights["items"], weights["item_biases"])
