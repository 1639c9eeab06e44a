"""What a learner sees: ids, mask and features of every slot, and features of the moment, all of a fixed size.

Legend: N dialogues, K slots, m options of a question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from graph.answers import Answer
from graph.catalogue import Catalogue
from graph.errors import OptionError
from simulator.core import Rules
from simulator.environments.options import check_choice
from simulator.history import Act
from simulator.protocol import State
from simulator.timing import MOST_WAITS, Event

Observation = dict[str, NDArray[np.generic]]

KEYS = ("questions", "items", "mask", "slots", "context")
"""Parts of an observation."""

FEATURES = ("mask", "slots", "context")
"""The parts without ids: what a network that knows no catalogue can use."""

SLOT_FEATURES = ("asks", "recommends", "waits", "open", "bits", "mass", "list mass", "rank")

MOST_BITS = 4.0
"""Bits a question with four options can tell at most."""

LONG_SILENCE = 20.0
"""Seconds of silence that count as one."""

HEARD = (Answer.NO, Answer.YES, Answer.DONT_KNOW, Answer.DONT_CARE, Answer.SORT_OF)

_HEARD, _EVENTS = np.array(HEARD, np.int8), np.array(list(Event), np.int8)

CONTEXT_FEATURES = (
    "entropy", "best bits", "list mass", "turns left", "time left", "waits in a row",
    *(f"event: {event.name.lower()}" for event in Event), "typing", "completeness", "deferred", "on show", "silence",
    "questions", "lists", "volunteered", *(f"answered {answer.name.lower().replace('_', ' ')}" for answer in HEARD),
    "confidence",
)  # fmt: skip
"""What the numbers of ``context`` say, in order; all lie in 0 .. 1."""


@runtime_checkable
class Encoder(Protocol):
    """Makes of a state what a learner sees."""

    def space(self, catalogue: Catalogue, rules: Rules) -> spaces.Dict:
        """The space of what is seen of one dialogue."""
        ...

    def encode(self, state: State, rules: Rules) -> Observation:
        """What is seen of all dialogues, each part with a first axis of N."""
        ...


@dataclass(frozen=True)
class Parts:
    """The parts named, some of :data:`KEYS`."""

    keys: Sequence[str] = KEYS

    def space(self, catalogue: Catalogue, rules: Rules) -> spaces.Dict:
        """See :func:`observation_space`."""
        return observation_space(catalogue, rules, self.keys)

    def encode(self, state: State, rules: Rules) -> Observation:
        """See :func:`observe`."""
        return observe(state, rules, self.keys)


def observation_space(catalogue: Catalogue, rules: Rules, keys: Sequence[str] = KEYS) -> spaces.Dict:
    """The space of the observations of one dialogue.

    :param keys: some of :data:`KEYS`.
    :raises OptionError: when one is none of them, or there is none.
    """
    if isinstance(keys, str) or not len(keys):
        raise OptionError(f"observe={keys!r}: give a list of parts, some of {', '.join(KEYS)}")
    for key in keys:
        check_choice("observe", key, KEYS)
    space, m = rules.space, rules.questions.n_options
    parts: dict[str, spaces.Space[Any]] = {
        "questions": spaces.Box(-1, catalogue.n_attributes - 1, (space.n_ask, m), np.int32),
        "items": spaces.Box(-1, catalogue.n_items - 1, (space.n_recommend,), np.int32),
        "mask": spaces.MultiBinary(space.n_slots),
        "slots": spaces.Box(0, 1, (space.n_slots, len(SLOT_FEATURES)), np.float32),
        "context": spaces.Box(0, 1, (len(CONTEXT_FEATURES),), np.float32),
    }
    return spaces.Dict({key: parts[key] for key in keys})


def observe(state: State, rules: Rules, keys: Sequence[str] = KEYS) -> Observation:
    """Observations of all dialogues, each part with a first axis of N."""
    makers: dict[str, Callable[[], NDArray[np.generic]]] = {
        "questions": lambda: state.candidates.questions.options.copy(),
        "items": lambda: state.candidates.items.copy(),
        "mask": lambda: state.candidates.mask.astype(np.int8),
        "slots": lambda: slot_features(state),
        "context": lambda: context_features(state, rules),
    }
    return {key: makers[key]() for key in keys}


def slot_features(state: State) -> NDArray[np.float32]:
    """:data:`SLOT_FEATURES` of each slot, shape (N, K, 8), all in 0 .. 1."""
    candidates = state.candidates
    space, n = candidates.space, len(candidates.mask)
    asks, shows = slice(0, space.n_ask), slice(space.n_ask, space.wait_slot)
    features = np.zeros((n, space.n_slots, len(SLOT_FEATURES)), np.float32)
    features[:, asks, 0] = features[:, shows, 1] = features[:, space.wait_slot, 2] = 1.0
    features[:, :, 3] = candidates.mask
    features[:, asks, 4] = candidates.questions.value / MOST_BITS
    options = candidates.questions.options
    masses = state.belief.attribute_masses[np.arange(n)[:, None, None], np.maximum(options, 0)]
    features[:, asks, 5] = np.where(options >= 0, masses, 0.0).sum(axis=2)
    features[:, shows, 5] = candidates.item_masses
    features[:, shows, 6] = candidates.list_masses
    features[:, asks, 7] = np.arange(space.n_ask) / space.n_ask
    features[:, shows, 7] = np.arange(space.n_recommend) / space.n_recommend
    return np.clip(features, 0.0, 1.0)


def context_features(state: State, rules: Rules) -> NDArray[np.float32]:
    """:data:`CONTEXT_FEATURES` of each dialogue, shape (N, C), all in 0 .. 1."""
    history, cues = state.history, state.history.cues()
    candidates, n = state.candidates, state.history.n_dialogues
    list_mass = candidates.item_masses[:, : candidates.space.list_length].sum(axis=1)
    said = history.answers.reshape(n, -1)
    asked = history.acts == Act.ASK
    n_asked = np.maximum(asked.sum(axis=1), 1)
    n_answers = np.maximum((said >= 0).sum(axis=1), 1)
    columns = [
        state.belief.entropy() / np.log2(max(state.catalogue.n_items, 2)),
        candidates.questions.value[:, 0] / MOST_BITS,
        list_mass,
        state.turns_left / rules.turns,
        state.ticks_left / rules.clock,
        history.waits_in_a_row / MOST_WAITS,
        *(cues.event == _EVENTS[:, None]),
        cues.typing,
        cues.completeness,
        cues.deferred,
        cues.on_show,
        cues.silence / LONG_SILENCE,
        asked.sum(axis=1) / rules.turns,
        (history.acts == Act.RECOMMEND).sum(axis=1) / rules.turns,
        (history.volunteered >= 0).sum(axis=1) / rules.turns,
        *((said == _HEARD[:, None, None]).sum(axis=2) / n_answers),
        np.where(asked, history.confidence, 0).sum(axis=1) / n_asked,
    ]
    features = np.empty((n, len(CONTEXT_FEATURES)), np.float32)
    for place, column in enumerate(columns):
        features[:, place] = column
    return np.clip(features, 0.0, 1.0, out=features)
