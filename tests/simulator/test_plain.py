"""The batched core beside one plain dialogue after the other: the same words, beliefs, slots, rewards and ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel, QuestionMode
from graph.catalogue import Catalogue, Facet
from graph.dataset import Dataset
from graph.questions import N_WEIGHED
from simulator.candidates import ActionSpace, Candidates
from simulator.core import Conversations, Outcome, Rules, Tally
from simulator.history import Act, History
from simulator.people import People, Traits
from simulator.people.hearing import ConfusionTable
from simulator.plain import PlainDialogue, PlainStep
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.rewards import Rewards
from simulator.timing import Event
from simulator.users import Population, parse_users, user_types
from tests.worlds import MODES, city, make_world, town

SPACE = ActionSpace(n_ask=6, n_recommend=9, list_length=5)
CLOSE = 1e-5
"""Bits, masses and log-weights that differ by less are the same; the core keeps log-weights in four bytes."""

COMPOSITIONS = (
    "noisy:0.3+dont-know:0.3+vague:0.5",
    "burst:0.9+mind-changer:0.5+impatient:3",
    "deliberator:1+critiquer:1+impatient:5",
    "burst+deliberator+critiquer:1+multi-interest",
    "weak-reject:0.5+uneven:3+dont-care:0.3+inconsistent:0.5",
    "nlu:3+vague:0.5+dont-know+dont-care:0.3",
    "cold-start:0.5+mixture+mind-changer:0.3+nlu",
)


@cache
def street() -> Dataset:
    """Sixty items with two facets that have an order; of some items a facet is unknown, and of each some values."""
    rng = np.random.default_rng(8)
    values = {
        "kind": [f"kind {place}" for place in range(7)],
        "decade": [f"{year}s" for year in range(1930, 2020, 10)],
        "length": ["short", "medium", "long", "very long"],
    }
    most = {"kind": 3, "decade": 2, "length": 1}
    items = {
        f"item {place}": {
            facet: [] if rng.random() < 0.15 else sorted(rng.choice(named, rng.integers(1, most[facet] + 1), False))
            for facet, named in values.items()
        }
        for place in range(60)
    }
    all_of_all = {"everything": values}
    dataset = make_world(all_of_all | items, open_facets=("decade", "kind"))
    facets = tuple(Facet(each.name, each.open_world, each.name != "kind") for each in dataset.catalogue.facets)
    return replace(dataset, catalogue=replace(dataset.catalogue, facets=facets))


def doubting(dataset: Dataset) -> AnswerModel:
    """Takes nothing for certain, and not all attributes alike."""
    catalogue = dataset.catalogue
    rng = np.random.default_rng(4)
    rates = rng.uniform(0.01, 0.3, (7, catalogue.n_attributes))
    names = ("miss", "false_alarm", "dont_know", "dont_care", "unknown_dont_know", "sort_of_has", "sort_of_lacks")
    return replace(
        AnswerModel.honest(catalogue), acceptance=0.9, critique_error=0.1, **dict(zip(names, rates, strict=True))
    )


@dataclass
class Both:
    """The same dialogues, once in a batch and once one by one."""

    rules: Rules
    talk: Conversations
    plain: list[PlainDialogue]
    """Of all dialogues begun."""
    generator: np.random.Generator
    apart: int = 0
    """Decisions before which ties, broken by rounding, led to different slots."""
    decisions: int = 0
    over: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    """Of the dialogues of the latest step, those that it ended."""

    @classmethod
    def begin(
        cls,
        dataset: Dataset,
        users: "Population | Everybody",
        rules: Rules,
        n: int,
        seed: int,
        model: AnswerModel | None = None,
        narrow: bool = False,
    ) -> "Both":
        """Begin ``n`` dialogues, about anything, with any prior, some of whose items may not be shown if ``narrow``."""
        catalogue, rng = dataset.catalogue, np.random.default_rng(seed)
        model = model or AnswerModel.honest(catalogue)
        keys = dialogue_keys(seed, np.arange(n))
        targets = rng.integers(0, catalogue.n_items, n).astype(np.int32)
        prior = rng.normal(size=(n, catalogue.n_items)).astype(np.float32)
        eligible = rng.random((n, catalogue.n_items)) < 0.5 if narrow else None
        talk = Conversations(catalogue, rules, model, users(catalogue, targets, keys), prior, keys, eligible)
        traits = users.traits(keys)
        plain = [
            PlainDialogue(
                catalogue, rules, model, traits.take(np.array([row])), users.table, int(targets[row]), int(keys[row]),
                prior[row], None if eligible is None else eligible[row],
            )
            for row in range(n)
        ]  # fmt: skip
        return cls(rules, talk, plain, rng)

    @property
    def present(self) -> list[PlainDialogue]:
        """The plain dialogues under way."""
        return [self.plain[row] for row in self.talk.rows]

    def hold(self, most: int = 100, acts: bool = True) -> set[str]:
        """Ramble to the end, comparing at every step; what came up."""
        seen: set[str] = set()
        for each, row in zip(self.present, range(len(self.plain)), strict=True):
            same_opening(each, self.talk.history, row)
        for _ in range(most):
            if not self.talk.n_dialogues:
                break
            self.step(acts)
            seen |= came_up(self.talk.history)
            self.talk.keep(np.flatnonzero(~self.over))
        return seen

    def step(self, acts: bool = True) -> None:
        """One decision of each, any slot or list or, where ``acts``, any act, carried out in both."""
        state = self.talk.state()
        alike = [same_state(each, self.talk, state, row) for row, each in enumerate(self.present)]
        self.decisions, self.apart = self.decisions + len(alike), self.apart + alike.count(False)
        how = self.generator.choice(["slot", "slot", "slot", "list", "act"][: 5 if acts else 4])
        if how == "act":
            outcome, done = self._carry_out_any_act()
        else:
            outcome, done = self._carry_out_any_slot(state, alike, with_lists=how == "list")
        for row, ((reward, terminated, truncated), each) in enumerate(zip(done, self.present, strict=True)):
            assert outcome.reward[row] == pytest.approx(reward, abs=1e-9)
            assert (outcome.terminated[row], outcome.truncated[row]) == (terminated, truncated)
            same_step(each, self.talk.history, row)
            same_belief(each, self.talk, row)
            same_tally(each, self.talk.tally, row)
        self.over = outcome.over

    def _any_lists(self) -> NDArray[np.int32]:
        """Any items, each once in its list, as many as it comes; some were shown already."""
        n, n_items = self.talk.n_dialogues, self.talk.catalogue.n_items
        lists = self.generator.random((n, n_items)).argsort(axis=1)[:, : SPACE.list_length].astype(np.int32)
        return np.where(np.arange(lists.shape[1]) < self.generator.integers(1, 6, (n, 1)), lists, -1)

    def _carry_out_any_slot(
        self, state: State, alike: list[bool], with_lists: bool
    ) -> tuple[Outcome, list[tuple[float, bool, bool]]]:
        slots = any_slots(state.candidates, self.generator)
        lists = self._any_lists() if with_lists else None
        steps = self.talk.history.length.astype(int)
        outcome, done = self.talk.step(state, Decision(slots, lists)), []
        history = self.talk.history
        for row, each in enumerate(self.present):
            if alike[row]:
                items = None if lists is None else real(lists[row])
                done.append(each.step(int(slots[row]), items))
            else:
                act, step = Act(history.acts[row, steps[row]]), steps[row]
                options, items = real(history.options[row, step]), real(history.lists[row, step])
                done.append(each.carry_out(act, options, items, bool(outcome.invalid[row])))
            assert outcome.invalid[row] == each.tally.invalid - self.talk.tally.invalid[row] + outcome.invalid[row]
        return outcome, done

    def _carry_out_any_act(self) -> tuple[Outcome, list[tuple[float, bool, bool]]]:
        """Any options of a facet, asked about before or not; any list; or waiting, even if the slot is closed."""
        n, rng, catalogue = self.talk.n_dialogues, self.generator, self.talk.catalogue
        acts = rng.integers(1, 4, n).astype(np.int8)
        lists = self._any_lists()
        options = np.full((n, self.rules.questions.n_options), -1, np.int32)
        for row in range(n):
            facet = rng.permutation(np.flatnonzero(catalogue.attribute_facet == rng.integers(catalogue.n_facets)))
            some = facet[: rng.integers(1, options.shape[1] + 1)]
            options[row, : len(some)] = some
        outcome = self.talk.carry_out(acts, options, lists)
        done = [
            each.carry_out(
                Act(act),
                options=real(options[row]) if act == Act.ASK else (),
                items=real(lists[row]) if act == Act.RECOMMEND else (),
            )
            for row, (each, act) in enumerate(zip(self.present, acts, strict=True))
        ]
        return outcome, done


def real(places: NDArray[np.integer]) -> list[int]:
    """Without what only fills the end of an array."""
    filled = np.flatnonzero(places != -1)
    return places[: filled[-1] + 1].tolist() if len(filled) else []


def any_slots(candidates: Candidates, generator: np.random.Generator) -> NDArray[np.intp]:
    """Every kind of slot alike; now and then one that is closed or does not exist."""
    mask, space = candidates.mask, candidates.space
    kinds = space.act_of(np.arange(space.n_slots))
    wanted = mask & (kinds == generator.integers(1, 4, (len(mask), 1)))
    wanted = np.where(wanted.any(axis=1, keepdims=True), wanted, mask)
    slots = np.argmax(np.where(wanted, generator.random(mask.shape), -1), axis=1)
    return np.where(generator.random(len(mask)) < 0.1, generator.integers(-2, space.n_slots + 2, len(mask)), slots)


def same_state(plain: PlainDialogue, talk: Conversations, state: State, row: int) -> bool:
    """Hold a state to the plain one by value; whether its slots are the same even where values are tied."""
    candidates, alone = state.candidates, plain.state()
    options = [each for each in map(real, candidates.questions.options[row]) if each]
    items = real(candidates.items[row])
    same_questions(
        plain, talk.catalogue.attribute_facet.tolist(), options, candidates.questions.value[row], rounding(talk, row)
    )
    same_items(plain, items, candidates.item_masses[row], rounding(talk, row))
    space, waits = candidates.space, alone.mask[-1]
    speaks = [place < len(options) for place in range(space.n_ask)] + [
        place < len(items) for place in range(space.n_recommend)
    ]
    assert candidates.mask[row].tolist() == [*speaks, waits]
    assert (state.turns_left[row], state.ticks_left[row]) == (alone.turns_left, alone.ticks_left)
    cues = state.history.cues()
    for name in ("event", "typing", "completeness", "deferred", "on_show", "silence"):
        assert getattr(cues, name)[row] == getattr(alone.cues, name), name
    return options == alone.options and items == alone.items


def rounding(talk: Conversations, row: int) -> float:
    """By how much log-weights that are kept in four bytes may be off."""
    weights = talk.belief.log_weights[row]
    return 4 * float(np.finfo(np.float32).eps * np.abs(weights[np.isfinite(weights)]).max())


def same_questions(
    plain: PlainDialogue, facet_of: list[int], options: list[list[int]], values: NDArray[np.float64], off: float
) -> None:
    """Each question is worth what it is said to be worth, and no other one is worth more.

    Of options that truthful answers make worth the same, rounding chooses; so facets need a slot each.
    """
    alone, mode = plain.state(), plain.rules.questions
    naming = mode is QuestionMode.FACET
    close = CLOSE + off
    assert values[: len(options)] == pytest.approx([plain.belief.value_of(each, naming) for each in options], abs=close)
    if mode is QuestionMode.BINARY:
        assert values[: len(options)] == pytest.approx(alone.values, abs=close)
        assert (values[len(options) :] == 0).all()
        return
    assert (np.diff(values) <= 0).all()
    for each in options:
        assert short_of_best(plain, facet_of, each, naming) < close
    facets = {facet_of[each[0]] for each in options}
    for each, value in zip(alone.options, alone.values, strict=True):
        assert facet_of[each[0]] in facets or value < close


def short_of_best(plain: PlainDialogue, facet_of: list[int], options: list[int], naming: bool) -> float:
    """Most bits by which an option falls short of the best one at its place."""
    facet = facet_of[options[0]]
    weighed = [each for each in plain.belief.weighed(plain.history.named())[0] if facet_of[each] == facet][:N_WEIGHED]
    choice, short = plain.belief.choice(facet, naming), 0.0
    for option in options:
        assert option in weighed
        bits = {each: choice.with_one_more(each)[1] for each in weighed if each not in choice.options}
        short = max(short, max(bits.values()) - bits[option])
        choice.add(option)
    return short


def same_items(plain: PlainDialogue, items: list[int], masses: NDArray[np.float64], off: float) -> None:
    """Each item is believed in as much as is said, and no other one more."""
    alone = plain.state()
    weights = np.array(plain.belief.log_weights)
    assert masses[: len(items)] == pytest.approx([plain.belief.probabilities[item] for item in items], abs=CLOSE + off)
    assert len(items) == len(alone.items)
    assert not plain.history.shown().intersection(items)
    assert weights[items] == pytest.approx(weights[alone.items], abs=CLOSE + off)


def same_opening(plain: PlainDialogue, history: History, row: int) -> None:
    begun = plain.history
    assert history.opening[row] == begun.opening
    assert (history.events[row, 0], history.typing[row, 0]) == (begun.event, begun.typing)
    assert history.completeness[row, 0] == begun.completeness


def same_step(plain: PlainDialogue, history: History, row: int) -> None:
    """The latest step, and what it changed of those before."""
    number = history.length[row] - 1
    assert number == len(plain.history.steps) - 1
    step: PlainStep = plain.history.steps[-1]
    for name, value in {
        "acts": step.act, "confidence": step.confidence, "deferred": step.deferred, "settled": step.settled,
        "volunteered": step.volunteered, "ticks": step.ticks,
    }.items():  # fmt: skip
        assert getattr(history, name)[row, number] == value, name
    assert real(history.options[row, number]) == step.options
    assert real(history.answers[row, number]) == step.answers
    assert real(history.lists[row, number]) == real(np.array(step.items, int))
    assert tuple(history.critiques[row, number]) == step.critique
    assert history.chance[row, number] == pytest.approx(step.chance, abs=CLOSE)
    assert history.accepted[row, : number + 1].tolist() == [each.accepted for each in plain.history.steps]
    assert (history.events[row, number + 1], history.typing[row, number + 1]) == (step.event, step.typing)
    assert history.completeness[row, number + 1] == step.completeness


def same_belief(plain: PlainDialogue, talk: Conversations, row: int) -> None:
    """Log-weights up to a constant."""
    batched, alone = talk.belief.log_weights[row].astype(np.float64), np.array(plain.belief.log_weights)
    open_items = np.isfinite(alone)
    assert np.array_equal(np.isfinite(batched), open_items)
    apart = batched[open_items] - alone[open_items]
    assert np.abs(apart - apart[alone[open_items].argmax()]).max() < 1e-4 + rounding(talk, row)


def same_tally(plain: PlainDialogue, tally: Tally, row: int) -> None:
    for name in Tally.__dataclass_fields__:
        assert getattr(tally, name)[row] == pytest.approx(getattr(plain.tally, name), abs=1e-9), name


def came_up(history: History) -> set[str]:
    """What the latest steps of a batch held."""
    at = np.arange(history.n_dialogues), history.length.astype(int) - 1
    return {
        name
        for name, found in {
            "ask": history.acts[at] == Act.ASK, "recommend": history.acts[at] == Act.RECOMMEND,
            "wait": history.acts[at] == Act.WAIT, "critique": history.critiques[at][:, 2] != 0,
            "volunteered": history.volunteered[at] >= 0, "deferred": history.deferred[at],
            "settled": history.settled[at] > 0, "accepted": history.accepted[at] > 0, "left": history.left,
            "unsure": history.confidence[at] < 1,
        }.items()
        if found.any()
    }  # fmt: skip


@dataclass
class Everybody:
    """A batch in which everybody is of another kind."""

    names: Sequence[str] = (*user_types(), *COMPOSITIONS)
    table: ConfusionTable | None = None

    def traits(self, keys: NDArray[np.uint64]) -> Traits:
        return Traits.concatenate(
            [parse_users(self.names[row % len(self.names)]).traits(keys[row : row + 1]) for row in range(len(keys))]
        )

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> People:
        return People(catalogue, targets, keys, self.traits(keys), self.table)


def modes(*some: QuestionMode) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mode", some or MODES, ids=lambda mode: mode.name.lower())


@modes()
@pytest.mark.parametrize("users", [*user_types(), *COMPOSITIONS])
def test_a_batch_says_shows_and_believes_what_a_plain_dialogue_does(users: str, mode: QuestionMode):
    for seed, dataset in enumerate((street(), town(0.3)) if users in COMPOSITIONS else (street(),)):
        both = Both.begin(dataset, parse_users(users), Rules(questions=mode, space=SPACE), 5, seed)
        assert {"ask", "recommend", "wait"} <= both.hold()
        assert both.apart < 0.6 * both.decisions, "too many ties to say that the same slots are filled alike"


@modes()
def test_people_of_all_kinds_in_one_batch(mode: QuestionMode):
    both = Both.begin(street(), Everybody(), Rules(questions=mode, space=SPACE), 48, 2)
    assert both.hold() == {
        "ask", "recommend", "wait", "critique", "volunteered", "deferred", "settled", "accepted", "left", "unsure",
    }  # fmt: skip


@modes()
@pytest.mark.parametrize("deaf", [False, True], ids=["hears no", "deaf to no"])
@pytest.mark.parametrize("narrow", [False, True], ids=["everything", "half of the items"])
def test_an_answer_model_that_takes_nothing_for_certain(mode: QuestionMode, deaf: bool, narrow: bool):
    for seed, dataset in enumerate((street(), town(0.3))):
        model = doubting(dataset)
        model = model.deaf_to_no() if deaf else model
        Both.begin(
            dataset, Everybody(COMPOSITIONS), Rules(questions=mode, space=SPACE), 7, seed, model, narrow=narrow
        ).hold()


@modes()
def test_other_rules_and_rewards(mode: QuestionMode):
    """One turn, at which some leave, a short clock, few slots, and rewards that are all different."""
    rewards = Rewards(*(1.0 / (2 + place) for place in range(len(Rewards.__dataclass_fields__))))
    for rules, users in (
        (Rules(turns=1, questions=mode, space=SPACE, rewards=rewards), Everybody(("impatient:20", "burst:1"))),
        (Rules(questions=mode, space=SPACE, clock=9, rewards=Rewards.unicorn()), Everybody()),
        (Rules(questions=mode, space=ActionSpace(3, 1, 5), rewards=rewards), Everybody()),
    ):
        both = Both.begin(street(), users, rules, 24, 3)
        both.hold()
        if rules.turns == 1:
            assert any(each.turns == 1 and each.history.steps[-1].event == Event.LEFT for each in both.plain)
        if rules.clock == 9:
            assert any(each.clock >= 9 and each.turns < rules.turns for each in both.plain)


@modes()
def test_answers_heard_through_another_table(mode: QuestionMode):
    heard = np.random.default_rng(0).dirichlet(np.ones(6), 6)
    heard[:, Answer.UNSAID] = 0.0
    heard /= heard.sum(axis=1, keepdims=True)
    heard[Answer.DONT_CARE], heard[Answer.UNSAID] = np.eye(6)[[Answer.DONT_CARE, Answer.UNSAID]]
    table = ConfusionTable(heard, np.array([0.5, 0.6, 1.0]), np.array([0.0, 0.7]))
    users = ("nlu", "nlu:4+vague:0.5", "nlu:0.3+dont-care:0.3+dont-know:0.3")
    assert "unsure" in Both.begin(street(), Everybody(users, table), Rules(questions=mode, space=SPACE), 12, 4).hold()


def test_a_larger_world_with_the_usual_slots():
    both = Both.begin(city(), parse_users("mixture"), Rules(), 8, 5)
    both.hold()
    assert both.apart < 0.6 * both.decisions


@modes(QuestionMode.FACET, QuestionMode.MULTI)
def test_more_attributes_in_a_facet_than_are_weighed(mode: QuestionMode):
    both = Both.begin(city(), parse_users("mixture"), Rules(questions=mode), 3, 5)
    both.hold(most=8)
    assert np.bincount(city().catalogue.attribute_facet).min() > N_WEIGHED


def test_a_catalogue_without_edges_and_a_catalogue_of_one_item():
    """Nothing to say, and nothing to ask."""
    bare = make_world({"a": {"kind": ["x"]}, "b": {"kind": []}, "c": {"kind": []}})
    single = make_world({"a": {"kind": ["x", "y"]}})
    for dataset in (bare, single):
        for mode in MODES:
            both = Both.begin(dataset, Everybody(), Rules(questions=mode, space=SPACE), 24, 6)
            assert {"recommend", "wait"} <= both.hold(acts=False)


@pytest.mark.parametrize("what", ["key", "slips", "prior", "history"])
def test_the_comparison_finds_what_differs(what: str):
    both = Both.begin(town(), parse_users("noisy:0.3"), Rules(space=SPACE), 6, 7)
    if what == "key":
        both.plain[3]._person._key += 1
    if what == "slips":
        both.plain[3]._person._trait["slips"] = 0.9
    if what == "prior":
        both.plain[3].belief.log_weights[17] += 1e-3
    if what == "history":
        both.plain[3].history.opening += 1
    with pytest.raises(AssertionError):
        both.hold()
