"""The desk: whole talks by buttons and words, each turn answered by another desk."""

from copy import copy

import pytest

from convrec.serving.desk import Desk, RequestError, Turn
from convrec.serving.heard import payload
from convrec.serving.messages import Button, for_rasa
from convrec.serving.names import Names
from convrec.serving.sealing import Sealer, SealError
from dialogs.acts import Ask, Farewell, Recommend, Restarted
from dialogs.session import Standing
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.paraphrase import Paraphrases
from dialogs.understanding.understander import LexicalUnderstander
from tests.convrec.serving.desks import KEY, desk, table
from tests.dialogs.cinema import cinema, film

NAMES = Names(cinema().catalogue)


def option(turn: Turn, title: str) -> str:
    """What the button of this title sends."""
    return next(each.payload for each in turn.messages[-1].buttons if each.title == title)


def holds_dialogue(target: int, questions: str) -> Turn:
    """Press what holds of the target until it is found."""
    turn = desk(questions).open("ann")
    own = {NAMES.of_attribute(int(each)) for each in cinema().catalogue.attributes_of(target)}
    said = cinema().catalogue.attribute_names[int(cinema().catalogue.attributes_of(target)[0])]
    for _ in range(20):
        turn = desk(questions).answer("ann", turn.sealed, said)
        if turn.reply.over:
            return turn
        message = turn.messages[-1]
        shown = {card.item for card in message.cards}
        fits = [each for each in message.buttons if any(each.payload == payload("inform", attribute=a) for a in own)]
        if NAMES.of_item(target) in shown:
            said = payload("accept", item=NAMES.of_item(target))
        elif message.cards:
            said = option(turn, "Something else")
        elif questions == "binary":
            act = turn.reply.says[-1]
            assert isinstance(act, Ask)
            said = option(turn, "Yes" if NAMES.of_attribute(act.options[0]) in own else "No")
        else:
            said = fits[0].payload if fits else option(turn, "None of these")
    return turn


@pytest.mark.parametrize("questions", ["binary", "facet"])
@pytest.mark.parametrize("title", ["Heat", "Ran", "It"])
def test_a_dialogue_of_buttons_ends_in_the_film(title: str, questions: str) -> None:
    last = holds_dialogue(film(title), questions)
    assert [act for act in last.reply.says if isinstance(act, Farewell)] == [Farewell(found=film(title))]


def test_questions_have_buttons_and_lists_have_cards() -> None:
    turn = desk().open("ann")
    assert turn.messages[0].text
    turn = desk().answer("ann", turn.sealed, "an English film")
    act, asked = turn.reply.says[-1], 0
    while not isinstance(act, Recommend):
        assert isinstance(act, Ask)
        asked += 1
        titles = [each.title for each in turn.messages[-1].buttons]
        names = [cinema().catalogue.attribute_names[each] for each in act.options]
        assert titles == [*names, "None of these", "Don't care", "Skip"]
        turn = desk().answer("ann", turn.sealed, option(turn, "Don't care"))
        act = turn.reply.says[-1]
    assert asked
    message = turn.messages[-1]
    assert [card.item for card in message.cards] == [NAMES.of_item(item) for item in act.items]
    assert message.buttons == (Button("Something else", "/deny"),)
    titles = [each.title for each in message.cards[0].buttons]
    assert titles == ["This one", "Like", "Not this", "Seen it", "Why this?"]
    why = desk().answer("ann", turn.sealed, message.cards[1].buttons[-1].payload)
    assert why.messages[-1].cards == message.cards, "the list is shown again below the reasons"


def test_undo_is_a_step_back() -> None:
    first = desk().answer("ann", None, "an English film")
    second = desk().answer("ann", first.sealed, option(first, "Don't care"))
    back = desk().answer("ann", second.sealed, "/undo")
    assert Sealer(KEY, cinema().fingerprint).open(back.sealed, "ann").conversation == (
        Sealer(KEY, cinema().fingerprint).open(first.sealed, "ann").conversation
    )
    assert back.messages[-1].buttons == first.messages[-1].buttons


def test_somebody_else_s_talk_is_refused_and_an_old_one_begins_anew() -> None:
    turn = desk().answer("ann", None, "an English film")
    with pytest.raises(SealError):
        desk().answer("bob", turn.sealed, "/deny")
    old = Sealer(KEY, cinema().fingerprint, lasts_s=-1).seal(Standing(), "ann")
    assert isinstance(desk().answer("ann", old, "/deny").reply.says[0], Restarted)
    assert isinstance(desk(key=b"another").answer("ann", turn.sealed, "/deny").reply.says[0], Restarted)


def test_a_talk_that_is_over_begins_anew() -> None:
    last = desk().answer("ann", None, "bye")
    assert last.reply.over
    again = desk().answer("ann", last.sealed, "a horror film")
    assert not again.reply.over
    assert len(Sealer(KEY, cinema().fingerprint).open(again.sealed, "ann").conversation.exchanges) == 1


def test_only_what_is_eligible_is_shown() -> None:
    catalogue = cinema().catalogue
    some = [NAMES.of_item(item) for item in range(0, catalogue.n_items, 3)]
    turn = desk().answer("ann", None, "a horror film", {"eligible": [*some, "not ours"], "exclude": some[:2]})
    shown: set[str] = set()
    for _ in range(12):
        metadata = {"eligible": [*some, "not ours"], "exclude": some[:2]}
        shown |= {card.item for message in turn.messages for card in message.cards}
        if turn.reply.over:
            break
        said = "/deny" if turn.messages[-1].cards else "/dont_care"
        turn = desk().answer("ann", turn.sealed, said, metadata)
    assert shown
    assert shown <= set(some[2:])


@pytest.mark.parametrize(
    "metadata", [{"eligible": "all"}, {"exclude": [1.5]}, {"eligible": {"a": 1}}, {"exclude": [None]}]
)
def test_metadata_that_is_no_list_is_refused_in_one_line(metadata: dict[str, object]) -> None:
    with pytest.raises(RequestError, match=r"^metadata\.(eligible|exclude): a list of at most .* is wanted$"):
        desk().answer("ann", None, "hello", metadata)


def test_the_same_turn_is_the_same_at_every_desk() -> None:
    one, other = desk().answer("ann", None, "an English film"), desk().answer("ann", None, "an English film")
    assert one.messages == other.messages
    assert desk().answer("bob", None, "an English film").reply.says == one.reply.says


def test_channels_without_cards_get_numbered_lines() -> None:
    turn = desk().answer("ann", None, "an English film")
    while not turn.messages[-1].cards:
        turn = desk().answer("ann", turn.sealed, "/dont_care")
    (plain,), (rich,) = for_rasa(turn.messages[-1:], "cmdline"), for_rasa(turn.messages[-1:], "socketio")
    cards = turn.messages[-1].cards
    lines = plain["text"].split("\n")
    assert lines[1:] == [f"{number}. {card.title}: {card.subtitle}" for number, card in enumerate(cards, start=1)]
    assert "attachment" not in plain
    elements = rich["attachment"]["payload"]["elements"]
    assert [each["title"] for each in elements] == [card.title for card in cards]
    assert elements[0]["buttons"][0] == {
        "type": "postback", "title": "This one", "payload": payload("accept", item=cards[0].item)
    }  # fmt: skip
    taken = desk().answer("ann", turn.sealed, "2")
    assert taken.reply.says[-1] == Farewell(found=NAMES.item(cards[1].item))


def test_it_warms_up_what_words_are_understood_by() -> None:
    """Else the first who types something that no name fits waits for the encoder, longer than a turn may take."""
    looked_up: list[str] = []

    class Noting(Paraphrases):
        def __init__(self) -> None:
            """Know nothing."""

        def nearest(self, phrase: str, *rest: object) -> None:
            looked_up.append(phrase)

    chosen = copy(table())
    chosen.__dict__["understander"] = LexicalUnderstander(Lexicon(cinema().catalogue), Noting())
    Desk(chosen, Sealer(KEY, cinema().fingerprint)).warm_up()
    assert looked_up
