"""How far answers can be trusted: the rates of the answer model, learned from dialogues whose outcome is known.

Rates are those of a facet where it was learned and of all together elsewhere, so that they can be taken to another
catalogue; each attribute of the catalogue they were learned on may have its own.

Legend: D dialogues, L answers heard, P attributes, F facets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from graph.answers import UNKNOWN_DONT_KNOW, Answer, AnswerModel
from graph.catalogue import Catalogue
from simulator.history import Act, History

RATES = ("miss", "false_alarm", "dont_know", "dont_care", "sort_of_has", "sort_of_lacks")
"""What is learned, each a chance: see :class:`graph.answers.AnswerModel`."""

PRIOR = 30.0
"""Answers that the rate of the next wider group counts for beside those of a narrower one."""

NEARLY = 0.3, 0.02
"""How often "sort of" is said of what nearly holds beside what holds, at least: where values have an order, and where
they have none.  What is seldom heard is learned badly, and must not be taken for proof."""

ABROAD = 0.3
"""Share of the doubt that is left on catalogues for which it was not chosen: there its harm is not known."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class AnswerRates:
    """Rates for all attributes together, by facet, and for single attributes."""

    everywhere: tuple[float, ...]
    """One for each of :data:`RATES`."""
    of_facet: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of the facet."""
    of_attribute: NDArray[np.float64] | None = None
    """For one vocabulary alone, shape (P, rates)."""
    vocabulary: str = ""
    """The :attr:`graph.catalogue.Catalogue.vocabulary` that ``of_attribute`` is for; a catalogue that has grown begins
    with it."""
    doubt: float = 1.0
    """Chance beforehand that somebody answers like this; all others are honest."""
    hears_no: bool = True
    """False to take a "no" as no evidence, as the published policies do."""
    n_items: int = 0
    """Items of the catalogue for which the doubt was chosen; 0 for any."""

    def at_home(self, catalogue: Catalogue) -> bool:
        """Whether they were learned there, perhaps before items were added, or are for anywhere."""
        return not self.n_items or self._knows(catalogue)

    def _knows(self, catalogue: Catalogue) -> bool:
        """Whether the first attributes there, or all of them, are those that the rates were learned for."""
        n_attributes = catalogue.n_attributes if self.of_attribute is None else len(self.of_attribute)
        grown = n_attributes <= catalogue.n_attributes
        return grown and self.vocabulary == catalogue.vocabulary_of_first(n_attributes)

    def doubt_in(self, catalogue: Catalogue) -> float:
        """The doubt there: elsewhere at most :data:`ABROAD` as much as at home, and none about what is unknown here.

        A slip makes room for every item that does not fit, so where there are more items there is less doubt.  Of
        facets whose answers were never learned from there is no reason to doubt any.
        """
        fewer = min(1.0, self.n_items / max(catalogue.n_items, 1)) if self.n_items else 1.0
        if self.at_home(catalogue):
            return self.doubt * fewer
        learned = np.array([facet.name in self.of_facet for facet in catalogue.facets], bool)
        share = float(learned[catalogue.attribute_facet].mean()) if catalogue.n_attributes else 0.0
        return self.doubt * ABROAD * share * fewer

    def scaled(self, strength: float) -> "AnswerRates":
        """All rates multiplied: those who err are not all alike, and most of them err less than all their slips say."""
        facets = {name: _times(rates, strength) for name, rates in self.of_facet.items()}
        table = None if self.of_attribute is None else self.of_attribute * strength
        return replace(self, everywhere=_times(self.everywhere, strength), of_facet=facets, of_attribute=table)

    def model(self, catalogue: Catalogue) -> AnswerModel:
        """The answer model of a catalogue; rates of single attributes count where its attributes are the same.

        What has been added since has the rates of its facet.
        """
        by_facet = np.array([self.of_facet.get(facet.name, self.everywhere) for facet in catalogue.facets])
        table = by_facet[catalogue.attribute_facet]
        if self.of_attribute is not None and self._knows(catalogue):
            table[: len(self.of_attribute)] = self.of_attribute
        miss, false_alarm, dont_know, dont_care, sort_of_has, sort_of_lacks = np.ascontiguousarray(table.T)
        ordered = np.array([facet.ordered for facet in catalogue.facets], bool)[catalogue.attribute_facet]
        sort_of_lacks = np.maximum(sort_of_lacks, np.where(ordered, *NEARLY) * sort_of_has)
        model = AnswerModel(
            miss, false_alarm, dont_know, dont_care, np.maximum(dont_know, UNKNOWN_DONT_KNOW), sort_of_has,
            sort_of_lacks, catalogue.attribute_rates, hears_no=self.hears_no,
        )  # fmt: skip
        if self.doubt == 1.0:
            return model
        honest = replace(AnswerModel.honest(catalogue), hears_no=self.hears_no)
        return replace(honest, otherwise=model, doubt=self.doubt_in(catalogue)) if self.doubt else honest


def _times(rates: tuple[float, ...], strength: float) -> tuple[float, ...]:
    return tuple(rate * strength for rate in rates)


HONEST = AnswerRates((0.0,) * len(RATES), doubt=0.0)
"""Everybody knows and tells the truth."""


@dataclass(frozen=True)
class Heard:
    """Answers to options of which it came out in the end what is true, one by one."""

    dialogue: NDArray[np.intp]
    """Place of the dialogue of each, shape (L,)."""
    attribute: NDArray[np.int32]
    has: NDArray[np.bool_]
    """Whether the item in question has it."""
    answer: NDArray[np.int8]
    n_dialogues: int

    @classmethod
    def of(cls, catalogue: Catalogue, history: History, items: NDArray[np.integer]) -> "Heard":
        """From dialogues that are over.

        :param items: what each turned out to be about, lost ones included, shape (D,), -1 where it never came out.
            Whoever slips is found less often, so that counting successes alone would make people look reliable.
        """
        asked = (history.acts == Act.ASK) & (items >= 0)[:, None]
        rows, steps = np.nonzero(asked)
        options, answers = history.options[rows, steps], history.answers[rows, steps]
        about, dialogues = (np.broadcast_to(each[:, None], options.shape) for each in (items[rows], rows))
        heard = (options >= 0) & (answers >= 0) & (answers != Answer.UNSAID)
        heard &= catalogue.known[about, catalogue.attribute_facet[options]]
        about, options = about[heard], options[heard]
        has = catalogue.item_attributes.contains(about, options)
        return cls(dialogues[heard], options, has, answers[heard], history.n_dialogues)

    @property
    def slips(self) -> NDArray[np.bool_]:
        """Answers that nobody gives who knows and tells the truth, shape (L,); being vague or not caring is no slip."""
        wrong = np.where(self.has, Answer.NO, Answer.YES)
        return np.asarray((self.answer == wrong) | (self.answer == Answer.DONT_KNOW))

    @classmethod
    def join(cls, parts: Sequence["Heard"]) -> "Heard":
        """Those of several runs."""
        firsts = np.cumsum([0, *(part.n_dialogues for part in parts)])
        dialogue = np.concatenate([part.dialogue + first for part, first in zip(parts, firsts, strict=False)])
        attribute, has, answer = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("attribute", "has", "answer")
        )
        return cls(dialogue, attribute, has, answer, int(firsts[-1]))


def who_errs(heard: Heard, rounds: int = 30) -> tuple[Counts, float]:
    """Chance that the user of each dialogue is one of those who err, shape (D,), and how many of them there are.

    Two classes of people by expectation and maximisation: some never slip, the others now and then (Dawid and Skene
    1979, "Maximum likelihood estimation of observer error-rates using the EM algorithm").
    """
    n_answers = np.bincount(heard.dialogue, minlength=heard.n_dialogues)
    n_slips = np.bincount(heard.dialogue, heard.slips, minlength=heard.n_dialogues)
    share, rate = 0.5, 0.2
    chance = np.where(n_slips > 0, 1.0, share)
    if not n_slips.any():
        return np.zeros(heard.n_dialogues), 0.0
    for _ in range(rounds):
        silent = share * (1.0 - rate) ** n_answers
        chance = np.where(n_slips > 0, 1.0, silent / (silent + 1.0 - share))
        share = float(np.clip(chance.mean(), 1e-3, 1.0 - 1e-3))
        rate = float(np.clip((chance * n_slips).sum() / max((chance * n_answers).sum(), 1.0), 1e-3, 1.0 - 1e-3))
    return chance, share


@dataclass
class AnswerCounts:
    """How often each attribute was answered how, by whether the item in question has it."""

    table: Counts
    """Shape (P, 2, answers): lacks and has."""

    @classmethod
    def of(cls, catalogue: Catalogue, heard: Heard, weights: Counts | None = None) -> "AnswerCounts":
        """Counted.

        :param weights: what each dialogue counts for, shape (D,); once if not given.
        """
        table = np.zeros((catalogue.n_attributes, 2, len(Answer)))
        amounts = 1.0 if weights is None else weights[heard.dialogue]
        np.add.at(table, (heard.attribute, heard.has.astype(np.intp), heard.answer), amounts)
        return cls(table)


def learn_rates(catalogue: Catalogue, counts: AnswerCounts, everybody: AnswerCounts | None = None) -> AnswerRates:
    """Rates of each attribute, drawn towards those of its facet, and these towards the rates of all.

    :param counts: of those who err; ``everybody``: of all people, who share how often they are vague or do not care.
    """
    erring = _by_group(catalogue, counts.table)
    shared = erring if everybody is None else _by_group(catalogue, everybody.table)
    columns = np.isin(RATES, SHARED)
    everywhere, by_facet, by_attribute = (
        np.where(columns, of_all, of_some) for of_all, of_some in zip(shared, erring, strict=True)
    )
    return AnswerRates(
        tuple(everywhere),
        {facet.name: tuple(rates) for facet, rates in zip(catalogue.facets, by_facet, strict=True)},
        by_attribute,
        catalogue.vocabulary,
        n_items=catalogue.n_items,
    )


SHARED = "dont_care", "sort_of_has", "sort_of_lacks"
"""Rates that those who err have in common with everybody else."""


def _by_group(catalogue: Catalogue, table: Counts) -> tuple[Counts, Counts, Counts]:
    """:data:`RATES` of all attributes, of each facet, and of each attribute."""
    everywhere = _rates(table.sum(axis=0), np.zeros(len(RATES)), 1.0)
    facets = np.zeros((catalogue.n_facets, *table.shape[1:]))
    np.add.at(facets, catalogue.attribute_facet, table)
    by_facet = np.stack([_rates(each, everywhere, PRIOR) for each in facets])
    by_attribute = np.stack(
        [_rates(each, by_facet[facet], PRIOR) for each, facet in zip(table, catalogue.attribute_facet, strict=True)]
    )
    return everywhere, by_facet, by_attribute


def _rates(counts: Counts, prior: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """:data:`RATES` from the counts of one group, shape (2, answers), with a prior worth ``weight`` answers."""
    lacks, has = counts
    total = counts.sum()
    spoken_has, spoken_lacks = (row[[Answer.NO, Answer.YES, Answer.SORT_OF]].sum() for row in (has, lacks))
    plain_has, plain_lacks = (row[[Answer.NO, Answer.YES]].sum() for row in (has, lacks))
    both = lacks + has
    parts = (
        (has[Answer.NO], plain_has), (lacks[Answer.YES], plain_lacks), (both[Answer.DONT_KNOW], total),
        (both[Answer.DONT_CARE], total), (has[Answer.SORT_OF], spoken_has), (lacks[Answer.SORT_OF], spoken_lacks),
    )  # fmt: skip
    happened, tried = np.array(parts).T
    return np.asarray((happened + weight * prior) / (tried + weight))
