import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import LOG_IMPOSSIBLE, Answer, AnswerModel
from graph.belief import (
    AnswerEvidence,
    Belief,
    CritiqueEvidence,
    EmptyBeliefError,
    RejectionEvidence,
    VolunteeredEvidence,
)
from graph.catalogue import Catalogue
from tests.graph.catalogues import Facts, Said, Story, facts, padded, questions_about, worlds

slow = settings(max_examples=40, deadline=None)


@dataclass(frozen=True)
class Opened:
    row: int
    attribute: int


@dataclass(frozen=True)
class Told:
    row: int
    options: tuple[int, ...]
    said: Said
    naming: bool


@dataclass(frozen=True)
class Refused:
    row: int
    items: tuple[int, ...]


@dataclass(frozen=True)
class Volunteered:
    row: int
    attribute: int
    already: int


@dataclass(frozen=True)
class Critique:
    row: int
    reference: int
    direction: int


Heard = Opened | Told | Refused | Volunteered | Critique


def in_order(known: Facts) -> Catalogue:
    """The catalogue, with the values of every facet in the order of their numbers."""
    catalogue = known.catalogue()
    return replace(catalogue, facets=tuple(replace(facet, ordered=True) for facet in catalogue.facets))


@dataclass(frozen=True)
class Talk:
    """A batch of dialogues with simulated users."""

    story: Story
    log_prior: NDArray[np.float32]
    heard: tuple[Heard, ...]

    def begin(self, eligible: NDArray[np.bool_] | None = None) -> Belief:
        return Belief(in_order(self.story.facts), self.story.model, self.log_prior, eligible)

    def chance(self, item: int, heard: Heard) -> float:
        """Likelihood of what was heard from a user who has ``item`` in mind."""
        model, own = self.story.model, self.story.facts.has[item]
        if isinstance(heard, Refused):
            return 1 - model.acceptance if item in heard.items else 1.0
        if isinstance(heard, Opened):
            return self.story.about_one(item, heard.attribute)[Answer.YES] / max(len(own), 1)
        if isinstance(heard, Volunteered):
            return self.story.about_one(item, heard.attribute)[Answer.YES] / max(len(own) - heard.already, 1)
        if isinstance(heard, Critique):
            return self._chance_of_critique(item, heard)
        if heard.naming:
            nothing_named = Answer.NO in heard.said
            return 1.0 if nothing_named and not model.hears_no else self.story.naming(item, heard.options)[heard.said]
        each = zip(heard.options, heard.said, strict=True)
        return math.prod(
            self.story.about_one(item, option)[answer]
            for option, answer in each
            if model.hears_no or answer != Answer.NO
        )

    def _chance_of_critique(self, item: int, heard: Critique) -> float:
        known, error = self.story.facts, self.story.model.critique_error
        if not known.knows(item, heard.reference):
            return 0.5
        values = [own for own in known.has[item] if known.facet[own] == known.facet[heard.reference]]
        on_that_side = any((own - heard.reference) * heard.direction > 0 for own in values)
        return 1 - error if on_that_side else error

    def posterior(self, row: int) -> NDArray[np.float64]:
        """By multiplying the prior with every likelihood, item by item."""
        weights = [
            math.exp(self.log_prior[row, item])
            * math.prod(self.chance(item, heard) for heard in self.heard if heard.row == row)
            for item in range(self.story.facts.n_items)
        ]
        assume(max(weights) > 1e-13)  # far above what the floor of the logarithm leaves of the impossible
        return np.array(weights) / sum(weights)


@st.composite
def talks(
    draw: st.DrawFn,
    stories: st.SearchStrategy[Story] | None = None,
    most_rows: int = 3,
    least_heard: int = 0,
) -> Talk:
    """What users with a random item in mind may have said and refused, in any order."""
    story = draw(worlds() if stories is None else stories)
    known = story.facts
    n_rows = draw(st.sampled_from(range(1, most_rows + 1)))
    targets = draw(st.lists(st.integers(0, known.n_items - 1), min_size=n_rows, max_size=n_rows))
    prior = st.lists(st.integers(-48, 48), min_size=known.n_items, max_size=known.n_items)
    log_prior = np.array(draw(st.lists(prior, min_size=n_rows, max_size=n_rows)), np.float32) / 16
    heard: list[Heard] = []
    for _ in range(draw(st.sampled_from(range(least_heard, 7)))):
        row = draw(st.integers(0, n_rows - 1))
        target = targets[row]
        kind = draw(st.sampled_from(["tell", "name", "refuse", "volunteer", "criticise"]))
        if kind == "volunteer":
            if likely := [a for a in sorted(known.has[target]) if story.about_one(target, a)[Answer.YES] > 0]:
                attribute, already = draw(st.sampled_from(likely)), draw(st.integers(0, 3))
                heard.append(Volunteered(row, attribute, already) if already else Opened(row, attribute))
        elif kind == "criticise":
            critiques = [Critique(row, a, direction) for a in range(known.n_attributes) for direction in (-1, 1)]
            may = [critique for critique in critiques if Talk(story, log_prior, ()).chance(target, critique) > 0]
            if may:
                heard.append(draw(st.sampled_from(may)))
        elif kind == "refuse":
            others = [item for item in range(known.n_items) if item != target or story.model.acceptance < 1]
            if others:
                shown = draw(st.lists(st.sampled_from(others), min_size=1, max_size=4, unique=True))
                heard.append(Refused(row, tuple(shown)))
        else:
            options, naming = draw(questions_about(known)), kind == "name"
            says = story.says(target, options, naming)
            said = draw(st.sampled_from(sorted(own for own, chance in says.items() if chance > 0)))
            heard.append(Told(row, options, said, naming))
    return Talk(story, log_prior, tuple(heard))


def hear(belief: Belief, heard: list[Heard], width: int = 4) -> None:
    """Give evidence of one kind, as one array."""
    rows = np.array([one.row for one in heard], np.intp)
    if isinstance(heard[0], Opened):
        belief.open_with(rows, np.array([one.attribute for one in heard if isinstance(one, Opened)], np.int32))
    elif isinstance(heard[0], Volunteered):
        named = [(one.attribute, one.already) for one in heard if isinstance(one, Volunteered)]
        attributes, already = np.array(named, np.int32).T
        belief.update(VolunteeredEvidence(rows, attributes, already))
    elif isinstance(heard[0], Critique):
        said = [(one.reference, one.direction) for one in heard if isinstance(one, Critique)]
        references, directions = np.array(said, np.int32).T
        belief.update(CritiqueEvidence(rows, references, directions.astype(np.int8)))
    elif isinstance(heard[0], Refused):
        belief.update(RejectionEvidence(rows, padded([one.items for one in heard if isinstance(one, Refused)], 5)))
    else:
        told = [one for one in heard if isinstance(one, Told)]
        answers = padded([one.said for one in told], width).astype(np.int8)
        naming = np.array([one.naming for one in told])
        belief.update(AnswerEvidence(rows, padded([one.options for one in told], width), answers, naming))


def hear_one_by_one(belief: Belief, heard: tuple[Heard, ...]) -> None:
    for one in heard:
        hear(belief, [one], len(one.options) if isinstance(one, Told) else 4)


def hear_together(belief: Belief, heard: tuple[Heard, ...]) -> None:
    for kind in (Refused, Told, Opened, Critique, Volunteered):
        if same := [one for one in heard if isinstance(one, kind)]:
            hear(belief, same)


@settings(max_examples=300, deadline=None)
@given(talks() | talks(worlds(st.just(True), least=4), most_rows=1, least_heard=3))
def test_belief_is_the_posterior(talk: Talk) -> None:
    expected = np.array([talk.posterior(row) for row in range(len(talk.log_prior))])
    belief = talk.begin()
    hear_one_by_one(belief, talk.heard)
    assert belief.probabilities == pytest.approx(expected, abs=1e-3)
    assert np.isfinite(belief.log_weights).all()
    assert belief.probabilities.sum(axis=1) == pytest.approx(np.ones(belief.n_dialogues))


@pytest.mark.parametrize(
    ("answer", "of_known", "of_unknown"), [(Answer.NO, 1.0, 0.5 * 0.5**3), (Answer.DONT_KNOW, 0.0, 0.5)]
)
def test_a_facet_question_is_answered_as_a_whole(answer: Answer, of_known: float, of_unknown: float) -> None:
    """None of three: the user says so where all are known to be missing; where nobody knows, half of them guess."""
    known = Facts((frozenset({3}), frozenset()), (0,) * 4, (True,), (1, 2), (1, 2, 3, 4))
    half = np.full(4, 0.5)
    model = replace(AnswerModel.honest(known.catalogue()), rate=half, unknown_dont_know=half)
    belief = Belief(known.catalogue(), model, np.zeros((1, 2), np.float32))
    hear(belief, [Told(0, (0, 1, 2), (int(answer),) * 3, naming=True)])
    expected = np.array([[of_known, of_unknown]]) / (of_known + of_unknown)
    assert belief.probabilities == pytest.approx(expected, abs=1e-3)


@slow
@given(talks(), st.data())
def test_order_of_evidence_does_not_matter(talk: Talk, data: st.DataObject) -> None:
    one, other, together = talk.begin(), talk.begin(), talk.begin()
    hear_one_by_one(one, talk.heard)
    hear_one_by_one(other, tuple(data.draw(st.permutations(talk.heard))))
    hear_together(together, talk.heard)
    assert other.log_weights == pytest.approx(one.log_weights, rel=1e-5, abs=1e-4)
    assert together.log_weights == pytest.approx(one.log_weights, rel=1e-5, abs=1e-4)


@slow
@given(talks())
def test_rows_do_not_touch_one_another(talk: Talk) -> None:
    together = talk.begin()
    hear_one_by_one(together, talk.heard)
    for row in range(together.n_dialogues):
        alone = Talk(talk.story, talk.log_prior[[row]], ()).begin()
        hear_one_by_one(alone, tuple(replace(one, row=0) for one in talk.heard if one.row == row))
        assert np.array_equal(alone.log_weights[0], together.log_weights[row])
        assert np.array_equal(alone.probabilities[0], together.probabilities[row])


@settings(max_examples=60, deadline=None)
@given(facts(open_world=st.just(False)), st.data())
def test_opening_of_a_truthful_user_is_drawn_uniformly(known: Facts, data: st.DataObject) -> None:
    spoken = [attribute for attribute in range(known.n_attributes) if any(attribute in own for own in known.has)]
    assume(spoken)
    attribute = data.draw(st.sampled_from(spoken))
    belief = Belief(known.catalogue(), AnswerModel.honest(known.catalogue()), np.zeros((2, known.n_items), np.float32))
    untouched = belief.log_weights[1].copy()
    belief.open_with(np.array([0, 1]), np.array([attribute, -1], np.int32))
    weights = np.array([(attribute in own) / max(len(own), 1) for own in known.has])
    assert belief.probabilities[0] == pytest.approx(weights / weights.sum(), abs=1e-3)
    assert np.array_equal(belief.log_weights[1], untouched)


@slow
@given(facts(open_world=st.just(False), least=2), st.data())
def test_volunteers_do_not_repeat_themselves(known: Facts, data: st.DataObject) -> None:
    """The chances of all pairs that a truthful user may volunteer, one after the other, add up to one."""
    own = data.draw(st.frozensets(st.integers(0, known.n_attributes - 1), min_size=2))
    target = data.draw(st.integers(0, known.n_items - 1))
    known = replace(known, has=(*known.has[:target], own, *known.has[target + 1 :]))
    catalogue = known.catalogue()
    model = AnswerModel.honest(catalogue)
    pairs = list(itertools.permutations(sorted(own), 2))
    belief = Belief(catalogue, model, np.zeros((len(pairs), known.n_items), np.float32))
    before = belief.log_weights.astype(float)
    impossible = 0.0
    for already in range(2):
        attributes = np.array([pair[already] for pair in pairs], np.int32)
        belief.update(VolunteeredEvidence(np.arange(len(pairs)), attributes, np.full(len(pairs), already)))
        impossible += LOG_IMPOSSIBLE  # weights are relative to an item that lacks the attribute
    chances = np.exp(belief.log_weights - before + impossible)
    assert chances[:, target].sum() == pytest.approx(1.0, abs=1e-4)
    for item, own in enumerate(known.has):
        held = [set(pair) <= own for pair in pairs]
        assert chances[:, item] == pytest.approx(np.array(held) / max(len(own) * (len(own) - 1), 1), abs=1e-4)


@slow
@given(talks(), st.integers(0, 2**16))
def test_opening_is_a_first_volunteer(talk: Talk, seed: int) -> None:
    rng = np.random.default_rng(seed)
    attributes = rng.integers(-1, talk.story.facts.n_attributes, len(talk.log_prior)).astype(np.int32)
    rows = np.arange(len(attributes))
    opened, volunteered = talk.begin(), talk.begin()
    opened.open_with(rows, attributes)
    volunteered.update(VolunteeredEvidence(rows, attributes, np.zeros(len(rows), np.int32)))
    assert np.array_equal(opened.log_weights, volunteered.log_weights)
    degrees = np.array([max(len(own), 1) for own in talk.story.facts.has])
    for row, attribute in enumerate(attributes):
        answered = talk.begin()
        if attribute >= 0:
            hear(answered, [Told(row, (int(attribute),), (int(Answer.YES),), False)], 1)
            answered.log_weights[row] -= np.log(degrees).astype(np.float32)
        assert np.array_equal(opened.log_weights[row], answered.log_weights[row])


DECADES = Facts(
    (frozenset({0}), frozenset({1}), frozenset({2}), frozenset({0, 2}), frozenset({3}), frozenset()),
    (0, 0, 0, 1),
    (True, False),
    (1, 2, 3, 4, 5, 6),
    (7, 8, 9, 10),
    frozenset({(5, 0)}),
)
"""Items of the decades 0, 1, 2, of both 0 and 2, of no known decade, and of one that is no attribute."""


@pytest.mark.parametrize(
    ("reference", "direction", "chances"),
    [
        (1, -1, [0.9, 0.1, 0.1, 0.9, 0.5, 0.1]),
        (1, +1, [0.1, 0.1, 0.9, 0.9, 0.5, 0.1]),
        (0, -1, [0.1, 0.1, 0.1, 0.1, 0.5, 0.1]),
        (2, -1, [0.9, 0.9, 0.1, 0.9, 0.5, 0.1]),
    ],
)
def test_a_critique_by_hand(reference: int, direction: int, chances: list[float]) -> None:
    catalogue = in_order(DECADES)
    model = replace(AnswerModel.honest(catalogue), critique_error=0.1)
    belief = Belief(catalogue, model, np.zeros((3, 6), np.float32))
    untouched = belief.log_weights[[0, 2]]
    hear(belief, [Critique(1, reference, direction)])
    assert belief.probabilities[1] == pytest.approx(np.array(chances) / sum(chances), abs=1e-4)
    assert np.array_equal(belief.log_weights[[0, 2]], untouched)


def test_only_an_ordered_facet_can_be_criticised() -> None:
    catalogue = in_order(DECADES)
    catalogue = replace(catalogue, facets=(catalogue.facets[0], replace(catalogue.facets[1], ordered=False)))
    belief = Belief(catalogue, AnswerModel.honest(catalogue), np.zeros((1, 6), np.float32))
    before = belief.log_weights.copy()
    with pytest.raises(ValueError, match="'facet 1' has no order"):
        hear(belief, [Critique(0, 1, 1), Critique(0, 3, 1)])
    assert np.array_equal(belief.log_weights, before)


def test_an_answer_that_may_not_have_been_understood() -> None:
    """A "yes" heard by chance 3/5: 4/5 for the items that have the attribute, 1/5 for the others."""
    known = Facts((frozenset({0}), frozenset(), frozenset()), (0,), (False,), (1, 2, 3), (1,))
    belief = Belief(known.catalogue(), AnswerModel.honest(known.catalogue()), np.zeros((3, 3), np.float32))
    untouched = belief.probabilities[2]
    yes, confidence = np.full((3, 1), Answer.YES, np.int8), np.array([1.0, 0.6, 0.0], np.float32)
    belief.update(AnswerEvidence(np.arange(3), np.zeros((3, 1), np.int32), yes, np.zeros(3, bool), confidence))
    assert belief.probabilities[0] == pytest.approx([1.0, 0.0, 0.0])
    assert belief.probabilities[1] == pytest.approx(np.array([4, 1, 1]) / 6, abs=1e-4)
    assert np.array_equal(belief.probabilities[2], untouched)


@slow
@given(talks(stories=worlds(open_world=st.just(True))), st.integers(0, 2**16))
def test_eligible_items_share_the_belief(talk: Talk, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_rows, n_items = talk.log_prior.shape
    eligible = rng.random((n_rows, n_items)) < 0.6
    eligible[np.arange(n_rows), rng.integers(n_items, size=n_rows)] = True
    belief, free = talk.begin(eligible), talk.begin()
    hear_one_by_one(belief, talk.heard)
    hear_one_by_one(free, talk.heard)
    assert np.array_equal(np.isneginf(belief.log_weights), ~eligible)
    assert np.array_equal(belief.log_weights[eligible], free.log_weights[eligible])
    assert not belief.probabilities[~eligible].any()
    assert belief.probabilities.sum(axis=1) == pytest.approx(np.ones(n_rows))
    best = belief.top_items(n_items)
    for row in range(n_rows):
        assert set(best[row][best[row] >= 0]) == set(np.flatnonzero(eligible[row]))
    same_for_all = talk.begin(eligible[0])
    assert np.array_equal(np.isneginf(same_for_all.log_weights), np.broadcast_to(~eligible[0], (n_rows, n_items)))


def test_nothing_eligible() -> None:
    known = Facts((frozenset({0}), frozenset()), (0,), (False,), (3, 4), (1,))
    prior, model = np.zeros((3, 2), np.float32), AnswerModel.honest(known.catalogue())
    with pytest.raises(EmptyBeliefError, match=r"dialogue 1: no item is eligible; widen"):
        Belief(known.catalogue(), model, prior, np.array([[True, False], [False, False], [False, False]]))
    with pytest.raises(EmptyBeliefError, match="dialogue 0"):
        Belief(known.catalogue(), model, prior, np.zeros(2, bool))


@slow
@given(facts(), st.data())
def test_impossible_evidence_ranks_by_contradictions(known: Facts, data: st.DataObject) -> None:
    """Nothing fits, but the belief stays finite and what contradicts least comes first."""
    known = replace(known, open_world=(False,) * len(known.open_world))
    catalogue = known.catalogue()
    belief = Belief(catalogue, AnswerModel.honest(catalogue), np.zeros((1, known.n_items), np.float32))
    contradictions = np.zeros(known.n_items, int)
    for _ in range(data.draw(st.integers(1, 12))):
        if data.draw(st.booleans()):
            items = data.draw(st.lists(st.integers(0, known.n_items - 1), min_size=1, max_size=4, unique=True))
            hear(belief, [Refused(0, tuple(items))])
            contradictions[items] += 1
        else:
            options = data.draw(questions_about(known))
            said = data.draw(st.tuples(*[st.sampled_from([0, 1])] * len(options)))
            hear(belief, [Told(0, options, said, False)])
            for item, own in enumerate(known.has):
                contradictions[item] += sum((o in own) != yes for o, yes in zip(options, said, strict=True))
    assert np.isfinite(belief.log_weights).all()
    assert np.isfinite(belief.probabilities).all()
    assert belief.probabilities.sum() == pytest.approx(1.0)
    assert (np.diff(contradictions[belief.top_items(known.n_items)[0]]) >= 0).all()
    fewest = contradictions == contradictions.min()
    assert belief.probabilities[0] == pytest.approx(fewest / fewest.sum(), abs=1e-3)
    assert 0 <= belief.entropy()[0] <= math.log2(known.n_items) + 1e-6


@slow
@given(talks())
def test_sums_of_the_belief(talk: Talk) -> None:
    belief, known = talk.begin(), talk.story.facts
    before = belief.probabilities, belief.attribute_masses, belief.unknown_masses, belief.entropy()
    assert all(np.isfinite(part).all() for part in before)
    hear_together(belief, talk.heard)
    weights = np.exp((belief.log_weights - belief.log_weights.max(axis=1, keepdims=True)).astype(float))
    assert belief.probabilities == pytest.approx(weights / weights.sum(axis=1, keepdims=True), abs=1e-6)
    rows, items = np.indices(belief.probabilities.shape, dtype=np.int32)
    assert np.array_equal(belief.masses(rows[:, 0][::-1], items[::-1]), belief.probabilities[::-1])
    assert not belief.masses(rows[:1, 0], np.array([[-1]], np.int32)).any()
    for row, share in enumerate(belief.probabilities.astype(float)):
        has = [sum(share[i] for i, own in enumerate(known.has) if a in own) for a in range(known.n_attributes)]
        assert belief.attribute_masses[row] == pytest.approx(np.array(has), abs=1e-6)
        unknown = [
            sum(share[i] for i in range(known.n_items) if not known.knows_facet(i, facet))
            for facet in range(len(known.open_world))
        ]
        assert belief.unknown_masses[row] == pytest.approx(np.array(unknown), abs=1e-6)
        entropy = -sum(p * math.log2(p) for p in share if p > 0)
        assert belief.entropy()[row] == pytest.approx(entropy, abs=1e-5)


@slow
@given(talks(), st.data())
def test_taking_dialogues_copies_them(talk: Talk, data: st.DataObject) -> None:
    belief = talk.begin()
    assert belief.probabilities.shape == talk.log_prior.shape
    rows = np.array(data.draw(st.lists(st.integers(0, len(talk.log_prior) - 1), min_size=1, max_size=5)), np.intp)
    taken = belief.take(rows)
    assert np.array_equal(taken.log_weights, belief.log_weights[rows])
    assert np.array_equal(taken.probabilities, belief.probabilities[rows])
    kept = taken.log_weights.copy()
    hear_together(belief, talk.heard)
    assert np.array_equal(taken.log_weights, kept)
    heard = belief.log_weights.copy()
    taken.update(RejectionEvidence(np.zeros(1, np.intp), np.zeros((1, 1), np.int32)))
    assert np.array_equal(belief.log_weights, heard)
    assert taken.catalogue is belief.catalogue


@slow
@given(talks(), st.data())
def test_putting_back_what_was_taken(talk: Talk, data: st.DataObject) -> None:
    belief, untouched = talk.begin(), talk.begin()
    hear_together(untouched, talk.heard)
    rows = np.array(data.draw(st.lists(st.integers(0, len(talk.log_prior) - 1), min_size=1, unique=True)), np.intp)
    sums = belief.probabilities, belief.attribute_masses, belief.unknown_masses
    belief.put(rows, untouched.take(rows))
    rest = np.setdiff1d(np.arange(len(talk.log_prior)), rows)
    for name, before in zip(("probabilities", "attribute_masses", "unknown_masses"), sums, strict=True):
        assert np.array_equal(getattr(belief, name)[rows], getattr(untouched, name)[rows])
        assert np.array_equal(getattr(belief, name)[rest], before[rest])
    kept = untouched.log_weights.copy()
    belief.log_weights[:] = 0
    assert np.array_equal(untouched.log_weights, kept)


def test_sums_are_at_hand_until_something_is_heard() -> None:
    catalogue = in_order(DECADES)
    belief = Belief(catalogue, AnswerModel.honest(catalogue), np.zeros((2, 6), np.float32))
    assert not belief.is_summed
    share = belief.masses(np.array([1]), np.array([[0]], np.int32))
    assert belief.is_summed
    assert share == pytest.approx(1 / 6, abs=1e-4)
    hear(belief, [Refused(1, (0,))])
    assert not belief.is_summed
    assert belief.masses(np.array([0, 1]), np.array([[0], [0]], np.int32))[:, 0] == pytest.approx([1 / 6, 0], abs=1e-4)
    assert not belief.take(np.array([0])).is_summed
    belief.put(np.array([1]), belief.take(np.array([0])))
    assert not belief.is_summed


def test_the_prior_is_copied() -> None:
    known = Facts((frozenset({0}), frozenset()), (0,), (False,), (3, 4), (1,))
    prior = np.zeros((1, 2), np.float32)
    belief = Belief(known.catalogue(), AnswerModel.honest(known.catalogue()), prior)
    belief.update(RejectionEvidence(np.array([0]), np.array([[0, -1]], np.int32)))
    assert not prior.any()
    assert belief.log_weights[0] == pytest.approx([-40.0, 0.0], abs=1e-3)


@slow
@given(talks(), st.data())
def test_top_items(talk: Talk, data: st.DataObject) -> None:
    belief = talk.begin()
    hear_together(belief, talk.heard)
    n_rows, n_items = talk.log_prior.shape
    count = data.draw(st.integers(1, n_items + 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    without = rng.integers(-1, n_items, (n_rows, 3)).astype(np.int32)
    for left_out in (None, without):
        best = belief.top_items(count, left_out)
        assert best.shape == (n_rows, count)
        for row in range(n_rows):
            open_items = np.arange(n_items) if left_out is None else np.setdiff1d(np.arange(n_items), left_out[row])
            wanted = sorted(open_items, key=lambda item: -belief.log_weights[row, item])[:count]
            assert np.array_equal(belief.log_weights[row, best[row][: len(wanted)]], belief.log_weights[row, wanted])
            assert set(best[row][: len(wanted)]) <= set(open_items)
            assert (best[row][len(wanted) :] == -1).all()


@slow
@given(talks(), st.data())
def test_the_order_of_items_decides_nothing(talk: Talk, data: st.DataObject) -> None:
    known = talk.story.facts
    items = data.draw(st.permutations(range(known.n_items)))
    moved = known.reordered(items, range(known.n_attributes))
    there = {item: place for place, item in enumerate(items)}
    heard = tuple(
        replace(one, items=tuple(there[item] for item in one.items)) if isinstance(one, Refused) else one
        for one in talk.heard
    )
    belief = talk.begin()
    other = Talk(Story(moved, talk.story.model), talk.log_prior[:, items], heard).begin()
    hear_together(belief, talk.heard)
    hear_together(other, heard)
    assert np.array_equal(other.log_weights, belief.log_weights[:, items])
    ranked = np.array(items)[other.top_items(known.n_items)]
    assume(all(len(set(row.tolist())) == len(row) for row in belief.log_weights))  # rounding may join two weights
    assert np.array_equal(ranked, belief.top_items(known.n_items))
