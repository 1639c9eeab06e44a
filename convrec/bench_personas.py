"""``convrec bench personas``: whether personas are what they claim to be, beside one vector and beside fakes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import numpy as np
import rich_click as click
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from convrec import persona_measures as measures
from convrec.affinity_measures import ndcg_at_10
from convrec.cli import examples
from convrec.run_options import check_output, console, load_dataset, work_bar
from convrec.yardstick import write_figures
from graph.affinity.personas.encoder import PersonaEncoder
from graph.affinity.profiles import Histories
from graph.affinity.ranking import rank_targets
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Split
from simulator.statistics import Estimate, PairedBootstrap

PERSONAS, SINGLE, UNTRAINED = "personas", "one vector", "untrained"
BESIDE = ("lightgcn", "ease", "popularity")
"""Affinities that are ranked by beside those above."""

CLAIMS = (
    "ARI, different tastes, in two", "ARI, different tastes, as they are", "ARI, different tastes, k-means",
    "ARI, different tastes, told half", "ARI, different tastes, by lot", "ARI, any two, in two",
    "ARI, any two, as they are", "ARI, any two, k-means", "ARI, any two, told half", "ARI, any two, by lot",
    "top attention", "lost without the top", "lost without another", "less three times another", "lift of labels",
    "labelled", "order",
)  # fmt: skip
"""Measures of what personas claim: purity on people glued together, attention on what is liked, labels, and by how much
a score changes with the order of personas."""

_Values = NDArray[np.float64]


@dataclass
class PersonaFigures:
    """What one kind gave, over all seeds; each figure with a 95 % interval over users."""

    data: str
    kind: str
    seeds: list[int]
    parameters: int | None = None
    """Numbers that are learned; None where that is no question."""
    figures: dict[str, list[float]] = field(default_factory=dict)
    """Name of a measure, and its value with both ends of its interval."""


@click.command(epilog=examples("convrec bench personas", "convrec bench personas --data lastfm_star --seeds 1"))
@click.option("--data", multiple=True, metavar="NAME", default=("movies",), show_default=True,
              help="Data set with users, as often as wanted.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 20), default=3, show_default=True,
              help="Times that everything is learned, each time with other people left out.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 10_000), metavar="N",
              help="Steps of learning; the usual number if not given.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def personas(data: tuple[str, ...], seeds: int, steps: int | None, json_path: Path | None) -> None:
    """Measure accuracy, purity, sharpness and labels of personas.

    A fifth of the users are left out of learning. Two of them at a time are glued together, and their personas have to
    take them apart again; their labels are tested on likes that were kept back. Beside personas stand a model of one
    vector with as many parameters, other affinities, and personas that nothing was learned for. A few minutes.
    """
    check_output(json_path, "--json")
    found: list[PersonaFigures] = []
    for name in data:
        dataset = load_dataset(name)
        if not len(dataset.interactions.pairs(Split.TEST)[0]):
            raise OptionError(f"--data {name}: nobody's choices are known, so there are no tastes to find")
        with work_bar() as progress:
            task = progress.add_task(name, total=seeds)

            def working(what: str, done: float, name: str = name) -> None:
                progress.update(task, advance=done, description=f"{name}: {what}")  # noqa: B023

            part = measure(dataset, range(seeds), steps, working)
        console.print(_ranking(name, part))
        console.print(_claims(name, part))
        found += part
    if json_path is not None:
        write_figures(json_path, found)


def measure(
    dataset: Dataset,
    seeds: Sequence[int],
    steps: int | None = None,
    working: Callable[[str, float], None] = lambda what, done: None,
) -> list[PersonaFigures]:
    """All figures of one data set.

    :param working: told what is done, and what part of a seed's work has just been finished.
    """
    ranked: dict[str, list[_Values]] = {}
    claims: dict[str, dict[str, list[_Values]]] = {PERSONAS: {}, UNTRAINED: {}}
    parameters: dict[str, int] = {}
    for seed in seeds:
        left_out = measures.people_left_out(dataset.interactions, seed)
        learned_from = measures.without_people(dataset, left_out)
        rng = np.random.default_rng(seed)
        different, random = measures.pairs_to_glue(dataset, learned_from, left_out, rng)
        for kind in (PERSONAS, SINGLE, UNTRAINED):
            working(kind, 0.0)
            encoder = learn(kind, learned_from, seed, steps)
            parameters[kind] = n_parameters(encoder)
            ranked.setdefault(kind, []).append(measures.ndcg(dataset, encoder))
            if kind != SINGLE:
                found = _claims_of(dataset, encoder, left_out, (different, random), np.random.default_rng(seed))
                for name, values in found.items():
                    claims[kind].setdefault(name, []).append(values)
            working(kind, 0.3)
        for name in BESIDE:
            working(name, 0.0)
            ranked.setdefault(name, []).append(_ndcg_of(name, dataset, learned_from, seed))
        working("done", 0.1)
    return _summary(dataset, list(seeds), ranked, claims, parameters)


def learn(kind: str, learned_from: Dataset, seed: int, steps: int | None) -> PersonaEncoder:
    """Personas, one vector with no fewer parameters, or personas that nothing was learned for."""
    from graph.affinity.personas.learning import PersonaConfig, learn_personas

    usual = PersonaConfig()
    n_steps = usual.steps if steps is None else steps
    if kind == SINGLE:
        n_items = learned_from.catalogue.n_items
        numbers = (n_items + usual.personas) * usual.dimensions
        # A vector of attention and a temperature do nothing where there is one persona; they are counted all the same.
        config = PersonaConfig(
            personas=1, dimensions=ceil(numbers / (n_items + 1)), steps=n_steps, glued=0.0, apart=0.0, entropy=0.0
        )
    else:
        config = PersonaConfig(steps=0 if kind == UNTRAINED else n_steps)
    return learn_personas(learned_from, seed, config)


def n_parameters(encoder: PersonaEncoder) -> int:
    """Numbers that are learned: vectors of items, seeds and the temperature."""
    return int(encoder.items.size + encoder.seeds.size + 1)


def _ndcg_of(name: str, dataset: Dataset, learned_from: Dataset, seed: int) -> _Values:
    from graph import affinity as affinities

    model, histories = affinities.fit(name, learned_from, seed=seed), Histories(dataset)
    ranking = rank_targets(dataset, lambda users: model.scores_of(histories.of(users)))
    return ndcg_at_10(ranking)


def _claims_of(
    dataset: Dataset,
    encoder: PersonaEncoder,
    left_out: NDArray[np.bool_],
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]],
    rng: np.random.Generator,
) -> dict[str, _Values]:
    """Values by name, the first row of each the user that a value belongs to."""
    found: dict[str, _Values] = {}
    weights = measures.attention(dataset, encoder)
    found["attention"] = np.stack([weights.users, weights.top, weights.drop, weights.drop_of_other])
    for name, chosen in zip(("different tastes", "any two"), pairs, strict=True):
        pure = measures.purity(dataset, encoder, chosen, rng)
        found[name] = np.stack([pure.first, pure.in_two, pure.personas, pure.k_means, pure.told_half, pure.by_lot])
    named = measures.labels(dataset, encoder, np.flatnonzero(left_out), rng)
    found["labels"] = np.stack([named.users, named.counted, named.expected, named.labelled, named.personas])
    found["order"] = np.array([[0.0], [measures.order_matters(dataset, encoder)]])
    return found


def _summary(
    dataset: Dataset,
    seeds: list[int],
    ranked: dict[str, list[_Values]],
    claims: dict[str, dict[str, list[_Values]]],
    parameters: dict[str, int],
) -> list[PersonaFigures]:
    users, _ = dataset.interactions.pairs(Split.TEST)
    over_users = PairedBootstrap(len(users), np.random.default_rng(0), clusters=users.astype(np.int64))
    ndcg = {kind: np.mean(values, axis=0) for kind, values in ranked.items()}
    found = []
    for kind, values in ndcg.items():
        figures = {
            "ndcg@10": _listed(over_users.estimate(values)),
            "times one vector": _listed(over_users.estimate_ratio(values, ndcg[SINGLE])),
        }
        for name, parts in claims.get(kind, {}).items():
            figures |= _figures_of(name, np.concatenate(parts, axis=1))
        found.append(PersonaFigures(dataset.name, kind, seeds, parameters.get(kind), figures))
    return found


def _figures_of(name: str, values: _Values) -> dict[str, list[float]]:
    whose, values = values[0].astype(np.int64), values[1:]
    over = PairedBootstrap(len(whose), np.random.default_rng(0), clusters=whose)
    if name == "attention":
        top, drop, other = values
        return {
            "top attention": _listed(over.estimate(top)),
            "lost without the top": _listed(over.estimate(drop)),
            "lost without another": _listed(over.estimate(other)),
            "less three times another": _listed(over.estimate(drop - 3 * np.abs(other))),
        }
    if name == "labels":
        counted, expected, labelled, of_all = values
        return {
            "lift of labels": _listed(over.estimate_ratio(counted, expected)),
            "labelled": _listed(over.estimate_ratio(labelled, of_all)),
        }
    if name == "order":
        return {"order": [float(values.max())]}
    parts = ("in two", "as they are", "k-means", "told half", "by lot")
    return {f"ARI, {name}, {part}": _listed(over.estimate(each)) for part, each in zip(parts, values, strict=True)}


def _listed(estimate: Estimate) -> list[float]:
    return [estimate.value, estimate.low, estimate.high]


def _ranking(name: str, found: Sequence[PersonaFigures]) -> Table:
    table = _table(f"{name}: ranking", "affinity", "NDCG@10", "times one vector", "parameters")
    for each in found:
        numbers = "" if each.parameters is None else f"{each.parameters:,}"
        table.add_row(each.kind, _cell(each.figures["ndcg@10"]), _cell(each.figures["times one vector"]), numbers)
    return table


def _claims(name: str, found: Sequence[PersonaFigures]) -> Table:
    of_kind = {each.kind: each.figures for each in found}
    table = _table(f"{name}: what personas claim", "measure", PERSONAS, UNTRAINED)
    for measure in CLAIMS:
        table.add_row(measure, *(_cell(of_kind[kind][measure]) for kind in (PERSONAS, UNTRAINED)))
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def _cell(figures: Sequence[float]) -> str:
    value, *ends = figures
    shown = f"{value:.3f}" if abs(value) >= 5e-4 or not value else f"{value:.1e}"
    return f"{shown} ± {(ends[1] - ends[0]) / 2:.3f}" if ends else shown
