"""Affinities by name."""

from collections.abc import Callable
from difflib import get_close_matches

from graph.affinity.blend import Blend
from graph.affinity.content import Content
from graph.affinity.ease import Ease
from graph.affinity.popularity import Popularity, Uniform
from graph.affinity.protocol import Affinity
from graph.dataset import Dataset
from graph.errors import OptionError

Report = Callable[[str], None]
"""Takes one line for people: what was left out while fitting, and why."""


def _uniform(dataset: Dataset, report: Report) -> Affinity:
    return Uniform(dataset.interactions.n_users, dataset.catalogue.n_items)


def _popularity(dataset: Dataset, report: Report) -> Affinity:
    return Popularity.fit(dataset)


def _content(dataset: Dataset, report: Report) -> Affinity:
    return Content.fit(dataset)


def _ease(dataset: Dataset, report: Report) -> Affinity:
    return Ease.fit(dataset)


def _blend(dataset: Dataset, report: Report) -> Affinity:
    return Blend.fit(dataset, report=report)


_KINDS: dict[str, Callable[[Dataset, Report], Affinity]] = {
    "uniform": _uniform,
    "popularity": _popularity,
    "content": _content,
    "ease": _ease,
    "blend": _blend,
}


def names() -> tuple[str, ...]:
    """Every kind there is, the simplest first."""
    return tuple(_KINDS)


def fit(name: str, dataset: Dataset, report: Report | None = None) -> Affinity:
    """Learn the affinity called ``name`` from the train and valid splits; the test split is not looked at.

    :param report: is told what was left out, and why, one line at a time.
    :raises OptionError: when no affinity has this name, or this one cannot be learned from these data.
    """
    check_name(name)
    return _KINDS[name](dataset, report or (lambda line: None))


def check_name(name: str) -> None:
    """Accept the name of an affinity.

    :raises OptionError: when no affinity has this name.
    """
    if name not in _KINDS:
        near = get_close_matches(name, _KINDS, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(_KINDS)}"
        raise OptionError(f"no affinity {name!r}; {hint}")
