"""The small T5: it learns to say things, spells no name, and what it gets wrong is not said."""

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from dialogs.generation.examples import requests
from dialogs.generation.neural import ARRAYS, META, Neural, WordsConfig, joined, load, tokens_of, train
from dialogs.generation.requests import Request
from dialogs.generation.speaker import Speaker
from dialogs.generation.variations import GRAMMAR, vary, verified
from dialogs.generation.verifier import problems
from graph.errors import DataError
from tests.dialogs.cinema import cinema

SMALL = WordsConfig(width=48, layers=1, heads=2, steps=300, batch=64, learning_rate=5e-3, variations=60)
KINDS = ("ask-one", "farewell-left", "noted-dislike")


def asked(count: int, seed: int) -> list[Request]:
    return [request for request in requests(cinema().catalogue, count, seed) if request.kind in KINDS]


@cache
def small() -> Neural:
    torch.set_num_threads(1)
    return train(asked(400, 0), SMALL)


def first_try(model: Neural) -> float:
    """Share of requests that are said rightly at once."""
    new = asked(400, 1)
    return float(np.mean([not problems(next(model.candidates(each, k)), each) for k, each in enumerate(new)]))


def test_the_grammar_has_many_verified_ways_to_say_everything() -> None:
    for seed, request in enumerate(requests(cinema().catalogue, 60, 2)):
        pattern = next(verified(request, random.Random(seed)))
        assert joined(tokens_of(pattern)) == pattern
    assert all(len({vary(kind, random.Random(seed)) for seed in range(300)}) >= 6 for kind in GRAMMAR)


def test_it_learns_and_an_untrained_one_knows_nothing() -> None:
    assert first_try(small()) > 0.6
    assert first_try(train(asked(400, 0), WordsConfig(**{**vars(SMALL), "steps": 1}))) < 0.1


def test_what_it_gets_wrong_is_not_said() -> None:
    confused = train(asked(400, 0), WordsConfig(**{**vars(SMALL), "steps": 40}))
    speaker = Speaker(cinema().catalogue, confused)
    said = [(request, speaker.say_one(request, seed)) for seed, request in enumerate(asked(200, 3))]
    assert all(not problems(each.text, request) for request, each in said)
    assert sum(each.dropped for _, each in said) > 10


def test_kinds_it_was_not_trained_on_are_left_to_templates() -> None:
    (request,) = [each for each in requests(cinema().catalogue, 60, 5) if each.kind == "restarted"][:1]
    assert list(small().candidates(request, 0)) == []
    assert Speaker(cinema().catalogue, small()).say_one(request, 0).generator == "template"


def test_it_is_kept_and_read_and_says_the_same(tmp_path: Path) -> None:
    small().save(tmp_path)
    model = load(tmp_path)
    again = load(tmp_path)
    for seed, request in enumerate(asked(60, 4)):
        assert list(model.candidates(request, seed)) == list(again.candidates(request, seed))
    assert model.fingerprint == again.fingerprint
    assert first_try(model) == pytest.approx(first_try(small()), abs=0.05)


@pytest.mark.parametrize("name", [ARRAYS, META])
def test_a_damaged_model_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    small().save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="train-words"):
        load(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path)
