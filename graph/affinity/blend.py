"""The default affinity: content, co-occurrence and popularity in one calibrated log prior.

Legend: B users asked for at once, U users, V items, M contests, C contenders, D features.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.affinity.content import ContentCosine
from graph.affinity.contests import ContestsConfig, draw_contests
from graph.affinity.ease import EaseConfig, EaseScores, liked_items
from graph.affinity.lift import AttributeLift, attribute_mean
from graph.affinity.popularity import Popularity, PopularityConfig
from graph.affinity.protocol import checked_users, has_history
from graph.affinity.weights import fit_weights
from graph.csr import CSR, IntArray
from graph.dataset import Dataset

UserFeature = Callable[[IntArray], NDArray[np.float32]]
"""Maps known users of shape (B,) to values of shape (B, V)."""

OWNED = "owned"
"""The feature that is 1 for the items a user has in train."""


@dataclass(frozen=True)
class BlendConfig:
    """What is blended."""

    content_softening: float = 0.1
    """Added to the content cosine before its logarithm."""
    lift_damping: float = 5.0
    """Likes that the catalogue's share of an attribute counts for beside a user's own."""
    ease: EaseConfig = field(default_factory=EaseConfig)
    ease_softening: float = 0.01
    """Divides EASE's predictions before their logarithm."""
    count_smoothing: float = 0.3
    """Likes added to every item's count before its logarithm."""
    popularity: PopularityConfig = field(default_factory=PopularityConfig)
    """For people without history."""
    contests: ContestsConfig = field(default_factory=ContestsConfig)


class Blend:
    """``log prior(i | user) = sum over features of weight * feature(user, i)``; popularity for people without history.

    Of user and item: log content cosine, attribute lift, log EASE, whether the user has the item.  Of the item alone:
    log count of likes, whether it has any, log number of attributes, and how liked its attributes are.  The weights
    are shared by all users and items and maximise the likelihood of valid targets, so that neither a user nor an item
    has a parameter of its own; eight numbers from thousands of pairs fit other users as well as their own (two-fold by
    user: within 0.01 nats), so valid figures of a blend are not flattered.
    """

    name = "blend"

    def __init__(
        self,
        of_users: dict[str, UserFeature],
        of_items: dict[str, NDArray[np.float32]],
        weights: dict[str, float],
        likes: CSR,
        popularity: Popularity,
    ) -> None:
        self.weights = weights
        """Of each feature, by name; empty where nobody has a history."""
        self.n_items = popularity.n_items
        self._of_users = of_users
        self._likes = likes
        self._popularity = popularity
        self._of_items = np.zeros(self.n_items, dtype=np.float32)
        for name, values in of_items.items():
            self._of_items += np.float32(weights[name]) * values

    @classmethod
    def fit(
        cls, dataset: Dataset, config: BlendConfig = BlendConfig(), report: Callable[[str], None] | None = None
    ) -> "Blend":
        """Learn from train and valid; the test split is not looked at.

        :param report: is told which features are left out, and why.
        """
        tell = report or (lambda line: None)
        likes = dataset.interactions.train_likes
        popularity = Popularity.fit(dataset, config.popularity)
        drawn = draw_contests(dataset, config.contests)
        contests = drawn.subset(has_history(likes, drawn.users))
        if not contests.n_contests:
            tell(f"blend: {dataset.name} has no user with likes in train and valid; every user gets popularity alone")
            nobody = CSR.from_pairs([], [], likes.n_rows, likes.n_columns)
            return cls({}, {}, {}, nobody, popularity)
        of_users = _user_features(dataset, config, tell)
        of_items = _item_features(dataset, config)
        columns = [contests.gather(feature) for feature in of_users.values()]
        columns += [values[contests.items] for values in of_items.values()]
        columns.append(likes.contains(contests.users[:, None], contests.items).astype(np.float32))
        fitted = fit_weights(contests, np.stack(columns, axis=-1)).weights.tolist()
        weights = dict(zip([*of_users, *of_items, OWNED], fitted, strict=True))
        return cls(of_users, of_items, weights, likes, popularity)

    def scores(self, users: IntArray) -> NDArray[np.float32]:
        """Shape (B, V); see :class:`graph.affinity.protocol.Affinity`."""
        asked = checked_users(users, self._popularity.n_users)
        known = np.flatnonzero(has_history(self._likes, asked))
        scores = np.empty((len(asked), self.n_items), dtype=np.float32)
        scores[:] = self._popularity.log_prior
        if len(known):
            # Sparse products come items first, and adding across memory orders is twenty times slower.
            blended = np.zeros((len(known), self.n_items), dtype=np.float32, order="F")
            for name, feature in self._of_users.items():
                values = feature(asked[known])
                values *= np.float32(self.weights[name])
                blended += values
            place, items = self._likes.gather(asked[known])
            blended[place, items] += np.float32(self.weights[OWNED])
            scores[known] = blended + self._of_items
        return scores


def _user_features(dataset: Dataset, config: BlendConfig, tell: Callable[[str], None]) -> dict[str, UserFeature]:
    likes = dataset.interactions.train_likes
    cosine = ContentCosine(dataset.catalogue, likes)
    lift = AttributeLift(dataset.catalogue, likes, config.lift_damping)
    features: dict[str, UserFeature] = {
        "content": lambda users: np.log(cosine.of(users) + np.float32(config.content_softening)),
        "lift": lift.of,
    }
    n_liked = len(liked_items(likes))
    if n_liked > config.ease.max_items:
        most = config.ease.max_items
        tell(f"blend: EASE is left out, as {n_liked:,} items have train interactions and it takes {most:,} at most")
    else:
        ease = EaseScores(likes, config.ease.l2, config.ease.max_items)
        features["ease"] = lambda users: ease.log_of(users, config.ease_softening)
    return features


def _item_features(dataset: Dataset, config: BlendConfig) -> dict[str, NDArray[np.float32]]:
    """Values of shape (V,), from attributes and train counts only."""
    catalogue, likes = dataset.catalogue, dataset.interactions.train_likes
    counts = np.bincount(likes.indices, minlength=catalogue.n_items)
    holders = catalogue.attribute_items
    liked_holders = np.asarray(holders.to_scipy() @ counts.astype(np.float32))
    liked_rate = liked_holders / (np.maximum(holders.degrees, 1) * max(counts.mean(), 1e-9))
    features = {
        "count": np.log(counts + config.count_smoothing),
        "warm": counts > 0,
        "attributes": np.log(np.maximum(catalogue.item_attributes.degrees, 1)),
        # One in ten keeps attributes that nobody liked finite.
        "liked attributes": attribute_mean(catalogue) @ np.log(liked_rate + 0.1),
    }
    return {name: np.asarray(values, dtype=np.float32) for name, values in features.items()}
