"""Why an item, why a question: what would be different without each thing that was said.

Exact: the belief is computed anew with one act unsaid, and nothing is estimated.
Legend: V items.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dialogs.acts import (
    Affirm,
    Ask,
    Critique,
    Deny,
    Dislike,
    ExplainItem,
    ExplainQuestion,
    Inform,
    Like,
    Reason,
    Taste,
    UserAct,
)
from dialogs.conversation import Conversation, Memory, without
from graph.answers import answer_information
from graph.belief import Belief

if TYPE_CHECKING:
    from dialogs.agent import Agent

LEAST_WEIGHT = 0.1
"""Log-odds that are worth a word."""


def explain_item(agent: "Agent", conversation: Conversation, item: int) -> ExplainItem:
    """What speaks for an item, strongest first: the log-odds it would lack if something had not been said."""
    whole = _log_odds(agent, conversation, item)
    reasons = []
    for number, exchange in enumerate(conversation.exchanges):
        on_table = Conversation(conversation.exchanges[:number]).on_table
        for place, act in enumerate(exchange.heard):
            said = _plainly(act, on_table)
            if said is None:
                continue
            unsaid = Conversation(without(conversation.exchanges, number, place))
            weight = whole - _log_odds(agent, unsaid, item)
            if weight >= LEAST_WEIGHT:
                reasons.append(Reason(said=said, weight=round(weight, 4)))
    reasons += _tastes(agent, conversation, item, whole)
    reasons.sort(key=lambda reason: -reason.weight)
    return ExplainItem(item=item, reasons=tuple(reasons))


def _tastes(agent: "Agent", conversation: Conversation, item: int, whole: float) -> list[Reason]:
    """The taste that the item serves, where the person is known to have several: all of its likes are unsaid at once.

    Likes that are spoken of in the conversation stand for themselves.
    """
    memory, tastes = agent.memory(conversation), agent.world.tastes
    taste = None if tastes is None else tastes.behind(memory.profile, item)
    if taste is None or not taste.examples:
        return []
    unliked = replace(memory, profile=memory.profile.keep_events(~taste.events))
    weight = whole - _log_odds_of(agent, unliked, item)
    if weight < LEAST_WEIGHT:
        return []
    attribute = None if taste.label is None else taste.label.attribute
    return [Reason(said=Taste(examples=taste.examples, attribute=attribute), weight=round(weight, 4))]


def _plainly(act: UserAct, on_table: object) -> Inform | Like | Dislike | Critique | None:
    """What an act says by itself; of a yes or a no, what it was about, where that was one thing."""
    if isinstance(act, Inform | Like | Dislike | Critique):
        return act
    if isinstance(act, Affirm | Deny) and isinstance(on_table, Ask) and len(on_table.options) == 1:
        return Inform(attribute=on_table.options[0], holds=isinstance(act, Affirm), confidence=act.confidence)
    return None


def _log_odds(agent: "Agent", conversation: Conversation, item: int) -> float:
    return _log_odds_of(agent, agent.memory(conversation), item)


def _log_odds_of(agent: "Agent", memory: Memory, item: int) -> float:
    belief = agent.belief(memory)
    weights = belief.log_weights[0].astype(np.float64)
    others = np.delete(weights, item)
    return float(weights[item] - np.logaddexp.reduce(others))


def explain_question(belief: Belief, asked: Ask) -> ExplainQuestion:
    """What an answer would tell."""
    entropy = float(belief.entropy()[0])
    bits = question_bits(belief, asked)
    shares = belief.attribute_masses[0, list(asked.options)]
    return ExplainQuestion(
        options=asked.options, shares=tuple(float(np.clip(share, 0.0, 1.0)) for share in shares),
        candidates=max(1, round(2**entropy)), after=max(1, round(2 ** max(entropy - bits, 0.0))),
    )  # fmt: skip


def question_bits(belief: Belief, asked: Ask) -> float:
    """Bits expected from the answer to one question, about the first dialogue of a belief."""
    catalogue, model = belief.catalogue, belief.models[0][1]
    options = np.array(asked.options, np.int32)
    chances = belief.probabilities[0].astype(np.float64)
    likely = np.flatnonzero(chances)
    facet = int(catalogue.attribute_facet[options[0]])
    holds = catalogue.item_attributes.contains(likely[:, None], options[None, :])
    places = (holds << np.arange(len(options))).sum(axis=1)
    places[catalogue.unknown_items.contains(np.array([facet]), likely)] = 2 ** len(options)
    states = np.bincount(places, chances[likely], 2 ** len(options) + 1)
    channel = model.naming_channel if asked.naming else model.picking_channel
    return float(answer_information((states / states.sum())[None], channel(options[None]))[0])
