"""What the network is fed: names, sizes and order of every number, and a hash that tells when two layouts differ.

Legend: Q question slots, I item slots, K = Q + I + 1 slots, m options, A answered nodes, R refused nodes, M nodes.
"""

import hashlib
import json

from graph.answers import Answer
from simulator.candidates import ActionSpace
from simulator.environments.observations import CONTEXT_FEATURES, SLOT_FEATURES
from simulator.timing import Event

MOST_OPTIONS = 4
"""Options of a question there is room for (m)."""

N_ANSWERED = 8
"""Answered attributes that are nodes of the state graph: the latest (A)."""

N_REFUSED = 3
"""Refused lists that are nodes of the state graph, each by its first item: the latest (R)."""

N_STEPS = 16
"""Steps of the history that are looked at: the latest (T)."""

BITS = 8.0
"""Bits that count as one where values are fed to the network."""

SLOTS = (
    *SLOT_FEATURES, "value by the rule", "behind the best", "missed", "imagined", "silence", "unknown", "options",
)  # fmt: skip
"""Features of each slot: those of :data:`simulator.environments.observations.SLOT_FEATURES`, what the gain rule makes
of it, and how far answers to it can be trusted."""

MOMENT = (*CONTEXT_FEATURES, "trust", "refused in vain", "latest refused", "binary", "facet", "multi")
"""Features of the moment, for the user's node."""

ANSWERED = (
    *(f"answered {answer.name.lower()}" for answer in Answer), "unasked", "recent", "mass", "missed", "imagined",
)  # fmt: skip
"""Features of each answered attribute."""

REFUSED = ("recent", "mass", "chance")
"""Features of each refused list."""

STEPS = (
    "asks", "recommends", "waits", *(f"answered {answer.name.lower()}" for answer in Answer), "options", "confidence",
    "list", "chance", "deferred", "settled", "volunteered", "criticised", "ticks",
    *(f"then {event.name.lower()}" for event in Event), "then typing", "then completeness",
)  # fmt: skip
"""Features of each step of the history."""

RELATIONS = ("has", "may have", "alike", "believed")
"""Kinds of edges of the state graph: item and attribute it has; item and attribute of a facet unknown for it;
attributes of one facet, and items by the share of attributes they have in common; user and everything, by belief."""

OF_BELIEF = {
    "slots": (SLOTS, ("bits", "mass", "list mass", "value by the rule", "behind the best", "unknown")),
    "moment": (MOMENT, ("entropy", "best bits", "list mass", "trust", "refused in vain", "latest refused")),
    "answers": (ANSWERED, ("mass",)),
    "refusals": (REFUSED, ("mass", "chance")),
    "steps": (STEPS, ("chance",)),
}
"""By part of what the network is fed: its features, and those of them that tell what is believed."""


def n_nodes(space: ActionSpace) -> int:
    """Nodes of the state graph (M): the user, every slot, what was answered, what was refused."""
    return 1 + space.n_slots + N_ANSWERED + N_REFUSED


def layout_hash(space: ActionSpace) -> str:
    """Differs when what the network is fed, or where its slots are, differs."""
    layout = {
        "slots": SLOTS, "moment": MOMENT, "answered": ANSWERED, "refused": REFUSED, "steps": STEPS,
        "relations": RELATIONS, "bits": BITS,
        "sizes": [MOST_OPTIONS, N_ANSWERED, N_REFUSED, N_STEPS, space.n_ask, space.n_recommend, space.list_length],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(layout).encode()).hexdigest()[:16]
