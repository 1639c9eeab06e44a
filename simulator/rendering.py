"""A plain line for each act of a simulated dialogue.

Legend: N dialogues of a history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graph.answers import Answer
from graph.catalogue import Catalogue
from simulator.history import Act, History
from simulator.timing import Event

SHOWN = 3
"""Items of a list that are named; the rest are counted."""

Line = tuple[str, str]
"""Who says what: ("user" or "agent", text)."""


def plain_phrase(catalogue: Catalogue, attribute: int) -> str:
    """The facet and the name."""
    return f"something with {catalogue.describe_attribute(attribute)}"


def plain_comparison(catalogue: Catalogue, attribute: int, direction: int) -> str:
    """The side of the attribute, in the order of its facet, on which the item in mind lies."""
    return f"{'before' if direction < 0 else 'after'} {catalogue.describe_attribute(attribute)}"


@dataclass(frozen=True)
class Wording:
    """How attributes are said."""

    phrase: Callable[[Catalogue, int], str] = plain_phrase
    """An attribute as the thing that is looked for: "something with tag: rock"."""
    comparison: Callable[[Catalogue, int, int], str] = plain_comparison
    """What follows "like this one, but": the attribute that is moved away from, and -1 or +1."""


PLAIN = Wording()


def render_dialogue(catalogue: Catalogue, history: History, row: int, wording: Wording = PLAIN) -> list[Line]:
    """Who says what, one entry a line.

    :param row: the dialogue, 0 .. N-1.
    """
    opening = int(history.opening[row])
    wish = wording.phrase(catalogue, opening) if opening >= 0 else "something good"
    lines = [("user", f"I am looking for {wish}.")]
    for step in range(int(history.length[row])):
        lines += _render_act(catalogue, history, row, step, wording)
        lines += _render_unasked(catalogue, history, row, step, wording)
    return lines


def _render_act(catalogue: Catalogue, history: History, row: int, step: int, wording: Wording) -> Iterator[Line]:
    act = Act(history.acts[row, step])
    if act is Act.WAIT:
        yield "agent", "…"
        yield from _render_verdict(catalogue, history, row, step)
    elif act is Act.RECOMMEND:
        yield "agent", _offer(catalogue, history, row, step)
        if not history.deferred[row, step]:
            yield "user", _verdict(catalogue, history, row, step)
    else:
        yield from _render_question(catalogue, history, row, step, wording)


def _render_unasked(catalogue: Catalogue, history: History, row: int, step: int, wording: Wording) -> Iterator[Line]:
    """What the user adds of their own accord, and what is seen of them."""
    place, attribute, direction = history.critiques[row, step].tolist()
    if direction:
        shown = history.lists[row, int(history.settled[row, step]) - 1 if history.settled[row, step] else step]
        like = catalogue.describe_item(int(shown[place - 1]))
        yield "user", f"Like {like}, but {wording.comparison(catalogue, attribute, direction)}."
    volunteered = int(history.volunteered[row, step])
    if volunteered >= 0:
        yield "user", f"And {wording.phrase(catalogue, volunteered)}."
    event = Event(history.events[row, step + 1])
    if event is Event.DEFERRAL:
        yield "user", "Let me think."
    elif event is Event.LEFT:
        yield "user", "(leaves)"


def _render_question(catalogue: Catalogue, history: History, row: int, step: int, wording: Wording) -> Iterator[Line]:
    said = [(int(option), Answer(answer)) for option, answer in _pairs(history, row, step) if option >= 0]
    facet = catalogue.facets[catalogue.attribute_facet[said[0][0]]]
    if facet.ordered:
        said.sort()
    options, answers = [option for option, _ in said], [answer for _, answer in said]
    names = [catalogue.attribute_names[option] for option in options]
    sure = float(history.confidence[row, step])
    heard = "" if sure == 1 else f" (understood: {sure:.0%})"
    if len(options) == 1:
        yield "agent", f"Should it be {wording.phrase(catalogue, options[0])}?"
        yield "user", _ONE_ANSWER[answers[0]] + heard
        return
    all_that_fit = "" if history.naming[row, step] else " Name all that fit."
    yield "agent", f"As for the {facet.name}: {', '.join(names)}, or none of these?{all_that_fit}"
    yield "user", _reply(names, answers) + heard


def _reply(names: list[str], answers: list[Answer]) -> str:
    """What is said about several options at once."""
    picked = [name for name, answer in zip(names, answers, strict=True) if answer is Answer.YES]
    graded = [name for name, answer in zip(names, answers, strict=True) if answer is Answer.SORT_OF]
    if picked or graded:
        parts = ([_enumerate(picked)] if picked else []) + ([f"sort of {_enumerate(graded)}"] if graded else [])
        return f"{_capital(', '.join(parts))}."
    silent = all(answer in (Answer.DONT_KNOW, Answer.DONT_CARE) for answer in answers)
    return _ONE_ANSWER[answers[0]] if silent else "None of these."


def _render_verdict(catalogue: Catalogue, history: History, row: int, step: int) -> Iterator[Line]:
    """What is said of a list that was thought about, once the agent has waited."""
    shown_at = int(history.settled[row, step]) - 1
    if shown_at >= 0:
        yield "user", _verdict(catalogue, history, row, shown_at)


def _offer(catalogue: Catalogue, history: History, row: int, step: int) -> str:
    items = _items(history, row, step)
    rest = f", and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"How about {', '.join(catalogue.describe_item(item) for item in items[:SHOWN])}{rest}?"


def _verdict(catalogue: Catalogue, history: History, row: int, step: int) -> str:
    rank = int(history.accepted[row, step])
    return f"Yes: {catalogue.describe_item(int(history.lists[row, step, rank - 1]))}!" if rank else "None of those."


def _items(history: History, row: int, step: int) -> list[int]:
    return [int(item) for item in history.lists[row, step] if item >= 0]


def _pairs(history: History, row: int, step: int) -> Iterator[tuple[int, int]]:
    return zip(history.options[row, step].tolist(), history.answers[row, step].tolist(), strict=True)


def _enumerate(names: list[str]) -> str:
    """Names as they are said: "a, b and c"."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_ONE_ANSWER = {
    Answer.YES: "Yes.",
    Answer.NO: "No.",
    Answer.DONT_KNOW: "I don't know.",
    Answer.DONT_CARE: "I don't care.",
    Answer.SORT_OF: "Sort of.",
}
