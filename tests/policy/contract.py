"""What every policy must do, as a suite to inherit: a new policy names how it is made and what it beats."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.dataset import Dataset
from policy import registry
from policy.tuned_rules import Conditions
from simulator.candidates import ActionSpace
from simulator.evaluation import Run, compare, evaluate_policy
from simulator.history import Act, History
from simulator.protocol import Policy, State
from simulator.randomness import dialogue_keys
from simulator.runs import Setting, Targets
from simulator.statistics import Comparison
from tests.worlds import MODES, Ranked, city, make_world, setting_of, shelf, town

DIALOGUES = 700
"""On :func:`city`: the standard error of a mean difference in turns is about .1."""


def conditions(questions: str = "binary") -> Conditions:
    """Conditions no rule was tuned for."""
    return Conditions("nowhere", "uniform", questions, 15)


def run_in_city(policy: Policy, dialogues: int = DIALOGUES, space: ActionSpace | None = None) -> Run:
    """The same dialogues for every policy."""
    return evaluate_policy(policy, setting_of(city(), space=space), "classic", dialogues, (0,))


@cache
def named_run(name: str) -> Run:
    """The run of a policy of the registry, held once for all who compare themselves with it."""
    return run_in_city(registry.make(name, conditions()))


def turns_saved(better: Run, worse: Run) -> Comparison:
    """By how many turns ``better`` is quicker: a paired difference, below zero when it is."""
    (found,) = (each for each in compare([worse, better]) if each.metric == "at")
    return found


def states(setting: Setting, policy: Policy, targets: Targets, keys: NDArray[np.uint64]) -> Iterator[State]:
    """Every state of a batch, one after the other."""
    talk = setting.begin(policy, targets, keys)
    while talk.n_dialogues:
        state = talk.state()
        yield state
        outcome = talk.step(state, policy.choose(state))
        assert not outcome.invalid.any(), "a closed slot was chosen"
        talk.keep(np.flatnonzero(~outcome.over))


def about(items: list[int] | NDArray[np.int32]) -> Targets:
    """These targets, looked for by user 0."""
    return Targets(np.zeros(len(items), np.int32), np.asarray(items, np.int32))


def outcome(setting: Setting, policy: Policy, items: NDArray[np.int32], keys: NDArray[np.uint64]) -> History:
    """The histories of one batch with these keys."""
    talk = setting.begin(policy, about(items), keys)
    whole = talk.history.take(np.arange(talk.n_dialogues))
    whole.grow(60 - whole.n_steps)
    while talk.n_dialogues:
        state = talk.state()
        over = talk.step(state, policy.choose(state)).over
        now = talk.history.take(np.arange(talk.n_dialogues))
        now.grow(60 - now.n_steps)
        whole.put(talk.rows, now)
        talk.keep(np.flatnonzero(~over))
    return whole


class PolicyContract(ABC):
    """Inherit, say how the policy is made and which policies it beats, and be tested."""

    beats: ClassVar[tuple[str, ...]] = ()
    """Names of policies that need more turns in :func:`city`, beyond doubt."""
    succeeds: ClassVar[float] = 0.0
    """Success rate within 15 turns in :func:`city` that the policy must reach."""

    @abstractmethod
    def make(self) -> Policy:
        """A new policy."""

    @classmethod
    @cache
    def run(cls) -> Run:
        """The policy in :func:`city`, held once."""
        return run_in_city(cls().make())

    def test_it_is_a_policy(self):
        assert isinstance(self.make(), Policy)
        assert self.make().name == self.make().name != ""

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("narrow", [False, True])
    def test_only_open_slots_are_chosen_to_the_end(self, mode: QuestionMode, narrow: bool):
        policy, n = self.make(), 30
        dataset = town(0.2)
        rng = np.random.default_rng(0)
        eligible = rng.random(dataset.catalogue.n_items) < (0.1 if narrow else 1.1)
        setting = setting_of(dataset, mode, space=ActionSpace(4, 5, 3), eligible=eligible)
        for state in states(setting, policy, about(rng.integers(0, 120, n)), dialogue_keys(0, np.arange(n))):
            decision = policy.choose(state)
            slots = decision.slots
            assert slots.shape == (state.history.n_dialogues,)
            assert np.issubdtype(slots.dtype, np.integer)
            assert state.candidates.mask[np.arange(len(slots)), slots].all()
            if decision.lists is not None:
                assert decision.lists.shape == (len(slots), 3)
                shows = state.candidates.space.act_of(slots) == Act.RECOMMEND
                assert (decision.lists[shows, 0] >= 0).all()

    @pytest.mark.parametrize("mode", MODES)
    def test_the_same_keys_lead_to_the_same_choice_and_the_state_is_left_alone(self, mode: QuestionMode):
        policy, other = self.make(), self.make()
        setting = setting_of(town(), mode)
        for state in states(setting, policy, about(np.arange(20)), dialogue_keys(3, np.arange(20))):
            before = state.belief.log_weights.copy(), state.candidates.mask.copy(), state.history.acts.copy()
            first, again, another = policy.choose(state), policy.choose(state), other.choose(state)
            assert np.array_equal(first.slots, again.slots)
            assert np.array_equal(first.slots, another.slots)
            if first.lists is not None:
                assert np.array_equal(first.lists, again.lists)
            after = state.belief.log_weights, state.candidates.mask, state.history.acts
            assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))

    @pytest.mark.parametrize("mode", MODES)
    def test_the_order_of_a_batch_does_not_matter(self, mode: QuestionMode):
        setting = setting_of(town(), mode)
        items, keys = np.arange(0, 120, 6, dtype=np.int32), dialogue_keys(1, np.arange(20))
        order = np.random.default_rng(0).permutation(20)
        straight = outcome(setting, self.make(), items, keys)
        shuffled = outcome(setting, self.make(), items[order], keys[order])
        for name in History.__dataclass_fields__:
            assert np.array_equal(getattr(shuffled, name), getattr(straight, name)[order]), name

    @pytest.mark.parametrize(
        ("dataset", "eligible"),
        [
            (shelf(1), None),
            (shelf(2), None),
            (shelf(40), None),  # nothing to ask: the one attribute is named at the opening
            (shelf(40), np.arange(40) == 7),  # soon no eligible item is left, and the one in mind is not eligible
            (make_world({f"item {place}": {"kind": []} for place in range(5)} | {"x": {"kind": ["a"]}}), None),
        ],
        ids=["one item", "two items", "nothing to ask", "nothing to show", "nothing to say"],
    )
    def test_it_copes_with_little(self, dataset: Dataset, eligible: NDArray[np.bool_] | None):
        policy = self.make()
        items = np.zeros(1, np.int32)
        for mode in MODES:
            setting = setting_of(dataset, mode, eligible=eligible, anonymous=True)
            for _ in states(setting, policy, about(items), dialogue_keys(0, [0])):
                pass

    def test_an_item_that_can_only_be_shown_is_shown(self):
        """Nothing to ask and five items: whoever can show them all has found the one in mind."""
        setting = setting_of(shelf(5), affinity=Ranked(5), space=ActionSpace(2, 5, 5))
        history = outcome(setting, self.make(), np.array([4], np.int32), dialogue_keys(0, [0]))
        assert history.accepted_turn.tolist() == [1]

    def test_it_succeeds_as_often_as_it_should(self):
        assert self.run().summary()["sr"]["15"] >= self.succeeds

    def test_it_beats_what_it_should_beat(self):
        for name in self.beats:
            saved = turns_saved(self.run(), named_run(name))
            assert saved.ci[1] < 0, f"{self.run().label} does not need fewer turns than {name}: {saved}"
