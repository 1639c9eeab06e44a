"""The conversation core: what happens when a policy says this and the user that."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.belief import EmptyBeliefError
from policy.bayes import BayesPolicy
from simulator.candidates import ActionSpace
from simulator.core import Rules
from simulator.history import EMPTY_STEP, Act, History
from simulator.people import Opening, Reaction
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.runs import Targets, run_dialogues
from simulator.timing import CLOCK, SILENCE_TIMER
from tests.worlds import Ranked, Scripted, attribute, begin, item, open_world, setting_of, shelf, town

SPACE = ActionSpace(n_ask=2, n_recommend=6, list_length=3)
KEYS = np.arange(8, dtype=np.uint64)
ASK, LIST, WAIT = 0, SPACE.n_ask, SPACE.wait_slot


@dataclass
class Recorder:
    """Users who say no to everything, and remember who reacted to which act after how many turns."""

    n: int
    calls: list[tuple[list[int], list[int], list[int], list[bool]]] = field(default_factory=list)
    """Users, acts, turns taken with this one, and whether no turn is left."""

    def __post_init__(self) -> None:
        self.people = np.arange(self.n)

    @property
    def without_history(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.people), bool)

    @property
    def nbytes(self) -> int:
        return self.people.nbytes

    def open(self) -> Opening:
        n = self.n
        return Opening(np.full(n, -1, np.int32), np.zeros(n, np.int8), np.zeros(n, bool), np.ones(n, np.float16))

    def react(self, history: History, mode: QuestionMode, last: NDArray[np.bool_]) -> Reaction:
        at = np.arange(history.n_dialogues), history.length.astype(int)
        acts = history.acts[at]
        self.calls.append((self.people.tolist(), acts.tolist(), history.turns.tolist(), last.tolist()))
        reaction = Reaction.none(len(acts), mode.n_options)
        reaction.answers[acts == Act.ASK] = np.where(history.options[at] >= 0, Answer.NO, -1)[acts == Act.ASK]
        return reaction

    def keep(self, rows: NDArray[np.intp]) -> None:
        self.people = self.people[rows]

    def replace(self, rows: NDArray[np.intp], others: object) -> None:
        assert isinstance(others, Recorder)
        self.people[rows] = 100 + others.people


def hold(policy: Scripted, targets: list[int], n_items: int = 30, turns: int = 15):
    """Dialogues in which item 0 is believed in most, then item 1, and so on."""
    dataset = shelf(n_items)
    setting = setting_of(dataset, turns=turns, affinity=Ranked(n_items), space=SPACE)
    items = np.array(targets, np.int32)
    return run_dialogues(setting, policy, Targets(np.zeros_like(items), items), seed=0).history


@pytest.mark.parametrize(
    ("target", "turn", "rank"), [(0, 1, 1), (1, 1, 2), (2, 1, 3), (3, 2, 1), (8, 3, 3), (14, 5, 3), (15, 0, 0)]
)
def test_lists_in_order_of_belief_find_the_item_where_it_stands(target: int, turn: int, rank: int):
    history = hold(Scripted([LIST]), [target], turns=5)
    assert history.accepted_turn.tolist() == [turn]
    assert history.accepted_rank.tolist() == [rank]
    assert history.length.tolist() == [turn or 5]
    assert history.lists[0, 0].tolist() == [0, 1, 2]
    if target > 2:
        assert history.lists[0, 1].tolist() == [3, 4, 5]


def test_another_slot_shows_its_item_first():
    history = hold(Scripted([LIST + 4]), [4, 0, 5])
    assert history.lists[:, 0].tolist() == [[4, 0, 1]] * 3
    assert history.lists[2, 1:3].tolist() == [[7, 2, 3], [10, 5, 6]]  # each time the fifth of those left stands first
    assert history.accepted_turn.tolist() == [1, 1, 3]
    assert history.accepted_rank.tolist() == [1, 2, 2]


def test_waiting_takes_steps_and_no_turns():
    history = hold(Scripted([WAIT, LIST, WAIT, WAIT, LIST]), [3])
    assert history.acts[0, :5].tolist() == [Act.WAIT, Act.RECOMMEND, Act.WAIT, Act.WAIT, Act.RECOMMEND]
    assert history.length.tolist() == [5]
    assert history.accepted_turn.tolist() == [2]


def test_a_question_and_its_answer_are_kept_where_they_belong():
    catalogue = open_world().catalogue
    target = item(catalogue, "Duck Soup")
    talk = begin(open_world(), [target], rules=Rules(space=ActionSpace(20, 4, 2)))
    said = {}
    for _ in range(4):
        state = talk.state()
        talk.step(state, Decision(np.zeros(1, np.intp)))
        step = talk.history.length[0] - 1
        said[int(talk.history.options[0, step, 0])] = int(talk.history.answers[0, step, 0])
    comedy, director = attribute(catalogue, "comedy"), catalogue.facet_index("director")
    assert talk.history.opening.tolist() == [comedy]
    assert len(said) == 4
    for option, answer in said.items():
        unknown = catalogue.attribute_facet[option] == director
        assert answer == (Answer.DONT_KNOW if unknown else Answer.NO)


def test_a_closed_slot_is_replaced_by_the_first_open_one_and_reported():
    """The one attribute of the shelf was named at the opening: both questions are closed."""
    talk = begin(shelf(4), [3, 3, 3, 3], rules=Rules(space=SPACE))
    state = talk.state()
    assert state.candidates.mask[0].tolist() == [False, False, True, True, True, True, False, False, True]
    invalid = talk.step(state, Decision(np.array([ASK, LIST + 5, LIST + 1, WAIT]))).invalid
    assert invalid.tolist() == [True, True, False, False]
    assert talk.history.acts[:, 0].tolist() == [Act.RECOMMEND] * 3 + [Act.WAIT]
    first, most_believed = talk.history.lists[:, 0], state.candidates.items
    assert np.array_equal(first[0], most_believed[0, :3])
    assert np.array_equal(first[1], most_believed[1, :3])
    assert first[2, 0] == most_believed[2, 1]


@pytest.mark.parametrize("slot", [-1, SPACE.n_slots, 10**6])
def test_a_slot_that_does_not_exist_is_replaced_and_reported(slot: int):
    talk = begin(shelf(4), [3], rules=Rules(space=SPACE))
    assert talk.step(talk.state(), Decision(np.array([slot]))).invalid.tolist() == [True]
    assert talk.history.acts[0, 0] == Act.RECOMMEND


def test_whole_lists_are_shown_and_kept_where_a_recommend_slot_is_chosen():
    talk = begin(open_world(), [0, 1, 2], rules=Rules(space=SPACE))
    lists = np.array([[6, 0, 5], [6, 5, 4], [3, 2, -1]], np.int32)
    talk.step(talk.state(), Decision(np.array([LIST, ASK, LIST + 1]), lists))
    assert talk.history.lists[:, 0].tolist() == [[6, 0, 5], [-1, -1, -1], [3, 2, -1]]
    assert talk.history.accepted[:, 0].tolist() == [2, 0, 2]
    assert talk.history.answers[1, 0, 0] in (Answer.YES, Answer.NO)


def test_items_that_may_not_be_shown_are_left_out_of_a_whole_list():
    dataset = shelf(30)
    eligible = np.ones(30, dtype=np.int64)
    eligible[4] = 0
    setting = replace(setting_of(dataset, affinity=Ranked(30), space=SPACE), eligible=eligible)
    talk = setting.begin(Scripted([LIST]), Targets(np.zeros(2, np.int32), np.full(2, 9, np.int32)), KEYS[:2])
    lists = np.array([[3, 4, 5], [6, -7, 8]], np.int32)
    assert talk.step(talk.state(), Decision(np.array([LIST, LIST]), lists)).invalid.tolist() == [True, True]
    assert talk.history.lists[:, 0].tolist() == [[3, -1, 5], [6, -1, 8]]


def test_a_mask_of_zeros_and_ones_holds_to_the_end():
    setting = setting_of(shelf(30), affinity=Ranked(30), space=SPACE, turns=5)
    eligible = np.ones(30, dtype=np.int64)
    eligible[::2] = 0
    targets = Targets(np.zeros(1, np.int32), np.array([28], np.int32))
    history = run_dialogues(replace(setting, eligible=eligible), Scripted([LIST]), targets, seed=0).history
    assert history.lists[0].ravel().tolist() == list(range(1, 30, 2))


@pytest.mark.parametrize("lists", [[[1, 2, 3, 4]], [[1, 30, 2]]])
def test_a_whole_list_that_cannot_be_one_is_refused(lists: list[list[int]]):
    setting = setting_of(shelf(30), affinity=Ranked(30), space=SPACE)
    talk = setting.begin(Scripted([LIST]), Targets(np.zeros(1, np.int32), np.full(1, 9, np.int32)), KEYS[:1])
    with pytest.raises(ValueError, match="at most 3 item numbers each"):
        talk.step(talk.state(), Decision(np.array([LIST]), np.array(lists, np.int32)))


def test_a_shorter_whole_list_leaves_the_rest_empty():
    talk = begin(shelf(5), [1], rules=Rules(space=SPACE))
    talk.step(talk.state(), Decision(np.array([LIST]), np.array([[4]], np.int32)))
    assert talk.history.lists[0, 0].tolist() == [4, -1, -1]
    assert talk.history.shown(5)[0].tolist() == [False, False, False, False, True]


@pytest.mark.parametrize("turns", [14, 15])
def test_dialogues_end_when_their_turns_are_used_up(turns: int):
    history = hold(Scripted([LIST]), [3 * turns - 1, 3 * turns], n_items=60, turns=turns)
    assert history.accepted_turn.tolist() == [turns, 0]
    assert history.turns.tolist() == [turns, turns]
    assert history.length.tolist() == [turns, turns]


def test_turns_and_ticks_left_count_this_turn():
    talk = begin(shelf(60), [59], rules=Rules(turns=3, space=SPACE))
    turns, ticks, over = [], [], False
    for slot in (LIST, WAIT, LIST, LIST):
        assert not over
        state = talk.state()
        turns.append(int(state.turns_left[0]))
        ticks.append(int(state.ticks_left[0]))
        over = talk.step(state, Decision(np.array([slot]))).over[0]
    assert over
    assert turns == [3, 2, 2, 1]
    assert ticks == [CLOCK, CLOCK - 1, CLOCK - 1 - SILENCE_TIMER, CLOCK - 2 - SILENCE_TIMER]


def test_who_always_waits_runs_out_of_turns_or_of_time():
    """Three waits of two ticks in a row close the slot, the fourth step is spoken: seven ticks a turn."""
    long = hold(Scripted([WAIT]), [90], n_items=100, turns=15)
    assert long.acts[0, :8].tolist() == [Act.WAIT, Act.WAIT, Act.WAIT, Act.RECOMMEND] * 2
    assert (long.turns.tolist(), long.clock.tolist(), long.length.tolist()) == ([8], [CLOCK], [34])
    short = hold(Scripted([WAIT]), [90], n_items=100, turns=5)
    assert (short.turns.tolist(), short.clock.tolist(), short.length.tolist()) == ([5], [35], [20])


def test_who_has_nothing_to_say_is_cut_off_by_the_clock():
    setting = setting_of(shelf(2), space=SPACE, eligible=np.array([False, True]))
    targets = Targets(np.zeros(1, np.int32), np.zeros(1, np.int32))
    history = run_dialogues(setting, Scripted([LIST]), targets, seed=0).history
    assert history.clock.tolist() == [CLOCK + 1]  # one list, and thirty waits of two ticks
    assert history.turns.tolist() == [1]
    assert history.accepted_turn.tolist() == [0]


def test_the_end_says_whether_the_dialogue_was_cut_off():
    talk = begin(shelf(9), [0, 8, 8], rules=Rules(turns=2, clock=4, space=SPACE), prior=Ranked(9).scores(range(3)))
    ends = []
    for slots in ([LIST, LIST, WAIT], [LIST, LIST, WAIT]):
        outcome = talk.step(talk.state(), Decision(np.array(slots)))
        ends.append((outcome.terminated.tolist(), outcome.truncated.tolist(), outcome.over.tolist()))
    assert ends == [
        ([True, False, False], [False, False, False], [True, False, False]),
        ([True, True, False], [False, False, True], [True, True, True]),
    ]


def test_rewards_of_a_dialogue_by_hand():
    """A wait too many, a question, a list of others and the right one; then one that fails."""
    talk = begin(open_world(), [3, 3], rules=Rules(turns=3, space=SPACE))
    options = np.full((2, 1), attribute(talk.catalogue, "horror"), np.int32)
    nothing = np.full((2, 1), -1, np.int32)
    lists = {1: np.array([[0, 1], [0, 1]], np.int32), 2: np.array([[2, 3], [2, 4]], np.int32)}
    rewards = [
        talk.carry_out(np.full(2, act, np.int8), options, shown).reward.tolist()
        for act, shown in [
            (Act.WAIT, nothing), (Act.ASK, nothing), (Act.RECOMMEND, lists[1]), (Act.RECOMMEND, lists[2]),
        ]
    ]  # fmt: skip
    wait, turn = -0.05 - 2 * 0.01, -0.02 - 0.01
    assert rewards == [
        pytest.approx([wait, wait]),
        pytest.approx([turn, turn]),
        pytest.approx([turn - 0.05] * 2),
        pytest.approx([turn + 1.0, turn - 0.05 - 0.3]),
    ]
    assert talk.tally.reward == pytest.approx(np.sum(rewards, axis=0))
    assert talk.tally.dead_air.tolist() == [1, 1]
    assert talk.tally.wanted_shown.tolist() == [1, 0]
    assert talk.tally.wasted.tolist() == [0, 0]


def test_a_question_to_which_nobody_knows_the_answer_is_wasted():
    talk = begin(open_world(), [5, 0], rules=Rules(space=SPACE))
    director = np.full((2, 1), attribute(talk.catalogue, "Michael Mann"), np.int32)
    talk.carry_out(np.full(2, Act.ASK, np.int8), director, director)
    assert talk.history.answers[:, 0, 0].tolist() == [Answer.DONT_KNOW, Answer.NO]
    assert talk.tally.wasted.tolist() == [1, 0]


def test_users_react_as_the_batch_shrinks_and_is_filled_up():
    users = Recorder(4)
    rules = Rules(turns=3, space=SPACE)
    talk = begin(open_world(), [0, 0, 0, 0], users=users, rules=rules)
    talk.step(talk.state(), Decision(np.array([WAIT, ASK, LIST, ASK])))
    talk.keep(np.array([1, 2, 3]))
    talk.step(talk.state(), Decision(np.array([LIST, WAIT, ASK])))
    talk.replace(np.array([2]), begin(open_world(), [0], users=Recorder(1), rules=rules))
    talk.step(talk.state(), Decision(np.array([ASK, LIST, LIST])))
    talk.keep(np.array([2, 1]))
    talk.step(talk.state(), Decision(np.array([WAIT, LIST])))
    ask, show, wait = Act.ASK, Act.RECOMMEND, Act.WAIT
    assert users.calls == [
        ([0, 1, 2, 3], [wait, ask, show, ask], [0, 1, 1, 1], [False] * 4),
        ([1, 2, 3], [show, wait, ask], [2, 1, 2], [False] * 3),
        ([1, 2, 100], [ask, show, show], [3, 2, 1], [True, False, False]),
        ([100, 2], [wait, show], [1, 3], [False, True]),
    ]


def test_dialogues_that_have_ended_are_not_touched_any_more():
    users = Recorder(3)
    talk = begin(open_world(), [0, 1, 2], users=users, rules=Rules(space=SPACE))
    talk.step(talk.state(), Decision(np.array([ASK, LIST, ASK])))
    ended = talk.history.take(np.array([1]))
    talk.keep(np.array([0, 2]))
    for _ in range(5):
        talk.step(talk.state(), Decision(np.array([LIST, ASK])))
    assert all(people == [0, 2] for people, *_ in users.calls[1:])
    assert (ended.length.tolist(), talk.rows.tolist(), talk.n_dialogues) == ([1], [0, 2], 2)


def test_a_place_that_is_filled_anew_begins_anew():
    """Belief, history, keys, eligible items and tally are those of the fresh dialogue; the others go on."""
    rng = np.random.default_rng(3)
    eligible = rng.random((5, 120)) < 0.8
    prior = rng.normal(size=(5, 120)).astype(np.float32)
    rules = Rules(space=SPACE)
    talk = begin(town(), range(5), rules=rules, eligible=eligible[:5].copy(), prior=prior)
    for slots in ([WAIT, ASK, LIST, ASK, WAIT], [ASK] * 5):
        talk.step(talk.state(), Decision(np.array(slots)))
    before = talk.state(np.array([0, 2, 4]))
    places = np.array([3, 1])
    newcomers = [
        begin(town(), [7, 8], rules=rules, eligible=eligible[:2].copy(), prior=prior[:2], seed=9) for _ in "ab"
    ]
    talk.replace(places, newcomers[0])
    assert_same_states(talk.state(np.array([0, 2, 4])), before)
    assert_same_states(talk.state(places), newcomers[1].state())
    assert talk.tally.reward[places].tolist() == [0, 0]
    for slots in ([ASK] * 5, [LIST] * 5):
        state = talk.state()
        outcome = talk.step(state, Decision(np.array(slots)))
        alone = newcomers[1].step(newcomers[1].state(), Decision(np.array(slots[:2])))
        assert np.array_equal(outcome.reward[places], alone.reward)
        assert_same_states(talk.state(places), newcomers[1].state())


def assert_same_states(one: State, other: State) -> None:
    """What both hold, but for room that was not used."""
    steps = max(one.history.n_steps, other.history.n_steps)
    for state in (one, other):
        state.history.grow(steps - state.history.n_steps)
    for name in ("belief.log_weights", "keys", "eligible", "candidates.items", "candidates.mask", "turns_left",
                 "candidates.questions.options", "ticks_left", *(f"history.{n}" for n in EMPTY_STEP)):  # fmt: skip
        assert np.array_equal(reach(one, name), reach(other, name)), name


def reach(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("rows", [[4, 1], [0], [2, 2, 3]])
def test_the_state_of_some_is_theirs_and_a_copy(rows: list[int]):
    talk = begin(town(), range(5), rules=Rules(space=SPACE), eligible=np.random.default_rng(0).random((5, 120)) < 0.9)
    talk.step(talk.state(), Decision(np.array([ASK, LIST, WAIT, ASK, LIST])))
    whole, some = talk.state(), talk.state(np.array(rows))
    for name in ("belief.log_weights", "keys", "eligible", "candidates.items", "candidates.mask", "history.acts"):
        assert np.array_equal(reach(some, name), reach(whole, name)[rows]), name
    some.history.acts[:] = Act.NONE
    some.belief.log_weights[:] = 0
    assert talk.history.acts.any()
    assert talk.belief.log_weights.any()


def test_keeping_some_keeps_what_belongs_to_them():
    """Belief, history, keys, eligible items and prior stay with their dialogue."""
    catalogue = town().catalogue
    rng = np.random.default_rng(0)
    eligible = rng.random((5, catalogue.n_items)) < 0.8
    prior = rng.normal(size=(5, catalogue.n_items)).astype(np.float32)
    talk = begin(town(), range(5), eligible=eligible, prior=prior)
    before = talk.state()
    talk.keep(np.array([4, 1]))
    after = talk.state()
    for name in ("belief.log_weights", "history.opening", "keys", "eligible", "candidates.items", "candidates.mask",
                 "candidates.questions.options", "turns_left"):  # fmt: skip
        assert np.array_equal(reach(after, name), reach(before, name)[[4, 1]]), name


def test_no_eligible_item_is_refused():
    with pytest.raises(EmptyBeliefError, match="dialogue 1: no item is eligible"):
        begin(shelf(3), [0, 1], eligible=np.array([[True] * 3, [False] * 3]))


def test_tastes_stay_with_the_person_they_belong_to():
    """Through keeping, copying and beginning anew; strangers are asked for as such."""
    dataset, asked = town(), []

    def tastes(users: NDArray[np.int32]) -> NDArray[np.float32]:
        asked.extend(users.tolist())
        return np.arange(len(users), dtype=np.float32)[:, None, None] + np.zeros((1, 2, dataset.catalogue.n_items), "f")

    def whose(state: State) -> list[float]:
        assert state.tastes is not None
        assert state.tastes.shape[1:] == (2, dataset.catalogue.n_items)
        return state.tastes[:, 0, 0].tolist()

    setting = replace(setting_of(dataset, anonymous=True), tastes=tastes)
    targets, keys = Targets(np.zeros(5, np.int32), np.arange(5, dtype=np.int32)), dialogue_keys(0, np.arange(5))
    talk = setting.begin(BayesPolicy(), targets, keys)
    assert asked == [-1] * 5
    assert whose(talk.state()) == [0, 1, 2, 3, 4]
    assert whose(talk.state(np.array([3, 1]))) == [3, 1]
    assert whose(talk.take(np.array([2, 2, 0])).state()) == [2, 2, 0]
    talk.keep(np.array([4, 1]))
    assert whose(talk.state()) == [4, 1]
    fresh = setting.begin(BayesPolicy(), Targets(targets.users[:1], targets.items[:1]), keys[:1])
    talk.replace(np.array([0]), fresh)
    assert whose(talk.state()) == [0, 1]
    plain = replace(setting, tastes=None).begin(BayesPolicy(), targets, keys)
    assert plain.state().tastes is None
