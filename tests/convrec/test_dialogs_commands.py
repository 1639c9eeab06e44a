"""``convrec dialogs`` as a person calls it: list, show, replay, rate, export, and what goes wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pytest
import yaml

from convrec import cli
from convrec.run_options import console
from convrec.talk import Table, TalkOptions
from dialogs.acts import Accept, Deny, DontCare, Recommend
from dialogs.generation import templates
from dialogs.transcripts import Rating, Recorder, read_transcript
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.understander import LexicalUnderstander
from policy.bayes import GainRule
from policy.tuned_rules import Conditions, TunedRule, keep_rule

DATA = "synthetic:users=60,items=300,attributes=40,interactions=12,seed=1"
OPTIONS = TalkOptions(DATA, "bayes", "uniform", list_length=3)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in, dialogues kept in ``talks``, and nobody who waits for the text model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CONVREC_DIALOGS", str(tmp_path / "talks"))
    monkeypatch.setattr(console, "_width", 200)  # set to None or to a number by whoever made it
    names_alone = cached_property(lambda table: LexicalUnderstander(Lexicon(table.dataset.catalogue)))
    names_alone.__set_name__(Table, "understander")
    monkeypatch.setattr(Table, "understander", names_alone)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["dialogs", *arguments])
        return code, *capsys.readouterr()

    return run


def hold(name: str, minute: int, options: TalkOptions = OPTIONS, stars: int = 0, accept: bool = True) -> Path:
    """A dialogue that was kept: a name that is typed, then buttons, until a list is shown."""
    table = Table(options)
    path = Path("talks") / f"{name}.jsonl"
    began = datetime(2026, 11, 26, 17, minute, tzinfo=UTC)
    session, recorder = table.session(), Recorder(path, table.header(now=lambda: began))
    recorder.turn(session.open())
    recorder.turn(reply := session.hear(f"something with {table.dataset.catalogue.attribute_names[0]}"))
    while not isinstance(shown := reply.says[-1], Recommend):
        recorder.turn(reply := session.press((DontCare(),)))
    recorder.turn(session.press((Accept(item=shown.items[0]),) if accept else (Deny(),)))
    if stars:
        recorder.rate(Rating(stars=stars, comment="[b]fine[/b]"))
    recorder.close()
    return path


@pytest.fixture
def talks() -> dict[str, Path]:
    """Three dialogues, and two files that are none."""
    paths = {
        "second": hold("second", 20, replace(OPTIONS, user=9, seed=4), stars=4),
        "first": hold("first", 10),
        "third": hold("third", 30, replace(OPTIONS, excluded=(0, 1), turns=9), accept=False),
    }
    Path("talks/page.jsonl").write_text("<html>\n")
    torn = paths["first"].read_text().splitlines(keepends=True)
    Path("talks/changed.jsonl").write_text("".join([torn[0].replace('"seed":0', '"seed":3'), torn[2]]))
    return paths


def test_list_has_a_line_a_dialogue_the_latest_last_and_says_what_is_damaged(run: Run, talks: dict[str, Path]) -> None:
    code, out, err = run("list")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.rstrip() for line in out.splitlines()[2:7]}
    assert list(rows) == ["page", "changed", "first", "second", "third"]
    catalogue = Table(OPTIONS).dataset.catalogue
    for name in ("first", "second"):
        found = read_transcript(talks[name]).found
        assert found is not None
        assert f"found {catalogue.describe_item(found)}" in rows[name]
    assert rows["second"].endswith(" 4")
    assert rows["third"].endswith("broken off")
    assert rows["page"].endswith("damaged")
    assert "talks/page.jsonl: line 1: not what a transcript holds" in out
    assert "talks/changed.jsonl: line 2: turn 0 was to stand here" in out


def test_an_empty_folder_is_no_fault(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert "no dialogues in" in out
    assert "hold one: convrec chat" in out


def test_show_has_both_sides_and_on_demand_the_thoughts(run: Run, talks: dict[str, Path]) -> None:
    transcript, catalogue = read_transcript(talks["second"]), Table(OPTIONS).dataset.catalogue
    code, out, err = run("show", "second")
    assert (code, err) == (0, "")
    assert "user 9" in out
    assert "rated 4 of 5: [b]fine[/b]" in out
    assert f"person  something with {catalogue.attribute_names[0]}" in out
    assert "person  [I don't care]" in out or "person  [I take" in out
    assert f"[I take {catalogue.describe_item(transcript.found or 0)}]" in out
    assert sum(line.startswith("   agent") for line in out.splitlines()) == len(transcript.turns)
    assert "about" not in out.replace("What about", "")
    more = run("show", "second", "--thoughts")[1]
    assert more.count("left · ") == sum(turn.thought is not None for turn in transcript.turns)
    assert "understood, 98% sure: something with" in more


@pytest.mark.parametrize("name", ["third", "third.jsonl", "talks/third", "talks/third.jsonl", "last"])
def test_names(run: Run, talks: dict[str, Path], name: str) -> None:
    code, out, _ = run("show", name)
    assert code == 0
    assert out.startswith("third · ")


def test_replay_says_that_nothing_differs(run: Run, talks: dict[str, Path]) -> None:
    code, out, err = run("replay", *talks, "--json", "out.json")
    assert (code, err) == (0, "")
    written = json.loads(Path("out.json").read_text())
    turns = sum(len(read_transcript(path).turns) for path in talks.values())
    assert f"3 dialogues, {turns} turns" in out
    assert "nothing differs" in out
    assert (written["replayed"], written["turns"], written["different"], written["refused"]) == (3, turns, 0, [])
    assert [each["name"] for each in written["dialogues"]] == list(talks)


def test_replay_shows_a_changed_template_and_goes_on_past_damage(
    run: Run, talks: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {**templates.PATTERNS, "welcome": ("Welcome! Which {noun}?",)}
    monkeypatch.setattr(templates, "PATTERNS", changed)
    code, out, _ = run("replay", "--all", "--json", "out.json")
    assert code == 1
    assert "another generator: template " in out
    assert "first differs from turn 0 on" in out
    assert "now   Welcome! Which item?" in out
    assert "3 differ; 2 could not be replayed" in out
    written = json.loads(Path("out.json").read_text())
    assert [each["name"] for each in written["refused"]] == ["page", "changed"]
    assert [len(each["differences"]) for each in written["dialogues"]] == [1, 1, 1]
    monkeypatch.undo()


def test_replay_that_cannot_compare_says_why(run: Run, talks: dict[str, Path]) -> None:
    content = talks["first"].read_text()
    graph = read_transcript(talks["first"]).header.graph
    talks["first"].write_text(content.replace(graph, "0123456789abcdef"))
    code, out, err = run("replay", "first")
    assert (code, out) == (2, "")
    assert f"has changed since (graph 0123456789abcdef then, {graph} now)" in err
    assert run("replay", "first", "second")[0] == 2
    code, out, err = run("show", "first")
    assert code == 0
    assert "items and attributes are told as numbers" in err
    assert "found item " in out
    talks["first"].write_text(content.replace('"policy":"bayes"', '"policy":"bayse"'))
    assert "first.jsonl: --policy bayse: no such policy" in run("replay", "first")[2]


def test_replay_under_another_agent(run: Run, talks: dict[str, Path]) -> None:
    always_lists = TunedRule(Conditions(DATA, "uniform", "multi", 15), GainRule(50.0, 0.01, 5.0))
    keep_rule(Path("rules.json"), always_lists)
    code, out, _ = run("replay", "first", "--checkpoint", "rules.json", "--full")
    assert code == 1
    assert "another policy: bayes " in out
    assert "agent did" in out


def test_rate_is_kept_and_the_latest_counts(run: Run, talks: dict[str, Path]) -> None:
    assert run("rate", "second", "--stars", "2", "--comment", " too\nlong ")[:2] == (0, "second: 2 of 5\n")
    assert [rating.stars for rating in read_transcript(talks["second"]).ratings] == [4, 2]
    assert "rated 2 of 5: too long" in run("show", "second")[1]
    recorder = Recorder(talks["third"])
    code, _, err = run("rate", "third", "--stars", "1")
    recorder.close()
    assert code == 2
    assert "still going on" in err


def test_export_in_both_formats(run: Run, talks: dict[str, Path]) -> None:
    code, out, err = run("export", "--all", "--format", "rasa", "--out", "test_kept.yml")
    assert code == 0
    assert out == "written: 3 dialogues to test_kept.yml\n"
    assert err.count("left out: ") == 2
    stories = yaml.safe_load(Path("test_kept.yml").read_text())["stories"]
    assert [each["story"].split(":")[0] for each in stories] == ["first", "second", "third"]
    code, out, _ = run("export", "second", "--format", "dialoguekit", "--out", "out.json")
    assert (code, out) == (0, "written: 1 dialogue to out.json\n")
    assert [each["conversation_id"] for each in json.loads(Path("out.json").read_text())] == ["second"]
    assert "begin with test_" in run("export", "last", "--format", "rasa", "--out", "kept.yml")[2]


@pytest.mark.parametrize(("arguments", "told"), [
    (["show", "frist"], "no dialogue 'frist' in"), (["show", "frist"], "did you mean first?"),
    (["show", "x" * 400], "see: convrec dialogs list"), (["show", "page"], "page.jsonl: line 1: not what"),
    (["replay"], "no dialogue is named; name some, or say last or --all"),
    (["replay", "--all", "first"], "--all: takes every dialogue there is"),
    (["replay", "first", "--json", "no/out.json"], "--json no/out.json: lies in"),
    (["rate", "first", "--stars", "6"], "--stars"), (["rate", "page", "--stars", "3"], "page.jsonl: line 1"),
    (["export", "page", "--format", "rasa", "--out", "x.yml"], "page.jsonl: line 1"),
    (["export", "--all", "--format", "rasa", "--out", "talks"], "--out talks: is a folder"),
    (["export", "--all", "--format", "csv", "--out", "x"], "'csv' is not one of"),
    (["list", "--keep", "nowhere"], "--keep nowhere: no such folder"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_line(run: Run, arguments: list[str], told: str) -> None:
    hold("first", 10)
    Path("talks/page.jsonl").write_text("<html>\n")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("convrec: ")
    assert err.count("\n") == 1
    assert told in err
    assert not Path("x.yml").exists()


def test_last_of_nothing(run: Run) -> None:
    code, _, err = run("show", "last")
    assert code == 2
    assert "holds no dialogues; hold one: convrec chat" in err
