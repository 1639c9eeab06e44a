"""What the default affinity is made of and how it is learned."""

from dataclasses import dataclass, field, replace

from graph.affinity.contests import ContestsConfig
from graph.affinity.network import NetworkConfig
from graph.affinity.signals.ease import MOST_ITEMS


@dataclass(frozen=True)
class HybridConfig:
    """What is blended, and how it is learned."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    contests: ContestsConfig = field(default_factory=lambda: ContestsConfig(contests=10_000, contenders=256))
    """What the networks learn from, of all rehearsals together."""
    scale: ContestsConfig = field(default_factory=lambda: ContestsConfig(2_000, 2_048, seed=500))
    """What their sharpness is fitted on: nearly all rivals, for few of many make sharp scores look better than they are
    (the logarithm of a sampled total lies below that of the whole on average)."""
    most_scores: int = 10**9
    """Scores to compute for contests, at most: where there are very many items, fewer contests are held."""
    emptied: float = 0.1
    """Share of contests in which the person's history is hidden, so that strangers are served too."""
    shortened: float = 0.2
    """Share of contests in which only a few likes are left, from one to :attr:`few`."""
    few: int = 8
    seed: int = 0
    most_dense: int = MOST_ITEMS
    """Items beyond which a signal with a dense item-item matrix is left out."""

    @classmethod
    def of_seed(cls, seed: int) -> "HybridConfig":
        """The defaults with everything drawn by another seed."""
        fresh = cls()
        return replace(
            fresh, seed=seed, network=replace(fresh.network, seed=seed),
            contests=replace(fresh.contests, seed=1000 * seed), scale=replace(fresh.scale, seed=1000 * seed + 500),
        )  # fmt: skip
