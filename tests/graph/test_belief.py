import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel
from graph.belief import AnswerEvidence, Belief, EmptyBeliefError, RejectionEvidence
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


Heard = Opened | Told | Refused


@dataclass(frozen=True)
class Talk:
    """A batch of dialogues with simulated users."""

    story: Story
    log_prior: NDArray[np.float32]
    heard: tuple[Heard, ...]

    def begin(self, eligible: NDArray[np.bool_] | None = None) -> Belief:
        return Belief(self.story.facts.catalogue(), self.story.model, self.log_prior, eligible)

    def chance(self, item: int, heard: Heard) -> float:
        """Likelihood of what was heard from a user who has ``item`` in mind."""
        model, own = self.story.model, self.story.facts.has[item]
        if isinstance(heard, Refused):
            return 1 - model.acceptance if item in heard.items else 1.0
        if isinstance(heard, Opened):
            return self.story.about_one(item, heard.attribute)[Answer.YES] / max(len(own), 1)
        if heard.naming:
            nothing_named = Answer.NO in heard.said
            return 1.0 if nothing_named and not model.hears_no else self.story.naming(item, heard.options)[heard.said]
        each = zip(heard.options, heard.said, strict=True)
        return math.prod(
            self.story.about_one(item, option)[answer]
            for option, answer in each
            if model.hears_no or answer != Answer.NO
        )

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
        kind = draw(st.sampled_from(["tell", "name", "refuse", "open"]))
        if kind == "open" and not any(isinstance(other, Opened) and other.row == row for other in heard):
            if likely := [a for a in sorted(known.has[target]) if story.about_one(target, a)[Answer.YES] > 0]:
                heard.append(Opened(row, draw(st.sampled_from(likely))))
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
    for kind in (Refused, Told, Opened):
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
    without = np.random.default_rng(data.draw(st.integers(0, 99))).random((n_rows, n_items)) < 0.4
    for left_out in (None, without):
        best = belief.top_items(count, left_out)
        assert best.shape == (n_rows, count)
        for row in range(n_rows):
            open_items = np.flatnonzero(~without[row]) if left_out is not None else np.arange(n_items)
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
