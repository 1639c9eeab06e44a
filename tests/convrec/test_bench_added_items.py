"""The bench of added items: what was added is found, what came with the facts of others is not."""

import json
from pathlib import Path

import numpy as np
import pytest

from convrec import cli
from convrec.added_items_measures import draw_world, facts_of, match, measure, with_facts_of_others
from graph.dataset import Dataset
from graph.places import Places
from graph.synthetic import make_synthetic

DATA = "synthetic:users=0,items=600,attributes=80,seed=2"


def dataset() -> Dataset:
    return make_synthetic(users=0, items=600, attributes=80, seed=2)


def test_the_withheld_come_back_with_their_facts_and_in_the_fake_with_others() -> None:
    whole = dataset()
    world = draw_world(whole, 60, 0)
    assert world.rest.catalogue.n_items == 540
    assert world.added.tolist() == list(range(540, 600))
    assert not set(world.rest.catalogue.item_ids.tolist()) & set(world.grown.catalogue.item_ids[540:].tolist())
    place = {each: where for where, each in enumerate(whole.catalogue.item_ids.tolist())}
    own = [whole.catalogue.attributes_of(place[each]).tolist() for each in world.grown.catalogue.item_ids.tolist()]
    assert [world.grown.catalogue.attributes_of(item).tolist() for item in range(600)] == own
    theirs = [world.misled.catalogue.attributes_of(item).tolist() for item in range(600)]
    assert theirs[:540] == own[:540]
    assert np.mean([a == b for a, b in zip(theirs[540:], own[540:], strict=True)]) < 0.1
    assert sorted(map(tuple, theirs[540:])) == sorted(map(tuple, own[540:]))
    assert world.misled.catalogue.item_ids.tolist() == world.grown.catalogue.item_ids.tolist()


def test_nobody_keeps_facts_of_its_own() -> None:
    catalogue = dataset().catalogue
    mixed = with_facts_of_others(catalogue, np.array([3, 5]), np.random.default_rng(0))
    assert mixed.attributes_of(3).tolist() == catalogue.attributes_of(5).tolist()
    assert mixed.attributes_of(5).tolist() == catalogue.attributes_of(3).tolist()
    assert mixed.attributes_of(4).tolist() == catalogue.attributes_of(4).tolist()


def test_each_is_matched_to_another_with_as_many_facts_and_as_sought() -> None:
    catalogue = dataset().catalogue
    added = np.arange(0, 60, dtype=np.int32)
    known = match(catalogue, added, np.random.default_rng(0))
    assert len(set(known.tolist())) == 60
    assert not set(known.tolist()) & set(added.tolist())
    degrees = catalogue.item_attributes.degrees
    assert (np.abs(degrees[known] - degrees[added]) <= 1).all()
    assert facts_of(catalogue, known)["mean facts"] == pytest.approx(facts_of(catalogue, added)["mean facts"], abs=0.1)


def test_added_items_are_found_as_well_as_known_ones_and_the_fake_is_not() -> None:
    found = measure(draw_world(dataset(), 60, 0), "bayes", "classic", "binary", 240, 0, None)
    for figures in (found.uniform, found.sought):
        assert figures.ratio[0] > 0.9
        assert figures.ratio[1] <= figures.ratio[0] <= figures.ratio[2]
        assert figures.sr_added[0] > 0.9
        assert figures.sr_misled[0] < 0.5
        assert figures.ratio_misled[2] < 0.6
        assert figures.at_added[0] < 15


def test_data_with_users_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "added-items", "--data", "synthetic:users=9,items=60"]) == 2
    assert "has users, whose history would tell of the items" in capsys.readouterr().err
    assert cli.main(["bench", "added-items", "--data", DATA, "--withheld", "500"]) == 2
    assert "withhold fewer" in capsys.readouterr().err


@pytest.mark.slow
def test_the_whole_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    few = ("--withheld", "60", "--practice", "60", "--dialogues", "60", "--questions", "binary", "--users", "classic")
    command = ["bench", "added-items", "--data", DATA, *few, "--json", "out.json"]
    assert cli.main(command) == 0
    assert "60 items were added in" in capsys.readouterr().out
    content = json.loads(Path("out.json").read_text())
    assert [row["policy"] for row in content["results"]] == ["bayes", "unified"]
    assert all(row["uniform"]["ratio"][0] > 0.9 for row in content["results"])
    assert content["agent unchanged"] is True
    assert content["of the added"]["mean facts"] == pytest.approx(content["of the known"]["mean facts"], abs=0.1)
    kept = [path for path in (Places.from_environment().cache / "bench-agents").iterdir() if path.is_dir()]
    assert cli.main(command) == 0, "the agent is trained once"
    assert json.loads(Path("out.json").read_text())["minutes to train"] == 0
    assert [path for path in (tmp_path / "bench-agents").iterdir() if path.is_dir()] == kept
