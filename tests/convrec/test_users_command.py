"""``convrec users``: the kinds of simulated users, one of them with a dialogue, and the page of all of them."""

from pathlib import Path

import pytest

from convrec import cli
from simulator.users import KINDS

ROOT = Path(__file__).parents[2]
SMALL = "synthetic:users=40,items=120,attributes=40,interactions=12,per_item=4,seed=5"


def test_every_kind_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["users"]) == 0
    told = capsys.readouterr().out
    for kind in KINDS.values():
        assert f"\n{kind.name}" in f"\n{told}"
        assert kind.said.split()[0] in told


def test_kinds_together_are_shown_with_their_numbers_reasons_and_a_dialogue(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["users", "noisy:0.3+impatient", "--data", SMALL]) == 0
    told = capsys.readouterr().out
    assert "noisy:0.3 ──" in told
    assert "impatient:1 ──" in told
    assert "Multiplies" in told or "multiplies" in told
    assert "user  I am looking for" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosy"], "no user type 'nosy'; did you mean noisy?"),
        (["noisy:2"], "'2' is not a number from 0 to 0.5"),
        (["noisy+noisy"], "noisy is named twice"),
        (["classic:1"], "takes no number"),
        (["nlu:nothing.json"], "cannot be read"),
        (["noisy", "--page", "page.md"], "--page is of all kinds"),
        (["--page", "nowhere/page.md"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["users", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_page_is_what_the_users_say_and_do(tmp_path: Path):
    """Draws ``docs/users.md`` anew: 17 kinds, each with 200 dialogues about films."""
    assert cli.main(["users", "--page", str(tmp_path / "users.md")]) == 0
    assert (tmp_path / "users.md").read_text(encoding="utf-8") == (ROOT / "docs" / "users.md").read_text(
        encoding="utf-8"
    )
