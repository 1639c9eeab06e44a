"""Messages and the acts they come to; every message was thought of by itself, none is in the code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    DontKnow,
    Fragment,
    Greet,
    Inform,
    Leave,
    Like,
    Nothing,
    Recommend,
    Restart,
    Seen,
    SortOf,
    Unclear,
    Undo,
)
from dialogs.understanding import Context
from dialogs.understanding.text import words_of
from dialogs.understanding.titles import with_places
from dialogs.understanding.understander import _without_repeats
from tests.dialogs.cinema import DECADES, attribute, cinema, film, understander

SHOWN = tuple(film(title) for title in ("Heat", "The Matrix", "Fargo", "Scream 2", "Jackie Brown"))
NOTHING = Context()
ONE = Context(Ask(options=(attribute("Horror"),)))
FOUR = Context(Ask(options=tuple(attribute(name) for name in ("Horror", "Comedy", "Drama", "Thriller"))))
LIST = Context(Recommend(items=SHOWN, chance=0.5), SHOWN)


def heard(message: str, context: Context = NOTHING) -> list[object]:
    """Acts without their confidences."""
    acts = understander().understand(message, context)
    return [act.model_copy(update={"confidence": 1.0}) if hasattr(act, "confidence") else act for act in acts]


def wants(name: str, facet: str | None = None, **rest: bool) -> Inform:
    return Inform(attribute=attribute(name, facet), **rest)


@pytest.mark.parametrize(
    ("message", "acts"),
    [
        ("A comedy, please", [wants("Comedy")]),
        ("I feel like a western from the eighties", [wants("Western"), wants("1980s")]),
        ("something with tom hanks", [wants("Tom Hanks")]),
        ("with Robert Downey Jr", [wants("Robert Downey, Jr.")]),
        ("a science fiction film", [wants("Sci-Fi")]),
        ("directed by Clint Eastwood", [wants("Clint Eastwood", "director")]),
        ("starring Clint Eastwood", [wants("Clint Eastwood", "actor")]),
        ("a Tarantino film", [wants("Quentin Tarantino")]),
        ("a french drama", [wants("France"), wants("Drama")]),
        ("a drama in French", [wants("Drama"), wants("French")]),
        ("no horror, but a comedy", [wants("Horror", holds=False), wants("Comedy")]),
        ("anything but comedies", [wants("Comedy", holds=False)]),
        ("neither horror nor thriller", [wants("Horror", holds=False), wants("Thriller", holds=False)]),
        ("a film from 1994", [wants("1990s")]),
        ("at most 100 minutes", [wants(each, holds=False) for each in
                                 ("105 to 119 minutes", "120 to 149 minutes", "150 minutes or more")]),
        ("two and a half hours", [wants("150 minutes or more")]),
        ("a thriler", [wants("Thriller")]),
        ("with Scarlet Johanson", [wants("Scarlett Johansson")]),
        ("I am looking for: a comedy", [wants("Comedy")]),
        ("I loved Fargo", [Like(item=film("Fargo"))]),
        ("I hated Scream 2", [Dislike(item=film("Scream 2"))]),
        ("I have already seen Heat", [Seen(item=film("Heat"))]),
        ("something like The Matrix", [Like(item=film("The Matrix"))]),
        ("hello there", [Greet()]),
        ("start over", [Restart()]),
        ("oops", [Undo()]),
        ("goodbye", [Leave()]),
        ("hmm, let me think", [Defer()]),
        ("I would like a ...", [Fragment()]),
        ("a comedy with…", [wants("Comedy"), Fragment()]),
        ("", [Nothing()]),
        ("   ", [Nothing()]),
        ("blorp", [Unclear()]),
    ],
)  # fmt: skip
def test_wishes(message: str, acts: list[object]) -> None:
    assert heard(message) == acts


@pytest.mark.parametrize(
    ("message", "acts"),
    [
        ("yes", [Affirm()]), ("Yeah!", [Affirm()]), ("Of course.", [Affirm()]), ("no", [Deny()]), ("nope", [Deny()]),
        ("well, not really", [Deny()]), ("sort of", [SortOf()]), ("I don't know", [DontKnow()]),
        ("I do not care", [DontCare()]), ("doesn't matter", [DontCare()]), ("no, a comedy", [Deny(), wants("Comedy")]),
        ("why?", [AskWhy()]), ("why do you ask that", [AskWhy()]), ("give me a moment", [Defer()]),
    ],
)  # fmt: skip
def test_answers_to_one(message: str, acts: list[object]) -> None:
    assert heard(message, ONE)[-len(acts) :] == acts


@pytest.mark.parametrize(
    ("message", "acts"),
    [
        ("2", [wants("Comedy")]), ("1 and 3", [wants("Horror"), wants("Drama")]), ("the second", [wants("Comedy")]),
        ("5", [Deny()]), ("none of these", [Deny()]), ("not 1", [wants("Horror", holds=False)]),
        ("comedy or drama", [wants("Comedy"), wants("Drama")]),
        ("Comedy and thriller!", [wants("Comedy"), wants("Thriller")]),
        ("not horror", [wants("Horror", holds=False)]), ("whatever", [DontCare()]),
    ],
)  # fmt: skip
def test_answers_to_several(message: str, acts: list[object]) -> None:
    assert heard(message, FOUR) == acts


@pytest.mark.parametrize(
    ("message", "acts"),
    [
        ("the third one", [Accept(item=film("Fargo"))]), ("5", [Accept(item=film("Jackie Brown"))]),
        ("jackie brown please", [Accept(item=film("Jackie Brown"))]), ("none of those", [Deny()]),
        ("I have seen the first", [Seen(item=film("Heat"))]), ("not 2", [Dislike(item=film("The Matrix"))]),
        ("more like 4", [Like(item=film("Scream 2"))]), ("why the second?", [AskWhy(item=film("The Matrix"))]),
        ("seen Fargo, loved it", [Seen(item=film("Fargo")), Like(item=film("Fargo"))]),
        ("yes", [Affirm()]), ("the last one", [Accept(item=film("Jackie Brown"))]),
    ],
)  # fmt: skip
def test_verdicts_on_a_list(message: str, acts: list[object]) -> None:
    assert heard(message, LIST) == acts


@pytest.mark.parametrize(("message", "place", "direction"), [
    ("like 3 but older", 2, -1), ("something newer", 0, 1), ("like the second, only shorter", 1, -1),
])  # fmt: skip
def test_critiques(message: str, place: int, direction: int) -> None:
    (act,) = heard(message, LIST)
    assert isinstance(act, Critique)
    assert (act.item, act.direction) == (SHOWN[place], direction)


@pytest.mark.parametrize(("message", "places", "kind"), [
    ("seen 1 and 2", (1, 2), Seen), ("I've seen the first two", (1, 2), Seen), ("seen 1, 3 and 4", (1, 3, 4), Seen),
    ("watched the last three", (3, 4, 5), Seen), ("I know Heat, Fargo and Scream 2", (1, 3, 4), Seen),
    ("seen all of them", (1, 2, 3, 4, 5), Seen), ("I have already seen these", (1, 2, 3, 4, 5), Seen),
    ("I've seen Heat but not Fargo", (1,), Seen), ("not 2 or 3", (2, 3), Dislike), ("neither 1 nor 5", (1, 5), Dislike),
    ("they are all boring", (1, 2, 3, 4, 5), Dislike), ("more like the first two", (1, 2), Like),
    ("1 and 3 look good", (1, 3), Accept), ("either 2 or 4", (2, 4), Accept), ("the last two please", (4, 5), Accept),
    ("2 please", (2,), Accept), ("matrix", (2,), Accept), ("the newest one", (5,), Accept),
    ("tell me more about 2", (2,), AskWhy), ("what is the third one about?", (3,), AskWhy),
    ("how long is number 4", (4,), AskWhy),
])  # fmt: skip
def test_several_items_of_a_list_at_once(message: str, places: tuple[int, ...], kind: type) -> None:
    acts = heard(message, LIST)
    assert all(isinstance(act, kind) for act in acts)
    if kind is Accept and message == "the newest one":
        years = [int(cinema().catalogue.years[item]) for item in SHOWN]
        places = (years.index(max(years)) + 1,)
    assert tuple(SHOWN.index(act.item) + 1 for act in acts) == places  # type: ignore[attr-defined]


@pytest.mark.parametrize("message", ["𐩂", "seen ²", "the ③ one", "last ² years", "٣"])
def test_numbers_of_other_scripts_break_nothing(message: str) -> None:
    for context in (NOTHING, FOUR, LIST):
        assert understander().understand(message, context)


def test_a_title_goes_over_a_stop_only_where_it_has_one() -> None:
    assert heard("I am looking for: Richard Gere")[0] != Like(item=film("Looking for Richard"))
    assert not any(isinstance(act, Like) for act in heard("What I am looking for. Richard knows"))
    assert heard("I like Looking for Richard") == [Like(item=film("Looking for Richard"))]


def test_a_single_number_is_a_title_only_with_its_year() -> None:
    assert heard("seen 9 (2000)") == [Seen(item=film("9"))]
    assert not any(isinstance(act, Seen | Like) for act in heard("seen 9"))
    assert not any(isinstance(act, Seen | Like) for act in heard("I like 9", FOUR))


@pytest.mark.parametrize("message", ["I haven't seen 3", "I have not seen Fargo yet", "all good", "6", "what?", "help"])
def test_what_passes_no_verdict_on_a_list(message: str) -> None:
    assert not any(isinstance(act, Seen | Dislike | Like | Accept | Inform) for act in heard(message, LIST))


@pytest.mark.parametrize(("message", "wanted"), [
    ("after 1990", {"1990s", "2000s"}), ("since the eighties", {"1980s", "1990s", "2000s"}),
    ("before 1980", {"1970s"}), ("older than 1990", {"1970s", "1980s"}), ("1990 or later", {"1990s", "2000s"}),
    ("between 1975 and 1985", {"1970s", "1980s"}), ("nothing before 2000", {"2000s"}),
    ("from the last ten years", {"2000s"}),
    ("something recent", {"1990s", "2000s"}), ("something old", {"1970s", "1980s"}),
    ("80s or newer", {"1980s", "1990s", "2000s"}),
    ("not older than 1985", {"1980s", "1990s", "2000s"}),
])  # fmt: skip
def test_years_as_bounds_rule_decades_out(message: str, wanted: set[str]) -> None:
    out = {name for name in DECADES if wants(name, holds=False) in heard(message)}
    assert set(DECADES) - out == wanted
    assert len(heard(message)) == len(out)


@pytest.mark.parametrize(("message", "acts"), [
    ("too long", [("running time", -1)]), ("too old", [("decade", 1)]), ("they are all too old", [("decade", 1)]),
    ("not older", [("decade", 1)]), ("shorter than two hours", []),
])  # fmt: skip
def test_too_much_of_something_asks_for_less(message: str, acts: list[tuple[str, int]]) -> None:
    catalogue = cinema().catalogue
    found = [act for act in heard(message, LIST) if isinstance(act, Critique)]
    facets = [catalogue.facets[catalogue.attribute_facet[act.attribute]].name for act in found]
    assert [(facet, act.direction) for facet, act in zip(facets, found, strict=True)] == acts


@pytest.mark.parametrize(("message", "acts"), [
    ("not too long", [wants("120 to 149 minutes", holds=False)]), ("less horror, more comedy", None),
    ("less horror more comedy", [wants("Horror", holds=False), wants("Comedy")]),
    ("I am tired of comedies", [wants("Comedy", holds=False)]), ("non-french", [wants("France", holds=False)]),
    ("withuot horror", [wants("Horror", holds=False)]), ("I don't like horror or comedies", None),
    ("with Robert Downey, Jr. please", [wants("Robert Downey, Jr.")]),
    ("a film written by Clint Eastwood", None), ("Tarantino", [wants("Quentin Tarantino")]),
    ("by tarantino", [wants("Quentin Tarantino")]),
    ("a comedy with Bill Muray", [wants("Comedy"), wants("Bill Murray")]),
    ("2h", [wants("120 to 149 minutes")]), ("1h45", [wants("105 to 119 minutes")]),
    ("ok bye", [Leave()]), ("undo that", [Undo()]), ("let's start again", [Restart()]),
    ("thank you so much", [Greet()]),
    ("recommend me something", [DontCare()]), ("something my kids will like", []),
])  # fmt: skip
def test_how_people_turn_things_around_and_cut_them_short(message: str, acts: list[object] | None) -> None:
    if acts is None:
        turned = {act.attribute for act in heard(message) if isinstance(act, Inform) and not act.holds}
        assert (attribute("Horror") in turned) == ("horror" in message)
    else:
        assert heard(message) == (acts or [Unclear()])


@pytest.mark.parametrize(("message", "acts"), [
    ("all of them", ["Horror", "Comedy", "Drama", "Thriller"]), ("the last one", ["Thriller"]),
    ("number 2", ["Comedy"]), ("the first and the third", ["Horror", "Drama"]), ("probably 2", ["Comedy"]),
])  # fmt: skip
def test_options_are_pointed_at_as_items_are(message: str, acts: list[str]) -> None:
    assert heard(message, FOUR) == [wants(name) for name in acts]


@pytest.mark.parametrize(("message", "act"), [
    ("any of them", DontCare), ("I don't like any of them", Deny), ("what?", Unclear), ("next question", DontCare),
    ("that's fine, I guess so", Affirm), ("hell no", Deny), ("why not", Affirm), ("it depends", SortOf),
    ("maybe", SortOf),
])  # fmt: skip
def test_plain_answers(message: str, act: type) -> None:
    assert isinstance(heard(message, ONE)[-1], act)


def test_a_name_outweighs_a_guess_to_the_contrary() -> None:
    acts = [wants("Horror", holds=False, confidence=0.98), wants("Horror", confidence=0.8)]  # type: ignore[arg-type]
    assert list(_without_repeats(acts)) == acts[:1]
    assert list(_without_repeats([acts[0], wants("Horror")])) == [wants("Horror")]


def test_a_title_that_looks_like_another_one_on_show_is_not_taken_for_it() -> None:
    shown = tuple(film(f"Film Number {number}") for number in (21, 12, 22))
    (act,) = heard("film number 12, please", Context(Recommend(items=shown, chance=0.5), shown))[:1]
    assert act == Accept(item=shown[1])


def test_a_title_of_marks_alone_stands_nowhere() -> None:
    assert [word.folded for word in with_places(words_of("a comedy, please"), ["", "heat"])] == [
        "a",
        "comedy",
        "please",
    ]


def test_what_is_said_of_it_is_about_the_item_named_before_even_the_first_of_the_catalogue() -> None:
    assert film("Heat") == 0
    assert heard("seen Heat, loved it", LIST) == [Seen(item=0), Like(item=0)]


def test_a_name_of_two_is_asked_back_and_then_understood() -> None:
    (act,) = understander().understand("Clint Eastwood", NOTHING)
    assert isinstance(act, Unclear)
    assert {meaning.attribute for meaning in act.meanings} == {
        attribute("Clint Eastwood", "actor"), attribute("Clint Eastwood", "director"),
    }  # fmt: skip
    asked_back = Context(clarify=Clarify(meanings=act.meanings))
    for words in ("the director", "as a director"):
        assert heard(words, asked_back) == [wants("Clint Eastwood", "director")]
    assert heard("1", asked_back) == [act.meanings[0]]


def test_what_is_less_plain_is_less_sure() -> None:
    def sure(message: str) -> float:
        (act,) = understander().understand(message, NOTHING)
        assert isinstance(act, Inform)
        return act.confidence

    assert sure("thriller") > sure("thrillers") > sure("thriler") > 0.5


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.sampled_from([NOTHING, ONE, FOUR, LIST]))
def test_nothing_that_is_typed_makes_it_fail(message: str, context: Context) -> None:
    assert understander().understand(message, context)
