"""What is said of items on show: the second one, seen 1 and 3, like the third but older, too long."""

from collections.abc import Iterator, Sequence

from dialogs.acts import Accept, AskWhy, Critique, Dislike, Like, Recommend, Seen, UserAct
from dialogs.understanding import words as said
from dialogs.understanding.dates import names_dates
from dialogs.understanding.durations import names_running_times
from dialogs.understanding.places import places_in
from dialogs.understanding.plain import is_negation, negates
from dialogs.understanding.protocol import TYPED, Context
from graph.catalogue import Catalogue


def pointed_at(tokens: Sequence[str], context: Context) -> list[int]:
    """Items of the list that numbers or ordinals name, or "all of them" where something is said of them."""
    judged = negates(tokens) or not said.VERDICTS.isdisjoint(tokens) or "too" in tokens
    every = said.EVERY | said.THESE if judged else ()
    return [context.shown[place - 1] for place in places_in(tokens, len(context.shown), every)]


def about_list(tokens: Sequence[str], context: Context, catalogue: Catalogue) -> Iterator[UserAct]:
    """Acts about items on show in one clause; none where it is about something else."""
    text = " ".join(tokens)
    marked = any(token.startswith("#") for token in tokens)
    if not context.shown or (not marked and (names_dates(text) or names_running_times(text))):
        return
    items = pointed_at(tokens, context) or _superlative(tokens, context, catalogue)
    compared = comparison(tokens)
    if compared is not None:
        critique = critique_of(catalogue, items[0] if items else context.shown[0], *compared)
        if critique is not None:
            yield critique
            return
    for item in items:
        yield from _verdict_on(item, tokens, isinstance(context.on_table, Recommend))


def _verdict_on(item: int, tokens: Sequence[str], showing: bool) -> Iterator[UserAct]:
    found, negated = set(tokens), negates(tokens)
    disliked = bool(found & set(said.DISLIKED))
    if found & set(said.SEEN):
        # Who has not seen it says nothing of it.
        if not negated:
            yield Seen(item=item, confidence=TYPED)
        if disliked:
            yield Dislike(item=item, confidence=TYPED)
        elif not negated and found & {"loved", "liked", "enjoyed"}:
            yield Like(item=item, confidence=TYPED)
    elif disliked or (negated and showing):
        yield Dislike(item=item, confidence=TYPED)
    elif found & set(said.LIKED):
        yield Like(item=item, confidence=TYPED)
    elif showing and (tokens[0] in said.ASKING or "about" in tokens):
        yield AskWhy(item=item)
    elif showing:
        yield Accept(item=item, confidence=TYPED)


def _superlative(tokens: Sequence[str], context: Context, catalogue: Catalogue) -> list[int]:
    """The oldest or the newest of the list."""
    by_year = sorted(context.shown, key=lambda item: int(catalogue.years[item]))
    if "oldest" in tokens:
        return by_year[:1]
    return by_year[-1:] if {"newest", "latest"} & set(tokens) else []


def comparison(tokens: Sequence[str]) -> tuple[str, int] | None:
    """Facet and direction of "older", "too old", "not older"; None where nothing is compared."""
    for at, token in enumerate(tokens):
        if token in said.COMPARATIVES:
            facet, direction = said.COMPARATIVES[token]
            return facet, -direction if at and is_negation(tokens[at - 1]) else direction
        if token in said.TOO and tokens[max(0, at - 1)] == "too" and not negates(tokens[: at - 1]):
            return said.TOO[token]
    return None


def critique_of(catalogue: Catalogue, item: int, facet: str, direction: int) -> Critique | None:
    """Something like this item, but on one side of it; None where the facet has no order or the item no value."""
    names = [each.name for each in catalogue.facets]
    if facet not in names or not catalogue.facets[names.index(facet)].ordered:
        return None
    own = catalogue.attributes_of(item, names.index(facet))
    if not len(own):
        return None
    return Critique(item=item, attribute=int(own[0]), direction=1 if direction > 0 else -1, confidence=TYPED)
