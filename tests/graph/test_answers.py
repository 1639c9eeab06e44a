import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import (
    LOG_IMPOSSIBLE,
    Answer,
    AnswerModel,
    QuestionMode,
    answer_information,
    entropy_bits,
    floored_log,
    option_bits,
)
from tests.graph.catalogues import Facts, Story, answer_models, as_silence, every_state, padded

slow = settings(max_examples=60, deadline=None)


@st.composite
def users(draw: st.DrawFn) -> tuple[Story, int, int]:
    """A user of a catalogue with every state of a question, how many options it has, and how wide its arrays are."""
    n_options = draw(st.integers(1, 4))
    known = every_state(n_options)
    model = replace(draw(answer_models(known.n_attributes)), hears_no=True)
    return Story(known, model), n_options, draw(st.integers(n_options, 4))


def states_of(n_options: int, width: int) -> list[int]:
    """Place among the states of ``width`` options of each item of ``every_state(n_options)``."""
    return [*range(2**n_options), 2**width]


@slow
@given(users())
def test_naming_channel_is_the_story(user: tuple[Story, int, int]) -> None:
    story, m, width = user
    channel = story.model.naming_channel(padded([range(m)], width))[0]
    assert channel.shape == (2**width + 1, width + 3)
    assert (channel >= 0).all()
    assert channel.sum(axis=1) == pytest.approx(np.ones(2**width + 1))
    for item, state in enumerate(states_of(m, width)):
        says = story.naming(item, range(m))
        named = [says.get(tuple(Answer.YES if own == j else Answer.UNSAID for own in range(m)), 0.0) for j in range(m)]
        whole = [says[(answer,) * m] for answer in (Answer.NO, Answer.DONT_KNOW, Answer.DONT_CARE)]
        assert channel[state] == pytest.approx([*named, *[0.0] * (width - m), *whole], abs=1e-12)


@slow
@given(users())
def test_picking_channel_is_the_story(user: tuple[Story, int, int]) -> None:
    story, m, width = user
    channel = story.model.picking_channel(padded([range(m)], width))[0]
    assert (channel >= 0).all()
    assert channel.sum(axis=1) == pytest.approx(np.ones(2**width + 1))
    n_choices = round(channel.shape[1] ** (1 / width))
    assert n_choices in (2, 3)
    for item, state in enumerate(states_of(m, width)):
        says = as_silence(story.picking(item, range(m)))
        place = np.zeros(channel.shape[1])
        for said, chance in says.items():
            if n_choices == 2 and Answer.DONT_KNOW in said:
                assert chance == 0.0
                continue
            place[sum(own * n_choices ** (width - 1 - j) for j, own in enumerate(said))] = chance
        assert channel[state] == pytest.approx(place, abs=1e-12)


@slow
@given(users())
def test_log_likelihood_is_the_log_of_the_story(user: tuple[Story, int, int]) -> None:
    story, m, width = user
    every_said = sorted(story.picking(0, range(m)))
    logs = heard(story.model, padded([range(m)] * len(every_said), width), padded(every_said, width))
    for item, state in enumerate(states_of(m, width)):
        says = [story.about_one(item, option) for option in range(m)]
        floored = [sum(floor(says[j][own]) for j, own in enumerate(said)) for said in every_said]
        assert logs[:, state] == pytest.approx(np.array(floored), abs=1e-9)
        chances = story.picking(item, range(m))
        possible = np.array([chances[said] > 0 for said in every_said])
        exact = [chances[said] for said in every_said if chances[said] > 0]
        assert np.exp(logs[possible, state]) == pytest.approx(np.array(exact))


@slow
@given(users())
def test_log_likelihood_of_a_question_answered_as_a_whole(user: tuple[Story, int, int]) -> None:
    story, m, width = user
    every_said = sorted({said for item in range(2**m + 1) for said in story.naming(item, range(m))})
    logs = heard(story.model, padded([range(m)] * len(every_said), width), padded(every_said, width), naming=True)
    for item, state in enumerate(states_of(m, width)):
        says = story.naming(item, range(m))
        floored = [floor(says.get(said, 0.0)) for said in every_said]
        assert logs[:, state] == pytest.approx(np.array(floored), abs=1e-9)


def heard(
    model: AnswerModel, options: NDArray[np.int32], answers: NDArray[np.integer], naming: bool = False
) -> NDArray[np.float64]:
    """Log-likelihood of answers that are all to questions of one kind."""
    return model.log_likelihood(options, answers.astype(np.int8), np.full(len(options), naming))


def floor(chance: float) -> float:
    return max(math.log(chance), LOG_IMPOSSIBLE) if chance > 0 else LOG_IMPOSSIBLE


@slow
@given(users())
def test_log_likelihood_is_the_log_of_the_channels(user: tuple[Story, int, int]) -> None:
    story, m, _ = user
    truthful = replace(story.model, **dict.fromkeys(("dont_know", "dont_care", "unknown_dont_know"), np.zeros(m + 1)))
    options = padded([range(m)], m)
    picks = np.array(list(itertools.product([Answer.NO, Answer.YES], repeat=m)), np.int8)
    logs = heard(truthful, np.repeat(options, len(picks), axis=0), picks)
    channel = truthful.picking_channel(options)[0]
    possible = channel.T > 0
    assert np.exp(logs[possible]) == pytest.approx(channel.T[possible])
    whole = [[answer] * m for answer in (Answer.NO, Answer.DONT_KNOW, Answer.DONT_CARE)]
    names = np.concatenate([np.where(np.eye(m, dtype=bool), Answer.YES, Answer.UNSAID), whole])
    logs = heard(story.model, np.repeat(options, m + 3, axis=0), names, naming=True)
    assert logs == pytest.approx(floored_log(story.model.naming_channel(options)[0].T))


@slow
@given(users())
def test_a_no_says_nothing_to_the_deaf(user: tuple[Story, int, int]) -> None:
    story, m, width = user
    options, deaf = padded([range(m)], width), story.model.deaf_to_no()
    no = np.full((1, width), Answer.NO, np.int8)
    for naming in (False, True):
        assert (heard(deaf, options, no, naming) == 0.0).all()
    first_yes = no.copy()
    first_yes[0, 0] = Answer.YES
    alone = heard(deaf, padded([[0]], width), first_yes)
    assert heard(deaf, options, first_yes) == pytest.approx(alone)
    for answer in (Answer.DONT_KNOW, Answer.DONT_CARE):
        same = np.full((1, width), answer, np.int8)
        for naming in (False, True):
            logs = heard(story.model, options, same, naming)
            assert np.array_equal(heard(deaf, options, same, naming), logs)
    assert deaf.error is story.model.error
    assert story.model.hears_no


def test_questions_of_a_batch_do_not_touch_one_another() -> None:
    known = every_state(4)
    rng = np.random.default_rng(5)
    columns = [rng.uniform(0, 0.4, known.n_attributes) for _ in range(5)]
    model = AnswerModel(*columns)
    options = padded([(0, 1, 2), (3,), (2, 0, 1, 3), (1, 4)], 4)
    answers = padded([(1, 4, 4), (2,), (0, 1, 3, 0), (0, 0)], 4).astype(np.int8)
    naming = np.array([True, False, False, True])
    together = model.log_likelihood(options, answers, naming)
    for row in range(4):
        assert np.array_equal(model.log_likelihood(options[[row]], answers[[row]], naming[[row]])[0], together[row])
    for channel in (model.naming_channel, model.picking_channel):
        assert np.allclose(channel(options), np.concatenate([channel(options[[row]]) for row in range(4)]), atol=1e-15)


def test_no_more_than_certain_silence() -> None:
    """Rates that were learned apart may add up to more than one; what is said still adds up to one."""
    column = np.array([0.7])
    model = AnswerModel(column, column, column, np.array([1.0]), column)
    for channel in (model.naming_channel, model.picking_channel):
        answers = channel(np.array([[0]]))
        assert (answers >= 0).all()
        assert answers.sum(axis=-1) == pytest.approx(np.ones((1, 3)))
    every = np.array([[answer] for answer in (Answer.NO, Answer.YES, Answer.DONT_KNOW, Answer.DONT_CARE)], np.int8)
    logs = heard(model, np.zeros((4, 1), np.int32), every)
    assert np.exp(logs).sum(axis=0) == pytest.approx(np.ones(3))
    assert np.exp(logs[2]) == pytest.approx([0.7, 0.7, 1.0])


def test_the_honest_user() -> None:
    known = Facts(
        (frozenset({0, 1}), frozenset({1, 2}), frozenset({2}), frozenset()),
        (0, 0, 1),
        (True, False),
        (1, 2, 3, 4),
        (7, 8, 9),
    )
    model = AnswerModel.honest(known.catalogue())
    assert model.rate == pytest.approx([1 / 2, 2 / 2, 2 / 4])
    assert not np.concatenate([model.error, model.dont_know, model.dont_care]).any()
    assert (model.unknown_dont_know == 0.5).all()
    assert (model.acceptance, model.hears_no) == (1.0, True)


def test_options_of_a_state() -> None:
    assert option_bits(2).tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert [mode.n_options for mode in QuestionMode] == [1, 4, 4]


def test_the_log_of_what_cannot_be_is_finite() -> None:
    assert floored_log(np.array([0.0, 1e-30, 0.5, 1.0])) == pytest.approx([-40.0, -40.0, math.log(0.5), 0.0])


@st.composite
def channels(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Belief in S states, and a channel from them to R responses; rows with zeros are among them."""
    n_states, n_responses = draw(st.integers(1, 6)), draw(st.integers(1, 5))

    def shares(n_rows: int, n: int) -> NDArray[np.float64]:
        weights = draw(st.lists(st.lists(st.integers(0, 9), min_size=n, max_size=n), min_size=n_rows, max_size=n_rows))
        rows = np.array(weights, float).reshape(n_rows, n)
        rows[rows.sum(axis=1) == 0, 0] = 1
        return rows / rows.sum(axis=1, keepdims=True)

    return shares(1, n_states)[0], shares(n_states, n_responses)


@settings(max_examples=200, deadline=None)
@given(channels())
def test_answer_information_is_mutual_information(case: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    belief, channel = case
    joint = belief[:, None] * channel
    apart = belief[:, None] * joint.sum(axis=0)[None, :]
    by_definition = sum(p * math.log2(p / q) for p, q in zip(joint.ravel(), apart.ravel(), strict=True) if p > 0)
    found = float(answer_information(belief, channel))
    assert found == pytest.approx(by_definition, abs=1e-9)
    assert 0.0 <= found <= entropy_bits(belief) + 1e-9
    assert found <= math.log2(channel.shape[1]) + 1e-9


def test_answer_information_by_hand() -> None:
    even = np.array([[0.5, 0.5]])
    assert answer_information(even, np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx([1.0])
    assert answer_information(even, np.array([[0.3, 0.7], [0.3, 0.7]])) == pytest.approx([0.0])
    assert answer_information(even, np.array([[0.9, 0.1], [0.1, 0.9]])) == pytest.approx([1 - 0.4689956], abs=1e-6)
    assert entropy_bits(np.array([0.25, 0.25, 0.5, 0.0])) == pytest.approx(1.5)
