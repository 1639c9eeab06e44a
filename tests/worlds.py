"""Worlds small enough to follow by hand, and what is needed to talk in them.

Ids never equal places, so that a mix-up of the two is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.affinity import Affinity
from graph.affinity.popularity import Uniform
from graph.answers import AnswerModel, QuestionMode
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.dataset import Dataset
from graph.interactions import Interactions, Split
from graph.places import Places
from graph.synthetic import make_synthetic
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules, Tally
from simulator.history import History
from simulator.people import People
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.runs import Dialogues, Setting
from simulator.users import SimulatedUsers, parse_users

FIRST_ITEM_ID, FIRST_ATTRIBUTE_ID, FIRST_USER_ID = 500, 70, 9000

MODES = tuple(QuestionMode)

BENCHMARK_DATA = Places.from_environment().shared
"""Where the benchmark data lie, found before any test changes the environment."""

needs_benchmark_data = pytest.mark.skipif(
    BENCHMARK_DATA is None,
    reason="no benchmark data: CONVREC_SHARED names no folder and there is none beside the checkout",
)


def make_world(
    items: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    open_facets: Sequence[str] = (),
    history: Mapping[str, Mapping[Split, Sequence[str]]] | None = None,
    popularity: Sequence[float] | None = None,
    name: str = "by hand",
) -> Dataset:
    """A data set from titles ("Heat" or "Heat (1995)") and their attributes by facet, in the order they are named.

    :param history: titles of each user, by split.
    """
    facets = list(dict.fromkeys(facet for values in items.values() for facet in values))
    pairs = [(facet, value) for values in items.values() for facet, named in values.items() for value in named]
    attributes = sorted(dict.fromkeys(pairs), key=lambda pair: facets.index(pair[0]))
    edges = [
        (row, attributes.index((facet, value)))
        for row, values in enumerate(items.values())
        for facet, named in values.items()
        for value in named
    ]
    titles = [title.removesuffix(")").split(" (") for title in items]
    catalogue = Catalogue(
        item_ids=FIRST_ITEM_ID + np.arange(len(items), dtype=np.int64),
        titles=tuple(title[0] for title in titles),
        years=np.array([int(title[1]) if len(title) > 1 else 0 for title in titles], np.int16),
        popularity=np.asarray(np.ones(len(items)) if popularity is None else popularity, dtype=np.float32),
        facets=tuple(Facet(facet, open_world=facet in open_facets) for facet in facets),
        attribute_ids=FIRST_ATTRIBUTE_ID + np.arange(len(attributes), dtype=np.int64),
        attribute_names=tuple(value for _, value in attributes),
        attribute_facet=np.array([facets.index(facet) for facet, _ in attributes], np.int16),
        item_attributes=CSR.from_pairs(*zip(*edges, strict=True), len(items), len(attributes)),
    )
    return Dataset(name, catalogue, _interactions(list(items), history or {}), "made by hand", "CC0")


def _interactions(titles: list[str], history: Mapping[str, Mapping[Split, Sequence[str]]]) -> Interactions:
    if not history:
        return Interactions.none(len(titles))
    seen = [
        (user, titles.index(title), split)
        for user, splits in enumerate(history.values())
        for split, named in splits.items()
        for title in named
    ]
    users, items, splits = (np.array(column) for column in zip(*seen, strict=True))
    return Interactions(
        users=users.astype(np.int32),
        items=items.astype(np.int32),
        ratings=np.ones(len(seen), np.float32),
        times=np.zeros(len(seen), np.int64),
        split=splits.astype(np.int8),
        liked=np.ones(len(seen), bool),
        user_ids=FIRST_USER_ID + np.arange(len(history), dtype=np.int64),
        user_facts={},
        friends=CSR.from_pairs([], [], len(history), len(history)),
        n_items=len(titles),
    )


FILMS = {
    "Alien (1979)": {"genre": ["horror", "science fiction"], "director": ["Ridley Scott"]},
    "Blade Runner (1982)": {"genre": ["science fiction"], "director": ["Ridley Scott"]},
    "Heat (1995)": {"genre": ["crime", "drama"], "director": ["Michael Mann"]},
    "Collateral (2004)": {"genre": ["crime"], "director": ["Michael Mann"]},
    "Fargo (1996)": {"genre": ["crime", "comedy", "drama"], "director": ["Joel Coen", "Ethan Coen"]},
    "Duck Soup (1933)": {"genre": ["comedy"], "director": []},
    "Short Cuts (1993)": {"genre": [], "director": ["Robert Altman"]},
}


def closed_world() -> Dataset:
    """Seven films; a film without a director is one by nobody.  Two users, each with films of every split."""
    return make_world(FILMS, history=_VIEWERS)


def open_world() -> Dataset:
    """The same films; of Duck Soup the director is unknown, of Short Cuts the genre."""
    return make_world(FILMS, open_facets=("genre", "director"), history=_VIEWERS)


_VIEWERS = {
    "Ann": {
        Split.TRAIN: ["Alien (1979)", "Duck Soup (1933)"],
        Split.VALID: ["Heat (1995)"],
        Split.TEST: ["Blade Runner (1982)", "Fargo (1996)"],
    },
    "Bob": {
        Split.TRAIN: ["Heat (1995)"],
        Split.VALID: ["Fargo (1996)"],
        Split.TEST: ["Collateral (2004)", "Short Cuts (1993)"],
    },
}


def attribute(catalogue: Catalogue, name: str) -> int:
    """Place of an attribute by its name."""
    return catalogue.attribute_names.index(name)


def item(catalogue: Catalogue, title: str) -> int:
    """Place of an item by its title, without the year."""
    return catalogue.titles.index(title)


def shelf(n_items: int) -> Dataset:
    """Items 0, 1, 2, … and one attribute they all have: only lists tell them apart.  One user, who looks for any."""
    titles = [f"item {place}" for place in range(n_items)]
    return make_world(
        {title: {"kind": ["thing"]} for title in titles}, history={"Ann": {Split.TRAIN: [], Split.TEST: titles}}
    )


@cache
def town(open_share: float = 0.0, items: int = 120) -> Dataset:
    """A synthetic world of some 120 items that takes a blink to talk in."""
    return make_synthetic(users=40, items=items, attributes=40, seed=5, interactions=12, per_item=4, open=open_share)


@dataclass
class Ranked:
    """An affinity that believes most in item 0, then in item 1, and so on; the same for everybody."""

    n_items: int
    step: float = 0.5
    name: str = "ranked"

    def scores(self, users: NDArray[np.integer]) -> NDArray[np.float32]:
        """Shape (B, V)."""
        return np.tile(-self.step * np.arange(self.n_items, dtype=np.float32), (len(users), 1))


def uniform_affinity(dataset: Dataset) -> Uniform:
    """All items alike."""
    return Uniform(dataset.interactions.n_users, dataset.catalogue.n_items)


def dialogues_of(history: History) -> Dialogues:
    """Dialogues of which nothing is known but what was said."""
    n = history.n_dialogues
    return Dialogues(history, Tally.empty(n), np.ones(n, np.int64), int(history.length.sum()), 0.0)


def setting_of(
    dataset: Dataset,
    mode: QuestionMode = QuestionMode.BINARY,
    *,
    turns: int = 15,
    affinity: Affinity | None = None,
    space: ActionSpace | None = None,
    drop_known: bool = False,
    anonymous: bool = False,
    eligible: NDArray[np.bool_] | None = None,
    users: str = "classic",
) -> Setting:
    """A setting with classic users unless others are named; all items alike unless an affinity is given."""
    rules = Rules(turns, mode, space or ActionSpace())
    affinity = affinity or uniform_affinity(dataset)
    return Setting(dataset, affinity, parse_users(users), rules, drop_known, anonymous, eligible)


def begin(
    dataset: Dataset,
    targets: Sequence[int] | NDArray[np.integer],
    mode: QuestionMode = QuestionMode.BINARY,
    *,
    rules: Rules | None = None,
    users: SimulatedUsers | None = None,
    prior: NDArray[np.float32] | None = None,
    eligible: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> Conversations:
    """Conversations about these items, with classic users unless others are given."""
    catalogue, items = dataset.catalogue, np.asarray(targets, dtype=np.int32)
    keys = dialogue_keys(seed, np.arange(len(items)))
    return Conversations(
        catalogue,
        rules or Rules(questions=mode),
        AnswerModel.honest(catalogue),
        users or People(catalogue, items, keys),
        np.zeros((len(items), catalogue.n_items), np.float32) if prior is None else prior,
        keys,
        eligible,
    )


@dataclass
class Scripted:
    """Plays given slots one after the other, the same in every dialogue; the last one for ever."""

    slots: Sequence[int]
    lists: NDArray[np.int32] | None = None
    """Whole lists to show instead of those the slots stand for, shape (N, k)."""
    name: str = "scripted"
    invalid: list[list[bool]] = field(default_factory=list)

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """By the number of steps so far."""
        slots = np.asarray(self.slots)[np.minimum(state.history.length, len(self.slots) - 1)]
        return Decision(slots.astype(np.intp), self.lists)


@dataclass
class Rambling:
    """Takes any open slot, waits among them, by its own generator: to get to all sorts of histories."""

    generator: np.random.Generator
    name: str = "rambling"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """First a kind of act, then a slot of that kind; each kind alike."""
        space, mask = state.candidates.space, state.candidates.mask
        kind = space.act_of(np.arange(space.n_slots))
        wanted = mask & (kind == self.generator.integers(1, 4, (len(mask), 1)))
        allowed = np.where(wanted.any(axis=1, keepdims=True), wanted, mask)
        return Decision(np.argmax(np.where(allowed, self.generator.random(mask.shape), -1), axis=1))


@cache
def city() -> Dataset:
    """1,500 items with some six of 120 attributes each: large enough that good policies stand out from bad ones."""
    return make_synthetic(users=300, items=1_500, attributes=120, seed=5, interactions=20, per_item=6)
