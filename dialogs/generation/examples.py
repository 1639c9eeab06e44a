"""Acts of every kind about anything in a catalogue, without end: to learn from, to measure and to test with."""

import random
from collections.abc import Callable, Iterator

import numpy as np

from dialogs.acts import (
    AgentAct,
    Ask,
    Clarify,
    Dislike,
    ExplainItem,
    ExplainQuestion,
    Farewell,
    Inform,
    Like,
    Noted,
    Reason,
    Recommend,
    Restarted,
    Undone,
    Welcome,
)
from dialogs.generation.requests import Request, request_of
from graph.catalogue import Catalogue

MOST_REASONS = 4


def acts(catalogue: Catalogue, seed: int) -> Iterator[AgentAct]:
    """Acts of every kind, all kinds alike often."""
    rng = random.Random(seed)
    of_facet = [np.flatnonzero(catalogue.attribute_facet == facet).tolist() for facet in range(catalogue.n_facets)]
    facets = [own for own in of_facet if own]

    def item() -> int:
        return rng.randrange(catalogue.n_items)

    def options(count: int) -> tuple[int, ...]:
        own = rng.choice(facets)
        chosen = rng.sample(own, min(count, len(own)))
        return tuple(sorted(chosen) if catalogue.facets[catalogue.attribute_facet[own[0]]].ordered else chosen)

    def said() -> Inform | Like | Dislike:
        kinds: list[Inform | Like | Dislike] = [
            Inform(attribute=options(1)[0], holds=rng.random() < 0.6), Like(item=item()), Dislike(item=item()),
        ]  # fmt: skip
        return rng.choice(kinds)

    def reasons() -> tuple[Reason, ...]:
        return tuple(Reason(said=said(), weight=1.0) for _ in range(rng.randrange(MOST_REASONS + 1)))

    def narrowed() -> ExplainQuestion:
        before = int(np.exp(rng.uniform(0.0, 10.0)))
        after = max(1, round(before * rng.uniform(0.1, 1.0)))
        return ExplainQuestion(options=options(1), shares=(0.1,), candidates=before, after=after)

    kinds: list[Callable[[], AgentAct]] = [
        Welcome, Restarted,
        lambda: Ask(options=options(1)), lambda: Ask(options=options(4)), lambda: Ask(options=options(4), naming=True),
        lambda: Recommend(items=tuple(item() for _ in range(rng.choice([1, 2, 3, 4, 10]))), chance=0.5),
        lambda: Farewell(found=item()), lambda: Farewell(reason=rng.choice(["left", "turns", "nothing-left"])),
        lambda: ExplainItem(item=item(), reasons=reasons()),
        narrowed,
        lambda: Clarify(about=rng.choice(["words", "which"])),
        lambda: Clarify(meanings=tuple(Inform(attribute=options(1)[0]) for _ in range(rng.choice([2, 3])))),
        lambda: Undone(anything=rng.random() < 0.5),
        lambda: Noted(item=item(), verdict=rng.choice(["seen", "like", "dislike"])),
    ]  # fmt: skip
    while True:
        yield rng.choice(kinds)()


def requests(catalogue: Catalogue, count: int, seed: int = 0) -> Iterator[Request]:
    """What is to be said for so many of them."""
    for _, act in zip(range(count), acts(catalogue, seed), strict=False):
        request = request_of(catalogue, act)
        assert request is not None
        yield request
