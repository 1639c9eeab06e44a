"""Training of the network, on contests.

Legend: M contests, C contenders, D signals, E facts of an item, Q facts of a person.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from graph.affinity.contests import Contests
from graph.affinity.network import Network, NetworkConfig

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """Contests with all that the network looks at."""

    contests: Contests
    signals: FloatArray
    """Shape (M, C, D)."""
    had: FloatArray
    """One where the person had the item early, and late, shape (M, C, 2)."""
    items: FloatArray
    """Facts of each contender, shape (M, C, E)."""
    people: FloatArray
    """Shape (M, Q)."""

    def subset(self, chosen: NDArray[np.bool_]) -> "Examples":
        """The examples that are true in ``chosen``, shape (M,)."""
        return Examples(
            self.contests.subset(chosen), self.signals[chosen], self.had[chosen], self.items[chosen],
            self.people[chosen],
        )  # fmt: skip


class _Module(nn.Module):
    """The network as it is trained; inputs are standardised."""

    def __init__(self, n_signals: int, n_facts: int, n_person: int, config: NetworkConfig) -> None:
        super().__init__()
        self.direct = nn.Linear(n_signals, 1, bias=False)
        self.had = nn.Linear(2, 1, bias=False)
        self.of_signals = nn.Linear(n_signals, config.hidden)
        self.of_person = nn.Linear(n_person, config.hidden, bias=False)
        self.of_item = nn.Sequential(
            nn.Linear(n_facts, config.item_hidden), nn.SiLU(), nn.Linear(config.item_hidden, config.hidden + 1)
        )
        self.out = nn.Linear(config.hidden, 1, bias=False)
        nn.init.zeros_(self.had.weight)

    def forward(
        self, signals: torch.Tensor, had: torch.Tensor, items: torch.Tensor, people: torch.Tensor
    ) -> torch.Tensor:
        """Scores of shape (M, C)."""
        of_item = self.of_item(items)
        hidden = self.of_signals(signals) + of_item[..., :-1] + self.of_person(people)[:, None]
        parts = self.direct(signals) + self.out(torch.relu(hidden)) + self.had(had)
        return parts.squeeze(-1) + of_item[..., -1]


def train(examples: Examples, config: NetworkConfig, advance: Callable[[], None] | None = None) -> Network:
    """Numbers that make the targets likely, by AdamW on the exact gradient of the contests' log-likelihood.

    :param advance: told after every epoch.
    """
    inputs = (examples.signals, examples.items, examples.people)
    scales = [_scale(values) for values in inputs]
    signals, items, people = (
        torch.from_numpy((values - mean) / scale) for values, (mean, scale) in zip(inputs, scales, strict=True)
    )
    had, log_weights = torch.from_numpy(examples.had), torch.from_numpy(examples.contests.log_weights)
    generator = torch.Generator().manual_seed(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        module = _Module(signals.shape[-1], items.shape[-1], people.shape[-1], config)
    optimiser = torch.optim.AdamW(module.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    steps = -(-len(signals) // config.contests_at_once)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=max(config.epochs * steps, 2)
    )
    for _ in range(config.epochs):
        for batch in torch.split(torch.randperm(len(signals), generator=generator), config.contests_at_once):
            scores = module(signals[batch], had[batch], items[batch], people[batch]) + log_weights[batch]
            loss = (scores.logsumexp(dim=1) - scores[:, 0]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        if advance:
            advance()
    return _exported(module, *scales)


def _scale(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation over all but the last axis; 1 where nothing varies."""
    flat = values.reshape(-1, values.shape[-1])
    spread = flat.std(axis=0, dtype=np.float64)
    mean = flat.mean(axis=0, dtype=np.float64)
    return mean.astype(np.float32), np.where(spread > 1e-6, spread, 1.0).astype(np.float32)


_Scale = tuple[FloatArray, FloatArray]


def _exported(module: _Module, of_signals: _Scale, of_items: _Scale, of_people: _Scale) -> Network:
    """The trained numbers with the standardisation worked into them."""
    state = {name: values.detach().numpy().astype(np.float32) for name, values in module.state_dict().items()}
    (mean, scale), (item_mean, item_scale), (person_mean, person_scale) = of_signals, of_items, of_people
    by_signal = state["of_signals.weight"] / scale
    by_person = state["of_person.weight"] / person_scale
    by_fact = state["of_item.0.weight"] / item_scale
    constant = state["of_signals.bias"] - by_signal @ mean - by_person @ person_mean
    item_constant = state["of_item.0.bias"] - by_fact @ item_mean
    return Network(
        direct=state["direct.weight"][0] / scale,
        had=state["had.weight"][0],
        of_signals=by_signal,
        of_person=np.concatenate([by_person, constant[:, None]], axis=1),
        out=state["out.weight"][0],
        item_first=np.concatenate([by_fact, item_constant[:, None]], axis=1),
        item_second=state["of_item.2.weight"],
        item_constants=state["of_item.2.bias"],
    )
