"""The optimal policy of tiny worlds: against plain brute force, in the simulator, and as a yardstick for the others."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, product
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode
from graph.catalogue import Catalogue, Facet
from graph.errors import OptionError
from policy import optimal
from policy.bayes import BayesPolicy
from policy.optimal import Objective, OptimalPolicy, Optimum, answer_channel, solve
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules
from simulator.history import Act, History
from simulator.metrics import success_rate_at, turns_taken
from simulator.people import Opening, People, Reaction
from simulator.protocol import Policy
from simulator.randomness import dialogue_keys
from simulator.reference import n_responses, reference_turns
from simulator.timing import Event
from tests.simulator.test_reference import ROUNDING, Cheat, SmallWorld, catalogue_of, draw_world, hold
from tests.worlds import begin, closed_world

FLIPS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
DONT_KNOWS = (0.0, 0.2, 0.5, 0.9)
ACCEPTANCES = (1.0, 0.8, 0.5)

BY_BELIEF = 1e-5
"""What the single precision of a belief may change in an expectation of turns."""


def flipping(catalogue: Catalogue, flips: float, dont_know: float = 0.0, acceptance: float = 1.0) -> AnswerModel:
    """Answers that are the opposite of the truth now and then."""
    return AnswerModel.equal(catalogue, miss=flips, false_alarm=flips, dont_know=dont_know, acceptance=acceptance)


def optimum_of(world: SmallWorld, objective: Objective | None = None, model: AnswerModel | None = None) -> float:
    """Least expected cost over all openings, which are taken as they are: true, and no question."""
    catalogue = world.catalogue
    weights = np.where(np.isneginf(world.opened), 0.0, np.exp(world.opened))
    costs = [
        row.sum() * solve(
            catalogue, model or AnswerModel.honest(catalogue), row, np.arange(catalogue.n_attributes) == opening,
            world.list_length, world.turns, objective,
        ).value
        for opening, row in enumerate(weights)
        if row.any()
    ]  # fmt: skip
    return float(sum(costs) / weights.sum())


def channel_of(catalogue: Catalogue, model: AnswerModel) -> NDArray[np.float64]:
    """P(response | item), shape (P, R, V); read off the model's own channel, silences of all sorts as one."""
    options = np.arange(catalogue.n_attributes, dtype=np.int32)[:, None]
    states = catalogue.item_attributes.contains(np.arange(catalogue.n_items)[:, None], options[:, 0]).astype(np.intp)
    states = np.where(catalogue.known[:, catalogue.attribute_facet], states, 2)
    return model.picking_channel(options)[options, states.T].transpose(0, 2, 1)


Tree = tuple[str, Any, Any] | None
"""A policy: ("ask", attribute, a tree for each response), ("show", items, tree), or None at the end."""


def every_tree(
    channel: NDArray[np.float64], left: frozenset[int], k: int, turns: int, asked: frozenset[int] = frozenset()
) -> Iterator[Tree]:
    """Every deterministic policy of so many turns; lists of every size."""
    if not turns:
        yield None
        return
    for attribute in set(range(len(channel))) - asked:
        after = list(every_tree(channel, left, k, turns - 1, asked | {attribute}))
        for trees in product(after, repeat=channel.shape[1]):
            yield "ask", attribute, trees
    for items in chain.from_iterable(combinations(sorted(left), size) for size in range(1, k + 1)):
        for tree in every_tree(channel, left - set(items), k, turns - 1, asked):
            yield "show", items, tree
    if not left and len(asked) == len(channel):
        yield None


def cost_of_tree(
    tree: Tree, item: int, channel: NDArray[np.float64], q: float, objective: Objective, turn: int = 1
) -> float:
    """Expected cost of a tree for one target."""
    if tree is None:
        return objective.failure
    kind, what, then = tree
    if kind == "ask":
        after = [cost_of_tree(each, item, channel, q, objective, turn + 1) for each in then]
        return float(channel[what, :, item] @ after)
    later = cost_of_tree(then, item, channel, q, objective, turn + 1)
    return q * objective.turn * turn + (1 - q) * later if item in what else later


def plain_recursion(
    joint: NDArray[np.float64], channel: NDArray[np.float64], k: int, q: float, objective: Objective, turns: int,
    taken: int = 0, asked: frozenset[int] = frozenset(), shown: frozenset[int] = frozenset(),
) -> float:  # fmt: skip
    """Least cost by trying everything, lists of every size among it; no state is met twice, nothing is left out."""
    best = objective.failure * joint.sum()
    if not turns:
        return float(best)

    def later(weights: NDArray[np.float64], asks: frozenset[int], shows: frozenset[int]) -> float:
        return plain_recursion(weights, channel, k, q, objective, turns - 1, taken + 1, asks, shows)

    for attribute in set(range(len(channel))) - asked:
        best = min(best, sum(later(joint * heard, asked | {attribute}, shown) for heard in channel[attribute]))
    left = sorted(set(range(len(joint))) - shown)
    for items in chain.from_iterable(combinations(left, size) for size in range(1, k + 1)):
        rejected = joint.copy()
        rejected[list(items)] *= 1 - q
        now = objective.turn * (taken + 1) * (joint.sum() - rejected.sum())
        best = min(best, now + later(rejected, asked, shown | set(items)))
    return float(best)


def draw_model(rng: np.random.Generator, catalogue: Catalogue) -> AnswerModel:
    """Answers with all, some or none of the faults; chances differ from attribute to attribute."""
    rates = [rng.uniform(0, 0.4, catalogue.n_attributes) * rng.integers(2) for _ in range(3)]
    return replace(
        AnswerModel.honest(catalogue), miss=rates[0], false_alarm=rates[1], dont_know=rates[2],
        acceptance=float(rng.choice([1.0, 0.7])),
    )  # fmt: skip


class TestTheOptimum:
    @pytest.mark.parametrize(
        ("weights", "list_length", "turns", "value"),
        [
            ([0.6, 0.4], 1, 1, 0.6 + 0.4 * 15),
            ([0.6, 0.4], 1, 2, 0.6 + 0.4 * 2),
            ([0.6, 0.4], 2, 2, 1.0),
            ([3.0, 1.0], 1, 2, 0.75 + 0.25 * 2),
            # Four alike, told apart by two bits: 1, 2, 3, 4 by lists alone; ask once, then 2, 3, 2, 3.
            ([1.0] * 4, 1, 4, 2.5),
            ([1.0] * 4, 2, 4, 1.5),
            # Eight alike, three bits: ask once, then as with four.
            ([1.0] * 8, 1, 8, 3.5),
            ([1.0] * 8, 2, 8, 2.5),
            # Nothing else is left to say of an item that was shown or is impossible.
            ([0.0, 0.0, 0.7, 0.3], 1, 3, 0.7 + 0.3 * 2),
        ],
    )
    def test_by_hand(self, weights: list[float], list_length: int, turns: int, value: float):
        bits = (np.arange(len(weights))[:, None] >> np.arange(3) & 1).astype(bool)
        found = solve_in(catalogue_of(bits), np.array(weights), list_length, turns)
        assert found.value == pytest.approx(value, abs=ROUNDING)

    def test_the_act_by_hand(self):
        """The likelier item first, and a question where halving pays."""
        bits = (np.arange(8)[:, None] >> np.arange(3) & 1).astype(bool)
        assert solve_in(catalogue_of(bits), np.arange(8.0) == 3, 2, 5) == Optimum(1.0, -1, (3,))
        assert solve_in(catalogue_of(bits), np.array([1.0, 0, 0, 2, 0, 3, 0, 0]), 2, 5).items == (5, 3)
        assert solve_in(catalogue_of(bits), np.ones(8), 1, 5).attribute >= 0

    def test_every_policy_tree_of_two_turns(self):
        rng = np.random.default_rng(0)
        for _ in range(25):
            items, attributes, k = int(rng.integers(2, 5)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
            catalogue = draw_world(rng, items, attributes, k).catalogue
            model, weights = draw_model(rng, catalogue), rng.dirichlet(np.ones(items))
            channel, q = channel_of(catalogue, model), model.acceptance
            objective = Objective(1, 2) if rng.integers(2) else Objective()
            least = min(
                sum(weights[item] * cost_of_tree(tree, item, channel, q, objective) for item in range(items))
                for tree in every_tree(channel, frozenset(range(items)), k, 2)
            )
            found = solve(catalogue, model, weights, np.zeros(attributes, bool), k, 2, objective)
            assert found.value == pytest.approx(least, abs=ROUNDING)

    @pytest.mark.parametrize("objective", [Objective(), Objective(1, 4), Objective(0.3, 7.0), Objective.success()])
    def test_every_act_of_four_turns(self, objective: Objective):
        rng = np.random.default_rng(1)
        for _ in range(15):
            items, attributes, k, turns = (int(rng.integers(*ends)) for ends in ((2, 6), (1, 4), (1, 4), (1, 5)))
            catalogue = draw_world(rng, items, attributes, k).catalogue
            model, weights = draw_model(rng, catalogue), rng.dirichlet(np.ones(items))
            asked = rng.random(attributes) < 0.2
            done = frozenset(np.flatnonzero(asked).tolist())
            channel = channel_of(catalogue, model)
            least = plain_recursion(weights, channel, k, model.acceptance, objective, turns, asked=done)
            found = solve(catalogue, model, weights, asked, k, turns, objective)
            assert found.value == pytest.approx(least, abs=ROUNDING)

    @pytest.mark.parametrize(
        ("has", "weights", "flips", "failure", "turns", "best"),
        [
            # The likeliest item is not the one to show first: item 1 is.
            (["00", "10", "10", "00", "11"], [0.362, 0.359, 0.091, 0.098, 0.09], 0.1, 100, 4, Optimum(8.669, -1, (1,))),
            # Asking twice would be worth more than half a turn.
            (["1", "1", "1", "0", "0"], [0.421, 0.419, 0.056, 0.05, 0.054], 0.1, 100, 4, Optimum(6.643, -1, (0,))),
            # Posteriors a 32nd apart are not the same.
            (
                ["011", "111", "011", "010", "011", "011", "111"], [0.05, 0.054, 0.096, 0.386, 0.154, 0.156, 0.104],
                0.02, 50, 3, Optimum(16.36, -1, (3,)),
            ),
        ],
    )  # fmt: skip
    def test_worlds_in_which_a_short_cut_would_cost(
        self, has: list[str], weights: list[float], flips: float, failure: float, turns: int, best: Optimum
    ):
        """Found by leaving something out of the search: lists but the first, the asked set, the digits of a state."""
        catalogue = catalogue_of(np.array([[int(each) for each in row] for row in has], bool))
        model, objective = flipping(catalogue, flips), Objective(1, failure)
        found = solve(catalogue, model, np.array(weights), np.zeros(len(has[0]), bool), 1, turns, objective)
        least = plain_recursion(np.array(weights), channel_of(catalogue, model), 1, 1.0, objective, turns)
        assert found.value == pytest.approx(least, abs=ROUNDING)
        assert found == replace(best, value=found.value)
        assert found.value == pytest.approx(best.value, abs=1e-3)

    def test_the_act_is_worth_the_value(self):
        """One act by the plan, the rest solved anew for what follows it, comes to the same value."""
        rng = np.random.default_rng(2)
        for _ in range(20):
            world = draw_world(rng, 7, 5, 2)
            catalogue, model = world.catalogue, draw_model(rng, world.catalogue)
            weights, asked, turns = rng.dirichlet(np.ones(7)), np.zeros(5, bool), 4
            best = solve(catalogue, model, weights, asked, 2, turns)
            if best.attribute >= 0:
                after = [weights * heard for heard in channel_of(catalogue, model)[best.attribute]]
                asked[best.attribute] = True
                found, q = 0.0, 0.0
            else:
                rest = weights.copy()
                rest[list(best.items)] = 0.0
                after, found, q = [rest], weights.sum() - rest.sum(), model.acceptance
            objective = Objective(1, 14)
            later = sum(
                left.sum() * (1 + solve(catalogue, model, left, asked, 2, turns - 1, objective).value) for left in after
            )
            assert q * found + (found - q * found) * 15 + later == pytest.approx(best.value, abs=ROUNDING)

    def test_a_small_catalogue_takes_no_time(self):
        """Some 50 ms; T = 5, with slips and silence."""
        world = draw_world(np.random.default_rng(3), 8, 6, 2)
        began = perf_counter()
        solve(world.catalogue, flipping(world.catalogue, 0.1, 0.2), np.ones(8), np.zeros(6, bool), 2, 5)
        assert perf_counter() - began < 1.0

    def test_attributes_of_unknown_facets_tell_by_silence(self):
        """Nine items, one a list, two facets with one attribute: has, lacks and unknown, told apart in two questions.

        Three turns for all.  With two responses to a question the line is at 30 / 9 turns, above what three responses
        make possible; with three it is at 23 / 9.
        """
        level = np.stack([np.arange(9) % 3, np.arange(9) // 3], axis=1)  # 0 lacks, 1 has, 2 unknown
        catalogue = replace(
            catalogue_of(level == 1), facets=(Facet("one", open_world=True), Facet("two", open_world=True)),
            attribute_facet=np.array([0, 1], np.int16), recorded=level < 2,
        )  # fmt: skip
        model = replace(AnswerModel.honest(catalogue), unknown_dont_know=np.ones(2))
        value = solve(catalogue, model, np.ones(9), np.zeros(2, bool), 1, 9).value
        ranks, binary = np.arange(1, 10), QuestionMode.BINARY
        assert value == pytest.approx(3.0, abs=ROUNDING)
        assert reference_turns(ranks, 1, n_responses(binary)).mean() == pytest.approx(30 / 9)
        assert reference_turns(ranks, 1, n_responses(binary, open_world=True)).mean() == pytest.approx(23 / 9)

    def test_the_channel_holds_every_answer(self):
        catalogue = closed_world().catalogue
        model = AnswerModel.equal(catalogue, miss=0.1, dont_know=0.2, dont_care=0.1, sort_of_has=0.5)
        channel = answer_channel(model, catalogue.n_attributes)
        # No, yes, don't know, don't care and sort of, from an item that has the attribute: .7 speak, half of them so.
        assert channel[0, 1] == pytest.approx([0.7 * 0.5 * 0.1, 0.7 * 0.5 * 0.9, 0.2, 0.1, 0.7 * 0.5])
        assert channel.sum(axis=2) == pytest.approx(np.ones((catalogue.n_attributes, 3)))


def solve_in(catalogue: Catalogue, weights: NDArray[np.float64], list_length: int, turns: int) -> Optimum:
    """With truthful answers and nothing asked yet."""
    asked = np.zeros(catalogue.n_attributes, bool)
    return solve(catalogue, AnswerModel.honest(catalogue), weights, asked, list_length, turns)


class TestWhatItRefuses:
    def test_too_many_items_or_attributes(self):
        for items, attributes in ((13, 3), (5, 9)):
            with pytest.raises(OptionError, match="12 items and 8 attributes at most"):
                solve_in(catalogue_of(np.ones((items, attributes), bool)), np.ones(items), 2, 3)

    def test_too_many_states(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(optimal, "MOST_STATES", 100)
        world = draw_world(np.random.default_rng(0), 8, 6, 2)
        model = flipping(world.catalogue, 0.1)
        with pytest.raises(OptionError, match="needs fewer items, attributes or turns"):
            solve(world.catalogue, model, np.ones(8), np.zeros(6, bool), 2, 5)

    def test_a_failure_cheaper_than_its_turns(self):
        with pytest.raises(OptionError, match="a failure costs 15, 16 turns 16"):
            solve_in(catalogue_of(np.ones((3, 1), bool)), np.ones(3), 2, 16)

    def test_a_model_that_is_deaf(self):
        catalogue = catalogue_of(np.eye(3, dtype=bool))
        with pytest.raises(OptionError, match="add up to one"):
            solve(catalogue, AnswerModel.honest(catalogue).deaf_to_no(), np.ones(3), np.zeros(3, bool), 1, 3)

    @pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [np.nan, 1.0]])
    def test_weights_that_mean_nothing(self, weights: list[float]):
        with pytest.raises(ValueError, match="items that can be shown"):
            solve_in(catalogue_of(np.ones((2, 1), bool)), np.array(weights), 1, 3)

    @pytest.mark.parametrize("mode", [QuestionMode.FACET, QuestionMode.MULTI])
    def test_questions_that_are_not_binary(self, mode: QuestionMode):
        state = begin(closed_world(), [0], mode).state()
        with pytest.raises(OptionError, match="--questions binary"):
            OptimalPolicy().choose(state)

    def test_slots_that_do_not_hold_every_question(self):
        state = begin(closed_world(), [0], rules=Rules(space=ActionSpace(2, 5, 2))).state()
        with pytest.raises(OptionError, match="question slots"):
            OptimalPolicy().choose(state)


class Told:
    """People whose answers and verdicts are written down beforehand, so that all that can be said can be gone through.

    :param script: what each says at each turn, by place in ``said``, shape (N, T); to a list 0 accepts an item that is
        there.
    """

    def __init__(self, targets: NDArray[np.int32], script: NDArray[np.intp], said: list[Answer]) -> None:
        self.targets, self.script, self.said = targets, script, np.array(said, np.int8)

    @property
    def without_history(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.targets), bool)

    def open(self) -> Opening:
        """Nothing is said."""
        n = len(self.targets)
        nothing = np.full(n, -1, np.int32)
        return Opening(nothing, np.full(n, Event.MESSAGE, np.int8), np.zeros(n, bool), np.ones(n, np.float16))

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        everyone, steps = np.arange(history.n_dialogues), history.length.astype(np.intp)
        reaction, line = Reaction.none(len(everyone), 1), self.script[everyone, steps]
        asks = history.acts[everyone, steps] == Act.ASK
        reaction.answers[:, 0] = np.where(asks, self.said[line], -1)
        found = history.lists[everyone, steps] == self.targets[:, None]
        reaction.accepted[:] = np.where(~asks & found.any(axis=1) & (line == 0), found.argmax(axis=1) + 1, 0)
        return reaction

    def keep(self, rows: NDArray[np.intp]) -> None:
        self.targets, self.script = self.targets[rows], self.script[rows]

    @property
    def nbytes(self) -> int:
        return 0

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        raise NotImplementedError


def expectation_by_enumeration(world: SmallWorld, policy: Policy, model: AnswerModel) -> float:
    """Exact expected turns of a policy whom nobody tells anything at the opening, over all targets and scripts."""
    catalogue, turns, said = world.catalogue, world.turns, [Answer.NO, Answer.YES, Answer.DONT_KNOW]
    scripts = np.array(list(product(range(len(said)), repeat=turns)))
    targets = np.repeat(np.arange(catalogue.n_items, dtype=np.int32), len(scripts))
    script = np.tile(scripts, (catalogue.n_items, 1))
    weights = np.exp(world.log_belief)
    chance, length = (weights / weights.sum())[targets], np.zeros(len(targets), np.intp)
    rules = Rules(turns, QuestionMode.BINARY, ActionSpace(catalogue.n_attributes, world.list_length, world.list_length))
    prior, keys = np.tile(world.log_prior, (len(targets), 1)), dialogue_keys(0, np.arange(len(targets)))
    talk = Conversations(catalogue, rules, model, Told(targets, script, said), prior, keys)
    channel, success = answer_channel(model, catalogue.n_attributes), np.zeros(len(targets), np.intp)
    while talk.n_dialogues:
        state, rows = talk.state(), talk.rows
        over = talk.step(state, policy.choose(state)).over
        now, step = np.arange(len(rows)), length[rows]
        line, asked = script[rows, step], talk.history.options[now, step, 0]
        has = catalogue.item_attributes.contains(targets[rows], np.maximum(asked, 0)).astype(np.intp)
        shown = (talk.history.lists[now, step] == targets[rows, None]).any(axis=1)
        accepts = np.array([model.acceptance, 1 - model.acceptance, 0.0])[line]
        chance[rows] *= np.where(asked >= 0, channel[asked, has, line], np.where(shown, accepts, line == 0))
        length[rows] += 1
        success[rows] = talk.history.accepted_turn
        talk.keep(np.flatnonzero(~over))
    # Scripts that differ after the end are one dialogue: the one that goes on with zeros counts.
    chance[((script > 0) & (np.arange(turns) >= length[:, None])).any(axis=1)] = 0.0
    assert chance.sum() == pytest.approx(1.0, abs=ROUNDING)
    return float(chance @ turns_taken(success))


class TestInTheSimulator:
    def test_it_is_a_policy(self):
        assert isinstance(OptimalPolicy(), Policy)

    @pytest.mark.parametrize("failure", [15, 5, 50])
    @pytest.mark.parametrize("seed", range(5))
    def test_its_turns_are_the_value(self, seed: int, failure: int):
        rng = np.random.default_rng(seed)
        world = draw_world(rng, int(rng.integers(4, 13)), int(rng.integers(2, 9)), int(rng.integers(1, 4)), turns=5)
        objective = Objective(1, failure)
        found = turns_taken(world.success_turns(OptimalPolicy(objective=objective)), failure)
        assert world.chances @ found == pytest.approx(optimum_of(world, objective), abs=BY_BELIEF)

    def test_fifteen_turns_are_no_trouble_where_answers_are_true(self):
        world = draw_world(np.random.default_rng(0), 12, 8, 1, turns=15)
        assert world.expected_turns(OptimalPolicy()) == pytest.approx(optimum_of(world), abs=BY_BELIEF)

    @pytest.mark.parametrize("acceptance", [1.0, 0.6])
    @pytest.mark.parametrize("dont_know", [0.0, 0.3])
    def test_its_turns_are_the_value_when_people_err(self, acceptance: float, dont_know: float):
        rng = np.random.default_rng(7)
        for _ in range(3):
            world = draw_world(rng, 6, 4, 1, turns=4)
            model = flipping(world.catalogue, 0.15, dont_know, acceptance)
            value = solve(world.catalogue, model, np.exp(world.log_belief), np.zeros(4, bool), 1, 4).value
            found = expectation_by_enumeration(world, OptimalPolicy(model), model)
            assert found == pytest.approx(value, abs=BY_BELIEF)
            assert expectation_by_enumeration(world, BayesPolicy(), model) >= value - ROUNDING

    @pytest.mark.parametrize("turns", [2, 3])
    def test_the_metrics_are_those_of_the_plan(self, turns: int):
        """Items sought 1, 2 or 3 times as often, each pair so often that all dialogues are alike likely."""
        rng = np.random.default_rng(turns)
        world = draw_world(rng, 9, 5, 1, turns=turns)
        times = rng.integers(1, 4, 9)
        world.log_prior = np.log(times).astype(np.float32)
        degrees = world.catalogue.item_attributes.degrees
        copies = (times * np.lcm.reduce(degrees) // degrees)[world.targets]
        exact = SmallWorld(world.catalogue, world.log_prior, 1, turns)
        exact.log_belief = np.log(times.astype(np.float64))  # without the tie-break, which is worth 1e-4
        sure = np.repeat(world.success_turns(OptimalPolicy(objective=Objective.success())), copies)
        quick = np.repeat(world.success_turns(OptimalPolicy()), copies)
        assert success_rate_at(sure, turns) == pytest.approx(1 - optimum_of(exact, Objective.success()), abs=ROUNDING)
        assert turns_taken(quick).mean() == pytest.approx(optimum_of(exact), abs=ROUNDING)
        assert 0.2 < success_rate_at(sure, turns) < 0.95
        assert success_rate_at(quick, turns) <= success_rate_at(sure, turns) + ROUNDING
        assert turns_taken(sure).mean() >= turns_taken(quick).mean() - ROUNDING

    def test_nothing_is_shown_or_asked_twice(self):
        world = draw_world(np.random.default_rng(4), 10, 6, 2, turns=6)
        talk, policy = world.begin(AnswerModel.honest(world.catalogue)), OptimalPolicy()
        while talk.n_dialogues:
            state = talk.state()
            over = talk.step(state, policy.choose(state)).over
            for said in (talk.history.lists.reshape(len(over), -1), talk.history.options.reshape(len(over), -1)):
                ordered = np.sort(said, axis=1)
                assert ((ordered[:, 1:] > ordered[:, :-1]) | (ordered[:, :-1] < 0)).all()
            talk.keep(np.flatnonzero(~over))

    def test_it_does_what_it_can_when_nothing_is_left(self):
        """The item in mind may not be shown: the policy runs out of items, and takes what is open."""
        catalogue = catalogue_of(np.array([[1, 0], [1, 1], [1, 0]], bool))
        rules = Rules(5, QuestionMode.BINARY, ActionSpace(2, 2, 2))
        keys = dialogue_keys(0, [0])
        users = People(catalogue, np.zeros(1, np.int32), keys)
        eligible = np.array([False, True, True])
        model = AnswerModel.honest(catalogue)
        talk = Conversations(catalogue, rules, model, users, np.zeros((1, 3), np.float32), keys, eligible)
        assert hold(talk, OptimalPolicy()).tolist() == [0]


class TestAsAYardstick:
    @pytest.mark.parametrize(("turns", "most"), [(15, 0.01), (5, 0.2)])  # found: .002 and .137
    def test_bayes_lies_above_the_optimum_and_the_optimum_above_the_line(self, turns: int, most: float):
        """With time enough bayes is next to optimal; it does not plan for a last turn that comes too early."""
        rng = np.random.default_rng(11)
        above, over_line = np.empty(200), np.empty(200)
        for place in range(len(above)):
            items, attributes, length = (int(rng.integers(*ends)) for ends in ((6, 13), (4, 9), (1, 4)))
            world = draw_world(rng, items, attributes, length, turns)
            optimum = optimum_of(world)
            above[place] = world.expected_turns(BayesPolicy()) - optimum
            over_line[place] = optimum - world.line()
        assert over_line.min() >= -ROUNDING
        assert above.min() >= -ROUNDING
        assert 0.0005 < above.mean() < most

    def test_who_knows_the_target_is_found_out(self):
        rng = np.random.default_rng(13)
        for _ in range(20):
            world = draw_world(rng, 10, 6, 1)
            cheat = Cheat(world.targets, np.arange(len(world.targets)) % 2 == 0)
            assert world.expected_turns(cheat) < optimum_of(world) - ROUNDING

    @pytest.mark.parametrize("objective", [Objective(), Objective.success()])
    def test_more_noise_never_makes_it_better(self, objective: Objective):
        """Fewer true answers, more silence, fewer lists accepted: each can be made of the other by throwing away."""
        rng = np.random.default_rng(12)
        noises, total = list(product(FLIPS, DONT_KNOWS, ACCEPTANCES)), np.zeros((6, 4, 3))
        for _ in range(12):
            items, attributes = int(rng.integers(5, 9)), int(rng.integers(3, 6))
            world = draw_world(rng, items, attributes, 1)
            catalogue, weights = world.catalogue, np.exp(world.log_belief)
            models = [flipping(catalogue, *noise) for noise in noises]
            found = [solve(catalogue, each, weights, np.zeros(attributes, bool), 1, 3, objective) for each in models]
            costs = np.array([each.value for each in found]).reshape(total.shape)
            for axis in range(3):
                assert np.diff(costs, axis=axis).min() >= -ROUNDING
            total += costs
            assert np.ptp(costs[-1], axis=0) == pytest.approx(0.0, abs=ROUNDING)  # a coin, heard or not
        # Beyond one slip in three or one silence in two, a turn is better spent on a list.
        assert (np.diff(total[:4, 0, 0]) > ROUNDING).all()
        assert (np.diff(total[0, :3, 0]) > ROUNDING).all()
        assert (np.diff(total[0, 0, :]) > ROUNDING).all()
