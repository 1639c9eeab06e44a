import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from graph import datasets, storage
from graph.dataset import Ancestor, Dataset
from graph.errors import DataError
from graph.places import Places
from graph.synthetic import make_synthetic
from tests.graph.test_mcr import BENCHMARKS, needs_benchmarks


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "cache", None)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Dataset]:
    """Stand in for the builder of ``lastfm``; the list holds what it has built."""
    built: list[Dataset] = []

    def build(_: Places) -> Dataset:
        built.append(replace(make_synthetic(users=4, items=9, attributes=5), name="lastfm"))
        return built[-1]

    recipe = replace(datasets.RECIPES["lastfm"], lacks=lambda _: None, build=build)
    monkeypatch.setitem(datasets.RECIPES, "lastfm", recipe)
    return built


def named(name: str, seed: int = 0) -> Dataset:
    return replace(make_synthetic(users=4, items=9, attributes=5, seed=seed), name=name)


def test_what_is_built_is_kept(places: Places, counted: list[Dataset]) -> None:
    said: list[str] = []
    first = datasets.load("lastfm", places, said.append)
    second = datasets.load("lastfm", places, said.append)
    assert len(counted) == 1
    assert first.fingerprint == second.fingerprint
    assert said == [f"building lastfm; it is kept in {places.cache / 'datasets' / 'lastfm'}"]


def test_another_builder_builds_anew(places: Places, counted: list[Dataset]) -> None:
    datasets.load("lastfm", places)
    storage.save(named("lastfm", seed=1), places.datasets / "lastfm", builder="an earlier version")
    datasets.load("lastfm", places)
    assert len(counted) == 2
    assert storage.read_meta(places.datasets / "lastfm").builder == datasets.RECIPES["lastfm"].version


def test_what_was_imported_by_hand_is_not_built_over(places: Places, counted: list[Dataset]) -> None:
    mine = named("lastfm", seed=1)
    datasets.keep(mine, places)
    assert datasets.load("lastfm", places).fingerprint == mine.fingerprint
    assert not counted


def test_what_is_damaged_is_built_anew(places: Places, counted: list[Dataset]) -> None:
    datasets.load("lastfm", places)
    (places.datasets / "lastfm" / storage.META).write_text("{")
    datasets.load("lastfm", places)
    assert len(counted) == 2


def test_what_cannot_be_built_anew_is_used_as_it_is(places: Places) -> None:
    old = named("movies", seed=1)
    storage.save(old, places.datasets / "movies", builder="an earlier version")
    assert datasets.load("movies", places).fingerprint == old.fingerprint


def test_the_version_of_a_builder_follows_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "some_builder.py").write_text("SIZE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    recipe = replace(datasets.RECIPES["lastfm"], modules=("some_builder",))
    before = recipe.version
    datasets._hash_sources.cache_clear()
    assert recipe.version == before
    (tmp_path / "some_builder.py").write_text("SIZE = 2\n")
    datasets._hash_sources.cache_clear()
    assert recipe.version != before
    assert datasets.RECIPES["movies"].version != datasets.RECIPES["lastfm"].version


def keep_many(cache: str, seed: int) -> None:
    for _ in range(10):
        datasets.keep(named("mine", seed), Places(Path(cache)))


def test_two_processes_at_once_leave_one_whole_data_set(places: Places) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=keep_many, args=(str(places.cache), seed)) for seed in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert datasets.load("mine", places).fingerprint in {named("mine", seed).fingerprint for seed in (1, 2)}
    assert [path.name for path in places.datasets.iterdir()] == ["mine"]


def test_two_threads_that_build_at_once_both_get_it(places: Places, counted: list[Dataset]) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(datasets.load("lastfm", places).fingerprint)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [counted[0].fingerprint] * 4
    assert [path.name for path in places.datasets.iterdir()] == ["lastfm"]


def test_movies_that_were_not_fetched_say_how_to_fetch_them(places: Places) -> None:
    with pytest.raises(DataError, match=r"^movies has not been fetched; run: convrec data fetch movies$"):
        datasets.load("movies", places)


@pytest.mark.parametrize("name", ["lastfm", "lastfm_star"])
def test_a_benchmark_that_is_not_here_says_how_to_get_it(places: Places, name: str) -> None:
    with pytest.raises(DataError, match=rf"convrec data import mcr DIR --name {name}.*CONVREC_SHARED"):
        datasets.load(name, places)


def test_a_synthetic_name_is_drawn_and_not_kept(places: Places) -> None:
    dataset = datasets.load("synthetic:users=3,items=8,attributes=5", places)
    assert dataset.catalogue.n_items == 8
    assert not places.cache.exists()
    with pytest.raises(DataError, match="'colour=3'"):
        datasets.load("synthetic:colour=3", places)


@pytest.mark.parametrize("name", ["last.fm", "lastfm-star", "Lastfm"])
def test_an_unknown_name_hears_of_near_ones(places: Places, name: str) -> None:
    with pytest.raises(DataError, match=r"did you mean .*lastfm") as caught:
        datasets.load(name, places)
    assert "movies-all" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "Ünïcode", "a" * 65, "a\n", "~"]
)
def test_no_name_leads_out_of_the_cache(places: Places, name: str) -> None:
    with pytest.raises(DataError, match="no data set"):
        datasets.load(name, places)
    with pytest.raises(DataError, match="cannot be the name"):
        datasets.keep(named(name), places)
    assert not places.cache.exists()


def test_a_data_set_outside_the_cache_is_not_loaded_by_its_path(places: Places) -> None:
    storage.save(named("outside"), places.cache.parent / "outside")
    places.datasets.mkdir(parents=True)
    with pytest.raises(DataError, match="no data set"):
        datasets.load("../../outside", places)


@pytest.mark.parametrize("name", ["movies", "movies-all", "synthetic"])
def test_a_built_in_name_cannot_be_taken(places: Places, name: str) -> None:
    with pytest.raises(DataError, match="brings along; choose another --name"):
        datasets.keep(named(name), places)


@pytest.mark.parametrize("name", datasets.MCR_NAMES)
def test_a_benchmark_s_name_is_for_copies_of_the_benchmark(name: str) -> None:
    datasets.check_import_name(name, benchmark=True)
    with pytest.raises(DataError, match="brings along; choose another --name"):
        datasets.check_import_name(name)


@pytest.mark.parametrize("name", ["mine", "lastfm", "lastfm_star", "0", "a.b-c_d"])
def test_other_names_can(places: Places, name: str) -> None:
    datasets.keep(named(name), places)
    assert datasets.load(name, places).name == name


def test_the_list_says_in_what_state_each_one_is(places: Places) -> None:
    datasets.keep(named("mine"), places)
    datasets.keep(named("broken"), places)
    (places.datasets / "broken" / storage.META).write_text("{")
    storage.save(named("movies"), places.datasets / "movies", builder=datasets.RECIPES["movies"].version)
    states = dict(datasets.available(places))
    assert states["movies"] == "ready"
    assert states["movies-all"] == "built at first use"
    assert "convrec data import mcr" in states["lastfm"]
    assert states["mine"] == "imported"
    assert "broken" in states["broken"]
    assert [name for name in states if name.startswith("synthetic")]
    assert list(datasets.available(Places(places.cache / "empty"))) != []


@pytest.mark.shared
@needs_benchmarks
def test_a_benchmark_is_imported_at_first_use(places: Places) -> None:
    here = replace(places, shared=BENCHMARKS.parents[1])
    assert dict(datasets.available(here))["lastfm"] == "built at first use"
    assert datasets.load("lastfm", here).catalogue.n_items == 7_432
    assert dict(datasets.available(here))["lastfm"] == "ready"
    assert datasets.load("lastfm", replace(places, shared=None)).catalogue.n_items == 7_432


def test_places_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("CONVREC_SHARED", str(tmp_path))
    assert Places.from_environment() == Places(tmp_path / "c", tmp_path)
    monkeypatch.setenv("CONVREC_SHARED", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"CONVREC_SHARED: .*nowhere is not a folder"):
        Places.from_environment()
    monkeypatch.delenv("CONVREC_CACHE")
    monkeypatch.delenv("CONVREC_SHARED")
    found = Places.from_environment()
    assert found.cache.name == "convrec"
    beside = Path(__file__).resolve().parents[3] / "shared"
    assert found.shared == (beside if beside.is_dir() else None)


def test_what_brings_items_in_takes_a_name_that_is_free(places: Places) -> None:
    for name in ("shop", "other"):
        datasets.keep(named(name), places)
    assert datasets.check_grown_name("shop", None, places) == "shop"
    assert datasets.check_grown_name("shop", "shop", places) == "shop"
    assert datasets.check_grown_name("shop", "bigger", places) == "bigger"
    assert datasets.check_grown_name("movies-all", "mine", places) == "mine"
    assert datasets.check_grown_name("synthetic:users=9", "mine", places) == "mine"
    for name, new, message in (
        ("movies-all", None, "is made from its source and never changed; give --name"),
        ("synthetic:users=9", None, "never changed"),
        ("shop", "other", "there is a data set 'other' already"),
        ("shop", "movies", "convrec brings along"),
        ("shop", "lastfm", "convrec brings along"),
        ("shop", "../x", "cannot be the name"),
        ("shpo", None, "no data set 'shpo'; did you mean shop"),
    ):
        with pytest.raises(DataError, match=message):
            datasets.check_grown_name(name, new, places)


def test_what_data_were_called_before_is_found_without_loading_them(places: Places) -> None:
    ancestors = (Ancestor("movies-all", "x", 9, 5), Ancestor("films", "y", 9, 5))
    datasets.keep(replace(named("mine"), grown_from=ancestors), places)
    (places.datasets / "mine" / storage.ARRAYS).unlink()
    assert datasets.names_before("mine", places) == ("movies-all", "films")
    datasets.keep(named("plain"), places)
    for name in ("plain", "absent", "movies-all", "synthetic:users=9"):
        assert datasets.names_before(name, places) == ()
