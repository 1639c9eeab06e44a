"""The best any policy can do in a tiny world: exact dynamic programming over beliefs, for binary questions.

A state is the posterior x over items not yet shown and the attributes not yet asked.  With c the cost of a turn and
R_0 what a failure costs beyond all turns, the least cost of t more turns is

    R_t(x) = c + min( over attributes a:  sum over responses r of P(r) R_{t-1}(x given r),
                      over lists L:       (1 - x(L)) R_{t-1}(x given not in L) )

Nothing is approximated; four facts keep the search small.

- Full lists suffice.  Add an item to a list and go on as without it: it is found now, all else when it was before.
- Acceptance can wait.  Every item is shown once, and then accepted with chance q or never: the cost of a policy is
  q times its cost if every list were accepted, plus 1 - q failures.  So one policy is the best for every q.
- With two turns left or fewer, a list is best made of the most believed items: two lists in a row find the same items
  in either order, and it pays to show the likelier ones first.
- An attribute on which all believed items agree tells nothing, and posteriors that agree are one state.

Users say nothing unasked, so waiting is never worth while; nor is an item shown twice.

Legend: N dialogues, V items, P attributes, R responses, k items of a list, M states, A acts, S successors.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from graph.answers import LOG_IMPOSSIBLE, Answer, AnswerModel
from graph.catalogue import Catalogue
from graph.errors import OptionError
from graph.kernels import LEAST_DISTANCE
from simulator.metrics import FAILURE_TURNS
from simulator.protocol import Decision, State

MOST_ITEMS, MOST_ATTRIBUTES = 12, 8
"""The largest catalogue that is taken on."""

MOST_STATES = 200_000
"""States with as many turns left, at most: some five seconds."""

_SAME = 2.0**-40
"""Posteriors that differ by less are one state, 1e-12: what rounding makes of sums in another order."""

_CELLS = 2**21
"""Numbers in one array of successors, at most."""

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Objective:
    """What a dialogue costs; the optimal policy makes the expected cost least."""

    turn: float = 1.0
    """Cost of each turn up to the one at which the item is accepted, >= 0."""
    failure: float = float(FAILURE_TURNS)
    """Cost of a dialogue that fails; no less than all its turns."""

    @classmethod
    def success(cls) -> "Objective":
        """Succeed as often as possible, however late: the least cost is one minus the success rate."""
        return cls(turn=0.0, failure=1.0)


@dataclass(frozen=True)
class Optimum:
    """The best that can be done from a state, and the act it begins with."""

    value: float
    """Least expected cost of a dialogue from here on."""
    attribute: int
    """Attribute to ask about, -1 to show a list."""
    items: tuple[int, ...]
    """Items to show, the most believed first; empty for a question."""


def solve(
    catalogue: Catalogue,
    answer_model: AnswerModel,
    weights: FloatArray,
    asked: BoolArray,
    list_length: int,
    turns: int,
    objective: Objective | None = None,
) -> Optimum:
    """The optimum of a tiny world with binary questions.

    :param answer_model: how people answer and accept; the truth, not an opinion of it.
    :param weights: belief in each item, not normalised, 0 for what was shown or may not be, shape (V,).
    :param asked: attributes that must not be asked about, shape (P,).
    :param list_length: items a list shows (k).
    :param turns: turns left, >= 1.
    :param objective: what each turn from here on and a failure cost; :class:`Objective` as it comes if not given.
    :raises OptionError: when the catalogue or the search is too large, or the costs or answers are not meant for it.
    """
    objective = objective or Objective()
    total = weights.sum()
    if turns < 1 or list_length < 1 or not np.isfinite(total) or total <= 0 or (weights < 0).any():
        raise ValueError("an optimum needs a turn, a list of one item or more, and items that can be shown")
    if objective.turn < 0 or objective.failure < objective.turn * turns:
        raise OptionError(
            f"a failure costs {objective.failure:g}, {turns} turns {objective.turn * turns:g}: "
            "a failure must cost no less than all turns"
        )
    search = _Search(catalogue, answer_model, list_length, objective.turn, objective.failure - objective.turn * turns)
    root = search.states((weights / total)[None, :], ~np.asarray(asked, dtype=bool)[None, :])
    order = np.argsort(-root.posterior[0], kind="stable")
    if turns == 1 or root.n_believed[0] <= list_length:
        cost, act = search.costs(root, turns)[0], catalogue.n_attributes
    else:
        costs = search.act_costs(root, turns)[0]
        act = int(np.argmin(costs))
        cost = costs[act]
    q = answer_model.acceptance
    value = float(q * cost + (1 - q) * objective.failure)
    if act < catalogue.n_attributes:
        return Optimum(value, act, ())
    places = search.lists[act - catalogue.n_attributes]
    return Optimum(value, -1, tuple(int(item) for item in order[places] if weights[item] > 0))


@dataclass(frozen=True)
class _States:
    """States with the same number of turns left."""

    posterior: FloatArray
    """Shape (M, V), each row summing to one; 0 for items that were shown."""
    askable: BoolArray
    """Attributes that were not asked about and would tell something, shape (M, P)."""

    def __len__(self) -> int:
        return len(self.posterior)

    @property
    def n_believed(self) -> NDArray[np.intp]:
        """Items that may still be the one, shape (M,)."""
        return np.count_nonzero(self.posterior, axis=1)

    def take(self, rows: NDArray[np.intp] | BoolArray | slice) -> "_States":
        """Some of the states."""
        return _States(self.posterior[rows], self.askable[rows])

    @classmethod
    def join(cls, parts: "list[_States]") -> "_States":
        """States of several parts, one after the other."""
        return cls(np.concatenate([part.posterior for part in parts]), np.concatenate([part.askable for part in parts]))

    def merged(self) -> tuple["_States", NDArray[np.intp]]:
        """Each state once, and which of these each one is, shape (M,)."""
        rounded = np.rint(self.posterior / _SAME).astype(np.int64)
        keys = np.concatenate([rounded, self.askable @ (1 << np.arange(self.askable.shape[1]))[:, None]], axis=1)
        lines = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.itemsize * keys.shape[1])))[:, 0]
        _, first, place = np.unique(lines, return_index=True, return_inverse=True)
        return self.take(first), place


class _Search:
    """The recursion, over all states with the same number of turns left at once; every list is accepted.

    :param turn: cost of a turn.
    :param extra: what a failure costs beyond its turns.
    """

    def __init__(
        self, catalogue: Catalogue, answer_model: AnswerModel, list_length: int, turn: float, extra: float
    ) -> None:
        n_items, n_attributes = catalogue.n_items, catalogue.n_attributes
        if n_items > MOST_ITEMS or n_attributes > MOST_ATTRIBUTES:
            raise OptionError(
                f"the optimal policy takes on {MOST_ITEMS} items and {MOST_ATTRIBUTES} attributes at most, "
                f"not {n_items} and {n_attributes}"
            )
        self._turn, self._extra = float(turn), float(extra)
        self._list_length = min(list_length, n_items)
        self.lists = np.array(list(combinations(range(n_items), self._list_length)), dtype=np.intp)
        """Places of each list among the items in order of belief, the most believed list first, shape (A - P, k)."""
        item_states = _item_states(catalogue)
        answers = answer_channel(answer_model, n_attributes)
        channel = answers[np.arange(n_attributes)[:, None], item_states.T].transpose(0, 2, 1)
        self._channel = channel[:, channel.any(axis=(0, 2))]
        """P(response | item), shape (P, R, V)."""
        alike = (answers[:, :, None] == answers[:, None, :]).all(axis=-1).argmax(axis=2)  # (P, 3): first state like it
        kinds = alike[np.arange(n_attributes)[:, None], item_states.T]  # (P, V)
        self._kind_bits = (kinds[:, :, None] == np.arange(3)).transpose(0, 2, 1) @ (1 << np.arange(n_items))
        """Items that answer alike, as bits, shape (P, 3)."""

    def states(self, posterior: FloatArray, unasked: BoolArray) -> _States:
        """States in which only attributes that would tell something can be asked about."""
        believed = (posterior > 0) @ (1 << np.arange(posterior.shape[1]))
        kinds = (believed[:, None, None] & self._kind_bits != 0).sum(axis=2)
        return _States(posterior, unasked & (kinds > 1))

    def costs(self, at: _States, turns: int) -> FloatArray:
        """Least cost of each state, shape (M,)."""
        if turns == 1:
            found = -np.partition(-at.posterior, self._list_length - 1, axis=1)[:, : self._list_length].sum(axis=1)
            return np.asarray(self._turn + self._extra * np.maximum(1.0 - found, 0.0))
        costs = np.full(len(at), self._turn)  # all that may be the one fit on a list
        open_rows = at.n_believed > self._list_length
        if open_rows.any():
            costs[open_rows] = self.act_costs(at.take(open_rows), turns).min(axis=1)
        return costs

    def act_costs(self, at: _States, turns: int) -> FloatArray:
        """Cost of each act, shape (M, A): ask each attribute, show each list; infinite for what cannot be done.

        :param at: states in which more items are believed in than a list holds.
        :param turns: turns left, >= 2.
        """
        n_attributes, n_responses, n_items = self._channel.shape
        n_acts = n_attributes + len(self.lists)
        at_once = max(_CELLS // ((n_attributes * n_responses + len(self.lists)) * n_items), 1)
        cells, chances, after = [], [], []
        parts: list[tuple[_States, NDArray[np.intp]]] = []
        for start in range(0, len(at), at_once):
            cell, chance, to = self._successors(at.take(slice(start, start + at_once)), turns)
            cells.append(cell + start * n_acts)
            chances.append(chance)
            if turns == 2:
                after.append(self.costs(to, 1))
            else:
                parts.append(to.merged())
        if parts:
            after.append(self._costs_of_parts(parts, turns - 1))
        places = np.concatenate(cells)
        total = np.bincount(places, np.concatenate(chances) * np.concatenate(after), len(at) * n_acts)
        total[np.bincount(places, minlength=len(at) * n_acts) == 0] = np.inf
        return np.asarray(self._turn + total.reshape(len(at), n_acts), dtype=np.float64)

    def _costs_of_parts(self, parts: list[tuple[_States, NDArray[np.intp]]], turns: int) -> FloatArray:
        """Least cost of successors that were merged part by part, shape (S,)."""
        distinct, place = _States.join([part for part, _ in parts]).merged()
        if len(distinct) > MOST_STATES:
            raise OptionError(
                f"{len(distinct):,} states with {turns} turns left, more than {MOST_STATES:,}: "
                "the optimal policy needs fewer items, attributes or turns"
            )
        costs = self.costs(distinct, turns)[place]
        starts = np.cumsum([0, *(len(part) for part, _ in parts)])
        return np.concatenate([costs[start + inner] for start, (_, inner) in zip(starts, parts, strict=False)])

    def _successors(self, at: _States, turns: int) -> tuple[NDArray[np.intp], FloatArray, _States]:
        """What each act can lead to.

        :return: place of state and act among all M * A, shape (S,); chance, shape (S,); the state it leads to.
        """
        n_attributes, n_responses, n_items = self._channel.shape
        lists = self.lists[:1] if turns == 2 else self.lists
        n_acts = n_attributes + len(self.lists)
        asking, attribute = np.nonzero(at.askable)
        heard = at.posterior[asking, None, :] * self._channel[attribute]  # (·, R, V)
        unasked = at.askable[asking]
        unasked[np.arange(len(asking)), attribute] = False
        showing, chosen = np.nonzero(lists[:, -1] < at.n_believed[:, None])
        order = np.argsort(-at.posterior, axis=1, kind="stable")
        rest = at.posterior[showing]
        np.put_along_axis(rest, order[showing[:, None], lists[chosen]], 0.0, axis=1)
        asked_cell = np.repeat(asking * n_acts + attribute, n_responses)
        cell = np.concatenate([asked_cell, showing * n_acts + n_attributes + chosen])
        joint = np.concatenate([heard.reshape(-1, n_items), rest])
        left = np.concatenate([np.repeat(unasked, n_responses, axis=0), at.askable[showing]])
        chance = joint.sum(axis=1)
        possible = chance > 0
        posterior = joint[possible] / chance[possible, None]
        return cell[possible], chance[possible], self.states(posterior, left[possible])


def answer_channel(answer_model: AnswerModel, n_attributes: int) -> FloatArray:
    """P(answer | lacks, has, unknown) to a question about each attribute alone, shape (P, 3, 5).

    The answers are those the belief tells apart: every :class:`graph.answers.Answer` but ``UNSAID``.

    :raises OptionError: when the chances do not add up to one, as for a model that is deaf to "no".
    """
    options = np.arange(n_attributes, dtype=np.int32)[:, None]
    naming = np.zeros(n_attributes, dtype=bool)
    logs = np.stack(
        [
            answer_model.log_likelihood(options, np.full((n_attributes, 1), answer, np.int8), naming)
            for answer in Answer
            if answer is not Answer.UNSAID
        ],
        axis=-1,
    )
    chances = np.where(logs > LOG_IMPOSSIBLE, np.exp(logs), 0.0)
    if not np.allclose(chances.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        raise OptionError("the optimal policy needs the chances of all answers, and here they do not add up to one")
    return chances


def _item_states(catalogue: Catalogue) -> NDArray[np.intp]:
    """Whether each item lacks an attribute (0), has it (1) or is unknown for its facet (2), shape (V, P)."""
    places = np.arange(catalogue.n_attributes)
    has = catalogue.item_attributes.contains(np.arange(catalogue.n_items)[:, None], places)
    return np.where(catalogue.known[:, catalogue.attribute_facet], has, 2).astype(np.intp)


class OptimalPolicy:
    """Does what :func:`solve` says; for tiny catalogues, binary questions and an action space that holds all of them.

    :param answer_model: how the users answer and accept; truthful if not given.
    :param objective: what turns, counted from the opening, and failures cost.
    """

    name = "optimal"

    def __init__(self, answer_model: AnswerModel | None = None, objective: Objective | None = None) -> None:
        self._answer_model, self.objective = answer_model, objective or Objective()
        self._catalogue: Catalogue | None = None
        self._model: AnswerModel | None = None
        self._solved: dict[tuple[bytes, bytes, int, int, int], Optimum] = {}

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The one given, or the honest one."""
        return self._answer_model or AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """The best act of each dialogue; see :class:`simulator.protocol.Policy`.

        :raises OptionError: when the world or the search is too large, or the questions are not binary.
        """
        space, options = state.candidates.space, state.candidates.questions.options
        n_attributes = state.catalogue.n_attributes
        if options.shape[2] != 1:
            raise OptionError("the optimal policy asks binary questions only; run with --questions binary")
        if space.n_ask < n_attributes or space.n_recommend < 1:
            raise OptionError(f"the optimal policy needs {n_attributes} question slots and an item slot in {space}")
        if state.catalogue is not self._catalogue:
            self._catalogue, self._model, self._solved = state.catalogue, self.answer_model(state.catalogue), {}
        slots = state.candidates.mask.argmax(axis=1)
        lists = np.full((len(slots), space.list_length), -1, np.int32)
        weights = _weights_of_unshown(state)
        asked = state.history.asked(n_attributes)
        for row in np.flatnonzero(weights.any(axis=1)):
            best = self._optimum(state, row, weights[row], asked[row])
            if best.attribute >= 0:
                slots[row] = np.flatnonzero(options[row, :, 0] == best.attribute)[0]
            else:
                slots[row] = space.n_ask
                lists[row, : len(best.items)] = best.items
        return Decision(slots, lists)

    def _optimum(self, state: State, row: np.intp, weights: FloatArray, asked: BoolArray) -> Optimum:
        """Solve, or remember what was solved: dialogues meet the same states again and again."""
        taken, left = int(state.history.turns[row]), int(state.turns_left[row])
        list_length = state.candidates.space.list_length
        key = np.rint(weights / _SAME).tobytes(), asked.tobytes(), taken, left, list_length
        if key not in self._solved:
            objective = Objective(self.objective.turn, self.objective.failure - self.objective.turn * taken)
            model = self._model or self.answer_model(state.catalogue)
            self._solved[key] = solve(state.catalogue, model, weights, asked, list_length, left, objective)
        return self._solved[key]


def _weights_of_unshown(state: State) -> FloatArray:
    """Belief in the items not yet shown, each row summing to one or, where none is left, to zero; shape (N, V)."""
    closed = state.history.shown(state.catalogue.n_items)
    log_weights = np.where(closed, -np.inf, state.belief.log_weights.astype(np.float64))
    largest = log_weights.max(axis=1, keepdims=True)
    distance = log_weights - np.where(np.isfinite(largest), largest, 0.0)
    weights = np.where(distance > LEAST_DISTANCE, np.exp(distance), 0.0)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0))
