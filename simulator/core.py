"""The conversation core: a batch of dialogues between one policy and simulated users, as arrays.

The same core serves training, evaluation and chat.  One step: the policy picks a slot for each dialogue, the users
react, history and belief move on.

Legend: N dialogues under way, V items, m options of a question, k items of a list.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.belief import Belief
from graph.catalogue import Catalogue
from graph.hashing import mix64
from simulator.candidates import ActionSpace, select_candidates
from simulator.history import Act, History, believe
from simulator.protocol import Decision, State
from simulator.users.protocol import SimulatedUsers

_POLICY_SALT = np.uint64(0x632BE59BD9B4E019)

MOST_STEPS = 60
"""Steps, waits among them, after which a dialogue is cut off."""


@dataclass(frozen=True)
class Rules:
    """The protocol of a conversation (multi-round conversational recommendation)."""

    turns: int = 15
    """Turns the agent may take; published code leaves 14 under its limit of 15."""
    questions: QuestionMode = QuestionMode.BINARY
    """How many options a question names, and how many may be picked."""
    space: ActionSpace = field(default_factory=ActionSpace)
    """Slots the policy chooses from."""


class Conversations:
    """Dialogues under way.

    :param users: the people talked to; they alone know what they look for.
    :param log_prior: affinity of each user with each item, shape (N, V).
    :param keys: random key of each dialogue, shape (N,).
    :param eligible: items that may be shown, shape (V,) or (N, V); None for all.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        answer_model: AnswerModel,
        users: SimulatedUsers,
        log_prior: NDArray[np.float32],
        keys: NDArray[np.uint64],
        eligible: NDArray[np.bool_] | None = None,
    ) -> None:
        self.catalogue, self.rules = catalogue, rules
        self._users = users
        self._eligible = None if eligible is None else np.asarray(eligible, dtype=bool)
        opening = users.open()
        self.rows = np.arange(len(opening))
        """Place of each dialogue under way among those begun, shape (N,)."""
        self.history = History.begin(opening, rules.turns, rules.questions.n_options, rules.space.list_length)
        self.belief: Belief = believe(catalogue, answer_model, log_prior, self.history, self._eligible)
        # Half of the bits only: a policy cannot compute from its keys what the users' luck will be.
        self._policy_keys = mix64(keys ^ _POLICY_SALT) >> np.uint64(32)

    @property
    def n_dialogues(self) -> int:
        return len(self.rows)

    def state(self) -> State:
        """What the policy may know now."""
        candidates = select_candidates(self.belief, self.history, self.rules.space, self.rules.questions)
        turns_left = (self.rules.turns - self.history.turns).astype(np.int16)
        return State(
            self.catalogue, self.belief, candidates, self.history, turns_left, self._eligible, self._policy_keys
        )

    def step(self, state: State, decision: Decision) -> NDArray[np.bool_]:
        """Carry out one decision for each dialogue, in place.

        A closed slot is replaced by the first open one; items of a list that may not be shown are left out of it.

        :param state: what the decision was made on, from :meth:`state`.
        :return: whether each decision named a closed slot or an item that may not be shown, shape (N,).
        """
        space, history = self.rules.space, self.history
        everyone = np.arange(self.n_dialogues)
        mask = state.candidates.mask
        slots = np.clip(decision.slots, 0, space.wait_slot)
        invalid = (slots != decision.slots) | ~mask[everyone, slots]
        slots = np.where(invalid, mask.argmax(axis=1), slots)
        acts = space.act_of(slots)
        steps, turns = history.length.astype(np.intp), history.turns
        if steps.max() >= history.n_steps:
            history.grow(self.rules.turns)
        history.acts[everyone, steps] = acts

        asking = np.flatnonzero(acts == Act.ASK)
        if len(asking):
            options = state.candidates.questions.options[asking, slots[asking]]
            answers = self._users.answer(self.rows[asking], options, self.rules.questions, turns[asking])
            history.options[asking, steps[asking]] = options
            history.answers[asking, steps[asking]] = answers
            history.naming[asking, steps[asking]] = self.rules.questions is QuestionMode.FACET
        showing = np.flatnonzero(acts == Act.RECOMMEND)
        if len(showing):
            lists = state.candidates.list_for(slots)[showing] if decision.lists is None else decision.lists[showing]
            if lists.shape[1] > space.list_length or lists.max(initial=-1) >= self.catalogue.n_items:
                raise ValueError(f"lists of shape {lists.shape}: at most {space.list_length} item numbers each")
            weights = self.belief.log_weights[showing[:, None], np.maximum(lists, 0)]
            closed = (lists < -1) | ((lists >= 0) & np.isneginf(weights))
            invalid[showing] |= closed.any(axis=1)
            lists = np.where(closed, np.int32(-1), lists)
            history.lists[showing, steps[showing], : lists.shape[1]] = lists
            history.accepted[showing, steps[showing]] = self._users.accept(self.rows[showing], lists, turns[showing])
        history.length += 1
        for evidence in history.evidence(everyone, steps):
            self.belief.update(evidence)
        return invalid

    def finished(self) -> NDArray[np.bool_]:
        """Dialogues that are over: an item was accepted, or the turns or steps are used up; shape (N,)."""
        history = self.history
        accepted = (history.accepted > 0).any(axis=1)
        return np.asarray(accepted | (history.turns >= self.rules.turns) | (history.length >= MOST_STEPS))

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Go on with some of the dialogues only."""
        self.belief, self.history = self.belief.take(rows), self.history.take(rows)
        self.rows, self._policy_keys = self.rows[rows], self._policy_keys[rows]
        if self._eligible is not None and self._eligible.ndim == 2:
            self._eligible = self._eligible[rows]
