"""Replies from a small T5: it learns patterns, and names are copied into them, so that it never spells one.

Trained from its configuration on variations that the verifier has passed (Raffel et al. 2020, "Exploring the limits of
transfer learning with a unified text-to-text transformer"); delexicalised as in Wen et al. 2015.
Legend: B requests, T tokens, W words.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from dialogs.generation.requests import Request
from dialogs.generation.sampling import nucleus
from dialogs.generation.templates import fill
from dialogs.generation.variations import GRAMMAR, verified
from graph.errors import DataError
from graph.whole_file import written_whole

if TYPE_CHECKING:
    import torch
    from transformers import T5ForConditionalGeneration

SCHEMA_VERSION = 1
ARRAYS, META = "words.safetensors", "words.json"
PAD, END, UNKNOWN = 0, 1, 2
SPECIAL = ("<pad>", "</s>", "<unk>")
LONGEST = 48
"""Tokens of a pattern."""

NO_MORE: Mapping[str, Sequence[str]] = {}

FURTHER = 0.3
"""Share of what is learned from that is further patterns, of a kind that has some."""

CANDIDATES = 4
"""Replies that are made before a template takes over."""

_TOKEN = re.compile(r"\{\w+\}\w*|[\w'’]+|[^\w\s]")
_NO_SPACE_BEFORE = frozenset(".,;:!?")


@dataclass(frozen=True)
class WordsConfig:
    """Shape of the model, and how it is trained; the defaults take some three minutes on one core."""

    width: int = 96
    layers: int = 2
    heads: int = 4
    steps: int = 1500
    batch: int = 96
    learning_rate: float = 2e-3
    variations: int = 600
    """Patterns of each kind, with repeats."""
    temperature: float = 1.0
    top: float = 0.9
    """Probability of the words that may be drawn (nucleus sampling, Holtzman et al. 2020)."""
    seed: int = 0


def tokens_of(pattern: str) -> list[str]:
    """Words, marks and fields of a pattern."""
    return _TOKEN.findall(pattern)


def joined(tokens: Sequence[str]) -> str:
    """A pattern from its tokens."""
    text = ""
    for token in tokens:
        text += token if not text or token in _NO_SPACE_BEFORE else f" {token}"
    return text


def known_words(further: Mapping[str, Sequence[str]]) -> list[str]:
    """Every token that can be said, in a fixed order: those of the grammar, and of further patterns."""
    plain = re.compile(r"[()|]")
    patterns = [plain.sub(" ", each) for own in GRAMMAR.values() for each in own]
    patterns += [each for own in further.values() for each in own]
    found = {token for each in patterns for token in tokens_of(each)}
    return [*SPECIAL, *sorted(found)]


def asked_of(request: Request) -> list[str]:
    """What the model is told of a request: its kind, how many of each name there are, and nothing they say."""
    counts: dict[str, int] = {}
    for name, _ in request.slots:
        stem = name.rstrip("0123456789")
        counts[stem] = counts.get(stem, 0) + 1
    return [f"kind={request.kind}", *(f"{stem}={min(count, 4)}" for stem, count in sorted(counts.items()))]


@dataclass(frozen=True)
class Words:
    """What the model reads and says."""

    said: tuple[str, ...]
    asked: tuple[str, ...]

    @classmethod
    def of(cls, requests: Sequence[Request], further: Mapping[str, Sequence[str]] = NO_MORE) -> "Words":
        """Those of the grammar, of further patterns, and of the requests it is trained on."""
        return cls(tuple(known_words(further)), tuple(sorted({token for each in requests for token in asked_of(each)})))

    @cached_property
    def place(self) -> dict[str, int]:
        """Number of each token; what is asked comes after what is said."""
        return {token: place for place, token in enumerate((*self.said, *self.asked))}

    def __len__(self) -> int:
        return len(self.said) + len(self.asked)


class Neural:
    """See :class:`dialogs.generation.protocol.ReplyGenerator`."""

    name = "neural"

    def __init__(self, model: "T5ForConditionalGeneration", words: Words, config: WordsConfig, provenance: Any) -> None:
        model.eval()  # type: ignore[no-untyped-call]
        self._model, self._words, self.config, self.provenance = model, words, config, provenance
        self._kinds = {token.removeprefix("kind=") for token in words.asked if token.startswith("kind=")}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the weights."""
        digest = hashlib.sha256()
        for name, part in sorted(self._model.state_dict().items()):
            digest.update(name.encode() + part.detach().cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    def candidates(self, request: Request, seed: int) -> Iterator[str]:
        """Some replies, drawn one after the other."""
        if request.kind not in self._kinds:
            return
        rng = random.Random(seed)
        for _ in range(CANDIDATES):
            pattern = joined(self.draw(request, rng))
            try:
                yield fill(pattern, request)
            except (IndexError, KeyError):
                yield pattern  # a name that is not to be said, which the verifier sees

    def draw(self, request: Request, rng: random.Random) -> list[str]:
        """Tokens of one pattern."""
        import torch

        asked = torch.tensor([[self._words.place.get(token, UNKNOWN) for token in asked_of(request)]])
        with torch.inference_mode():
            read = self._model.encoder(input_ids=asked)
            last, past, tokens = torch.tensor([[PAD]]), None, list[str]()
            for _ in range(LONGEST):
                out = self._model(
                    encoder_outputs=read, decoder_input_ids=last, past_key_values=past, use_cache=True
                )  # fmt: skip
                past = out.past_key_values
                place = self._sampled(out.logits[0, -1], rng)
                if place == END:
                    break
                tokens.append(self._words.said[place])
                last = torch.tensor([[place]])
        return tokens

    def _sampled(self, logits: "torch.Tensor", rng: random.Random) -> int:
        """A token among those that together make up most of the probability."""
        scores = logits[: len(self._words.said)].double().numpy() / self.config.temperature
        chances = np.exp(scores - scores.max())
        chances[[PAD, UNKNOWN]] = 0.0
        chances /= chances.sum()
        return nucleus(chances, self.config.top, rng)

    def save(self, folder: Path) -> None:
        """Keep the model in a folder."""
        arrays = safetensors.numpy.save(
            {
                name: np.ascontiguousarray(part.detach().cpu().numpy().astype(np.float16))
                for name, part in self._model.state_dict().items()
                if name not in _TIED
            }
        )
        meta = {
            "schema_version": SCHEMA_VERSION, "config": vars(self.config), "said": self._words.said,
            "asked": self._words.asked, **self.provenance, "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
        }  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / ARRAYS) as unfinished:
            unfinished.write_bytes(arrays)
        with written_whole(folder / META) as unfinished:
            unfinished.write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


_TIED = frozenset({"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"})
"""Weights that are those of the shared embedding."""


def _made(words: Words, config: WordsConfig) -> "T5ForConditionalGeneration":
    from transformers import T5Config, T5ForConditionalGeneration

    shape = T5Config(
        vocab_size=len(words), d_model=config.width, d_kv=config.width // config.heads, d_ff=2 * config.width,
        num_layers=config.layers, num_decoder_layers=config.layers, num_heads=config.heads, dropout_rate=0.05,
        feed_forward_proj="gated-gelu", pad_token_id=PAD, eos_token_id=END,
    )  # fmt: skip
    shape.decoder_start_token_id = PAD
    return T5ForConditionalGeneration(shape)


def train(
    requests: Sequence[Request],
    config: WordsConfig | None = None,
    advance: Callable[[float], None] | None = None,
    provenance: Any = None,
    further: Mapping[str, Sequence[str]] = NO_MORE,
) -> Neural:
    """Learn to say requests like these.

    :param requests: examples of every kind, as many as there are shapes of it.
    :param advance: told the loss after each step.
    :param further: verified patterns of some kinds, beside those of the grammar.
    """
    import torch

    config = config or WordsConfig()
    torch.manual_seed(config.seed)
    rng = random.Random(config.seed)
    words = Words.of(requests, further)
    model = _made(words, config)
    read, said = _examples(requests, words, config, rng, further)
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, config.steps)
    order = np.random.default_rng(config.seed)
    model.train()
    for _ in range(config.steps):
        rows = order.integers(len(read), size=config.batch)
        labels = torch.from_numpy(np.where(said[rows] == PAD, -100, said[rows]))
        inputs = torch.from_numpy(read[rows])
        loss = model(input_ids=inputs, attention_mask=(inputs != PAD).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if advance:
            advance(float(loss.detach()))
    return Neural(model, words, config, provenance or {})


def _examples(
    requests: Sequence[Request], words: Words, config: WordsConfig, rng: random.Random,
    further: Mapping[str, Sequence[str]],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Token numbers of requests and of ways to say them, shapes (B, T), padded."""
    by_kind: dict[str, list[Request]] = {}
    for request in requests:
        by_kind.setdefault(request.kind, []).append(request)
    read, said = [], []
    for kind, own in sorted(by_kind.items()):
        for _ in range(config.variations):
            request, more = rng.choice(own), further.get(kind)
            pattern = rng.choice(more) if more and rng.random() < FURTHER else next(verified(request, rng))
            tokens = tokens_of(pattern)
            read.append([words.place[token] for token in asked_of(request)])
            said.append([*(words.place[token] for token in tokens), END])
    return _padded(read), _padded(said)


def _padded(rows: Sequence[Sequence[int]]) -> np.ndarray:
    array = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for place, row in enumerate(rows):
        array[place, : len(row)] = row
    return array


def load(folder: Path | None = None) -> Neural:
    """Read a model that was kept; the one that comes with the package if none is named.

    :raises DataError: when it is missing, damaged or of another version.
    """
    import torch

    folder = folder or Path(str(files("dialogs"))) / "generation" / "words"
    mend = "train it again: convrec train-words --out FOLDER"
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        raw = (folder / ARRAYS).read_bytes()
        if meta["schema_version"] != SCHEMA_VERSION or meta["arrays_sha256"] != hashlib.sha256(raw).hexdigest():
            raise DataError(f"{folder}: damaged, or of another version; {mend}")
        words, config = Words(tuple(meta["said"]), tuple(meta["asked"])), WordsConfig(**meta["config"])
        arrays = {name: torch.from_numpy(part.astype(np.float32)) for name, part in safetensors.numpy.load(raw).items()}
        model = _made(words, config)
        missing = model.load_state_dict(arrays, strict=False)
        if set(missing.missing_keys) - _TIED or missing.unexpected_keys:
            raise ValueError("weights are missing")
        model.tie_weights()
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); {mend}") from error
    except (KeyError, RuntimeError, TypeError, ValueError, safetensors.SafetensorError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{folder}: not the words of a generator ({lines[0]}); {mend}") from error
    known = {"schema_version", "config", "said", "asked", "arrays_sha256"}
    return Neural(model, words, config, {name: value for name, value in meta.items() if name not in known})
