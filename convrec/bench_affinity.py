"""``convrec bench affinity``: how well each affinity ranks, and what that buys in dialogues."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import ir_measures
import numpy as np
import rich_click as click
from ir_measures import RR, Qrel, ScoredDoc, Success, nDCG
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, load_dataset, notices
from convrec.yardstick import write_figures
from graph import affinity as affinities
from graph.affinity import ANONYMOUS, Affinity
from graph.affinity.ranking import Ranking, Scores, leave_last_out, rank_targets
from graph.csr import IntArray
from graph.dataset import Dataset
from graph.errors import OptionError
from policy.bayes import BayesPolicy, GainRule
from policy.hand_written import list_mass
from simulator.calibration import reliability
from simulator.core import Rules, policy_keys
from simulator.evaluation import evaluate_policy
from simulator.protocol import Decision, State
from simulator.randomness import dialogue_keys
from simulator.runs import Setting, draw_targets
from simulator.statistics import PairedBootstrap
from simulator.users import parse_users

SHUFFLED = "hybrid, users shuffled"
"""A fake that answers for somebody else."""

MILLION = "synthetic:users=20000,items=1000000,attributes=590,interactions=30"

LAST = {"movies:liked": False, "movies:all": True}
"""Leave-last-out protocols, and whether everything that was rated counts."""

RULE = GainRule(3.0, 2.0, 3.0)
"""The same for every affinity, so that the prior is all that differs."""

MOST_PAIRS = 6_000


@dataclass(frozen=True)
class AffinityFigures:
    """What one affinity reached on one data set, over all seeds."""

    data: str
    affinity: str
    seeds: list[int]
    seconds: float
    """To learn it, mean over the seeds."""
    ranking: dict[str, list[float]] = field(default_factory=dict)
    """Measure, and its mean with a 95 % interval over users."""
    beyond: dict[str, list[float]] = field(default_factory=dict)
    """NDCG@10 less that of EASE, and of the default, with a paired 95 % interval over users."""
    dialogues: list[dict[str, Any]] = field(default_factory=list)
    """SR@15, AT, hDCG and calibration of the bayes policy, for known users, with train items dropped, for strangers."""


@click.command(
    epilog=examples(
        "convrec bench affinity", "convrec bench affinity --data movies:liked --kind ease --kind hybrid --seeds 1"
    )
)
@click.option("--data", multiple=True, metavar="NAME", default=(*LAST, "movies", "lastfm", "lastfm_star"),
              show_default=True, help="Data set; :liked and :all ask for the last of each user.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, metavar="NAME", help="Affinity, as often as wanted; all if none.")
@click.option("--seeds", type=click.IntRange(1, 20), default=3, show_default=True, help="Times that each is learned.")
@click.option("--dialogues", type=click.IntRange(0, 100_000), default=4000, show_default=True,
              help="Dialogues held with each affinity; none for 0.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def affinity(data: tuple[str, ...], kinds: tuple[str, ...], seeds: int, dialogues: int, json_path: Path | None) -> None:
    """Rank what people chose next, and hold dialogues with each affinity, everything else fixed.

    Targets are ranked among all items that their user has not had. Beside the real affinities stands the default with
    its users shuffled: it must fall to the row of strangers or below.
    """
    check_output(json_path, "--json")
    chosen = list(kinds) or [*affinities.names(), SHUFFLED]
    for kind in chosen:
        if kind != SHUFFLED:
            affinities.check_name(kind)
    found: list[AffinityFigures] = []
    for name in data:
        dataset = _dataset(name)
        found += compare(dataset, name, chosen, range(seeds), 0 if name in LAST else dialogues)
        console.print(_ranking_table(name, [each for each in found if each.data == name]))
        console.print(_dialogue_table(name, [each for each in found if each.data == name]))
        if json_path is not None:
            write_figures(json_path, found)


def _dataset(name: str) -> Dataset:
    return leave_last_out(load_dataset("movies"), LAST[name]) if name in LAST else load_dataset(name)


def compare(
    dataset: Dataset, name: str, kinds: Sequence[str], seeds: Sequence[int], dialogues: int
) -> list[AffinityFigures]:
    """Every affinity on one data set."""
    learned = Learned(dataset)
    values: dict[str, dict[str, NDArray[np.float64]]] = {}
    fitted: dict[str, tuple[float, list[dict[str, Any]]]] = {}
    for kind in kinds:
        with notices.status(f"{name}: {kind}"):
            try:
                values[kind], fitted[kind] = _measure(learned, kind, seeds, dialogues)
            except OptionError as error:
                notices.print(f"[dim]{name}: {error}[/]")
    users = next(iter(values.values()))["users"].astype(np.int64)
    bootstrap = PairedBootstrap(len(users), np.random.default_rng(0), clusters=users)
    figures = []
    for kind, of_kind in values.items():
        ranking = {
            measure: _estimate(bootstrap, each) if each.size == users.size else [float(np.nanmean(each))]
            for measure, each in of_kind.items() if measure != "users"
        }  # fmt: skip
        beyond: dict[str, list[float]] = {
            other: _estimate(bootstrap, of_kind["ndcg@10"] - values[other]["ndcg@10"])
            for other in ("ease", "hybrid") if other in values and other != kind
        }  # fmt: skip
        seconds, held = fitted[kind]
        figures.append(AffinityFigures(name, kind, list(seeds), seconds, ranking, beyond, held))
    return figures


def _estimate(bootstrap: PairedBootstrap, values: NDArray[np.float64]) -> list[float]:
    estimate = bootstrap.estimate(values)
    return [estimate.value, estimate.low, estimate.high]


class Learned:
    """Affinities of one data set, each learned once for a seed."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._fitted: dict[tuple[str, int], tuple[Affinity, float]] = {}

    def of(self, kind: str, seed: int) -> tuple[Affinity, float]:
        """An affinity, or its fake, and the seconds it took to learn."""
        name = kind.partition(",")[0]
        if (name, seed) not in self._fitted:
            began = perf_counter()
            model = affinities.fit(name, self.dataset, seed=seed)
            self._fitted[name, seed] = model, perf_counter() - began
        model, seconds = self._fitted[name, seed]
        fake = kind == SHUFFLED
        return ShuffledUsers(model, self.dataset.interactions.n_users, seed) if fake else model, seconds


def _measure(
    learned: Learned, kind: str, seeds: Sequence[int], dialogues: int
) -> tuple[dict[str, NDArray[np.float64]], tuple[float, list[dict[str, Any]]]]:
    """Measures of every target, the mean over seeds, and what dialogues with the first of them gave."""
    dataset = learned.dataset
    total: dict[str, list[NDArray[np.float64]]] = {}
    seconds, held = [], []
    for seed in seeds if _is_learned_by_chance(kind) else seeds[:1]:
        model, took = learned.of(kind, seed)
        seconds.append(took)
        for measure, each in _measures(dataset, model.scores).items():
            total.setdefault(measure, []).append(each)
        if seed == seeds[0] and dialogues:
            held = _hold(dataset, model, kind, dialogues)
    return {measure: np.mean(each, axis=0) for measure, each in total.items()}, (float(np.mean(seconds)), held)


def _is_learned_by_chance(name: str) -> bool:
    return name not in ("uniform", "popularity", "content", "ease", "item-knn", "text", "friends")


def _measures(dataset: Dataset, scores: Scores) -> dict[str, NDArray[np.float64]]:
    ranking = rank_targets(dataset, scores, most=MOST_PAIRS)
    strangers = rank_targets(dataset, scores, anonymous=True, most=MOST_PAIRS // 4)
    found = dict(zip(("ndcg@10", "hr@10", "mrr@100"), _by_ir_measures(ranking), strict=True))
    return {
        "users": ranking.users.astype(np.float64),
        **found,
        "auc": ranking.auc,
        "gain": ranking.gain,
        "auc, cold items": ranking.auc[ranking.cold],
        "auc, strangers": strangers.auc,
        "gain, strangers": strangers.gain,
    }


def _by_ir_measures(ranking: Ranking) -> tuple[NDArray[np.float64], ...]:
    """NDCG@10, hit rate at 10 and reciprocal rank within 100 of every target."""
    names = [str(place) for place in range(len(ranking.items))]
    wanted = [Qrel(name, str(item), 1) for name, item in zip(names, ranking.items.tolist(), strict=True)]
    shown = [
        ScoredDoc(name, str(item), float(-place))
        for name, best in zip(names, ranking.best.tolist(), strict=True)
        for place, item in enumerate(best) if item >= 0
    ]  # fmt: skip
    measures = (nDCG @ 10, Success @ 10, RR @ 100)
    values = {measure: np.zeros(len(names)) for measure in measures}
    for each in ir_measures.iter_calc(list(measures), wanted, shown):
        values[each.measure][int(each.query_id)] = each.value
    return tuple(values.values())


class ShuffledUsers:
    """A fake: the scores of somebody else."""

    name = SHUFFLED

    def __init__(self, real: Affinity, n_users: int, seed: int) -> None:
        self._real = real
        self._other = np.random.default_rng(seed).permutation(n_users)
        self.n_items = real.n_items
        self.scores_of = real.scores_of

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V)."""
        asked = np.asarray(users)
        return self._real.scores(np.where(asked == ANONYMOUS, ANONYMOUS, self._other[asked]))


class Watched:
    """The bayes policy, watched: how much it believed in its ten best items at some turns."""

    def __init__(self, rule: GainRule, turns: Sequence[int]) -> None:
        self._real = BayesPolicy(rule)
        self.name = self._real.name
        self.answer_model = self._real.answer_model
        self.seen: dict[int, list[tuple[NDArray[Any], ...]]] = {turn: [] for turn in turns}

    def choose(self, state: State) -> Decision:
        """As the real one does."""
        turn = state.history.turns + 1
        best = state.candidates.items[:, : state.candidates.space.list_length]
        for wanted, seen in self.seen.items():
            rows = np.flatnonzero(turn == wanted)
            seen.append((state.keys[rows], np.clip(list_mass(state)[rows], 0, 1), best[rows]))
        return self._real.choose(state)


def _hold(dataset: Dataset, model: Affinity, kind: str, dialogues: int) -> list[dict[str, Any]]:
    settings = {"known": (False, False), "known, train items dropped": (True, False), "strangers": (False, True)}
    held = []
    for label, (drop, anonymous) in settings.items():
        if kind == SHUFFLED and label == "strangers":
            continue
        setting = Setting(dataset, model, parse_users("classic"), Rules(14), drop_known=drop, anonymous=anonymous)
        policy = Watched(RULE, (1, 5))
        summary = evaluate_policy(policy, setting, "classic", dialogues, (0,)).summary()
        held.append(
            {
                "who": label,
                "dialogues": summary["dialogues"],
                **{name: [summary[name], *summary["ci"][name]] for name in ("at", "hdcg")},
                "sr@15": [summary["sr"]["15"], *summary["ci"]["sr@15"]],
                **{f"ece, turn {turn}": top_ten_error(setting, policy, turn, dialogues) for turn in (1, 5)},
            }
        )
    return held


def top_ten_error(setting: Setting, policy: Watched, turn: int, dialogues: int) -> float | None:
    """Calibration error of the belief that the target is among the ten best items; None where no dialogue got there.

    Only here, after the dialogues, are beliefs and targets brought together.
    """
    keys, masses, best = (np.concatenate(part) for part in zip(*policy.seen[turn], strict=True))
    if not len(keys):
        return None
    targets = draw_targets(setting.dataset, dialogues, 0)
    seen_keys = policy_keys(dialogue_keys(0, np.arange(len(targets))))
    of_key = dict(zip(seen_keys.tolist(), targets.items.tolist(), strict=True))
    wanted = np.array([of_key[key] for key in keys.tolist()])
    return reliability(masses, (best == wanted[:, None]).any(axis=1)).expected_calibration_error


def _ranking_table(name: str, found: Sequence[AffinityFigures]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"{name}: ranking", title_justify="left", pad_edge=False)
    table.add_column("affinity")
    columns = ("ndcg@10", "hr@10", "auc", "auc, cold items", "auc, strangers", "gain")
    for heading in ("NDCG@10", "HR@10", "AUC", "AUC\ncold", "AUC\nstrangers", "nats", "over EASE", "seconds"):
        table.add_column(heading, justify="right")
    for each in found:
        beyond = each.beyond.get("ease")
        more = f"{beyond[0]:+.3f} ± {(beyond[2] - beyond[1]) / 2:.3f}" if beyond else ""
        cells = [f"{each.ranking[column][0]:.3f}" for column in columns]
        table.add_row(each.affinity, *cells, more, f"{each.seconds:.0f}")
    return table


def _dialogue_table(name: str, found: Sequence[AffinityFigures]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"{name}: dialogues", title_justify="left", pad_edge=False)
    for heading in ("affinity", "who"):
        table.add_column(heading)
    for heading in ("SR@15 %", "AT", "hDCG", "ECE\nturn 1", "ECE\nturn 5"):
        table.add_column(heading, justify="right")
    for each in found:
        for row in each.dialogues:
            errors = [row[f"ece, turn {turn}"] for turn in (1, 5)]
            table.add_row(
                each.affinity, row["who"], f"{100 * row['sr@15'][0]:.1f}", f"{row['at'][0]:.2f}",
                f"{row['hdcg'][0]:.3f}", *("" if error is None else f"{error:.3f}" for error in errors),
            )  # fmt: skip
    return table
