"""SmolLM2 at its leisure: more ways to say each thing, for the small T5 to learn."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dialogs.generation.neural import joined, tokens_of
from dialogs.generation.smollm2.generator import SmolLM2
from dialogs.generation.smollm2.wording import stand_in
from dialogs.generation.templates import PATTERNS, fill
from dialogs.generation.variations import vary
from dialogs.generation.verifier import problems

NOUN = "film"
"""What the model is told that an item is called; what it says is of any."""

KNOWN = 3000
"""Draws from the grammar after which a way to say something counts as new."""


@dataclass(frozen=True)
class Paraphrases:
    """What came of it."""

    tries: int
    passed: int
    """How often it said something that the verifier let pass."""
    new: Mapping[str, tuple[str, ...]]
    """Patterns of each kind that neither templates nor grammar have, each once."""

    @property
    def count(self) -> int:
        """New patterns in all."""
        return sum(map(len, self.new.values()))


def paraphrases(model: SmolLM2, tries: int, seed: int, advance: Callable[[], None] | None = None) -> Paraphrases:
    """Let the model say each thing so many times, and keep what is right and new.

    :param advance: called after each try.
    """
    rng, passed, new = random.Random(seed), 0, dict[str, tuple[str, ...]]()
    for kind in sorted(PATTERNS):
        known = {_plain(pattern) for pattern in (*PATTERNS[kind], *(vary(kind, rng) for _ in range(KNOWN)))}
        said: list[str] = []
        for _ in range(tries):
            pattern = model.draw(kind, NOUN, rng)
            request = stand_in(kind, NOUN)
            if pattern is not None and not problems(fill(pattern, request), request):
                passed += 1
                if _plain(pattern) not in known:
                    known.add(_plain(pattern))
                    said.append(pattern)
            if advance:
                advance()
        new[kind] = tuple(said)
    return Paraphrases(tries * len(PATTERNS), passed, new)


def _plain(pattern: str) -> str:
    """A pattern as the small T5 sees it, whichever way it is written."""
    return joined(tokens_of(pattern)).casefold()
