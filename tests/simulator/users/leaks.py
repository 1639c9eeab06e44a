"""Looking for what users hide in what a policy is shown."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.core import Conversations
from simulator.people import People, Traits
from simulator.people.answering import Answering
from simulator.people.attention import Attention
from simulator.people.hearing import ConfusionTable
from simulator.people.minds import Minds
from simulator.people.patience import Annoyance
from simulator.protocol import State

HIDDEN = (People, Traits, Answering, Attention, ConfusionTable, Minds, Annoyance, Conversations)
"""Kinds of things that only users may hold."""


def seen(value: Any, path: str = "", known: frozenset[int] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Everything that can be reached from an object, through fields, attributes and containers."""
    if id(value) in known or value is None or isinstance(value, str | int | float | np.generic):
        if value is not None and id(value) not in known:
            yield path, value
        return
    yield path, value
    known |= {id(value)}
    if isinstance(value, np.ndarray):
        if value.base is not None:
            yield from seen(value.base, f"{path}.base", known)
        return
    if isinstance(value, dict):
        inner: dict[str, Any] = {str(key): each for key, each in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        inner = {str(place): each for place, each in enumerate(value)} if len(value) < 50 else {}
    else:
        inner = dict(getattr(value, "__dict__", {}))
        if is_dataclass(value):
            inner |= {field.name: getattr(value, field.name) for field in fields(value)}
    for name, each in inner.items():
        yield from seen(each, f"{path}.{name}", known)


def arrays(value: Any) -> dict[str, NDArray[Any]]:
    """Every array in reach of an object but the catalogue's."""
    return {path: each for path, each in seen(value) if isinstance(each, np.ndarray) and ".catalogue" not in path}


def what_is_seen(state: State) -> dict[str, NDArray[Any]]:
    """Every array in reach of a state but the catalogue's, with the beliefs and cues that are computed on demand."""
    state.belief.probabilities, state.belief.attribute_masses, state.belief.unknown_masses  # noqa: B018
    return arrays(state) | arrays(state.history.cues())


def find_hidden(state: State, users: People) -> str | None:
    """Where in reach of a state something lies that only the users may know; None for nowhere."""
    secrets = {path: each for path, each in arrays(users).items() if "_catalogue" not in path}
    assert any("wanted" in path for path in secrets)
    for path, value in seen(state, "state"):
        if value is users or isinstance(value, HIDDEN):
            return path
        if isinstance(value, np.ndarray) and ".catalogue" not in path:
            for name, secret in secrets.items():
                if np.may_share_memory(value, secret):
                    return f"{path}: {name}"
    return None
