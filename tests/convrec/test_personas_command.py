"""``convrec personas``: a table and a picture of the tastes of one person."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convrec import personas_command
from convrec.cli import BAD_INPUT, main
from convrec.personas_command import SHOWN, persona_cards
from graph.affinity.personas.tastes import Tastes
from graph.affinity.profiles import Histories
from graph.interactions import Interactions
from tests.graph.affinity.personas.two_tastes import SHELF, learned, two_tastes


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personas_command, "load_dataset", lambda name: two_tastes())
    monkeypatch.setattr(personas_command, "load_tastes", lambda dataset: Tastes(dataset, learned()))


def likes(*items: int) -> list[str]:
    return [part for item in items for part in ("--likes", f"item {item}")]


def test_a_card_shows_what_belongs_to_a_persona_and_nothing_that_was_had() -> None:
    dataset = two_tastes()
    profile = Histories(dataset).of(np.array([3]))
    cards = persona_cards(dataset, Tastes(dataset, learned()), profile)
    assert [card.share for card in cards] == sorted((card.share for card in cards), reverse=True)
    assert sum(card.share for card in cards) <= 1 + 1e-6
    had = set(profile.items.tolist())
    for card in cards:
        assert {item for item, _ in card.likes} <= had
        assert not {item for item, _ in card.recommends} & had
        assert len(card.likes) <= SHOWN
        assert len(card.recommends) <= SHOWN


def test_somebody_unknown_is_shown_their_two_tastes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "tastes.png"
    asked = likes(*range(9), *range(SHELF, SHELF + 9))
    assert main(["personas", *asked, "--plot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "calm" in said
    assert "loud" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_user_is_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personas", "--user", "5"]) == 0
    row = two_tastes().interactions.known_likes.row(5)
    assert any(f"item {item}" in capsys.readouterr().out for item in row.tolist())


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "nobody to look at"),
        (["--user", "nobody"], "nobody has the id 'nobody'"),
        (["--likes", "no such thing"], "no such thing"),
        (["--user", "5", "--plot", "here.txt"], "name a file that ends so"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["personas", *arguments]) == BAD_INPUT
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1


def test_data_without_users_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = two_tastes().catalogue
    nobody = replace(two_tastes(), interactions=Interactions.none(catalogue.n_items))
    monkeypatch.setattr(personas_command, "load_dataset", lambda name: nobody)
    assert main(["personas", *likes(1)]) == BAD_INPUT
    assert capsys.readouterr().err == (
        "convrec: --data movies: has no users, so nothing tells tastes apart; name data with users\n"
    )
