"""The language bench: it sees what a generator gets wrong, and what it says over and over."""

from collections.abc import Iterator

import pytest

from convrec import cli
from convrec.bench_language import measure, without_names
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


def test_it_is_told_and_kept(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    data = "synthetic:users=20,items=60,attributes=12,seed=1"
    arguments = ["--data", data, "--generator", "template", "--replies", "60", "--json", str(tmp_path / "l.json")]
    assert cli.main(["bench", "language", *arguments]) == 0
    assert "What is said" in capsys.readouterr().out
    assert '"first_try": 1.0' in (tmp_path / "l.json").read_text()
