"""What every kind of user must keep, as a suite to inherit: a new kind names itself and tests what it is there for."""

from abc import ABC
from dataclasses import fields, replace
from functools import cache
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.answers import AnswerModel, QuestionMode
from graph.catalogue import Catalogue, Facet
from graph.dataset import Dataset
from graph.errors import OptionError
from simulator.candidates import ActionSpace
from simulator.core import Conversations, Rules, Tally
from simulator.history import History
from simulator.people import People, Traits
from simulator.protocol import Decision, State
from simulator.randomness import Purpose, dialogue_keys, uniform
from simulator.users import KINDS, Population, parse_users
from simulator.users.protocol import Kind
from tests.simulator.users.leaks import find_hidden
from tests.worlds import MODES, town

RULES = Rules(space=ActionSpace(n_ask=4, n_recommend=6, list_length=3))
NUMBERS = {"uneven": 3.0, "multi-interest": 4.0}
"""Numbers to try a kind with, where one half of the range would not do."""


def some_number(kind: Kind) -> float:
    """A number that is not the default."""
    if kind.number is None:
        return 0.0
    return NUMBERS.get(kind.name, kind.number.low + 0.4 * (min(kind.number.high, 1.0) - kind.number.low))


def named(kind: Kind) -> str:
    """The kind with that number."""
    return f"{kind.name}:{some_number(kind):g}" if kind.number else kind.name


def ordered_town() -> Dataset:
    """:func:`tests.worlds.town` with attributes facet by facet: two facets are open, two have an order."""
    dataset = town()
    catalogue = dataset.catalogue
    order = np.argsort(catalogue.attribute_facet, kind="stable")
    place = np.argsort(order)
    edges = catalogue.item_attributes
    facets = tuple(Facet(f"facet {n}", open_world=n > 2, ordered=n in (1, 3)) for n in range(catalogue.n_facets))
    return replace(
        dataset,
        catalogue=replace(
            catalogue,
            facets=facets,
            attribute_ids=catalogue.attribute_ids[order],
            attribute_names=tuple(catalogue.attribute_names[old] for old in order),
            attribute_facet=catalogue.attribute_facet[order],
            item_attributes=type(edges).from_pairs(
                edges.row_of_edge(), place[edges.indices], edges.n_rows, edges.n_columns
            ),
        ),
    )


DATASET = ordered_town()
CATALOGUE: Catalogue = DATASET.catalogue


class AnySlot:
    """Takes any open slot, waits among them, by the keys of the dialogues: the same in any batch."""

    name = "any slot"

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The honest one."""
        return AnswerModel.honest(catalogue)

    def choose(self, state: State) -> Decision:
        """First a kind of act, then a slot of that kind; each kind alike."""
        space, mask = state.candidates.space, state.candidates.mask
        lots = uniform(state.keys, Purpose.POLICY, state.history.length, 1 + space.n_slots)
        wanted = mask & (space.act_of(np.arange(space.n_slots)) == 1 + (lots[:, :1] * 3).astype(int))
        allowed = np.where(wanted.any(axis=1, keepdims=True), wanted, mask)
        return Decision(np.argmax(np.where(allowed, lots[:, 1:], -1.0), axis=1))


def begin(
    users: Population, ordinals: NDArray[np.int_], mode: QuestionMode = QuestionMode.BINARY, seed: int = 0
) -> Conversations:
    """Conversations with these of the users of a run."""
    keys = dialogue_keys(seed, ordinals)
    targets = (ordinals * 7 % CATALOGUE.n_items).astype(np.int32)
    rng = np.random.default_rng(0)
    prior = rng.normal(size=(1000, CATALOGUE.n_items)).astype(np.float32)[ordinals]
    rules = replace(RULES, questions=mode)
    model = AnswerModel.honest(CATALOGUE)
    return Conversations(CATALOGUE, rules, model, users(CATALOGUE, targets, keys), prior, keys)


def hold(talk: Conversations) -> tuple[History, Tally]:
    """Everything said, to the end, and what it came to."""
    n = talk.n_dialogues
    whole, tally = talk.history.take(np.arange(n)), Tally.empty(n)
    whole.grow(60 - whole.n_steps)
    while talk.n_dialogues:
        state = talk.state()
        over = talk.step(state, AnySlot().choose(state)).over
        ended = np.flatnonzero(over)
        now = talk.history.take(ended)
        now.grow(60 - now.n_steps)
        whole.put(talk.rows[ended], now)
        tally.put(talk.rows[ended], talk.tally.take(ended))
        talk.keep(np.flatnonzero(~over))
    return whole, tally


@cache
def told(users: str, mode: QuestionMode = QuestionMode.BINARY) -> tuple[History, Tally]:
    """Twenty dialogues with such users, held once for all who compare others with them."""
    return hold(begin(parse_users(users), np.arange(20), mode))


def same(one: History | Tally | Traits, other: History | Tally | Traits, rows: NDArray[np.intp] | None = None) -> bool:
    """To the last bit, of all rows or of some of the second."""
    assert type(one) is type(other)
    rows = slice(None) if rows is None else rows
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)[rows]) for each in fields(type(one)))


def people(users: str, targets: NDArray[np.integer] | int, n: int, catalogue: Catalogue, seed: int = 1) -> People:
    """``n`` people with these targets."""
    items = np.broadcast_to(np.asarray(targets, np.int32), n).copy()
    return parse_users(users)(catalogue, items, dialogue_keys(seed, np.arange(n)))


def ask(users: People, attributes: NDArray[np.integer] | int, n: int, turn: int = 0) -> NDArray[np.int8]:
    """What ``n`` people say about one attribute each."""
    options = np.broadcast_to(np.asarray(attributes, np.int32), n)[:, None]
    return users.answer(np.arange(n), options, QuestionMode.BINARY, np.full(n, turn))[:, 0]


def assert_share(found: NDArray[np.bool_], expected: float) -> None:
    """Hold a share to what is documented, give or take three standard errors."""
    n = len(found)
    assert n > 500, "too few to say"
    error = np.sqrt(max(expected * (1 - expected), 1e-9) / n)
    assert abs(found.mean() - expected) <= 3 * error, f"{found.mean():.4f} of {n} instead of {expected:.4f}"


class UserTypeContract(ABC):
    """Inherit, name the kind, and be tested."""

    name: ClassVar[str]
    nothing: ClassVar[str | None] = None
    """The number with which the kind is classic, if there is one."""

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    def test_it_says_what_it_does_and_where_its_numbers_come_from(self):
        kind = self.kind
        assert kind.name == self.name
        for text in (kind.summary, kind.reason):
            assert text[0].isupper()
            assert text.endswith(".")
            assert len(text) > 40
            assert "\n" not in text
        if kind.number:
            assert kind.number.meaning
            assert kind.number.allows(kind.number.default)
            assert kind.number.allows(kind.number.low)
            assert kind.number.allows(kind.number.high)

    def test_a_number_that_cannot_be_is_refused_in_one_line(self):
        number = self.kind.number
        if number is None:
            with pytest.raises(OptionError, match=f"{self.name}' takes no number; write {self.name}$"):
                parse_users(f"{self.name}:1")
            return
        step = 1 if number.whole else 0.01
        for wrong in (f"{number.high + step}", f"{number.low - step}", "nan", "inf", "-inf", "much", "0x1"):
            with pytest.raises(OptionError) as refused:
                parse_users(f"classic+{self.name}:{wrong}")
            text = str(refused.value)
            assert "\n" not in text
            assert self.name in text
            assert f"from {number.low:g} to {number.high:g}" in text
        if number.whole:
            with pytest.raises(OptionError, match="not a whole number"):
                parse_users(f"{self.name}:{number.low + 0.5}")

    def test_the_default_is_what_is_taken_without_a_number(self):
        keys = dialogue_keys(0, np.arange(200))
        number = self.kind.number
        alone = parse_users(self.name).traits(keys)
        if number:
            assert same(alone, parse_users(f"{self.name}:{number.default:g}").traits(keys))
        if self.name not in ("classic", "mixture"):
            assert len(alone.present()) in (1, 2)

    @pytest.mark.parametrize("other", KINDS)
    def test_it_composes_with_every_other_kind_in_any_order(self, other: str):
        kinds, keys = (self.kind, KINDS[other]), dialogue_keys(0, np.arange(300))
        found = []
        for order in (kinds, kinds[::-1]):
            traits = Traits.classic(300)
            for kind in order:
                kind.change(traits, some_number(kind), keys)
            found.append(traits)
        for each in fields(Traits):
            one, two = (getattr(traits, each.name) for traits in found)
            assert np.allclose(one, two, rtol=1e-12, atol=0), each.name
        if other != self.name:
            names = [named(kind) for kind in kinds]
            there, back = parse_users("+".join(names)), parse_users("+".join(reversed(names)))
            assert there.parts == back.parts
            assert same(there.traits(keys), back.traits(keys))
            for each in fields(Traits):
                assert np.allclose(getattr(there.traits(keys), each.name), getattr(found[0], each.name)), each.name

    @pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
    def test_the_order_of_a_batch_does_not_matter(self, mode: QuestionMode):
        order = np.random.default_rng(0).permutation(20)
        shuffled = hold(begin(parse_users(self.name), order, mode))
        assert all(same(one, two, order) for one, two in zip(shuffled, told(self.name, mode), strict=True))

    @pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
    def test_the_size_of_a_batch_does_not_matter(self, mode: QuestionMode):
        """Whoever is alone from the start, or for the end, says the same as among others."""
        for some in ([4], [11], [19, 3, 8]):
            rows = np.array(some)
            alone = hold(begin(parse_users(self.name), rows, mode))
            assert all(same(one, two, rows) for one, two in zip(alone, told(self.name, mode), strict=True))

    def test_who_takes_somebodys_place_begins_anew(self):
        users = parse_users(self.name)
        wanted, _ = told(self.name)
        talk = begin(users, np.arange(10))
        for _ in range(3):
            state = talk.state()
            talk.step(state, AnySlot().choose(state))
        places = np.array([7, 2, 5])
        talk.replace(places, begin(users, np.array([17, 18, 19])))
        for _ in range(60):
            state = talk.state()
            over = talk.step(state, AnySlot().choose(state)).over
            talk.keep(np.flatnonzero(~over))
            for row, place in enumerate(talk.rows):
                number = {7: 17, 2: 18, 5: 19}.get(int(place))
                if number is not None:
                    step = int(talk.history.length[row])
                    for name in ("acts", "answers", "options", "lists", "volunteered", "deferred", "events", "ticks"):
                        now, then = getattr(talk.history, name)[row, :step], getattr(wanted, name)[number, :step]
                        assert np.array_equal(now, then), (name, step)
            if not talk.n_dialogues:
                break

    def test_the_seed_decides(self):
        again, other = (hold(begin(parse_users(self.name), np.arange(20), seed=seed))[0] for seed in (0, 1))
        assert same(told(self.name)[0], again)
        assert not same(again, other)

    def test_what_is_in_mind_stays_there(self):
        users = parse_users(self.name)
        talk = begin(users, np.arange(6))
        while talk.n_dialogues:
            state = talk.state()
            assert find_hidden(state, talk._users) is None  # type: ignore[arg-type]
            talk.keep(np.flatnonzero(~talk.step(state, AnySlot().choose(state)).over))

    @pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
    def test_without_its_trait_it_is_classic(self, mode: QuestionMode):
        number = self.kind.number
        if self.nothing is None:
            assert number is None or not number.allows(0) or self.name == "uneven", "0 is a number that can be tried"
            return
        classic, nothing = told("classic", mode), told(f"{self.name}:{self.nothing}", mode)
        assert all(same(one, two) for one, two in zip(classic, nothing, strict=True))


__all__ = ["CATALOGUE", "UserTypeContract", "ask", "assert_share", "people"]
