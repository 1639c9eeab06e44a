"""The one core behind every environment: N dialogues that begin anew, each in its place, as soon as they are over.

Legend: N places, E dialogues that are over, V items, K slots, k items of a list.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graph.answers import AnswerModel
from graph.errors import OptionError
from simulator.core import Conversations, Outcome
from simulator.environments.episodes import EpisodeTargets
from simulator.environments.observations import KEYS, Encoder, Observation, Parts
from simulator.environments.options import check_count, check_kind, check_known
from simulator.environments.setup import make_setting
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys


@dataclass(frozen=True)
class Ended:
    """Dialogues that were over after a step, as they looked before others took their places."""

    rows: NDArray[np.intp]
    """Places, shape (E,)."""
    observation: Observation
    """The last one of each, first axis E."""
    facts: dict[str, NDArray[np.generic]]
    """How it ended, each of shape (E,): ``success``, ``success_turn``, ``rank``, ``turns``, ``ticks``, ``reward``,
    ``interruptions``, ``dead_air``, ``left``."""


class Batch:
    """N dialogues under way.

    :param autoreset: whether others take the places of those whose dialogue is over.
    :param split: "valid", the default, for a rehearsal that knows train and asks for valid pairs, or "test".
    :param observe: parts of the observations, some of :data:`simulator.environments.observations.KEYS`, or an encoder
        that makes others.
    :param answer_model: how answers are understood; truthfully if not given.
    :param options: see :func:`simulator.environments.setup.make_setting`.
    :raises OptionError: when an option is none that there is.
    """

    def __init__(
        self,
        n_places: int,
        autoreset: bool = True,
        /,
        *,
        split: str = "valid",
        observe: Sequence[str] | Encoder = KEYS,
        answer_model: AnswerModel | None = None,
        **options: Any,
    ) -> None:
        check_count("num_envs", n_places)
        check_known(options, OPTIONS)
        self.setting = make_setting(split=split, **options)
        self.catalogue, self.rules = self.setting.dataset.catalogue, self.setting.rules
        self._encoder = observe if isinstance(observe, Encoder) else Parts(observe)
        self.space = self._encoder.space(self.catalogue, self.rules)
        self.n_slots = self.rules.space.n_slots
        self._targets = EpisodeTargets(self.setting.dataset)
        self._answer_model = AnswerModel.honest(self.catalogue) if answer_model is None else answer_model
        check_kind("answer_model", self._answer_model, AnswerModel)
        self._autoreset = autoreset
        self._seeds = np.random.SeedSequence().generate_state(n_places, np.uint64).astype(np.uint64)
        self._episodes = np.zeros(n_places, np.uint64)
        self._talk: Conversations | None = None
        self._state: State | None = None
        self._lists: NDArray[np.int32] | None = None

    @property
    def n_places(self) -> int:
        return len(self._seeds)

    @property
    def talk(self) -> Conversations:
        """The dialogues under way.

        :raises OptionError: before the first reset.
        """
        if self._talk is None:
            raise OptionError("no dialogue has begun; call reset() first")
        return self._talk

    @property
    def state(self) -> State:
        """What can be known now."""
        if self._state is None:
            self._state = self.talk.state()
        return self._state

    def seed(self, seeds: Sequence[int | None]) -> None:
        """Begin the streams of some places anew at the next reset: place i meets the users of seed i, one by one.

        :param seeds: 0 or more each, None to let a stream go on, shape (N,).
        :raises OptionError: when there are not N, or one is no seed.
        """
        if len(seeds) != self.n_places:
            raise OptionError(f"{len(seeds)} seeds for {self.n_places} dialogues: give one number, or one for each")
        checked = [None if seed is None else checked_seed(seed) for seed in seeds]
        for place, seed in enumerate(checked):
            if seed is not None:
                self._seeds[place], self._episodes[place] = np.uint64(seed % 2**64), 0

    def reset(self) -> Observation:
        """Begin a new dialogue in every place."""
        self._talk = self._begin(np.arange(self.n_places))
        self._state = self._lists = None
        return self.observation()

    def observation(self) -> Observation:
        """What is seen of every dialogue."""
        return self._encoder.encode(self.state, self.rules)

    def masks(self) -> NDArray[np.bool_]:
        """Open slots, shape (N, K)."""
        return self.state.candidates.mask.copy()

    def set_lists(self, lists: ArrayLike) -> None:
        """Show these items where the next step takes a recommend slot; valid for that step.

        :param lists: shape (N, at most k), -1 where there are fewer; a row without items leaves the list to the slot.
        :raises OptionError: when the shape is another, or there is no such item.
        """
        items, longest = np.asarray(lists), self.rules.space.list_length
        fits = items.ndim == 2 and len(items) == self.n_places and items.shape[1] <= longest
        if not fits or not np.issubdtype(items.dtype, np.integer):
            raise OptionError(
                f"lists have shape {items.shape} and type {items.dtype}: give the numbers of at most {longest} items "
                f"for each of {self.n_places} dialogues"
            )
        if items.min(initial=0) < -1 or items.max(initial=-1) >= self.catalogue.n_items:
            raise OptionError(f"lists name items from 0 to {self.catalogue.n_items - 1}, and -1 for none")
        self._lists = np.full((self.n_places, longest), -1, np.int32)
        self._lists[:, : items.shape[1]] = items

    def step(self, actions: ArrayLike) -> tuple[Observation, Outcome, Ended]:
        """Take one slot in each dialogue; those that are over make room for others.

        :param actions: slots, shape (N,); a closed one is replaced by the first open one and reported.
        :return: observations of what is under way now, the outcome of the step, and what has ended.
        :raises OptionError: when the actions are not N whole numbers, or no dialogue has begun.
        """
        state, slots = self.state, self._checked_slots(actions)
        outcome = self.talk.step(state, Decision(slots, self._take_lists(slots)))
        self._state = None
        rows = np.flatnonzero(outcome.over)
        ended = self._take_leave(rows)
        if len(rows) and self._autoreset:
            self.begin_anew(rows)
        return self.observation(), outcome, ended

    def _checked_slots(self, actions: ArrayLike) -> NDArray[np.intp]:
        slots = np.asarray(actions)
        if slots.shape != (self.n_places,) or not np.issubdtype(slots.dtype, np.integer):
            raise OptionError(
                f"actions have shape {slots.shape} and type {slots.dtype}: give whole numbers of shape "
                f"({self.n_places},), each a slot from 0 to {self.n_slots - 1}"
            )
        return slots.astype(np.intp)

    def _take_lists(self, slots: NDArray[np.intp]) -> NDArray[np.int32] | None:
        """The lists that were set for this step, shape (N, k), completed by those of the slots."""
        lists, self._lists = self._lists, None
        if lists is None:
            return None
        candidates = self.state.candidates
        place = np.clip(slots, 0, self.n_slots - 1)
        is_open = (place == slots) & candidates.mask[np.arange(self.n_places), place]
        # What a closed slot is replaced by shows the most believed items, as slot 0 does here.
        own = candidates.list_for(np.where(is_open, slots, 0))
        empty = (lists < 0).all(axis=1)
        lists[empty, : own.shape[1]] = own[empty]
        return lists

    def begin_anew(self, rows: NDArray[np.intp]) -> None:
        """Begin the next dialogue of their stream in some places, shape (E,)."""
        self.talk.replace(rows, self._begin(rows))
        self._state = None

    def _take_leave(self, rows: NDArray[np.intp]) -> Ended:
        if not len(rows):
            return Ended(rows, {}, {})
        history, tally = self.talk.history.take(rows), self.talk.tally.take(rows)
        facts: dict[str, NDArray[np.generic]] = {
            "success": history.accepted_turn > 0,
            "success_turn": history.accepted_turn.astype(np.int64),
            "rank": history.accepted_rank.astype(np.int64),
            "turns": history.turns.astype(np.int64),
            "ticks": history.clock.astype(np.int64),
            "left": history.left,
            "reward": tally.reward,
            "interruptions": tally.interruptions.astype(np.int64),
            "dead_air": tally.dead_air.astype(np.int64),
        }
        return Ended(rows, self._encoder.encode(self.talk.state(rows), self.rules), facts)

    def _begin(self, rows: NDArray[np.intp]) -> Conversations:
        keys = dialogue_keys(self._seeds[rows], self._episodes[rows])
        self._episodes[rows] += np.uint64(1)
        return self.setting.begin_with(self._answer_model, self._targets.draw(keys), keys)


def checked_seed(seed: object) -> int:
    """A seed as an int.

    :raises OptionError: when it is no whole number from 0.
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise OptionError(f"seed={seed!r}: give a whole number of 0 or more")
    return int(seed)


OPTIONS = tuple(
    name
    for maker in (Batch, make_setting)
    for name, parameter in inspect.signature(maker).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
)
"""What may be said about the dialogues of every environment."""
