"""Flags of ``convrec serve`` out of environment and files; what they set is seen where it is refused."""

from pathlib import Path

import pytest

from convrec import cli


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    return tmp_path


def complaint(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    assert cli.main(["serve", *flags]) == 2
    found = capsys.readouterr().err.strip()
    assert len(found.splitlines()) == 1
    return found


def test_flags_come_before_the_environment_and_that_before_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "convrec.toml").write_text('[serve]\npolicy = "of the file"\norigin = "nowhere"\n')
    monkeypatch.setenv("CONVREC_SERVE_ORIGIN", "https://shop.example")
    assert "--policy of the file: no such policy" in complaint(capsys)
    monkeypatch.setenv("CONVREC_SERVE_POLICY", "of-the-environment")
    assert "--policy of-the-environment: no such policy" in complaint(capsys)
    assert "--policy of a flag: no such policy" in complaint(capsys, "--policy", "of a flag")
    monkeypatch.delenv("CONVREC_SERVE_ORIGIN")
    assert "--origin nowhere: no origin" in complaint(capsys)


def test_other_settings_may_stand_beside_the_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "convrec.toml").write_text('host = "0.0.0.0"\n[serve]\nlist-length = 3\norigin = ["https://a.example"]\n')
    assert "--host 0.0.0.0: without a token" in complaint(capsys)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("list-lengt = 3", "convrec.toml: serve.list-lengt: no flag of convrec serve; choose from data, policy"),
        ("list_length = 3", "convrec.toml: serve.list_length: no flag"),
        ('host = "127.0.0.1"', "convrec.toml: serve.host: stands at the top of the file, outside [serve]"),
        ("help = true", "convrec.toml: serve.help: no flag"),
        ("list-length = 33", "convrec.toml: serve.list-length: 33 is not in the range"),
        ('turns = "many"', "convrec.toml: serve.turns: 'many' is not a valid integer"),
        ("workers = [1, 2]", "convrec.toml: serve.workers: one value is wanted"),
        ("origin = [[1]]", "convrec.toml: serve.origin: a list of words is wanted"),
        ('questions = "hard"', "convrec.toml: serve.questions: 'hard' is not one of"),
    ],
)
def test_what_is_no_flag_or_no_value_of_it_is_told(
    line: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "convrec.toml").write_text(f"[serve]\n{line}\n")
    assert says in complaint(capsys)
