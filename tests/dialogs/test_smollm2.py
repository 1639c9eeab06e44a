"""SmolLM2: a tiny Llama of random weights shows how it works, the real one, where it was fetched, what it says."""

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from dialogs.generation import registry
from dialogs.generation.examples import requests
from dialogs.generation.neural import Words, WordsConfig, train
from dialogs.generation.smollm2.generator import Manner, SmolLM2, load
from dialogs.generation.smollm2.llama import Bytes, Llama, packed, unpacked
from dialogs.generation.smollm2.paraphrasing import paraphrases
from dialogs.generation.smollm2.places import META, folder_in, is_whole
from dialogs.generation.smollm2.wording import STAND_INS, Begun, Wording, shown, stand_in
from dialogs.generation.speaker import Speaker
from dialogs.generation.templates import PATTERNS, fill
from dialogs.generation.verifier import problems
from graph.errors import DataError
from graph.places import Places
from tests.dialogs.cinema import cinema

CACHE = Places.from_environment().cache
needs_weights = pytest.mark.skipif(
    not (folder_in(CACHE) / META).is_file(), reason="no weights of smollm2; get them: convrec data fetch smollm2"
)

CONFIG = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10_000.0, "max_position_embeddings": 2048,
    "vocab_size": 128, "tie_word_embeddings": True,
}  # fmt: skip


def letters(text: str) -> list[int]:
    """A tokenizer with a token for each letter."""
    return [ord(char) for char in text]


@cache
def reference() -> LlamaForCausalLM:
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**CONFIG))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.copy_(torch.randn(weights.shape) * 0.3 + ("norm" in name))
    return model.eval()  # type: ignore[no-any-return,no-untyped-call]


def arrays() -> dict[str, np.ndarray]:
    return {name: each.numpy() for name, each in reference().state_dict().items() if name != "lm_head.weight"}


@cache
def tiny() -> Llama:
    return Llama(CONFIG, arrays())


def scores_of(model: Llama, tokens: Sequence[int], parts: Sequence[int]) -> np.ndarray:
    """Scores after a text that was read in so many pieces."""
    read, said = model.nothing().followed_by(len(tokens)), None
    for part in np.split(np.array(tokens), parts):
        said = model.read(part.tolist(), read)
    assert said is not None
    assert read.length == len(tokens)
    return model.scores(said)


def test_it_computes_what_transformers_computes() -> None:
    """The reference gets the rounded weights, so that nothing but the computation can differ."""
    rounded = LlamaForCausalLM(LlamaConfig(**CONFIG))
    exact = {name: torch.from_numpy(each) for name, each in unpacked(packed(arrays())).items()}
    rounded.load_state_dict(exact, strict=False)
    rounded.tie_weights()
    tokens = np.random.default_rng(0).integers(128, size=40).tolist()
    with torch.inference_mode():
        wanted = rounded(torch.tensor([tokens])).logits[0, -1].numpy()
    assert scores_of(tiny(), tokens, []) == pytest.approx(wanted, abs=1e-3)


def test_bytes_come_near_exact_weights() -> None:
    tokens = np.random.default_rng(1).integers(128, size=40).tolist()
    with torch.inference_mode():
        wanted = reference()(torch.tensor([tokens])).logits[0, -1].numpy()
    found = scores_of(tiny(), tokens, [])
    assert np.corrcoef(found, wanted)[0, 1] > 0.99
    matrix = np.random.default_rng(2).normal(size=(5, 64)).astype(np.float32)
    steps = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert (np.abs(Bytes.of(matrix)[range(5)] - matrix) <= steps * 0.5001).all()


@pytest.mark.parametrize("parts", [[1], [20], [39], [10, 11, 12], [30, 33]])
def test_reading_on_is_reading_anew(parts: list[int]) -> None:
    tokens = np.random.default_rng(3).integers(128, size=40).tolist()
    assert scores_of(tiny(), tokens, parts) == pytest.approx(scores_of(tiny(), tokens, []), abs=1e-3)


def test_what_was_read_is_not_changed_by_reading_on() -> None:
    read = tiny().nothing().followed_by(10)
    tiny().read(list(range(10)), read)
    again = []
    for _ in range(2):
        on = read.followed_by(3)
        tiny().read([50, 51], on)
        again.append(tiny().scores(tiny().read([52], on)))
        assert read.length == 10
    assert again[0].tolist() == again[1].tolist()


def any_manner(**changes: float) -> Manner:
    """Lets pass whatever a model of random weights says."""
    return Manner(**({"least": 0.0, "likely": -1e9, "longest": 250, "top": 1.0} | changes))


@cache
def babbler() -> SmolLM2:
    """Letters at random, but for what the words of each kind allow."""
    return SmolLM2(tiny(), letters, "tiny", any_manner())


def test_the_same_seed_says_the_same_with_and_without_what_was_read_before() -> None:
    fresh = SmolLM2(tiny(), letters, "tiny", any_manner())
    for seed, request in enumerate(requests(cinema().catalogue, 2, 4)):
        first = list(babbler().candidates(request, seed))
        assert list(babbler().candidates(request, seed)) == first
        assert list(fresh.candidates(request, seed)) == first
    assert babbler().fingerprint == fresh.fingerprint
    assert babbler().fingerprint != SmolLM2(tiny(), letters, "other", any_manner()).fingerprint
    assert babbler().fingerprint != SmolLM2(tiny(), letters, "tiny", any_manner(top=0.5)).fingerprint


@pytest.mark.parametrize("kind", sorted(PATTERNS))
def test_whatever_is_drawn_the_words_are_the_verifiers(kind: str) -> None:
    """Chance says nonsense, but no name twice, none that is missing and no word that claims anything."""
    wording, request, rng, ended = Wording(kind, "film", letters), stand_in(kind, "film"), random.Random(kind), 0
    for _ in range(150):
        begun = Begun()
        while not wording.may_end(begun) and len(begun.units) < 60:
            begun = rng.choice(list(wording.next(begun).values()))
        if wording.may_end(begun):
            ended += 1
            found = [each.what for each in problems(fill(begun.pattern, request), request)]
            assert all(what.endswith(("in another order", "turns it around")) for what in found), begun.pattern
    assert ended > 8


@pytest.mark.parametrize("kind", sorted(PATTERNS))
def test_it_is_shown_verified_ways_to_say_a_thing(kind: str) -> None:
    lines = shown(kind, "film").splitlines()[1:-1]
    assert len(set(lines)) == len(lines) >= 2
    for line in lines:
        assert not problems(line.removeprefix("- "), stand_in(kind, "film")), line
    assert all(name in "".join(lines) for name in (STAND_INS[f] for f in Wording(kind, "film", letters).fields))


def test_names_are_copied_and_never_seen() -> None:
    (request,) = [each for each in requests(cinema().catalogue, 80, 3) if each.kind == "recommend-one"][:1]
    said = [text for seed in range(2) for text in babbler().candidates(request, seed) if text]
    assert said
    assert all(request.value("item1") in text and "Casablanca" not in text for text in said)


def test_at_a_loss_for_words_it_is_dropped_and_a_template_speaks() -> None:
    shy = SmolLM2(tiny(), letters, "tiny", any_manner(least=1.1))
    (request,) = requests(cinema().catalogue, 1, 5)
    assert list(shy.candidates(request, 0)) == [""] * shy.manner.candidates
    said = Speaker(cinema().catalogue, shy).say_one(request, 0)
    assert (said.generator, said.dropped) == ("template", shy.manner.candidates)
    unlikely = SmolLM2(tiny(), letters, "tiny", any_manner(likely=-0.01))
    assert set(unlikely.candidates(request, 0)) == {""}


def test_what_is_not_there_or_damaged_is_told_in_one_line(tmp_path: Path) -> None:
    assert "convrec data fetch smollm2" in (registry.lacks("smollm2", tmp_path) or "")
    with pytest.raises(DataError, match="convrec data fetch smollm2"):
        registry.make("smollm2", tmp_path)
    folder = folder_in(tmp_path)
    folder.mkdir()
    assert not is_whole(folder)
    (folder / META).write_text(json.dumps({"schema_version": 1}))
    assert not is_whole(folder)
    with pytest.raises(DataError, match=r"smollm2.*convrec data fetch smollm2"):
        load(folder)


@pytest.mark.slow
@needs_weights
def test_the_real_one_speaks_english_and_says_what_it_is_asked_to_say() -> None:
    model = load(folder_in(CACHE))
    speaker = Speaker(cinema().catalogue, model)
    asked = [request for request in requests(cinema().catalogue, 400, 7) if request.kind in ("ask-one", "noted-like")]
    said = [speaker.say_one(request, seed) for seed, request in enumerate(asked[:24])]
    assert all(not problems(each.text, request) for each, request in zip(said, asked, strict=False))
    assert sum(each.generator == "smollm2" for each in said) >= 18
    assert len({each.text.split(" ")[0] for each in said}) >= 4
    assert speaker.say_one(asked[0], 0).text == said[0].text


class Talker(SmolLM2):
    """Asks what it is told to."""

    def __init__(self, patterns: Sequence[str | None]) -> None:
        super().__init__(tiny(), letters, "talker")
        self._patterns = patterns

    def draw(self, kind: str, noun: str, rng: random.Random) -> str | None:
        return rng.choice(self._patterns) if kind == "ask-one" else None


def test_only_what_is_right_and_new_is_learned_further() -> None:
    right, wrong = "Shall it be {wish}?", "It is {wish}, and it won an Oscar?"
    known = "Should it be {wish}?"
    found = paraphrases(Talker([right, wrong, known, None]), 40, 0)
    assert found.new["ask-one"] == (right,)
    assert all(not own for kind, own in found.new.items() if kind != "ask-one")
    assert 0 < found.passed < found.tries == 40 * len(PATTERNS)
    asked = [each for each in requests(cinema().catalogue, 200, 0) if each.kind == "ask-one"]
    config = WordsConfig(width=32, layers=1, heads=2, steps=1, variations=20)
    more = train(asked, config, further={"ask-one": ("Zounds, shall it be {wish}?",)})
    assert "Zounds" in Words.of(asked, {"ask-one": ("Zounds, {wish}?",)}).said
    assert more.fingerprint != train(asked, config).fingerprint
