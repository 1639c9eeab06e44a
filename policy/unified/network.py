"""The network: a relation-aware graph network over the state graph and a Transformer over the history of acts.

It gives each slot a residual on what the gain rule makes of it, and the state a value.  The last layer of the residual
starts at zero, so an untrained network acts as the rule does.

Legend: B states, K slots, M nodes, T steps, D width, E relations.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch_geometric.nn import DenseGraphConv

from policy.unified.layout import ANSWERED, MOMENT, N_STEPS, OF_BELIEF, REFUSED, RELATIONS, SLOTS, STEPS
from simulator.timing import Event

CLOSED = -1e9
"""Value of a closed slot: finite, so that differences stay numbers."""

WAIT_PRUDENCE = 0.01
"""Reward by which waiting has to promise more than the rule's act, at most, where somebody may be busy: that can be
seen, so that waiting is never a near tie there."""

IDLE_PRUDENCE = 0.08
"""Reward by which waiting has to promise more than the rule's act, at least, where nothing says that somebody is busy:
there it is hardly ever tried while learning."""

_EVENTS = (Event.FRAGMENT, Event.DEFERRAL, Event.SILENCE)
_CUES = torch.tensor(
    [MOMENT.index(cue) for cue in (*(f"event: {event.name.lower()}" for event in _EVENTS), "typing", "on show")]
)
_COMPLETENESS = MOMENT.index("completeness")


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of the network and what of it is switched on."""

    width: int = 48
    """Numbers in every vector (D)."""
    graph_layers: int = 2
    """Rounds of messages over the state graph; 0 for none, the ablation."""
    history_layers: int = 1
    """Layers of the Transformer; 0 for none, the ablation."""
    heads: int = 4
    bit: float = 0.05
    """What a bit by the gain rule is worth in reward before anything is learned: about what a turn costs."""
    prudence: float = 0.0
    """Reward by which another act has to promise more than that of the gain rule before it is taken.  Where there is
    some, waiting has a margin of its own: :data:`WAIT_PRUDENCE` at most, :data:`IDLE_PRUDENCE` at least where nobody is
    busy."""
    uses_rule: bool = True
    """Whether values start as those of the gain rule; else from nothing, the ablation."""
    sees_belief: bool = True
    """Whether the residual is told what is believed; else only of what was said and done, the ablation."""
    may_wait: bool = True
    may_change_list: bool = True
    """Whether any list may be shown; else the most believed items alone, the ablation."""
    rule_decides: bool = False
    """Whether the gain rule says when to recommend, and the network only what to ask or show, or to wait."""
    extra: int = 0
    """Numbers it is told of each slot beyond :data:`policy.unified.layout.SLOTS`."""


class _GraphLayer(nn.Module):
    """One round of messages: a :class:`torch_geometric.nn.DenseGraphConv` for each relation, then a residual.

    Their sum is reckoned in one product: what is heard by each relation and the node itself side by side, times the
    matrices one below the other.  Called one by one, they would multiply the node by a matrix each.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.convolutions = nn.ModuleList(DenseGraphConv(width, width, aggr="add") for _ in RELATIONS)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:  # (B, M, D), (B, E, M, M) -> (B, M, D)
        normed = self.norm(nodes)
        heard = (edges.flatten(1, 2) @ normed).unflatten(1, (len(RELATIONS), -1))
        together = torch.cat([*heard.unbind(1), normed], dim=2)
        layers: list[DenseGraphConv] = list(self.convolutions)
        own = torch.stack([layer.lin_root.weight for layer in layers]).sum(dim=0)
        matrix = torch.cat([*(layer.lin_rel.weight for layer in layers), own], dim=1)
        bias = torch.stack([layer.lin_rel.bias for layer in layers]).sum(dim=0)
        return nodes + torch.relu(nn.functional.linear(together, matrix, bias))


class UnifiedNetwork(nn.Module):
    """Values of the slots from the arrays of :mod:`policy.unified.encoding`."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.user = nn.Linear(len(MOMENT), width)
        self.slot = nn.Linear(len(SLOTS) + config.extra, width)
        self.answered = nn.Linear(len(ANSWERED), width)
        self.refused = nn.Linear(len(REFUSED), width)
        self.graph = nn.ModuleList(_GraphLayer(width) for _ in range(config.graph_layers))
        if config.history_layers:
            self.step = nn.Linear(len(STEPS), width)
            self.place = nn.Parameter(0.1 * torch.randn(N_STEPS + 1, width))
            layer = nn.TransformerEncoderLayer(
                width, config.heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            self.history = nn.TransformerEncoder(layer, config.history_layers, enable_nested_tensor=False)
        seen = 3 * width if config.history_layers else 2 * width
        self.state = nn.Sequential(nn.Linear(seen, width), nn.ReLU())
        self.value = nn.Linear(width, 1)
        self.judge = nn.Sequential(nn.Linear(2 * width + len(SLOTS) + config.extra, width), nn.ReLU())
        self.residual = nn.Linear(width, 1)
        for start in (self.value, self.residual):
            nn.init.zeros_(start.weight)
            nn.init.zeros_(start.bias)

    def forward(self, seen: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Value of each state, shape (B,), and advantage of each slot, shape (B, K); closed slots are not marked."""
        if not self.config.sees_belief:
            seen = _without_belief(seen)
        slots = seen["slots"]
        user = self.user(seen["moment"])
        n_slots = slots.shape[1]
        nodes = torch.cat(
            [user[:, None], self.slot(slots), self.answered(seen["answers"]), self.refused(seen["refusals"])], dim=1
        )
        nodes = torch.relu(nodes)
        for layer in self.graph:
            nodes = layer(nodes, seen["edges"])
        parts = [nodes[:, 0], user]
        if self.config.history_layers:
            parts.append(self._read(seen["steps"], seen["n_steps"]))
        state = self.state(torch.cat(parts, dim=1))
        around = state[:, None].expand(-1, n_slots, -1)
        residual = self.residual(self.judge(torch.cat([nodes[:, 1 : 1 + n_slots], around, slots], dim=2)))[..., 0]
        start = seen["values"] * self.config.bit if self.config.uses_rule else torch.zeros_like(residual)
        return self.value(state)[:, 0], residual + start

    def _read(self, steps: Tensor, n_steps: Tensor) -> Tensor:
        """What the history comes to, shape (B, D): the output at a first place that stands for its beginning."""
        steps = steps[:, : int(n_steps.max())]  # what none of them has reached is not read
        tokens = torch.cat([steps.new_zeros(len(steps), 1, steps.shape[2]), steps], dim=1)
        tokens = self.step(tokens) + self.place[: tokens.shape[1]]
        padding = torch.arange(tokens.shape[1], device=steps.device)[None] > n_steps.reshape(-1, 1)
        return self.history(tokens, src_key_padding_mask=padding)[:, 0]

    def values(self, seen: dict[str, Tensor], least_prudence: float = 0.0) -> Tensor:
        """Dueling values of the slots, shape (B, K); :data:`CLOSED` where a slot is.

        :param least_prudence: see :attr:`NetworkConfig.prudence`, where that is less.
        """
        value, advantage = self.forward(seen)
        left = open_slots(seen, self.config)
        least = least_prudence if self.config.uses_rule else 0.0
        if prudence := max(self.config.prudence, least):
            ruled = torch.where(left, seen["values"], CLOSED).argmax(dim=1, keepdim=True)
            margin = torch.full_like(advantage, -prudence)
            busy, idle = min(prudence, WAIT_PRUDENCE), max(prudence, IDLE_PRUDENCE)
            margin[:, -1] = torch.where(may_be_busy(seen["moment"]), -busy, -idle)
            advantage = advantage + margin.scatter(1, ruled, 0.0)
        return dueling(value, advantage, left)


def dueling(value: Tensor, advantage: Tensor, left: Tensor) -> Tensor:
    """Values of the slots, shape (B, K), from those of the states, shape (B,): the best open one has the state's."""
    best = torch.where(left, advantage, CLOSED).max(dim=1, keepdim=True).values
    return torch.where(left, value[:, None] + advantage - best, CLOSED)


def may_be_busy(moment: Tensor) -> Tensor:
    """Whether anything of what is seen of the moment says that the user may not be done, shape (B,).

    :param moment: :data:`policy.unified.layout.MOMENT` of each, shape (B, ...).
    """
    return (moment[:, _CUES] > 0).any(dim=1) | (moment[:, _COMPLETENESS] < 1)


class Switches(Protocol):
    """What may be switched off of the action space."""

    @property
    def may_wait(self) -> bool: ...

    @property
    def may_change_list(self) -> bool: ...

    @property
    def rule_decides(self) -> bool: ...


def open_slots(seen: dict[str, Tensor], switches: Switches) -> Tensor:
    """Slots that may be taken, shape (B, K): those that are open, less what is switched off."""
    is_open = seen["mask"] > 0
    if switches.may_wait and switches.may_change_list and not switches.rule_decides:
        return is_open
    asks, recommends, waits = (seen["slots"][..., SLOTS.index(kind)] > 0 for kind in KINDS)
    left = is_open
    if not switches.may_wait:
        left = left & ~waits
    if not switches.may_change_list:
        left = left & ~(recommends & (recommends.cumsum(dim=1) > 1))
    if switches.rule_decides:
        speaks = torch.where(is_open & ~waits, seen["values"], CLOSED).argmax(dim=1, keepdim=True)
        left = left & torch.where(asks.gather(1, speaks), ~recommends, ~asks)
    return torch.where(left.any(dim=1, keepdim=True), left, is_open)


KINDS = "asks", "recommends", "waits"
"""Features of a slot that say of which kind it is."""


def _without_belief(seen: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same with zeros where the belief stands."""
    parts = dict(seen)
    for name, (layout, hidden) in OF_BELIEF.items():
        shown = [column not in hidden for column in layout]
        shown += [True] * (seen[name].shape[-1] - len(shown))  # what is told besides
        parts[name] = seen[name] * torch.tensor(shown, dtype=seen[name].dtype, device=seen[name].device)
    edges = seen["edges"].clone()
    edges[:, RELATIONS.index("believed")] = (edges[:, RELATIONS.index("believed")] > 0).float()
    parts["edges"] = edges
    return parts
