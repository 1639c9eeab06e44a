"""Replies from SmolLM2-135M-Instruct: it is shown ways to say a thing and finds one more, within closed words.

Quick, because what it is shown is read once for each kind, because it draws among some hundred words, and because the
weights are bytes (see :mod:`dialogs.generation.smollm2.llama`).
"""

import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from dialogs.generation.requests import Request
from dialogs.generation.sampling import nucleus
from dialogs.generation.smollm2.llama import Floats, Llama, Read
from dialogs.generation.smollm2.places import ARRAYS, GET, META, TOKENIZER, is_whole
from dialogs.generation.smollm2.wording import Begun, Spell, Wording, shown
from dialogs.generation.templates import PATTERNS, fill
from graph.errors import DataError
from graph.file_hashes import sha256_of

KEPT = 32
"""Kinds whose beginnings are kept read, each some 6 MB."""


@dataclass(frozen=True)
class Manner:
    """How replies are drawn."""

    temperature: float = 0.8
    top: float = 0.9
    """Probability of what may be drawn (nucleus sampling, Holtzman et al. 2020)."""
    least: float = 0.4
    """Share of the model's own probability that allowed words must hold at every step.

    Below it the model wants to say something else, and what comes of forcing it is no English."""
    likely: float = -1.2
    """Logarithm of the model's own probability of a token that a reply must have on average."""
    longest: int = 40
    """Tokens."""
    candidates: int = 3
    """Replies that are made before a template takes over."""


class SmolLM2:
    """See :class:`dialogs.generation.protocol.ReplyGenerator`."""

    name = "smollm2"

    def __init__(self, model: Llama, spell: Spell, fingerprint: str, manner: Manner | None = None) -> None:
        self.model, self.spell, self.manner = model, spell, manner or Manner()
        self._weights = fingerprint
        (self._end,) = spell("\n")
        self._begun: OrderedDict[tuple[str, str], tuple[Wording, Read, Floats]] = OrderedDict()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the weights and of what the model is shown."""
        said = repr((self._weights, self.manner, [(kind, shown(kind, "item")) for kind in sorted(PATTERNS)]))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        """Some replies, drawn one after the other; an empty one where the model was at a loss for words."""
        rng = random.Random(seed)
        for _ in range(self.manner.candidates):
            pattern = self.draw(request.kind, request.noun, rng)
            yield "" if pattern is None else fill(pattern, request)

    def draw(self, kind: str, noun: str, rng: random.Random) -> str | None:
        """One way to say a thing; None where the model wants to say something else."""
        wording, read, said = self._beginning(kind, noun)
        read, begun, surprise = read.followed_by(self.manner.longest), Begun(), 0.0
        for length in range(1, self.manner.longest + 1):
            following = wording.next(begun)
            tokens = np.array([*following, *[self._end] * wording.may_end(begun)], np.int64)
            chances = np.exp((scores := self.model.scores(said).astype(np.float64)) - scores.max())
            chances /= chances.sum()
            if chances[tokens].sum() < self.manner.least:
                return None
            token = self._drawn(chances[tokens], tokens, rng)
            surprise -= float(np.log(chances[token]))
            if token == self._end:
                return begun.pattern if surprise <= -self.manner.likely * length else None
            begun = following[token]
            said = self.model.read([token], read)
        return None

    def _drawn(self, chances: NDArray[np.float64], tokens: NDArray[np.int64], rng: random.Random) -> int:
        """One of the tokens."""
        own = chances ** (1 / self.manner.temperature)
        return int(tokens[nucleus(own / own.sum(), self.manner.top, rng)])

    def _beginning(self, kind: str, noun: str) -> tuple[Wording, Read, Floats]:
        """What the model is shown, read once."""
        key = kind, noun
        if key not in self._begun:
            tokens = self.spell(shown(kind, noun))
            read = self.model.nothing().followed_by(len(tokens))
            self._begun[key] = Wording(kind, noun, self.spell), read, self.model.read(tokens, read)
        self._begun.move_to_end(key)
        while len(self._begun) > KEPT:
            self._begun.popitem(last=False)
        return self._begun[key]


def speller(tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    """Tokens of a text, with nothing before or after them."""
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def load(folder: Path) -> SmolLM2:
    """Read the model that was fetched.

    :param folder: where it is kept, see :func:`dialogs.generation.smollm2.places.folder_in`.
    :raises DataError: when it is missing or damaged.
    """
    if not (folder / META).is_file():
        raise DataError(f"the weights of smollm2 have not been fetched; {GET}")
    if not is_whole(folder):
        raise DataError(f"{folder}: damaged, or of another version; {GET}")
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    return SmolLM2(Llama.load(folder), speller(tokenizer), sha256_of(folder / ARRAYS))
