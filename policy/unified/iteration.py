"""Policy iteration from forked dialogues: the residual learns by how much each act beats the others.

Legend: E decisions, C acts compared at each, K slots.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graph.catalogue import Catalogue
from policy.unified.agent import tensors
from policy.unified.network import UnifiedNetwork
from policy.unified.what_if import Comparisons


@dataclass(frozen=True)
class FitConfig:
    """How a network is fitted to what acts came to."""

    epochs: int = 3
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    value_weight: float = 0.1
    """What the error of the value counts beside that of the differences between acts."""


def fit_to_comparisons(
    network: UnifiedNetwork,
    catalogue: Catalogue,
    comparisons: Comparisons,
    config: FitConfig,
    seed: int,
    advance: Callable[[int], None] | None = None,
) -> list[float]:
    """Fit a network in place, and hand out the loss of each epoch.

    :param advance: told how many decisions were learned from.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    batches = max(1, len(comparisons) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, config.epochs * batches)
    network.train()
    losses = []
    for _ in range(config.epochs):
        order = rng.permutation(len(comparisons))
        total = 0.0
        for number in range(batches):
            chosen = order[number * config.batch : (number + 1) * config.batch]
            loss = _loss(network, catalogue, comparisons, chosen, config.value_weight)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
            if advance:
                advance(len(chosen))
        losses.append(total / batches)
    network.eval()
    return losses


def _loss(
    network: UnifiedNetwork, catalogue: Catalogue, comparisons: Comparisons, chosen: np.ndarray, value_weight: float
) -> Tensor:
    device = network.value.weight.device
    seen = tensors({name: part[chosen] for name, part in comparisons.seen.items()}, catalogue, device)
    slots = torch.as_tensor(comparisons.slots[chosen].astype(np.int64), device=device)
    returns = torch.as_tensor(comparisons.returns[chosen], device=device)
    there = (slots >= 0).float()
    count = there.sum(dim=1, keepdim=True)
    value, advantage = network(seen)
    of_acts = advantage.gather(1, slots.clamp(min=0))
    predicted, found = (each - (each * there).sum(dim=1, keepdim=True) / count for each in (of_acts, returns))
    wrong = torch.nn.functional.smooth_l1_loss(predicted, found, reduction="none", beta=0.5)
    best = torch.where(slots >= 0, returns, -torch.inf).max(dim=1).values
    aside = torch.nn.functional.smooth_l1_loss(value, best)
    return (wrong * there).sum() / there.sum() + value_weight * aside
