"""A conversation with a person: what was said, act by act, and what follows from it.

The acts are the state.  History, profile and the items that are out of the question are functions of them, so taking
something back drops it and everything is as if it had never been said.

Legend: T steps, m options of a question, k items of a list, V items.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dialogs.acts import (
    TELLING,
    Accept,
    Affirm,
    Ask,
    Critique,
    Defer,
    Deny,
    Dislike,
    DontCare,
    DontKnow,
    Fragment,
    Inform,
    Like,
    Move,
    Nothing,
    Recommend,
    Seen,
    SortOf,
    UserAct,
    Wait,
)
from graph.affinity.profiles import Profiles
from graph.answers import Answer
from graph.catalogue import Catalogue
from simulator.core import Rules
from simulator.history import Act, History
from simulator.timing import Event

COMPLETE, HALF = 1.0, 0.3
"""How complete a message looks that ends a sentence, and one that does not."""


@dataclass(frozen=True)
class Exchange:
    """What the person did, and what the agent did then."""

    heard: tuple[UserAct, ...]
    move: Move

    @property
    def tells(self) -> bool:
        """Whether the agent knows more after it."""
        return any(isinstance(act, TELLING) for act in self.heard)


@dataclass(frozen=True)
class Conversation:
    """Everything that was said."""

    exchanges: tuple[Exchange, ...] = ()

    @property
    def on_table(self) -> Move | None:
        """What the person answers to: the agent's last word, waits left out."""
        return next((each.move for each in reversed(self.exchanges) if not isinstance(each.move, Wait)), None)

    @property
    def shown(self) -> tuple[int, ...]:
        """Items of the list that was shown last."""
        lists = (each.move.items for each in reversed(self.exchanges) if isinstance(each.move, Recommend))
        return next(lists, ())

    @property
    def wanted(self) -> frozenset[int]:
        """Attributes that the person has named, or said yes to."""
        found, asked = set[int](), None
        for each in self.exchanges:
            for act in each.heard:
                if isinstance(act, Inform) and act.holds:
                    found.add(act.attribute)
                elif isinstance(act, Affirm) and isinstance(asked, Ask) and len(asked.options) == 1:
                    found.add(asked.options[0])
            asked = asked if isinstance(each.move, Wait) else each.move
        return frozenset(found)

    def then(self, heard: Sequence[UserAct], move: Move) -> "Conversation":
        """The conversation with one more exchange."""
        return Conversation((*self.exchanges, Exchange(tuple(heard), move)))

    def undone(self) -> "Conversation | None":
        """The conversation before the person last told something; None where there is nothing to take back."""
        for place in range(len(self.exchanges) - 1, -1, -1):
            if self.exchanges[place].tells:
                return Conversation(self.exchanges[:place])
        return None


@dataclass(frozen=True)
class Memory:
    """What follows from what was said."""

    history: History
    """One dialogue, N = 1."""
    profile: Profiles
    """One person: what was known of them, and what they said of items."""
    gone: tuple[int, ...]
    """Items not to be shown: seen, disliked, or turned down by name."""
    sources: tuple[tuple[int, int], ...]
    """Exchange and place in it of the act behind each step that tells something, -1 and -1 for the other steps."""


def remember(
    catalogue: Catalogue,
    rules: Rules,
    exchanges: Sequence[Exchange],
    heard: Sequence[UserAct],
    profile: Profiles,
) -> Memory:
    """Everything that follows from a conversation.

    :param heard: what the person has just done; the agent has not answered yet.
    :param profile: what is known of the person from elsewhere.
    """
    writer = _Writer(catalogue, rules)
    on_table: Move | None = None
    said = [*(each.heard for each in exchanges), tuple(heard)]
    moves: list[Move | None] = [*(each.move for each in exchanges), None]
    for number, (acts, move) in enumerate(zip(said, moves, strict=True)):
        writer.hear(number, on_table, acts)
        if not isinstance(move, Wait):
            on_table = move
        else:
            writer.waited = True
    likes = [act.item for acts in said for act in acts if isinstance(act, Like)]
    dislikes = [act.item for acts in said for act in acts if isinstance(act, Dislike)]
    seen = [act.item for acts in said for act in acts if isinstance(act, Seen)]
    taste = profile.and_then(0, liked=likes, disliked=dislikes, seen=[item for item in seen if item not in likes])
    gone = tuple(dict.fromkeys([*seen, *dislikes, *likes]))
    return Memory(writer.history, taste, gone, tuple(writer.sources))


class _Writer:
    """Writes what was said into the arrays that belief and policy are computed from."""

    def __init__(self, catalogue: Catalogue, rules: Rules) -> None:
        self._catalogue, self._rules = catalogue, rules
        nobody = np.full(1, -1, np.int32)
        self.history = History.begin(nobody, rules.turns, rules.questions.n_options, rules.space.list_length)
        self.sources: list[tuple[int, int]] = []
        self.waited = False
        """Whether the agent has waited since it last spoke."""
        self._open_list: int | None = None
        """Step of a list that is being thought about."""

    def hear(self, number: int, on_table: Move | None, acts: Sequence[UserAct]) -> None:
        """Take in what the person did after the agent's last word.

        :param number: which exchange this is.
        """
        rest = list(enumerate(acts))
        source = next((place for place, act in rest if isinstance(act, TELLING)), -1)
        if self.waited:
            self._wait(number, on_table, acts, source)
            self.waited = False
        elif isinstance(on_table, Ask):
            self._question(number, on_table, acts)
        elif isinstance(on_table, Recommend):
            self._list(number, on_table, acts, source)
        for place, act in rest:
            if isinstance(act, Inform) and not (isinstance(on_table, Ask) and act.attribute in on_table.options):
                self._listen(act, (number, place))
            elif isinstance(act, Critique) and not (isinstance(on_table, Recommend) and act.item in on_table.items):
                step = self._next(Act.LISTEN, (number, place))
                self.history.critiques[0, step] = 0, act.attribute, act.direction
        self._look(acts)

    def _next(self, act: Act, source: tuple[int, int]) -> int:
        history = self.history
        step = int(history.length[0])
        if step >= history.n_steps:
            history.grow(self._rules.turns)
        history.acts[0, step] = act
        history.ticks[0, step] = act is not Act.LISTEN
        history.length += 1
        self.sources.append(source)
        if self._open_list is not None and act in (Act.ASK, Act.RECOMMEND):
            history.settled[0, step] = self._open_list + 1
            self._open_list = None
        return step

    def _look(self, acts: Sequence[UserAct]) -> None:
        """What the moment looks like in which the agent decides."""
        step = int(self.history.length[0])
        if step >= self.history.n_steps:
            self.history.grow(self._rules.turns)
        if any(isinstance(act, Defer) for act in acts):
            event = Event.DEFERRAL
        elif any(isinstance(act, Fragment) for act in acts):
            event = Event.FRAGMENT
        else:
            event = Event.SILENCE if any(isinstance(act, Nothing) for act in acts) else Event.MESSAGE
        self.history.events[0, step] = event
        self.history.typing[0, step] = event is Event.FRAGMENT
        self.history.completeness[0, step] = HALF if event is Event.FRAGMENT else COMPLETE

    def _question(self, number: int, asked: Ask, acts: Sequence[UserAct]) -> None:
        answers, confidence, place = answers_to(asked, acts)
        one_named = (answers == Answer.YES).sum() == 1 and (answers == Answer.UNSAID).sum() == len(answers) - 1
        step = self._next(Act.ASK, (number, place) if place >= 0 else NOWHERE)
        history, count = self.history, len(asked.options)
        history.options[0, step, :count] = asked.options
        history.answers[0, step, :count] = answers
        # Who names several, or what does not hold alone, has not answered as one is asked to.
        history.naming[0, step] = asked.naming and (one_named or len(set(answers.tolist())) == 1)
        history.confidence[0, step] = confidence

    def _list(self, number: int, shown: Recommend, acts: Sequence[UserAct], source: int) -> None:
        step = self._next(Act.RECOMMEND, (number, source))
        history = self.history
        history.lists[0, step, : len(shown.items)] = shown.items
        history.chance[0, step] = shown.chance
        if _no_verdict(acts):
            history.deferred[0, step] = True
            self._open_list = step
        else:
            self._judge(step, step, shown, acts)

    def _wait(self, number: int, on_table: Move | None, acts: Sequence[UserAct], source: int) -> None:
        step = self._next(Act.WAIT, (number, source))
        if self._open_list is not None and isinstance(on_table, Recommend) and not _no_verdict(acts):
            self.history.settled[0, step] = self._open_list + 1
            self._judge(self._open_list, step, on_table, acts)
            self._open_list = None

    def _judge(self, shown_at: int, step: int, shown: Recommend, acts: Sequence[UserAct]) -> None:
        for act in acts:
            if isinstance(act, Accept) and act.item in shown.items:
                self.history.accepted[0, shown_at] = shown.items.index(act.item) + 1
            elif isinstance(act, Critique) and act.item in shown.items:
                place = shown.items.index(act.item) + 1
                self.history.critiques[0, step] = place, act.attribute, act.direction

    def _listen(self, act: Inform, source: tuple[int, int]) -> None:
        step = self._next(Act.LISTEN, source)
        answer = Answer.SORT_OF if act.graded else Answer.YES if act.holds else Answer.NO
        self.history.options[0, step, 0] = act.attribute
        self.history.answers[0, step, 0] = answer
        plainly = answer is Answer.YES
        share = float(self._catalogue.attribute_rates[act.attribute])
        self.history.confidence[0, step] = told(act.confidence, share) if plainly else act.confidence


SUREST = 0.9995
"""Confidence in what was told, at most: that something was misunderstood must stay possible."""


def told(confidence: float, share: float) -> float:
    """Confidence in one of two answers that says as much as a name that was heard.

    Of two answers a wrong one is heard by chance half the time; a name that few items have is hardly ever heard by
    chance.  After it, what is looked for has it with a chance of ``confidence`` (Bayes' rule, turned around).

    :param share: share of items that have it, of those of which that is known.
    """
    if confidence >= 1.0 or not 0.0 < share < 1.0:
        return confidence
    odds = confidence / (1.0 - confidence) * (1.0 - share) / share
    return max(confidence, min((odds - 1.0) / (odds + 1.0), SUREST))


NOWHERE = -1, -1
"""Source of a step that tells nothing."""

OF_ALL = {
    "affirm": Answer.YES, "deny": Answer.NO, "sort-of": Answer.SORT_OF, "dont-know": Answer.DONT_KNOW,
    "dont-care": Answer.DONT_CARE,
}  # fmt: skip
"""Answers that are about all options alike."""


def answers_to(asked: Ask, acts: Sequence[UserAct]) -> tuple[NDArray[np.int8], float, int]:
    """Answers to each option (-1 where the question was passed over), how sure they are, and place of the act."""
    answers = np.full(len(asked.options), -1, np.int8)
    informs = [(place, act) for place, act in enumerate(acts) if isinstance(act, Inform)]
    named = [(place, act) for place, act in informs if act.attribute in asked.options]
    if named:
        several = len(asked.options) > 1
        picked = any(inform.holds for _, inform in named)
        # Who names what fits leaves the rest out, unless one name was all that could be said.
        silence = Answer.UNSAID if asked.naming else Answer.NO
        if several and picked:
            answers[:] = silence
        for _, inform in named:
            answer = Answer.SORT_OF if inform.graded else Answer.YES if inform.holds else Answer.NO
            answers[asked.options.index(inform.attribute)] = answer
        if several and not picked:
            answers[answers < 0] = Answer.UNSAID
        return answers, min(inform.confidence for _, inform in named), named[0][0]
    for place, act in enumerate(acts):
        if isinstance(act, Affirm | Deny | SortOf | DontKnow | DontCare):
            answers[:] = OF_ALL[act.act]
            return answers, act.confidence, place
    return answers, 1.0, -1


def _no_verdict(acts: Sequence[UserAct]) -> bool:
    """Whether a list is still being thought about, or was only talked about."""
    if any(isinstance(act, Accept | Critique | Inform | Deny | DontCare | DontKnow | SortOf | Affirm) for act in acts):
        return False
    return not any(isinstance(act, Dislike | Like) for act in acts)


def without(exchanges: Sequence[Exchange], number: int, place: int) -> tuple[Exchange, ...]:
    """The same exchanges, one act of the person unsaid."""
    changed = list(exchanges)
    heard = changed[number].heard
    changed[number] = replace(changed[number], heard=heard[:place] + heard[place + 1 :])
    return tuple(changed)
