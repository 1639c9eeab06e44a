"""Why an item: the taste that it serves."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dialogs.acts import AskWhy, ExplainItem
from dialogs.agent import Agent
from dialogs.generation.requests import request_of
from dialogs.generation.templates import Templates
from graph.affinity.personas.labels import Label
from graph.affinity.personas.tastes import Taste
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.protocol import OfProfiles
from graph.dataset import Dataset
from tests.dialogs.cinema import agent, attribute, cinema, film
from tests.dialogs.test_agent import until_list

HORROR = attribute("Horror")


class ContentAffinity(OfProfiles):
    """Scores by what was liked: three tenths of a nat for each attribute that an item shares with it."""

    name = "content"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(Histories(dataset))
        self.n_items = dataset.catalogue.n_items
        self._has = dataset.catalogue.item_attributes.to_scipy().toarray().astype(np.float32)

    def scores_of(self, profiles: Profiles) -> NDArray[np.float32]:
        return np.asarray(0.3 * (profiles.liked() @ self._has) @ self._has.T, np.float32)


class TasteForThisShelf:
    """Tells one taste apart, of the first two films that were liked."""

    def behind(self, profile: Profiles, item: int) -> Taste:
        events = np.isin(profile.items, profile.items[:2])
        return Taste(0, 1.0, Label(HORROR, 2.0, 0.9, 0.3), tuple(profile.items[:2].tolist()), events)


def test_why_names_the_taste_that_an_item_serves_by_what_it_is_worth() -> None:
    """All likes of the taste are unsaid at once; what is left unexplained is what the item would lack."""
    plain = agent()
    liked = plain.world.person.and_then(0, liked=[film("Alien"), film("Scream 2"), film("Up")])
    affinity = ContentAffinity(cinema())
    leader = Agent(replace(plain.world, affinity=affinity, profile=liked, tastes=TasteForThisShelf()))
    conversation = until_list(leader).conversation
    item = next(each for each in conversation.shown if each not in liked.items)
    explained = leader.step(conversation, (AskWhy(item=item),)).says[0]
    assert isinstance(explained, ExplainItem)
    (reason,) = (each for each in explained.reasons if each.said.act == "taste")
    assert reason.said.attribute == HORROR
    assert reason.said.examples == (film("Alien"), film("Scream 2"))

    def log_odds(profile: Profiles) -> float:
        other = Agent(replace(leader.world, profile=profile))
        chance = float(other.belief(other.memory(conversation)).probabilities[0, item])
        return float(np.log(chance / (1 - chance)))

    unliked = plain.world.person.and_then(0, liked=[film("Up")])
    assert reason.weight == pytest.approx(log_odds(liked) - log_odds(unliked), abs=1e-3)
    request = request_of(leader.world.catalogue, explained)
    assert request is not None
    said = next(iter(Templates().candidates(request, 0)))
    assert "you like films of the genre Horror, such as Alien" in said


def test_a_taste_that_speaks_for_nothing_is_not_named() -> None:
    plain = agent()
    liked = plain.world.person.and_then(0, liked=[film("Alien"), film("Scream 2"), film("Up")])
    leader = Agent(replace(plain.world, profile=liked, tastes=TasteForThisShelf()))  # popularity asks nobody
    conversation = until_list(leader).conversation
    explained = leader.step(conversation, (AskWhy(item=conversation.shown[0]),)).says[0]
    assert isinstance(explained, ExplainItem)
    assert "taste" not in {reason.said.act for reason in explained.reasons}
