"""Every kind of user: the contract, and that its documented effect has its documented size."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from graph.answers import Answer, QuestionMode
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from simulator.history import Act, History
from simulator.people import Reaction
from simulator.people.answering import UNEVEN_ERROR, UNEVEN_IGNORANCE
from simulator.people.attention import MOST_PIECES
from simulator.people.hearing import shipped_table
from simulator.people.judging import LOST_TO_LENGTH
from simulator.people.minds import Minds
from simulator.randomness import dialogue_keys
from simulator.timing import SILENCE_TIMER, Event
from simulator.users import HELD_OUT, KINDS, parse_users
from simulator.users.mixture import PARTS
from tests.simulator.users.contract import CATALOGUE, UserTypeContract, ask, assert_share, people

NO, YES, SORT_OF = Answer.NO, Answer.YES, Answer.SORT_OF
DONT_KNOW, DONT_CARE = Answer.DONT_KNOW, Answer.DONT_CARE
N = 20_000


def pairs(n: int, seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Items and attributes, and whether the one has the other, which is so half of the time; all facets known."""
    rng = np.random.default_rng(seed)
    items = rng.integers(0, CATALOGUE.n_items, n).astype(np.int32)
    attributes = rng.choice(np.flatnonzero(CATALOGUE.attribute_facet <= 2), n).astype(np.int32)
    edges = CATALOGUE.item_attributes
    own = np.flatnonzero((rng.random(n) < 0.5) & (edges.degrees[items] > 0))
    mine = edges.indices[edges.indptr[items[own]]]
    attributes[own] = np.where(CATALOGUE.attribute_facet[mine] <= 2, mine, attributes[own])
    return items, attributes, edges.contains(items, attributes)


class Stage:
    """People to whom acts are put one after the other, without a core."""

    def __init__(
        self, users: str, targets: NDArray[np.integer] | int, n: int, catalogue: Catalogue = CATALOGUE
    ) -> None:
        self.people = people(users, targets, n, catalogue)
        self.opening = self.people.open()
        self.history = History.begin(self.opening.attribute, 20, 1, 10)
        self.n = n

    def wait(self) -> Reaction:
        """The agent waits."""
        return self._react(Act.WAIT)

    def ask(self, attribute: int) -> Reaction:
        """The agent asks everybody about one attribute."""
        self.history.options[np.arange(self.n), self.history.length, 0] = attribute
        return self._react(Act.ASK)

    def show(self, items: NDArray[np.integer], last: bool = False) -> Reaction:
        """The agent shows a list, shape (k,) or (n, k)."""
        lists = np.broadcast_to(items, (self.n, items.shape[-1]))
        self.history.lists[np.arange(self.n), self.history.length, : lists.shape[1]] = lists
        return self._react(Act.RECOMMEND, last)

    def _react(self, act: Act, last: bool = False) -> Reaction:
        history, at = self.history, (np.arange(self.n), self.history.length.astype(int))
        history.acts[at] = act
        reaction = self.people.react(history, QuestionMode.BINARY, np.full(self.n, last))
        for name in ("answers", "accepted", "deferred", "settled", "volunteered", "ticks", "critiques"):
            getattr(history, name)[at] = getattr(reaction, name)
        history.length += 1
        return reaction


@cache
def ladder() -> Catalogue:
    """A thousand items with attributes that a half, a tenth, a hundredth and a thousandth of them have.

    The first ten items share twelve more.  A second facet has an order, and each of its five values two hundred items.
    """
    n, holders = 1000, (500, 100, 10, 1)
    edges = [(item, attribute) for attribute, count in enumerate(holders) for item in range(count)]
    edges += [(item, 4 + extra) for item in range(10) for extra in range(12)]
    edges += [(item, 16 + item // 200) for item in range(n)]
    return Catalogue(
        item_ids=np.arange(n) + 70,
        titles=tuple(f"item {item}" for item in range(n)),
        years=np.zeros(n, np.int16),
        popularity=np.ones(n, np.float32),
        facets=(Facet("rarity"), Facet("size", ordered=True)),
        attribute_ids=np.arange(21) + 7,
        attribute_names=tuple(f"value {attribute}" for attribute in range(21)),
        attribute_facet=np.array([0] * 16 + [1] * 5, np.int16),
        item_attributes=CSR.from_pairs(*zip(*edges, strict=True), n, 21),
    )


class TestClassic(UserTypeContract):
    name = "classic"

    def test_the_truth_is_told_and_the_item_taken(self):
        items, attributes, true = pairs(N)
        said = ask(people("classic", items, N, CATALOGUE), attributes, N)
        assert np.array_equal(said == YES, true)
        assert np.array_equal(said == NO, ~true)
        stage = Stage("classic", items[:900], 900)
        lists = np.stack([items[:900], (items[:900] + 1) % CATALOGUE.n_items], axis=1)
        assert (stage.show(lists[:, 1:]).accepted == 0).all()
        assert (stage.show(lists[:, ::-1]).accepted == 2).all()


class TestNoisy(UserTypeContract):
    name = "noisy"
    nothing = "0"

    @pytest.mark.parametrize("share", [0.1, 0.5])
    def test_this_share_of_the_answers_is_turned_around_whatever_is_true(self, share: float):
        items, attributes, true = pairs(N)
        said = ask(people(f"noisy:{share}", items, N, CATALOGUE), attributes, N)
        assert np.isin(said, (YES, NO)).all()
        assert_share(((said == YES) != true)[true], share)
        assert_share(((said == YES) != true)[~true], share)

    def test_slips_at_one_turn_say_nothing_of_slips_at_another(self):
        users = people("noisy:0.5", 3, N, CATALOGUE)
        one, two = (ask(users, 5, N, turn) == YES for turn in (0, 1))
        assert_share(one == two, 0.5)


class TestWeakReject(UserTypeContract):
    name = "weak-reject"
    nothing = "0"

    def test_some_noes_are_not_true_and_every_yes_is(self):
        items, attributes, true = pairs(N)
        said = ask(people("weak-reject:0.15", items, N, CATALOGUE), attributes, N)
        assert_share((said == NO)[true], 0.15)
        assert (said[~true] == NO).all()


class TestDontKnow(UserTypeContract):
    name = "dont-know"
    nothing = "0"

    @pytest.mark.parametrize(("attribute", "rate"), [(0, 0.2), (1, 0.2), (2, 1 - 0.8 * 0.9), (3, 1 - 0.8 * 0.8)])
    def test_the_rarer_the_attribute_the_less_is_known(self, attribute: int, rate: float):
        """A tenth and more of the items; a hundredth, half way down; a thousandth, nearly twice the rate."""
        for target in (0, 999):
            said = ask(people("dont-know:0.2", target, N, ladder()), attribute, N)
            assert_share(said == DONT_KNOW, rate)
            assert (said[said != DONT_KNOW] == (YES if target == 0 else NO)).all()

    def test_of_a_facet_question_the_mean_rate_is_said_as_a_whole(self):
        users = people("dont-know:0.2", 0, N, ladder())
        options = np.tile(np.array([0, 3, -1, -1], np.int32), (N, 1))
        said = users.answer(np.arange(N), options, QuestionMode.FACET, np.zeros(N, int))
        silent = (said == DONT_KNOW).any(axis=1)
        assert_share(silent, (0.2 + 0.36) / 2)
        assert (said[silent, :2] == DONT_KNOW).all()
        assert (said[:, 2:] == -1).all()


class TestUneven(UserTypeContract):
    name = "uneven"

    @staticmethod
    @cache
    def rates(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Share of "don't know", and of errors among the other answers, of two halves of the people, shape (2, P)."""
        n, attributes = 4000, np.arange(40, dtype=np.int32)
        known = CATALOGUE.attribute_facet <= 2
        unknown, wrong = np.full((2, 40), np.nan), np.full((2, 40), np.nan)
        users = people(f"uneven:{number}", 3, n, CATALOGUE)
        for attribute in attributes[known]:
            said = ask(users, attribute, n, int(attribute))
            true = YES if CATALOGUE.item_attributes.contains(3, attribute) else NO
            for half in (0, 1):
                mine = said[half::2]
                unknown[half, attribute] = (mine == DONT_KNOW).mean()
                wrong[half, attribute] = (mine[mine != DONT_KNOW] != true).mean()
        return unknown[:, known], wrong[:, known]

    @pytest.mark.parametrize("number", [0, 7])
    def test_each_attribute_has_one_of_the_documented_rates_and_has_it_for_everybody(self, number: int):
        assert set(UNEVEN_ERROR) == {0.0, 0.05, 0.35}
        assert set(UNEVEN_IGNORANCE) == {0.0, 0.1, 0.2, 0.5}
        for found, documented in zip(self.rates(number), (UNEVEN_IGNORANCE, UNEVEN_ERROR), strict=True):
            off = np.abs(found[:, :, None] - documented[None, None, :])
            nearest = off.argmin(axis=2)
            assert off.min(axis=2).max() < 0.045  # four standard errors of 1000 answers at .15, a rate in between
            assert np.array_equal(documented[nearest[0]], documented[nearest[1]])

    def test_rates_are_all_alike_and_another_number_is_another_draw(self):
        drawn = [
            np.abs(
                np.concatenate([self.rates(number)[0][0] for number in range(8)])[:, None] - UNEVEN_IGNORANCE
            ).argmin(axis=1)
        ]
        assert stats.chisquare(np.bincount(drawn[0], minlength=4)).pvalue > 1e-3
        assert not np.array_equal(drawn[0][: len(drawn[0]) // 8], drawn[0][-len(drawn[0]) // 8 :])


class TestDontCare(UserTypeContract):
    name = "dont-care"
    nothing = "0"

    def test_this_share_does_not_care_whatever_is_true(self):
        items, attributes, true = pairs(N)
        said = ask(people("dont-care:0.15", items, N, CATALOGUE), attributes, N)
        assert_share(said == DONT_CARE, 0.15)
        assert np.array_equal((said == YES)[said != DONT_CARE], true[said != DONT_CARE])


class TestVague(UserTypeContract):
    name = "vague"
    nothing = "0"

    @pytest.mark.parametrize(
        ("attribute", "instead", "share"),
        [(0, YES, 0.3), (2, YES, 0.3), (16, NO, 0.0), (17, NO, 0.3), (18, YES, 0.3), (19, NO, 0.3), (20, NO, 0.0)],
    )
    def test_sort_of_is_said_of_what_holds_and_of_the_values_next_to_it(
        self, attribute: int, instead: int, share: float
    ):
        """An item of the third of five sizes (16 to 20), or, where there is no order, of what others have too."""
        target = 400 if attribute > 3 else 0
        said = ask(people("vague:0.3", target, N, ladder()), attribute, N)
        assert_share(said == SORT_OF, share)
        assert (said[said != SORT_OF] == instead).all()

    @pytest.mark.parametrize(("target", "attribute"), [(0, 16), (999, 20)])
    def test_a_slip_about_the_first_or_last_value_is_no_neighbour_of_itself(self, target: int, attribute: int):
        """Half say yes, all of whom grade it; the others' no stands.  The last value is the last of all attributes."""
        said = ask(people("vague:1+noisy:0.5", target, N, ladder()), attribute, N)
        assert_share(said == SORT_OF, 0.5)


class TestMultiInterest(UserTypeContract):
    name = "multi-interest"

    @staticmethod
    def minds(number: int, n: int = 4000) -> Minds:
        keys = dialogue_keys(3, np.arange(n))
        targets = (np.arange(n) % CATALOGUE.n_items).astype(np.int32)
        return Minds.form(CATALOGUE, targets, keys, parse_users(f"multi-interest:{number}").traits(keys))

    @pytest.mark.parametrize("number", [2, 5])
    def test_two_and_more_items_would_do_all_numbers_alike(self, number: int):
        count = (self.minds(number).wanted >= 0).sum(axis=1)
        assert (count.min(), count.max()) == (2, number)
        distinct = np.array([len(np.unique(items[items >= 0])) for items in self.minds(number).wanted])
        # Another one is taken for as long as there is one, but two of the others may be the same.
        assert (distinct >= 2).mean() > 0.95
        for size in range(2, number + 1):
            assert_share(count == size, 1 / (number - 1))

    def test_they_share_what_was_opened_with(self):
        minds = self.minds(5)
        real = (minds.wanted >= 0) & (minds.opening >= 0)[:, None]
        assert CATALOGUE.item_attributes.contains(minds.wanted, minds.opening[:, None])[real].all()

    def test_any_of_them_is_taken_and_what_any_of_them_has_is_affirmed(self):
        n = 2000
        stage = Stage("multi-interest:5", np.arange(n) % CATALOGUE.n_items, n)
        wanted = stage.people._minds.wanted
        last = wanted[np.arange(n), (wanted >= 0).sum(axis=1) - 1]
        has = CATALOGUE.item_attributes.contains(wanted, np.full((n, 1), 1)) & (wanted >= 0)
        known = CATALOGUE.known[0, CATALOGUE.attribute_facet[1]]
        assert known
        assert np.array_equal(stage.ask(1).answers[:, 0] == YES, has.any(axis=1))
        assert (stage.show(last[:, None]).accepted == 1).all()
        assert (has.any(axis=1) != has[:, 0]).any()


def hazard(annoyance: float, scale: float) -> float:
    """The documented chance of leaving at a step."""
    return float(1 - np.exp(-scale * annoyance))


class TestImpatient(UserTypeContract):
    name = "impatient"
    nothing = "0"

    @pytest.mark.parametrize("scale", [1.0, 5.0])
    @pytest.mark.parametrize("what", ["question", "silence", "list", "fourth list", "repeats", "question again"])
    def test_the_hazard_is_the_documented_sum(self, scale: float, what: str):
        stage = Stage(f"impatient:{scale}", 5, N)
        wrong = np.arange(10, 16)
        annoyance = 0.005
        if what == "question":
            reaction = stage.ask(3)
        if what == "silence":
            reaction, annoyance = stage.wait(), annoyance + 0.03 * SILENCE_TIMER
        if what == "list":
            reaction, annoyance = stage.show(wrong[:3]), annoyance + 0.02
        if what == "fourth list":
            for place in range(4):
                reaction = stage.show(wrong[place : place + 1])
            annoyance += 4 * 0.02
        if what == "repeats":
            stage.show(wrong[:3])
            reaction, annoyance = stage.show(wrong[1:5]), annoyance + 2 * 0.02 + 2 * 0.05
        if what == "question again":
            stage.ask(3)
            reaction, annoyance = stage.ask(3), annoyance + 0.05
        assert_share(reaction.event == Event.LEFT, hazard(annoyance, scale))

    def test_an_interruption_is_not_forgotten(self):
        stage = Stage("impatient:5+burst:1", 0, N, ladder())
        first = stage.ask(3).event
        assert_share(first == Event.LEFT, hazard(0.005 + 0.08, 5.0))
        second = stage.ask(20).event == Event.LEFT
        assert_share(second[first == Event.MESSAGE], hazard(0.005 + 0.08, 5.0))
        assert_share(second[first == Event.FRAGMENT], hazard(0.005 + 2 * 0.08, 5.0))

    def test_nobody_leaves_who_has_found_the_item(self):
        assert (Stage("impatient:20", 5, N).show(np.array([5])).event != Event.LEFT).all()


class TestBurst(UserTypeContract):
    name = "burst"
    nothing = "0"

    @staticmethod
    def pieces(stage: Stage) -> NDArray[np.int_]:
        """How many pieces come while the agent waits until nobody writes, with a piece after each wait."""
        count = np.zeros(stage.n, int)
        for _ in range(MOST_PIECES + 1):
            count += stage.wait().volunteered >= 0
        return count

    @staticmethod
    def documented(share: float) -> NDArray[np.float64]:
        """Chance of 0 .. 4 pieces, each of which follows the one before with the same chance."""
        return np.array([share**k * (1 - share if k < MOST_PIECES else 1) for k in range(MOST_PIECES + 1)])

    def test_each_piece_follows_with_the_same_chance_and_half_of_it_after_a_reply(self):
        opened = Stage("burst:0.6", 0, N, ladder())
        assert_share(opened.opening.event == Event.FRAGMENT, 0.6)
        count = self.pieces(opened)
        assert stats.chisquare(np.bincount(count), N * self.documented(0.6)).pvalue > 1e-3
        reply = opened.ask(3)
        assert_share(reply.event == Event.FRAGMENT, 0.3)
        later = self.pieces(opened)
        assert stats.chisquare(np.bincount(later), N * self.documented(0.3)).pvalue > 1e-3

    def test_a_piece_is_true_and_new_and_costs_no_turn(self):
        stage = Stage("burst:1", 0, 2000, ladder())
        self.pieces(stage)
        said = np.concatenate([stage.opening.attribute[:, None], stage.history.volunteered[:, :MOST_PIECES]], axis=1)
        assert ladder().item_attributes.contains(0, said).all()
        assert (np.diff(np.sort(said, axis=1), axis=1) > 0).all()
        assert (stage.history.turns == 0).all()

    def test_who_is_interrupted_loses_the_piece_half_of_the_time_and_the_others_always(self):
        stage = Stage("burst:1", 0, N, ladder())
        reaction = stage.ask(3)
        assert reaction.interrupted.all()
        assert_share(reaction.volunteered >= 0, 0.5)
        assert_share(reaction.event == Event.FRAGMENT, 0.5)  # another burst follows the reply

    def test_the_typing_indicator_shows_nine_pieces_in_ten(self):
        opening = Stage("burst:0.6", 0, N, ladder()).opening
        writing = opening.event == Event.FRAGMENT
        assert_share(opening.typing[writing], 0.9)
        assert_share(opening.typing[~writing], 0.05)
        assert opening.completeness[writing].max() <= 0.7
        assert opening.completeness[~writing].min() >= 0.3

    def test_a_piece_arrives_after_one_tick_or_two(self):
        ticks = Stage("burst:1", 0, N, ladder()).wait().ticks
        assert_share(ticks == 1, 0.5)
        assert set(ticks.tolist()) == {1, 2}


class TestDeliberator(UserTypeContract):
    name = "deliberator"
    nothing = "0"

    @pytest.mark.parametrize(
        ("length", "at_once", "lost"), [(3, 1 - 0.5 * 0.7, 0.0), (10, 1 - 0.7, 0.7 * LOST_TO_LENGTH)]
    )
    def test_how_many_take_a_list_at_once_and_how_many_in_the_end(self, length: int, at_once: float, lost: float):
        stage = Stage("deliberator:0.7", 5, N)
        reaction = stage.show(np.arange(3, 3 + length))
        assert_share(reaction.accepted == 3, at_once)
        assert np.array_equal(reaction.accepted == 0, reaction.deferred)
        assert_share(reaction.event[reaction.deferred] == Event.DEFERRAL, 0.6)
        taken = np.zeros(N, bool)
        for _ in range(2):
            later = stage.wait()
            assert (later.settled[later.verdict > 0] == 1).all()
            taken |= later.verdict == 3
        assert_share(taken[reaction.deferred], 1 - lost)

    def test_whoever_is_interrupted_drops_the_list(self):
        stage = Stage("deliberator:1", 5, 1000)
        thinks = stage.show(np.arange(10)).deferred
        assert thinks.all()
        reaction = stage.ask(3)
        assert (reaction.settled == 1).all()
        assert (reaction.interrupted & (reaction.verdict == 0)).all()
        assert all((stage.wait().verdict == 0).all() for _ in range(3))

    @pytest.mark.parametrize(("length", "longest"), [(1, 1), (3, 2), (5, 2), (10, 4)])
    def test_thinking_takes_the_longer_the_longer_the_list(self, length: int, longest: int):
        stage = Stage("deliberator:1", 5, N)
        stage.show(np.arange(20, 20 + length))
        ticks, thinks = np.zeros(N, int), np.ones(N, bool)
        for _ in range(2):
            later = stage.wait()
            ticks += np.where(thinks, later.ticks, 0)
            thinks &= later.settled == 0
        assert not thinks.any()
        assert stats.chisquare(np.bincount(ticks, minlength=longest + 1)[1:]).pvalue > 1e-3 or longest == 1
        assert ticks.max() == longest

    def test_at_the_last_turn_they_think_to_the_end_before_anything_else_happens(self):
        reaction = Stage("deliberator:0.7", 5, N).show(np.arange(10), last=True)
        assert not reaction.deferred.any()
        at_once = 1 - 0.7
        assert_share(reaction.accepted == 6, at_once + 0.7 * (1 - 0.7 * LOST_TO_LENGTH))

    def test_a_list_without_the_item_is_looked_through_as_well(self):
        assert Stage("deliberator:0.7", 5, 1000).show(np.arange(10, 20)).deferred.all()


class TestCritiquer(UserTypeContract):
    name = "critiquer"
    nothing = "0"

    def test_half_of_the_lists_turned_down_are_criticised_and_what_is_said_is_true(self):
        catalogue = ladder()
        rng = np.random.default_rng(0)
        targets, lists = rng.integers(0, 1000, N), rng.integers(0, 1000, (N, 3))
        stage = Stage("critiquer:0.5", targets, N, catalogue)
        reaction = stage.show(lists)
        place, attribute, direction = reaction.critiques.T
        size = 16 + np.arange(1000) // 200
        shared = np.array(
            [[len(np.intersect1d(catalogue.attributes_of(a), catalogue.attributes_of(b))) for b in row]
             for a, row in zip(targets[:300], lists[:300], strict=True)]
        )  # fmt: skip
        spoke = place > 0
        measure = lists[np.arange(N), np.maximum(place - 1, 0)]
        assert (size[measure] == attribute)[spoke].all()
        assert (np.sign(size[targets] - size[measure]) == direction)[spoke].all()
        assert (shared.argmax(axis=1) == place[:300] - 1)[spoke[:300]].all(), "the first of those that are most alike"
        refused = reaction.accepted == 0
        apart = np.zeros(N, bool)
        apart[:300] = size[lists[np.arange(300), shared.argmax(axis=1)]] != size[targets[:300]]
        assert not (spoke & ~refused).any()
        assert not (spoke[:300] & ~apart[:300]).any()
        single = Stage("critiquer:0.5", 0, N, catalogue).show(np.array([300]))
        assert_share(single.critiques[:, 2] != 0, 0.5)

    def test_two_lists_in_a_row_are_criticised_independently_even_after_thought(self):
        """The second is shown at the turn after the one at which the first was, however long the first took."""
        stage = Stage("critiquer:0.5+deliberator:1", 0, N, ladder())
        first = np.zeros(N, bool)
        stage.show(np.array([300]))
        for _ in range(2):
            first |= stage.wait().critiques[:, 2] != 0
        second = stage.show(np.array([500]), last=True).critiques[:, 2] != 0
        assert_share(second[first], 0.5)
        assert_share(second[~first], 0.5)


class TestColdStart(UserTypeContract):
    name = "cold-start"
    nothing = "0"

    @pytest.mark.parametrize("share", [1.0, 0.4])
    def test_nobody_is_known_and_this_share_begins_without_a_word(self, share: float):
        users = people(f"cold-start:{share}", 3, N, CATALOGUE)
        assert users.without_history.all()
        assert not people("classic", 3, 10, CATALOGUE).without_history.any()
        assert_share(users.open().attribute == -1, share)


class TestMindChanger(UserTypeContract):
    name = "mind-changer"
    nothing = "0"

    def test_minds_change_once_at_this_rate_a_turn(self):
        stage = Stage("mind-changer:0.08", 3, N)
        opening = stage.people._minds.opening.copy()
        first_of = [stage.people._minds.first.copy()]
        for turn in range(8):
            stage.ask(turn)
            if turn % 3 == 0:
                stage.wait()
            first_of.append(stage.people._minds.first.copy())
            same = stage.people._minds.changed
            assert_share(same, 1 - 0.92 ** (turn + 1))
        changes = (np.diff(first_of, axis=0) != 0).sum(axis=0)
        assert changes.max() == 1
        moved = changes > 0
        assert CATALOGUE.item_attributes.contains(first_of[-1][moved], opening[moved]).all()

    def test_half_say_so_and_what_they_say_is_true_of_the_new_item(self):
        stage = Stage("mind-changer:1", 0, N, ladder())
        volunteered = stage.ask(3).volunteered
        new = stage.people._minds.first
        speaks = volunteered >= 0
        has = ladder().item_attributes.contains
        named = has(new, 3).astype(int) + has(new, stage.opening.attribute) * (stage.opening.attribute != 3)
        can = ladder().item_attributes.degrees[new] > named
        assert_share(speaks[can], 0.5)
        assert not speaks[~can].any()
        assert has(new[speaks], volunteered[speaks]).all()

    def test_what_is_said_afterwards_is_about_the_new_item(self):
        stage = Stage("mind-changer:1", 3, 2000)
        stage.ask(0)
        new = stage.people._minds.first
        said = ask(stage.people, 5, 2000, 4)
        assert np.array_equal(said == YES, CATALOGUE.item_attributes.contains(new, 5))


class TestInconsistent(UserTypeContract):
    name = "inconsistent"
    nothing = "0"

    @pytest.mark.parametrize("attribute", [1, 2, 16, 19])
    def test_this_share_of_the_answers_is_about_any_item_with_what_was_opened_with(self, attribute: int):
        users = people("inconsistent:0.4", 999, N, ladder())
        assert (users.open().attribute == 20).all()  # all it has; it shares that with two hundred
        said = ask(users, attribute, N)
        alike = ladder().attribute_items.row(20)
        theirs = ladder().item_attributes.contains(alike, attribute).mean()
        assert_share(said == YES, 0.4 * theirs)
        assert_share(ask(users, 20, N) == YES, 1.0)

    def test_a_rare_attribute_is_affirmed_by_mistake_as_rarely_as_it_is_rare(self):
        """Unlike a slip: of those who opened with what half of the items have, one in fifty has the hundredth's."""
        users = people("inconsistent:1", 400, N, ladder())
        about_half = users.open().attribute == 0
        assert_share((ask(users, 2, N) == YES)[about_half], 10 / 500)


class TestNlu(UserTypeContract):
    name = "nlu"
    nothing = "0"

    @pytest.mark.parametrize(("attribute", "said"), [(0, YES), (16, NO)])
    @pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
    def test_answers_are_confused_as_the_table_says(self, attribute: int, said: int, scale: float):
        target = 400
        heard = Stage(f"nlu:{scale}", target, N, ladder()).ask(attribute).answers[:, 0]
        row = shipped_table().heard[said] * scale
        row[said] = 1 - (row.sum() - row[said])
        found = np.bincount(heard, minlength=6)
        assert found[row == 0].sum() == 0
        assert stats.chisquare(found[row > 0], N * row[row > 0]).pvalue > 1e-3

    def test_one_answer_in_twelve_is_heard_as_another(self):
        items, attributes, true = pairs(N)
        stage = Stage("nlu", items, N)
        stage.history.options[np.arange(N), 0, 0] = attributes
        heard = stage._react(Act.ASK).answers[:, 0]
        assert np.mean(heard != np.where(true, YES, NO)) == pytest.approx(1 / 12, abs=0.008)

    def test_the_confidence_is_that_of_the_table_and_tells_right_from_wrong(self):
        table = shipped_table()
        stage = Stage("nlu:3", 400, N, ladder())
        reaction = stage.ask(0)
        right = reaction.answers[:, 0] == YES
        for mine, quantiles in ((right, table.right), (~right, table.wrong)):
            places = np.linspace(0, 1, len(quantiles))
            found = np.quantile(reaction.confidence[mine].astype(float), places[1:-1])
            assert found == pytest.approx(quantiles[1:-1], abs=0.03)
        assert (Stage("classic", 400, 1000, ladder()).ask(0).confidence == 1).all()


class TestMixture(UserTypeContract):
    name = "mixture"

    def test_everybody_is_of_one_part_and_parts_have_their_shares(self):
        keys = dialogue_keys(5, np.arange(N))
        traits = parse_users("mixture").traits(keys)
        counts = []
        for _, kinds in PARTS:
            name = "+".join(f"{kind.name}:{number:g}" for kind, number in kinds) or "classic"
            like = parse_users(name).traits(keys[:1])
            counts.append(np.all([getattr(traits, each) == getattr(like, each) for each in vars(like)], axis=0).sum())
        assert sum(counts) == N
        shares = np.array([share for share, _ in PARTS])
        assert shares.sum() == pytest.approx(1.0)
        assert stats.chisquare(counts, N * shares).pvalue > 1e-3

    def test_its_parts_and_shares_are_those_it_is_documented_with(self):
        told = KINDS["mixture"].summary.split(": ", 1)[1].rstrip(".").split(", ")
        assert told == [
            "14% classic", "8% noisy:0.1", "6% weak-reject:0.15", "6% dont-know:0.2", "8% noisy:0.1+dont-know:0.2",
            "6% uneven:0", "4% dont-care:0.15", "6% vague:0.3", "6% multi-interest:5", "8% impatient:1", "8% burst:0.6",
            "8% deliberator:0.7", "4% critiquer:0.5", "4% burst:0.6+deliberator:0.7+impatient:1", "4% cold-start:0.5",
        ]  # fmt: skip
        for text, (share, kinds) in zip(told, PARTS, strict=True):
            percent, name = text.split("% ")
            assert int(percent) == pytest.approx(100 * share)
            assert name == ("+".join(f"{kind.name}:{number:g}" for kind, number in kinds) or "classic")

    def test_what_is_held_out_is_no_part_of_it(self):
        assert set(HELD_OUT) == {"mind-changer", "inconsistent", "nlu"}
        assert not {kind.name for _, kinds in PARTS for kind, _ in kinds} & set(HELD_OUT)
        absent = {"fickleness", "wandering", "mishearing"}
        assert {
            trait for kind in HELD_OUT for trait in parse_users(kind).traits(dialogue_keys(0, [0])).present()
        } == absent
        assert not parse_users("mixture").traits(dialogue_keys(5, np.arange(N))).present() & absent

    def test_all_other_kinds_are_part_of_it(self):
        parts = {kind.name for _, kinds in PARTS for kind, _ in kinds}
        assert parts == set(KINDS) - set(HELD_OUT) - {"classic", "mixture"}


def test_every_kind_keeps_the_contract():
    tested = {each.name for each in UserTypeContract.__subclasses__()}
    assert tested == set(KINDS)
