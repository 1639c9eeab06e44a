"""What an environment is about, from names or from objects that are there already."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph import affinity as affinities
from graph import datasets
from graph.affinity import Affinity
from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.places import Places
from simulator.candidates import ActionSpace
from simulator.core import Rules
from simulator.environments.options import check_choice, check_count, check_kind
from simulator.rewards import Rewards
from simulator.runs import Setting
from simulator.timing import CLOCK
from simulator.users import UserType, parse_users

MOST_TURNS = 10_000
"""Turns or ticks of a dialogue, at most: histories count in 16 bits."""


def make_setting(
    *,
    data: str | Dataset = "movies",
    users: str | UserType = "classic",
    split: str = "test",
    affinity: str | Affinity = "hybrid",
    questions: str = "binary",
    turns: int = 15,
    clock: int = CLOCK,
    space: ActionSpace | None = None,
    rewards: Rewards | None = None,
    known: str = "keep",
    eligible: NDArray[np.bool_] | None = None,
) -> Setting:
    """Everything about the dialogues.

    :param data: name (see ``convrec data list``) or data set.
    :param users: kinds of simulated users, such as ``"noisy:0.1+impatient"``, or what makes them.
    :param split: "test", or "valid" for a rehearsal of it (:func:`graph.affinity.rehearsal`) that asks for valid pairs.
    :param affinity: name, fitted at first use, or a fitted one.
    :param questions: "binary", "facet" or "multi".
    :param turns: turns the agent may take; ``clock``: ticks until the dialogue is cut off.
    :param space: how many slots of each kind there are.
    :param known: "keep" or "drop" items the user has in train.
    :param eligible: items that may be shown, shape (V,); people may look for others all the same.
    :raises OptionError: when a name or a number is none that there is.
    :raises DataError: when there is no such data set, or it cannot be loaded.
    """
    check_choice("questions", questions, [mode.name.lower() for mode in QuestionMode])
    check_choice("split", split, ["test", "valid"])
    check_choice("known", known, ["keep", "drop"])
    check_count("turns", turns, MOST_TURNS)
    check_count("clock", clock, MOST_TURNS)
    space, rewards = space or ActionSpace(), rewards or Rewards()
    check_kind("space", space, ActionSpace)
    check_kind("rewards", rewards, Rewards)
    check_count("space: n_ask", space.n_ask)
    check_count("space: n_recommend", space.n_recommend)
    check_count("space: list_length", space.list_length)
    people = parse_users(users) if isinstance(users, str) else users
    if not callable(people):
        raise OptionError(f"users={users!r}: give a name, or what makes users")
    if isinstance(data, str):
        dataset = _dataset(data, split)
    else:
        check_kind("data", data, Dataset)
        dataset = affinities.rehearsal(data) if split == "valid" else data
    return Setting(
        dataset,
        _affinity(affinity, dataset),
        people,
        Rules(turns, QuestionMode[questions.upper()], space, clock, rewards),
        drop_known=known == "drop",
        eligible=_checked_eligible(eligible, dataset.catalogue),
    )


def _checked_eligible(eligible: Any, catalogue: Catalogue) -> NDArray[np.bool_] | None:
    if eligible is None:
        return None
    flags = np.asarray(eligible)
    if flags.shape != (catalogue.n_items,) or flags.dtype != np.bool_ or not flags.any():
        raise OptionError(
            f"eligible has shape {flags.shape} and type {flags.dtype}: give {catalogue.n_items} booleans, one for each "
            "item, of which at least one is true"
        )
    return flags


@lru_cache(maxsize=8)
def _dataset(name: str, split: str) -> Dataset:
    """Loaded once for all environments of a process."""
    dataset = datasets.load(name, Places.from_environment())
    return affinities.rehearsal(dataset) if split == "valid" else dataset


_FITTED: dict[tuple[str, str], Affinity] = {}


def _affinity(affinity: str | Affinity, dataset: Dataset) -> Affinity:
    """Fitted once for all environments of a process."""
    if isinstance(affinity, str):
        key = affinity, dataset.fingerprint
        if key not in _FITTED:
            _FITTED[key] = affinities.fit_or_load(affinity, dataset, Places.from_environment().cache)
        return _FITTED[key]
    if getattr(affinity, "n_items", None) != dataset.catalogue.n_items:
        raise OptionError(
            f"affinity={getattr(affinity, 'name', affinity)!r}: give a name, or an affinity fitted to the "
            f"{dataset.catalogue.n_items} items of {dataset.name}"
        )
    return affinity
