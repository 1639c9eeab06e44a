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
    UNKNOWN_DONT_KNOW,
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
    items = range(2**m + 1)
    says = [as_silence(story.picking(item, range(m))) for item in items]
    possible = {answer for own in says for said, chance in own.items() if chance > 0 for answer in said}
    choices = [Answer.NO, Answer.YES, *(a for a in (Answer.SORT_OF, Answer.DONT_KNOW) if a in possible)]
    assert channel.shape[1] == len(choices) ** width
    for item, state in enumerate(states_of(m, width)):
        place = np.zeros(channel.shape[1])
        for said, chance in says[item].items():
            if chance > 0:
                digits = [choices.index(Answer(own)) for own in said]
                place[sum(own * len(choices) ** (width - 1 - j) for j, own in enumerate(digits))] = chance
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
        found, expected = (np.maximum(each, ROUNDING) for each in (logs[:, state], floored))
        assert found == pytest.approx(expected, abs=1e-9)


ROUNDING = math.log(1e-12)
"""Below it are chances of zero that are left over where silence takes all of one."""


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
    silences = ("dont_know", "dont_care", "unknown_dont_know")
    graded = bool(np.any([story.model.sort_of_has[:m], story.model.sort_of_lacks[:m]]))
    truthful = replace(story.model, **dict.fromkeys(silences, np.zeros(m + 1)))
    options = padded([range(m)], m)
    choices = [Answer.NO, Answer.YES, Answer.SORT_OF] if graded else [Answer.NO, Answer.YES]
    picks = np.array(list(itertools.product(choices, repeat=m)), np.int8)
    logs = heard(truthful, np.repeat(options, len(picks), axis=0), picks)
    channel = truthful.picking_channel(options)[0]
    possible = channel.T > 0
    assert channel.shape == (2**m + 1, len(picks))
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
    assert deaf.miss is story.model.miss
    assert story.model.hears_no


def test_questions_of_a_batch_do_not_touch_one_another() -> None:
    known = every_state(4)
    rng = np.random.default_rng(5)
    columns = [rng.uniform(0, 0.4, known.n_attributes) for _ in range(8)]
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
    model = AnswerModel(column, column, column, column, np.array([1.0]), column, column, column)
    for channel in (model.naming_channel, model.picking_channel):
        answers = channel(np.array([[0]]))
        assert (answers >= 0).all()
        assert answers.sum(axis=-1) == pytest.approx(np.ones((1, 3)))
    every = np.array([[answer] for answer in Answer if answer != Answer.UNSAID], np.int8)
    logs = heard(model, np.zeros((5, 1), np.int32), every)
    assert np.exp(logs).sum(axis=0) == pytest.approx(np.ones(3))
    assert np.exp(logs[2]) == pytest.approx([0.7, 0.7, 1.0])


SHELF = Facts(
    (frozenset({0, 1}), frozenset({1, 2}), frozenset({2}), frozenset()),
    (0, 0, 1),
    (True, False),
    (1, 2, 3, 4),
    (7, 8, 9),
)
"""Four items; of the last two nobody knows facet 0."""


def test_the_honest_user() -> None:
    model = AnswerModel.honest(SHELF.catalogue())
    assert model.rate == pytest.approx([1 / 2, 2 / 2, 2 / 4])
    rates = (model.miss, model.false_alarm, model.dont_know, model.dont_care, model.sort_of_has, model.sort_of_lacks)
    assert not np.concatenate(rates).any()
    assert (model.unknown_dont_know == UNKNOWN_DONT_KNOW).all()
    assert (model.acceptance, model.critique_error, model.hears_no) == (1.0, 0.0, True)


def test_equal_rates_for_all_attributes() -> None:
    catalogue = SHELF.catalogue()
    rates = {"miss": 0.1, "false_alarm": 0.2, "dont_know": 0.3, "dont_care": 0.05, "sort_of_has": 0.15}
    model = AnswerModel.equal(catalogue, **rates, sort_of_lacks=0.25, acceptance=0.9)
    for name, rate in (*rates.items(), ("sort_of_lacks", 0.25), ("unknown_dont_know", UNKNOWN_DONT_KNOW)):
        assert getattr(model, name).tolist() == [rate] * 3
    assert model.rate is catalogue.attribute_rates
    assert (model.acceptance, model.hears_no) == (0.9, True)
    assert AnswerModel.equal(catalogue, dont_know=0.97).unknown_dont_know.tolist() == [0.97] * 3


def test_misses_and_false_alarms_are_told_apart() -> None:
    """One who overlooks much but imagines little: a "yes" says more than a "no"."""
    model = AnswerModel.equal(SHELF.catalogue(), miss=0.3, false_alarm=0.01)
    options = np.zeros((2, 1), np.int32)
    no, yes = np.exp(heard(model, options, np.array([[Answer.NO], [Answer.YES]])))
    assert no[:2] == pytest.approx([0.99, 0.3])
    assert yes[:2] == pytest.approx([0.01, 0.7])
    channel, _ = model.binary_channel
    assert channel[0, :2] == pytest.approx(np.array([[0.99, 0.01], [0.3, 0.7]]))


def test_sort_of_by_hand() -> None:
    """Attribute 0 is held by half of the items that are known: where nobody knows, the two rates are mixed evenly."""
    model = AnswerModel.equal(SHELF.catalogue(), dont_know=0.5, sort_of_has=0.4, sort_of_lacks=0.2)
    graded, yes = np.exp(heard(model, np.zeros((2, 1), np.int32), np.array([[Answer.SORT_OF], [Answer.YES]])))
    speaks = 1 - UNKNOWN_DONT_KNOW
    assert graded == pytest.approx([0.5 * 0.2, 0.5 * 0.4, speaks * 0.3])
    assert yes[1:] == pytest.approx([0.5 * 0.6, speaks * 0.7 * 0.5])
    spoken, noise = model.binary_channel
    assert spoken.shape == (3, 3, 3)
    assert spoken[0, 1] == pytest.approx([0.0, 0.3, 0.2])
    assert noise[0, 1] == pytest.approx(entropy_bits(np.array([0.5, 0.3, 0.2])))
    assert AnswerModel.honest(SHELF.catalogue()).binary_channel[0].shape == (3, 3, 2)


@slow
@given(users(), st.data())
def test_sort_of_to_a_facet_question_is_about_one_option(user: tuple[Story, int, int], data: st.DataObject) -> None:
    story, m, width = user
    place = data.draw(st.integers(0, m - 1))
    said = [[Answer.SORT_OF if own == place else Answer.UNSAID for own in range(m)]]
    whole = heard(story.model, padded([range(m)], width), padded(said, width), naming=True)
    options = [[place if own == place else -1 for own in range(width)]]
    alone = heard(story.model, np.array(options, np.int32), padded(said, width))
    assert np.array_equal(whole, alone)
    for item, state in enumerate(states_of(m, width)):
        chance = story.about_one(item, place)[Answer.SORT_OF]
        assert whole[0, state] == pytest.approx(floor(chance), abs=1e-9)


@pytest.mark.parametrize("naming", [False, True])
def test_what_nobody_says_is_no_evidence(naming: bool) -> None:
    known = every_state(3)
    honest = AnswerModel.honest(known.catalogue())
    said = [[Answer.SORT_OF, Answer.UNSAID, Answer.UNSAID], [Answer.DONT_CARE] * 3]
    logs = heard(honest, padded([(0, 1, 2)] * 2, 3), np.array(said), naming)
    assert np.array_equal(logs, np.repeat(logs[:, :1], 9, axis=1))


@slow
@given(users(), st.booleans(), st.integers(0, 2**16))
def test_confidence_mixes_the_story_with_its_mean(user: tuple[Story, int, int], naming: bool, seed: int) -> None:
    story, m, width = user
    rng = np.random.default_rng(seed)
    every_said = sorted({said for item in range(2**m + 1) for said in story.says(item, range(m), naming)})
    options, answers = padded([range(m)] * len(every_said), width), padded(every_said, width).astype(np.int8)
    kinds = np.full(len(options), naming)
    sure = story.model.log_likelihood(options, answers, kinds)
    confidence = rng.choice([0.0, 0.25, 0.5, 0.999, 1.0], len(options)).astype(np.float32)
    untouched = confidence.copy()
    logs = story.model.log_likelihood(options, answers, kinds, confidence)
    chances, share = np.exp(sure), confidence[:, None].astype(float)
    expected = share * chances + (1 - share) * chances[:, :-1].mean(axis=1, keepdims=True)
    assert np.exp(logs) == pytest.approx(expected, rel=1e-9, abs=1e-30)
    assert np.array_equal(logs[confidence == 1], sure[confidence == 1])
    deaf = logs[confidence == 0]
    assert np.array_equal(deaf, np.repeat(deaf[:, :1], logs.shape[1], axis=1))
    assert np.array_equal(confidence, untouched)


def test_confidence_by_hand() -> None:
    """A "yes" that was understood with 3/4: 3/4 * 1 + 1/4 * 1/2 for items that have it, 1/8 for those that do not."""
    model = AnswerModel.honest(SHELF.catalogue())
    answers, naming = np.array([[Answer.YES]], np.int8), np.zeros(1, bool)
    logs = model.log_likelihood(np.zeros((1, 1), np.int32), answers, naming, np.array([0.75], np.float32))
    assert np.exp(logs[0]) == pytest.approx([1 / 8, 7 / 8, 3 / 4 * (1 - UNKNOWN_DONT_KNOW) / 2 + 1 / 8])


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
