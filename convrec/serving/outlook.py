"""What the agent thinks where a talk stands: how many items are still likely, which of them, and what changed that.

A function of what was said, like all else: nothing of it is kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from dialogs.acts import TELLING, Farewell
from dialogs.acts_in_words import Names, heard_in_words
from dialogs.agent import Agent
from dialogs.conversation import Conversation, Exchange
from dialogs.phrases import noun_of
from graph.belief import EmptyBeliefError

HELD = 0.95
"""Share of the belief that so many items hold together."""

SHOWN_TOP = 5
SHOWN_MOVED = 3
"""Items shown that an answer has moved most, up and down."""

LEAST_MOVED = 0.0005
"""Share by which an item has to have moved to be shown: less is written as nothing."""


class Believed(BaseModel):
    """One item and its share of the belief."""

    title: str
    share: float


class Moved(BaseModel):
    """One item, and its share before and after an answer."""

    title: str
    before: float
    after: float


class Change(BaseModel):
    """What the last answer has changed."""

    told: str
    """What was taken in, in words."""
    before: int
    """About how many items were likely."""
    after: int
    up: list[Moved]
    down: list[Moved]


class Outlook(BaseModel):
    """What the agent thinks."""

    noun: str
    """What the items are called: "film"."""
    items: int
    """Items that may be shown."""
    likely: int
    """About how many are still likely: two to the entropy of the belief."""
    held: int
    """Fewest items that hold :data:`HELD` of the belief together."""
    top: list[Believed]
    path: list[int]
    """How many were likely before the first answer, and after each."""
    change: Change | None
    """None where nothing has been told yet."""


def look(agent: Agent, conversation: Conversation) -> Outlook:
    """What the agent thinks where a conversation stands."""
    catalogue = agent.world.catalogue
    names = Names(catalogue)
    numbers = [number for number, each in enumerate(conversation.exchanges) if each.tells and not _takes(each)]
    # Each belief goes on from the one before it, so the whole way costs little more than its end.
    beliefs = list(_beliefs(agent, conversation, numbers))
    path = [_likely(each) for each in beliefs]
    now = beliefs[-1]
    change = None
    if numbers:
        told = [act for act in conversation.exchanges[numbers[-1]].heard if isinstance(act, TELLING)]
        moved: dict[str, Any] = _moved(names, beliefs[-2], now)
        change = Change(told=heard_in_words(names, told), before=path[-2], after=path[-1], **moved)
    top = np.argsort(-now, kind="stable")[:SHOWN_TOP]
    return Outlook(
        noun=noun_of(catalogue), items=_n_eligible(agent), likely=path[-1], held=_held(now), path=path, change=change,
        top=[Believed(title=names.item(int(item)), share=round(float(now[item]), 5)) for item in top if now[item] > 0],
    )  # fmt: skip


def _beliefs(agent: Agent, conversation: Conversation, numbers: Sequence[int]) -> Iterator[NDArray[np.float64]]:
    """Belief in each item before the first answer, and after each, shape (V,); zeros where nothing is left."""
    exchanges = conversation.exchanges
    for before, heard in ((0, ()), *((number, exchanges[number].heard) for number in numbers)):
        try:
            belief = agent.belief(agent.memory(Conversation(exchanges[:before]), heard))
        except EmptyBeliefError:
            yield np.zeros(agent.world.catalogue.n_items)
        else:
            yield belief.probabilities[0].astype(np.float64)


def _takes(exchange: Exchange) -> bool:
    """Whether an item was taken: that ends a talk, and changes nothing of what was believed before."""
    return isinstance(exchange.move, Farewell) and exchange.move.found is not None


def _likely(belief: NDArray[np.float64]) -> int:
    some = belief[belief > 0]
    return round(2.0 ** float(-(some * np.log2(some)).sum())) if len(some) else 0


def _held(belief: NDArray[np.float64]) -> int:
    if not belief.any():
        return 0
    held = np.cumsum(-np.sort(-belief))
    return min(int(np.searchsorted(held, HELD * held[-1])) + 1, len(belief))


def _moved(names: Names, before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, list[Moved]]:
    by = after - before
    order = np.argsort(by, kind="stable")

    def told(items: NDArray[np.intp]) -> list[Moved]:
        return [
            Moved(title=names.item(item), before=round(float(before[item]), 5), after=round(float(after[item]), 5))
            for item in items.tolist() if abs(by[item]) >= LEAST_MOVED
        ]  # fmt: skip

    up, down = order[::-1][:SHOWN_MOVED], order[:SHOWN_MOVED]
    return {"up": told(up[by[up] > 0]), "down": told(down[by[down] < 0])}


def _n_eligible(agent: Agent) -> int:
    eligible = agent.world.eligible
    return agent.world.catalogue.n_items if eligible is None else int(eligible.sum())
