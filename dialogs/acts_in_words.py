"""Acts in words, for people who look on: what a button meant, what the agent did."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from dialogs.acts import (
    AgentAct,
    Ask,
    Clarify,
    Critique,
    Dislike,
    ExplainItem,
    ExplainQuestion,
    Farewell,
    Inform,
    Like,
    Noted,
    Recommend,
    Taste,
    Unclear,
    Undone,
    UserAct,
)
from dialogs.phrases import comparison, kinds, phrase
from graph.catalogue import Catalogue
from graph.printable import printable

ENDINGS = MappingProxyType({
    "found": "found", "left": "left", "turns": "out of turns", "nothing-left": "nothing left to show",
})  # fmt: skip
"""How a dialogue ended, by the reason of its farewell."""

_OF_USER = MappingProxyType({
    "affirm": "yes", "deny": "no", "sort-of": "sort of", "dont-know": "I don't know", "dont-care": "I don't care",
    "undo": "take that back", "restart": "start over", "defer": "let me think", "fragment": "…",
    "greet": "hello", "leave": "goodbye", "nothing": "(silence)", "why": "why?",
})  # fmt: skip
"""User acts that name nothing."""

_OF_ITEM = MappingProxyType({
    "accept": "I take {}", "seen": "I know {}", "like": "I like {}", "dislike": "I don't like {}", "why": "why {}?",
})  # fmt: skip
"""User acts about one item."""

_OF_AGENT = MappingProxyType({"welcome": "says hello", "wait": "waits", "restarted": "begins anew"})
"""Agent acts that name nothing."""

_VERDICTS = MappingProxyType({"seen": "is known", "like": "is liked", "dislike": "is not liked"})


class Names:
    """What items and attributes are called.

    :param catalogue: None where the one that was talked about is not at hand: then places are told as numbers.
    """

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue

    def item(self, item: int) -> str:
        """Such as "Heat (1995)"."""
        return f"item {item}" if self._catalogue is None else printable(self._catalogue.describe_item(item))

    def attribute(self, attribute: int) -> str:
        """Such as "genre: Horror"."""
        known = self._catalogue
        return f"attribute {attribute}" if known is None else printable(known.describe_attribute(attribute))

    def wish(self, attribute: int) -> str:
        """Such as "a film of the genre Horror"."""
        known = self._catalogue
        return f"attribute {attribute}" if known is None else printable(phrase(known, attribute))

    def kinds(self, attribute: int) -> str:
        """Such as "films of the genre Horror"."""
        known = self._catalogue
        return f"attribute {attribute}" if known is None else printable(kinds(known, attribute))

    def change(self, attribute: int, direction: int) -> str:
        """Such as "older"."""
        if self._catalogue is None:
            return f"{'after' if direction > 0 else 'before'} attribute {attribute}"
        return printable(comparison(self._catalogue, attribute, direction))

    def options(self, attributes: Sequence[int]) -> str:
        """Such as "genre: Horror, Drama"."""
        if self._catalogue is None:
            return ", ".join(self.attribute(each) for each in attributes)
        facet = self._catalogue.facets[self._catalogue.attribute_facet[attributes[0]]].name
        return printable(f"{facet}: {', '.join(self._catalogue.attribute_names[each] for each in attributes)}")


def heard_in_words(names: Names, acts: Iterable[UserAct]) -> str:
    """What a person did with one message or button, in their own words."""
    return "; ".join(user_act_in_words(names, act) for act in acts)


def says_in_words(names: Names, acts: Iterable[AgentAct]) -> str:
    """What the agent did then."""
    return "; ".join(agent_act_in_words(names, act) for act in acts)


def user_act_in_words(names: Names, act: UserAct) -> str:
    """One thing a person did, in their own words."""
    if isinstance(act, Inform):
        wish = names.wish(act.attribute)
        return f"sort of {wish}" if act.graded else wish if act.holds else f"not {wish}"
    if isinstance(act, Critique):
        return f"like {names.item(act.item)}, but {names.change(act.attribute, act.direction)}"
    if isinstance(act, Unclear):
        return f"(not understood{_perhaps(names, act.meanings)})"
    item = getattr(act, "item", None)
    return _OF_USER[act.act] if item is None else _OF_ITEM[act.act].format(names.item(item))


def agent_act_in_words(names: Names, act: AgentAct) -> str:
    """One thing the agent did, told of a third."""
    if isinstance(act, Ask):
        if len(act.options) == 1:
            return f"asks for {names.options(act.options)}"
        return f"asks for {names.options(act.options)} ({'one' if act.naming else 'all that fit'})"
    if isinstance(act, Recommend):
        return f"shows {', '.join(names.item(item) for item in act.items)}"
    if isinstance(act, Farewell):
        return f"says goodbye: {ending_in_words(names, act)}"
    if isinstance(act, ExplainItem):
        reasons = "; ".join(_reason_in_words(names, reason.said) for reason in act.reasons)
        return f"explains {names.item(act.item)}: {reasons or 'many look for it'}"
    if isinstance(act, ExplainQuestion):
        return f"explains the question: about {act.candidates:,} left, {act.after:,} after an answer"
    if isinstance(act, Clarify):
        asked = "which one is meant" if act.about == "which" else "what is meant"
        return f"asks {asked}{_perhaps(names, act.meanings)}"
    if isinstance(act, Undone):
        return "takes it back" if act.anything else "has nothing to take back"
    if isinstance(act, Noted):
        return f"notes that {names.item(act.item)} {_VERDICTS[act.verdict]}"
    return _OF_AGENT[act.act]


def _reason_in_words(names: Names, said: Inform | Like | Dislike | Critique | Taste) -> str:
    if isinstance(said, Taste):
        liked = ", ".join(names.item(item) for item in said.examples)
        of = "" if said.attribute is None else f" {names.kinds(said.attribute)}:"
        return f"a taste for{of} {liked}"
    return user_act_in_words(names, said)


def ending_in_words(names: Names, farewell: Farewell) -> str:
    """How a dialogue ended: "found Heat (1995)"."""
    return ENDINGS[farewell.reason] if farewell.found is None else f"found {names.item(farewell.found)}"


def _perhaps(names: Names, meanings: Sequence[Inform | Like | Dislike]) -> str:
    return f": {' or '.join(user_act_in_words(names, each) for each in meanings)}?" if meanings else ""
