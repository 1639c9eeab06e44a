"""How the vectors behind personas are learned: by finding hidden likes, with sharp personas that keep people apart.

Legend: U users, V items, E edges, B users of a step, L likes of a user at most, R personas, D dimensions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from graph.affinity.personas.encoder import LEAST_SHARE, ROUNDS, SHARPNESS, PersonaEncoder
from graph.affinity.signals.item_knn import check_likes
from graph.affinity.signals.lightgcn import SCALE, one_thread, propagate
from graph.csr import CSR
from graph.dataset import Dataset

NAME = "personas"
_NEVER = -1e9  # a logit; infinity would make the gradient of a user who is shown to like everything no number


@dataclass(frozen=True)
class PersonaConfig:
    """Size and training."""

    personas: int = 3
    """Personas of each person (R); with one, attention is one and the model is a graph network with a vector a user."""
    dimensions: int = 64
    steps: int = 200
    users_at_once: int = 256
    shown: float = 0.5
    """Share of the likes that the graph of a step has; the others are to be found."""
    glued: float = 0.5
    """Share of the users of a step that are glued together, two and two, to people of two tastes."""
    apart: float = 3.0
    """Price of the chance that likes of two glued users meet in one persona."""
    entropy: float = 0.4
    """Price of a nat of entropy of the personas' weights for an item that is liked; a mean over likes, so that it does
    not change with the size of a step."""
    learning_rate: float = 0.03
    attention_rate: float = 0.01
    """Learning rate of seeds and temperature."""
    weight_decay: float = 1e-5


class _Module(torch.nn.Module):
    """What is learned."""

    def __init__(self, n_items: int, config: PersonaConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.items = torch.nn.Parameter(0.1 * torch.randn(n_items, config.dimensions, generator=generator))
        self.seeds = torch.nn.Parameter(torch.randn(config.personas, config.dimensions, generator=generator))
        self.log_temperature = torch.nn.Parameter(torch.zeros(()))

    def attend(self, likes: Tensor, there: Tensor) -> Tensor:  # (B, L, D), (B, L) -> (B, L, R)
        """Share of each persona in each like; see :class:`PersonaEncoder`."""
        keys = normalize(likes, dim=-1)
        centres = normalize(self.seeds, dim=-1).expand(len(likes), -1, -1)
        for _ in range(ROUNDS):
            centres = normalize(self._shared_out(keys, centres, there).transpose(1, 2) @ keys, dim=-1)
        return self._shared_out(keys, centres, there)

    def _shared_out(self, keys: Tensor, centres: Tensor, there: Tensor) -> Tensor:
        return torch.softmax(SHARPNESS * keys @ centres.transpose(1, 2), dim=-1) * there[..., None]

    def score(self, likes: Tensor, attention: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of items, shape (B, V), and the weight of each persona for them, shape (B, R, V)."""
        masses = attention.sum(dim=1)
        vectors = (attention.transpose(1, 2) @ likes) / masses.clamp(min=1.0).sqrt()[..., None]
        fits = SCALE * vectors @ items.T
        shares = masses / masses.sum(dim=1, keepdim=True).clamp(min=1e-6)
        logits = self.log_temperature.exp() * fits + torch.log(shares + LEAST_SHARE)[..., None]
        weights = torch.softmax(logits, dim=1)
        return (weights * fits).sum(dim=1), weights


def learn_personas(
    dataset: Dataset,
    seed: int = 0,
    config: PersonaConfig | None = None,
    advance: Callable[[float], None] | None = None,
) -> PersonaEncoder:
    """Learn from train and valid.

    :param advance: told what share of the work has just been done.
    :raises OptionError: when there are no likes.
    """
    likes, config = dataset.interactions.known_likes, config or PersonaConfig()
    check_likes(NAME, likes)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    module = _Module(likes.n_columns, config, generator)
    optimizer = torch.optim.Adam(
        [
            {"params": [module.items], "weight_decay": config.weight_decay},
            {"params": [module.seeds, module.log_temperature], "lr": config.attention_rate},
        ],
        lr=config.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: (1 + math.cos(math.pi * min(step / max(config.steps, 1), 1))) / 2
    )
    with one_thread():
        for _ in range(config.steps):
            loss = _loss(module, likes, config, rng)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if advance is not None:
                advance(1 / config.steps)
        return _exported(module, likes)


def _exported(module: _Module, likes: CSR) -> PersonaEncoder:
    counts = np.bincount(likes.indices, minlength=likes.n_columns)
    with torch.no_grad():
        _, found = propagate(module.items, likes, np.ones(likes.n_edges, bool))
        items = found.numpy()
        return PersonaEncoder(
            np.float32(SCALE) * items, items * _of_edges(counts), module.seeds.numpy().copy(),
            float(module.log_temperature.exp()),
        )  # fmt: skip


def _of_edges(counts: NDArray[np.integer]) -> NDArray[np.float32]:
    """What the edge of a like weighs by how often the item was liked, shape (V, 1)."""
    return np.where(counts > 0, SCALE / np.sqrt(np.maximum(counts, 1)), 0).astype(np.float32)[:, None]


def _loss(module: _Module, likes: CSR, config: PersonaConfig, rng: np.random.Generator) -> Tensor:
    """What hidden likes of some users cost, glued people in two and blurred weights included."""
    shown = rng.random(likes.n_edges) < config.shown
    users = rng.permutation(np.flatnonzero(likes.degrees > 1))[: config.users_at_once]
    people = _draw(likes, users, shown, round(config.glued * len(users)) // 2)
    _, items = propagate(module.items, likes, shown)
    edges = torch.from_numpy(_of_edges(np.bincount(likes.indices[shown], minlength=likes.n_columns)))
    given = (items * edges)[people.likes]
    attention = module.attend(given, people.there)
    scores, weights = module.score(given, attention, items)
    taken = torch.zeros(scores.shape, dtype=torch.bool)
    places = people.there.nonzero(as_tuple=True)
    taken[places[0], people.likes[places]] = True
    row, column = people.wanted
    logs = torch.log_softmax(scores.masked_fill(taken, _NEVER), dim=1)
    count = max(len(row), 1)
    of_wanted = weights[row, :, column]
    entropy = -(of_wanted * of_wanted.clamp(min=1e-9).log()).sum() / count
    loss = -logs[row, column].sum() / count + config.entropy * entropy
    if config.apart and people.n_glued:
        loss = loss + config.apart * _meeting(attention, people)
    return loss


@dataclass(frozen=True)
class _People:
    """The people of a step; the first ``n_glued`` of them are two users each."""

    likes: Tensor
    """Items shown to be liked, shape (B, L)."""
    there: Tensor
    """One where there is a like, shape (B, L)."""
    wanted: tuple[Tensor, Tensor]
    """Person and item of each hidden like."""
    n_glued: int
    firsts: Tensor
    """Likes of the first of two users, who come first, shape (n_glued,)."""


def _draw(likes: CSR, users: NDArray[np.int64], shown: NDArray[np.bool_], n_glued: int) -> _People:
    def of(user: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        own = slice(likes.indptr[user], likes.indptr[user + 1])
        return likes.indices[own][shown[own]], likes.indices[own][~shown[own]]

    rows, hidden, firsts = [], [], []
    for place in range(n_glued):
        (one, of_one), (other, of_other) = of(users[2 * place]), of(users[2 * place + 1])
        rows.append(np.concatenate([one, np.setdiff1d(other, one)]))
        hidden.append(np.setdiff1d(np.concatenate([of_one, of_other]), rows[-1]))
        firsts.append(len(one))
    for user in users[2 * n_glued :]:
        given, missing = of(user)
        rows.append(given)
        hidden.append(missing)
    width = max(map(len, rows), default=0)
    items, there = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.float32)
    for place, row in enumerate(rows):
        items[place, : len(row)], there[place, : len(row)] = row, 1.0
    who = np.repeat(np.arange(len(hidden)), [len(each) for each in hidden])
    what = np.concatenate([*hidden, np.zeros(0, np.int32)]).astype(np.int64)
    return _People(
        torch.from_numpy(items), torch.from_numpy(there), (torch.from_numpy(who), torch.from_numpy(what)), n_glued,
        torch.tensor(firsts, dtype=torch.int64),
    )  # fmt: skip


def _meeting(attention: Tensor, people: _People) -> Tensor:
    """Mean chance that a like of one and a like of the other of two glued users are with one persona."""
    attention, there = attention[: people.n_glued], people.there[: people.n_glued]
    of_first = (torch.arange(there.shape[1]) < people.firsts[:, None]).float()
    one, other = (
        (attention * side[..., None]).sum(dim=1) / side.sum(dim=1, keepdim=True).clamp(min=1.0)
        for side in (of_first * there, (1 - of_first) * there)
    )
    return (one * other).sum(dim=1).mean()
