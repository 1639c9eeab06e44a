"""Records: one line a dialogue in the data set's own ids, complete enough to recompute every figure."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph.answers import Answer, QuestionMode
from policy.bayes import BayesPolicy
from policy.hand_written import RandomPolicy
from simulator.candidates import ActionSpace
from simulator.core import Rules
from simulator.evaluation import Run, evaluate_policy
from simulator.history import Act, History
from simulator.records import dialogue_records, spoken_answer
from simulator.runs import Targets
from tests import recompute
from tests.worlds import (
    FIRST_ATTRIBUTE_ID,
    FIRST_ITEM_ID,
    FIRST_USER_ID,
    MODES,
    Rambling,
    Scripted,
    dialogues_of,
    make_world,
    open_world,
    setting_of,
    town,
)

NO, YES, DONT_KNOW, DONT_CARE, UNSAID, SORT_OF = Answer


def run_of(history: History, mode: QuestionMode, user: int = 1, target: int = 4) -> Run:
    n = history.n_dialogues
    targets = Targets(np.full(n, user, np.int32), np.full(n, target, np.int32))
    setting = setting_of(open_world(), mode)
    return Run(Scripted([0]), setting, "classic", targets, np.full(n, 7), dialogues_of(history), 0.0)


def one_of_each(mode: QuestionMode) -> History:
    """A question, a wait, a list turned down, and one accepted at its second place."""
    m = mode.n_options
    history = History.begin(np.array([2]), 6, m, 3)
    history.length[:] = 4
    history.acts[0, :4] = [Act.ASK, Act.WAIT, Act.RECOMMEND, Act.RECOMMEND]
    history.options[0, 0, : min(m, 3)] = [5, 6, 7][: min(m, 3)]
    history.lists[0, 2:4] = [[0, 1, -1], [2, 4, 3]]
    history.accepted[0, 3] = 2
    return history


@pytest.mark.parametrize(
    ("mode", "answers", "asked", "said"),
    [
        (QuestionMode.BINARY, [YES], [75], "yes"),
        (QuestionMode.BINARY, [NO], [75], "no"),
        (QuestionMode.BINARY, [DONT_KNOW], [75], "dont-know"),
        (QuestionMode.BINARY, [DONT_CARE], [75], "dont-care"),
        (QuestionMode.FACET, [UNSAID, YES, UNSAID, -1], [75, 76, 77], 76),
        (QuestionMode.FACET, [NO, NO, NO, -1], [75, 76, 77], "none"),
        (QuestionMode.FACET, [DONT_KNOW, DONT_KNOW, DONT_KNOW, -1], [75, 76, 77], "dont-know"),
        (QuestionMode.MULTI, [YES, NO, YES, -1], [75, 76, 77], [75, 77]),
        (QuestionMode.MULTI, [NO, NO, NO, -1], [75, 76, 77], []),
        (QuestionMode.MULTI, [DONT_KNOW, DONT_KNOW, DONT_KNOW, -1], [75, 76, 77], "dont-know"),
    ],
)
def test_a_dialogue_in_the_ids_of_its_data_set(mode: QuestionMode, answers: list[int], asked: list[int], said: object):
    history = one_of_each(mode)
    history.answers[0, 0] = answers
    (record,) = dialogue_records(run_of(history, mode))
    assert record == {
        "policy": "scripted",
        "seed": 7,
        "user": FIRST_USER_ID + 1,
        "item": FIRST_ITEM_ID + 4,
        "opening": FIRST_ATTRIBUTE_ID + 2,
        "turns": [
            {"act": "ask", "attributes": asked, "answer": said},
            {"act": "wait"},
            {"act": "recommend", "items": [500, 501], "accepted": False},
            {"act": "recommend", "items": [502, 504, 503], "accepted": True},
        ],
        "success_turn": 3,
        "rank": 2,
    }
    assert json.loads(json.dumps(record)) == record


def test_ids_in_words_are_given_back() -> None:
    history = one_of_each(QuestionMode.BINARY)
    history.answers[0, 0] = [YES]
    run = run_of(history, QuestionMode.BINARY)
    dataset = run.setting.dataset
    catalogue = replace(dataset.catalogue, item_keys=tuple("abcdefg"))
    people = replace(dataset.interactions, user_keys=("u-1", "u-2"))
    named = replace(dataset, catalogue=catalogue, interactions=people)
    (record,) = dialogue_records(replace(run, setting=replace(run.setting, dataset=named)))
    assert (record["user"], record["item"]) == ("u-2", "e")
    assert [turn["items"] for turn in record["turns"] if turn["act"] == "recommend"] == [["a", "b"], ["c", "e", "d"]]


def test_what_is_not_there_is_null():
    history = History.begin(np.array([-1]), 2, 1, 3)
    (record,) = dialogue_records(run_of(history, QuestionMode.BINARY, user=-1))
    absent = [record[name] for name in ("user", "opening", "success_turn", "rank")]
    assert absent == [None] * 4
    assert record["turns"] == []


def test_silence_about_some_options_leaves_those_that_were_picked():
    assert spoken_answer(QuestionMode.MULTI, [(70, DONT_KNOW), (71, YES), (72, NO)]) == [71]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("turns", [14, 15])
def test_figures_can_be_recomputed_from_the_records(mode: QuestionMode, turns: int):
    """By a script that knows nothing of the package, for policies that fail, succeed and wait."""
    setting = setting_of(town(0.2), mode, turns=turns, space=ActionSpace(5, 8, 4))
    policies = (RandomPolicy(), BayesPolicy(), Rambling(np.random.default_rng(0)))
    runs = [evaluate_policy(policy, setting, "classic", 40, (0, 1)) for policy in policies]
    lines = [json.dumps(record) for run in runs for record in dialogue_records(run)]
    figures = recompute.recompute(lines, turns)
    assert list(figures) == ["random", "bayes", "rambling"]
    for run in runs:
        row = run.summary()
        found = figures[run.policy.name]
        assert found["dialogues"] == row["dialogues"] == 80
        assert found["sr"] == pytest.approx(row["sr"], abs=1e-9)
        assert (found["at"], found["hdcg"]) == pytest.approx((row["at"], row["hdcg"]), abs=1e-9)
    assert any((run.success_turn == 0).any() for run in runs), "failures have to be counted too"


GOOD = {
    "policy": "p", "seed": 0, "user": 1, "item": 5, "opening": 9,
    "turns": [{"act": "ask", "attributes": [8], "answer": "no"}, {"act": "wait"},
              {"act": "recommend", "items": [4, 5], "accepted": True}],
    "success_turn": 2, "rank": 2,
}  # fmt: skip


def test_the_recomputed_figures_of_one_dialogue_by_hand():
    (figures,) = recompute.recompute([json.dumps(GOOD)]).values()
    # 1 / log2(4) + (1 / log2(3) - 1 / log2(4)) / log2(3)
    assert figures == {"dialogues": 1, "sr": {"5": 1, "10": 1, "15": 1}, "at": 2, "hdcg": pytest.approx(0.5826078)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"success_turn": 3}, "differ from the acts"),
        ({"rank": 1}, "differ from the acts"),
        ({"success_turn": None, "rank": None}, "differ from the acts"),
        ({"turns": GOOD["turns"][:2], "success_turn": None, "rank": None}, "a failure with turns left"),
        ({"turns": GOOD["turns"] + GOOD["turns"][:1]}, "acts after the item was accepted"),
        ({"opening": 8}, "an attribute was asked about twice"),
        ({"turns": [{"act": "recommend", "items": [4], "accepted": False}, GOOD["turns"][2]]}, "shown twice"),
        ({"turns": [{"act": "recommend", "items": [4], "accepted": False}], "success_turn": None, "rank": None},
         "a failure with turns left"),
        ({"turns": [{"act": "recommend", "items": [5], "accepted": False}] * 15, "success_turn": None, "rank": None},
         "the item was shown and not accepted"),
    ],
)  # fmt: skip
def test_records_that_contradict_themselves_are_not_recomputed(change: dict[str, object], told: str):
    with pytest.raises(ValueError, match=told):
        recompute.recompute([json.dumps(GOOD | change)])


def test_more_turns_than_allowed_are_not_recomputed():
    with pytest.raises(ValueError, match="more turns than allowed"):
        recompute.recompute([json.dumps(GOOD)], turns=1)


def test_the_script_runs_on_its_own(tmp_path: Path):
    """With nothing of the package in reach, not even by accident."""
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(GOOD) + "\n", encoding="utf-8")
    script = Path(recompute.__file__).read_text(encoding="utf-8")
    (tmp_path / "alone.py").write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "alone.py", path.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == recompute.recompute(io.StringIO(path.read_text(encoding="utf-8")))


def test_ids_are_those_of_the_data_set_whatever_their_order():
    """Ids far from places and out of order."""
    world = make_world({"a": {"kind": ["x"]}, "b": {"kind": ["y"]}})
    world.catalogue.item_ids[:] = [11, 3]
    world.catalogue.attribute_ids[:] = [40, 20]
    setting = setting_of(world)
    history = History.begin(np.array([1]), 15, 1, 10)
    targets = Targets(np.array([-1], np.int32), np.array([1], np.int32))
    run = Run(Scripted([0]), setting, "classic", targets, np.array([0]), dialogues_of(history), 0.0)
    (record,) = dialogue_records(run)
    assert (record["item"], record["opening"]) == (3, 20)
    assert setting.rules == Rules()
