"""Simulated users that speak: what they mean survives the words, and does not where nobody understands them."""

import random
import re

import numpy as np
import pytest

from convrec.speech_measures import Deaf
from dialogs.acts import Unclear
from dialogs.speaking import mistyped, speech
from dialogs.spoken import Outcome, Speaking, Utterance
from dialogs.understanding import Understander
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.plain import PLAINLY
from dialogs.understanding.text import fold, words_of
from graph.affinity.popularity import Popularity
from graph.answers import QuestionMode
from policy.bayes import BayesPolicy
from simulator.core import Rules
from simulator.runs import Setting, draw_targets, run_dialogues
from simulator.users import parse_users
from tests.dialogs.cinema import cinema, understander
from tests.worlds import make_world

DIALOGUES = 120


def success(heard_by: Understander | None, mode: QuestionMode, turns: int = 15) -> float:
    """Share of dialogues that found the film; with buttons where nobody listens."""
    plain = parse_users("classic")
    kind = plain if heard_by is None else Speaking(plain, heard_by)
    setting = Setting(cinema(), Popularity.fit(cinema()), kind, Rules(turns, mode))
    history = run_dialogues(setting, BayesPolicy(), draw_targets(cinema(), DIALOGUES, 0), 0).history
    return float((history.accepted_turn > 0).mean())


@pytest.mark.parametrize("mode", [QuestionMode.BINARY, QuestionMode.MULTI])
def test_who_speaks_finds_nearly_as_much_as_who_presses_buttons(mode: QuestionMode) -> None:
    buttons = success(None, mode)
    assert success(understander(), mode) >= 0.9 * buttons
    assert success(Deaf(), mode) == 0.0, "nothing is passed on but by the words"


@pytest.mark.parametrize("facet", speech()["words"])
def test_no_word_of_theirs_is_known_to_the_understander(facet: str) -> None:
    names = {name: [name] for name in speech()["words"][facet]}
    films = {f"Film {name}": {facet: own} for name, own in names.items()}
    catalogue = make_world(films, popularity=[1.0] * len(films), name="words").catalogue
    lexicon = Lexicon(catalogue)
    for name, words in speech()["words"][facet].items():
        # A year is a number, and which decade it lies in is no synonym.
        for said in (re.sub(r"\d{4}", "", each) for each in words):
            meant = {meaning.attribute for found in lexicon.find(words_of(said), False) for meaning in found.meanings}
            parts = {meaning.attribute for word in words_of(said) for meaning in lexicon.misspelt(word.folded, False)}
            assert catalogue.attribute_names.index(name) not in meant | parts, said


def test_no_plain_answer_of_theirs_but_the_plainest_is_in_the_lists_of_the_understander() -> None:
    listed = {phrase for phrases in PLAINLY.values() for phrase in phrases}
    for kind in ("yes", "no", "sort-of", "dont-know", "dont-care", "none", "refuse"):
        ways = speech()["patterns"][kind]
        assert sum(fold(way) in listed for way in ways) <= len(ways) / 3, kind


def test_every_message_is_told_with_what_became_of_it() -> None:
    said: list[Utterance] = []
    people = Speaking(parse_users("classic"), understander(), typos=0.0, said=said)
    setting = Setting(cinema(), Popularity.fit(cinema()), people, Rules(15, QuestionMode.MULTI))
    history = run_dialogues(setting, BayesPolicy(), draw_targets(cinema(), 40, 0), 0).history
    assert len(said) >= 40 + history.turns.sum(), "a wish each, and an answer a turn"
    for each in said:
        assert (each.outcome is Outcome.UNCLEAR) == all(isinstance(act, Unclear) for act in each.acts)
    wishes = [each for each in said if "film with" in each.message and each.outcome is Outcome.MEANT]
    assert wishes
    assert all(len(each.acts) == 1 for each in wishes)


def test_slips_of_the_keyboard_change_a_word_a_little_and_short_ones_not() -> None:
    rng = random.Random(0)
    slips = [mistyped("thriller", rng) for _ in range(200)]
    assert np.mean([slip != "thriller" for slip in slips]) > 0.8
    assert all(7 <= len(slip) <= 9 for slip in slips)
    assert mistyped("war", rng) == "war"
