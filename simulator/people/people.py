"""Simulated people: what they say to each act of the agent, and when.

Only they know what they look for.  Everything they do is a function of their traits, their mind, the history and their
own luck, for all dialogues of a batch at once.

Legend: N dialogues, m options of a question, k items of a list.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from simulator.history import Act, History
from simulator.people import judging
from simulator.people.answering import Answering
from simulator.people.attention import LOST, Attention, asks_for_time, pace
from simulator.people.hearing import ConfusionTable, shipped_table
from simulator.people.minds import Minds
from simulator.people.patience import Annoyance
from simulator.people.traits import Traits
from simulator.randomness import Purpose, chance, uniform
from simulator.rows import RowArrays
from simulator.timing import SILENCE_TIMER, Event, Phase

ANNOUNCED = 0.5
"""Chance that somebody whose mind changes says something about it."""


@dataclass
class Opening(RowArrays):
    """How the conversations begin."""

    attribute: NDArray[np.int32]
    """What each is looking for, shape (N,), -1 for nothing said."""
    event: NDArray[np.int8]
    typing: NDArray[np.bool_]
    completeness: NDArray[np.float16]


@dataclass
class Reaction(RowArrays):
    """What people did at one step, and, at the end, what only they know of it."""

    answers: NDArray[np.int8]
    """:class:`graph.answers.Answer` to each option, shape (N, m), -1 where there is none."""
    confidence: NDArray[np.float16]
    """How sure the understander is of the answer, shape (N,)."""
    accepted: NDArray[np.int16]
    """Place in the list shown at this step of the item that is taken at once, 0 for none, shape (N,)."""
    deferred: NDArray[np.bool_]
    """Whether the list shown at this step is thought about, shape (N,)."""
    settled: NDArray[np.int16]
    """Step (from 1) of an earlier list that was settled, 0 for none, shape (N,)."""
    verdict: NDArray[np.int16]
    """Place in that list of the item that is taken, 0 for none, shape (N,)."""
    volunteered: NDArray[np.int32]
    """Attribute named unasked, -1 for none, shape (N,)."""
    critiques: NDArray[np.int32]
    """See :class:`simulator.history.History`, shape (N, 3)."""
    ticks: NDArray[np.int8]
    event: NDArray[np.int8]
    typing: NDArray[np.bool_]
    completeness: NDArray[np.float16]
    interrupted: NDArray[np.bool_]
    """Hidden: whether the agent spoke while the person wrote or thought, shape (N,)."""
    dead_air: NDArray[np.bool_]
    """Hidden: whether the agent let somebody wait who had finished, shape (N,)."""
    wanted_shown: NDArray[np.bool_]
    """Hidden: whether the list of this step holds an item that would do, shape (N,)."""

    @classmethod
    def none(cls, n: int, n_options: int) -> "Reaction":
        """Nothing but a message."""
        return cls(
            answers=np.full((n, n_options), -1, np.int8),
            confidence=np.ones(n, np.float16),
            accepted=np.zeros(n, np.int16),
            deferred=np.zeros(n, bool),
            settled=np.zeros(n, np.int16),
            verdict=np.zeros(n, np.int16),
            volunteered=np.full(n, -1, np.int32),
            critiques=np.zeros((n, 3), np.int32),
            ticks=np.ones(n, np.int8),
            event=np.full(n, Event.MESSAGE, np.int8),
            typing=np.zeros(n, bool),
            completeness=np.ones(n, np.float16),
            interrupted=np.zeros(n, bool),
            dead_air=np.zeros(n, bool),
            wanted_shown=np.zeros(n, bool),
        )


class People:
    """N people.

    :param targets: item each has in mind, shape (N,).
    :param keys: random key of each, shape (N,).
    :param traits: what each is like.
    :param table: how they are understood, where that is not perfect.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        targets: NDArray[np.int32],
        keys: NDArray[np.uint64],
        traits: Traits | None = None,
        table: ConfusionTable | None = None,
    ) -> None:
        self._catalogue, self._keys = catalogue, keys.copy()
        self._traits = Traits.classic(len(targets)) if traits is None else traits
        self._table = table
        self._minds = Minds.form(catalogue, targets, keys, self._traits)
        self._attention, self._annoyance = Attention.ready(len(targets)), Annoyance.none(len(targets))
        self._look_around()

    def _look_around(self) -> None:
        """Find out anew what has to be taken into account."""
        self._present = self._traits.present()
        self._answering = Answering(self._catalogue, self._traits, self._minds, self._keys)

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept of these people."""
        parts = (self._traits, self._minds, self._attention, self._annoyance)
        return self._keys.nbytes + sum(part.nbytes for part in parts)

    @property
    def without_history(self) -> NDArray[np.bool_]:
        """Whose history is not known, shape (N,)."""
        return np.asarray(self._traits.newness > 0)

    def open(self) -> Opening:
        """The first message of each."""
        n = len(self._keys)
        silent = chance(self._keys, Purpose.OPENING, 1, self._traits.silence)
        attribute = np.where(silent, -1, self._minds.opening).astype(np.int32)
        event, zeros = np.full(n, Event.MESSAGE, np.int8), np.zeros(n, np.int64)
        if "bursts" in self._present:
            self._attention.begin_burst(np.arange(n), self._traits.bursts, self._keys, zeros)
            event[self._attention.phase == Phase.COMPOSING] = Event.FRAGMENT
        return Opening(attribute, event, *self._attention.look(self._traits.bursts, self._keys, zeros))

    def take(self, rows: NDArray[np.intp]) -> "People":
        """Some of the people as they are now, shape (E,), repeats allowed, as a copy."""
        some = object.__new__(People)
        some._catalogue, some._table, some._keys = self._catalogue, self._table, self._keys[rows]
        some._traits, some._minds = self._traits.take(rows), self._minds.take(rows)
        some._attention, some._annoyance = self._attention.take(rows), self._annoyance.take(rows)
        some._look_around()
        return some

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Go on with some of the people only."""
        self._keys = self._keys[rows]
        self._traits, self._minds = self._traits.take(rows), self._minds.take(rows)
        self._attention, self._annoyance = self._attention.take(rows), self._annoyance.take(rows)
        self._look_around()

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        """Let other people take the places of some."""
        assert isinstance(others, People)
        self._keys[rows] = others._keys
        for name in ("_traits", "_minds", "_attention", "_annoyance"):
            getattr(self, name).put(rows, getattr(others, name))
        self._look_around()

    def answer(
        self, rows: NDArray[np.intp], options: NDArray[np.int32], mode: QuestionMode, turns: NDArray[np.integer]
    ) -> NDArray[np.int8]:
        """What is said about each option; see :meth:`simulator.people.answering.Answering.answer`."""
        return self._answering.answer(rows, options, mode, turns)

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        """What everybody does about the agent's latest act, which stands in the history already.

        :param history: its ``length`` does not count the act yet.
        :param last: dialogues in which the agent has no turn left after this act, shape (N,): people then think to
            the end before anything else happens.
        """
        everyone, steps = np.arange(history.n_dialogues), history.length.astype(np.intp)
        acts = history.acts[everyone, steps]
        speaks = acts != Act.WAIT
        turns = history.turns - speaks
        reaction = Reaction.none(len(acts), history.options.shape[2])
        if not speaks.all():
            self._let_wait(history, reaction, np.flatnonzero(~speaks), steps)
        if "bursts" in self._present or "deliberation" in self._present:
            self._be_interrupted(history, reaction, np.flatnonzero(speaks), steps)
        if "fickleness" in self._present:
            self._change_mind(history, reaction, np.flatnonzero(speaks), turns)
        asked, shown = np.flatnonzero(acts == Act.ASK), np.flatnonzero(acts == Act.RECOMMEND)
        if len(asked):
            self._reply(history, reaction, asked, steps, turns, mode)
        if len(shown):
            self._judge(history, reaction, shown, steps, turns, last)
        if "bursts" in self._present:
            self._write_on(reaction, np.flatnonzero(speaks), turns)
        reaction.typing, reaction.completeness = self._cues(steps)
        if "impatience" in self._present:
            self._lose_patience(history, reaction, steps)
        return reaction

    def _cues(self, steps: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        if "bursts" not in self._present:
            return np.zeros(len(steps), bool), np.ones(len(steps), np.float16)
        return self._attention.look(self._traits.bursts, self._keys, steps + 1)

    def _reply(
        self,
        history: History,
        reaction: Reaction,
        rows: NDArray[np.intp],
        steps: NDArray[np.intp],
        turns: NDArray[np.integer],
        mode: QuestionMode,
    ) -> None:
        answers = self.answer(rows, history.options[rows, steps[rows]], mode, turns[rows])
        if "mishearing" in self._present:
            table = self._table or shipped_table()
            keys, strength = self._keys[rows], self._traits.mishearing[rows]
            heard, confidence = table.hear(answers, mode, strength, keys, turns[rows])
            through = strength > 0
            answers = np.where(through[:, None], heard, answers)
            reaction.confidence[rows] = np.where(through, confidence, 1)
        reaction.answers[rows] = answers

    def _judge(
        self,
        history: History,
        reaction: Reaction,
        rows: NDArray[np.intp],
        steps: NDArray[np.intp],
        turns: NDArray[np.integer],
        last: NDArray[np.bool_],
    ) -> None:
        lists, keys, turn = history.lists[rows, steps[rows]], self._keys[rows], turns[rows]
        found = judging.first_wanted(self._minds, rows, lists)
        reaction.wanted_shown[rows] = found > 0
        accepted = found
        if "deliberation" in self._present:
            need = self._traits.deliberation[rows]
            at_once = judging.accepts_at_once(need, lists, keys, turn)
            verdict = np.where(judging.accepts_after_thought(need, lists, keys, turn), found, 0).astype(np.int16)
            thinks = (need > 0) & ~((found > 0) & at_once)
            accepted = np.where(thinks, np.where(last[rows], verdict, 0), found).astype(np.int16)
            thinks &= ~last[rows]
            thinking = rows[thinks]
            ticks = judging.thinking_time(lists, keys, turn)[thinks]
            self._attention.begin_thought(thinking, ticks, steps[thinking] + 1, verdict[thinks])
            reaction.deferred[thinking] = True
            reaction.event[thinking] = asks_for_time(self._keys[thinking], steps[thinking])
        reaction.accepted[rows] = accepted
        refused = (accepted == 0) & ~reaction.deferred[rows]
        self._turn_down(history, reaction, rows[refused], steps[rows[refused]], turn[refused])

    def _turn_down(
        self,
        history: History,
        reaction: Reaction,
        rows: NDArray[np.intp],
        steps: NDArray[np.intp],
        turns: NDArray[np.integer],
    ) -> None:
        """The lists shown at these steps are turned down."""
        self._annoyance.rejections[rows] += 1
        if "criticism" in self._present and len(rows):
            reaction.critiques[rows] = judging.criticise(
                self._catalogue, self._minds, self._traits, rows, history.lists[rows, steps], self._keys[rows], turns,
                self._levels,
            )  # fmt: skip

    @cached_property
    def _levels(self) -> NDArray[np.int32]:
        return judging.ordered_levels(self._catalogue)

    def _be_interrupted(
        self, history: History, reaction: Reaction, rows: NDArray[np.intp], steps: NDArray[np.intp]
    ) -> None:
        """The agent speaks: what was being written may be lost, a list on show is dropped."""
        attention = self._attention
        thinking = rows[attention.phase[rows] == Phase.THINKING]
        if len(thinking):
            reaction.settled[thinking] = attention.shown_at[thinking]
            attention.end_thought(thinking)
            reaction.interrupted[thinking] = True
        writing = rows[attention.phase[rows] == Phase.COMPOSING]
        if len(writing):
            lost = uniform(self._keys[writing], Purpose.LOSS, steps[writing])[:, 0] < LOST
            self._volunteer(history, reaction, writing[~lost], steps)
            attention.pieces[writing] = 0
            attention.phase[writing] = Phase.READY
            reaction.interrupted[writing] = True
        self._annoyance.interruptions[reaction.interrupted] += 1

    def _let_wait(self, history: History, reaction: Reaction, rows: NDArray[np.intp], steps: NDArray[np.intp]) -> None:
        """The agent waits: pieces arrive, thoughts end, or nothing happens until the timer rings."""
        attention = self._attention
        phase = attention.phase[rows].copy()
        reaction.event[rows] = Event.SILENCE
        reaction.ticks[rows] = SILENCE_TIMER
        writing = rows[phase == Phase.COMPOSING]
        if len(writing):
            reaction.ticks[writing] = pace(self._keys[writing], steps[writing])
            self._volunteer(history, reaction, writing, steps)
            attention.pieces[writing] -= 1
            more = (attention.pieces[writing] > 0) & (reaction.volunteered[writing] >= 0)
            attention.phase[writing] = np.where(more, Phase.COMPOSING, Phase.READY)
            reaction.event[writing] = np.where(more, Event.FRAGMENT, Event.MESSAGE)
        thinking = rows[phase == Phase.THINKING]
        if len(thinking):
            reaction.ticks[thinking] = np.minimum(attention.thought_left[thinking], SILENCE_TIMER)
            attention.thought_left[thinking] -= reaction.ticks[thinking]
            ready = thinking[attention.thought_left[thinking] == 0]
            reaction.settled[ready], reaction.verdict[ready] = attention.shown_at[ready], attention.verdict[ready]
            reaction.event[ready] = Event.MESSAGE
            attention.end_thought(ready)
            refused = ready[reaction.verdict[ready] == 0]
            shown_at = reaction.settled[refused].astype(np.intp) - 1
            # As after a list judged at once: by the luck of the turn at which it was shown, which was the last one.
            self._turn_down(history, reaction, refused, shown_at, history.turns[refused] - 1)
        idle = rows[(phase == Phase.READY) | (phase == Phase.IDLE)]
        attention.phase[idle] = Phase.IDLE
        reaction.dead_air[idle] = True

    def _write_on(self, reaction: Reaction, rows: NDArray[np.intp], turns: NDArray[np.integer]) -> None:
        """After a reply some write on."""
        free = rows[(self._attention.phase[rows] != Phase.THINKING) & (reaction.accepted[rows] == 0)]
        # Half as likely as at the start: most of what people have to say they say at first.
        self._attention.begin_burst(free, self._traits.bursts[free] / 2, self._keys[free], turns[free] + 1)
        reaction.event[free] = np.where(
            self._attention.phase[free] == Phase.COMPOSING, Event.FRAGMENT, reaction.event[free]
        )

    def _change_mind(
        self, history: History, reaction: Reaction, rows: NDArray[np.intp], turns: NDArray[np.integer]
    ) -> None:
        """Some look for something else from here on, and half of them say so."""
        may = rows[~self._minds.changed[rows]]
        turned = may[chance(self._keys[may], Purpose.CHANGE_OF_MIND, turns[may], self._traits.fickleness[may])]
        if not len(turned):
            return
        self._minds.change(self._catalogue, turned, self._keys[turned], turns[turned])
        says_so = uniform(self._keys[turned], Purpose.ANNOUNCEMENT, turns[turned])[:, 0] < ANNOUNCED
        self._volunteer(history, reaction, turned[says_so], history.length.astype(np.intp))

    def _volunteer(self, history: History, reaction: Reaction, rows: NDArray[np.intp], steps: NDArray[np.intp]) -> None:
        """Name one attribute of the item in mind that was not named yet, drawn uniformly; nothing if none is left."""
        if not len(rows):
            return
        place, attributes = self._catalogue.item_attributes.gather(self._minds.first[rows])
        said = np.concatenate(
            [history.opening[rows, None], history.options[rows].reshape(len(rows), -1), history.volunteered[rows]],
            axis=1,
        )
        fresh = ~(said[place] == attributes[:, None]).any(axis=1)
        place, attributes = place[fresh], attributes[fresh]
        if not len(place):
            return
        first = np.searchsorted(place, np.arange(len(rows)))
        count = np.bincount(place, minlength=len(rows))
        lots = uniform(self._keys[rows], Purpose.VOLUNTEER, steps[rows])[:, 0]
        chosen = np.minimum(first + (lots * count).astype(np.intp), len(attributes) - 1)
        says = count > 0  # whoever has nothing to say leaves what was said at this step before
        reaction.volunteered[rows[says]] = attributes[chosen[says]]

    def _lose_patience(self, history: History, reaction: Reaction, steps: NDArray[np.intp]) -> None:
        """Some leave, unless they have just found what they want."""
        everyone = np.arange(len(steps))
        repeats = np.zeros(len(steps), np.int64)
        rows = np.flatnonzero((self._traits.impatience > 0) & (history.acts[everyone, steps] != Act.WAIT))
        earlier = np.arange(history.n_steps)[None, :, None] < steps[rows, None, None]
        for said in (history.lists[rows], history.options[rows]):
            now = said[np.arange(len(rows)), steps[rows]][:, :, None]
            before = np.where(earlier, said, -1).reshape(len(rows), 1, said.shape[1] * said.shape[2])
            repeats[rows] += ((now == before) & (now >= 0)).any(axis=2).sum(axis=1)
        dead_air = np.where(reaction.dead_air, reaction.ticks, 0).astype(np.int64)
        leaves = self._annoyance.leaves(self._traits.impatience, repeats, dead_air, self._keys, steps)
        leaves &= (reaction.accepted == 0) & (reaction.verdict == 0)
        reaction.event[leaves] = Event.LEFT
        self._attention.phase[leaves] = Phase.GONE
