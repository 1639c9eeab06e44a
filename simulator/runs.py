"""Runs: many dialogues with known targets, batch after batch.

Legend: D dialogues of a run, N dialogues in a batch, V items, R tastes of a person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from graph.affinity import Affinity
from graph.answers import AnswerModel
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from simulator.core import Conversations, Rules, Tally
from simulator.history import History
from simulator.protocol import Policy
from simulator.randomness import dialogue_keys
from simulator.reference import target_ranks
from simulator.users.protocol import UserType

LARGEST_BATCH = 256
"""Dialogues under way at once, at most."""

CELLS_IN_CACHE = 2**21
"""Numbers in one (N, V) array from which on the arrays of a batch fall out of the processor's cache: with 70,311 items
32 dialogues at once run three times as many turns a second as 256."""

ANONYMOUS = -1
"""User without history."""


@dataclass(frozen=True)
class Targets:
    """Who is talked to, and what each of them looks for."""

    users: NDArray[np.int32]
    """Shape (D,), -1 for somebody unknown."""
    items: NDArray[np.int32]
    """Shape (D,)."""

    def __len__(self) -> int:
        return len(self.items)


def draw_targets(dataset: Dataset, count: int, seed: int) -> Targets:
    """Targets of a run: pairs the data set asks for, shuffled by seed, without replacement.

    Where there are no users, items are drawn by the catalogue's popularity.

    :raises OptionError: when it asks for none.
    """
    rng = np.random.default_rng([seed, int(dataset.asks)])
    if dataset.anonymous:
        weights = dataset.catalogue.popularity.astype(np.float64)
        if not weights.sum():
            raise OptionError(f"{dataset.name} has no users, and no item of it is popular: there is nothing to draw")
        drawn = rng.choice(dataset.catalogue.n_items, count, p=weights / weights.sum())
        return Targets(np.full(count, ANONYMOUS, np.int32), drawn.astype(np.int32))
    users, items = dataset.interactions.pairs(Split.TEST)
    if not len(users):
        raise OptionError(f"{dataset.name} has no {dataset.asks.name.lower()} pairs to talk about")
    chosen = rng.permutation(len(users))[:count]
    return Targets(users[chosen], items[chosen])


@dataclass(frozen=True)
class Setting:
    """Everything about a run but the policy."""

    dataset: Dataset
    affinity: Affinity
    user_type: UserType
    rules: Rules = field(default_factory=Rules)
    drop_known: bool = False
    """True to take items the user has in train out by rule."""
    anonymous: bool = False
    """True to hide every user's history."""
    eligible: NDArray[np.bool_] | None = None
    """Items that may be shown, shape (V,); None for all."""
    tastes: Callable[[NDArray[np.int32]], NDArray[np.float32]] | None = None
    """Maps users of shape (N,) to the weights of their tastes for each item, shape (N, R, V), for policies that look at
    them; None to leave them out."""

    def begin(self, policy: Policy, targets: Targets, keys: NDArray[np.uint64]) -> Conversations:
        """Start one batch of dialogues with this policy."""
        return self.begin_with(policy.answer_model(self.dataset.catalogue), targets, keys)

    def begin_with(self, answer_model: AnswerModel, targets: Targets, keys: NDArray[np.uint64]) -> Conversations:
        """Start one batch of dialogues in which answers are understood by this model."""
        catalogue = self.dataset.catalogue
        people = self.user_type(catalogue, targets.items, keys)
        unknown = people.without_history | self.anonymous
        users = np.where(unknown, ANONYMOUS, targets.users).astype(np.int32)
        return Conversations(
            catalogue,
            self.rules,
            answer_model,
            people,
            self.affinity.scores(users),
            keys,
            self._eligible_for(targets.users),
            None if self.tastes is None else self.tastes(users),
        )

    @property
    def drops_known(self) -> bool:
        """Whether anything is taken out by rule: nothing is known of people without history."""
        return self.drop_known and not self.anonymous and not self.dataset.anonymous

    def _eligible_for(self, users: NDArray[np.int32]) -> NDArray[np.bool_] | None:
        if not self.drops_known:
            return self.eligible
        eligible = np.ones((len(users), self.dataset.catalogue.n_items), dtype=bool)
        rows, items = self.dataset.interactions.train_items.gather(users)
        eligible[rows, items] = False
        return eligible if self.eligible is None else eligible & self.eligible


def batch_size(n_items: int, n_attributes: int) -> int:
    """Dialogues to have under way at once; it changes how long a run takes and nothing else."""
    return int(np.clip(CELLS_IN_CACHE // max(n_items, n_attributes, 1), 16, LARGEST_BATCH))


@dataclass(frozen=True)
class Dialogues:
    """Dialogues that have been held."""

    history: History
    """What was said and seen, D dialogues."""
    tally: Tally
    """What it came to, D dialogues."""
    ranks: NDArray[np.int64]
    """Rank of each target in the belief after the opening, from 1, shape (D,)."""
    decisions: int
    """Decisions the policy took."""
    deciding: float
    """Seconds it took over them, candidates included."""

    @classmethod
    def join(cls, parts: Sequence["Dialogues"]) -> "Dialogues":
        """Dialogues of several runs, one after the other."""
        return cls(
            History.join([part.history for part in parts]),
            Tally.concatenate([part.tally for part in parts]),
            np.concatenate([part.ranks for part in parts]),
            sum(part.decisions for part in parts),
            sum(part.deciding for part in parts),
        )


def run_dialogues(
    setting: Setting,
    policy: Policy,
    targets: Targets,
    seed: int,
    batch: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> Dialogues:
    """Carry out every dialogue to its end.

    :param batch: dialogues under way at once; as many as the processor's cache likes if not given.
    :param advance: told how many dialogues have just ended.
    :return: the dialogues, in the order of ``targets``.
    """
    rules, catalogue = setting.rules, setting.dataset.catalogue
    batch = batch or batch_size(catalogue.n_items, catalogue.n_attributes)
    keys = dialogue_keys(seed, np.arange(len(targets)))
    whole = History.begin(np.full(len(targets), -1), rules.turns, rules.questions.n_options, rules.space.list_length)
    tally, ranks = Tally.empty(len(targets)), np.zeros(len(targets), np.int64)
    decisions, deciding = 0, 0.0
    for start in range(0, len(targets), batch):
        part = slice(start, start + batch)
        conversations = setting.begin(policy, Targets(targets.users[part], targets.items[part]), keys[part])
        ranks[part] = target_ranks(conversations.belief.log_weights, targets.items[part])
        while conversations.n_dialogues:
            began = perf_counter()
            state = conversations.state()
            decision = policy.choose(state)
            deciding += perf_counter() - began
            decisions += conversations.n_dialogues
            over = conversations.step(state, decision).over
            if over.any():
                ended = np.flatnonzero(over)
                _put(whole, start + conversations.rows[ended], conversations.history.take(ended))
                tally.put(start + conversations.rows[ended], conversations.tally.take(ended))
                conversations.keep(np.flatnonzero(~over))
                if advance:
                    advance(len(ended))
    return Dialogues(whole, tally, ranks, decisions, deciding)


def _put(whole: History, rows: NDArray[np.intp], ended: History) -> None:
    """Write dialogues into their places, whichever of the two has more room for steps."""
    if ended.n_steps > whole.n_steps:
        whole.grow(ended.n_steps - whole.n_steps)
    elif ended.n_steps < whole.n_steps:
        ended.grow(whole.n_steps - ended.n_steps)
    whole.put(rows, ended)
