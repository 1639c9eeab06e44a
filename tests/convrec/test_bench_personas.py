"""The bench of personas, on a small world of two tastes."""

import json
from pathlib import Path

import numpy as np
import pytest

from convrec import bench_personas
from convrec.bench_personas import PERSONAS, SINGLE, UNTRAINED, PersonaFigures, learn, measure, n_parameters
from convrec.cli import BAD_INPUT, main
from convrec.persona_measures import (
    LEFT_OUT,
    attention,
    order_matters,
    pairs_to_glue,
    people_left_out,
    purity,
    without_people,
)
from graph.interactions import Split
from tests.graph.affinity.personas.two_tastes import USERS, learned, two_tastes


@pytest.fixture(autouse=True)
def _short_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.persona_measures.LIKES_OF_GLUED", (6, 80))


@pytest.fixture(scope="module")
def found() -> dict[str, PersonaFigures]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convrec.persona_measures.LIKES_OF_GLUED", (6, 80))
        patch.setattr(bench_personas, "BESIDE", ("popularity",))
        return {each.kind: each for each in measure(two_tastes(), [0, 1], 60)}


def test_the_real_ones_keep_their_word_and_untrained_ones_do_not(found: dict[str, PersonaFigures]) -> None:
    real, fake = found[PERSONAS].figures, found[UNTRAINED].figures
    assert real["times one vector"][1] > 0.8
    assert real["ARI, different tastes, in two"][1] > 0.8 > fake["ARI, different tastes, in two"][2]
    assert real["top attention"][0] > fake["top attention"][0]


def test_chance_is_zero_and_two_are_told_apart_better_than_by_lot(found: dict[str, PersonaFigures]) -> None:
    real = found[PERSONAS].figures
    low, high = real["ARI, any two, by lot"][1:]
    assert low < 0.05
    assert high > -0.05
    assert real["order"][0] < 1e-3


def test_one_vector_has_no_fewer_parameters_than_personas_have() -> None:
    numbers = {kind: n_parameters(learn(kind, two_tastes(), 0, 1)) for kind in (PERSONAS, SINGLE, UNTRAINED)}
    assert numbers[PERSONAS] == numbers[UNTRAINED] <= numbers[SINGLE] <= 1.03 * numbers[PERSONAS]


def test_people_who_are_left_out_leave_nothing_to_learn_from_but_are_asked_about() -> None:
    dataset = two_tastes()
    left_out = people_left_out(dataset.interactions, 0)
    assert left_out.sum() == LEFT_OUT * USERS
    history = without_people(dataset, left_out).interactions
    assert not left_out[history.users[history.split != Split.TEST]].any()
    assert (history.split == Split.TEST).sum() == (dataset.interactions.split == Split.TEST).sum()
    assert not np.array_equal(left_out, people_left_out(dataset.interactions, 1))


def test_people_of_different_tastes_are_those_who_are_seldom_liked_together() -> None:
    dataset = two_tastes()
    left_out = people_left_out(dataset.interactions, 0)
    different, random = pairs_to_glue(dataset, without_people(dataset, left_out), left_out, np.random.default_rng(0))
    assert all(left_out[one] and left_out[other] for one, other in [*different, *random])
    # Even and odd users like different shelves.
    assert all((one + other) % 2 for one, other in different)
    assert 0.3 < np.mean([(one + other) % 2 for one, other in random]) < 0.7


def test_purity_is_one_where_personas_are_people_and_nought_where_people_are_alike() -> None:
    dataset, rng = two_tastes(), np.random.default_rng(0)
    apart = purity(dataset, learned(), [(0, 1), (2, 5), (4, 7)], rng)
    assert apart.in_two.min() > 0.8
    assert apart.k_means.min() > 0.8
    assert apart.told_half.min() > 0.8
    alike = purity(dataset, learned(), [(0, 2), (4, 6), (8, 10), (3, 5), (7, 9)], rng)
    assert abs(alike.in_two.mean()) < 0.3
    assert abs(alike.told_half.mean()) < 0.3


def test_attention_is_about_what_was_liked_later() -> None:
    weights = attention(two_tastes(), learned())
    users, _ = two_tastes().interactions.pairs(Split.TEST)
    assert sorted(weights.users.tolist()) == sorted(users.tolist())
    assert ((weights.top >= 1 / 3) & (weights.top <= 1)).all()
    assert order_matters(two_tastes(), learned()) < 1e-3


def test_figures_are_written_with_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_personas, "load_dataset", lambda name: two_tastes())
    monkeypatch.setattr(bench_personas, "BESIDE", ("popularity",))
    path = tmp_path / "personas.json"
    assert main(["bench", "personas", "--seeds", "1", "--steps", "20", "--json", str(path)]) == 0
    content = json.loads(path.read_text())
    assert [each["kind"] for each in content["results"]][:3] == [PERSONAS, SINGLE, UNTRAINED]
    assert all(each["seeds"] == [0] for each in content["results"])
    assert content["command"].startswith("convrec")
    said = capsys.readouterr().out
    assert "what personas claim" in said
    assert "lift of labels" in said


def test_data_without_users_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "personas", "--data", "synthetic:users=0,items=50,attributes=9"]) == BAD_INPUT
    assert "nobody's choices are known" in capsys.readouterr().err
