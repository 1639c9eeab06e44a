"""All signals that can be had from a data set, computed together.

Legend: B people, V items, D signals, Q facts of a person.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from graph.affinity.kernels import sum_three_over
from graph.affinity.profiles import Profiles
from graph.affinity.signals.content import ContentCosine
from graph.affinity.signals.ease import EaseScores, fit_ease_with_attributes
from graph.affinity.signals.lift import AttributeLift
from graph.affinity.signals.protocol import Signal
from graph.affinity.signals.transitions import Transitions
from graph.affinity.signals.walks import SmoothedWalks, Walks
from graph.dataset import Dataset
from graph.errors import OptionError

FloatArray = NDArray[np.float32]
Tell = Callable[[str], None]


class SignalBank:
    """All signals that can be had from a data set, computed together."""

    def __init__(self, dataset: Dataset, most_dense: int, tell: Tell) -> None:
        history = dataset.interactions
        self.names: list[str] = []
        self._signals: list[Signal] = []
        self._edges = dataset.catalogue.item_attributes
        self._content, self._lift = ContentCosine.fit(dataset), AttributeLift.fit(dataset)
        self._walks = Walks.fit(dataset)
        self._smoothed = SmoothedWalks(self._walks, dataset.catalogue)
        self._scales = np.stack([self._content.scale, self._lift.scale, self._smoothed.scale], axis=1)
        try:
            ease = EaseScores.fit(dataset, most_items=most_dense)
            self._add(ease)
            if history.timed:
                self._add(ease.favouring_recent(0.97))
                self._add(ease.favouring_recent(0.9))
        except OptionError as error:
            tell(f"hybrid: left out: {error}")
        try:
            with_attributes = fit_ease_with_attributes(dataset, most_items=most_dense)
            self._add(with_attributes)
            if history.timed:
                self._add(Transitions.fit(dataset))
        except OptionError as error:
            tell(f"hybrid: left out: {error}")
        of_attributes = [self._content.name, self._lift.name]
        self.names = [*of_attributes, *self.names, self._walks.name, self._smoothed.name]

    def _add(self, signal: Signal) -> None:
        self._signals.append(signal)
        self.names.append(signal.name)

    def of(self, profiles: Profiles) -> FloatArray:
        """Every signal on the scale of a logarithm, shape (B, D, V)."""
        values = np.empty((len(profiles), len(self.names), self._walks.covers.size), dtype=np.float32)
        for place, signal in enumerate(self._signals, start=2):
            values[:, place] = signal.of(profiles)
        walked = self._walks.of(profiles)
        values[:, -2] = walked
        at_attributes = (
            self._content.at_attributes(profiles), self._lift.at_attributes(profiles),
            self._smoothed.at_attributes(walked),
        )  # fmt: skip
        last = len(self.names) - 1
        sum_three_over(self._edges, np.stack(at_attributes, axis=2), self._scales, values, (0, 1, last))
        every: list[Signal] = [self._content, self._lift, *self._signals, self._walks, self._smoothed]
        for place, signal in enumerate(every):
            soften(signal, values[:, place])
        return values


def soften(signal: Signal, values: FloatArray) -> None:
    """Put values on the scale of ``log(1 + value / softening)`` where the signal asks for it, in place."""
    if signal.softenings:
        values *= np.float32(1 / signal.softenings[0])
        values += 1
        # Many times as fast as log1p, whose last digits for tiny values make no difference here.
        np.log(values, out=values)


def person_facts(profiles: Profiles) -> FloatArray:
    """How much each person has told, shape (B, Q)."""
    liked, said = profiles.n_liked, np.diff(profiles.attribute_starts)
    had = np.diff(profiles.starts) - liked
    return np.stack([np.log1p(liked), np.log1p(had), np.log1p(said), profiles.empty], axis=1).astype(np.float32)
