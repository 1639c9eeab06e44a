"""Candidates: which slots there are, which are open, and which list each stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.answers import QuestionMode
from policy.hand_written import AbsGreedyPolicy, MaxEntropyPolicy, RandomPolicy
from simulator.candidates import ActionSpace, Candidates
from simulator.core import Rules
from simulator.history import Act
from simulator.protocol import Decision, Policy
from tests.worlds import MODES, Rambling, attribute, begin, closed_world, item, open_world, shelf, town

SMALL = ActionSpace(n_ask=3, n_recommend=4, list_length=2)


def wait(n: int, space: ActionSpace) -> Decision:
    return Decision(np.full(n, space.wait_slot, np.intp))


def test_slots_are_questions_then_items_then_wait():
    assert SMALL.n_slots == 8
    assert SMALL.wait_slot == 7
    assert SMALL.act_of(np.arange(8)).tolist() == [Act.ASK] * 3 + [Act.RECOMMEND] * 4 + [Act.WAIT]
    assert SMALL.act_of(np.array([[0, 7], [3, 2]])).tolist() == [[Act.ASK, Act.WAIT], [Act.RECOMMEND, Act.ASK]]
    assert ActionSpace() == ActionSpace(10, 20, 10)


def test_everything_is_open_at_first_but_what_is_not_there():
    world = closed_world()
    prior = np.log(np.array([[7, 6, 5, 4, 3, 2, 1]], np.float32))
    talk = begin(world, [item(world.catalogue, "Heat")], rules=Rules(space=ActionSpace(12, 9, 2)), prior=prior)
    talk.belief.log_weights[:] = prior  # as if the opening had said nothing
    candidates = talk.state().candidates
    n_open_questions = 10 - 1  # all attributes but the one the user began with
    assert candidates.mask[0].tolist() == [True] * n_open_questions + [False] * 3 + [True] * 7 + [False] * 2 + [True]
    assert candidates.items[0].tolist() == [0, 1, 2, 3, 4, 5, 6, -1, -1]
    assert candidates.item_masses[0] == pytest.approx(np.array([7, 6, 5, 4, 3, 2, 1, 0, 0]) / 28, abs=1e-6)
    assert (np.diff(candidates.questions.value[0]) <= 1e-12).all()
    assert talk.history.opening[0] not in candidates.questions.options[0]


@pytest.mark.parametrize("place", range(5))
def test_a_slot_stands_for_its_item_and_the_most_believed_others(place: int):
    items = np.array([[30, 20, 50, 10, 40]], np.int32)
    space = ActionSpace(n_ask=2, n_recommend=5, list_length=3)
    candidates = Candidates(space, None, items, np.zeros((1, 5)), np.ones((1, space.n_slots), bool))  # type: ignore[arg-type]
    others = [each for each in items[0].tolist() if each != items[0, place]]
    assert candidates.list_for(np.array([2 + place])).tolist() == [[items[0, place], *others[:2]]]


def test_lists_of_a_batch_are_told_apart():
    items = np.array([[1, 2, 3], [7, 8, -1]], np.int32)
    space = ActionSpace(n_ask=1, n_recommend=3, list_length=2)
    candidates = Candidates(space, None, items, np.zeros((2, 3)), np.ones((2, 5), bool))  # type: ignore[arg-type]
    assert candidates.list_for(np.array([3, 1])).tolist() == [[3, 1], [7, 8]]


def test_a_tiny_catalogue_fills_lists_with_nothing():
    talk = begin(shelf(3), [2], rules=Rules(space=ActionSpace(2, 6, 5)), prior=np.array([[3, 2, 1]], np.float32))
    candidates = talk.state().candidates
    assert candidates.items.tolist() == [[0, 1, 2, -1, -1, -1]]
    assert candidates.list_for(np.array([2 + 1])).tolist() == [[1, 0, 2, -1, -1]]
    # There is one attribute, which the user named at the opening: nothing is left to ask.
    assert candidates.mask[0].tolist() == [False, False, True, True, True, False, False, False, True]


def test_more_items_in_a_list_than_slots_are_cut_to_the_slots():
    candidates = begin(shelf(9), [2], rules=Rules(space=ActionSpace(1, 3, 10))).state().candidates
    assert candidates.list_for(np.array([1])).shape == (1, 3)


def test_waiting_closes_after_three_in_a_row_and_opens_when_the_agent_has_spoken():
    rules = Rules(space=SMALL)
    talk = begin(open_world(), [0, 1], rules=rules)
    for waited in range(3):
        state = talk.state()
        assert state.history.waits_in_a_row.tolist() == [waited, waited]
        assert state.candidates.mask[:, SMALL.wait_slot].all()
        talk.step(state, wait(2, SMALL))
    state = talk.state()
    assert not state.candidates.mask[:, SMALL.wait_slot].any()
    outcome = talk.step(state, Decision(np.array([0, SMALL.wait_slot])))
    assert outcome.invalid.tolist() == [False, True]
    state = talk.state()
    assert state.candidates.mask[:, SMALL.wait_slot].all()
    assert state.history.waits_in_a_row.tolist() == [0, 0]


def test_where_nothing_can_be_said_waiting_stays_open():
    space = ActionSpace(2, 2, 2)
    talk = begin(shelf(2), [0], rules=Rules(space=space), eligible=np.array([False, True]))
    state = talk.state()
    talk.step(state, Decision(np.array([space.n_ask])))
    for _ in range(5):
        state = talk.state()
        assert state.candidates.mask.tolist() == [[False] * 4 + [True]]
        assert not talk.step(state, wait(1, space)).invalid.any()


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), open_share=st.sampled_from([0.0, 0.4]), narrow=st.booleans())
def test_what_holds_in_every_dialogue(mode: QuestionMode, seed: int, open_share: float, narrow: bool):
    """Never an empty mask, an item twice, a question twice, or an item that may not be shown."""
    rng = np.random.default_rng(seed)
    catalogue = town(open_share).catalogue
    n = 6
    eligible = rng.random((n, catalogue.n_items)) < (0.06 if narrow else 0.7)
    eligible[:, 0] = True
    talk = begin(town(open_share), rng.integers(0, catalogue.n_items, n), rules=Rules(questions=mode, space=SMALL),
                 eligible=eligible, seed=seed)  # fmt: skip
    policy = Rambling(rng)
    shown: list[set[int]] = [set() for _ in range(n)]
    asked = [{int(opening)} for opening in talk.history.opening]
    while talk.n_dialogues:
        state = talk.state()
        candidates, space = state.candidates, SMALL
        options = candidates.questions.options
        assert candidates.mask.any(axis=1).all()
        assert np.array_equal(candidates.mask[:, : space.n_ask], options[:, :, 0] >= 0)
        assert np.array_equal(candidates.mask[:, space.n_ask : -1], candidates.items >= 0)
        for place, row in enumerate(talk.rows):
            offered = [each for each in candidates.items[place].tolist() if each >= 0]
            assert len(set(offered)) == len(offered)
            assert not shown[row] & set(offered)
            assert eligible[row, offered].all()
            assert np.array_equal(state.eligible[place], eligible[row])
            named = set(options[place][options[place] >= 0].tolist())
            assert not asked[row] & named
        over = talk.step(state, policy.choose(state)).over
        history, last = talk.history, talk.history.length - 1
        for place, row in enumerate(talk.rows):
            shown[row] |= set(history.lists[place, last[place]].tolist()) - {-1}
            asked[row] |= set(history.options[place, last[place]].tolist()) - {-1}
        talk.keep(np.flatnonzero(~over))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_was_asked_or_shown_is_closed_and_nothing_else_is(seed: int):
    """Whatever is in the history, and however it came there: volunteered, dropped, in any place."""
    rng = np.random.default_rng(seed)
    catalogue = town(0.3).catalogue
    n, n_items, n_attributes = 4, catalogue.n_items, catalogue.n_attributes
    talk = begin(town(0.3), range(n), rules=Rules(space=ActionSpace(n_attributes, n_items, 3)))
    history = talk.history
    some = rng.random(history.acts.shape) < 0.4
    history.opening[:] = rng.integers(-1, n_attributes, n)
    history.volunteered[some] = rng.integers(-1, n_attributes, some.sum())
    history.options[some] = rng.integers(-1, n_attributes, (some.sum(), 1))
    history.lists[some] = rng.integers(-1, n_items, (some.sum(), 3))
    history.acts[some] = Act.RECOMMEND
    dropped = np.flatnonzero(some[:, 2] & some[:, 3])
    history.deferred[dropped, 2], history.settled[dropped, 3] = True, 3
    history.length[:] = history.n_steps
    candidates = talk.state().candidates
    asked, shown = history.asked(n_attributes), history.shown(n_items)
    for row in range(n):
        options, items = candidates.questions.options[row, :, 0], candidates.items[row]
        assert sorted(options[options >= 0].tolist()) == np.flatnonzero(~asked[row]).tolist()
        assert sorted(items[items >= 0].tolist()) == np.flatnonzero(~shown[row]).tolist()


@pytest.mark.parametrize("mode", MODES)
def test_masses_are_those_of_the_belief(mode: QuestionMode):
    talk = begin(town(0.3), range(20), mode, rules=Rules(questions=mode, space=ActionSpace(10, 50, 5)))
    candidates = talk.state().candidates
    items = candidates.items
    wanted = np.where(items >= 0, np.take_along_axis(talk.belief.probabilities, np.maximum(items, 0), axis=1), 0)
    assert candidates.item_masses.dtype == np.float64
    assert np.array_equal(candidates.item_masses, wanted)
    assert (np.diff(candidates.item_masses, axis=1) <= 0).all()


@pytest.mark.parametrize("policy", [RandomPolicy(), AbsGreedyPolicy(), MaxEntropyPolicy()])
def test_every_list_shown_is_of_eligible_items_each_shown_once(policy: Policy):
    dataset = town()
    rng = np.random.default_rng(1)
    eligible = rng.random(dataset.catalogue.n_items) < 0.4
    targets = np.flatnonzero(~eligible)[:20]  # never found, so that lists are shown to the end
    talk = begin(dataset, targets, rules=Rules(space=ActionSpace(10, 20, 5)), eligible=eligible)
    over = np.zeros(len(targets), bool)
    while not over.any():
        state = talk.state()
        over = talk.step(state, policy.choose(state)).over
    lists = talk.history.lists
    assert (lists >= 0).any()
    assert eligible[lists[lists >= 0]].all()
    for row in lists:
        shown = row[row >= 0]
        assert len(np.unique(shown)) == len(shown)


@pytest.mark.parametrize("mode", [QuestionMode.FACET, QuestionMode.MULTI])
def test_options_of_a_question_are_of_one_facet_and_differ(mode: QuestionMode):
    catalogue = town(0.3).catalogue
    options = begin(town(0.3), range(30), mode).state().candidates.questions.options
    assert options.shape == (30, 10, 4)
    for question in options.reshape(-1, 4):
        present = question[question >= 0]
        assert len(set(present.tolist())) == len(present)
        assert len(set(catalogue.attribute_facet[present].tolist())) <= 1
        assert (question[len(present) :] == -1).all(), "absent options stand last"


def test_the_best_question_comes_first():
    """Among films alike, "crime" is held by three of seven, which no other attribute comes nearer to half than."""
    world = closed_world()
    talk = begin(world, [item(world.catalogue, "Alien")])
    talk.belief.log_weights[:] = 0
    talk.history.opening[:] = -1
    assert talk.state().candidates.questions.options[0, 0, 0] == attribute(world.catalogue, "crime")
