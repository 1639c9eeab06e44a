"""One JSON line a dialogue, with the data set's own ids, from which every figure can be recomputed.

Legend: D dialogues.
"""

from collections.abc import Iterator
from typing import Any

from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue
from simulator.evaluation import Run
from simulator.history import Act, History
from simulator.timing import Event

_WORDS = {
    Answer.NO: "no", Answer.YES: "yes", Answer.DONT_KNOW: "dont-know", Answer.DONT_CARE: "dont-care",
    Answer.SORT_OF: "sort-of",
}  # fmt: skip


def dialogue_records(run: Run) -> Iterator[dict[str, Any]]:
    """Each dialogue of a run: ``{policy, seed, user, item, opening, turns, success_turn, rank}``.

    A turn says besides, where there is such a thing: ``understood`` (confidence in the answer), ``deferred`` (the user
    thought about the list), ``verdict_on`` (turn of the list that was thought about: taken, turned down or dropped),
    ``volunteered`` (an attribute), ``critique`` (``[item, attribute, -1 or +1]``), ``ticks`` (where not one) and
    ``left``.

    Turns and ranks count from 1; ``success_turn`` and ``rank`` are null for a failure, ``user`` for somebody unknown.
    """
    catalogue, history = run.setting.dataset.catalogue, run.history
    people = run.setting.dataset.interactions
    ranks = history.accepted_rank
    for row in range(history.n_dialogues):
        user, opening = int(run.targets.users[row]), int(history.opening[row])
        success = int(run.success_turn[row])
        yield {
            "policy": run.label,
            "seed": int(run.seed_of[row]),
            "user": people.user_key(user) if user >= 0 else None,
            "item": catalogue.item_key(int(run.targets.items[row])),
            "opening": int(catalogue.attribute_ids[opening]) if opening >= 0 else None,
            "turns": [_turn(run, catalogue, row, step) for step in range(int(history.length[row]))],
            "success_turn": success or None,
            "rank": int(ranks[row]) or None,
        }


def _turn(run: Run, catalogue: Catalogue, row: int, step: int) -> dict[str, Any]:
    return _act(run, catalogue, row, step) | dict(_reaction(catalogue, run.history, row, step))


def _reaction(catalogue: Catalogue, history: History, row: int, step: int) -> Iterator[tuple[str, Any]]:
    """What the user did beside answering."""
    if history.confidence[row, step] < 1:
        yield "understood", round(float(history.confidence[row, step]), 3)
    if history.deferred[row, step]:
        yield "deferred", True
    settled = int(history.settled[row, step])
    if settled:
        yield "verdict_on", settled
    if history.volunteered[row, step] >= 0:
        yield "volunteered", int(catalogue.attribute_ids[history.volunteered[row, step]])
    place, attribute, direction = history.critiques[row, step].tolist()
    if direction:
        item = history.lists[row, settled - 1 if settled else step, place - 1]
        yield "critique", [catalogue.item_key(int(item)), int(catalogue.attribute_ids[attribute]), direction]
    if history.ticks[row, step] > 1:
        yield "ticks", int(history.ticks[row, step])
    if history.events[row, step + 1] == Event.LEFT:
        yield "left", True


def _act(run: Run, catalogue: Catalogue, row: int, step: int) -> dict[str, Any]:
    history = run.history
    act = Act(history.acts[row, step])
    if act is Act.WAIT:
        return {"act": "wait"}
    if act is Act.RECOMMEND:
        shown = history.lists[row, step]
        items = [catalogue.item_key(int(item)) for item in shown if item >= 0]
        return {"act": "recommend", "items": items, "accepted": bool(history.accepted[row, step])}
    options = history.options[row, step]
    said = [
        (int(catalogue.attribute_ids[option]), Answer(answer))
        for option, answer in zip(options, history.answers[row, step], strict=True)
        if option >= 0
    ]
    return {
        "act": "ask",
        "attributes": [attribute for attribute, _ in said],
        "answer": spoken_answer(run.setting.rules.questions, said),
    }


def spoken_answer(mode: QuestionMode, said: list[tuple[int, Answer]]) -> str | int | list[int]:
    """What the user said: a word, the attribute named, or the attributes picked.

    :param said: each attribute's id and the answer to it.
    """
    answers = [answer for _, answer in said]
    if mode is QuestionMode.BINARY or all(answer in (Answer.DONT_KNOW, Answer.DONT_CARE) for answer in answers):
        return _WORDS[answers[0]]
    picked = [attribute for attribute, answer in said if answer in (Answer.YES, Answer.SORT_OF)]
    if mode is QuestionMode.FACET:
        return picked[0] if picked else "none"
    return picked
