"""How the vectors behind personas are learned: by finding hidden likes, with sharp personas that keep people apart.

Legend: U users, V items, E edges, B people of a step, L likes of a person at most, R personas, G glued pairs of
users, D dimensions.
"""

import math
from collections.abc import Callable, Sequence
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
    """Share of the users of a step that are glued together as well, two and two, to people of two tastes."""
    apart: float = 3.0
    """Price of the chance that likes of two glued users meet in one persona."""
    entropy: float = 0.2
    """Price of a nat of entropy of the personas' weights for an item that is liked; a mean over likes, so that it does
    not change with the size of a step."""
    learning_rate: float = 0.03
    attention_rate: float = 0.01
    """Learning rate of seeds and temperature."""
    weight_decay: float = 3e-4


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

    def score(self, likes: Tensor, attention: Tensor, items: Tensor, had: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithm of the chance of each item, shape (B, V), and weight of each persona for it, shape (B, R, V).

        :param likes: vectors of what people like, shape (B, L, D).
        :param attention: shape (B, L, R).
        :param items: vectors of all items, shape (V, D).
        :param had: items that people cannot choose, for they have them, shape (B, V).
        """
        masses = attention.sum(dim=1)
        vectors = (attention.transpose(1, 2) @ likes) / masses.clamp(min=1.0).sqrt()[..., None]
        fits = self.log_temperature.exp() * SCALE * vectors @ items.T
        logs = torch.log_softmax(fits.masked_fill(had[:, None], _NEVER), dim=2)
        shares = masses / masses.sum(dim=1, keepdim=True).clamp(min=1e-6)
        joint = logs + torch.log(shares + LEAST_SHARE)[..., None]
        return joint.logsumexp(dim=1), torch.softmax(joint, dim=1)


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
    """What hidden likes of some users cost, blurred weights and glued people who are taken for one included."""
    shown = rng.random(likes.n_edges) < config.shown
    users = rng.permutation(np.flatnonzero(likes.degrees > 1))[: config.users_at_once]
    given, hidden = _taken_apart(likes, users, shown)
    _, items = propagate(module.items, likes, shown)
    vectors = items * torch.from_numpy(_of_edges(np.bincount(likes.indices[shown], minlength=likes.n_columns)))
    people = _People.of(given)
    liked = vectors[people.likes]
    logs, weights = module.score(liked, module.attend(liked, people.there), items, people.had(likes.n_columns))
    row = torch.from_numpy(np.repeat(np.arange(len(hidden)), [len(each) for each in hidden]))
    column = torch.from_numpy(_joined(hidden))
    count = max(len(row), 1)
    of_wanted = weights[row, :, column]
    entropy = -(of_wanted * of_wanted.clamp(min=1e-9).log()).sum() / count
    loss = -logs[row, column].sum() / count + config.entropy * entropy
    pairs = _glued(given[: round(config.glued * len(users))])
    if config.apart and pairs:
        glued = _People.of([np.concatenate(pair) for pair in pairs])
        attention = module.attend(vectors[glued.likes], glued.there)
        loss = loss + config.apart * _meeting(attention, glued.there, [len(first) for first, _ in pairs])
    return loss


@dataclass(frozen=True)
class _People:
    """What B people were shown to like, padded."""

    likes: Tensor
    """Items, shape (B, L)."""
    there: Tensor
    """One where there is a like, shape (B, L)."""

    @classmethod
    def of(cls, rows: Sequence[NDArray[np.int32]]) -> "_People":
        lengths = np.array([len(row) for row in rows], np.int64)
        there = np.arange(lengths.max(initial=0)) < lengths[:, None]
        likes = np.zeros(there.shape, np.int64)
        likes[there] = _joined(rows)
        return cls(torch.from_numpy(likes), torch.from_numpy(there.astype(np.float32)))

    def had(self, n_items: int) -> Tensor:  # -> (B, V)
        """Whether a person was shown to like an item."""
        found = torch.zeros((len(self.likes), n_items), dtype=torch.bool)
        person, place = self.there.nonzero(as_tuple=True)
        found[person, self.likes[person, place]] = True
        return found


def _joined(rows: Sequence[NDArray[np.int32]]) -> NDArray[np.int64]:
    """Everything in some rows, one after the other; there may be none."""
    return np.concatenate([np.zeros(0, np.int64), *rows])


def _taken_apart(
    likes: CSR, users: NDArray[np.int64], shown: NDArray[np.bool_]
) -> tuple[list[NDArray[np.int32]], list[NDArray[np.int32]]]:
    """What each user likes of what is shown, and what of what is hidden."""
    own = [slice(likes.indptr[user], likes.indptr[user + 1]) for user in users]
    given, hidden = ([likes.indices[each][chosen[each]] for each in own] for chosen in (shown, ~shown))
    return given, hidden


def _glued(rows: Sequence[NDArray[np.int32]]) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Likes of every first and second user; what both like is the first one's."""
    return [(one, np.setdiff1d(other, one)) for one, other in zip(rows[::2], rows[1::2], strict=False)]


def _meeting(attention: Tensor, there: Tensor, firsts: Sequence[int]) -> Tensor:
    """Mean chance that a like of one and a like of the other of two glued users are with one persona.

    :param attention: shape (G, L, R) of G pairs.
    :param there: one where there is a like, shape (G, L).
    :param firsts: likes of the first of two users, who come first, shape (G,).
    """
    of_first = (torch.arange(there.shape[1]) < torch.tensor(firsts)[:, None]).float()
    one, other = (
        (attention * side[..., None]).sum(dim=1) / side.sum(dim=1, keepdim=True).clamp(min=1.0)
        for side in (of_first * there, (1 - of_first) * there)
    )
    return (one * other).sum(dim=1).mean()
