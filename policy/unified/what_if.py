"""What each act would have come to: dialogues forked at every decision and carried on by the policy, luck unchanged.

Lagoudakis and Parr 2003, "Reinforcement learning as classification: leveraging modern classifiers", ICML (rollout
policy iteration); common random numbers make the differences between acts sharp.

Legend: E decisions, N dialogues, K slots, C acts that are compared.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import torch
from numpy.typing import NDArray

from graph.errors import DataError
from graph.whole_file import written_whole
from policy.unified.network import may_be_busy
from simulator.core import Conversations
from simulator.environments.observations import Encoder, Observation
from simulator.protocol import Decision, Policy, State
from simulator.randomness import dialogue_keys
from simulator.runs import CELLS_IN_CACHE, Setting, Targets

BATCHES = 128, 1024
"""Dialogues under way at once, at least and at most: three times as many are forked, and short batches are slow."""

N_COMPARED = 4
"""Acts that are compared at a decision: the best question, the best list, another slot, and waiting (C)."""


@dataclass
class Comparisons:
    """Decisions, and what some acts would have come to."""

    seen: Observation
    """First axis E."""
    slots: NDArray[np.int16]
    """Slots compared, shape (E, C), -1 where there are fewer."""
    returns: NDArray[np.float32]
    """What each came to, from here to the end, shape (E, C)."""

    @classmethod
    def join(cls, parts: "list[Comparisons]") -> "Comparisons":
        """Several, one after the other."""
        seen = {name: np.concatenate([part.seen[name] for part in parts]) for name in parts[0].seen}
        rest = [each.name for each in fields(cls)][1:]
        return cls(seen, *(np.concatenate([getattr(part, name) for part in parts]) for name in rest))

    def __len__(self) -> int:
        return len(self.slots)

    def save(self, path: Path) -> None:
        """Keep them in a file."""
        arrays = {f"seen {name}": np.ascontiguousarray(part) for name, part in self.seen.items()}
        with written_whole(path) as unfinished:
            safetensors.numpy.save_file({**arrays, "slots": self.slots, "returns": self.returns}, unfinished)

    @classmethod
    def load(cls, path: Path) -> "Comparisons":
        """What :meth:`save` kept.

        :raises DataError: when it is missing or damaged.
        """
        try:
            arrays = safetensors.numpy.load_file(path)
            slots, returns = arrays.pop("slots"), arrays.pop("returns")
            return cls({name.removeprefix("seen "): part for name, part in arrays.items()}, slots, returns)
        except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
            raise DataError(f"{path}: no comparisons of acts ({error}); remove it") from error


def compare_acts(
    setting: Setting,
    policy: Policy,
    encoder: Encoder,
    targets: Targets,
    seed: int,
    *,
    looked_at: float = 0.5,
    strays: float = 0.15,
    batch: int | None = None,
    advance: Callable[[NDArray[np.int16]], None] | None = None,
) -> Comparisons:
    """Hold dialogues and find out at some of the decisions what other acts would have come to.

    :param policy: takes the decisions, also those that follow in a fork.
    :param looked_at: share of the decisions that are looked at.
    :param strays: share of the decisions at which the dialogue goes on with another of the acts compared, so that
        states are met to which the policy does not lead by itself.
    :param batch: dialogues under way at once; None for as many as are quickest. It changes which acts are compared.
    :param advance: told of dialogues that have just ended: the turn of each success, 0 for none.
    """
    batch = batch or int(np.clip(CELLS_IN_CACHE // setting.dataset.catalogue.n_items, *BATCHES))
    keys, rng = dialogue_keys(seed, np.arange(len(targets))), np.random.default_rng(seed)
    parts = []
    for start in range(0, len(targets), batch):
        part = slice(start, start + batch)
        talk = setting.begin(policy, Targets(targets.users[part], targets.items[part]), keys[part])
        while talk.n_dialogues:
            state = talk.state()
            chosen = policy.choose(state).slots.astype(np.intp)
            seen = encoder.encode(state, setting.rules)
            compared = _acts(state, seen, chosen, rng)
            looked = np.flatnonzero((rng.random(len(chosen)) < looked_at) & ((compared >= 0).sum(axis=1) > 1))
            if len(looked):
                returns = _returns(talk, state, policy, looked, compared[looked])
                kept = {name: _small(name, array[looked]) for name, array in seen.items()}
                parts.append(Comparisons(kept, compared[looked], returns))
            other = compared[np.arange(len(chosen)), rng.integers(N_COMPARED, size=len(chosen))]
            stray = (rng.random(len(chosen)) < strays) & (other >= 0)
            over = talk.step(state, Decision(np.where(stray, other, chosen))).over
            if over.any() and advance:
                advance(talk.history.accepted_turn[over])
            talk.keep(np.flatnonzero(~over))
    return Comparisons.join(parts)


def _acts(state: State, seen: Observation, chosen: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.int16]:
    """Slots to compare, shape (N, C).

    The best question and the best list by the rule, the policy's own choice or else another open slot, and waiting.
    """
    space, mask = state.candidates.space, state.candidates.mask
    n = len(mask)
    acts = np.full((n, N_COMPARED), -1, np.int16)
    acts[:, 0] = np.where(mask[:, 0], 0, -1)
    acts[:, 1] = np.where(mask[:, space.n_ask], space.n_ask, -1)
    lots = rng.random(mask.shape) * mask
    lots[:, [0, space.n_ask, space.wait_slot]] = 0.0
    # Questions differ more from each other than lists do.
    lots[:, : space.n_ask] *= 2.0
    lots[np.arange(n), chosen] *= 10.0
    acts[:, 2] = np.where(lots.max(axis=1) > 0, lots.argmax(axis=1), -1)
    waits = may_be_busy(torch.as_tensor(seen["moment"])).numpy() | (rng.random(n) < 0.1)
    acts[:, 3] = np.where(mask[:, space.wait_slot] & waits, space.wait_slot, -1)
    return acts


def _returns(
    talk: Conversations, state: State, policy: Policy, looked: NDArray[np.intp], compared: NDArray[np.int16]
) -> NDArray[np.float32]:
    """What each act comes to, shape (E, C); zero where there is none."""
    number, place = np.nonzero(compared >= 0)
    rows = looked[number]
    fork = talk.take(rows)
    before = fork.tally.reward.copy()
    total = np.zeros(len(rows))
    slots = compared[number, place].astype(np.intp)
    places = np.arange(len(rows))
    now = fork.state()
    while True:
        over = fork.step(now, Decision(slots)).over
        total[places] = fork.tally.reward
        if over.all():
            break
        going = np.flatnonzero(~over)
        fork.keep(going)
        places = places[going]
        now = fork.state()
        slots = policy.choose(now).slots.astype(np.intp)
    returns = np.zeros(compared.shape, np.float32)
    returns[number, place] = total - before
    return returns


def _small(name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(np.float16) if array.dtype == np.float32 and name != "values" else array
