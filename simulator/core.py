"""The conversation core: a batch of dialogues between one policy and simulated users, as arrays.

The same core serves training, evaluation and chat.  One step: the policy picks a slot for each dialogue, the users
react, history and belief move on.

Legend: N dialogues under way, V items, m options of a question, k items of a list.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode
from graph.belief import Belief
from graph.catalogue import Catalogue
from graph.hashing import mix64
from simulator.candidates import ActionSpace, select_candidates
from simulator.history import Act, History, believe
from simulator.people import Opening, Reaction
from simulator.protocol import Decision, State
from simulator.rewards import Rewards
from simulator.rows import RowArrays
from simulator.timing import CLOCK, Event
from simulator.users.protocol import SimulatedUsers

_POLICY_SALT = np.uint64(0x632BE59BD9B4E019)


@dataclass(frozen=True)
class Rules:
    """The protocol of a conversation (multi-round conversational recommendation)."""

    turns: int = 15
    """Turns the agent may take; published code leaves 14 under its limit of 15."""
    questions: QuestionMode = QuestionMode.BINARY
    """How many options a question names, and how many may be picked."""
    space: ActionSpace = field(default_factory=ActionSpace)
    """Slots the policy chooses from."""
    clock: int = CLOCK
    """Ticks after which a dialogue is cut off."""
    rewards: Rewards = field(default_factory=Rewards)


@dataclass
class Outcome(RowArrays):
    """What one step came to."""

    reward: NDArray[np.float64]
    """Shape (N,), like all of these."""
    invalid: NDArray[np.bool_]
    """Whether the decision named a closed slot or an item that may not be shown."""
    terminated: NDArray[np.bool_]
    """Whether the dialogue is over: an item was taken, the turns are used up or the user has left."""
    truncated: NDArray[np.bool_]
    """Whether it was cut off by the clock."""

    @property
    def over(self) -> NDArray[np.bool_]:
        """Terminated or truncated."""
        return self.terminated | self.truncated


@dataclass
class Tally(RowArrays):
    """What has come together over the steps of each dialogue; some of it only the users know."""

    reward: NDArray[np.float64]
    """Sum of the rewards, shape (N,), like all of these."""
    invalid: NDArray[np.int32]
    """Decisions that had to be replaced."""
    interruptions: NDArray[np.int32]
    """Times the agent spoke while the user wrote or thought."""
    dead_air: NDArray[np.int32]
    """Times the agent let a user wait who had finished: missed interventions."""
    wanted_shown: NDArray[np.int32]
    """Lists that held an item that would have done."""
    wasted: NDArray[np.int32]
    """Questions that told nothing: no option was affirmed or denied."""

    @classmethod
    def empty(cls, n: int) -> "Tally":
        """Nothing has happened."""
        return cls(np.zeros(n), *(np.zeros(n, np.int32) for _ in range(5)))


def policy_keys(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The keys that a policy sees of dialogues with these keys, shape (N,).

    Half of the bits only: a policy cannot compute from its keys what the users' luck will be.
    """
    return np.asarray(mix64(keys ^ _POLICY_SALT) >> np.uint64(32))


class Conversations:
    """Dialogues under way.

    :param users: the people talked to; they alone know what they look for.
    :param log_prior: affinity of each user with each item, shape (N, V).
    :param keys: random key of each dialogue, shape (N,).
    :param eligible: items that may be shown, shape (V,) or (N, V); None for all.
    :param tastes: weight of each taste of each person for each item, shape (N, R, V), for policies that look at it.
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
        tastes: NDArray[np.float32] | None = None,
    ) -> None:
        self.catalogue, self.rules = catalogue, rules
        self._tastes = tastes
        self._users = users
        self._eligible = None if eligible is None else np.asarray(eligible, dtype=bool)
        self.history = _begin(users.open(), rules)
        self.rows = np.arange(self.history.n_dialogues)
        """Place of each dialogue under way among those begun, shape (N,)."""
        self.tally = Tally.empty(self.n_dialogues)
        self.belief: Belief = believe(catalogue, answer_model, log_prior, self.history, self._eligible)
        self._policy_keys = policy_keys(keys)

    @property
    def n_dialogues(self) -> int:
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept of these dialogues."""
        parts = (self.history, self.tally, self._users, self.belief, self._policy_keys)
        return sum(part.nbytes for part in parts)

    def state(self, rows: NDArray[np.intp] | None = None) -> State:
        """What the policy may know now, of all dialogues or of some, shape (E,), as a copy."""
        belief, history, eligible, keys = self.belief, self.history, self._eligible, self._policy_keys
        tastes = self._tastes
        if rows is not None:
            belief, history, keys = belief.take(rows), history.take(rows), keys[rows]
            tastes = None if tastes is None else tastes[rows]
            eligible = eligible[rows] if eligible is not None and eligible.ndim == 2 else eligible
        candidates = select_candidates(belief, history, self.rules.space, self.rules.questions)
        turns_left = (self.rules.turns - history.turns).astype(np.int16)
        ticks_left = (self.rules.clock - history.clock).astype(np.int16)
        return State(self.catalogue, belief, candidates, history, turns_left, ticks_left, eligible, keys, tastes)

    def step(self, state: State, decision: Decision) -> Outcome:
        """Carry out one decision for each dialogue, in place.

        A closed slot is replaced by the first open one; items of a list that may not be shown are left out of it.

        :param state: what the decision was made on, from :meth:`state`.
        """
        space = self.rules.space
        everyone = np.arange(self.n_dialogues)
        mask = state.candidates.mask
        slots = np.clip(decision.slots, 0, space.wait_slot)
        invalid = (slots != decision.slots) | ~mask[everyone, slots]
        slots = np.where(invalid, mask.argmax(axis=1), slots)
        acts = space.act_of(slots)
        safe = np.minimum(slots, space.n_ask - 1)
        options = state.candidates.questions.options[everyone, safe]
        lists = state.candidates.list_for(slots) if decision.lists is None else decision.lists
        return self.carry_out(acts, options, lists, invalid)

    def carry_out(
        self,
        acts: NDArray[np.int8],
        options: NDArray[np.int32],
        lists: NDArray[np.int32],
        invalid: NDArray[np.bool_] | None = None,
    ) -> Outcome:
        """Carry out one act for each dialogue, in place, without looking at slots.

        :param acts: :class:`simulator.history.Act`, shape (N,).
        :param options: what is asked where something is, shape (N, m), -1 where there are fewer.
        :param lists: what is shown where something is, shape (N, k), -1 where there are fewer.
        :param invalid: decisions that have been replaced already, shape (N,).
        """
        rules, history = self.rules, self.history
        everyone, steps = np.arange(self.n_dialogues), history.length.astype(np.intp)
        invalid = np.zeros(len(acts), bool) if invalid is None else invalid
        if steps.max(initial=0) >= history.n_steps:
            history.grow(rules.turns)
        history.acts[everyone, steps] = acts
        asking, showing = np.flatnonzero(acts == Act.ASK), np.flatnonzero(acts == Act.RECOMMEND)
        if len(asking):
            history.options[asking, steps[asking]] = options[asking]
            history.naming[asking, steps[asking]] = rules.questions is QuestionMode.FACET
        if len(showing):
            self._show(showing, steps[showing], lists[showing], invalid)
        reaction = self._users.react(history, rules.questions, history.turns >= rules.turns)
        self._write_down(reaction, steps)
        for evidence in history.evidence(everyone, steps):
            self.belief.update(evidence)
        return self._settle_up(reaction, steps, invalid)

    def _show(
        self, rows: NDArray[np.intp], steps: NDArray[np.intp], lists: NDArray[np.int32], invalid: NDArray[np.bool_]
    ) -> None:
        """Show lists, without the items that may not be shown."""
        length = self.rules.space.list_length
        if lists.shape[1] > length or lists.max(initial=-1) >= self.catalogue.n_items:
            raise ValueError(f"lists of shape {lists.shape}: at most {length} item numbers each")
        if lists.min(initial=0) < -1 or self._eligible is not None:
            weights = self.belief.log_weights[rows[:, None], np.maximum(lists, 0)]
            closed = (lists < -1) | ((lists >= 0) & np.isneginf(weights))
            invalid[rows] |= closed.any(axis=1)
            lists = np.where(closed, np.int32(-1), lists)
        self.history.lists[rows, steps, : lists.shape[1]] = lists
        # Forecasts cost a pass over all items unless candidates were selected from the same belief.
        if self.belief.is_summed:
            self.history.chance[rows, steps] = self.belief.masses(rows, lists).sum(axis=1)

    def _write_down(self, reaction: Reaction, steps: NDArray[np.intp]) -> None:
        """Put what can be seen of the reaction into the history, which is then a step longer."""
        history, everyone = self.history, np.arange(self.n_dialogues)
        for name in ("answers", "confidence", "accepted", "deferred", "settled", "volunteered", "critiques", "ticks"):
            getattr(history, name)[everyone, steps] = getattr(reaction, name)
        history.events[everyone, steps + 1] = reaction.event
        history.typing[everyone, steps + 1] = reaction.typing
        history.completeness[everyone, steps + 1] = reaction.completeness
        late = np.flatnonzero(reaction.verdict)
        history.accepted[late, reaction.settled[late] - 1] = reaction.verdict[late]
        history.length += 1

    def _settle_up(self, reaction: Reaction, steps: NDArray[np.intp], invalid: NDArray[np.bool_]) -> Outcome:
        """Rewards and ends."""
        rules, history = self.rules, self.history
        acts = history.acts[np.arange(self.n_dialogues), steps]
        speaks, asks, shows = acts != Act.WAIT, acts == Act.ASK, acts == Act.RECOMMEND
        accepted = (reaction.accepted > 0) | (reaction.verdict > 0)
        left = reaction.event == Event.LEFT
        out_of_turns = ~accepted & ~left & (history.turns >= rules.turns)
        truncated = ~accepted & ~left & ~out_of_turns & (history.clock >= rules.clock)
        refused = (shows & (reaction.accepted == 0) & ~reaction.deferred).astype(np.int64)
        refused += (reaction.settled > 0) & (reaction.verdict == 0) & ~speaks
        reward = rules.rewards.of(
            accepted=accepted, rejected=refused, speaks=speaks, ticks=reaction.ticks, dead_air=reaction.dead_air,
            interrupted=reaction.interrupted, failed=out_of_turns | truncated, left=left, answers=reaction.answers,
        )  # fmt: skip
        told = ((reaction.answers >= 0) & np.isin(reaction.answers, TELLING)).any(axis=1)
        self.tally.reward += reward
        self.tally.invalid += invalid
        self.tally.interruptions += reaction.interrupted
        self.tally.dead_air += reaction.dead_air
        self.tally.wanted_shown += reaction.wanted_shown
        self.tally.wasted += asks & ~told
        return Outcome(reward, invalid, accepted | left | out_of_turns, truncated)

    def take(self, rows: NDArray[np.intp]) -> "Conversations":
        """Some of the dialogues as they are now, shape (E,), repeats allowed, as a copy: to see what else could happen.

        What is done in the copy happens to the same people with the same luck.
        """
        some = object.__new__(Conversations)
        some.catalogue, some.rules = self.catalogue, self.rules
        some._users, some.rows, some._policy_keys = self._users.take(rows), self.rows[rows], self._policy_keys[rows]
        some.history, some.belief, some.tally = self.history.take(rows), self.belief.take(rows), self.tally.take(rows)
        by_dialogue = self._eligible is not None and self._eligible.ndim == 2
        some._eligible = self._eligible[rows] if by_dialogue and self._eligible is not None else self._eligible
        some._tastes = None if self._tastes is None else self._tastes[rows]
        return some

    @classmethod
    def imagine(cls, state: State, rules: Rules, users: SimulatedUsers, rows: NDArray[np.intp]) -> "Conversations":
        """Dialogues that go on from what a policy knows, with people that are made up: to plan ahead.

        :param users: E people, who hold that they have said and heard what the history says.
        :param rows: dialogue of the state that each goes on from, shape (E,), repeats allowed.
        """
        made = object.__new__(cls)
        made.catalogue, made.rules, made._users = state.catalogue, rules, users
        made.rows, made._policy_keys = np.arange(len(rows)), state.keys[rows]
        made.history, made.belief = state.history.take(rows), state.belief.take(rows)
        made.tally = Tally.empty(len(rows))
        by_dialogue = state.eligible is not None and state.eligible.ndim == 2
        made._eligible = state.eligible[rows] if by_dialogue and state.eligible is not None else state.eligible
        made._tastes = None if state.tastes is None else state.tastes[rows]
        return made

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Go on with some of the dialogues only."""
        self.belief, self.history = self.belief.take(rows), self.history.take(rows)
        self.rows, self._policy_keys = self.rows[rows], self._policy_keys[rows]
        self.tally = self.tally.take(rows)
        self._users.keep(rows)
        if self._eligible is not None and self._eligible.ndim == 2:
            self._eligible = self._eligible[rows]
        if self._tastes is not None:
            self._tastes = self._tastes[rows]

    def replace(self, rows: NDArray[np.intp], fresh: "Conversations") -> None:
        """Begin anew in the places of some dialogues.

        :param rows: places, shape (E,).
        :param fresh: E conversations that have just begun, by the same rules; not to be used afterwards.
        """
        if fresh.history.n_steps < self.history.n_steps:
            fresh.history.grow(self.history.n_steps - fresh.history.n_steps)
        self.history.put(rows, fresh.history)
        self.belief.put(rows, fresh.belief)
        self.tally.put(rows, fresh.tally)
        self._policy_keys[rows] = fresh._policy_keys
        self._users.replace(rows, fresh._users)
        if self._eligible is not None and self._eligible.ndim == 2 and fresh._eligible is not None:
            self._eligible[rows] = fresh._eligible
        if self._tastes is not None and fresh._tastes is not None:
            self._tastes[rows] = fresh._tastes


TELLING = (int(Answer.YES), int(Answer.NO), int(Answer.SORT_OF), int(Answer.UNSAID))
"""Answers from which something can be learned."""


def _begin(opening: Opening, rules: Rules) -> History:
    history = History.begin(opening.attribute, rules.turns, rules.questions.n_options, rules.space.list_length)
    history.events[:, 0], history.typing[:, 0] = opening.event, opening.typing
    history.completeness[:, 0] = opening.completeness
    return history
