"""The data sets by name: built or imported once, kept in the cache, built anew when their builder changes."""

import difflib
import hashlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from graph import storage, synthetic
from graph.dataset import Dataset
from graph.errors import DataError
from graph.mcr import import_mcr
from graph.places import Places

Report = Callable[[str], None]
"""Is told, in one line each, about work that takes a while."""

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
MCR_NAMES = ("lastfm", "lastfm_star")
MOVIE_NAMES = ("movies", "movies-all")
# What every built data set depends on besides its own builder.
_COMMON = ("graph.catalogue", "graph.csr", "graph.dataset", "graph.hashing", "graph.interactions", "graph.storage")
_MOVIE_MODULES = ("graph.movies", "graph.movielens", "graph.films", "graph.matching", "graph.time_split")


@dataclass(frozen=True)
class Recipe:
    """How a built-in data set is made when it is not in the cache."""

    modules: tuple[str, ...]
    """Where its builder lives; when their source changes, what was built before is out of date."""
    packages: tuple[str, ...]
    """Installed packages whose data go into it."""
    lacks: Callable[[Places], str | None]
    """What is missing before it can be built, with how to get it; None when nothing is."""
    build: Callable[[Places], Dataset]

    @property
    def version(self) -> str:
        """A hash of the builder's source."""
        return _hash_sources((*_COMMON, *self.modules), self.packages)


def load(name: str, places: Places, report: Report | None = None) -> Dataset:
    """Load a data set by name, building it first where that is needed and possible.

    :param report: is told when something is built.
    :raises DataError: when nothing has this name, or what is needed to build it is not there.
    """
    if name.partition(":")[0] == synthetic.PREFIX:
        return synthetic.draw(synthetic.SyntheticShape.parse(name))
    folder = folder_of(name, places)
    recipe = RECIPES.get(name)
    if recipe is None:
        if not folder.is_dir():
            raise DataError(_unknown(name, places))
        return storage.load(folder)
    lacks = recipe.lacks(places)
    if _is_current(folder, recipe, can_rebuild=lacks is None):
        try:
            return storage.load(folder)
        except DataError:
            # What is damaged can be made anew, unless it was imported by hand.
            if lacks is not None or not storage.read_meta(folder).builder:
                raise
    if lacks is not None:
        raise DataError(lacks)
    if report is not None:
        report(f"building {name}; it is kept in {folder}")
    dataset = recipe.build(places)
    storage.save(dataset, folder, recipe.version)
    return dataset


def available(places: Places) -> list[tuple[str, str]]:
    """Every name that :func:`load` knows here, with its state in words; built-in ones first."""
    found: list[tuple[str, str]] = []
    for name, recipe in RECIPES.items():
        folder, lacks = folder_of(name, places), recipe.lacks(places)
        if _is_current(folder, recipe, can_rebuild=lacks is None):
            found.append((name, "ready"))
        else:
            found.append((name, lacks or "built at first use"))
    for name in _imported(places):
        try:
            storage.read_meta(folder_of(name, places))
            found.append((name, "imported"))
        except DataError as error:
            found.append((name, str(error)))
    found.append((f"{synthetic.PREFIX}:users=…,items=…,attributes=…", "generated each time"))
    return found


def names_before(name: str, places: Places) -> tuple[str, ...]:
    """What a data set was called each time before items were added to it, oldest first; nothing is loaded for it."""
    if name in RECIPES or not NAME.fullmatch(name):
        return ()
    try:
        meta = storage.read_meta(places.datasets / name)
    except DataError:
        return ()  # loading it says what is wrong
    return tuple(each.name for each in meta.grown_from or ())


def keep(dataset: Dataset, places: Places) -> Path:
    """Keep an imported data set under its name, replacing an earlier one; return its folder.

    :raises DataError: when the name is not one that may be given, or the cache cannot be written.
    """
    check_import_name(dataset.name, benchmark=True)
    folder = folder_of(dataset.name, places)
    storage.save(dataset, folder)
    return folder


def check_import_name(name: str, benchmark: bool = False) -> None:
    """Refuse a name under which nothing may be imported.

    :param benchmark: True for what may be a copy of a benchmark, which then has the benchmark's name.
    :raises DataError: when it is malformed or belongs to a data set that is built here.
    """
    if not NAME.fullmatch(name):
        raise DataError(
            f"{name!r} cannot be the name of a data set; use a-z, 0-9, '_', '.' and '-', 64 characters at most"
        )
    if name in MOVIE_NAMES or name == synthetic.PREFIX or (name in MCR_NAMES and not benchmark):
        raise DataError(f"{name!r} is the name of a data set that convrec brings along; choose another --name")


def check_grown_name(name: str, new: str | None, places: Places) -> str:
    """What a data set is to be called once items have been added to it.

    :param name: what it is called now; ``new``: what a person would call it then, None for the same.
    :raises DataError: when what is built here would be replaced, or another data set.
    """
    if name in RECIPES or name.partition(":")[0] == synthetic.PREFIX:
        if new is None:
            raise DataError(
                f"{name!r} is made from its source and never changed; give --name to what comes of it and the new items"
            )
    elif not folder_of(name, places).is_dir():
        raise DataError(_unknown(name, places))
    chosen = name if new is None else new
    check_import_name(chosen)
    if chosen != name and folder_of(chosen, places).exists():
        raise DataError(f"there is a data set {chosen!r} already; choose another --name")
    return chosen


def folder_of(name: str, places: Places) -> Path:
    """Where a data set of this name is kept.

    :raises DataError: when nothing can have this name, so that no name leads out of the cache.
    """
    if not NAME.fullmatch(name):
        raise DataError(_unknown(name, places))
    return places.datasets / name


def _is_current(folder: Path, recipe: Recipe, can_rebuild: bool) -> bool:
    """Whether what is in the cache can be used: imported by hand, built by this builder, or all that can be had."""
    if not folder.is_dir():
        return False
    try:
        builder = storage.read_meta(folder).builder
    except DataError:
        # Damaged or of another schema: make it anew where that is possible, else let loading say what is wrong.
        return not can_rebuild
    return not builder or builder == recipe.version or not can_rebuild


def _imported(places: Places) -> list[str]:
    if not places.datasets.is_dir():
        return []
    names = (path.name for path in places.datasets.iterdir() if path.is_dir())
    return sorted(name for name in names if NAME.fullmatch(name) and name not in RECIPES)


def _unknown(name: str, places: Places) -> str:
    names = [*RECIPES, *_imported(places), synthetic.PREFIX]
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(near)}? There are" if near else "there are"
    return f"no data set {name!r}; {hint} {', '.join(names)}; others come with `convrec data import`"


@cache
def _hash_sources(modules: tuple[str, ...], packages: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        found = importlib.util.find_spec(module)
        assert found is not None
        assert found.origin is not None
        digest.update(Path(found.origin).read_bytes())
    for package in packages:
        digest.update(f"{package}=={metadata.version(package)}".encode())
    return digest.hexdigest()[:16]


def _mcr_recipe(name: str) -> Recipe:
    def folder(places: Places) -> Path | None:
        found = places.shared / "data" / "mcr" / name if places.shared is not None else None
        return found if found is not None and found.is_dir() else None

    def lacks(places: Places) -> str | None:
        if folder(places) is not None:
            return None
        return (
            f"{name} is not here; run: convrec data import mcr DIR --name {name}, "
            f"or set CONVREC_SHARED to the folder that holds data/mcr/{name}"
        )

    def build(places: Places) -> Dataset:
        found = folder(places)
        assert found is not None
        return import_mcr(found, name)

    return Recipe(("graph.mcr", "graph.printable"), (), lacks, build)


def _movies_recipe() -> Recipe:
    def lacks(places: Places) -> str | None:
        from graph.movielens import FOLDER

        if (places.cache / FOLDER).is_dir():
            return None
        return "movies has not been fetched; run: convrec data fetch movies"

    def build(places: Places) -> Dataset:
        from graph.movielens import FOLDER
        from graph.movies import build_movies

        return build_movies(places.cache / FOLDER)

    return Recipe(_MOVIE_MODULES, ("bokeh_sampledata",), lacks, build)


def _movies_all_recipe() -> Recipe:
    def build(places: Places) -> Dataset:
        from graph.movies import build_movies_all

        return build_movies_all()

    return Recipe(_MOVIE_MODULES, ("bokeh_sampledata",), lambda places: None, build)


RECIPES: dict[str, Recipe] = {
    "movies": _movies_recipe(),
    "movies-all": _movies_all_recipe(),
    **{name: _mcr_recipe(name) for name in MCR_NAMES},
}
"""The data sets that are built here, by name."""
