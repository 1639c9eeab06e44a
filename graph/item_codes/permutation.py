"""The first step into a new catalogue: which row of the table each code should have, the rows themselves left alone.

Legend: M groups, K centroids of a group, V items, U users.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.csr import CSR
from graph.item_codes.coder import Codes
from graph.item_codes.learning import Advance, Steps, TuningConfig, single_threaded
from graph.item_codes.table import CodeTable

if TYPE_CHECKING:
    import torch

SINKHORN_ROUNDS = 20


@dataclass(frozen=True)
class PermutationConfig(TuningConfig):
    """How a permutation is learned; chosen on valid (docs/item-codes.md)."""

    steps: int = 60
    rate: float = 0.5
    """By how much the logit with the steepest slope moves in a step."""
    momentum: float = 0.9
    inertia: float = 1.0
    """Logit that every code starts with for the row it has, the others having 0."""
    temperature: float = 1.0


def soft_permutation(logits: "torch.Tensor", temperature: float) -> "torch.Tensor":
    """Nearly doubly stochastic matrices, by Sinkhorn's scaling of logarithms, shape (M, K, K)."""
    scaled = logits / temperature
    for _ in range(SINKHORN_ROUNDS):
        scaled = scaled - scaled.logsumexp(dim=2, keepdim=True)
        scaled = scaled - scaled.logsumexp(dim=1, keepdim=True)
    return scaled.exp()


def best_permutation(logits: "torch.Tensor") -> NDArray[np.int64]:
    """For each code the column it takes, every column once, so that the sum of logits is largest; shape (M, K)."""
    from scipy.optimize import linear_sum_assignment

    values = logits.detach().numpy()
    return np.stack([linear_sum_assignment(group, maximize=True)[1] for group in values]).astype(np.int64)


def straight_through(logits: "torch.Tensor", temperature: float) -> "torch.Tensor":
    """The best permutation as matrices of zeros and ones, with the gradient of the soft one, shape (M, K, K).

    Rounding the soft matrices, as the published code of VQ-Rec does with ``ceil``, has a gradient of zero and may use a
    column twice.
    """
    import torch

    soft = soft_permutation(logits, temperature)
    hard = torch.zeros_like(soft)
    hard.scatter_(2, torch.from_numpy(best_permutation(logits))[:, :, None], 1.0)
    return hard + soft - soft.detach()


def learn_permutation(
    table: CodeTable,
    codes: Codes,
    likes: CSR,
    seed: int,
    config: PermutationConfig | None = None,
    every: int = 5,
    advance: Advance = lambda share: None,
    wanted: CSR | None = None,
) -> list[NDArray[np.int64]]:
    """The permutation after every so many steps, each of shape (M, K); the first is the identity.

    See :meth:`graph.item_codes.table.CodeTable.permuted`.  The slopes are followed by their true sizes: a rule that
    gives every logit a step of the same size (Adam) moves half of all codes at once, most of them for nothing.

    :param codes: of the items of the catalogue the table has come to, shape (V, M).
    :param likes: U rows, V columns; ``wanted``: see :class:`graph.item_codes.learning.Steps`.
    :raises OptionError: when there is nothing to be found.
    """
    import torch

    config = config or PermutationConfig()
    steps = Steps(codes, likes, seed, config.popularity, wanted)
    n_groups, n_centroids, _ = table.rows.shape
    rows, biases = torch.from_numpy(table.rows), torch.from_numpy(table.biases)
    log_sharpness = torch.tensor(np.log(table.sharpness), dtype=torch.float32)
    logits = (config.inertia * torch.eye(n_centroids)).repeat(n_groups, 1, 1).requires_grad_(True)
    pace = torch.zeros_like(logits)
    found = [best_permutation(logits)]
    with single_threaded():
        for step in range(1, config.steps + 1):
            matrices = straight_through(logits, config.temperature)
            loss = steps.loss(matrices @ rows, (matrices @ biases[:, :, None])[:, :, 0], log_sharpness)
            (slope,) = torch.autograd.grad(loss, [logits])
            with torch.no_grad():
                pace = config.momentum * pace + slope
                logits -= config.rate * pace / pace.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
            advance(1 / config.steps)
            if step % every == 0:
                found.append(best_permutation(logits))
    return found
