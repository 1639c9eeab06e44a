"""Small random catalogues, and the slow, plain story of how a user who has one of their items in mind answers.

The story shares no table with :mod:`graph.answers`: it goes through everything a user may perceive and say, one
case after the other, in plain Python.
"""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import and_

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.answers import Answer, AnswerModel
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR

Said = tuple[int, ...]
"""An :class:`Answer` to each option."""


@dataclass(frozen=True)
class Facts:
    """A catalogue as plain Python."""

    has: tuple[frozenset[int], ...]
    """Attributes of each item."""
    facet: tuple[int, ...]
    """Facet of each attribute."""
    open_world: tuple[bool, ...]
    """Of each facet."""
    item_ids: tuple[int, ...]
    attribute_ids: tuple[int, ...]
    recorded: frozenset[tuple[int, int]] = frozenset()
    """Items and facets with a value that is no attribute."""

    @property
    def n_items(self) -> int:
        return len(self.has)

    @property
    def n_attributes(self) -> int:
        return len(self.facet)

    def knows(self, item: int, attribute: int) -> bool:
        """Whether the catalogue knows the attribute's facet for the item."""
        return self.knows_facet(item, self.facet[attribute])

    def knows_facet(self, item: int, facet: int) -> bool:
        held = any(self.facet[own] == facet for own in self.has[item])
        return not self.open_world[facet] or held or (item, facet) in self.recorded

    def attributes_in(self, facet: int) -> list[int]:
        return [attribute for attribute in range(self.n_attributes) if self.facet[attribute] == facet]

    def catalogue(self) -> Catalogue:
        n_facets = len(self.open_world)
        pairs = [(item, attribute) for item, own in enumerate(self.has) for attribute in own]
        edges = CSR.from_pairs([i for i, _ in pairs], [a for _, a in pairs], self.n_items, self.n_attributes)
        return Catalogue(
            np.array(self.item_ids, np.int64),
            tuple(f"item {item}" for item in self.item_ids),
            np.zeros(self.n_items, np.int16),
            np.ones(self.n_items, np.float32),
            tuple(Facet(f"facet {place}", is_open) for place, is_open in enumerate(self.open_world)),
            np.array(self.attribute_ids, np.int64),
            tuple(f"attribute {attribute}" for attribute in self.attribute_ids),
            np.array(self.facet, np.int16),
            edges,
            np.array([[(item, f) in self.recorded for f in range(n_facets)] for item in range(self.n_items)]),
        )

    def reordered(self, items: Sequence[int], attributes: Sequence[int]) -> "Facts":
        """The same catalogue with item ``items[i]`` in place i and attribute ``attributes[a]`` in place a."""
        place = {attribute: new for new, attribute in enumerate(attributes)}
        return Facts(
            tuple(frozenset(place[own] for own in self.has[item]) for item in items),
            tuple(self.facet[attribute] for attribute in attributes),
            self.open_world,
            tuple(self.item_ids[item] for item in items),
            tuple(self.attribute_ids[attribute] for attribute in attributes),
            frozenset(
                (new, f)
                for new, item in enumerate(items)
                for f in range(len(self.open_world))
                if (item, f) in self.recorded
            ),
        )


def bits_of(number: int) -> frozenset[int]:
    """Places of the ones of a number in binary."""
    return frozenset(place for place in range(number.bit_length()) if number >> place & 1)


@st.composite
def facts(
    draw: st.DrawFn,
    max_items: int = 8,
    max_attributes: int = 7,
    max_facets: int = 3,
    open_world: st.SearchStrategy[bool] | None = None,
    least: int = 1,
) -> Facts:
    """Any small catalogue: bare items, attributes without items, facets with one attribute or none are among them.

    :param least: items and attributes there are at least.
    """
    n_items = draw(st.sampled_from(range(least, max_items + 1)))
    n_attributes = draw(st.sampled_from(range(least, max_attributes + 1)))
    n_facets = draw(st.sampled_from(range(1, max_facets + 1)))
    half = st.integers(0, 2**n_attributes - 1)
    own = st.builds(and_, half, half | st.just(0)).map(bits_of)  # a quarter of the attributes, or none
    is_open = st.booleans() if open_world is None else open_world
    ids = st.integers(-5, 10_000)
    return Facts(
        tuple(draw(st.lists(own, min_size=n_items, max_size=n_items))),
        tuple(draw(st.lists(st.integers(0, n_facets - 1), min_size=n_attributes, max_size=n_attributes))),
        tuple(draw(st.lists(is_open, min_size=n_facets, max_size=n_facets))),
        tuple(draw(st.lists(ids, min_size=n_items, max_size=n_items, unique=True))),
        tuple(draw(st.lists(ids, min_size=n_attributes, max_size=n_attributes, unique=True))),
        draw(st.frozensets(st.tuples(st.integers(0, n_items - 1), st.integers(0, n_facets - 1)), max_size=3)),
    )


def every_state(n_options: int) -> Facts:
    """One open-world facet and an item for each state of a question about its first ``n_options`` attributes.

    One more attribute, which is never asked about, makes the facet known for all items but the last.
    """
    has = [
        frozenset(place for place in range(n_options) if state >> place & 1) | {n_options}
        for state in range(2**n_options)
    ]
    n_items, n_attributes = len(has) + 1, n_options + 1
    return Facts((*has, frozenset()), (0,) * n_attributes, (True,), tuple(range(n_items)), tuple(range(n_attributes)))


@st.composite
def answer_models(draw: st.DrawFn, n_attributes: int) -> AnswerModel:
    """Any answer model; rates are sixteenths, so that 0, 1 and their sums are exact, and silence is never above 1."""

    def column(most: int) -> NDArray[np.float64]:
        return np.array(draw(st.lists(st.integers(0, most), min_size=n_attributes, max_size=n_attributes))) / 16

    dont_care = column(6)
    return AnswerModel(
        miss=column(16),
        false_alarm=column(16),
        dont_know=column(10),
        dont_care=dont_care,
        unknown_dont_know=np.minimum(column(16), 1 - dont_care),
        sort_of_has=column(8),
        sort_of_lacks=column(8),
        rate=column(16),
        acceptance=draw(st.integers(0, 16)) / 16,
        critique_error=draw(st.integers(0, 8)) / 16,
        hears_no=draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn, open_world: st.SearchStrategy[bool] | None = None, least: int = 1) -> "Story":
    """A catalogue and a user: honest, or with any errors and silences."""
    catalogue = draw(facts(open_world=open_world, least=least))
    honest = st.builds(lambda: AnswerModel.honest(catalogue.catalogue()))
    return Story(catalogue, draw(honest | answer_models(catalogue.n_attributes)))


@st.composite
def questions_about(draw: st.DrawFn, known: Facts) -> tuple[int, ...]:
    """One to four attributes of one facet."""
    facet = known.facet[draw(st.integers(0, known.n_attributes - 1))]
    options = draw(st.permutations(known.attributes_in(facet)))
    return tuple(options[: draw(st.sampled_from([1, 2, 3, 4]))])


@dataclass(frozen=True)
class Story:
    """Everything a user with some item in mind may say, with its probability.

    ``SORT_OF`` is said about options that are picked apart; a facet question is answered as if it did not exist.
    """

    facts: Facts
    model: AnswerModel

    def perceives(self, item: int, attribute: int) -> float:
        """Chance that the item seems to have the attribute."""
        if not self.facts.knows(item, attribute):
            return float(self.model.rate[attribute])
        if attribute in self.facts.has[item]:
            return 1 - float(self.model.miss[attribute])
        return float(self.model.false_alarm[attribute])

    def grades(self, item: int, attribute: int) -> float:
        """Chance that somebody who speaks says that it somewhat holds."""
        has, lacks = float(self.model.sort_of_has[attribute]), float(self.model.sort_of_lacks[attribute])
        if not self.facts.knows(item, attribute):
            return float(self.model.rate[attribute]) * (has - lacks) + lacks
        return has if attribute in self.facts.has[item] else lacks

    def silence(self, item: int, attribute: int) -> dict[int, float]:
        """Chance of each way of not answering."""
        known = self.facts.knows(item, attribute)
        dont_know = (self.model.dont_know if known else self.model.unknown_dont_know)[attribute]
        return {Answer.DONT_KNOW: float(dont_know), Answer.DONT_CARE: float(self.model.dont_care[attribute])}

    def about_one(self, item: int, attribute: int) -> dict[int, float]:
        """Chance of each answer about one attribute."""
        silence = self.silence(item, attribute)
        speaks = 1 - sum(silence.values())
        seems, graded = self.perceives(item, attribute), speaks * self.grades(item, attribute)
        plain = {Answer.NO: (speaks - graded) * (1 - seems), Answer.YES: (speaks - graded) * seems}
        return {**plain, Answer.SORT_OF: graded, **silence}

    def picking(self, item: int, options: Sequence[int]) -> dict[Said, float]:
        """Binary and multi questions: every option is answered on its own."""
        each = [self.about_one(item, option).items() for option in options]
        return {
            tuple(int(answer) for answer, _ in case): math.prod(chance for _, chance in case)
            for case in itertools.product(*each)
        }

    def naming(self, item: int, options: Sequence[int]) -> dict[Said, float]:
        """Facet questions: silence about all of it, or one of the options that seem to hold, or none of these."""
        chances: Counter[Said] = Counter()
        speaks = 1.0
        for answer in (Answer.DONT_KNOW, Answer.DONT_CARE):
            silent = sum(self.silence(item, option)[answer] for option in options) / len(options)
            chances[(int(answer),) * len(options)] += silent
            speaks -= silent
        for seem in itertools.product([False, True], repeat=len(options)):
            chance = speaks
            for option, holds in zip(options, seem, strict=True):
                seems = self.perceives(item, option)
                chance *= seems if holds else 1 - seems
            named = [place for place, holds in enumerate(seem) if holds]
            for place in named:
                said = [int(Answer.UNSAID)] * len(options)
                said[place] = int(Answer.YES)
                chances[tuple(said)] += chance / len(named)
            if not named:
                chances[(int(Answer.NO),) * len(options)] += chance
        return dict(chances)

    def says(self, item: int, options: Sequence[int], naming: bool) -> dict[Said, float]:
        return self.naming(item, options) if naming else self.picking(item, options)

    def information(self, belief: Sequence[float], options: Sequence[int], naming: bool) -> float:
        """Bits an answer tells about the item; of options picked apart, every way of not answering is taken as one."""
        says = [self.says(item, options, naming) for item in range(len(belief))]
        return information(belief, says if naming else [as_silence(chances) for chances in says])


def as_silence(chances: dict[Said, float]) -> dict[Said, float]:
    """The same answers, but "I don't care" is not told apart from "I don't know"."""
    merged: Counter[Said] = Counter()
    for said, chance in chances.items():
        merged[tuple(int(Answer.DONT_KNOW) if answer == Answer.DONT_CARE else answer for answer in said)] += chance
    return dict(merged)


def information(belief: Sequence[float], says: Sequence[dict[Said, float]]) -> float:
    """Mutual information of item and answer in bits, by its definition.

    :param belief: chance of each item.
    :param says: for each item, the chance of each answer.
    """
    total: Counter[Said] = Counter()
    for weight, chances in zip(belief, says, strict=True):
        for said, chance in chances.items():
            total[said] += weight * chance
    return sum(
        weight * chance * math.log2(chance / total[said])
        for weight, chances in zip(belief, says, strict=True)
        for said, chance in chances.items()
        if weight * chance > 0
    )


def padded(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int32]:
    """Rows of different lengths as one array, -1 where there is nothing."""
    return np.array([[*row, *[-1] * (width - len(row))] for row in rows], np.int32).reshape(len(rows), width)
