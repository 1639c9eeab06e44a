"""Items that no training has met, added from a file, and how well they are found beside those that were there.

Legend: W items withheld and added again, D dialogues.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from convrec.run_options import RunOptions, fit_affinity
from graph.affinity import Affinity
from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Dataset
from graph.tables.adding import add_items
from graph.tables.writing import write_items
from graph.withholding import withhold
from policy import registry
from policy.tuned_rules import RunConditions
from simulator.core import Rules
from simulator.evaluation import BOOTSTRAP_SEED
from simulator.metrics import succeeded_by, turns_taken
from simulator.people import People
from simulator.protocol import Policy
from simulator.runs import ANONYMOUS, Setting, Targets, run_dialogues
from simulator.statistics import PairedBootstrap
from simulator.users import parse_users

TURNS = 15
Interval = tuple[float, float, float]
"""A figure and its 95 % interval."""


@dataclass(frozen=True)
class World:
    """The data in which nothing of the withheld items is known, and those to which they came by a file."""

    rest: Dataset
    grown: Dataset
    misled: Dataset
    """The fake: each of them came with the facts of another."""
    added: NDArray[np.int32]
    """Places of the added items in ``grown``, shape (W,)."""
    known: NDArray[np.int32]
    """For each of them an item that was there all along, with as many attributes and much as sought, shape (W,)."""
    seconds: float
    """In which the file was read and the items added."""


@dataclass(frozen=True)
class Figures:
    """How well the added items are found beside the known ones, over the same draws of both."""

    sr_added: Interval
    sr_known: Interval
    ratio: Interval
    """SR of the added over SR of the known."""
    at_added: Interval
    at_known: Interval
    sr_misled: Interval
    """Of the fake: the agent has the facts of another item, the user those of the one in mind."""
    ratio_misled: Interval


@dataclass(frozen=True)
class AddedFigures:
    """One policy with one kind of user and question."""

    policy: str
    users: str
    questions: str
    dialogues: int
    """With added items; as many with known ones."""
    uniform: Figures
    """All added items alike."""
    sought: Figures
    """Each as often as it is sought."""


def draw_world(dataset: Dataset, n_withheld: int, seed: int) -> World:
    """Withhold items at random, and add them again from a file.

    :raises DataError: when the data cannot be written to a file.
    """
    rng = np.random.default_rng(seed)
    items = np.sort(rng.choice(dataset.catalogue.n_items, n_withheld, replace=False))
    rest = withhold(dataset, items, f"{dataset.name} but {n_withheld}")
    facts = dataset.catalogue
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "added.csv"
        write_items(facts, items, path)
        began = perf_counter()
        grown, _ = add_items(rest, path, f"{dataset.name} again")
        seconds = perf_counter() - began
        write_items(with_facts_of_others(facts, items, rng), items, path)
        misled, _ = add_items(rest, path, f"{dataset.name} misled")
    added = np.arange(rest.catalogue.n_items, grown.catalogue.n_items, dtype=np.int32)
    return World(rest, grown, misled, added, match(grown.catalogue, added, rng), seconds)


def with_facts_of_others(catalogue: Catalogue, items: NDArray[np.integer], rng: np.random.Generator) -> Catalogue:
    """The same items, these with the attributes of one another, none with its own."""
    order = rng.permutation(items)
    facts_of = np.arange(catalogue.n_items)
    facts_of[order] = np.roll(order, 1)
    rows, attributes = catalogue.item_attributes.gather(facts_of)
    return replace(
        catalogue,
        item_attributes=CSR.from_pairs(rows, attributes, catalogue.n_items, catalogue.n_attributes),
        recorded=None if catalogue.recorded is None else catalogue.recorded[facts_of],
    )


def match(catalogue: Catalogue, added: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
    """For each added item one of the others, none twice: as many attributes first, then much as sought."""
    facts, sought = catalogue.item_attributes.degrees, catalogue.popularity
    free = np.setdiff1d(np.arange(catalogue.n_items), added)
    found = np.full(len(added), -1, np.int32)
    for place in rng.permutation(len(added)).tolist():
        item = added[place]
        order = np.lexsort((np.abs(sought[free] - sought[item]), np.abs(facts[free] - facts[item])))
        found[place] = free[order[0]]
        free = np.delete(free, order[0])
    return found


def measure(
    world: World, policy: str, users: str, questions: str, dialogues: int, seed: int, checkpoint: Path | None
) -> AddedFigures:
    """Hold dialogues about added and about known items, each as often as the one it is matched to."""
    options = RunOptions(world.grown.name, "hybrid", users, questions, TURNS, "keep")
    affinity = fit_affinity(options.affinity, world.grown, quietly=True)
    pair = np.random.default_rng([seed, 1]).permutation(np.arange(dialogues) % len(world.added))
    made = make_policy(world, policy, questions, checkpoint)
    turns = {
        what: _turns_of_success(_setting(world, data, options, affinity), made, items[pair], seed)
        for what, data, items in (
            ("added", world.grown, world.added), ("known", world.grown, world.known),
            ("misled", world.misled, world.added),
        )
    }  # fmt: skip
    weights = world.grown.catalogue.popularity[world.added[pair]].astype(np.float64)
    bootstrap = PairedBootstrap(dialogues, np.random.default_rng(BOOTSTRAP_SEED), clusters=pair)
    return AddedFigures(
        policy, users, questions, dialogues,
        _figures(turns, np.ones(dialogues), bootstrap), _figures(turns, weights, bootstrap),
    )  # fmt: skip


def make_policy(world: World, policy: str, questions: str, checkpoint: Path | None) -> Policy:
    """By the name of what the data grew from, as everywhere; an agent from the folder where it was trained."""
    data = world.rest.name.partition(" ")[0]
    conditions = RunConditions(world.grown.name, "hybrid", questions, TURNS, grown_from=(data,))
    return registry.make(policy, conditions, checkpoint if policy == registry.UNIFIED else None)


def _setting(world: World, data: Dataset, options: RunOptions, affinity: Affinity) -> Setting:
    """The agent knows ``data``; people know the facts as they are."""
    population, true = parse_users(options.users), world.grown.catalogue

    def people(catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> People:
        return population(true, targets, keys)

    return Setting(data, affinity, people, Rules(options.turns, QuestionMode[options.questions.upper()]))


def _turns_of_success(setting: Setting, policy: Policy, items: NDArray[np.int32], seed: int) -> NDArray[np.int16]:
    targets = Targets(np.full(len(items), ANONYMOUS, np.int32), items)
    return run_dialogues(setting, policy, targets, seed).history.accepted_turn


def _figures(turns: dict[str, NDArray[np.int16]], weights: NDArray[np.float64], bootstrap: PairedBootstrap) -> Figures:
    found = {what: weights * succeeded_by(turn, TURNS) for what, turn in turns.items()}
    spent = {what: weights * turns_taken(turn) for what, turn in turns.items()}

    def over(above: NDArray[np.float64], below: NDArray[np.float64]) -> Interval:
        estimate = bootstrap.estimate_ratio(above, below)
        return estimate.value, estimate.low, estimate.high

    return Figures(
        over(found["added"], weights), over(found["known"], weights), over(found["added"], found["known"]),
        over(spent["added"], weights), over(spent["known"], weights),
        over(found["misled"], weights), over(found["misled"], found["known"]),
    )  # fmt: skip


def hash_of_files(folder: Path) -> str:
    """A hash of everything in a folder: the same when nothing was learned in between."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def facts_of(catalogue: Catalogue, items: Sequence[int] | NDArray[np.integer]) -> dict[str, float]:
    """How many attributes items have, and how sought they are."""
    facts, sought = catalogue.item_attributes.degrees[items], catalogue.popularity[items]
    return {
        "least facts": int(facts.min()), "mean facts": float(facts.mean()), "most facts": int(facts.max()),
        "mean popularity": float(sought.mean()),
    }  # fmt: skip
