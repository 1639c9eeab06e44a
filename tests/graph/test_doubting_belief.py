"""Two hypotheses about a person: the posterior is the one that Bayes' rule gives over people and items together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode, forgiving
from graph.belief import AnswerEvidence, Belief, RejectionEvidence
from graph.doubting_belief import DoubtingBelief
from graph.questions import best_questions
from tests.graph.catalogues import Facts, Story, bits_of, worlds

slow = settings(max_examples=60, deadline=None)


def models(story: Story, doubt: float) -> AnswerModel:
    """Honest people, and with this chance those of the story."""
    return replace(AnswerModel.honest(story.facts.catalogue()), otherwise=story.model, doubt=doubt)


def questions(story: Story, rng: np.random.Generator, count: int, n_rows: int) -> list[AnswerEvidence]:
    """Yes/no questions and answers at random."""
    said = [Answer.YES, Answer.NO, Answer.DONT_KNOW, Answer.DONT_CARE, Answer.SORT_OF]
    return [
        AnswerEvidence(
            np.array([rng.integers(n_rows)]), rng.integers(story.facts.n_attributes, size=(1, 1)).astype(np.int32),
            np.array([[rng.choice(said)]], np.int8), np.zeros(1, bool),
        )
        for _ in range(count)
    ]  # fmt: skip


VAGUE = Answer.SORT_OF, Answer.DONT_CARE


def by_hand(
    story: Story, model: AnswerModel, log_prior: NDArray[np.float32], heard: list[AnswerEvidence],
    of_vague: AnswerModel | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Log of prior times likelihood of every item, shape (N, V), constants and all.

    :param of_vague: judges vague answers, if given.
    """
    catalogue = story.facts.catalogue()
    weights = log_prior.astype(np.float64)
    for each in heard:
        judge = of_vague if of_vague is not None and each.answers[0, 0] in VAGUE else model
        logs = judge.log_likelihood(each.options, each.answers, each.naming)[0]
        attribute = int(each.options[0, 0])
        for item in range(catalogue.n_items):
            known = catalogue.known[item, catalogue.attribute_facet[attribute]]
            has = bool(catalogue.item_attributes.contains(np.array([item]), np.array([attribute]))[0])
            weights[each.rows[0], item] += logs[-1] if not known else logs[int(has)]
    return weights


@slow
@given(worlds(), st.sampled_from([0.01, 0.3, 0.9]), st.integers(0, 4), st.integers(0, 2**16))
def test_the_posterior_is_that_over_people_and_items(story: Story, doubt: float, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_prior = rng.normal(scale=1.5, size=(2, story.facts.n_items)).astype(np.float32)
    heard = questions(story, rng, count, 2)
    belief = DoubtingBelief(story.facts.catalogue(), models(story, doubt), log_prior)
    for each in heard:
        belief.update(each)
    truthful = AnswerModel.honest(story.facts.catalogue())
    honest = by_hand(story, truthful, log_prior, heard, forgiving(truthful, story.model)) + np.log(1 - doubt)
    other = by_hand(story, story.model, log_prior, heard) + np.log(doubt)
    both = np.logaddexp(honest, other)
    both -= np.logaddexp.reduce(both, axis=1, keepdims=True)
    assert belief.probabilities == pytest.approx(np.exp(both), abs=2e-3)
    trust = np.logaddexp.reduce(honest, axis=1) - np.logaddexp.reduce(np.logaddexp(honest, other), axis=1)
    assert belief.trust == pytest.approx(np.exp(trust), abs=2e-3)


@slow
@given(worlds(), st.integers(1, 4), st.integers(0, 2**16))
def test_who_was_never_vague_is_believed_as_ever_until_there_is_doubt(story: Story, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_prior = rng.normal(size=(2, story.facts.n_items)).astype(np.float32)
    catalogue = story.facts.catalogue()
    doubting, plain = (
        make(catalogue, model, log_prior.copy())
        for make, model in ((DoubtingBelief, models(story, 1e-12)), (Belief, AnswerModel.honest(catalogue)))
    )
    for each in questions(story, rng, count, 2):
        if each.answers[0, 0] not in VAGUE:
            doubting.update(each)
            plain.update(each)
    sure = doubting.trust > 1 - 1e-6
    assert doubting.probabilities[sure] == pytest.approx(plain.probabilities[sure], abs=1e-5)


@slow
@given(worlds(), st.integers(0, 2**16))
def test_some_dialogues_can_be_taken_out_and_put_back(story: Story, seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_prior = rng.normal(size=(4, story.facts.n_items)).astype(np.float32)
    belief = DoubtingBelief(story.facts.catalogue(), models(story, 0.2), log_prior)
    for each in questions(story, rng, 3, 4):
        belief.update(each)
    rows = np.array([2, 0, 2])
    taken = belief.take(rows)
    before = belief.log_weights.copy(), belief.trust.copy()
    assert np.array_equal(taken.log_weights, belief.log_weights[rows])
    assert np.array_equal(taken.trust, belief.trust[rows])
    refused = np.zeros((1, 1), np.int32)
    taken.update(RejectionEvidence(np.array([0]), refused))
    assert np.array_equal(belief.log_weights, before[0]), "it is a copy"
    belief.update(RejectionEvidence(np.array([2]), refused))
    assert belief.log_weights[2] == pytest.approx(taken.log_weights[0], abs=1e-5), "both parts were taken along"
    belief.put(np.array([1]), taken.take(np.array([0])))
    assert np.array_equal(belief.log_weights[1], taken.log_weights[0])
    assert belief.trust[1] == taken.trust[0]


def test_whoever_slips_is_found_out_and_asked_accordingly() -> None:
    has = tuple(bits_of(item) for item in range(8))
    catalogue = Facts(has, (0, 0, 0), (False,), tuple(range(8)), (0, 1, 2)).catalogue()
    other = AnswerModel.equal(catalogue, miss=0.2, false_alarm=0.2, dont_know=0.2)
    model = replace(AnswerModel.honest(catalogue), otherwise=other, doubt=0.01)
    belief = DoubtingBelief(catalogue, model, np.zeros((2, catalogue.n_items), np.float32))
    silence = np.full((1, 1), Answer.DONT_KNOW, np.int8)
    belief.update(AnswerEvidence(np.array([1]), np.zeros((1, 1), np.int32), silence, np.zeros(1, bool)))
    assert belief.trust[0] == pytest.approx(0.99)
    assert belief.trust[1] < 1e-6, "everybody knows who knows at all"
    asked = np.full((2, 1), -1, np.int32)
    for mode in QuestionMode:
        value = best_questions(belief, asked, mode, 1).value[:, 0]
        alone = best_questions(Belief(catalogue, other, belief.log_weights.copy()), asked, mode, 1).value[:, 0]
        assert value[1] == pytest.approx(alone[1], abs=1e-4)
        assert value[0] > value[1] + 0.1, "an answer of somebody honest tells more"


@pytest.mark.parametrize("answer", [Answer.SORT_OF, Answer.DONT_CARE])
def test_who_is_vague_or_does_not_care_is_not_taken_for_somebody_who_slips(answer: Answer) -> None:
    has = tuple(bits_of(item) for item in range(8))
    catalogue = Facts(has, (0, 0, 0), (False,), tuple(range(8)), (0, 1, 2)).catalogue()
    other = AnswerModel.equal(
        catalogue, miss=0.1, false_alarm=0.1, dont_know=0.1, dont_care=0.1, sort_of_has=0.2, sort_of_lacks=0.02
    )
    model = replace(AnswerModel.honest(catalogue), otherwise=other, doubt=0.01)
    belief = DoubtingBelief(catalogue, model, np.zeros((1, catalogue.n_items), np.float32))
    asked = np.zeros((1, 1), np.int32)
    belief.update(AnswerEvidence(np.array([0]), asked, np.full((1, 1), answer, np.int8), np.zeros(1, bool)))
    assert belief.trust[0] > 0.98
    mass = belief.attribute_masses[0, 0]
    assert mass == pytest.approx(0.5, abs=1e-3) if answer is Answer.DONT_CARE else mass > 0.8
