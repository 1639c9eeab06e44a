"""One step of a conversation: what is remembered, believed, said and taken back."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dialogs.acts import (
    Accept,
    Affirm,
    Ask,
    AskWhy,
    Clarify,
    Critique,
    Defer,
    Deny,
    Dislike,
    DontCare,
    ExplainItem,
    ExplainQuestion,
    Farewell,
    Greet,
    Inform,
    Leave,
    Like,
    Noted,
    Nothing,
    Recommend,
    Restart,
    Seen,
    Unclear,
    Undo,
    Undone,
    UserAct,
    Welcome,
)
from dialogs.agent import Agent, Step, Thinking, for_people, together
from dialogs.conversation import SUREST, Conversation, told
from graph.affinity.popularity import Popularity
from graph.affinity.profiles import Profiles
from graph.answers import Answer, AnswerModel, QuestionMode
from graph.belief import EmptyBeliefError
from graph.catalogue import Catalogue
from policy.bayes import BayesPolicy, GainRule
from policy.patience import patient
from policy.unified.encoding import rule_values
from simulator.history import Act
from simulator.protocol import State
from tests.dialogs.cinema import agent, attribute, cinema, film

HORROR, COMEDY, NINETIES = attribute("Horror"), attribute("Comedy"), attribute("1990s")


def wants(place: int, **rest: object) -> Inform:
    return Inform(attribute=place, **rest)  # type: ignore[arg-type]


def talk(leader: Agent, *messages: tuple[UserAct, ...]) -> Step:
    """The last of several steps."""
    step = leader.open()
    for heard in messages:
        step = leader.step(step.conversation, heard)
    return step


def until_list(leader: Agent) -> Step:
    """A conversation in which a list is on show."""
    step = leader.step(Conversation(), (wants(HORROR),))
    while not isinstance(step.conversation.on_table, Recommend):
        step = leader.step(step.conversation, (DontCare(),))
    return step


def test_it_welcomes_and_then_asks_about_what_is_still_open() -> None:
    leader = agent()
    assert leader.open().says == (Welcome(),)
    step = talk(leader, (wants(HORROR), wants(NINETIES)))
    assert isinstance(step.says[-1], Ask | Recommend)
    assert step.thought is not None
    assert step.thought.candidates < cinema().catalogue.n_items / 4
    catalogue = cinema().catalogue
    top = step.thought.top[0][0]
    assert catalogue.item_attributes.contains([top, top], [HORROR, NINETIES]).all()


def test_several_wishes_take_no_turn_and_are_not_asked_about_again() -> None:
    leader = agent()
    memory = leader.memory(Conversation(), (wants(HORROR), wants(COMEDY, holds=False)))
    history = memory.history
    assert history.length[0] == 2
    assert history.turns[0] == history.clock[0] == 0
    assert history.acts[0, :2].tolist() == [Act.LISTEN, Act.LISTEN]
    assert history.answers[0, :2, 0].tolist() == [Answer.YES, Answer.NO]
    assert history.waits_in_a_row[0] == 0, "to listen is not to wait"
    options = leader.state(memory).candidates.questions.options
    assert not np.isin(options, [HORROR, COMEDY]).any()


def test_what_is_less_sure_moves_the_belief_less() -> None:
    leader = agent()
    masses = [
        leader.belief(leader.memory(Conversation(), (wants(HORROR, confidence=sure),))).attribute_masses[0, HORROR]
        for sure in (0.0, 0.5, 0.9, 1.0)
    ]
    assert masses == sorted(masses)
    prior = leader.belief(leader.memory(Conversation())).attribute_masses[0, HORROR]
    assert masses[0] == pytest.approx(prior, abs=1e-6)
    assert masses[-1] > 0.99


@pytest.mark.parametrize(("heard", "answers"), [
    ((wants(HORROR),), [Answer.YES, Answer.NO, Answer.NO]), ((Deny(),), [Answer.NO] * 3),
    ((DontCare(),), [Answer.DONT_CARE] * 3), ((wants(HORROR), wants(COMEDY)), [Answer.YES, Answer.YES, Answer.NO]),
    ((wants(HORROR, holds=False),), [Answer.NO, Answer.UNSAID, Answer.UNSAID]),
    ((wants(NINETIES),), [-1, -1, -1]),
])  # fmt: skip
def test_answers_to_a_question_with_several_options(heard: tuple[UserAct, ...], answers: list[int]) -> None:
    asked = Conversation().then((), Ask(options=(HORROR, COMEDY, attribute("Drama"))))
    history = agent().memory(asked, heard).history
    assert history.acts[0, 0] == Act.ASK
    assert history.answers[0, 0, :3].tolist() == answers
    assert history.length[0] == 1 + (heard == (wants(NINETIES),))


def test_undo_and_saying_something_anew_is_as_if_it_had_never_been_said() -> None:
    leader = agent()
    plain = talk(leader, (wants(HORROR),), (DontCare(),))
    mended = talk(leader, (wants(HORROR),), (Deny(),), (Undo(),), (DontCare(),))
    assert mended.conversation == plain.conversation
    assert mended.says == plain.says
    assert mended.thought == plain.thought
    undone = talk(leader, (wants(HORROR),), (Undo(),))
    assert undone.says == (Undone(), Welcome())
    assert talk(leader, (Undo(),)).says == (Undone(anything=False),)


def test_restart_forgets_everything() -> None:
    leader = agent()
    step = talk(leader, (wants(HORROR),), (Like(item=film("Fargo")),), (Restart(),))
    assert step.conversation == Conversation()
    assert talk(leader, (wants(COMEDY),)).says == leader.step(step.conversation, (wants(COMEDY),)).says


def test_a_list_ends_in_an_item_a_refusal_or_a_question_back() -> None:
    leader = agent()
    shown = until_list(leader)
    items = shown.conversation.shown
    taken = leader.step(shown.conversation, (Accept(item=items[1]),))
    assert taken.over
    assert taken.says == (Farewell(found=items[1]),)
    which = leader.step(shown.conversation, (Affirm(),))
    assert which.says[0] == Clarify(about="which")
    assert which.conversation == shown.conversation
    greeted = leader.step(shown.conversation, (Greet(),))
    assert greeted.says == (shown.conversation.on_table,), "who says hello has not said yes"
    several = leader.step(shown.conversation, (Accept(item=items[0]), Accept(item=items[2])))
    assert several.says[0] == Clarify(about="which"), "whoever takes two has not chosen yet"
    refused = leader.step(shown.conversation, (Deny(),))
    weights = leader.belief(leader.memory(refused.conversation)).probabilities[0, list(items)]
    assert (weights < 1e-6).all()


def test_seen_and_disliked_items_are_not_shown_again_and_it_says_so() -> None:
    leader = agent()
    shown = until_list(leader)
    seen, other = shown.conversation.shown[:2]
    step = leader.step(shown.conversation, (Seen(item=seen), Dislike(item=other)))
    assert step.says[:2] == (Noted(item=seen, verdict="seen"), Noted(item=other, verdict="dislike"))
    for _ in range(20):
        if step.over:
            break
        assert not {seen, other} & set(step.conversation.shown if step.says[-1].act == "recommend" else ())
        step = leader.step(step.conversation, (DontCare(),) if step.says[-1].act == "ask" else (Deny(),))


def test_seeing_one_item_does_not_turn_the_others_down() -> None:
    leader = agent()
    shown = until_list(leader)
    first, *rest = shown.conversation.shown
    step = leader.step(shown.conversation, (Seen(item=first),))
    belief = leader.belief(leader.memory(step.conversation))
    assert belief.probabilities[0, first] == 0
    assert belief.probabilities[0, rest].sum() > 0.1


def test_a_critique_moves_to_one_side() -> None:
    leader = agent()
    shown = until_list(leader)
    catalogue = cinema().catalogue
    item = shown.conversation.shown[0]
    decade = int(catalogue.attributes_of(item, catalogue.facet_index("decade"))[0])
    direction = 1 if decade < attribute("2000s") else -1
    step = leader.step(shown.conversation, (Critique(item=item, attribute=decade, direction=direction),))
    masses = leader.belief(leader.memory(step.conversation)).attribute_masses[0]
    decades = [attribute(name) for name in ("1970s", "1980s", "1990s", "2000s")]
    wrong = [each for each in decades if (each - decade) * direction <= 0]
    assert masses[wrong].sum() < 0.01


def test_why_is_exact_and_changes_nothing() -> None:
    leader = agent()
    shown = until_list(leader)
    item = shown.conversation.shown[0]
    why = leader.step(shown.conversation, (AskWhy(item=item),))
    assert why.conversation == shown.conversation
    explained, again = why.says
    assert isinstance(explained, ExplainItem)
    assert again == shown.conversation.on_table
    reason = next(each for each in explained.reasons if each.said.act == "inform")
    assert reason.said.attribute == HORROR

    def log_odds(conversation: Conversation) -> float:
        chance = float(leader.belief(leader.memory(conversation)).probabilities[0, item])
        return float(np.log(chance / (1 - chance)))

    first = shown.conversation.exchanges[0]
    unsaid = Conversation((type(first)((), first.move), *shown.conversation.exchanges[1:]))
    assert reason.weight == pytest.approx(log_odds(shown.conversation) - log_odds(unsaid), abs=1e-3)


def test_why_a_question_tells_how_far_it_leads() -> None:
    leader = agent()
    step = talk(leader, (wants(HORROR),))
    assert isinstance(step.says[-1], Ask)
    explained = leader.step(step.conversation, (AskWhy(),)).says[0]
    assert isinstance(explained, ExplainQuestion)
    assert explained.options == step.says[-1].options
    assert 1 <= explained.after < explained.candidates


def test_somebody_who_needs_time_is_not_taken_to_refuse() -> None:
    leader = agent()
    shown = until_list(leader)
    step = leader.step(shown.conversation, (Defer(),))
    history = leader.memory(shown.conversation, (Defer(),)).history
    assert history.deferred[0].any()
    if not step.over:
        masses = leader.belief(leader.memory(step.conversation)).probabilities[0, list(shown.conversation.shown)]
        assert masses.sum() > 0.1


def test_it_ends_politely_when_turns_or_items_run_out_or_somebody_leaves() -> None:
    leader = agent(QuestionMode.BINARY)
    step = leader.step(Conversation(), (wants(HORROR),))
    for _ in range(40):
        if step.over:
            break
        step = leader.step(step.conversation, (Deny(),))
    assert step.over
    assert step.says[-1].act == "farewell"
    assert talk(agent(), (Leave(),)).says == (Farewell(reason="left"),)
    nobody = agent(eligible=np.zeros(cinema().catalogue.n_items, bool))
    assert talk(nobody, (wants(HORROR),)).says == (Farewell(reason="nothing-left"),)


@pytest.mark.parametrize(("confidence", "share"), [(0.98, 0.001), (0.6, 0.001), (0.9, 0.05), (0.9, 0.2)])
def test_what_is_told_has_the_chance_that_it_was_understood(confidence: float, share: float) -> None:
    sure = told(confidence, share)
    odds = (1 + sure) / (1 - sure) * share / (1 - share)
    believed = odds / (1 + odds)
    assert believed == pytest.approx(confidence, abs=1e-6) or (sure == SUREST and believed < confidence)
    assert told(confidence, 0.9) == confidence
    assert told(1.0, share) == 1.0


def test_a_rare_name_is_what_is_looked_for() -> None:
    rare = attribute("Robert Downey, Jr.")
    has = cinema().catalogue.item_attributes.contains(np.arange(cinema().catalogue.n_items), np.array([rare]))
    leader = agent()
    belief = leader.belief(leader.memory(Conversation(), (Inform(attribute=rare, confidence=0.98),)))
    assert belief.probabilities[0][has].sum() == pytest.approx(0.98, abs=0.015)


def test_people_may_know_what_the_catalogue_does_not() -> None:
    whole = cinema().catalogue
    directors = np.flatnonzero(whole.attribute_facet == [facet.name for facet in whole.facets].index("director"))
    edges = whole.item_attributes
    rows, columns = edges.row_of_edge(), edges.indices
    nameless = film("Fargo")
    kept = ~((rows == nameless) & np.isin(columns, directors))
    poorer = replace(
        whole,
        item_attributes=type(edges).from_pairs(rows[kept], columns[kept], edges.n_rows, edges.n_columns),
        facets=tuple(replace(facet, open_world=True) for facet in whole.facets),
    )
    model = for_people(BayesPolicy(), poorer)
    asked, none = directors[:4].astype(np.int32)[None], np.full((1, 4), Answer.NO, np.int8)
    said = np.exp(model.log_likelihood(asked, none, np.zeros(1, bool)))[0]
    lacks_all, unknown = said[0], said[-1]
    assert 0.1 < unknown / lacks_all < 1.0, "it is less likely, and not lost"
    silent = np.full((1, 4), Answer.DONT_KNOW, np.int8)
    passed = np.exp(model.log_likelihood(asked, silent, np.zeros(1, bool)))[0]
    assert passed[-1] > 100 * passed[0], "not knowing still speaks for what the catalogue does not know"


def test_what_may_not_be_shown_is_not_shown() -> None:
    allowed = np.zeros(cinema().catalogue.n_items, bool)
    allowed[[film("Fargo"), film("Up")]] = True
    step = until_list(agent(eligible=allowed))
    assert set(step.conversation.shown) <= {film("Fargo"), film("Up")}


def test_what_is_unclear_is_asked_back_and_costs_nothing() -> None:
    leader = agent()
    before = talk(leader, (wants(HORROR),))
    step = leader.step(before.conversation, (Unclear(),))
    assert step.says == (Clarify(), before.conversation.on_table)
    assert step.conversation == before.conversation


def test_the_same_words_lead_to_the_same_talk() -> None:
    messages = ((wants(HORROR),), (DontCare(),), (Deny(),), (Like(item=film("Fargo")),))
    assert talk(agent(), *messages) == talk(agent(), *messages)


class Counting(BayesPolicy):
    """The gain rule, and how many states it was asked about at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = list[int]()

    def values(self, state: State) -> NDArray[np.float64]:
        return self.values_of([state])

    def values_of(self, states: Sequence[State]) -> NDArray[np.float64]:
        self.asked.append(len(states))
        return np.concatenate([rule_values(state, GainRule()) for state in states])


def test_several_are_answered_together_as_each_alone_and_one_that_fails_by_itself() -> None:
    policy = Counting()
    world = replace(agent().world, policy=policy)
    heard: list[tuple[UserAct, ...]] = [(wants(HORROR),), (Nothing(),), (Leave(),), (wants(COMEDY), wants(NINETIES))]

    def broken() -> Thinking[Step]:
        yield Agent(world).state(Agent(world).memory(Conversation()))
        raise ValueError("broken")

    alone = [Agent(world).step(Conversation(), each) for each in heard]
    assert policy.asked == [1, 1, 1]
    policy.asked.clear()
    found = together([broken(), *(Agent(world).stepping(Conversation(), each) for each in heard)], policy)
    assert isinstance(found[0], ValueError)
    assert found[1:] == alone
    assert policy.asked == [4], "who leaves has nothing decided"


class Fastidious(Counting):
    """Fails where a state is among those it does not like."""

    def values_of(self, states: Sequence[State]) -> NDArray[np.float64]:
        if any(state.belief.attribute_masses[0, HORROR] > 0.8 for state in states):
            raise ArithmeticError("no horror")
        return super().values_of(states)


def test_what_cannot_be_judged_fails_alone() -> None:
    policy = Fastidious()
    world = replace(agent().world, policy=policy)
    heard: list[tuple[UserAct, ...]] = [(wants(COMEDY),), (wants(HORROR),), (wants(NINETIES),)]
    found = together([Agent(world).stepping(Conversation(), each) for each in heard], policy)
    assert isinstance(found[1], ArithmeticError)
    assert [found[0], found[2]] == [Agent(world).step(Conversation(), heard[place]) for place in (0, 2)]


def test_a_policy_without_values_decides_one_after_the_other() -> None:
    leader = agent()
    assert not hasattr(leader.world.policy, "values")
    heard: list[tuple[UserAct, ...]] = [(wants(HORROR),), (wants(COMEDY),)]
    steps = [Agent(leader.world).stepping(Conversation(), each) for each in heard]
    assert together(steps, leader.world.policy) == [leader.step(Conversation(), each) for each in heard]


class Doubting(BayesPolicy):
    """Takes some people for others than they are."""

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        others = AnswerModel.equal(catalogue, miss=0.1, false_alarm=0.1)
        return replace(AnswerModel.honest(catalogue), otherwise=others, doubt=0.3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from((
    (wants(HORROR),), (wants(COMEDY, holds=False),), (Deny(),), (DontCare(),), (Defer(),), (Nothing(),), (Affirm(),),
    (Like(item=3),), (Dislike(item=3),), (Seen(item=5),), (Undo(),), (Restart(),), (AskWhy(),), (Unclear(),),
    (Critique(item=2, attribute=attribute("1980s"), direction=1),),
)), max_size=12))  # fmt: skip
def test_going_on_from_the_belief_before_is_the_same_as_beginning_anew(messages: list[tuple[UserAct, ...]]) -> None:
    for policy in (Doubting(), patient(BayesPolicy())):
        leader, conversation = agent(policy=policy), Conversation()
        for heard in messages:
            try:
                going_on = leader.belief(leader.memory(conversation, heard))
                anew = agent(policy=policy).belief(leader.memory(conversation, heard))
            except EmptyBeliefError:
                break
            assert np.array_equal(going_on.log_weights, anew.log_weights)
            assert np.array_equal(going_on.evidence, anew.evidence)
            step = leader.step(conversation, heard)
            conversation = step.conversation
            if step.over:
                break


class Taste(Popularity):
    """Popularity, and what somebody said of the item beside."""

    def scores_of(self, profiles: Profiles) -> NDArray[np.float32]:
        scores = np.repeat(self.log_prior[None], len(profiles), axis=0)
        scores[0, profiles.items - 1] += profiles.verdicts
        return scores


@pytest.mark.parametrize(("before", "after"), [
    ((wants(HORROR),), (wants(HORROR), wants(COMEDY))), ((Like(item=3),), (Dislike(item=3),)),
    ((Like(item=3),), (Like(item=3), Seen(item=5))), ((), (Like(item=7),)), ((Like(item=3),), ()),
])  # fmt: skip
def test_a_belief_that_was_kept_is_not_taken_for_another(
    before: tuple[UserAct, ...], after: tuple[UserAct, ...]
) -> None:
    known = Profiles.unknown(1, cinema().catalogue).and_then(0, liked=[7])
    leaders = [agent(affinity=Taste.fit(cinema()), profile=known) for _ in range(2)]
    first = leaders[0].belief(leaders[0].memory(Conversation(), before))
    weights = first.log_weights.copy()
    going_on, anew = (leader.belief(leader.memory(Conversation(), after)) for leader in leaders)
    assert np.array_equal(going_on.log_weights, anew.log_weights)
    assert np.array_equal(first.log_weights, weights)
