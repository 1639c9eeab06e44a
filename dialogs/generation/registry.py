"""Generators by name."""

from collections.abc import Callable
from pathlib import Path

from dialogs.generation.protocol import ReplyGenerator
from dialogs.generation.templates import Templates


def _template(cache: Path) -> ReplyGenerator:
    return Templates()


def _neural(cache: Path) -> ReplyGenerator:
    # PyTorch takes seconds to load, which templates do not need.
    from dialogs.generation.neural import load

    return load()


def _smollm2(cache: Path) -> ReplyGenerator:
    from dialogs.generation.smollm2.generator import load
    from dialogs.generation.smollm2.places import folder_in

    return load(folder_in(cache))


_KINDS: dict[str, Callable[[Path], ReplyGenerator]] = {"template": _template, "neural": _neural, "smollm2": _smollm2}


def names() -> tuple[str, ...]:
    """Every generator there is, the simplest first."""
    return tuple(_KINDS)


def lacks(name: str, cache: Path) -> str | None:
    """What is missing before a generator can be made, with how to get it; None when nothing is."""
    from dialogs.generation.smollm2.places import GET, META, folder_in

    missing = name == "smollm2" and not (folder_in(cache) / META).is_file()
    return f"its weights have not been fetched; {GET}" if missing else None


def make(name: str, cache: Path) -> ReplyGenerator:
    """The generator called ``name``, one of :func:`names`.

    :param cache: folder for what was fetched.
    :raises DataError: when its weights are not there or are damaged.
    """
    return _KINDS[name](cache)
