"""Simulated users that speak: what they mean survives the words, and does not where nobody understands them."""

import random

import numpy as np
import pytest

from dialogs.acts import Unclear, UserAct
from dialogs.speaking import Speaking, mistyped, speech
from dialogs.understanding import Context, Understander
from dialogs.understanding.words import ALIASES
from graph.affinity.popularity import Popularity
from graph.answers import QuestionMode
from policy.bayes import BayesPolicy
from simulator.core import Rules
from simulator.runs import Setting, draw_targets, run_dialogues
from simulator.users import parse_users
from tests.dialogs.cinema import cinema, understander

DIALOGUES = 120


class Deaf:
    """Understands nothing."""

    name = "deaf"

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        return (Unclear(),)


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


def test_no_word_of_theirs_is_known_to_the_understander() -> None:
    for facet, words in speech()["words"].items():
        known = {alias.casefold() for aliases in ALIASES.get(facet, {}).values() for alias in aliases}
        assert not known & {word.casefold() for said in words.values() for word in said}


def test_slips_of_the_keyboard_change_a_word_a_little_and_short_ones_not() -> None:
    rng = random.Random(0)
    slips = [mistyped("thriller", rng) for _ in range(200)]
    assert np.mean([slip != "thriller" for slip in slips]) > 0.8
    assert all(7 <= len(slip) <= 9 for slip in slips)
    assert mistyped("war", rng) == "war"
