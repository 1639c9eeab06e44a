"""Learn the table from who liked what: half of a person's likes are hidden and have to be found.

Legend: U users, V items, B users of a step, C items of a step, M groups, K centroids of a group, S dimensions of a
group, D dimensions of a vector.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.errors import OptionError
from graph.item_codes.coder import Codes, ItemCoder
from graph.item_codes.table import DIMENSIONS, SHARPNESS, CodeTable, main_axes

if TYPE_CHECKING:
    import torch

USERS = 512
"""Of a step."""
CANDIDATES = 8_192
"""Items of a step at most, drawn anew for each."""
SHOWN = 0.5
"""Share of the likes that make a person's vector in a step; the others are to be found."""
KEPT_GROUPS = 0.5
"""Share of the groups that an item is known by in a step.  Every item has its own combination of codes; with all of
them a table learns the items it sees by heart and is worse on others than the bare centroids."""
SHARPNESS_RATE = 0.01
_NEVER = -1e9  # a logit; infinity would make the gradient of a user who is shown to like everything no number

Advance = Callable[[float], None]
"""Takes the share of the work that has just been done."""


@dataclass(frozen=True)
class LearningConfig:
    """How a table is learned on the catalogue it comes from; chosen on valid (docs/item-codes.md)."""

    dimensions: int = DIMENSIONS
    steps: int = 75
    rate: float = 3e-4
    """Of Adam."""


@dataclass(frozen=True)
class TuningConfig:
    """How a table, or a permutation of it, is learned further on a catalogue it comes to."""

    steps: int = 50
    rate: float = 1e-4
    """Of Adam."""
    popularity: float = 0.0
    """Weight of ``log(1 + likes)`` of an item, added while learning and left out afterwards: 1 where how often an
    item was liked must not teach what people look for (Menon et al. 2021, "Long-tail learning via logit adjustment").
    """


class Steps:
    """The loss of one step after the other, on users and items drawn anew for each.

    What has to be found are likes that came later, where these are given; else half of all likes, drawn anew for each
    step.  The two are not the same thing: what people like next may be unlike what they liked.

    :raises OptionError: when there is nothing to be found.
    """

    def __init__(self, codes: Codes, likes: CSR, seed: int, popularity: float = 0.0, wanted: CSR | None = None) -> None:
        """
        :param codes: shape (V, M).
        :param likes: U rows, V columns.
        :param wanted: likes that came later, U rows, V columns.
        """
        import torch

        enough = np.flatnonzero(likes.degrees > 1 if wanted is None else (likes.degrees > 0) & (wanted.degrees > 0))
        if not len(enough):
            lacks = "two items in train" if wanted is None else "an item in train and another one later"
            raise OptionError(f"item codes: nobody likes {lacks}, so there is nothing to learn")
        counts = np.bincount(likes.indices, minlength=likes.n_columns)
        self._likes = likes.to_scipy()[enough]
        self._wanted = None if wanted is None else wanted.to_scipy()[enough]
        self._adjustment = torch.from_numpy((popularity * np.log1p(counts)).astype(np.float32))
        self._codes = torch.from_numpy(codes.astype(np.int64))
        self._rng = np.random.default_rng(seed)

    def loss(self, rows: "torch.Tensor", biases: "torch.Tensor", log_sharpness: "torch.Tensor") -> "torch.Tensor":
        """Mean of ``-log softmax`` of the hidden likes of some users, among some of the items they are not shown.

        :param rows: shape (M, K, D).
        :param biases: shape (M, K).
        """
        import torch

        users = self._rng.permutation(self._likes.shape[0])[:USERS]
        items = self._rng.permutation(self._likes.shape[1])[:CANDIDATES]
        liked = torch.from_numpy(self._likes[users][:, items].toarray().astype(np.float32))
        shown = liked * self._chance(liked.shape, SHOWN) if self._wanted is None else liked
        chosen = torch.from_numpy(items)
        vectors, lifts = self._of_items(rows, biases, chosen)
        people = torch.nn.functional.normalize(shown @ vectors, dim=1, eps=1e-6)
        logits = log_sharpness.exp() * people @ vectors.T + lifts + self._adjustment[chosen]
        if self._wanted is None:
            wanted = liked * (1 - shown)
        else:
            wanted = torch.from_numpy(self._wanted[users][:, items].toarray().astype(np.float32)) * (1 - shown)
        logs = torch.log_softmax(logits.masked_fill(shown > 0, _NEVER), dim=1)
        return -(logs * wanted).sum() / wanted.sum().clamp(min=1)

    def _of_items(
        self, rows: "torch.Tensor", biases: "torch.Tensor", chosen: "torch.Tensor"
    ) -> tuple["torch.Tensor", "torch.Tensor"]:
        """Unit vectors, shape (C, D), and biases, shape (C,), of items known by some of their groups."""
        import torch

        n_groups, n_centroids, n_dimensions = rows.shape
        table = torch.cat([rows, biases[:, :, None]], dim=2).reshape(n_groups * n_centroids, n_dimensions + 1)
        places = self._codes[chosen] + n_centroids * torch.arange(n_groups)
        kept = self._chance(places.shape, KEPT_GROUPS) / KEPT_GROUPS
        sums = torch.nn.functional.embedding_bag(places, table, mode="sum", per_sample_weights=kept)
        return torch.nn.functional.normalize(sums[:, :-1], dim=1, eps=1e-6), sums[:, -1]

    def _chance(self, shape: "torch.Size", share: float) -> "torch.Tensor":
        """Ones with a chance of ``share``, else zeros."""
        import torch

        return torch.from_numpy((self._rng.random(tuple(shape), np.float32) < share).astype(np.float32))


def learn_table(
    coder: ItemCoder,
    codes: Codes,
    likes: CSR,
    seed: int,
    config: LearningConfig | None = None,
    advance: Advance = lambda share: None,
) -> CodeTable:
    """A table for the catalogue a coder was fitted on.

    What is learned is one linear map a group from centroids to rows, from the main axes on, and the biases:
    neighbouring centroids keep neighbouring rows, which is what makes them good for items that nobody has liked yet.
    Rows learned one by one are not (results/LOG.md).

    :param codes: of its items, shape (V, M).
    :param likes: U rows, V columns.
    :raises OptionError: when nobody liked two items.
    """
    import torch

    config = config or LearningConfig()
    steps = Steps(codes, likes, seed)
    centroids = torch.from_numpy(coder.centroids)
    maps = torch.nn.Parameter(torch.from_numpy(main_axes(coder, codes, config.dimensions)))
    biases = torch.nn.Parameter(torch.zeros(centroids.shape[:2]))
    log_sharpness = torch.nn.Parameter(torch.tensor(np.log(SHARPNESS), dtype=torch.float32))
    optimizer = torch.optim.Adam(
        [{"params": [maps, biases], "lr": config.rate}, {"params": [log_sharpness], "lr": SHARPNESS_RATE}]
    )
    with single_threaded():
        for _ in range(config.steps):
            loss = steps.loss(torch.einsum("mks,msd->mkd", centroids, maps), biases, log_sharpness)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            advance(1 / config.steps)
        with torch.no_grad():
            return _table(torch.einsum("mks,msd->mkd", centroids, maps), biases, log_sharpness)


def tune_table(
    table: CodeTable,
    codes: Codes,
    likes: CSR,
    seed: int,
    config: TuningConfig | None = None,
    every: int = 10,
    advance: Advance = lambda share: None,
    wanted: CSR | None = None,
) -> list[CodeTable]:
    """The table after every so many steps of learning its rows further, itself first.

    :param codes: of the items of the catalogue it has come to, shape (V, M).
    :param likes: U rows, V columns; ``wanted``: see :class:`Steps`.
    :raises OptionError: when there is nothing to be found.
    """
    import torch

    config = config or TuningConfig()
    steps = Steps(codes, likes, seed, config.popularity, wanted)
    rows, biases = (torch.nn.Parameter(torch.from_numpy(each.copy())) for each in (table.rows, table.biases))
    log_sharpness = torch.nn.Parameter(torch.tensor(np.log(table.sharpness), dtype=torch.float32))
    optimizer = torch.optim.Adam(
        [{"params": [rows, biases], "lr": config.rate}, {"params": [log_sharpness], "lr": SHARPNESS_RATE}]
    )
    found = [table]
    with single_threaded():
        for step in range(1, config.steps + 1):
            loss = steps.loss(rows, biases, log_sharpness)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            advance(1 / config.steps)
            if step % every == 0:
                found.append(_table(rows, biases, log_sharpness))
    return found


def _table(rows: "torch.Tensor", biases: "torch.Tensor", log_sharpness: "torch.Tensor") -> CodeTable:
    values: list[NDArray[np.float32]] = [each.detach().numpy().copy() for each in (rows, biases)]
    return CodeTable(values[0], values[1], float(log_sharpness.detach().exp()))


def single_threaded() -> AbstractContextManager[None]:
    """Let torch use one thread for a while, so that sums are taken in the same order each time."""
    # Here and not above: the affinities know this package.
    from graph.affinity.signals.lightgcn import one_thread

    return one_thread()
