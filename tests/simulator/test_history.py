"""The history is the state: what is believed and shown follows from it alone."""

import numpy as np
import pytest

from graph.answers import UNKNOWN_DONT_KNOW, Answer, AnswerModel, QuestionMode
from graph.belief import AnswerEvidence, CritiqueEvidence, RejectionEvidence, VolunteeredEvidence
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules
from simulator.history import EMPTY_STEP, SEEN_BEFORE, Act, History, believe
from simulator.protocol import Decision
from simulator.randomness import dialogue_keys
from simulator.timing import TICK_SECONDS, Event
from simulator.users import parse_users
from tests.worlds import MODES, Rambling, begin, open_world, town

ASK, RECOMMEND, WAIT = Act.ASK, Act.RECOMMEND, Act.WAIT


def of_acts(*dialogues: list[Act], n_steps: int = 6) -> History:
    """Histories with these acts; question s asks for attribute s, list s shows item s."""
    history = History.begin(np.full(len(dialogues), -1), n_steps, 1, 2)
    for row, acts in enumerate(dialogues):
        history.length[row] = len(acts)
        for step, act in enumerate(acts):
            history.acts[row, step] = act
            if act == ASK:
                history.options[row, step], history.answers[row, step] = step, Answer.NO
            if act == RECOMMEND:
                history.lists[row, step, 0] = step
    return history


def without_last_act(history: History) -> History:
    """Undo, written out: the step, what was seen after it, and the verdict it brought on an earlier list."""
    undone = history.take(np.arange(history.n_dialogues))
    rows = np.flatnonzero(history.length)
    last = history.length[rows].astype(int) - 1
    settled = history.settled[rows, last].astype(int)
    undone.accepted[rows[settled > 0], settled[settled > 0] - 1] = 0
    for name, (empty, _) in EMPTY_STEP.items():
        getattr(undone, name)[rows, last + (name in SEEN_BEFORE)] = empty
    undone.length[rows] -= 1
    return undone


def rambled(
    dataset: Dataset, mode: QuestionMode, seed: int, users: str, n: int = 24
) -> tuple[Conversations, np.ndarray, Rambling]:
    """Conversations about to begin, their prior, and somebody who takes any open slot."""
    rng = np.random.default_rng(seed)
    n_items = dataset.catalogue.n_items
    prior = rng.normal(size=(n, n_items)).astype(np.float32)
    rules = Rules(questions=mode, space=ActionSpace(4, 4, 2))
    targets = rng.integers(0, n_items, n).astype(np.int32)
    people = parse_users(users)(dataset.catalogue, targets, dialogue_keys(0, np.arange(n)))
    return begin(dataset, targets, rules=rules, prior=prior, users=people), prior, Rambling(rng)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("users", ["classic", "burst+deliberator+critiquer+nlu+vague+dont-know+impatient"])
@pytest.mark.parametrize("deaf", [False, True])
def test_belief_kept_on_the_way_is_belief_made_from_history_and_undo_leads_back(
    mode: QuestionMode, users: str, deaf: bool
):
    dataset = town(0.3)
    talk, prior, policy = rambled(dataset, mode, 3, users)
    model = AnswerModel.honest(dataset.catalogue)
    if deaf:
        model = model.deaf_to_no()
        talk.belief = believe(dataset.catalogue, model, prior, talk.history)
    acts, late, before = set(), 0, talk.belief.log_weights.copy()
    while talk.n_dialogues:
        earlier = talk.history.take(np.arange(talk.n_dialogues))
        state = talk.state()
        over = talk.step(state, policy.choose(state)).over
        now = talk.belief.log_weights
        rebuilt = believe(dataset.catalogue, model, prior[talk.rows], talk.history)
        assert np.array_equal(now, rebuilt.log_weights)
        assert np.array_equal(talk.belief.probabilities, rebuilt.probabilities)
        undone = without_last_act(talk.history)
        earlier.grow(undone.n_steps - earlier.n_steps)
        for name in History.__dataclass_fields__:
            assert np.array_equal(getattr(undone, name), getattr(earlier, name)), name
        assert np.array_equal(believe(dataset.catalogue, model, prior[talk.rows], undone).log_weights, before)
        acts |= set(talk.history.acts[np.arange(talk.n_dialogues), talk.history.length - 1].tolist())
        late += int((talk.history.settled > 0).sum())
        talk.keep(np.flatnonzero(~over))
        before = talk.belief.log_weights.copy()
    assert acts == {ASK, RECOMMEND, WAIT}
    assert (late > 0) == (users != "classic")


def test_waiting_changes_no_belief():
    dataset = open_world()
    talk = begin(dataset, [0, 3])
    before = talk.belief.log_weights.copy()
    for _ in range(3):
        state = talk.state()
        talk.step(state, Decision(np.full(2, state.candidates.space.wait_slot)))
    assert np.array_equal(talk.belief.log_weights, before)
    assert talk.history.length.tolist() == [3, 3]
    assert talk.history.turns.tolist() == [0, 0]
    assert talk.state().turns_left.tolist() == [15, 15]


def test_a_turn_is_a_step_at_which_the_agent_speaks():
    history = of_acts([], [WAIT], [ASK, WAIT, RECOMMEND], [WAIT, WAIT, ASK, WAIT, WAIT], [RECOMMEND])
    assert history.length.tolist() == [0, 1, 3, 5, 1]
    assert history.turns.tolist() == [0, 0, 2, 1, 1]
    assert history.waits_in_a_row.tolist() == [0, 1, 0, 2, 0]


def test_waits_in_a_row_are_counted_to_the_brim_of_the_arrays():
    assert of_acts([WAIT] * 3, [ASK, WAIT, WAIT], [WAIT, WAIT, ASK], n_steps=3).waits_in_a_row.tolist() == [3, 2, 0]


def test_the_turn_of_acceptance_counts_what_was_spoken_alone():
    history = of_acts([WAIT, ASK, WAIT, RECOMMEND], [RECOMMEND], [ASK, RECOMMEND])
    history.accepted[0, 3], history.accepted[1, 0] = 2, 1
    assert history.accepted_turn.tolist() == [2, 1, 0]
    assert history.accepted_rank.tolist() == [2, 1, 0]


def test_what_was_asked_and_shown():
    history = of_acts([ASK, RECOMMEND, WAIT, ASK], [])
    history.opening[:] = [2, -1]
    assert np.flatnonzero(history.asked(5)[0]).tolist() == [0, 2, 3]
    assert np.flatnonzero(history.shown(5)[0]).tolist() == [1]
    assert not history.asked(5)[1].any()
    assert not history.shown(5)[1].any()


def test_evidence_is_answers_and_lists_turned_down_and_nothing_else():
    history = of_acts([ASK], [RECOMMEND], [WAIT], [RECOMMEND], [ASK])
    history.accepted[3, 0] = 1
    history.answers[4, 0] = Answer.DONT_KNOW
    answers, refusals = history.evidence(np.arange(5), np.zeros(5, np.intp))
    assert isinstance(answers, AnswerEvidence)
    assert answers.rows.tolist() == [0, 4]
    assert answers.options.tolist() == [[0], [0]]
    assert answers.answers.tolist() == [[Answer.NO], [Answer.DONT_KNOW]]
    assert isinstance(refusals, RejectionEvidence)
    assert refusals.rows.tolist() == [1]
    assert refusals.items.tolist() == [[0, -1]]
    assert list(history.evidence(np.array([2, 3]), np.array([0, 0]))) == []


def test_evidence_is_of_the_step_that_is_named():
    history = of_acts([ASK, ASK, RECOMMEND], [RECOMMEND, RECOMMEND, ASK])
    history.answers[0, 1], history.accepted[1, 0] = Answer.YES, 1
    answers, refusals = history.evidence(np.array([0, 1]), np.array([1, 1]))
    assert isinstance(answers, AnswerEvidence)
    assert (answers.options.tolist(), answers.answers.tolist()) == ([[1]], [[Answer.YES]])
    assert isinstance(refusals, RejectionEvidence)
    assert refusals.items.tolist() == [[1, -1]]


def test_a_list_that_is_thought_about_is_evidence_when_it_is_turned_down_and_not_before():
    """The verdict comes at the second wait; where the agent speaks first, or the item is taken, nothing is learned."""
    history = of_acts([RECOMMEND, WAIT, WAIT], [RECOMMEND, WAIT, ASK], [RECOMMEND, WAIT, WAIT])
    history.deferred[:, 0] = True
    history.settled[:, 2] = 1
    history.accepted[2, 0] = 1
    for step in (0, 1):
        assert list(history.evidence(np.arange(3), np.full(3, step))) == []
    answer, refusal = history.evidence(np.arange(3), np.full(3, 2))
    assert isinstance(answer, AnswerEvidence)
    assert isinstance(refusal, RejectionEvidence)
    assert (refusal.rows.tolist(), refusal.items.tolist()) == ([0], [[0, -1]])
    assert np.flatnonzero(history.dropped.any(axis=1)).tolist() == [1]
    assert history.shown(3).any(axis=1).tolist() == [True, False, True]


def test_a_list_is_on_show_until_it_is_settled():
    history = of_acts([RECOMMEND, WAIT], [RECOMMEND, WAIT], [RECOMMEND, ASK], [RECOMMEND])
    history.deferred[:3, 0] = True
    history.settled[[1, 2], 1] = 1
    assert history.on_show.tolist() == [True, False, False, False]


def test_what_is_volunteered_counts_what_was_named_before():
    """The opening, a yes of the same step and of one before, and another thing volunteered; noes do not count."""
    history = of_acts([ASK, WAIT, ASK], [WAIT], [WAIT, WAIT])
    history.opening[:] = [4, -1, 4]
    history.answers[0, [0, 2], 0] = Answer.YES
    history.answers[0, 1, 0] = -1
    history.volunteered[0, [1, 2]] = [6, 7]
    history.volunteered[1, 0], history.volunteered[2, 0], history.volunteered[2, 1] = 5, 6, 7
    found = {
        step: [
            each for each in history.evidence(np.arange(3), np.full(3, step)) if isinstance(each, VolunteeredEvidence)
        ]
        for step in range(3)
    }
    assert [(each.attributes.tolist(), each.already.tolist()) for each in found[0]] == [([5, 6], [0, 1])]
    assert [(each.attributes.tolist(), each.already.tolist()) for each in found[1]] == [([6, 7], [2, 2])]
    assert [(each.attributes.tolist(), each.already.tolist()) for each in found[2]] == [([7], [4])]
    assert np.flatnonzero(history.asked(9)[0]).tolist() == [0, 2, 4, 6, 7]


def test_a_critique_says_on_which_side_of_which_value_the_item_lies():
    history = of_acts([RECOMMEND], [RECOMMEND], [RECOMMEND])
    history.critiques[0, 0], history.critiques[2, 0] = (1, 3, -1), (2, 5, 1)
    _, critique = history.evidence(np.arange(3), np.zeros(3, int))
    assert isinstance(critique, CritiqueEvidence)
    assert critique.rows.tolist() == [0, 2]
    assert (critique.references.tolist(), critique.directions.tolist()) == ([3, 5], [-1, 1])


def test_the_confidence_of_a_misheard_answer_goes_with_it():
    history = of_acts([ASK], [ASK], [RECOMMEND])
    (sure, _) = history.evidence(np.arange(3), np.zeros(3, int))
    assert sure.confidence is None
    history.confidence[1, 0] = 0.25
    (unsure, _) = history.evidence(np.arange(3), np.zeros(3, int))
    assert unsure.confidence.tolist() == [1.0, 0.25]


def test_silence_is_counted_since_the_user_last_said_something():
    history = of_acts([WAIT, WAIT, WAIT], [RECOMMEND, WAIT], [ASK], [])
    history.ticks[0, :3], history.ticks[1, :2], history.ticks[2, 0] = [2, 1, 2], [1, 2], 1
    history.events[0, 1:4] = [Event.SILENCE, Event.FRAGMENT, Event.SILENCE]
    history.events[1, 1:3] = [Event.DEFERRAL, Event.SILENCE]
    history.deferred[1, 0] = True
    cues = history.cues()
    assert cues.silence.tolist() == [2 * TICK_SECONDS, 3 * TICK_SECONDS, 0, 0]
    assert cues.event.tolist() == [Event.SILENCE, Event.SILENCE, Event.MESSAGE, Event.MESSAGE]
    assert cues.deferred.tolist() == cues.on_show.tolist() == [False, True, False, False]
    history.settled[1, 1], history.events[1, 2] = 1, Event.MESSAGE
    after = history.cues()
    assert (after.silence[1], after.deferred[1], after.on_show[1]) == (0, False, False)


def test_room_that_is_made_is_empty():
    history = of_acts([ASK, RECOMMEND], n_steps=2)
    turns, asked = history.turns, history.asked(4)
    history.grow(3)
    assert history.n_steps == 5
    assert history.acts[0].tolist() == [ASK, RECOMMEND, 0, 0, 0]
    assert (history.options[0, 2:] == -1).all()
    assert (history.answers[0, 2:] == -1).all()
    assert (history.lists[0, 2:] == -1).all()
    assert history.accepted[0, 2:].tolist() == [0, 0, 0]
    assert np.array_equal(history.turns, turns)
    assert np.array_equal(history.asked(4), asked)


def test_histories_are_joined_in_order_whatever_their_length():
    short, long = of_acts([ASK], n_steps=1), of_acts([WAIT, RECOMMEND], [RECOMMEND], n_steps=4)
    joined = History.join([short, long])
    assert (joined.n_dialogues, joined.n_steps) == (3, 4)
    assert joined.length.tolist() == [1, 2, 1]
    assert joined.acts.tolist() == [[ASK, 0, 0, 0], [WAIT, RECOMMEND, 0, 0], [RECOMMEND, 0, 0, 0]]
    assert joined.lists[:, :2, 0].tolist() == [[-1, -1], [-1, 1], [0, -1]]


def test_what_is_taken_is_a_copy_and_can_be_put_back():
    history = of_acts([ASK], [RECOMMEND], [WAIT])
    taken = history.take(np.array([2, 0]))
    assert taken.acts[:, 0].tolist() == [WAIT, ASK]
    taken.acts[:, 0] = RECOMMEND
    taken.length += 4
    assert history.acts[:, 0].tolist() == [ASK, RECOMMEND, WAIT]
    history.put(np.array([1, 2]), taken)
    assert history.acts[:, 0].tolist() == [ASK, RECOMMEND, RECOMMEND]
    assert history.length.tolist() == [1, 5, 5]


def test_an_opening_counts_an_item_by_one_in_the_number_of_its_attributes():
    """Crime films of 3, 2 and 4 attributes: each could have opened with "crime" in one dialogue of so many."""
    catalogue: Catalogue = open_world().catalogue
    crime = catalogue.attribute_names.index("crime")
    history = History.begin(np.array([crime]), 1, 1, 1)
    belief = believe(catalogue, AnswerModel.honest(catalogue), np.zeros((1, 7), np.float32), history)
    degrees = {"Heat": 3, "Collateral": 2, "Fargo": 5}
    # Of Short Cuts the genre is unknown: few people know it, and half of the six genres known say crime.
    knows = 1 - UNKNOWN_DONT_KNOW
    weights = {title: 1 / degree for title, degree in degrees.items()} | {"Short Cuts": knows * 3 / 6 / 1}
    total = sum(weights.values())
    believed = dict(zip(catalogue.titles, belief.probabilities[0].tolist(), strict=True))
    for title, mass in believed.items():
        assert mass == pytest.approx(weights.get(title, 0) / total, abs=1e-4)
