"""Planning ahead by trying out: a near-optimum to measure others by, a hundred times as slow as they are.

Each act worth thinking of is carried out with made-up people, whose items are drawn from the belief, and the dialogues
are led to their end by the gain rule: one step of policy iteration at every decision (Tesauro and Galperin 1997,
"On-line policy improvement using Monte-Carlo search").

Legend: N dialogues, A acts that are tried, S people that are made up for each dialogue, V items.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.catalogue import Catalogue
from simulator.core import Conversations, Rules
from simulator.metrics import turns_taken
from simulator.protocol import Decision, Policy, State
from simulator.randomness import Purpose, dialogue_keys, uniform
from simulator.runs import CELLS_IN_CACHE
from simulator.users import parse_users


@dataclass
class LookAheadPolicy:
    """Takes the act that leads to the fewest turns; takes people for classic ones."""

    base: Policy
    """Leads the dialogues that are tried, and decides where no act is better for sure."""
    mode: QuestionMode = QuestionMode.BINARY
    """Of the questions that will be asked."""
    questions: int = 4
    """Best questions that are tried, beside the list of the most believed items."""
    people: int = 32
    """People that are made up (S)."""
    certainty: float = 1.0
    """Standard errors by which an act has to be better than that of the base."""
    name: str = "look-ahead"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """That of the base."""
        return self.base.answer_model(catalogue)

    def choose(self, state: State) -> Decision:
        """Pick for each dialogue; see :class:`simulator.protocol.Policy`."""
        chosen = self.base.choose(state).slots.astype(np.intp)
        acts = self._acts(state, chosen)
        n_items = state.catalogue.n_items
        together = max(1, CELLS_IN_CACHE // n_items // (acts.shape[1] * self.people))
        slots = [
            self._best(state, np.arange(first, min(first + together, len(chosen))), acts)
            for first in range(0, len(chosen), together)
        ]
        return Decision(np.concatenate(slots))

    def _acts(self, state: State, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Slots to try, that of the base first, shape (N, A), -1 where there are fewer."""
        space, mask = state.candidates.space, state.candidates.mask
        tried = np.array([*range(min(self.questions, space.n_ask)), space.n_ask])
        others = np.where(mask[:, tried] & (tried != chosen[:, None]), tried, -1)
        return np.concatenate([chosen[:, None], others], axis=1)

    def _best(self, state: State, rows: NDArray[np.intp], acts: NDArray[np.intp]) -> NDArray[np.intp]:
        """The best act of some dialogues, shape (E,)."""
        costs = self._costs(state, rows, acts[rows])  # (E, A, S)
        saved = costs[:, :1] - costs
        mean = np.nan_to_num(saved.mean(axis=2), nan=-np.inf)
        error = np.nan_to_num(saved.std(axis=2, ddof=1)) / np.sqrt(self.people)
        better = mean - self.certainty * error
        better[:, 0] = 0.0
        return np.asarray(acts[rows, np.where(better > 0, mean, 0.0).argmax(axis=1)])

    def _costs(self, state: State, rows: NDArray[np.intp], acts: NDArray[np.intp]) -> NDArray[np.float64]:
        """Turns to the end with each act and each made-up person, shape (E, A, S), NaN where there is no act."""
        n, n_acts, n_people = *acts.shape, self.people
        targets, keys = self._make_up(state, rows)
        place, act, person = (part.ravel() for part in np.indices((n, n_acts, n_people)))
        there = acts[place, act] >= 0
        place, act, person = place[there], act[there], person[there]
        turns_in_all = int(state.turns_left[0] + state.history.turns[0])
        rules = Rules(turns_in_all, self._mode(state), state.candidates.space)
        users = parse_users("classic")(state.catalogue, targets[place, person], keys[place, person])
        talk = Conversations.imagine(state, rules, users, rows[place])
        turns = np.zeros(len(place))
        places = np.arange(len(place))
        slots = acts[place, act]
        now = talk.state()
        while True:
            over = talk.step(now, Decision(slots)).over
            turns[places] = turns_taken(talk.history.accepted_turn)
            if over.all():
                break
            going = np.flatnonzero(~over)
            talk.keep(going)
            places = places[going]
            now = talk.state()
            slots = self.base.choose(now).slots.astype(np.intp)
        costs = np.full(n * n_acts * n_people, np.nan)
        costs[there] = turns
        return costs.reshape(n, n_acts, n_people)

    def _mode(self, state: State) -> QuestionMode:
        """The mode given, or another where questions plainly have more options or fewer."""
        n_options = state.history.options.shape[2]
        if n_options == self.mode.n_options:
            return self.mode
        return QuestionMode.BINARY if n_options == 1 else QuestionMode.FACET

    def _make_up(self, state: State, rows: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Items drawn from the belief, and keys, shape (E, S) both: the same however dialogues are batched."""
        steps = state.history.length[rows].astype(np.uint64)
        lots = uniform(state.keys[rows], Purpose.POLICY, steps, self.people)
        lower = (np.arange(self.people) + lots) / self.people  # one from each part: fewer are needed
        cumulated = np.cumsum(state.belief.probabilities[rows].astype(np.float64), axis=1)
        cumulated /= cumulated[:, -1:]
        targets = np.stack(
            [np.searchsorted(row, part, side="right") for row, part in zip(cumulated, lower, strict=True)]
        )
        seeds = state.keys[rows] + steps
        keys = np.stack([dialogue_keys(seeds, np.full(len(rows), place)) for place in range(self.people)], axis=1)
        return targets, keys
