"""Populations: kinds of users put together, and the names they go by.

Legend: N dialogues.
"""

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.catalogue import Catalogue
from graph.errors import OptionError
from simulator.people import People, Traits
from simulator.people.hearing import ConfusionTable
from simulator.users.kinds import KINDS
from simulator.users.protocol import Kind


@dataclass(frozen=True)
class Population:
    """People who are of several kinds at once: ``noisy:0.1+impatient``."""

    name: str
    parts: tuple[tuple[Kind, float], ...]
    """Each kind with its number, in the order of :data:`KINDS`, so that the order of the name does not matter."""
    table: ConfusionTable | None = None
    """How they are understood, where another table than the shipped one is to be used."""

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> People:
        """People with these items in mind, shape (N,), and these random keys, shape (N,)."""
        return People(catalogue, targets, keys, self.traits(keys), self.table)

    def traits(self, keys: NDArray[np.uint64]) -> Traits:
        """What each of these people is like; ``keys`` of shape (N,)."""
        traits = Traits.classic(len(keys))
        for kind, number in self.parts:
            kind.change(traits, number, keys)
        return traits


def parse_users(name: str) -> Population:
    """The population called ``name``: kinds joined by "+", each with a number after a colon if wanted.

    :raises OptionError: when there is no such kind, a number is out of its range or a kind is named twice.
    :raises DataError: when a confusion table cannot be read.
    """
    parts: dict[str, tuple[Kind, float]] = {}
    table = None
    for part in name.split("+"):
        called, colon, value = part.strip().partition(":")
        kind = _find(called)
        if called in parts:
            raise OptionError(f"users {name!r}: {called} is named twice; name it once")
        if kind.reads_table and value.endswith(".json"):
            table, value = ConfusionTable.read(Path(value)), ""
        parts[called] = kind, _number(kind, value, bool(colon))
    order = list(KINDS)
    return Population(name, tuple(parts[each] for each in sorted(parts, key=order.index)), table)


def user_types() -> tuple[str, ...]:
    """Every kind of user by name."""
    return tuple(KINDS)


def _find(name: str) -> Kind:
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(KINDS)}; join them with +"
        raise OptionError(f"no user type {name!r}; {hint}")
    return KINDS[name]


def _number(kind: Kind, text: str, given: bool) -> float:
    number = kind.number
    if number is None:
        if given:
            raise OptionError(f"user type {kind.name!r} takes no number; write {kind.name}")
        return 0.0
    if not text:
        return number.default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not number.allows(value):
        kinds = "a whole number" if number.whole else "a number"
        raise OptionError(
            f"user type {kind.name!r}: {text!r} is not {kinds} from {number.low:g} to {number.high:g} "
            f"({number.meaning}); write {kind.name}:{number.default:g}"
        )
    return value
