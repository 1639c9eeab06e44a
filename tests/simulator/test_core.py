"""The conversation core: what happens when a policy says this and the user that."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.belief import EmptyBeliefError
from simulator.candidates import ActionSpace
from simulator.core import CLOCK, Conversations, Rules
from simulator.history import Act
from simulator.protocol import Decision
from simulator.runs import Targets, run_dialogues
from tests.worlds import Ranked, Scripted, attribute, begin, item, open_world, setting_of, shelf, town

SPACE = ActionSpace(n_ask=2, n_recommend=6, list_length=3)
KEYS = np.arange(8, dtype=np.uint64)
ASK, LIST, WAIT = 0, SPACE.n_ask, SPACE.wait_slot


@dataclass
class Recorder:
    """A user who says no to everything and remembers who was asked what."""

    n: int
    calls: list[tuple[str, list[int], list[int]]] = field(default_factory=list)

    def open(self) -> NDArray[np.int32]:
        return np.full(self.n, -1, np.int32)

    def answer(
        self, rows: NDArray[np.intp], options: NDArray[np.int32], mode: QuestionMode, turns: NDArray[np.integer]
    ) -> NDArray[np.int8]:
        self.calls.append(("answer", rows.tolist(), turns.tolist()))
        return np.where(options >= 0, Answer.NO, -1).astype(np.int8)

    def accept(self, rows: NDArray[np.intp], lists: NDArray[np.int32], turns: NDArray[np.integer]) -> NDArray[np.int16]:
        self.calls.append(("accept", rows.tolist(), turns.tolist()))
        return np.zeros(len(rows), np.int16)


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


def test_turns_left_count_this_turn():
    talk = begin(shelf(60), [59], rules=Rules(turns=3, space=SPACE))
    left = []
    while not talk.finished().any():
        state = talk.state()
        left.append(int(state.turns_left[0]))
        talk.step(state, Decision(np.array([LIST])))
    assert left == [3, 2, 1]


@pytest.mark.parametrize("turns", [14, 15])
def test_who_always_waits_fails_and_does_not_hang(turns: int):
    history = hold(Scripted([WAIT]), [90], n_items=100, turns=turns)
    # Three waits in a row close the slot, the fourth step is spoken: four steps a turn.
    assert history.length.tolist() == [min(4 * turns, CLOCK)]
    assert history.accepted_turn.tolist() == [0]
    assert history.acts[0, :8].tolist() == [Act.WAIT, Act.WAIT, Act.WAIT, Act.RECOMMEND] * 2


def test_who_has_nothing_to_say_is_cut_off_after_sixty_steps():
    setting = setting_of(shelf(2), space=SPACE, eligible=np.array([False, True]))
    targets = Targets(np.zeros(1, np.int32), np.zeros(1, np.int32))
    history = run_dialogues(setting, Scripted([LIST]), targets, seed=0).history
    assert history.length.tolist() == [CLOCK]
    assert history.turns.tolist() == [1]
    assert history.accepted_turn.tolist() == [0]


def test_users_are_asked_by_their_own_row_and_the_turns_before():
    users = Recorder(4)
    talk = begin(open_world(), [0, 0, 0, 0], users=users, rules=Rules(space=SPACE))
    talk.step(talk.state(), Decision(np.array([WAIT, ASK, LIST, ASK])))
    talk.keep(np.array([1, 2, 3]))
    talk.step(talk.state(), Decision(np.array([LIST, WAIT, ASK])))
    talk.keep(np.array([1, 2]))
    talk.step(talk.state(), Decision(np.array([ASK, LIST])))
    talk.step(talk.state(), Decision(np.array([LIST, WAIT])))
    assert users.calls == [
        ("answer", [1, 3], [0, 0]), ("accept", [2], [0]),
        ("answer", [3], [1]), ("accept", [1], [1]),
        ("answer", [2], [1]), ("accept", [3], [2]),  # 2 has waited once in between
        ("accept", [2], [2]),
    ]  # fmt: skip


def test_dialogues_that_have_ended_are_not_touched_any_more():
    users = Recorder(3)
    talk = begin(open_world(), [0, 1, 2], users=users, rules=Rules(space=SPACE))
    talk.step(talk.state(), Decision(np.array([ASK, LIST, ASK])))
    ended = talk.history.take(np.array([1]))
    talk.keep(np.array([0, 2]))
    users.calls.clear()
    for _ in range(5):
        talk.step(talk.state(), Decision(np.array([LIST, ASK])))
    assert all(1 not in rows for _, rows, _ in users.calls)
    assert (ended.length.tolist(), talk.rows.tolist(), talk.n_dialogues) == ([1], [0, 2], 2)


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
        whole, part = before, after
        for step in name.split("."):
            whole, part = getattr(whole, step), getattr(part, step)
        assert np.array_equal(part, whole[[4, 1]]), name


def test_finished_is_who_accepted_or_ran_out():
    talk: Conversations = begin(shelf(9), [0, 8], rules=Rules(turns=2, space=SPACE), prior=Ranked(9).scores(range(2)))
    assert talk.finished().tolist() == [False, False]
    talk.step(talk.state(), Decision(np.array([LIST, LIST])))
    assert talk.finished().tolist() == [True, False]
    talk.keep(np.array([1]))
    talk.step(talk.state(), Decision(np.array([LIST])))
    assert talk.finished().tolist() == [True]
    assert talk.history.accepted_turn.tolist() == [0]


def test_no_eligible_item_is_refused():
    with pytest.raises(EmptyBeliefError, match="dialogue 1: no item is eligible"):
        begin(shelf(3), [0, 1], eligible=np.array([[True] * 3, [False] * 3]))
