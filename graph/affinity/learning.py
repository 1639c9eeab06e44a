"""How the default affinity is learned from rehearsals.

Legend: M contests, C contenders, D signals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from graph.affinity.calibrated import had_flags
from graph.affinity.contests import Contests, ContestsConfig, draw_contests, users_at_once
from graph.affinity.hybrid_config import HybridConfig
from graph.affinity.item_facts import item_facts
from graph.affinity.network import Network
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.signal_bank import SignalBank, person_facts
from graph.affinity.training import Examples, train
from graph.affinity.weights import fit_weights
from graph.dataset import Dataset

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Learned:
    """A network, and two that look at it without having met the people they look at; all on one scale."""

    network: Network
    """Learned from all users: what serves from now on."""
    by_others: tuple[Network, Network]
    """For the users of either half, the network learned from the other half."""
    half_of_user: NDArray[np.intp]
    """0 or 1, shape (U,)."""
    likelihood_gain: float
    """Nats that targets of users not learned from gain over a flat prior."""


def learn_networks(staged: Sequence[Dataset], config: HybridConfig, step: Callable[[float], None]) -> Learned:
    """Networks that make what rehearsals ask for likely.

    :param step: told what share of the work has just been done; nine tenths in all.
    """
    parts, scale_parts = [], []
    for number, rehearsal in enumerate(staged):
        bank = SignalBank(rehearsal, config.most_dense, lambda line: None)
        share = 1 / len(staged)
        parts.append(draw_examples(rehearsal, bank, config, config.contests, share, number))
        scale_parts.append(draw_examples(rehearsal, bank, config, config.scale, share, number))
        step(0.6 * share)
    return learn(_joined(parts), _joined(scale_parts), staged[0].interactions.n_users, config, step)


def draw_examples(
    rehearsal: Dataset, bank: SignalBank, config: HybridConfig, drawn: ContestsConfig, share: float, number: int
) -> Examples:
    """Contests of one rehearsal, with the signals of their contenders.

    :param drawn: how many, of all rehearsals together; ``share`` is the part that this one takes.
    """
    affordable = max(config.most_scores // rehearsal.catalogue.n_items, 200)
    settings = replace(drawn, contests=ceil(share * min(drawn.contests, affordable)), seed=drawn.seed + number)
    contests = draw_contests(rehearsal, settings)
    profiles = _partly_hidden(Histories(rehearsal).of(contests.users), config, settings.seed)
    signals = np.empty((*contests.items.shape, len(bank.names)), dtype=np.float32)
    had = np.zeros((*contests.items.shape, 2), dtype=np.float32)
    at_once = users_at_once(rehearsal.catalogue.n_items)
    for first in range(0, contests.n_contests, at_once):
        batch = slice(first, first + at_once)
        chosen = profiles.rows(batch)
        values = bank.of(chosen)
        for place in range(len(chosen)):
            signals[first + place] = values[place][:, contests.items[first + place]].T
        found = np.take_along_axis(had_flags(chosen), contests.items[batch], axis=1)
        had[batch] = np.stack([found == 1, found == 2], axis=-1)
    return Examples(contests, signals, had, item_facts(rehearsal)[contests.items], person_facts(profiles))


def _partly_hidden(profiles: Profiles, config: HybridConfig, number: int) -> Profiles:
    """The same people, some of whom keep a few of their events, or none."""
    rng = np.random.default_rng([config.seed, number])
    lot, lengths = rng.random(len(profiles)), np.diff(profiles.starts)
    left = np.where(lot < config.emptied + config.shortened, rng.integers(1, config.few + 1, len(profiles)), lengths)
    left[lot < config.emptied] = 0
    person = profiles.person_of_event
    order = np.lexsort((rng.random(len(person)), person))
    drawn = np.empty(len(person), dtype=np.int64)
    drawn[order] = np.arange(len(person)) - profiles.starts[person]
    return profiles.keep_events(drawn < left[person])


def _joined(parts: Sequence[Examples]) -> Examples:
    arrays = ("signals", "had", "items", "people")
    return Examples(
        Contests.joined([part.contests for part in parts]),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in arrays),
    )


def learn(
    examples: Examples, of_scale: Examples, n_users: int, config: HybridConfig, step: Callable[[float], None]
) -> Learned:
    """A network on all users; how sharp it is, and what it means to have had an item, by two more.

    Each of the two learns from half of the users and is asked about the others.

    :param of_scale: what the sharpness is fitted on; the networks learn from ``examples``.
    """
    users = np.union1d(examples.contests.users, of_scale.contests.users)
    half_of_user = np.zeros(n_users, np.intp)
    half_of_user[users] = np.random.default_rng(config.seed).permutation(len(users)) % 2
    of_contest = half_of_user[examples.contests.users]
    asked, contests = half_of_user[of_scale.contests.users], of_scale.contests
    unseen = np.zeros(contests.items.shape, dtype=np.float32)
    by_others = []
    for number in range(2):
        theirs = of_contest == number
        others = examples.subset(~theirs) if not theirs.all() else examples
        network = train(others, config.network, lambda: step(0.075 / config.network.epochs))
        by_others.append(network)
        unseen[asked == number] = score_examples(network, of_scale.subset(asked == number))
    whole = train(examples, config.network, lambda: step(0.15 / config.network.epochs))
    fitted = fit_weights(contests, np.concatenate([unseen[..., None], of_scale.had], axis=-1))
    flat = float(contests.softmax(np.zeros_like(unseen))[0].mean())
    sharpness, had = float(fitted.weights[0]), fitted.weights[1:].astype(np.float32)
    network, first, second = (each.sharpened(sharpness, had) for each in (whole, *by_others))
    return Learned(network, (first, second), half_of_user, fitted.log_likelihood - flat)


def score_examples(network: Network, examples: Examples) -> FloatArray:
    """What a network makes of the contenders of contests, without who had what, shape (M, C)."""
    scores = np.empty(examples.contests.items.shape, dtype=np.float32)
    of_people = network.of_people(examples.people)
    for row in range(len(scores)):
        of_items = network.of_items(examples.items[row])
        signals = np.ascontiguousarray(examples.signals[row].T)
        hidden = np.maximum(network.of_signals @ signals + of_items[0] + of_people[row][:, None], 0)
        scores[row] = network.out @ hidden + network.direct @ signals + of_items[1]
    return scores
