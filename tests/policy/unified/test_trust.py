"""Rates of answers, learned from dialogues that are over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph.answers import Answer, AnswerModel
from graph.dataset import Dataset
from graph.tables import TableOptions
from graph.tables.adding import add_items
from policy.bayes import BayesPolicy
from policy.unified.trust import ABROAD, HONEST, RATES, AnswerCounts, AnswerRates, Heard, learn_rates, who_errs
from simulator.runs import draw_targets, run_dialogues
from tests.worlds import city, setting_of, town


class Soft(BayesPolicy):
    """Takes answers for what noisy people say, so that it loses few of them."""

    def answer_model(self, catalogue: object) -> AnswerModel:
        return AnswerModel.equal(city().catalogue, miss=0.1, false_alarm=0.1, dont_know=0.2)


def heard_of(users: str, dialogues: int = 3000, seed: int = 0) -> Heard:
    targets = draw_targets(city(), dialogues, seed)
    history = run_dialogues(setting_of(city(), users=users), Soft(), targets, seed).history
    return Heard.of(city().catalogue, history, targets.items)


def counts_of(users: str, dialogues: int = 3000) -> AnswerCounts:
    return AnswerCounts.of(city().catalogue, heard_of(users, dialogues))


def named(rates: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(RATES, rates, strict=True))


def test_honest_people_are_found_to_be_honest() -> None:
    rates = named(learn_rates(city().catalogue, counts_of("classic")).everywhere)
    assert max(rates.values()) == 0.0


def test_rates_of_noisy_people_are_found() -> None:
    rates = named(learn_rates(city().catalogue, counts_of("noisy:0.15+dont-care:0.1")).everywhere)
    assert rates["miss"] == pytest.approx(0.15, abs=0.03)
    assert rates["false_alarm"] == pytest.approx(0.15, abs=0.03)
    assert rates["dont_care"] == pytest.approx(0.1, abs=0.02)
    assert rates["dont_know"] == 0.0
    assert rates["sort_of_has"] == 0.0


def test_unequal_attributes_get_unequal_rates() -> None:
    counts = counts_of("uneven:3", 6000)
    rates = learn_rates(city().catalogue, counts)
    assert rates.of_attribute is not None
    asked = counts.table.sum(axis=(1, 2))
    often = asked > 60
    assert often.sum() >= 4
    silent = counts.table[often][:, :, Answer.DONT_KNOW].sum(axis=1) / asked[often]
    assert np.ptp(silent) > 0.2, "some are hardly ever known"
    assert np.corrcoef(silent, rates.of_attribute[often, RATES.index("dont_know")])[0, 1] > 0.99


def test_rates_that_were_seen_once_are_those_of_the_others() -> None:
    table = np.zeros((city().catalogue.n_attributes, 2, len(Answer)))
    table[0, 1, [Answer.YES, Answer.NO]] = 900, 100
    table[1, 1, Answer.NO] = 1
    rates = learn_rates(city().catalogue, AnswerCounts(table))
    assert rates.of_attribute is not None
    assert rates.of_attribute[0, 0] == pytest.approx(0.1, abs=0.01)
    assert rates.of_attribute[1, 0] == pytest.approx(0.1, abs=0.07)


def test_who_errs_is_told_from_who_does_not() -> None:
    """A quarter of the people slip in three answers of ten; the rates of these are found, not the average."""
    honest, noisy = [heard_of("classic", seed=seed) for seed in (1, 2, 3)], heard_of("noisy:0.3", seed=4)
    heard = Heard.join([*honest, noisy])
    n_honest = sum(part.n_dialogues for part in honest)
    assert heard.n_dialogues == n_honest + noisy.n_dialogues
    chance, share = who_errs(heard)
    assert share == pytest.approx(0.25, abs=0.07)
    assert chance[:n_honest].mean() < 0.5 * chance[n_honest:].mean()
    assert (chance[np.unique(heard.dialogue[heard.slips])] == 1.0).all()
    rates = named(learn_rates(city().catalogue, AnswerCounts.of(city().catalogue, heard, chance)).everywhere)
    average = named(learn_rates(city().catalogue, AnswerCounts.of(city().catalogue, heard)).everywhere)
    assert rates["miss"] == pytest.approx(0.3, abs=0.08)
    assert average["miss"] < 0.2


def test_where_nobody_slips_nobody_errs() -> None:
    chance, share = who_errs(heard_of("classic", 200))
    assert share == 0.0
    assert not chance.any()


def test_rates_can_be_softened() -> None:
    table = np.full((city().catalogue.n_attributes, len(RATES)), 0.2)
    half = AnswerRates((0.1,) * len(RATES), {"a": (0.3,) * len(RATES)}, table, "v", doubt=0.03).scaled(0.5)
    assert half.everywhere == pytest.approx((0.05,) * len(RATES))
    assert half.of_facet["a"] == pytest.approx((0.15,) * len(RATES))
    assert half.of_attribute is not None
    assert (half.of_attribute == 0.1).all()
    assert (half.vocabulary, half.doubt) == ("v", 0.03)


def test_a_doubt_stands_beside_honesty() -> None:
    rates = AnswerRates((0.1,) * len(RATES), doubt=0.03)
    model = rates.model(town().catalogue)
    assert (model.miss == 0.0).all()
    assert model.doubt == 0.03
    assert model.otherwise is not None
    assert (model.otherwise.miss == 0.1).all()
    certain = AnswerRates((0.1,) * len(RATES)).model(town().catalogue)
    assert certain.otherwise is None
    assert (certain.miss == 0.1).all()
    deaf = AnswerRates((0.1,) * len(RATES), doubt=0.0, hears_no=False).model(town().catalogue)
    assert not deaf.hears_no


def test_nothing_learned_is_the_honest_model() -> None:
    model, honest = HONEST.model(town().catalogue), AnswerModel.honest(town().catalogue)
    assert model.otherwise is None
    for name in ("miss", "false_alarm", "dont_know", "dont_care", "unknown_dont_know", "sort_of_has", "rate"):
        assert np.array_equal(getattr(model, name), getattr(honest, name)), name


def test_rates_of_single_attributes_stay_with_their_vocabulary() -> None:
    here = city().catalogue
    table = np.full((here.n_attributes, len(RATES)), 0.05)
    rates = AnswerRates((0.01,) * len(RATES), {}, table, here.vocabulary)
    assert (rates.model(here).miss == 0.05).all()
    assert (rates.model(town().catalogue).miss == 0.01).all()


def test_nothing_is_doubted_elsewhere_of_facets_that_were_never_learned_from() -> None:
    there = town().catalogue
    rates = replace(learn_rates(city().catalogue, counts_of("noisy:0.1", 600)), doubt=0.01)
    known = {name: rates.of_facet[name] for name in list(rates.of_facet)[:1]}
    share = np.mean([there.facets[facet].name in known for facet in there.attribute_facet])
    assert 0 < share < 1
    assert replace(rates, of_facet=known).doubt_in(there) == pytest.approx(rates.doubt_in(there) * share)
    assert replace(rates, of_facet={}).doubt_in(there) == 0.0


def test_there_is_less_doubt_elsewhere_and_least_where_there_are_many_items() -> None:
    rates = replace(learn_rates(city().catalogue, counts_of("noisy:0.1", 600)), doubt=0.01)
    assert rates.doubt_in(city().catalogue) == rates.doubt
    here, there = city().catalogue, town().catalogue
    abroad = rates.doubt_in(there)
    assert abroad == pytest.approx(0.01 * ABROAD * min(1.0, here.n_items / there.n_items))
    assert replace(rates, n_items=1).doubt_in(there) < abroad
    assert rates.model(there).doubt == abroad


def grown(dataset: Dataset, folder: Path, rows: str) -> Dataset:
    """The same with items from a file, which name a facet of it."""
    path = folder / "new.csv"
    path.write_text(f"id,title,{dataset.catalogue.facets[0].name}\n{rows}")
    return add_items(dataset, path, "grown", TableOptions(least_items=2))[0]


def test_a_catalogue_that_has_grown_is_still_home(tmp_path: Path) -> None:
    here = city()
    rates = replace(learn_rates(here.catalogue, counts_of("noisy:0.1", 600)), doubt=0.01)
    there = grown(here, tmp_path, "90001,A,fresh\n90002,B,fresh\n").catalogue
    assert there.n_attributes == here.catalogue.n_attributes + 1
    assert there.vocabulary != here.catalogue.vocabulary
    assert rates.at_home(there)
    assert rates.doubt_in(there) == pytest.approx(0.01 * 1500 / 1502)
    at_home, model = rates.model(here.catalogue).otherwise, rates.model(there).otherwise
    assert at_home is not None
    assert model is not None
    for name in ("miss", "false_alarm", "dont_know"):
        old, new = getattr(at_home, name), getattr(model, name)
        assert np.array_equal(new[:-1], old)
        of_facet = rates.of_facet[here.catalogue.facets[0].name][RATES.index(name)]
        assert new[-1] == of_facet
    assert len(set(model.miss.tolist())) > len(rates.of_facet)


def test_home_is_neither_a_part_of_it_nor_what_begins_otherwise(tmp_path: Path) -> None:
    here = city()
    there = grown(here, tmp_path, "90001,A,fresh\n90002,B,fresh\n").catalogue
    rates = learn_rates(there, AnswerCounts(np.ones((there.n_attributes, 2, len(Answer)))))
    assert rates.at_home(there)
    assert not rates.at_home(here.catalogue)
    renamed = replace(there, attribute_names=("another", *there.attribute_names[1:]))
    assert not learn_rates(here.catalogue, counts_of("noisy:0.1", 100)).at_home(renamed)
