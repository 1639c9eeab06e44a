"""Whether personas are what they claim to be: as good as one vector, pure, sharp, and rightly named.

A fifth of the people are left out of learning; they are the ones who are glued together and whose labels are put to
the test.

Legend: T targets, U users, V items, R personas, G glued pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import train_test_split

from convrec.affinity_measures import ndcg_at_10
from graph.affinity.personas.encoder import PersonaEncoder
from graph.affinity.personas.labels import PersonaLabels
from graph.affinity.profiles import Histories
from graph.affinity.ranking import rank_targets
from graph.affinity.signals.personas import PersonaScores
from graph.csr import CSR
from graph.dataset import Dataset
from graph.interactions import Interactions, Split
from graph.unit_vectors import unit_rows

FloatArray = NDArray[np.float64]

LEFT_OUT = 0.2
"""Share of the users that nothing is learned from."""

LIKES_OF_GLUED = (15, 80)
"""Fewest and most likes of a user who is glued to another: enough to tell a taste, and two of like size."""

UNLIKE = 0.1
"""Share of the pairs of left-out users that count as people of different tastes: those least liked together."""

MOST_PAIRS = 200
"""Pairs of users that are glued together, at most, of each sort."""

TOLD = 0.5
"""Share of the likes of glued users whose owner a classifier is told."""

KEPT_BACK = 0.3
"""Share of a left-out user's likes that labels are tested on."""


def people_left_out(history: Interactions, seed: int) -> NDArray[np.bool_]:
    """Who is left out of learning, shape (U,)."""
    chosen = np.zeros(history.n_users, bool)
    chosen[np.random.default_rng(seed).permutation(history.n_users)[: round(LEFT_OUT * history.n_users)]] = True
    return chosen


def without_people(dataset: Dataset, left_out: NDArray[np.bool_]) -> Dataset:
    """The same data without what some people had in train and valid; nobody's place changes."""
    history = dataset.interactions
    kept = ~left_out[history.users] | (history.split == Split.TEST)
    parts = {name: getattr(history, name)[kept] for name in ("users", "items", "ratings", "times", "split", "liked")}
    return replace(dataset, interactions=replace(history, **parts))


def ndcg(dataset: Dataset, encoder: PersonaEncoder) -> FloatArray:
    """NDCG@10 of every target of the test edges among all items that its user has not had, shape (T,)."""
    signal, histories = PersonaScores(encoder), Histories(dataset)
    return ndcg_at_10(rank_targets(dataset, lambda users: signal.of(histories.of(users))))


@dataclass(frozen=True)
class Attention:
    """What the weights of personas are for items that turned out to be liked."""

    users: NDArray[np.int32]
    """Shape (T,)."""
    top: FloatArray
    """Weight of the persona that weighs most, shape (T,)."""
    drop: FloatArray
    """What the item's score loses without it, shape (T,)."""
    drop_of_other: FloatArray
    """What it loses without another one, mean over the others, shape (T,)."""


def attention(dataset: Dataset, encoder: PersonaEncoder) -> Attention:
    """Weights of personas on the test edges, of people who liked something before."""
    histories = Histories(dataset)
    targets = CSR.from_pairs(*dataset.interactions.pairs(Split.TEST), histories.n_users, dataset.catalogue.n_items)
    parts = []
    for user in np.flatnonzero(targets.degrees).tolist():
        personas = encoder.of(histories.of(np.array([user])))
        items = targets.row(user)
        items = items[encoder.covers[items]]
        if not personas.masses.any() or not len(items):
            continue
        weights = encoder.weigh(personas, encoder.fits(personas, items))[0]
        whole = encoder.scores(personas, items)[0]
        lost = np.stack(
            [whole - encoder.scores(personas.without(each), items)[0] for each in range(encoder.n_personas)]
        )
        best = weights.argmax(axis=0)
        columns = np.arange(len(items))
        others = (lost.sum(axis=0) - lost[best, columns]) / max(encoder.n_personas - 1, 1)
        parts.append((np.full(len(items), user), weights.max(axis=0), lost[best, columns], others))
    users, top, drop, other = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Attention(users.astype(np.int32), *(each.astype(np.float64) for each in (top, drop, other)))


def order_matters(dataset: Dataset, encoder: PersonaEncoder, most: int = 50) -> float:
    """By how much a score changes, at most, when the seeds of the personas stand in the opposite order."""
    histories = Histories(dataset)
    people = histories.of(np.arange(min(most, histories.n_users)))
    turned = replace(encoder, seeds=np.ascontiguousarray(encoder.seeds[::-1]))
    return float(np.abs(encoder.scores(encoder.of(people)) - turned.scores(turned.of(people))).max())


@dataclass(frozen=True)
class Purity:
    """Adjusted Rand index between whom a like belongs to and where it was put, each of shape (G,)."""

    first: NDArray[np.int64]
    """The first of the two users."""
    personas: FloatArray
    """Each like with the persona that has the largest share in it, whatever the number of personas."""
    in_two: FloatArray
    """The same, with the most alike personas put together until two are left."""
    k_means: FloatArray
    """k-means with k = 2 on the same vectors of likes, scaled to length one."""
    by_lot: FloatArray
    """Likes handed out by lot, as many to each side as are each user's."""
    told_half: FloatArray
    """Logistic regression on the same vectors that was told whose half of the likes are, on the other half."""


def purity(
    dataset: Dataset, encoder: PersonaEncoder, pairs: Sequence[tuple[int, int]], rng: np.random.Generator
) -> Purity:
    """Glue pairs of users together, and see whether their personas take them apart."""
    likes = dataset.interactions.known_likes
    rows = []
    for one, other in pairs:
        items, owner = _glued(likes.row(one), likes.row(other), encoder.covers)
        if min(owner.sum(), (~owner).sum()) < 2:
            continue
        personas = encoder.of_likes(np.array([0, len(items)]), items)
        shares = personas.attention
        vectors = encoder.likes[items]
        units = unit_rows(vectors)
        found = KMeans(2, n_init=5, random_state=0).fit_predict(units)
        placed = (shares.argmax(axis=1), _in_two(personas.vectors[0], shares.argmax(axis=1)), found)
        told = _told_half(units, owner, rng)
        scores = (adjusted_rand_score(owner, each) for each in (*placed, rng.permutation(owner)))
        rows.append((one, *scores, told))
    first, *figures = (np.array(column) for column in zip(*rows, strict=True))
    return Purity(first, *figures)


def _glued(
    one: NDArray[np.int32], other: NDArray[np.int32], covers: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """What only one of two users liked, and whether it was the second; what nobody else liked is left out."""
    both = np.intersect1d(one, other)
    items = np.concatenate([np.setdiff1d(one, both), np.setdiff1d(other, both)])
    return items[covers[items]], np.isin(items, other)[covers[items]]


def _told_half(units: NDArray[np.float32], owner: NDArray[np.bool_], rng: np.random.Generator) -> float:
    """What a classifier that was told the owners of some likes makes of the others."""
    known, asked, owner_known, owner_asked = train_test_split(
        units, owner, train_size=TOLD, stratify=owner, random_state=int(rng.integers(2**31))
    )
    guessed = LogisticRegression(C=10, max_iter=1000).fit(known, owner_known).predict(asked)
    return float(adjusted_rand_score(owner_asked, guessed))


def _in_two(vectors: NDArray[np.float32], placed: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where each like is put when the most alike personas are put together (average linkage)."""
    if len(vectors) < 3:
        return placed
    return np.asarray(fcluster(linkage(unit_rows(vectors), "average", metric="cosine"), 2, "maxclust")[placed])


def pairs_to_glue(
    dataset: Dataset, learned_from: Dataset, left_out: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs of left-out users: some of different tastes, and some drawn by lot.

    Tastes differ where what the one liked is seldom liked together with what the other liked, by the people who are
    learned from: the mean cosine of the columns of likes between the two, over those within each.  Nothing that was
    learned has a say in it.
    """
    likes = dataset.interactions.known_likes
    fewest, most = LIKES_OF_GLUED
    users = np.flatnonzero(left_out & (likes.degrees >= fewest) & (likes.degrees <= most))
    liked = learned_from.interactions.known_likes.to_scipy()
    counts = np.maximum(np.asarray(liked.sum(axis=0)).ravel(), 1)
    together = np.asarray((liked.T @ liked).todense()) / np.sqrt(counts[:, None] * counts[None])
    own = likes.to_scipy()[users]
    between = np.asarray((own @ together) @ own.T.toarray())
    alone = np.sqrt(np.maximum(np.diag(between), 1e-12))
    one, other = np.triu_indices(len(users), 1)
    order = np.argsort((between / alone[:, None] / alone[None])[one, other], kind="stable")
    unlike = order[: max(round(UNLIKE * len(order)), 1)]
    drawn = (rng.permutation(unlike)[:MOST_PAIRS], rng.permutation(len(order))[:MOST_PAIRS])
    different, random = ([(int(users[one[at]]), int(users[other[at]])) for at in chosen] for chosen in drawn)
    return different, random


@dataclass(frozen=True)
class Labelled:
    """What labels are worth, by user; each of shape (U,) of the left-out users."""

    users: NDArray[np.int64]
    lift: FloatArray
    """Mean lift of the first labels of a user's personas, on the likes they were found on."""
    counted: FloatArray
    """Likes kept back that fall to a persona and have its first label."""
    expected: FloatArray
    """As many as would have it if the persona's likes were like the person's others."""
    labelled: FloatArray
    """Personas that have a label."""
    personas: FloatArray
    """Personas that anything was liked for."""


def labels(dataset: Dataset, encoder: PersonaEncoder, users: NDArray[np.int64], rng: np.random.Generator) -> Labelled:
    """Find personas and labels on some of the likes of people, and test the labels on the others."""
    rows = list(_labels(dataset, encoder, users, rng))
    found = [np.array(column, np.float64) for column in zip(*rows, strict=True)]
    return Labelled(found[0].astype(np.int64), *found[1:])


def _labels(
    dataset: Dataset, encoder: PersonaEncoder, users: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[tuple[int, float, float, float, int, int]]:
    catalogue, likes, finder = dataset.catalogue, dataset.interactions.known_likes, PersonaLabels(dataset)
    for user in users.tolist():
        liked = rng.permutation(likes.row(user))
        liked = liked[encoder.covers[liked]]
        back, given = np.split(liked, [round(KEPT_BACK * len(liked))])
        if len(back) < 2:
            continue
        personas = encoder.of_likes(np.array([0, len(given)]), given)
        falls_to = encoder.weigh(personas, encoder.fits(personas, back))[0].argmax(axis=0)
        first = [(place, each[0]) for place, each in enumerate(finder.of(personas, 0, most=1)) if each]
        counted = expected = 0.0
        for place, label in first:
            own = back[falls_to == place]
            own = own[catalogue.known[own, catalogue.attribute_facet[label.attribute]]]
            counted += catalogue.item_attributes.contains(own, np.full(len(own), label.attribute)).sum()
            expected += label.expected * len(own)
        lift = float(np.mean([label.lift for _, label in first])) if first else np.nan
        yield user, lift, counted, expected, len(first), int((personas.masses[0] >= 1.0).sum())
