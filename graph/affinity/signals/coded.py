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
from graph.item_codes import Codebook, CodeTable, ItemCoder, Origin
from graph.item_codes.coder import Codes
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

    def __init__(self, codebook: Codebook, codes: Codes) -> None:
        """:param codes: of all items by this codebook, shape (V, M)."""
        self.codebook = codebook
        self._items = codebook.table.items(codes)
        self._biases = codebook.table.item_biases(codes)
        self.covers = np.ones(len(codes), dtype=bool)

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
        return cls(here, here.codes(embeddings))

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "Coded":
        """What :meth:`arrays` gave, as a signal again: also of data that items were added to since.

        Those are coded as the others are, by the mean, the rotation and the centroids of the items before them.
        """
        origin = Origin(dataset.name, dataset.fingerprint, dataset.licence, 0, dataset.name)
        codebook = Codebook(ItemCoder.restore(arrays), CodeTable.restore(arrays), origin)
        return cls(codebook, codebook.codes(embedded(dataset.catalogue)))

    def of(self, profiles: Profiles) -> FloatArray:
        """Logits with mean 0 over all items, shape (B, V); zeros for people who liked nothing."""
        people = np.asarray(profiles.liked() @ self._items, np.float32)
        people /= np.maximum(np.linalg.norm(people, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        logits = np.float32(self.codebook.table.sharpness) * (people @ self._items.T) + self._biases
        return centred(logits, self.covers, profiles)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Coder and table, in which there is nothing of any item."""
        return {**self.codebook.coder.arrays(), **self.codebook.table.arrays()}


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
