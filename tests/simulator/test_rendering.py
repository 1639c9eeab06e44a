"""Acts in words: golden text of a tiny dialogue in each question mode."""

from dataclasses import replace

import numpy as np
import pytest

from graph.answers import Answer, QuestionMode
from simulator.history import Act, History
from simulator.rendering import Wording, render_dialogue
from tests.worlds import attribute, item, open_world

NO, YES, DONT_KNOW, DONT_CARE, UNSAID, SORT_OF = Answer
Question = tuple[list[str], list[int]]

LISTS = [["Alien", "Blade Runner", "Collateral", "Heat"], ["Short Cuts", "Duck Soup"]]

TALKS: dict[QuestionMode, tuple[list[Question], str]] = {
    QuestionMode.BINARY: (
        [(["comedy"], [YES]), (["crime"], [NO]), (["Joel Coen"], [DONT_KNOW]), (["Michael Mann"], [DONT_CARE])],
        """\
user: I am looking for something with genre: comedy.
agent: Should it be something with genre: comedy?
user: Yes.
agent: Should it be something with genre: crime?
user: No.
agent: Should it be something with director: Joel Coen?
user: I don't know.
agent: Should it be something with director: Michael Mann?
user: I don't care.
agent: …
agent: How about Alien (1979), Blade Runner (1982), Collateral (2004), and 1 more?
user: None of those.
agent: How about Short Cuts (1993), Duck Soup (1933)?
user: Yes: Duck Soup (1933)!
""",
    ),
    QuestionMode.FACET: (
        [
            (["crime", "comedy", "drama"], [UNSAID, YES, UNSAID]),
            (["horror", "science fiction"], [NO, NO]),
            (["Joel Coen", "Michael Mann"], [DONT_KNOW, DONT_KNOW]),
            (["Robert Altman"], [NO]),
        ],
        """\
user: I am looking for something with genre: comedy.
agent: As for the genre: crime, comedy, drama, or none of these?
user: Comedy.
agent: As for the genre: horror, science fiction, or none of these?
user: None of these.
agent: As for the director: Joel Coen, Michael Mann, or none of these?
user: I don't know.
agent: Should it be something with director: Robert Altman?
user: No.
agent: …
agent: How about Alien (1979), Blade Runner (1982), Collateral (2004), and 1 more?
user: None of those.
agent: How about Short Cuts (1993), Duck Soup (1933)?
user: Yes: Duck Soup (1933)!
""",
    ),
    QuestionMode.MULTI: (
        [
            (["crime", "comedy", "drama"], [YES, NO, YES]),
            (["horror", "science fiction"], [NO, NO]),
            (["Joel Coen", "Michael Mann"], [DONT_KNOW, DONT_KNOW]),
        ],
        """\
user: I am looking for something with genre: comedy.
agent: As for the genre: crime, comedy, drama, or none of these? Name all that fit.
user: Crime and drama.
agent: As for the genre: horror, science fiction, or none of these? Name all that fit.
user: None of these.
agent: As for the director: Joel Coen, Michael Mann, or none of these? Name all that fit.
user: I don't know.
agent: …
agent: How about Alien (1979), Blade Runner (1982), Collateral (2004), and 1 more?
user: None of those.
agent: How about Short Cuts (1993), Duck Soup (1933)?
user: Yes: Duck Soup (1933)!
""",
    ),
}


def history_of(mode: QuestionMode, questions: list[Question]) -> History:
    """These questions, a wait, a list turned down and one accepted at its second place; in the second of two rows."""
    catalogue = open_world().catalogue
    history = History.begin(np.array([-1, attribute(catalogue, "comedy")]), 10, mode.n_options, 5)
    for step, (names, answers) in enumerate(questions):
        history.acts[1, step] = Act.ASK
        history.options[1, step, : len(names)] = [attribute(catalogue, name) for name in names]
        history.answers[1, step, : len(names)] = answers
        history.naming[1, step] = mode is QuestionMode.FACET
    step = len(questions)
    history.acts[1, step : step + 3] = [Act.WAIT, Act.RECOMMEND, Act.RECOMMEND]
    for offset, titles in enumerate(LISTS, 1):
        history.lists[1, step + offset, : len(titles)] = [item(catalogue, title) for title in titles]
    history.accepted[1, step + 2] = 2
    history.length[1] = step + 3
    return history


def text(history: History, row: int) -> str:
    lines = render_dialogue(open_world().catalogue, history, row)
    return "".join(f"{speaker}: {line}\n" for speaker, line in lines)


@pytest.mark.parametrize("mode", TALKS, ids=lambda mode: mode.name.lower())
def test_golden(mode: QuestionMode):
    questions, golden = TALKS[mode]
    assert text(history_of(mode, questions), 1) == golden


def test_somebody_with_nothing_to_say():
    history = history_of(QuestionMode.BINARY, [])
    assert text(history, 0) == "user: I am looking for something good.\n"


def test_options_of_an_ordered_facet_are_named_in_order_and_keep_their_answers():
    names = ["drama", "crime", "horror"]  # the catalogue has them the other way round
    history = history_of(QuestionMode.MULTI, [(names, [YES, NO, YES])])
    catalogue = open_world().catalogue
    places = [attribute(catalogue, name) for name in names]
    assert places == sorted(places, reverse=True)
    facets = tuple(replace(facet, ordered=True) for facet in catalogue.facets)
    lines = render_dialogue(replace(catalogue, facets=facets), history, 1)
    assert lines[1:3] == [
        ("agent", "As for the genre: horror, crime, drama, or none of these? Name all that fit."),
        ("user", "Horror and drama."),
    ]  # fmt: skip


def test_attributes_can_be_phrased_otherwise_and_options_are_named_as_they_are():
    questions, _ = TALKS[QuestionMode.FACET]
    history = history_of(QuestionMode.FACET, questions)
    lines = render_dialogue(
        open_world().catalogue, history, 1, Wording(lambda catalogue, place: f"a film number {place}")
    )
    told = [line for _, line in lines]
    catalogue = open_world().catalogue
    assert told[0] == f"I am looking for a film number {attribute(catalogue, 'comedy')}."
    assert told[1] == "As for the genre: crime, comedy, drama, or none of these?"
    assert told[7] == f"Should it be a film number {attribute(catalogue, 'Robert Altman')}?"
