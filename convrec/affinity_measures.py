"""How well each affinity ranks what people turned out to want, and what that buys in dialogues."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, Qrel, ScoredDoc, Success, nDCG
from numpy.typing import NDArray

from graph import affinity as affinities
from graph.affinity import ANONYMOUS, Affinity
from graph.affinity.hybrid import Hybrid
from graph.affinity.ranking import Ranking, Scores, rank_targets
from graph.csr import IntArray
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions, Split
from policy.bayes import BayesPolicy, GainRule
from simulator.core import Rules
from simulator.evaluation import evaluate_policy
from simulator.runs import Setting
from simulator.statistics import PairedBootstrap
from simulator.users import parse_users

SOMEBODY_ELSE = "hybrid, somebody else's"
"""A fake that answers for another user: sure of what is wrong."""

SHUFFLED = "hybrid, users shuffled"
"""A fake that is learned from data in which it was drawn by lot who chose what: it must fall back to strangers."""

FAKES = {SOMEBODY_ELSE: "hybrid", SHUFFLED: "hybrid"}
"""Each beside the kind that it is a fake of."""

NO_CHANCE = ("uniform", "popularity", "content", "ease", "item-knn", "text", "friends")
"""Kinds that are the same for every seed."""

RULE = GainRule(3.0, 2.0, 3.0)
"""The same for every affinity, so that the prior is all that differs."""

MOST_PAIRS = 6_000
"""Pairs that are ranked, at most; a quarter of them for strangers."""


@dataclass(frozen=True)
class AffinityFigures:
    """What one affinity reached on one data set, over all seeds."""

    data: str
    affinity: str
    seeds: list[int]
    """Of what is learned by chance; fakes are learned once."""
    seconds: float
    """To learn it, mean over the seeds."""
    ranking: dict[str, list[float]] = field(default_factory=dict)
    """Measure, and its mean with a 95 % interval over users; left out where there are no pairs, such as cold items."""
    beyond: dict[str, list[float]] = field(default_factory=dict)
    """NDCG@10 less that of EASE, and of the default, with a paired 95 % interval over users."""
    dialogues: list[dict[str, Any]] = field(default_factory=list)
    """SR@15, AT and hDCG of the bayes policy, for known users, with train items dropped, and for strangers."""


class LearnedOnce:
    """Affinities of one data set, each learned once for a seed."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._fitted: dict[tuple[str, int], tuple[Affinity, float]] = {}

    def of(self, kind: str, seed: int) -> tuple[Affinity, float]:
        """An affinity, or its fake, and the seconds it took to learn."""
        name = FAKES.get(kind, kind)
        if kind == SHUFFLED:
            return self._once(kind, name, users_shuffled(self.dataset, seed), seed)
        model, seconds = self._once(name, name, self.dataset, seed)
        other = SomebodyElse(model, self.dataset.interactions.n_users, seed) if kind == SOMEBODY_ELSE else model
        return other, seconds

    @property
    def default(self) -> Hybrid:
        """The default affinity of the first seed."""
        model, _ = self.of(Hybrid.name, 0)
        assert isinstance(model, Hybrid)
        return model

    def _once(self, key: str, name: str, dataset: Dataset, seed: int) -> tuple[Affinity, float]:
        if (key, seed) not in self._fitted:
            began = perf_counter()
            model = affinities.fit(name, dataset, seed=seed)
            self._fitted[key, seed] = model, perf_counter() - began
        return self._fitted[key, seed]


def compare(
    learned: LearnedOnce,
    name: str,
    kinds: Sequence[str],
    seeds: Sequence[int],
    dialogues: int,
    working: Callable[[str], None] = lambda line: None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[AffinityFigures]:
    """Every affinity on one data set; those that cannot be had from it are left out.

    :param dialogues: held with each; none for 0.
    :param working: is told what is being worked on; ``tell`` what is left out and why.
    :raises OptionError: when nobody asks for anything, or no kind can be had.
    """
    if learned.dataset.anonymous:
        raise OptionError(f"{name}: nobody's choices are known, so there is nothing to rank; choose other data")
    values: dict[str, dict[str, NDArray[np.float64]]] = {}
    fitted: dict[str, tuple[float, list[dict[str, Any]]]] = {}
    for kind in kinds:
        working(f"{name}: {kind}")
        try:
            values[kind], fitted[kind] = _measure(learned, kind, seeds, dialogues)
        except OptionError as error:
            tell(f"{name}: {error}")
    if not values:
        raise OptionError(f"{name}: none of {', '.join(kinds)} can be had from these data; choose another --kind")
    users = next(iter(values.values()))["users"].astype(np.int64)
    bootstrap = PairedBootstrap(len(users), np.random.default_rng(0), clusters=users)
    figures = []
    for kind, of_kind in values.items():
        ranking = {
            measure: _estimate(bootstrap, each) if each.size == users.size else [float(each.mean())]
            for measure, each in of_kind.items() if measure != "users" and each.size
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


def _measure(
    learned: LearnedOnce, kind: str, seeds: Sequence[int], dialogues: int
) -> tuple[dict[str, NDArray[np.float64]], tuple[float, list[dict[str, Any]]]]:
    """Measures of every target, the mean over seeds, and what dialogues with the first of them gave."""
    dataset = learned.dataset
    total: dict[str, list[NDArray[np.float64]]] = {}
    seconds, held = [], []
    for seed in seeds[:1] if kind in NO_CHANCE or kind in FAKES else seeds:
        model, took = learned.of(kind, seed)
        seconds.append(took)
        for measure, each in _measures(dataset, model.scores).items():
            total.setdefault(measure, []).append(each)
        if seed == seeds[0] and dialogues:
            held = _hold(dataset, model, kind, dialogues)
    return {measure: np.mean(each, axis=0) for measure, each in total.items()}, (float(np.mean(seconds)), held)


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


def ndcg_at_10(ranking: Ranking) -> NDArray[np.float64]:
    """NDCG@10 of every target, shape (T,)."""
    return _by_ir_measures(ranking)[0]


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


def _hold(dataset: Dataset, model: Affinity, kind: str, dialogues: int) -> list[dict[str, Any]]:
    settings = {"known": (False, False), "known, train items dropped": (True, False), "strangers": (False, True)}
    held = []
    for label, (drop, anonymous) in settings.items():
        if kind in FAKES and label != "known":
            continue
        setting = Setting(dataset, model, parse_users("classic"), Rules(14), drop_known=drop, anonymous=anonymous)
        summary = evaluate_policy(BayesPolicy(RULE), setting, "classic", dialogues, (0,)).summary()
        held.append(
            {
                "who": label,
                "dialogues": summary["dialogues"],
                **{name: [summary[name], *summary["ci"][name]] for name in ("at", "hdcg")},
                "sr@15": [summary["sr"]["15"], *summary["ci"]["sr@15"]],
            }
        )
    return held


class SomebodyElse:
    """A fake: the scores of another user."""

    name = SOMEBODY_ELSE

    def __init__(self, real: Affinity, n_users: int, seed: int) -> None:
        self._real = real
        self._other = np.random.default_rng(seed).permutation(n_users)
        self.n_items = real.n_items
        self.scores_of = real.scores_of

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V)."""
        asked = np.asarray(users)
        return self._real.scores(np.where(asked == ANONYMOUS, ANONYMOUS, self._other[asked]))


def users_shuffled(dataset: Dataset, seed: int) -> Dataset:
    """The same data with everything in train and valid given to users by lot.

    Users keep about how many items they have, items how often they were chosen, early and late; who chose what is gone.
    What would be a user's second choice of an item is dropped.  The test split has nothing in it.
    """
    history, rng = dataset.interactions, np.random.default_rng(seed)
    users = history.users.copy()
    for split in (Split.TRAIN, Split.VALID):
        places = np.flatnonzero(history.split == split)
        users[places] = users[rng.permutation(places)]
    pair = users.astype(np.int64) * history.n_items + history.items
    pair[history.split == Split.TEST] = -1
    kept = np.unique(pair, return_index=True)[1]
    kept = kept[pair[kept] >= 0]
    shuffled: Interactions = replace(
        history, users=users[kept], items=history.items[kept], ratings=history.ratings[kept], times=history.times[kept],
        split=history.split[kept], liked=history.liked[kept],
    )  # fmt: skip
    return replace(dataset, interactions=shuffled)
