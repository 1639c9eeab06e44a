"""How far answers can be trusted: the rates of the answer model, learned from dialogues whose outcome is known.

Rates are those of a facet where it was learned and of all together elsewhere, so that they can be taken to another
catalogue; each attribute of the catalogue they were learned on may have its own.

Legend: D dialogues, P attributes, F facets.
"""

from collections.abc import Mapping
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
    """The :attr:`graph.catalogue.Catalogue.vocabulary` that ``of_attribute`` is for."""
    hears_no: bool = True
    """False to take a "no" as no evidence, as the published policies do."""

    def scaled(self, strength: float) -> "AnswerRates":
        """All rates multiplied: people differ, and who is reliable is better served by less doubt than the average."""
        facets = {name: _times(rates, strength) for name, rates in self.of_facet.items()}
        table = None if self.of_attribute is None else self.of_attribute * strength
        return replace(self, everywhere=_times(self.everywhere, strength), of_facet=facets, of_attribute=table)

    def model(self, catalogue: Catalogue) -> AnswerModel:
        """The answer model of a catalogue; rates of single attributes count where its attributes are the same."""
        table = self.of_attribute
        if table is None or self.vocabulary != catalogue.vocabulary:
            by_facet = np.array([self.of_facet.get(facet.name, self.everywhere) for facet in catalogue.facets])
            table = by_facet[catalogue.attribute_facet]
        miss, false_alarm, dont_know, dont_care, sort_of_has, sort_of_lacks = np.ascontiguousarray(table.T)
        return AnswerModel(
            miss, false_alarm, dont_know, dont_care, np.maximum(dont_know, UNKNOWN_DONT_KNOW), sort_of_has,
            sort_of_lacks, catalogue.attribute_rates, hears_no=self.hears_no,
        )  # fmt: skip


def _times(rates: tuple[float, ...], strength: float) -> tuple[float, ...]:
    return tuple(rate * strength for rate in rates)


HONEST = AnswerRates((0.0,) * len(RATES))
"""Everybody knows and tells the truth."""


@dataclass
class AnswerCounts:
    """How often each attribute was answered how, by whether the item in question has it."""

    table: Counts
    """Shape (P, 2, answers): lacks and has."""

    @classmethod
    def of(cls, catalogue: Catalogue, history: History, items: NDArray[np.integer]) -> "AnswerCounts":
        """Counted over dialogues that are over.

        :param items: what each turned out to be about, lost ones included, shape (D,), -1 where it never came out.
            Whoever slips is found less often, so that counting successes alone would make people look reliable.
        """
        table = np.zeros((catalogue.n_attributes, 2, len(Answer)))
        asked = (history.acts == Act.ASK) & (items >= 0)[:, None]
        rows, steps = np.nonzero(asked)
        options, answers = history.options[rows, steps], history.answers[rows, steps]
        about = np.broadcast_to(items[rows, None], options.shape)
        heard = (options >= 0) & (answers >= 0) & (answers != Answer.UNSAID)
        about, options, answers = about[heard], options[heard], answers[heard]
        known = catalogue.known[about, catalogue.attribute_facet[options]]
        about, options, answers = about[known], options[known], answers[known]
        has = catalogue.item_attributes.contains(about, options)
        np.add.at(table, (options, has.astype(np.intp), answers), 1.0)
        return cls(table)


def learn_rates(catalogue: Catalogue, counts: AnswerCounts) -> AnswerRates:
    """Rates of each attribute, drawn towards those of its facet, and these towards the rates of all."""
    table = counts.table
    everywhere = _rates(table.sum(axis=0), np.zeros(len(RATES)), 1.0)
    facets = np.zeros((catalogue.n_facets, *table.shape[1:]))
    np.add.at(facets, catalogue.attribute_facet, table)
    by_facet = np.stack([_rates(each, everywhere, PRIOR) for each in facets])
    by_attribute = np.stack(
        [_rates(each, by_facet[facet], PRIOR) for each, facet in zip(table, catalogue.attribute_facet, strict=True)]
    )
    return AnswerRates(
        tuple(everywhere),
        {facet.name: tuple(rates) for facet, rates in zip(catalogue.facets, by_facet, strict=True)},
        by_attribute,
        catalogue.vocabulary,
    )


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
