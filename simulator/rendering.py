"""A plain line for each act of a simulated dialogue.

Legend: N dialogues of a history.
"""

from collections.abc import Callable, Iterator

from graph.answers import Answer
from graph.catalogue import Catalogue
from simulator.history import Act, History

SHOWN = 3
"""Items of a list that are named; the rest are counted."""


Phrase = Callable[[Catalogue, int], str]
"""Says one attribute as the thing that is looked for: "something with tag: rock"."""


def plain_phrase(catalogue: Catalogue, attribute: int) -> str:
    """The facet and the name."""
    return f"something with {catalogue.describe_attribute(attribute)}"


def render_dialogue(
    catalogue: Catalogue, history: History, row: int, phrase: Phrase = plain_phrase
) -> list[tuple[str, str]]:
    """Who says what, one entry a line: ("user" or "agent", text).

    :param row: the dialogue, 0 .. N-1.
    """
    opening = int(history.opening[row])
    wish = phrase(catalogue, opening) if opening >= 0 else "something good"
    lines = [("user", f"I am looking for {wish}.")]
    for step in range(int(history.length[row])):
        lines += _render_step(catalogue, history, row, step, phrase)
    return lines


def _render_step(catalogue: Catalogue, history: History, row: int, step: int, phrase: Phrase) -> list[tuple[str, str]]:
    act = Act(history.acts[row, step])
    if act is Act.WAIT:
        return [("agent", "…")]
    if act is Act.RECOMMEND:
        return _render_list(catalogue, history, row, step)
    said = [(int(option), Answer(answer)) for option, answer in _pairs(history, row, step) if option >= 0]
    facet = catalogue.facets[catalogue.attribute_facet[said[0][0]]]
    if facet.ordered:
        said.sort()
    options, answers = [option for option, _ in said], [answer for _, answer in said]
    names = [catalogue.attribute_names[option] for option in options]
    if len(options) == 1:
        return [("agent", f"Should it be {phrase(catalogue, options[0])}?"), ("user", _ONE_ANSWER[answers[0]])]
    picked = [name for name, answer in zip(names, answers, strict=True) if answer is Answer.YES]
    silent = all(answer in (Answer.DONT_KNOW, Answer.DONT_CARE) for answer in answers)
    reply = _ONE_ANSWER[answers[0]] if silent else f"{_enumerate(picked)}." if picked else "None of these."
    all_that_fit = "" if history.naming[row, step] else " Name all that fit."
    question = f"As for the {facet.name}: {', '.join(names)}, or none of these?{all_that_fit}"
    return [("agent", question), ("user", reply)]


def _enumerate(names: list[str]) -> str:
    """Names as they are said: "a, b and c", the first letter large."""
    said = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return said[:1].upper() + said[1:]


def _pairs(history: History, row: int, step: int) -> Iterator[tuple[int, int]]:
    return zip(history.options[row, step].tolist(), history.answers[row, step].tolist(), strict=True)


_ONE_ANSWER = {
    Answer.YES: "Yes.",
    Answer.NO: "No.",
    Answer.DONT_KNOW: "I don't know.",
    Answer.DONT_CARE: "I don't care.",
}


def _render_list(catalogue: Catalogue, history: History, row: int, step: int) -> list[tuple[str, str]]:
    items = [int(item) for item in history.lists[row, step] if item >= 0]
    rank = int(history.accepted[row, step])
    named = items[:SHOWN]
    rest = f", and {len(items) - len(named)} more" if len(items) > len(named) else ""
    offer = f"How about {', '.join(catalogue.describe_item(item) for item in named)}{rest}?"
    reply = f"Yes: {catalogue.describe_item(items[rank - 1])}!" if rank else "None of those."
    return [("agent", offer), ("user", reply)]
