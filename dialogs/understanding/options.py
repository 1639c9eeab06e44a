"""Answers to a question with options, by number or by a name that is misspelt."""

from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from dialogs.acts import Ask, Deny, Inform, UserAct
from dialogs.understanding import words as said
from dialogs.understanding.places import places_in
from dialogs.understanding.plain import NUMBER, is_negation, negates
from dialogs.understanding.protocol import TYPED, Context
from dialogs.understanding.text import fold
from graph.catalogue import Catalogue

CLOSE_OPTION, MOST_WORDS = 80.0, 12
"""Likeness, of 100, from which words are taken for an option that was asked about; words of a clause that is tried."""


def numbered(tokens: Sequence[str], context: Context) -> Iterator[UserAct]:
    """Options of the question by their numbers; the number after the last means none of them."""
    asked = context.on_table
    if not isinstance(asked, Ask) or len(asked.options) < 2:
        return
    saying = said.FILLERS | said.EVERY | said.ORDINALS.keys() | {"last"}
    content = [token for token in tokens if token not in saying]
    if not all(NUMBER.fullmatch(token) or is_negation(token) for token in content):
        return
    count = len(asked.options)
    own = places_in(tokens, count)
    if not own and count + 1 in places_in([token for token in tokens if token not in said.EVERY], count + 1):
        yield Deny(confidence=TYPED)
    for place in own:
        yield Inform(attribute=asked.options[place - 1], holds=not negates(tokens), confidence=TYPED)


def misspelt(text: str, context: Context, catalogue: Catalogue) -> Iterator[UserAct]:
    """Options of the question that a clause names, letters aside.

    :param text: the clause, folded.
    """
    asked, words = context.on_table, text.split()
    if not isinstance(asked, Ask) or len(words) > MOST_WORDS:
        return
    names = {option: fold(catalogue.attribute_names[option]) for option in asked.options}
    exact = [option for option, name in names.items() if f" {name} " in f" {text} "]
    if exact or len(asked.options) < 2:
        return
    for option, name in names.items():
        size = len(name.split())
        parts = [" ".join(words[place : place + size]) for place in range(len(words) - size + 1)]
        likeness = [fuzz.ratio(name, part) for part in parts]
        if len(name) > 3 and likeness and max(likeness) >= CLOSE_OPTION:
            before = words[: likeness.index(max(likeness))]
            yield Inform(attribute=option, holds=not negates(before), confidence=0.9)
