"""Many ways to say each thing, a grammar of alternatives in ``variations.json``: what the neural generator learns from.

``(a|b|)`` stands for one of its parts, the last of which is empty here; fields are those of the templates.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

from dialogs.generation.requests import Request
from dialogs.generation.templates import fill
from dialogs.generation.verifier import problems

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")

GRAMMAR: Mapping[str, tuple[str, ...]] = MappingProxyType({
    kind: tuple(patterns)
    for kind, patterns in json.loads((files("dialogs.generation") / "variations.json").read_text("utf-8")).items()
})  # fmt: skip
"""Patterns of each kind of request."""


def vary(kind: str, rng: random.Random) -> str:
    """One pattern with its alternatives chosen."""
    pattern = rng.choice(GRAMMAR[kind])
    while found := _ALTERNATIVES.search(pattern):
        pattern = pattern[: found.start()] + rng.choice(found[1].split("|")) + pattern[found.end() :]
    return " ".join(pattern.split()).replace(" ,", ",").replace(" .", ".").replace(" ?", "?")


def verified(request: Request, rng: random.Random) -> Iterator[str]:
    """Patterns that say a request in words that pass the verifier, without end."""
    while True:
        pattern = vary(request.kind, rng)
        if not problems(fill(pattern, request), request):
            yield pattern
