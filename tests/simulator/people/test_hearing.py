"""The channel between what is said and what is heard, and the tables it is made of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from graph.answers import Answer, QuestionMode
from graph.errors import DataError
from simulator.people.hearing import ConfusionTable, shipped_table
from simulator.randomness import dialogue_keys

NO, YES, UNSAID = Answer.NO, Answer.YES, Answer.UNSAID
DONT_KNOW, DONT_CARE, SORT_OF = Answer.DONT_KNOW, Answer.DONT_CARE, Answer.SORT_OF
FACET, MULTI = QuestionMode.FACET, QuestionMode.MULTI
N = 20_000


def table(**changes: Any) -> dict[str, Any]:
    """A table as it should be, but for what is changed."""
    good = {
        "schema_version": 1,
        "heard": {"yes": {"yes": 0.9, "no": 0.1}, "no": {"no": 1.0}},
        "confidence": {"right": [0.5, 0.9, 1.0], "wrong": [0.0, 0.4]},
    }
    return good | changes


def written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def hear(said: list[int], mode: QuestionMode, strength: float = 1.0, n: int = N) -> tuple[NDArray[np.int8], NDArray]:
    answers, turns = np.tile(np.array(said, np.int8), (n, 1)), np.zeros(n, int)
    return shipped_table().hear(answers, mode, np.full(n, strength), dialogue_keys(0, np.arange(n)), turns)


def test_a_table_is_read_as_it_is_written(tmp_path: Path):
    read = ConfusionTable.read(written(tmp_path / "table.json", table()))
    assert read.heard[YES].tolist() == [0.1, 0.9, 0, 0, 0, 0]
    assert np.array_equal(np.delete(read.heard, YES, axis=0), np.delete(np.eye(6), YES, axis=0))
    assert (read.right.tolist(), read.wrong.tolist()) == ([0.5, 0.9, 1.0], [0.0, 0.4])


def test_the_shipped_table_is_one():
    heard = shipped_table().heard
    assert heard.sum(axis=1) == pytest.approx(np.ones(6))
    assert heard[[YES, NO, DONT_KNOW, DONT_CARE, SORT_OF]].diagonal().tolist() != [1.0] * 5
    assert (heard.argmax(axis=1) == np.arange(6)).all(), "most answers are understood"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[" * 100_000, "recursion"),
        ('{"a":' * 100_000, "recursion"),
        ([], "indices must be integers"),
        (1, "not subscriptable"),
        (None, "not subscriptable"),
        ({}, "schema_version"),
        (table(schema_version=2), "schema_version 2, but 1 is needed"),
        (table(schema_version="1"), "schema_version '1', but 1 is needed"),
        ({key: value for key, value in table().items() if key != "heard"}, "heard"),
        ({key: value for key, value in table().items() if key != "confidence"}, "confidence"),
        (table(heard=["yes"]), "no attribute 'items'"),
        (table(heard={"yes": [0.9, 0.1]}), "no attribute 'items'"),
        (table(heard={"perhaps": {"yes": 1.0}}), "perhaps"),
        (table(heard={"yes": {"perhaps": 1.0}}), "perhaps"),
        (table(heard={"unsaid": {"yes": 1.0}}), "unsaid"),
        (table(heard={"yes": {"yes": 0.9}}), "the shares of 'yes' sum to 0.9, not 1"),
        (table(heard={"no": {"no": 0.9, "yes": 0.2}}), "the shares of 'no' sum to 1.1, not 1"),
        (table(heard={"yes": {}}), "the shares of 'yes' sum to 0, not 1"),
        (table(heard={"yes": {"yes": "all"}}), "heard yes yes = 'all' is no share between 0 and 1"),
        (table(heard={"yes": {"yes": True}}), "heard yes yes = True is no share"),
        (table(heard={"yes": {"yes": None}}), "heard yes yes = None is no share"),
        (table(heard={"yes": {"yes": [[1.0]]}}), "is no share"),
        (table(heard={"yes": {"yes": 1.5, "no": -0.5}}), "heard yes yes = 1.5 is no share"),
        ('{"schema_version": 1, "heard": {"yes": {"yes": NaN}}}', "heard yes yes = nan is no share"),
        ('{"schema_version": 1, "heard": {"yes": {"yes": 1e999}}}', "heard yes yes = inf is no share"),
        (table(confidence=[0.1, 0.9]), "list indices"),
        (table(confidence={"right": [0.1, 0.9]}), "wrong"),
        (table(confidence={"right": [0.9, 0.1], "wrong": [0, 1]}), "right must be at least two rising numbers"),
        (table(confidence={"right": [0.9], "wrong": [0, 1]}), "right must be at least two rising numbers"),
        (table(confidence={"right": [], "wrong": [0, 1]}), "right must be at least two rising numbers"),
        (table(confidence={"right": "high", "wrong": [0, 1]}), "confidence right = 'h' is no share"),
        (table(confidence={"right": 0.9, "wrong": [0, 1]}), "not iterable"),
        (table(confidence={"right": [0, 2], "wrong": [0, 1]}), "confidence right = 2 is no share"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, content: object, complaint: str):
    path = written(tmp_path / "table.json", content)
    with pytest.raises(DataError, match=r"table.json: not a confusion table \(.*\); see docs/users.md") as refused:
        ConfusionTable.read(path)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text_and_what_is_no_file_are_refused(tmp_path: Path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(DataError, match="not a confusion table"):
        ConfusionTable.read(tmp_path / "bytes.json")
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\)"):
        ConfusionTable.read(tmp_path)
    with pytest.raises(DataError, match=r"cannot be read \(No such file or directory\)"):
        ConfusionTable.read(tmp_path / "nowhere.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["yes", "no", "right", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.sampled_from(["schema_version", "heard", "confidence"]), anything=JSON)
def test_whatever_stands_in_a_table_it_is_read_or_refused(tmp_path: Path, part: str, anything: object):
    path = written(tmp_path / "table.json", table(**{part: anything}))
    try:
        read = ConfusionTable.read(path)
    except DataError as refused:
        assert "\n" not in str(refused)  # noqa: PT017
    else:
        assert read.heard.sum(axis=1) == pytest.approx(np.ones(6))


def test_each_option_of_a_multi_question_is_misheard_for_itself():
    heard, _ = hear([YES, NO, YES, -1], MULTI)
    assert (heard[:, 3] == -1).all()
    row = shipped_table().heard
    for place, said in enumerate((YES, NO, YES)):
        expected = N * row[said]
        assert (
            stats.chisquare(np.bincount(heard[:, place], minlength=6)[expected > 0], expected[expected > 0]).pvalue
            > 1e-3
        )
    wrong = heard[:, :3] != [YES, NO, YES]
    assert wrong[:, 0][wrong[:, 2]].mean() == pytest.approx(wrong[:, 0].mean(), abs=0.03)


def test_of_a_facet_question_that_was_answered_with_a_name_another_name_is_heard():
    heard, confidence = hear([UNSAID, YES, UNSAID, -1], FACET)
    assert (heard[:, 3] == -1).all()
    assert ((heard == YES).sum(axis=1) == 1).all()
    error = 1 - shipped_table().heard[YES, YES]
    named = np.array([(heard[:, place] == YES).sum() for place in range(3)])
    assert stats.chisquare(named, N * np.array([error / 2, 1 - error, error / 2])).pvalue > 1e-3
    right = heard[:, 1] == YES
    assert np.median(confidence[right]) > np.median(confidence[~right]) + 0.2


def test_the_only_name_there_was_is_not_heard_as_another():
    """With one option there is no other: what is heard is another word, and never that the option holds."""
    heard, _ = hear([YES, -1, -1, -1], FACET)
    assert (heard[:, 1:] == -1).all()
    assert np.mean(heard[:, 0] != YES) == pytest.approx(1 - shipped_table().heard[YES, YES], abs=0.006)


def test_of_a_facet_question_answered_without_a_name_another_word_is_heard_of_all_of_it():
    heard, _ = hear([NO, NO, NO, -1], FACET)
    assert (heard[:, :3] == heard[:, :1]).all()
    assert YES not in heard
    row = shipped_table().heard[NO].copy()
    row[NO], row[YES] = row[NO] + row[YES], 0  # a yes to nothing in particular is as good as a no
    assert stats.chisquare(np.bincount(heard[:, 0], minlength=6)[row > 0], N * row[row > 0]).pvalue > 1e-3


@pytest.mark.parametrize("strength", [0.0, 3.0, 1000.0])
def test_the_strength_multiplies_the_errors_and_everything_is_misheard_at_most(strength: float):
    heard, _ = hear([YES], QuestionMode.BINARY, strength)
    error = min(1.0, strength * (1 - shipped_table().heard[YES, YES]))
    assert np.mean(heard[:, 0] != YES) == pytest.approx(error, abs=3 * np.sqrt(max(error * (1 - error), 1e-9) / N))


def test_a_word_that_is_always_understood_is_misheard_as_not_knowing_if_at_all():
    """A table without errors has none to multiply."""
    perfect = ConfusionTable(np.eye(6), np.array([0.5, 1.0]), np.array([0.0, 0.5]))
    answers = np.full((1000, 1), YES, np.int8)
    heard, _ = perfect.hear(
        answers, QuestionMode.BINARY, np.full(1000, 9.0), dialogue_keys(0, np.arange(1000)), np.zeros(1000, int)
    )
    assert (heard == YES).all()
