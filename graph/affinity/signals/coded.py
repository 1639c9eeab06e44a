"""Item codes as a signal: what is written about items, by way of codes and a table, learned here or elsewhere.

Legend: B people, V items, E dimensions of an embedding, D dimensions of a vector.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.affinity.profiles import Profiles
from graph.affinity.signals.factors import centred
from graph.affinity.signals.item_knn import check_likes
from graph.affinity.signals.protocol import FloatArray
from graph.affinity.signals.text import embed_texts, sentences_of
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from graph.item_codes import Codebook, Origin
from graph.item_codes.learning import Advance
from graph.places import Places

MOST_OF_A_TEXT = 600
"""Characters of the free text of an item that are read after its title and attributes: the model takes 256 word
pieces."""


class Coded:
    """Cosine of an item's vector with those a person liked, and how sought such items are, both by way of codes.

    See :mod:`graph.item_codes`.  Items that nobody liked have codes like all others, so it tells them apart as well.

    :raises OptionError: when there are no likes.
    """

    name = "codes"
    softenings: tuple[float, ...] = ()

    def __init__(self, items: FloatArray, biases: FloatArray, sharpness: float) -> None:
        """
        :param items: unit vectors, shape (V, D).
        :param biases: shape (V,).
        """
        self._items = items
        self._biases = biases
        self._sharpness = sharpness
        self.covers = np.ones(len(items), dtype=bool)

    @classmethod
    def fit(cls, dataset: Dataset, seed: int = 0, cache: Path | None = None) -> "Coded":
        """Learn coder and table from this catalogue, train and valid.

        :param cache: where embeddings are kept; the cache of :class:`graph.places.Places` unless said.
        """
        check_likes(cls.name, dataset.interactions.known_likes)
        return cls.from_codebook(learn_codebook(dataset, seed, cache), dataset, cache)

    @classmethod
    def from_codebook(cls, codebook: Codebook, dataset: Dataset, cache: Path | None = None) -> "Coded":
        """Serve a catalogue by a codebook that was learned on another; nothing of its interactions is looked at.

        :raises DataError: when the codebook was made with another model of texts.
        """
        embeddings = embedded(dataset.catalogue, cache)
        here = codebook.at(dataset.name, embeddings)
        codes = here.codes(embeddings)
        return cls(here.table.items(codes), here.table.item_biases(codes), here.table.sharpness)

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "Coded":
        """What :meth:`arrays` gave, as a signal again."""
        items, biases, sharpness = (
            np.ascontiguousarray(arrays[key], np.float32) for key in ("items", "biases", "sharpness")
        )
        return cls(items, biases, float(sharpness[0]))

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over all items, shape (B, V); zeros for people who liked nothing."""
        people = np.asarray(profiles.liked() @ self._items, np.float32)
        people /= np.maximum(np.linalg.norm(people, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        logits = np.float32(self._sharpness) * (people @ self._items.T) + self._biases
        return centred(logits, self.covers, profiles)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Vectors of items, shape (V, D), their biases, shape (V,), and the sharpness, shape (1,)."""
        return {"items": self._items, "biases": self._biases, "sharpness": np.array([self._sharpness], np.float32)}


def learn_codebook(
    dataset: Dataset, seed: int = 0, cache: Path | None = None, advance: Advance = lambda share: None
) -> Codebook:
    """A codebook of a data set, from its train and valid splits.

    :raises OptionError: when there are no items, or nobody liked two of them.
    """
    origin = Origin(dataset.name, dataset.fingerprint, dataset.licence, seed, dataset.name)
    likes = dataset.interactions.known_likes
    return Codebook.learn(embedded(dataset.catalogue, cache), likes, origin, advance=advance)


def embedded(catalogue: Catalogue, cache: Path | None = None) -> FloatArray:
    """Embeddings of title, attributes and, where a catalogue has it, free text of each item, shape (V, E)."""
    where = Places.from_environment().cache if cache is None else cache
    sentences = sentences_of(catalogue)
    if catalogue.texts is not None:
        sentences = [
            f"{sentence} {text[:MOST_OF_A_TEXT]}".strip()
            for sentence, text in zip(sentences, catalogue.texts, strict=True)
        ]
    return embed_texts(sentences, where)
