"""From states to the arrays the network is fed, for all dialogues at once.

Legend: N dialogues, Q question slots, I item slots, K slots, m options, A answered nodes, R refused nodes, T steps.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode
from graph.catalogue import Catalogue
from policy.bayes import GainRule, binary_entropy
from policy.unified.extras import Extra
from policy.unified.layout import (
    ANSWERED,
    BITS,
    MOMENT,
    MOST_OPTIONS,
    N_ANSWERED,
    N_REFUSED,
    N_STEPS,
    REFUSED,
    SLOTS,
    STEPS,
)
from simulator.core import Rules
from simulator.environments.observations import SLOT_FEATURES, Observation, context_features, slot_features
from simulator.history import Act, History
from simulator.protocol import State
from simulator.timing import Event

WAIT_BEHIND = 0.3
"""Bits by which waiting stands behind the best of the other slots before anything is learned."""

DOUBTED_WEIGHT = 1.5
"""What the weight of questions is multiplied with for a user who is likelier to err than not: their answers tell fewer
bits, and the rule, tuned with honest people, would show lists too early.  Found on the mixture, on valid."""

_ACTS = np.array([Act.ASK, Act.RECOMMEND, Act.WAIT], np.int8)
_ANSWERS, _EVENTS = np.array(list(Answer), np.int8), np.array(list(Event), np.int8)
_MODES = tuple(QuestionMode)

LOWER_LIST = 0.2
"""Bits by which each list stands behind the one before it, beyond what it is worth less."""


def rule_values(state: State, rule: GainRule, doubted_weight: float = DOUBTED_WEIGHT) -> NDArray[np.float64]:
    """What each slot is worth by the gain rule, in bits, shape (N, K); the best open one is what the rule takes.

    A question is worth ``c min(1, L / h)`` times its bits, and ``doubted_weight`` times as much with a user who errs;
    the list of the most believed items ``lambda m + H(m)``.  A list of less mass is worth less, although H(m) might say
    otherwise.
    """
    candidates = state.candidates
    space, n = candidates.space, len(candidates.mask)
    values = np.empty((n, space.n_slots))
    later = np.minimum(1.0, (state.turns_left - 1) / rule.horizon)
    later = later * np.where(state.belief.trust < 0.5, doubted_weight, 1.0)
    values[:, : space.n_ask] = (rule.question_weight * later)[:, None] * candidates.questions.value
    masses = np.clip(candidates.list_masses, 0.0, 1.0)
    worth = rule.success_bonus * masses[:, :1] + binary_entropy(masses[:, :1])
    behind = (1.0 + rule.success_bonus) * (masses[:, :1] - masses) + LOWER_LIST * np.arange(space.n_recommend)
    # A list is taken where both are worth the same, as the rule takes it.
    values[:, space.n_ask : space.wait_slot] = worth - behind + 1e-9
    speaks = np.where(candidates.mask, values, -np.inf)[:, : space.wait_slot]
    values[:, space.wait_slot] = np.maximum(speaks.max(axis=1), 0.0) - WAIT_BEHIND
    return values


@dataclass(frozen=True)
class StateEncoder:
    """Makes of a state what the network sees.

    Ids (``asks``, ``items``, ``answered``, ``refused``), from which the edges of the state graph follow; features of
    about unit size; and ``mask``.
    """

    rules_of_mode: tuple[tuple[QuestionMode, GainRule], ...]
    """The gain rule for each kind of question."""
    doubted_weight: float = DOUBTED_WEIGHT
    """See :func:`rule_values`."""
    extras: tuple[Extra, ...] = ()
    """What else the network is told of each slot."""

    @property
    def n_extra(self) -> int:
        """Numbers that :attr:`extras` tell of each slot."""
        return sum(extra.width for extra in self.extras)

    def rule(self, mode: QuestionMode) -> GainRule:
        """The gain rule for this kind of question; the plain one where none was tuned."""
        return dict(self.rules_of_mode).get(mode, GainRule())

    def space(self, catalogue: Catalogue, rules: Rules) -> spaces.Dict:
        """The space of what is seen of one dialogue."""
        slots = rules.space
        last_attribute, last_item = catalogue.n_attributes - 1, catalogue.n_items - 1

        def numbers(*shape: int) -> spaces.Box:
            return spaces.Box(-8.0, 8.0, shape, np.float32)

        return spaces.Dict(
            {
                "asks": spaces.Box(-1, last_attribute, (slots.n_ask, MOST_OPTIONS), np.int32),
                "items": spaces.Box(-1, last_item, (slots.n_recommend,), np.int32),
                "answered": spaces.Box(-1, last_attribute, (N_ANSWERED,), np.int32),
                "refused": spaces.Box(-1, last_item, (N_REFUSED,), np.int32),
                "slots": numbers(slots.n_slots, len(SLOTS) + self.n_extra),
                "values": spaces.Box(-100.0, 100.0, (slots.n_slots,), np.float32),
                "moment": numbers(len(MOMENT)),
                "answers": numbers(N_ANSWERED, len(ANSWERED)),
                "refusals": numbers(N_REFUSED, len(REFUSED)),
                "steps": numbers(N_STEPS, len(STEPS)),
                "n_steps": spaces.Box(0, N_STEPS, (1,), np.int32),
                "mask": spaces.MultiBinary(slots.n_slots),
            }
        )

    def encode(self, state: State, rules: Rules) -> Observation:
        """What is seen of all dialogues, each part with a first axis of N."""
        candidates, history = state.candidates, state.history
        options = candidates.questions.options
        asks = np.full((*options.shape[:2], MOST_OPTIONS), -1, np.int32)
        asks[:, :, : options.shape[2]] = options
        answered, answers = _answered(state)
        turned_down = _was_refused(history)
        refused, refusals = _refused(state, turned_down)
        values = rule_values(state, self.rule(rules.questions), self.doubted_weight)
        return {
            "asks": asks,
            "items": candidates.items.astype(np.int32),
            "answered": answered,
            "refused": refused,
            "slots": np.concatenate([_slots(state, values), *(extra.of(state) for extra in self.extras)], axis=2),
            "values": values.astype(np.float32),
            "moment": _moment(state, rules, turned_down),
            "answers": answers,
            "refusals": refusals,
            "steps": _steps(history),
            "n_steps": np.minimum(history.length, N_STEPS).astype(np.int32)[:, None],
            "mask": candidates.mask.astype(np.int8),
        }


def _slots(state: State, values: NDArray[np.float64]) -> NDArray[np.float32]:
    candidates, model = state.candidates, _of_those_who_err(state)
    space, n = candidates.space, len(values)
    features = np.zeros((n, space.n_slots, len(SLOTS)), np.float32)
    features[:, :, : len(SLOT_FEATURES)] = slot_features(state)
    best = np.where(candidates.mask, values, -np.inf).max(axis=1, keepdims=True)
    rest = len(SLOT_FEATURES)
    features[:, :, rest] = values / BITS
    features[:, :, rest + 1] = (values - best) / BITS
    options = candidates.questions.options
    there = options >= 0
    count = np.maximum(there.sum(axis=2), 1)
    for place, rates in enumerate((model.miss, model.false_alarm, model.dont_know + model.dont_care)):
        features[:, : space.n_ask, rest + 2 + place] = np.where(there, rates[options], 0.0).sum(axis=2) / count
    facets = state.catalogue.attribute_facet[options[:, :, 0]]
    unknown = state.belief.unknown_masses[np.arange(n)[:, None], facets]
    features[:, : space.n_ask, rest + 5] = np.where(there[:, :, 0], unknown, 0.0)
    features[:, : space.n_ask, rest + 6] = there.sum(axis=2) / MOST_OPTIONS
    return np.clip(features, -8.0, 8.0)


def _of_those_who_err(state: State) -> AnswerModel:
    """How far answers can be trusted where they cannot be trusted blindly."""
    model = state.belief.answer_model
    return model if model.otherwise is None else model.otherwise


def _moment(state: State, rules: Rules, refused: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Features of the whole dialogue; ``refused`` is what :func:`_was_refused` gives."""
    history, context = state.history, context_features(state, rules)
    forecasts = np.where(refused, history.chance, 0.0)
    everyone = np.arange(history.n_dialogues)
    latest = np.where(refused.any(axis=1), history.n_steps - 1 - refused[:, ::-1].argmax(axis=1), 0)
    features = np.zeros((len(context), len(MOMENT)), np.float32)
    known = context.shape[1]
    features[:, :known] = context
    features[:, known] = state.belief.trust
    features[:, known + 1] = forecasts.sum(axis=1)
    features[:, known + 2] = forecasts[everyone, latest]
    features[:, known + 3 + _MODES.index(rules.questions)] = 1.0
    return np.clip(features, -8.0, 8.0)


def _was_refused(history: History) -> NDArray[np.bool_]:
    """Steps whose list was judged and turned down, shape (N, T)."""
    shown = (history.acts == Act.RECOMMEND) & (history.accepted == 0) & ~history.dropped
    if not history.deferred.any():
        return np.asarray(shown)
    settled = np.zeros_like(history.deferred)
    rows, steps = np.nonzero(history.settled > 0)
    settled[rows, history.settled[rows, steps] - 1] = True
    return np.asarray(shown & (~history.deferred | settled))


def _answered(state: State) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The attributes last heard of, latest first, and their features."""
    history, model = state.history, _of_those_who_err(state)
    n, length, m = history.options.shape
    attributes = np.concatenate([history.options.reshape(n, -1), history.volunteered, history.opening[:, None]], axis=1)
    unasked = np.full((n, length + 1), Answer.YES, np.int8)
    answers = np.concatenate([history.answers.reshape(n, -1), unasked], axis=1)
    stamps = np.concatenate([np.repeat(np.arange(length), m), np.arange(length), [-1]])
    if (lacks := N_ANSWERED - len(stamps)) > 0:  # of a dialogue of a turn or two
        attributes = np.pad(attributes, ((0, 0), (0, lacks)), constant_values=-1)
        answers = np.pad(answers, ((0, 0), (0, lacks)), constant_values=Answer.UNSAID)
        stamps = np.pad(stamps, (0, lacks), constant_values=-1)
    told = (attributes >= 0) & (answers >= 0) & (answers != Answer.UNSAID)
    order = np.argsort(np.where(told, -stamps - 2.0, np.inf), axis=1, kind="stable")[:, :N_ANSWERED]
    heard = np.take_along_axis(told, order, axis=1)
    chosen = np.where(heard, np.take_along_axis(attributes, order, axis=1), -1).astype(np.int32)
    said = np.take_along_axis(answers, order, axis=1)
    features = np.zeros((n, N_ANSWERED, len(ANSWERED)), np.float32)
    rest = len(_ANSWERS)
    features[:, :, :rest] = said[:, :, None] == _ANSWERS
    features[:, :, rest] = order >= length * m
    features[:, :, rest + 1] = np.exp((stamps[order] - history.length[:, None]) / 4.0)
    features[:, :, rest + 2] = state.belief.attribute_masses[np.arange(n)[:, None], chosen]
    features[:, :, rest + 3] = model.miss[chosen]
    features[:, :, rest + 4] = model.false_alarm[chosen]
    return chosen, features * heard[:, :, None]


def _refused(state: State, turned_down: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The first item of the lists last turned down, latest first, and their features."""
    history = state.history
    n, length = history.acts.shape
    refused = turned_down & (history.lists[:, :, 0] >= 0)
    steps = np.argsort(np.where(refused, -np.arange(length), np.inf), axis=1, kind="stable")[:, :N_REFUSED]
    found = np.take_along_axis(refused, steps, axis=1)
    rows = np.arange(n)[:, None]
    items = np.where(found, history.lists[rows, steps, 0], -1).astype(np.int32)
    recent = np.exp((steps - history.length[:, None]) / 4.0)
    masses = state.belief.masses(np.arange(n), items)
    features = np.stack([recent, masses, history.chance[rows, steps]], axis=2) * found[:, :, None]
    lacks = max(N_REFUSED - length, 0)  # of a dialogue of a turn or two
    items = np.pad(items, ((0, 0), (0, lacks)), constant_values=-1)
    return items, np.pad(features, ((0, 0), (0, lacks), (0, 0))).astype(np.float32)


def _steps(history: History) -> NDArray[np.float32]:
    """Features of the latest steps, oldest first, shape (N, T, …); zero where there are none."""
    n = history.n_dialogues
    first = np.maximum(history.length.astype(np.intp) - N_STEPS, 0)[:, None]
    places = first + np.arange(N_STEPS)[None, :]
    there = places < history.length[:, None]
    at = np.arange(n)[:, None], np.minimum(places, history.n_steps - 1)
    after = np.arange(n)[:, None], np.minimum(places + 1, history.n_steps)
    options, answers = history.options[at], history.answers[at]
    n_options = (options >= 0).sum(axis=2)
    of_each = (answers[:, :, :, None] == _ANSWERS).sum(axis=2) / np.maximum(n_options, 1)[:, :, None]
    columns = [
        history.acts[at][:, :, None] == _ACTS,
        of_each,
        n_options[:, :, None] / MOST_OPTIONS,
        *(
            column[:, :, None]
            for column in (
                history.confidence[at],
                (history.lists[at] >= 0).mean(axis=2),
                history.chance[at],
                history.deferred[at],
                history.settled[at] > 0,
                history.volunteered[at] >= 0,
                history.critiques[at][:, :, 2] != 0,
                history.ticks[at] / 4.0,
            )
        ),
        history.events[after][:, :, None] == _EVENTS,
        history.typing[after][:, :, None],
        history.completeness[after][:, :, None],
    ]
    return np.concatenate(columns, axis=2, dtype=np.float32) * there[:, :, None]
