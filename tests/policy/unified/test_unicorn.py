"""UNICORN: mended, each dialogue counts for itself; as published it does not; both know one catalogue only."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from graph.errors import DataError
from policy.bayes import BayesPolicy
from policy.unified.agent import UnifiedPolicy, tensors
from policy.unified.checkpoint import Agent, load, save
from policy.unified.network import CLOSED
from policy.unified.trust import HONEST
from policy.unified.unicorn import UnicornConfig, UnicornNetwork, edges_of, transe
from simulator.core import Rules
from tests.policy.unified.conftest import RULE, untrained
from tests.worlds import begin, city, town


@cache
def seen() -> dict[str, torch.Tensor]:
    """Twelve dialogues after three questions."""
    talk = begin(town(), np.arange(12))
    for _ in range(3):
        state = talk.state()
        talk.step(state, BayesPolicy(RULE).choose(state))
    state = talk.state()
    return tensors(untrained().encoder.encode(state, Rules()), state.catalogue)


def network(mended: bool, **switches: bool) -> UnicornNetwork:
    torch.manual_seed(0)
    catalogue = town().catalogue
    config = UnicornConfig(catalogue.n_items, catalogue.n_attributes, catalogue.vocabulary, mended)
    return UnicornNetwork(replace(config, **switches)).eval()


def of_first(made: UnicornNetwork, count: int) -> torch.Tensor:
    """Values of the first dialogue when so many are looked at together."""
    torch.manual_seed(1)
    with torch.inference_mode():
        return made.values({name: part[:count] for name, part in seen().items()})[0]


def test_mended_each_dialogue_counts_for_itself_and_as_published_it_does_not() -> None:
    assert torch.allclose(of_first(network(True), 1), of_first(network(True), 12), atol=1e-5)
    published = network(False, dropout=0.0)
    assert not torch.allclose(of_first(published, 1), of_first(published, 12), atol=1e-3)


def test_as_published_it_acts_with_dropout_and_mended_it_does_not() -> None:
    with torch.inference_mode():
        mended, published = network(True), network(False)
        assert torch.equal(mended.values(seen()), mended.values(seen()))
        assert not torch.equal(published.values(seen()), published.values(seen()))


def test_as_published_the_answers_only_count_together() -> None:
    swapped = dict(seen())
    order = [1, 0, *range(2, swapped["answered"].shape[1])]
    swapped["answers"] = swapped["answers"][:, order]
    with torch.inference_mode():
        published = network(False, dropout=0.0)
        assert torch.equal(published(seen())[1], published(swapped)[1]), "yes and no are the same to it"
        assert not torch.equal(network(True)(seen())[1], network(True)(swapped)[1])


def test_closed_slots_are_never_taken_and_what_is_switched_off_is_closed() -> None:
    with torch.inference_mode():
        values = network(True).values(seen())
        assert ((values == CLOSED) == (seen()["mask"] == 0)).all()
        assert (network(True, may_wait=False).values(seen())[:, -1] == CLOSED).all()


def test_padding_says_nothing() -> None:
    """The embedding of nothing stays zero, and rows without an answer are not read."""
    made = network(True)
    other = {
        **seen(),
        "answers": torch.where(seen()["answered"][:, :, None] < 0, 7.0, seen()["answers"].double()).float(),
    }
    with torch.inference_mode():
        padded = (seen()["answered"] < 0).any(dim=1)
        assert padded.any()
        # Messages reach no other node either: nothing is connected to what is not there.
        assert torch.allclose(made(seen())[0], made(other)[0], atol=1e-5)


def test_transe_puts_items_near_what_they_have() -> None:
    items, attributes = transe(city(), seed=0, epochs=120)
    has_items, has_attributes = edges_of(city().catalogue)
    shift = (attributes[has_attributes] - items[has_items]).mean(dim=0)
    rng = np.random.default_rng(0)
    apart = (items[has_items] + shift - attributes[has_attributes]).abs().sum(dim=1)
    by_lot = (items[has_items] + shift - attributes[rng.permutation(has_attributes)]).abs().sum(dim=1)
    assert (apart < by_lot).float().mean() > 0.7


def test_it_is_kept_and_bound_to_its_catalogue(tmp_path: Path) -> None:
    made = network(True)
    save(Agent(made, untrained().encoder, replace(HONEST, hears_no=False)), tmp_path / "agent")
    again = load(tmp_path / "agent")
    assert isinstance(again.network, UnicornNetwork)
    assert not again.rates.hears_no
    with torch.inference_mode():
        assert torch.equal(again.network.values(seen()), made.values(seen()))
    policy = UnifiedPolicy(again.network, again.encoder, again.rates, Rules())
    assert not policy.answer_model(town().catalogue).hears_no
    with pytest.raises(DataError, match="bound to another catalogue"):
        policy.answer_model(city().catalogue)
