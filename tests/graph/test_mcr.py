import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph import mcr
from graph.dataset import Dataset
from graph.errors import DataError
from graph.interactions import Split
from graph.mcr import import_mcr
from graph.places import Places

SHARED = Places.from_environment().shared
BENCHMARKS = SHARED / "data" / "mcr" if SHARED is not None else Path("absent")
needs_benchmarks = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="no data/mcr in the folder CONVREC_SHARED names")


# DESIGN: the published sizes.
SIZES = {"lastfm": (33, 30_290), "lastfm_star": (8_438, 94_446)}


@pytest.fixture(scope="module", params=SIZES)
def benchmark(request: pytest.FixtureRequest) -> Dataset:
    return import_mcr(BENCHMARKS / request.param, request.param)


@pytest.mark.shared
@needs_benchmarks
def test_the_benchmarks_have_their_published_sizes(benchmark: Dataset) -> None:
    catalogue, history = benchmark.catalogue, benchmark.interactions
    assert (history.n_users, catalogue.n_items, history.n_edges) == (1_801, 7_432, 76_693)
    assert [len(history.pairs(split)[0]) for split in Split] == [52_910, 11_891, 11_892]
    assert (catalogue.n_attributes, catalogue.item_attributes.n_edges) == SIZES[benchmark.name]
    assert history.friends.n_edges == 23_958
    assert [facet.name for facet in catalogue.facets] == ["tag"]
    assert catalogue.known.all()


@pytest.mark.shared
@needs_benchmarks
def test_the_benchmarks_edges_are_those_of_their_files(benchmark: Dataset) -> None:
    catalogue, history = benchmark.catalogue, benchmark.interactions
    folder = BENCHMARKS / benchmark.name
    items = json.loads((folder / mcr.ITEMS).read_text())
    for place in range(0, catalogue.n_items, 97):
        own = items[str(catalogue.item_ids[place])]["feature_index"]
        assert catalogue.attribute_ids[catalogue.attributes_of(place)].tolist() == sorted(own)
    for split in Split:
        wanted = json.loads((folder / mcr.REVIEWS.format(split.name.lower())).read_text())
        users, places = history.pairs(split)
        found = zip(history.user_ids[users].tolist(), catalogue.item_ids[places].tolist(), strict=True)
        assert set(found) == {(int(user), item) for user, liked in wanted.items() for item in liked}


@pytest.mark.shared
@needs_benchmarks
def test_the_benchmarks_have_real_names(benchmark: Dataset) -> None:
    catalogue = benchmark.catalogue
    assert {"Radiohead", "Depeche Mode"} <= set(catalogue.titles)
    assert sum(title.startswith("unnamed artist ") for title in catalogue.titles) == 150
    assert "None" not in catalogue.titles
    assert {"chillout", "rock"} & set(catalogue.attribute_names)


@pytest.mark.shared
@needs_benchmarks
def test_the_order_of_items_says_nothing_of_their_ids(benchmark: Dataset) -> None:
    ids = benchmark.catalogue.item_ids
    assert abs(np.corrcoef(np.arange(len(ids)), ids)[0, 1]) < 0.05
    # Neighbouring ids come from one listener; if places kept that, most steps would be small.
    assert np.mean(np.abs(np.diff(ids)) < 100) < 0.05


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three users, four items, three tags; user 9 is in the reviews only, user 2 in user_dict only."""
    files: dict[str, Any] = {
        mcr.ITEMS: {
            "0": {"categories": [7], "feature_index": [0, 2], "busi_id": 70},
            "1": {"categories": [7], "feature_index": [0], "busi_id": 71},
            "5": {"categories": [], "feature_index": [], "busi_id": 75},
            "6": {"categories": [7], "feature_index": [1, 2], "busi_id": 76},
        },
        mcr.USERS: {"4": {"friends": [2], "like": [0, 1, 2]}, "2": {"friends": [4], "like": [0]}},
        mcr.REVIEWS.format("train"): {"4": [0, 6], "9": [1]},
        mcr.REVIEWS.format("valid"): {"4": [1]},
        mcr.REVIEWS.format("test"): {"4": [5], "9": [0]},
        mcr.NAMES.format("item"): {
            str(item): {"real_id": [70 + item], "real_name": [name]}
            for item, name in {0: "Abba", 1: "None", 5: "AC/DC", 6: "Bell\x07 \u202eBook"}.items()
        },
        mcr.NAMES.format("tag"): {
            str(tag): {"real_id": [tag], "real_name": [name]} for tag, name in enumerate(["pop", "rock", "pop"])
        },
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(content))
    return tmp_path


def change(folder: Path, path: str, edit: Callable[[Any], Any]) -> None:
    content = json.loads((folder / path).read_text())
    replaced = edit(content)
    (folder / path).write_text(json.dumps(content if replaced is None else replaced))


def edges(dataset: Dataset) -> dict[Split, set[tuple[int, int]]]:
    history, ids = dataset.interactions, dataset.catalogue.item_ids
    return {
        split: {(int(history.user_ids[u]), int(ids[i])) for u, i in zip(*history.pairs(split), strict=True)}
        for split in Split
    }


def test_a_small_folder_is_read_to_the_last_edge(folder: Path) -> None:
    dataset = import_mcr(folder, "lastfm")
    catalogue, history = dataset.catalogue, dataset.interactions
    place = {int(item): at for at, item in enumerate(catalogue.item_ids)}
    assert sorted(place) == [0, 1, 5, 6]
    held = {item: catalogue.attribute_ids[catalogue.attributes_of(at)].tolist() for item, at in place.items()}
    assert held == {0: [0, 2], 1: [0], 5: [], 6: [1, 2]}
    assert {item: catalogue.titles[at] for item, at in place.items()} == {
        0: "Abba", 1: "unnamed artist 1", 5: "AC/DC", 6: "Bell Book",
    }  # fmt: skip
    assert catalogue.attribute_names == ("pop", "rock", "pop (2)")
    assert history.user_ids.tolist() == [2, 4, 9]
    assert edges(dataset) == {
        Split.TRAIN: {(4, 0), (4, 6), (9, 1)},
        Split.VALID: {(4, 1)},
        Split.TEST: {(4, 5), (9, 0)},
    }
    assert [history.friends.row(user).tolist() for user in range(3)] == [[1], [0], []]
    assert history.liked.all()
    assert not history.times.any()
    assert (history.ratings == 1).all()


def test_the_order_of_the_files_does_not_matter(folder: Path) -> None:
    before = import_mcr(folder, "x").fingerprint

    def shuffle(content: dict[str, Any]) -> dict[str, Any]:
        keys = sorted(content)
        random.Random(3).shuffle(keys)
        return {key: content[key][::-1] if isinstance(content[key], list) else content[key] for key in keys}

    for path in (mcr.ITEMS, mcr.USERS, *(mcr.REVIEWS.format(split.name.lower()) for split in Split)):
        change(folder, path, shuffle)
    assert import_mcr(folder, "x").fingerprint == before


def test_places_do_not_follow_ids(folder: Path) -> None:
    names = {str(item): {"real_name": [f"artist {item}"]} for item in range(500)}
    change(folder, mcr.NAMES.format("item"), lambda _: names)
    change(folder, mcr.ITEMS, lambda _: {item: {"feature_index": [0]} for item in names})
    ids = import_mcr(folder, "x").catalogue.item_ids
    assert abs(np.corrcoef(np.arange(500), ids)[0, 1]) < 0.2


def test_what_user_dict_says_of_likes_is_never_read(folder: Path) -> None:
    before = import_mcr(folder, "x").fingerprint
    change(folder, mcr.USERS, lambda users: users["4"].update(like="anything"))
    assert import_mcr(folder, "x").fingerprint == before


def test_without_names_there_are_numbers(folder: Path) -> None:
    shutil.rmtree(folder / "ID_map_info")
    catalogue = import_mcr(folder, "yelp").catalogue
    assert sorted(catalogue.titles) == ["unnamed item 0", "unnamed item 1", "unnamed item 5", "unnamed item 6"]
    assert catalogue.attribute_names == ("tag 0", "tag 1", "tag 2")


TRAIN, TEST = mcr.REVIEWS.format("train"), mcr.REVIEWS.format("test")
ITEM_NAMES, TAG_NAMES = mcr.NAMES.format("item"), mcr.NAMES.format("tag")
DAMAGE: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "a list for an object": (mcr.ITEMS, lambda _: [1], "item_dict.json: not an object"),
    "an item without attributes' list": (mcr.ITEMS, lambda x: x["0"].pop("feature_index"), "item '0', feature_index"),
    "an item that is a number": (mcr.ITEMS, lambda x: x.update({"1": 3}), "item '1': not an object"),
    "an attribute in words": (mcr.ITEMS, lambda x: x["6"].update(feature_index=["2"]), "item '6', feature_index"),
    "an attribute that is true": (mcr.ITEMS, lambda x: x["6"].update(feature_index=[True]), "item '6', feature_index"),
    "an attribute nobody named": (mcr.ITEMS, lambda x: x["6"].update(feature_index=[3]), "key '6': attribute 3"),
    "an attribute below 0": (mcr.ITEMS, lambda x: x["6"].update(feature_index=[-1]), "item '6', feature_index"),
    "a huge attribute": (mcr.ITEMS, lambda x: x["6"].update(feature_index=[2**70]), "item '6', feature_index"),
    "an item in words": (mcr.ITEMS, lambda x: x.update(a=x["0"]), "item 'a': not a whole number"),
    "an item twice": (mcr.ITEMS, lambda x: x.update({"00": x["0"]}), "stands here twice"),
    "an unknown friend": (mcr.USERS, lambda x: x["4"].update(friends=[3]), "key '4': user 3 is not in"),
    "no friends": (mcr.USERS, lambda x: x["4"].pop("friends"), "user '4', friends"),
    "an unknown item": (TRAIN, lambda x: x["9"].append(2), "review_dict_train.json: key '9': item 2 is not in"),
    "a user in words": (TRAIN, lambda x: x.update(Ann=[1]), "user 'Ann': not a whole number"),
    "reviews that are a number": (TEST, lambda x: x.update({"4": 5}), "review_dict_test.json: user '4'"),
    "train in test": (
        TEST,
        lambda x: x["4"].append(0),
        "user 4, item 0 stands in review_dict_train.json and review_dict_test",
    ),
    "an item without a name": (ITEM_NAMES, lambda x: x.pop("5"), "item_reverse_map.json: item 5 has no entry"),
    "a name that is a number": (
        ITEM_NAMES,
        lambda x: x["5"].update(real_name=[4]),
        "item '5': no text under real_name",
    ),
    "no list of names": (TAG_NAMES, lambda x: x["1"].update(real_name=[]), "tag '1': no text under real_name"),
}


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        import_mcr(folder, "x")
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert ";" in message, "the message says how to mend it"
    return message


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(folder: Path, what: str) -> None:
    path, edit, says = DAMAGE[what]

    def apply(content: Any) -> Any:
        replaced = edit(content)
        return replaced if replaced == [1] else None

    change(folder, path, apply)
    assert says in refused(folder)


@pytest.mark.parametrize("path", [mcr.ITEMS, mcr.USERS, TRAIN, TEST, ITEM_NAMES, TAG_NAMES])
def test_a_missing_or_cut_file_is_named(folder: Path, path: str) -> None:
    whole = (folder / path).read_bytes()
    (folder / path).write_bytes(whole[:-4])
    assert f"{path}: is not sound JSON" in refused(folder)
    (folder / path).unlink()
    assert f"{path}: cannot be read" in refused(folder)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b'{"1": [1], "1": [0]}', b"[" * 100_000, b'{"1": ' + b"9" * 5_000 + b"}"]
)
def test_json_that_is_none_is_refused(folder: Path, raw: bytes) -> None:
    (folder / TRAIN).write_bytes(raw)
    assert "review_dict_train.json: is not sound JSON" in refused(folder)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "nowhere")
