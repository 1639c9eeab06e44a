"""``convrec chat`` as a person meets it: through a real pseudo-terminal, and with what may go wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from convrec import cli
from convrec.bench_chat import Person, hold
from convrec.run_options import load_dataset
from dialogs.transcripts import read_transcript, transcripts_in

PLAIN = ("--affinity", "popularity", "--policy", "bayes")
"""Nothing that would have to be learned first."""

DATA = "synthetic:users=40,items=200,attributes=30,seed=2"


@pytest.mark.slow
def test_a_person_at_a_terminal_finds_what_they_look_for(tmp_path: Path) -> None:
    outcome, transcript = hold(load_dataset(DATA), DATA, 7, "mixed", 0, tmp_path, PLAIN)
    assert outcome.ended == "found"
    assert outcome.found.split(" (")[0] == outcome.wanted.split(" (")[0]
    assert 1 <= outcome.turns <= 15
    assert transcript.ratings[0].stars == 5
    assert [turn.message for turn in transcript.turns if turn.message] == list(outcome.messages)


@pytest.mark.slow
def test_a_conversation_that_is_cut_off_is_kept_so_far(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convrec", "chat", "--data", DATA, *PLAIN, "--keep", str(tmp_path)]
    done = subprocess.run(command, input="1\nwhy\n", capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "kept in" in done.stdout
    (path,) = transcripts_in(tmp_path)
    kept = read_transcript(path)
    assert [turn.message for turn in kept.turns] == ["", "1", "why"]
    assert not kept.over


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["--policy", "bays"], "--policy bays: no such policy"), (["--generator", "gpt"], "--generator gpt: no such one"),
    (["--affinity", "magic"], "magic"), (["--data", "nowhere"], "no data set 'nowhere'"),
    (["--data", DATA, "--user", "99999"], "--user"), (["--data", DATA, "--exclude", "no such thing"], "no item"),
    (["--data", DATA, "--checkpoint", "nowhere"], "nowhere"),
])  # fmt: skip
def test_bad_input_is_refused_in_one_line_before_anything_is_kept(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["chat", *PLAIN, *arguments, "--keep", str(tmp_path / "kept")]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert complaint in err
    assert not (tmp_path / "kept").exists()


SCREEN = """
  What about the genre: Drama, Comedy, or none of these?
  [1] Drama   [2] Comedy   [3] none of these   [?] don't care
  turn 1 of 15 · about 20 left
"""


def test_the_scripted_person_reads_the_screen() -> None:
    catalogue = load_dataset(DATA).catalogue
    person = Person(catalogue, 3, "buttons", 0)
    name = catalogue.attribute_names[int(catalogue.attributes_of(3)[0])]
    assert person.answer(SCREEN.replace("Comedy", name)) in ("2", "why", "undo")
    shown = f"\n   [1]   Something (1990)    facts\n   [2]   {person.title}   facts\n"
    assert person.answer(shown) == "2"
