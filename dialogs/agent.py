"""The agent: one step of a conversation with a person, from acts to acts.

What it does is a function of catalogue, affinity, policy and what was said; what it keeps only saves time.  (Where
several talks are decided at once the last bit of a value may be another one.)
Legend: V items, K slots.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dialogs.acts import (
    Accept,
    Affirm,
    AgentAct,
    Ask,
    AskWhy,
    Clarify,
    Dislike,
    Farewell,
    Greet,
    Leave,
    Like,
    Move,
    Noted,
    Recommend,
    Restart,
    Restarted,
    Seen,
    Unclear,
    Undo,
    Undone,
    UserAct,
    Wait,
    Welcome,
)
from dialogs.conversation import Conversation, Memory, remember
from dialogs.explaining import explain_item, explain_question
from graph.affinity import Affinity
from graph.affinity.personas.tastes import Tastes
from graph.affinity.profiles import Profiles
from graph.answers import AnswerModel, QuestionMode
from graph.belief import Belief, EmptyBeliefError
from graph.catalogue import Catalogue
from simulator.candidates import select_candidates
from simulator.core import Rules, policy_keys
from simulator.history import Act, believe, hear
from simulator.protocol import Decision, Policy, State
from simulator.randomness import dialogue_keys


@dataclass(frozen=True)
class World:
    """Everything of a conversation that does not change while it lasts."""

    catalogue: Catalogue
    affinity: Affinity
    policy: Policy
    rules: Rules = field(default_factory=lambda: Rules(questions=QuestionMode.MULTI))
    eligible: NDArray[np.bool_] | None = None
    """Items that may be shown, shape (V,); None for all."""
    profile: Profiles | None = None
    """Who is talked to (one person); None for somebody unknown."""
    seed: int = 0
    """Of what a policy leaves to chance."""
    answer_model: AnswerModel | None = None
    """How people answer; None to make it anew: see :func:`for_people`."""
    tastes: Tastes | None = None
    """What tells the several tastes of a person apart; None to explain without them."""
    policy_sees_tastes: bool = False
    """Whether the policy looks at them, too."""

    @property
    def person(self) -> Profiles:
        """What is known of the person from elsewhere."""
        return Profiles.unknown(1, self.catalogue) if self.profile is None else self.profile


@dataclass(frozen=True)
class Thought:
    """What the agent went by when it decided, for people who look on and for the transcript."""

    candidates: int
    """About how many items are still likely: two to the entropy of the belief."""
    top: tuple[tuple[int, float], ...]
    """Most believed items, each with its chance."""
    mask: tuple[bool, ...]
    """Open slots."""
    scores: tuple[float, ...]
    """What the policy makes of each slot; empty where it does not say."""
    slot: int
    """The slot it took."""
    turn: int
    """Turns the agent has taken, this one included."""


@dataclass(frozen=True)
class Step:
    """What comes of a message."""

    conversation: Conversation
    says: tuple[AgentAct, ...]
    """What the agent says, in order; a :class:`dialogs.acts.Wait` alone says nothing."""
    thought: Thought | None
    """None where nothing had to be decided."""

    @property
    def over(self) -> bool:
        """Whether the conversation has ended."""
        return any(isinstance(act, Farewell) for act in self.says)


@dataclass(frozen=True)
class Judged:
    """What a policy makes of one state."""

    decision: Decision
    scores: tuple[float, ...]
    """What it makes of each slot; empty where it does not say."""


Found = TypeVar("Found")

Thinking = Generator[State, Judged, Found]
"""Something that comes to decisions on its way: it hands out what is to be decided on and is handed what was judged."""


def alone(thinking: Thinking[Found], policy: Policy) -> Found:
    """What comes of it."""
    try:
        state = next(thinking)
        while True:
            state = thinking.send(judge(policy, [state])[0])
    except StopIteration as done:
        found: Found = done.value
        return found


def together(thinking: Sequence[Thinking[Found]], policy: Policy) -> list[Found | Exception]:
    """What comes of each, or what went wrong with it; what they have to decide at the same time is decided at once."""
    found: dict[int, Found | Exception] = {}
    judged: dict[int, Judged | Exception | None] = dict.fromkeys(range(len(thinking)))
    while judged:
        states: dict[int, State] = {}
        for place, each in judged.items():
            try:
                if isinstance(each, Exception):
                    states[place] = thinking[place].throw(each)
                else:
                    states[place] = next(thinking[place]) if each is None else thinking[place].send(each)
            except StopIteration as done:
                found[place] = done.value
            except Exception as error:  # noqa: BLE001  # whoever asked for this one is told, and nobody else
                found[place] = error
        judged = dict(zip(states, _judged(policy, list(states.values())), strict=True))
    return [found[place] for place in range(len(thinking))]


def _judged(policy: Policy, states: Sequence[State]) -> list[Judged | Exception]:
    """What a policy makes of states, or what goes wrong with each: one that fails fails alone."""
    try:
        return list(judge(policy, states)) if states else []
    except Exception as error:  # noqa: BLE001  # it is thrown where the state comes from
        if len(states) == 1:
            return [error]
        return [judged for state in states for judged in _judged(policy, [state])]


def judge(policy: Policy, states: Sequence[State]) -> list[Judged]:
    """What a policy makes of states about one catalogue, each of one dialogue."""
    values, values_of = getattr(policy, "values", None), getattr(policy, "values_of", None)
    if values is None:
        return [Judged(policy.choose(state), ()) for state in states]
    worth = np.concatenate([values(state) for state in states]) if values_of is None else values_of(states)
    slots = worth.argmax(axis=1)
    return [
        Judged(Decision(slots[row : row + 1]), tuple(round(float(value), 6) for value in worth[row]))
        for row in range(len(states))
    ]


SHOWN_TOP = 3
"""Items of which it is told how likely they are."""


class Agent:
    """Talks with one person."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._model = world.answer_model or for_people(world.policy, world.catalogue)
        self._before: tuple[Memory, Belief] | None = None
        """What was last believed: where nothing was taken back, the next belief goes on from there."""

    def open(self) -> Step:
        """The first word, before the person has said anything."""
        return Step(Conversation(), (Welcome(),), None)

    def step(self, conversation: Conversation, heard: Sequence[UserAct]) -> Step:
        """Answer what the person did.

        :param heard: one message, understood.
        """
        return alone(self.stepping(conversation, heard), self.world.policy)

    def stepping(self, conversation: Conversation, heard: Sequence[UserAct]) -> Thinking[Step]:
        """The same for several at once: see :func:`together`."""
        for act in heard:
            if isinstance(act, Restart):
                return Step(Conversation(), (Restarted(), Welcome()), None)
            if isinstance(act, Undo):
                return self._undo(conversation)
            if isinstance(act, Leave):
                return self._end(conversation, heard, Farewell(reason="left"))
        why = next((act for act in heard if isinstance(act, AskWhy)), None)
        if why is not None:
            return Step(conversation, self._explain(conversation, why), None)
        if _takes_one_of_several(conversation.on_table, heard):
            return Step(conversation, (Clarify(about="which"), *_again(conversation)), None)
        accepted = _accepted(conversation.on_table, heard)
        if accepted is not None:
            return self._end(conversation, heard, Farewell(found=accepted))
        unclear = next((act for act in heard if isinstance(act, Unclear)), None)
        if unclear is not None and not any(not isinstance(act, Unclear) for act in heard):
            return Step(conversation, (Clarify(meanings=unclear.meanings), *_again(conversation)), None)
        if heard and all(isinstance(act, Greet) for act in heard):
            return Step(conversation, _again(conversation) or (Welcome(),), None)
        return (yield from self._go_on(conversation, heard))

    def _go_on(self, conversation: Conversation, heard: Sequence[UserAct]) -> Thinking[Step]:
        noted = tuple(Noted(item=act.item, verdict=act.act) for act in heard if isinstance(act, Seen | Like | Dislike))
        try:
            state = self.state(self.memory(conversation, heard))
        except EmptyBeliefError:
            return self._end(conversation, heard, Farewell(reason="nothing-left"))
        if state.turns_left[0] < 1:
            return self._end(conversation, heard, Farewell(reason="turns"))
        judged = yield state
        move, thought = self._decide(state, judged)
        return Step(conversation.then(heard, move), (*noted, move), thought)

    def memory(self, conversation: Conversation, heard: Sequence[UserAct] = ()) -> Memory:
        """What follows from a conversation and what was said after it."""
        world = self.world
        return remember(world.catalogue, world.rules, conversation.exchanges, heard, world.person)

    def belief(self, memory: Memory) -> Belief:
        """What is believed then.

        :raises EmptyBeliefError: when no item is left that may be shown.
        """
        begun = self._belief_before(memory)
        if begun is None:
            catalogue, world = self.world.catalogue, self.world
            eligible = np.ones(catalogue.n_items, bool) if world.eligible is None else world.eligible.copy()
            eligible[list(memory.gone)] = False
            prior = world.affinity.scores_of(memory.profile)
            begun = believe(catalogue, self._model, prior, memory.history, eligible[None, :])
        self._before = memory, begun
        return begun

    def _belief_before(self, memory: Memory) -> Belief | None:
        """The same belief as from the beginning, bit for bit; None where it has to begin there."""
        if self._before is None:
            return None
        before, belief = self._before
        steps = int(before.history.length[0])
        longer = memory.history.length[0] >= steps and before.history.begins(memory.history, steps)
        if not longer or before.gone != memory.gone or not _same(before.profile, memory.profile):
            return None
        going_on = belief.take(np.zeros(1, np.intp))
        hear(going_on, memory.history, steps)
        return going_on

    def state(self, memory: Memory) -> State:
        """What the policy decides on."""
        world, history = self.world, memory.history
        belief = self.belief(memory)
        candidates = select_candidates(belief, history, world.rules.space, world.rules.questions)
        turns_left = (world.rules.turns - history.turns).astype(np.int16)
        ticks_left = np.maximum(world.rules.clock - history.clock, 1).astype(np.int16)
        keys = policy_keys(dialogue_keys(world.seed, np.arange(1)))
        seen = world.tastes if world.policy_sees_tastes else None
        tastes = None if seen is None else seen.weights(memory.profile)
        return State(world.catalogue, belief, candidates, history, turns_left, ticks_left, None, keys, tastes)

    def _decide(self, state: State, judged: Judged) -> tuple[Move, Thought]:
        """What to do now, and what it was gone by."""
        candidates, decision = state.candidates, judged.decision
        slot = int(decision.slots[0])
        if not candidates.mask[0, slot]:
            slot = int(candidates.mask[0].argmax())
        top = zip(candidates.items[0, :SHOWN_TOP], candidates.item_masses[0], strict=False)
        turn = int(state.history.turns[0]) + 1
        thought = Thought(
            candidates=max(1, round(2 ** float(state.belief.entropy()[0]))),
            top=tuple((int(item), float(mass)) for item, mass in top if item >= 0),
            mask=tuple(candidates.mask[0].tolist()), scores=judged.scores, slot=slot, turn=turn,
        )  # fmt: skip
        return self._move(state, slot, decision), thought

    def _move(self, state: State, slot: int, decision: Decision) -> Move:
        candidates, questions = state.candidates, self.world.rules.questions
        act = candidates.space.act_of(np.array(slot))
        if act == Act.ASK:
            options = candidates.questions.options[0, slot]
            asked: list[int] = options[options >= 0].tolist()
            if state.catalogue.facets[state.catalogue.attribute_facet[asked[0]]].ordered:
                asked.sort()  # people read "1980s, 1990s", and answer by number
            return Ask(options=tuple(asked), naming=questions is QuestionMode.FACET)
        if act == Act.WAIT:
            return Wait()
        shown = candidates.list_for(np.array([slot]))[0] if decision.lists is None else decision.lists[0]
        shown = shown[shown >= 0]
        chance = float(state.belief.masses(np.zeros(1, np.intp), shown[None, :].astype(np.int32)).sum())
        return Recommend(items=tuple(shown.tolist()), chance=min(chance, 1.0))

    def _end(self, conversation: Conversation, heard: Sequence[UserAct], farewell: Farewell) -> Step:
        return Step(conversation.then(heard, farewell), (farewell,), None)

    def _undo(self, conversation: Conversation) -> Step:
        before = conversation.undone()
        if before is None:
            return Step(conversation, (Undone(anything=False), *_again(conversation)), None)
        return Step(before, (Undone(), *(_again(before) or (Welcome(),))), None)

    def _explain(self, conversation: Conversation, why: AskWhy) -> tuple[AgentAct, ...]:
        on_table = conversation.on_table
        again = _again(conversation)
        if why.item is None and isinstance(on_table, Ask):
            return (explain_question(self.belief(self.memory(conversation)), on_table), *again)
        item = why.item if why.item is not None else next(iter(conversation.shown), None)
        if item is None:
            return (Clarify(), *again)
        return (explain_item(self, conversation, item), *again)


def _same(mine: Profiles, other: Profiles) -> bool:
    """Whether the same is known of somebody."""
    return all(np.array_equal(getattr(mine, each.name), getattr(other, each.name)) for each in fields(mine))


PASSING = 0.05
"""Chance that a person who is otherwise clear passes a question over, at least."""

KNOWING_MORE = 0.8
"""Chance that a person answers what the catalogue does not know, option by option.  Simulated users hardly ever do; but
who is asked about four writers says "none of these" of a film that is listed without any, and it must not be lost."""


def for_people(policy: Policy, catalogue: Catalogue) -> AnswerModel:
    """The answer model of a policy, for people: who does not care or does not know says nothing against themselves."""
    model = policy.answer_model(catalogue)
    return replace(_of_people(model), otherwise=None if model.otherwise is None else _of_people(model.otherwise))


def _of_people(model: AnswerModel) -> AnswerModel:
    known, care = (np.maximum(each, PASSING) for each in (model.dont_know, model.dont_care))
    unknown = np.maximum(np.minimum(model.unknown_dont_know, 1.0 - KNOWING_MORE), known)
    return replace(model, dont_know=known, dont_care=care, unknown_dont_know=unknown)


def _again(conversation: Conversation) -> tuple[AgentAct, ...]:
    """What is on the table once more."""
    on_table = conversation.on_table
    return () if on_table is None else (on_table,)


def _takes_one_of_several(on_table: Move | None, heard: Sequence[UserAct]) -> bool:
    """Whether somebody says yes to a list and not to which item of it, or to several."""
    several = isinstance(on_table, Recommend) and len(on_table.items) > 1
    taken = {act.item for act in heard if isinstance(act, Accept)}
    says_yes = any(isinstance(act, Affirm) for act in heard) and all(isinstance(act, Affirm | Greet) for act in heard)
    return several and (len(taken) > 1 or says_yes)


def _accepted(on_table: Move | None, heard: Sequence[UserAct]) -> int | None:
    """The item that was taken."""
    for act in heard:
        if isinstance(act, Accept):
            return act.item
        if isinstance(act, Affirm) and isinstance(on_table, Recommend) and len(on_table.items) == 1:
            return on_table.items[0]
    return None
