"""Affinities by name."""

import functools
import hashlib
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Protocol

from graph.affinity import saving
from graph.affinity.calibrated import Calibrated
from graph.affinity.hybrid import Hybrid
from graph.affinity.hybrid_config import HybridConfig
from graph.affinity.popularity import Popularity, Uniform
from graph.affinity.protocol import Affinity
from graph.affinity.signals.coded import Coded
from graph.affinity.signals.content import ContentCosine
from graph.affinity.signals.ease import EaseScores
from graph.affinity.signals.factors import Als, Bpr
from graph.affinity.signals.friends import Friends
from graph.affinity.signals.item_knn import ItemKnn
from graph.affinity.signals.lightgcn import LightGcn
from graph.affinity.signals.personas import PersonaScores
from graph.affinity.signals.protocol import Signal
from graph.affinity.signals.sequential import Sequential
from graph.affinity.signals.text import TextCosine
from graph.dataset import Dataset
from graph.errors import DataError, OptionError
from graph.growth import before_growth

Report = Callable[[str], None]
"""Takes one line for people: what was left out while fitting, and why."""

Advance = Callable[[float], None]
"""Takes the share of the work that has just been done; the shares add up to 1."""


class _HasFit(Protocol):
    def fit(self, dataset: Dataset, /) -> Signal: ...


class _HasSeededFit(Protocol):
    def fit(self, dataset: Dataset, /, *, seed: int) -> Signal: ...


_Fit = Callable[[Dataset, int, Report, Advance], Affinity]


def _exact(name: str, signal: _HasFit) -> _Fit:
    """A kind of one signal that leaves nothing to chance."""
    return lambda dataset, seed, report, advance: Calibrated.fit(dataset, signal.fit, name)


def _learned(name: str, signal: _HasSeededFit) -> _Fit:
    """A kind of one signal that is learned by chance."""
    return lambda dataset, seed, report, advance: Calibrated.fit(dataset, partial(signal.fit, seed=seed), name)


_KINDS: dict[str, _Fit] = {
    "uniform": lambda dataset, seed, report, advance: Uniform(dataset.interactions.n_users, dataset.catalogue.n_items),
    "popularity": lambda dataset, seed, report, advance: Popularity.fit(dataset),
    "content": _exact("content", ContentCosine),
    "text": _exact("text", TextCosine),
    "friends": _exact("friends", Friends),
    "item-knn": _exact("item-knn", ItemKnn),
    "ease": _exact("ease", EaseScores),
    "als": _learned("als", Als),
    "bpr": _learned("bpr", Bpr),
    "lightgcn": _learned("lightgcn", LightGcn),
    "codes": _learned("codes", Coded),
    "personas": _learned("personas", PersonaScores),
    "sequential": _learned("sequential", Sequential),
    "hybrid": lambda dataset, seed, report, advance: Hybrid.fit(dataset, HybridConfig.of_seed(seed), report, advance),
}


def names() -> tuple[str, ...]:
    """Every kind there is, the simplest first."""
    return tuple(_KINDS)


def fit(
    name: str, dataset: Dataset, report: Report | None = None, advance: Advance | None = None, seed: int = 0
) -> Affinity:
    """Learn the affinity called ``name`` from the train and valid splits; the test split is not looked at.

    :param report: is told what was left out, and why, one line at a time.
    :param advance: is told what share of the work has just been done, by kinds that take long.
    :param seed: of kinds that are learned by chance; others are the same for every seed.
    :raises OptionError: when no affinity has this name, or this one cannot be learned from these data.
    """
    check_name(name)
    return _KINDS[name](dataset, seed, report or (lambda line: None), advance or (lambda share: None))


def fit_or_load(
    name: str, dataset: Dataset, cache: Path, report: Report | None = None, advance: Advance | None = None
) -> Affinity:
    """What :func:`fit` gives, kept in the cache where learning it takes long.

    What was kept is used when it was learned from the same data, to the last edge, by the same code; where it has no
    numbers of single items, also on data that have grown since.

    :param cache: folder of everything that can be made anew.
    """
    if name not in saving.KEPT:
        return fit(name, dataset, report, advance)
    folder = _folder(name, dataset.name, dataset.fingerprint, cache)
    if folder.is_dir():
        with suppress(DataError):
            return saving.load(dataset, folder)
    if (learned_before := _of_an_ancestor(name, dataset, cache)) is not None:
        return learned_before
    model = fit(name, dataset, report, advance)
    if isinstance(model, Hybrid | Calibrated):
        with suppress(DataError):  # where nothing was learned; and a cache that cannot be written costs time, no more
            saving.save(model, dataset, folder)
    return model


def _of_an_ancestor(name: str, dataset: Dataset, cache: Path) -> Affinity | None:
    """What was learned before items were added, at work with these too; None where nothing of the kind was kept."""
    for ancestor in reversed(dataset.grown_from if name in saving.SURVIVE_GROWTH else ()):
        folder = _folder(name, ancestor.name, ancestor.fingerprint, cache)
        if folder.is_dir() and before_growth(dataset, ancestor) is not None:
            with suppress(DataError):
                return saving.load(dataset, folder, ancestor.fingerprint)
    return None


def _folder(name: str, data: str, fingerprint: str, cache: Path) -> Path:
    return cache / "affinities" / f"{data[:40].replace(':', '-')}-{fingerprint}-{name}-{_version()}"


@functools.cache
def _version() -> str:
    """A hash of all source that a fitted affinity depends on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def check_name(name: str) -> None:
    """Accept the name of an affinity.

    :raises OptionError: when no affinity has this name.
    """
    if name not in _KINDS:
        near = get_close_matches(name, _KINDS, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(_KINDS)}"
        raise OptionError(f"no affinity {name!r}; {hint}")
