"""The language bench: it sees what a generator gets wrong, and what it says over and over."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from convrec import cli
from convrec.bench_language import measure, without_names
from convrec.bench_smollm2 import compare
from dialogs.generation.requests import Request
from dialogs.generation.templates import Templates
from tests.dialogs.cinema import cinema


class Liar:
    """Claims something that nobody asked for."""

    name = "liar"
    fingerprint = "0"

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        yield "It won every Oscar."


class Parrot(Templates):
    """Always the first template."""

    name = "parrot"

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        return super().candidates(request, 0)


def test_a_liar_is_caught_each_time_and_a_parrot_repeats_itself() -> None:
    template, liar, parrot = (
        measure("cinema", cinema().catalogue, generator, 400, 0) for generator in (Templates(), Liar(), Parrot())
    )
    for figures in (template, liar, parrot):
        assert figures.slot_errors == figures.unsupported_claims == 0
    assert (template.first_try, template.by_template) == (1.0, 0.0)
    assert (liar.first_try, liar.by_template) == (0.0, 1.0)
    assert parrot.repeated > template.repeated
    assert parrot.distinct_2 < template.distinct_2
    assert parrot.different < template.different


def test_names_are_left_out() -> None:
    request = Request("recommend", (("item1", "Heat (1995)"), ("item2", "Up (2009)")), "film")
    assert without_names("How about Heat (1995) or Up (2009)?", request) == "How about <item> or <item>?"


def test_weights_that_are_not_here_are_done_without_unless_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    small = ["bench", "language", "--data", "synthetic:users=20,items=60,attributes=12,seed=1", "--replies", "10"]
    assert cli.main([*small, "--json", str(tmp_path / "l.json")]) == 0
    assert "without smollm2: its weights have not been fetched; get them: convrec data fetch smollm2" in " ".join(
        capsys.readouterr().err.split()
    )
    generators = [each["generator"] for each in json.loads((tmp_path / "l.json").read_text())["results"]]
    assert generators == ["template", "neural"]
    assert cli.main([*small, "--generator", "smollm2"]) == 2
    assert "convrec data fetch smollm2" in capsys.readouterr().err


class Murmur:
    """In the place of the plain model: right half of the time."""

    def reply(self, request: Request, seed: int) -> str:
        return "It won every Oscar." if seed % 2 else next(Templates().candidates(request, seed))


def test_plain_and_quick_replies_take_turns() -> None:
    found = compare(cinema().catalogue, Murmur(), Templates(), 0, 60)  # type: ignore[arg-type]
    assert (found.pairs, found.plain_first_try) == (60, 0.5)
    assert found.times_faster == pytest.approx(found.plain_seconds / found.quick_seconds)
    assert found.times_faster_first == pytest.approx(found.plain_seconds / found.first_seconds)
    assert "times faster" in str(found)


def test_it_is_told_and_kept(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    data = "synthetic:users=20,items=60,attributes=12,seed=1"
    arguments = ["--data", data, "--generator", "template", "--replies", "60", "--json", str(tmp_path / "l.json")]
    assert cli.main(["bench", "language", *arguments]) == 0
    assert "What is said" in capsys.readouterr().out
    assert '"first_try": 1.0' in (tmp_path / "l.json").read_text()
