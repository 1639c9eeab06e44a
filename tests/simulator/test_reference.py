"""The reference line: by hand, and below what policies need in worlds of all sorts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.belief import TIE_BREAK
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.hashing import hash_order
from policy.bayes import BayesPolicy
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules
from simulator.metrics import turns_taken
from simulator.people import Opening, People
from simulator.protocol import Decision, Policy, State
from simulator.randomness import dialogue_keys
from simulator.reference import n_responses, reference_turns, target_ranks

ROUNDING = 1e-9


def catalogue_of(has: NDArray[np.bool_]) -> Catalogue:
    """Items with the attributes marked in ``has`` (V, P), all of one closed facet."""
    n_items, n_attributes = has.shape
    items, attributes = np.nonzero(has)
    return Catalogue(
        item_ids=500 + np.arange(n_items, dtype=np.int64),
        titles=tuple(f"item {place}" for place in range(n_items)),
        years=np.zeros(n_items, np.int16),
        popularity=np.ones(n_items, np.float32),
        facets=(Facet("kind"),),
        attribute_ids=70 + np.arange(n_attributes, dtype=np.int64),
        attribute_names=tuple(f"value {place}" for place in range(n_attributes)),
        attribute_facet=np.zeros(n_attributes, np.int16),
        item_attributes=CSR.from_pairs(items, attributes, n_items, n_attributes),
    )


class Opened(People):
    """Truthful people who begin with a given attribute each."""

    def __init__(self, catalogue: Catalogue, targets: NDArray[np.int32], openings: NDArray[np.int32]) -> None:
        super().__init__(catalogue, targets, dialogue_keys(0, np.arange(len(targets))))
        self._openings = openings

    def open(self) -> Opening:
        """Say what was given."""
        return replace(super().open(), attribute=self._openings)


@dataclass
class SmallWorld:
    """A world in which every target and opening can be talked about: expectations over D such pairs are exact."""

    catalogue: Catalogue
    log_prior: NDArray[np.float32]
    """Shape (V,)."""
    list_length: int
    turns: int = 15

    @cached_property
    def log_belief(self) -> NDArray[np.float64]:
        """What a belief makes of the prior before anything is said, shape (V,)."""
        return (self.log_prior + hash_order(self.catalogue.item_ids) * np.float32(TIE_BREAK)).astype(np.float64)

    @property
    def targets(self) -> NDArray[np.int32]:
        """Target of each pair, shape (D,)."""
        return self.catalogue.item_attributes.row_of_edge().astype(np.int32)

    @property
    def openings(self) -> NDArray[np.int32]:
        """Opening of each pair, shape (D,)."""
        return self.catalogue.item_attributes.indices

    @cached_property
    def opened(self) -> NDArray[np.float64]:
        """Log-weight of each item together with each opening, -inf where an item lacks it, shape (P, V)."""
        degrees = self.catalogue.item_attributes.degrees
        log_weights = np.full((self.catalogue.n_attributes, self.catalogue.n_items), -np.inf)
        log_weights[self.openings, self.targets] = (self.log_belief - np.log(degrees))[self.targets]
        return log_weights

    @property
    def chances(self) -> NDArray[np.float64]:
        """Chance of each pair, shape (D,)."""
        weights = np.exp(self.opened[self.openings, self.targets])
        return np.asarray(weights / weights.sum())

    def line(self, responses: int = 2) -> float:
        """Expected turns of the reference line."""
        ranks = target_ranks(self.opened[self.openings], self.targets)
        return float(self.chances @ reference_turns(ranks, self.list_length, responses))

    def begin(self, answer_model: AnswerModel, leak: float = 0.0) -> Conversations:
        """Every pair once, with so many nats more of prior on each target."""
        space = ActionSpace(self.catalogue.n_attributes, self.list_length, self.list_length)
        users = Opened(self.catalogue, self.targets, self.openings)
        keys = dialogue_keys(0, np.arange(len(self.targets)))
        prior = np.tile(self.log_prior, (len(keys), 1))
        prior[np.arange(len(keys)), self.targets] += np.float32(leak)
        rules = Rules(self.turns, QuestionMode.BINARY, space)
        return Conversations(self.catalogue, rules, answer_model, users, prior, keys)

    def success_turns(self, policy: Policy, leak: float = 0.0) -> NDArray[np.int16]:
        """Turn at which each pair comes to an end well, 0 for never, shape (D,)."""
        return hold(self.begin(policy.answer_model(self.catalogue), leak), policy)

    def expected_turns(self, policy: Policy, leak: float = 0.0) -> float:
        """Exact, a failure counting 15."""
        return float(self.chances @ turns_taken(self.success_turns(policy, leak)))


def hold(talk: Conversations, policy: Policy) -> NDArray[np.int16]:
    """Talk to the end: the turn at which each dialogue succeeded, 0 for never."""
    turns = np.zeros(talk.n_dialogues, np.int16)
    while talk.n_dialogues:
        state = talk.state()
        outcome = talk.step(state, policy.choose(state))
        assert not outcome.invalid.any(), "a closed slot was chosen"
        turns[talk.rows] = talk.history.accepted_turn
        talk.keep(np.flatnonzero(~outcome.over))
    return turns


def draw_world(rng: np.random.Generator, items: int, attributes: int, list_length: int, turns: int = 15) -> SmallWorld:
    """A world with attributes common or rare and a prior flat or steep; every item has an attribute."""
    has = rng.random((items, attributes)) < rng.uniform(0.1, 0.9, attributes)
    has[np.arange(items), rng.integers(attributes, size=items)] = True
    prior = rng.normal(0.0, rng.uniform(0.0, 2.0), items).astype(np.float32)
    return SmallWorld(catalogue_of(has), prior, list_length, turns)


def margins_over_the_line(
    count: int, seed: int, policy: Callable[[SmallWorld], Policy] = lambda world: BayesPolicy()
) -> NDArray[np.float64]:
    """Exact expected turns of a policy beyond the line, in worlds drawn from a seed; shape (count,)."""
    margins = np.empty(count)
    rng = np.random.default_rng(seed)
    for place in range(count):
        items, attributes, length = (int(rng.integers(*ends)) for ends in ((8, 41), (5, 13), (2, 6)))
        world = draw_world(rng, items, attributes, length)
        margins[place] = world.expected_turns(policy(world)) - world.line()
    return margins


def worlds_beating_the_line(
    count: int, seed: int, policy: Callable[[SmallWorld], Policy] = lambda world: BayesPolicy()
) -> int:
    """In how many of these worlds a policy needs fewer turns than the line says anybody can."""
    return int((margins_over_the_line(count, seed, policy) < -ROUNDING).sum())


@dataclass
class Cheat:
    """Knows what some people look for, and shows it at once; does as bayes does with the others."""

    targets: NDArray[np.int32]
    knows: NDArray[np.bool_]
    name: str = "cheat"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """The target first at turn 1."""
        decision, space = BayesPolicy().choose(state), state.candidates.space
        lists = state.candidates.list_for(decision.slots)
        if state.history.length.any():
            return Decision(decision.slots, lists)
        lists[self.knows, 0] = self.targets[self.knows]
        return Decision(np.where(self.knows, space.n_ask, decision.slots), lists)


@pytest.mark.parametrize(
    ("list_length", "responses", "turns"),
    [
        # k b^(t-1): 10, 20, 40, 80, …
        (10, 2, {1: 1, 10: 1, 11: 2, 20: 2, 21: 3, 40: 3, 41: 4, 80: 4, 10 * 2**40: 41, 10 * 2**40 + 1: 42}),
        (1, 2, {1: 1, 2: 2, 3: 3, 4: 3, 5: 4, 8: 4, 9: 5, 2**62: 63, 2**62 + 1: 64, 2**63 - 1: 64}),
        (3, 5, {3: 1, 4: 2, 15: 2, 16: 3, 75: 3, 76: 4, 3 * 5**20: 21, 3 * 5**20 + 1: 22}),
        (10, 16, {10: 1, 11: 2, 160: 2, 161: 3, 2560: 3, 2561: 4}),
        # 3^5 = 243, of which a logarithm in floating point makes 4.999… or 5.000….
        (1, 3, {243: 6, 244: 7, 3**30: 31, 3**30 + 1: 32}),
    ],
)
def test_the_line_by_hand(list_length: int, responses: int, turns: dict[int, int]):
    ranks = np.array(list(turns), dtype=np.int64)
    assert reference_turns(ranks, list_length, responses).tolist() == list(turns.values())


@given(st.integers(1, 12), st.integers(2, 16), st.integers(1, 9), st.integers(1, 4))
def test_within_t_turns_just_as_many_ranks_are_reached_as_the_recursion_says(k: int, b: int, t: int, small: int):
    """N(t) = max(b N(t-1), k + N(t-1)), as the docstring has it."""
    reach = k
    for _ in range(min(t, small) - 1):
        reach = max(b * reach, k + reach)
    assert reference_turns(np.array([reach, reach + 1]), k, b).tolist() == [min(t, small), min(t, small) + 1]


def test_the_line_takes_no_dialogues():
    assert reference_turns(np.zeros(0, np.int64), 10).shape == (0,)


@pytest.mark.parametrize(("rank", "list_length", "responses"), [(0, 10, 2), (1, 0, 2), (1, 10, 1)])
def test_numbers_that_mean_nothing_are_refused(rank: int, list_length: int, responses: int):
    with pytest.raises(ValueError, match="must be 1 or more"):
        reference_turns(np.array([rank]), list_length, responses)


def test_responses_by_hand():
    """Yes or no; one of four or none; any set of four; and "I don't know" where the catalogue does not."""
    assert [n_responses(mode) for mode in QuestionMode] == [2, 5, 16]
    assert [n_responses(mode, open_world=True) for mode in QuestionMode] == [3, 6, 17]


def test_ranks_by_hand_with_ties_in_favour_of_the_target():
    log_weights = np.array([[0.0, 3.0, -np.inf, 1.0, 1.0]] * 5, np.float32)
    assert target_ranks(log_weights, np.arange(5)).tolist() == [4, 1, 5, 2, 2]


def test_the_other_way_with_ties_would_be_no_bound():
    """Four items alike and lists of two, shown one after the other, take 1.5 turns; the worst rank would say 2."""
    ranks = target_ranks(np.zeros((4, 4)), np.arange(4))
    assert reference_turns(ranks, 2).mean() <= 1.5
    assert reference_turns(np.full(4, 4), 2).mean() > 1.5


def test_nobody_gets_below_the_line():
    assert worlds_beating_the_line(300, seed=0) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nobody_gets_below_the_line_in_ten_thousand_worlds():
    margins = margins_over_the_line(10_000, seed=1)
    assert margins.min() >= -ROUNDING
    assert 0.05 < margins.mean() < 0.3  # the worlds are neither trivial nor out of reach of the line


def test_the_line_is_reached():
    """Four items alike, two lists of two, and nothing worth asking: turns 1, 1, 2, 2, as the line has it."""
    world = SmallWorld(catalogue_of(np.ones((4, 1), bool)), np.zeros(4, np.float32), 2)
    assert world.line() == pytest.approx(world.expected_turns(BayesPolicy()), abs=ROUNDING)
    assert world.line() == pytest.approx(1.5, abs=1e-4)  # the belief's tie-break is worth so much


@pytest.mark.parametrize(("every", "least"), [(1, 48), (4, 40)])  # of 50; in the others the line itself is near 1
def test_who_knows_some_of_the_targets_is_found_out(every: int, least: int):
    def knowing(world: SmallWorld) -> Policy:
        return Cheat(world.targets, np.arange(len(world.targets)) % every == 0)

    assert worlds_beating_the_line(50, seed=2, policy=knowing) >= least


def test_a_prior_that_has_seen_the_target_is_found_out():
    """One nat of it, in what the policy believes and nowhere else."""
    rng = np.random.default_rng(4)
    worlds = [draw_world(rng, 30, 8, 2) for _ in range(30)]
    lines = np.array([world.line() for world in worlds])
    assert (np.array([world.expected_turns(BayesPolicy()) for world in worlds]) >= lines - ROUNDING).all()
    leaky = np.array([world.expected_turns(BayesPolicy(), leak=1.0) for world in worlds])
    assert (leaky < lines - ROUNDING).sum() >= 25
