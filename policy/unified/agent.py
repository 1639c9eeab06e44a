"""The unified policy as the simulator, the chat and the tables know it: from a state to a slot.

Legend: N dialogues, K slots.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from graph.answers import AnswerModel
from graph.catalogue import Catalogue
from graph.errors import DataError
from policy.unified.encoding import StateEncoder
from policy.unified.layout import SLOTS
from policy.unified.network import UnifiedNetwork
from policy.unified.state_graph import state_edges
from policy.unified.trust import AnswerRates
from policy.unified.unicorn import UnicornConfig, UnicornNetwork
from simulator.core import Rules
from simulator.protocol import Decision, State

PRUDENCE_ABROAD = 0.08
"""Prudence on catalogues that an agent was not trained on, at least: what was learned at home is less sure there."""

_MASS = SLOTS.index("mass")


def tensors(
    seen: Mapping[str, NDArray[np.generic]], catalogue: Catalogue, device: str | torch.device = "cpu"
) -> dict[str, torch.Tensor]:
    """What a network takes, from what the encoder makes: the same, and the edges of the state graph."""
    parts = {name: torch.as_tensor(array) for name, array in seen.items() if name not in IDS}
    parts = {name: part.float() if part.dtype == torch.float16 else part for name, part in parts.items()}
    asks, items, answered, refused = (np.asarray(seen[name], np.int32) for name in IDS)
    masses = np.asarray(seen["slots"], np.float32)[:, :, _MASS]
    parts["edges"] = torch.as_tensor(state_edges(catalogue, asks, items, answered, refused, masses))
    parts |= {name: torch.as_tensor(np.asarray(seen[name], np.int64)) for name in IDS}
    return {name: part.to(device) for name, part in parts.items()}


IDS = ("asks", "items", "answered", "refused")
"""Parts of an observation that are ids, from which the edges follow."""


@dataclass
class UnifiedPolicy:
    """Takes the slot of the highest value."""

    network: UnifiedNetwork | UnicornNetwork
    encoder: StateEncoder
    rates: AnswerRates
    rules: Rules
    name: str = "unified"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The learned one.

        :raises DataError: when the network is bound to another catalogue.
        """
        config = self.network.config
        if isinstance(config, UnicornConfig) and config.vocabulary != catalogue.vocabulary:
            raise DataError("this agent is bound to another catalogue; name the data that it was trained on")
        return self.rates.model(catalogue)

    def choose(self, state: State) -> Decision:
        """Pick for each dialogue; see :class:`simulator.protocol.Policy`."""
        return Decision(self.values(state).argmax(axis=1))

    def values(self, state: State) -> NDArray[np.float32]:
        """Value of each slot, shape (N, K)."""
        return self.values_of([state])

    def values_of(self, states: Sequence[State]) -> NDArray[np.float32]:
        """The same of several states about one catalogue, one after the other: a network costs little more for many.

        Rounding may differ by a bit from that of each state alone.
        """
        each, state = [self.encoder.encode(one, self.rules) for one in states], states[0]
        seen = each[0]
        if len(states) > 1:
            seen = {name: np.concatenate([part[name] for part in each]) for name in seen}
        with torch.inference_mode():
            device = next(self.network.parameters()).device
            least = 0.0 if self.rates.at_home(state.catalogue) else PRUDENCE_ABROAD
            return self.network.values(tensors(seen, state.catalogue, device), least).cpu().numpy()

    def with_rules(self, rules: Rules) -> "UnifiedPolicy":
        """The same for conversations by other rules."""
        return replace(self, rules=rules)
