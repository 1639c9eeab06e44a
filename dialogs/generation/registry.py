"""Generators by name."""

from collections.abc import Callable

from dialogs.generation.protocol import ReplyGenerator
from dialogs.generation.templates import Templates


def _neural() -> ReplyGenerator:
    # PyTorch takes seconds to load, which templates do not need.
    from dialogs.generation.neural import load

    return load()


_KINDS: dict[str, Callable[[], ReplyGenerator]] = {"template": Templates, "neural": _neural}


def names() -> tuple[str, ...]:
    """Every generator there is, the simplest first."""
    return tuple(_KINDS)


def make(name: str) -> ReplyGenerator:
    """The generator called ``name``, one of :func:`names`."""
    return _KINDS[name]()
