"""The classic user of multi-round conversational recommendation: patient, truthful, one item in mind.

Lei et al., "Estimation-Action-Reflection" (WSDM 2020); Deng et al., "UNICORN" (SIGIR 2021).  Opens with one
attribute of the item, drawn uniformly; says yes exactly where the item has an attribute, "I don't know" where the
catalogue does not know; names one of the options that hold, drawn uniformly; accepts the item whenever it is shown.
"""

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from simulator.randomness import Purpose, uniform


class ClassicUsers:
    """N truthful users.

    :param targets: item each has in mind, shape (N,).
    :param keys: random key of each, shape (N,).
    """

    def __init__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> None:
        self._catalogue = catalogue
        self._targets = targets
        self._keys = keys

    def open(self) -> NDArray[np.int32]:
        """One attribute of the item in mind, drawn uniformly, shape (N,); -1 for an item that has none."""
        edges = self._catalogue.item_attributes
        degrees = edges.degrees[self._targets]
        place = (uniform(self._keys, Purpose.OPENING)[:, 0] * degrees).astype(np.int64)
        if not edges.n_edges:
            return np.full(len(self._targets), -1, dtype=np.int32)
        edge = np.minimum(edges.indptr[self._targets] + place, edges.n_edges - 1)
        return np.where(degrees > 0, edges.indices[edge], -1).astype(np.int32)

    def answer(
        self, rows: NDArray[np.intp], options: NDArray[np.int32], mode: QuestionMode, turns: NDArray[np.integer]
    ) -> NDArray[np.int8]:
        """The truth about each option; see :class:`simulator.users.protocol.SimulatedUsers`."""
        targets = self._targets[rows]
        present = options >= 0
        safe = np.maximum(options, 0)
        has = self._catalogue.item_attributes.contains(targets[:, None], safe) & present
        known = self._catalogue.known[targets[:, None], self._catalogue.attribute_facet[safe]]
        answers = np.where(known, np.where(has, Answer.YES, Answer.NO), Answer.DONT_KNOW)
        if mode is QuestionMode.FACET:
            answers = np.where(has.any(axis=1, keepdims=True), self._name_one(rows, has, turns), answers)
        return np.where(present, answers, -1).astype(np.int8)

    def _name_one(self, rows: NDArray[np.intp], has: NDArray[np.bool_], turns: NDArray[np.integer]) -> NDArray[np.int8]:
        lot = uniform(self._keys[rows], Purpose.NAMING, turns, has.shape[1])
        named = np.argmax(np.where(has, lot, -1.0), axis=1)
        return np.where(np.arange(has.shape[1]) == named[:, None], Answer.YES, Answer.UNSAID).astype(np.int8)

    def accept(self, rows: NDArray[np.intp], lists: NDArray[np.int32], turns: NDArray[np.integer]) -> NDArray[np.int16]:
        """The place of the item in mind, 0 when it is not in the list, shape (E,)."""
        found = lists == self._targets[rows][:, None]
        return np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0).astype(np.int16)
