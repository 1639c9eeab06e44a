"""One step of a conversation: what is remembered, believed, said and taken back."""

import numpy as np
import pytest

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
    Inform,
    Leave,
    Like,
    Noted,
    Recommend,
    Restart,
    Seen,
    Unclear,
    Undo,
    Undone,
    UserAct,
    Welcome,
)
from dialogs.agent import Agent, Step
from dialogs.conversation import Conversation
from graph.answers import Answer, QuestionMode
from simulator.history import Act
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
