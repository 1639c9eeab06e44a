import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph import option_kernels
from graph.answers import UNKNOWN_DONT_KNOW, AnswerModel, QuestionMode
from graph.belief import Belief, RejectionEvidence
from graph.questions import Questions, attribute_information, best_questions
from tests.graph.catalogues import Facts, Story, answer_models, facts, information, worlds

slow = settings(max_examples=60, deadline=None)
CLOSED = st.just(False)
PICKING = (QuestionMode.BINARY, QuestionMode.MULTI)

Asking = tuple[Story, Belief, NDArray[np.bool_]]


def believe(story: Story, rng: np.random.Generator, n_rows: int = 2) -> Belief:
    log_prior = rng.normal(scale=1.5, size=(n_rows, story.facts.n_items)).astype(np.float32)
    return Belief(story.facts.catalogue(), story.model, log_prior)


@st.composite
def asking(draw: st.DrawFn, stories: st.SearchStrategy[Story] | None = None) -> Asking:
    """A user, a random belief, and what was asked already."""
    story = draw(worlds() if stories is None else stories)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    belief = believe(story, rng)
    share = draw(st.sampled_from([0.0, 0.3, 1.0]))
    return story, belief, rng.random((belief.n_dialogues, story.facts.n_attributes)) < share


def ask(belief: Belief, asked: NDArray[np.bool_], mode: QuestionMode, count: int) -> Questions:
    """The best questions, with what was asked as a table of shape (N, P)."""
    everything = np.arange(asked.shape[1], dtype=np.int32)
    return best_questions(belief, np.where(asked, everything, np.int32(-1)), mode, count)


def truthful(known: Facts) -> Story:
    return Story(known, AnswerModel.honest(known.catalogue()))


def shares(belief: Belief, row: int) -> list[float]:
    share = belief.probabilities[row].astype(float)
    return (share / share.sum()).tolist()


def asked_about(questions: Questions, row: int) -> list[list[int]]:
    """Options of each question of a dialogue that is one."""
    options = questions.options[row]
    return [[int(option) for option in own if option >= 0] for own in options if (own >= 0).any()]


@slow
@given(asking())
def test_attribute_information_is_mutual_information(case: Asking) -> None:
    story, belief, _ = case
    bits = attribute_information(belief)
    assert bits.shape == (belief.n_dialogues, story.facts.n_attributes)
    for row in range(belief.n_dialogues):
        share = shares(belief, row)
        expected = [story.information(share, [a], naming=False) for a in range(story.facts.n_attributes)]
        assert bits[row] == pytest.approx(np.array(expected), abs=1e-5)
    assert (bits >= 0).all()
    assert (bits <= belief.entropy()[:, None] + 1e-5).all()


@slow
@given(asking())
def test_telling_silences_apart_would_add_little(case: Asking) -> None:
    """Not to know and not to care are weighed as one: never more than is there, and exact in a closed world."""
    story, belief, _ = case
    share = shares(belief, 0)
    for attribute, bits in enumerate(attribute_information(belief)[0]):
        each = [{(answer,): p for answer, p in story.about_one(i, attribute).items()} for i in range(len(share))]
        exact = information(share, each)
        assert bits <= exact + 1e-5
        if not story.facts.open_world[story.facts.facet[attribute]] or not story.model.dont_care[attribute]:
            assert bits == pytest.approx(exact, abs=1e-5)


@slow
@given(asking(), st.integers(1, 9))
def test_binary_questions_come_best_first(case: Asking, count: int) -> None:
    story, belief, asked = case
    questions = ask(belief, asked, QuestionMode.BINARY, count)
    assert questions.options.shape == (belief.n_dialogues, count, 1)
    assert questions.value.shape == (belief.n_dialogues, count)
    bits = attribute_information(belief)
    for row in range(belief.n_dialogues):
        open_ones = np.flatnonzero(~asked[row])
        n_found = min(count, len(open_ones))
        attributes = questions.options[row, :, 0]
        assert set(attributes[:n_found].tolist()) <= set(open_ones.tolist())
        assert len(set(attributes[:n_found].tolist())) == n_found
        assert (attributes[n_found:] == -1).all()
        assert (questions.value[row, n_found:] == 0).all()
        best = np.sort(bits[row, open_ones])[::-1][:n_found]
        assert questions.value[row, :n_found] == pytest.approx(best, abs=2e-6)
        for place in range(n_found):
            value = story.information(shares(belief, row), [int(attributes[place])], naming=False)
            assert questions.value[row, place] == pytest.approx(value, abs=1e-5)


@slow
@given(asking(), st.sampled_from([QuestionMode.FACET, QuestionMode.MULTI]), st.integers(1, 5))
def test_questions_with_options(case: Asking, mode: QuestionMode, count: int) -> None:
    story, belief, asked = case
    known = story.facts
    questions = ask(belief, asked, mode, count)
    assert questions.options.shape == (belief.n_dialogues, count, 4)
    for row in range(belief.n_dialogues):
        found = asked_about(questions, row)
        for options in found:
            assert len(set(options)) == len(options)
            assert len({known.facet[option] for option in options}) == 1
            assert not asked[row, options].any()
        assert len({known.facet[options[0]] for options in found}) == len(found)
        for place, options in enumerate(found):
            assert questions.options[row, place].tolist() == options + [-1] * (4 - len(options))
            value = story.information(shares(belief, row), options, mode is QuestionMode.FACET)
            assert questions.value[row, place] == pytest.approx(value, abs=2e-5)
        assert (np.diff(questions.value[row, : len(found)]) <= 1e-6).all()
        assert (questions.options[row, len(found) :] == -1).all()
        assert (questions.value[row, len(found) :] == 0).all()
        left_out = set(range(known.n_attributes)) - set(np.flatnonzero(asked[row]).tolist())
        worth_asking = {known.facet[a] for a in left_out if _truthful_bits(belief, known, row, [a], mode) > 1e-4}
        assert len(found) >= min(count, len(worth_asking))


def _truthful_bits(belief: Belief, known: Facts, row: int, options: Sequence[int], mode: QuestionMode) -> float:
    closed = replace(known, open_world=(False,) * len(known.open_world))
    return truthful(closed).information(shares(belief, row), options, mode is QuestionMode.FACET)


@st.composite
def one_facet(draw: st.DrawFn) -> tuple[Facts, Belief]:
    """A truthful user of a closed world with one facet."""
    known = draw(facts(max_facets=1, open_world=CLOSED))
    return known, believe(truthful(known), np.random.default_rng(draw(st.integers(0, 2**16))), 1)


@slow
@given(one_facet(), st.sampled_from([QuestionMode.FACET, QuestionMode.MULTI]))
def test_greedy_options_are_close_to_the_best(case: tuple[Facts, Belief], mode: QuestionMode) -> None:
    """Picking options one by one against trying every set; for multi 1 - 1/e is proven (the entropy is submodular)."""
    known, belief = case
    by_item, by_attribute = belief.catalogue.item_attributes, belief.catalogue.attribute_items
    facets = belief.catalogue.attribute_facet
    story, share = truthful(known), shares(belief, 0)
    naming = mode is QuestionMode.FACET
    weighed = np.arange(known.n_attributes, dtype=np.int32)[None, None, :]
    for n_options in range(1, 5):
        found, _ = option_kernels.choose_options(
            belief.log_weights, belief.peaks, belief.unknown_masses, weighed, facets, naming, n_options,
            (by_item.indptr, by_item.indices), (by_attribute.indptr, by_attribute.indices),
        )  # fmt: skip
        sets = (s for m in range(1, n_options + 1) for s in itertools.combinations(range(known.n_attributes), m))
        best = max(story.information(share, options, naming) for options in sets)
        chosen = [option for option in found[0, 0].tolist() if option >= 0]
        value = story.information(share, chosen, naming) if chosen else 0.0
        assert value >= (1.0 if n_options == 1 else 0.63) * best - 1e-5
    questions = ask(belief, np.zeros((1, known.n_attributes), bool), mode, 1)
    assert questions.value[0, 0] == pytest.approx(value, abs=1e-5)


@slow
@given(asking(), st.sampled_from(list(QuestionMode)), st.data())
def test_the_order_of_items_and_attributes_decides_nothing(
    case: Asking, mode: QuestionMode, data: st.DataObject
) -> None:
    story, belief, asked = case
    items = data.draw(st.permutations(range(story.facts.n_items)))
    attributes = data.draw(st.permutations(range(story.facts.n_attributes)))
    model = story.model
    columns = {name: column[attributes] for name, column in vars(model).items() if isinstance(column, np.ndarray)}
    moved_model = replace(model, **columns)
    moved = Story(story.facts.reordered(items, attributes), moved_model)
    flat = np.zeros_like(belief.log_weights)  # every tie there is
    one = Belief(belief.catalogue, model, flat)
    other = Belief(moved.facts.catalogue(), moved_model, flat)
    questions = ask(one, asked, mode, 5)
    moved_questions = ask(other, asked[:, attributes], mode, 5)
    there = np.array([*attributes, -1])
    assert np.array_equal(there[moved_questions.options], questions.options)
    assert moved_questions.value == pytest.approx(questions.value, abs=1e-9)


@pytest.mark.parametrize("mode", QuestionMode)
@pytest.mark.parametrize("complement", [False, True])
def test_ties_between_attributes_are_broken_by_their_ids(mode: QuestionMode, complement: bool) -> None:
    """Attributes that all tell the same, in any order: the same ones are asked about.

    They are held by the same items, or half of them by all others; sums over items then differ in their last bits.
    """
    rng = np.random.default_rng(3)
    n_items, n = 15, 20
    held = frozenset(range(n // 2 if complement else n))
    has = tuple(held if item < 4 else frozenset(range(n)) - held for item in range(n_items))
    ids = tuple(rng.permutation(500)[:n].tolist())
    known = Facts(has, (0,) * n, (False,), tuple(range(n_items)), ids)
    log_prior = rng.normal(size=(1, n_items)).astype(np.float32)
    found = set()
    for _ in range(20):
        items = rng.permutation(n_items)
        moved = known.reordered(items.tolist(), rng.permutation(n).tolist())
        belief = Belief(moved.catalogue(), truthful(moved).model, log_prior[:, items])
        options = ask(belief, np.zeros((1, n), bool), mode, 3).options[0]
        found.add(tuple(moved.attribute_ids[option] for option in options[options >= 0]))
    assert len(found) == 1


@slow
@given(asking(), st.integers(1, 3))
def test_questions_tabulated_a_few_at_a_time_are_the_same(case: Asking, at_once: int) -> None:
    _, belief, asked = case
    all_at_once = ask(belief, asked, QuestionMode.FACET, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graph.questions.AT_ONCE", at_once)
        few_at_a_time = ask(belief, asked, QuestionMode.FACET, 6)
    assert np.array_equal(few_at_a_time.options, all_at_once.options)
    assert np.array_equal(few_at_a_time.value, all_at_once.value)


@slow
@given(asking(), st.sampled_from(list(QuestionMode)))
def test_rows_do_not_touch_one_another(case: Asking, mode: QuestionMode) -> None:
    _, belief, asked = case
    together = ask(belief, asked, mode, 4)
    for row in range(belief.n_dialogues):
        alone = ask(belief.take(np.array([row])), asked[[row]], mode, 4)
        assert np.array_equal(alone.options[0], together.options[row])
        assert np.array_equal(alone.value[0], together.value[row])


@slow
@given(asking(), st.sampled_from(list(QuestionMode)))
def test_nothing_is_left_to_ask(case: Asking, mode: QuestionMode) -> None:
    _, belief, asked = case
    questions = ask(belief, np.ones_like(asked), mode, 3)
    assert (questions.options == -1).all()
    assert (questions.value == 0).all()


@pytest.mark.parametrize("mode", [QuestionMode.FACET, QuestionMode.MULTI])
def test_a_facet_with_nothing_left_to_name_is_no_question(mode: QuestionMode) -> None:
    """It stands behind a question to which the user never answers, though neither is worth anything."""
    known = Facts((frozenset({0, 1}), frozenset()), (0, 1), (False, False), (1, 2), (1, 2))
    model = replace(truthful(known).model, dont_know=np.ones(2))
    belief = Belief(known.catalogue(), model, np.zeros((1, 2), np.float32))
    questions = ask(belief, np.array([[True, False]]), mode, 2)
    assert questions.options[0, :, 0].tolist() == [1, -1]
    assert questions.value[0] == pytest.approx([0.0, 0.0])


@settings(max_examples=20, deadline=None)
@given(facts(), st.sampled_from(list(QuestionMode)), st.data())
def test_a_certain_belief_has_nothing_to_learn(known: Facts, mode: QuestionMode, data: st.DataObject) -> None:
    model = data.draw(answer_models(known.n_attributes))
    log_prior = np.zeros((1, known.n_items), np.float32)
    log_prior[0, 0] = 60.0
    belief = Belief(known.catalogue(), model, log_prior)
    assert attribute_information(belief) == pytest.approx(np.zeros((1, known.n_attributes)), abs=1e-6)
    assert (ask(belief, np.zeros((1, known.n_attributes), bool), mode, 3).value < 1e-6).all()


def test_by_hand() -> None:
    """Four films: two thrillers, one of them and one other by Lee; the genre splits them in half."""
    known = Facts(
        (frozenset({0, 2}), frozenset({0}), frozenset({1, 2}), frozenset({1})),
        (0, 0, 1),
        (False, True),
        (1, 2, 3, 4),
        (5, 6, 7),
    )
    model = truthful(known).model
    belief = Belief(known.catalogue(), model, np.zeros((1, 4), np.float32))
    bits = attribute_information(belief)[0]
    assert bits[:2] == pytest.approx([1.0, 1.0], abs=1e-6)
    assert bits[2] == pytest.approx(story_bits_of_lee(), abs=1e-5)
    genre = ask(belief, np.zeros((1, 3), bool), QuestionMode.FACET, 2)
    assert set(asked_about(genre, 0)[0]) <= {0, 1}
    assert genre.value[0, 0] == pytest.approx(1.0, abs=1e-6)
    belief.update(RejectionEvidence(np.array([0]), np.array([[0, 1]], np.int32)))
    assert attribute_information(belief)[0, :2] == pytest.approx([0.0, 0.0], abs=1e-6)


def story_bits_of_lee() -> float:
    """Two films are his and say so; of the others few know, and who does says yes (rate 1)."""
    silent = UNKNOWN_DONT_KNOW
    return bits_of_choice(silent / 2) - 0.5 * bits_of_choice(silent)


def bits_of_choice(chance: float) -> float:
    return float(-chance * np.log2(chance) - (1 - chance) * np.log2(1 - chance))
