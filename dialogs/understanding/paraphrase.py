"""Attributes by likeness of meaning: "scary" is near horror, "laugh out loud" near comedy.

Sentence embeddings of the attributes stand ready; a message is one more embedding and one product.
Legend: A attributes that can be paraphrased, D dimensions.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogs.phrases import noun_of
from graph.affinity.signals.text import embed_texts, load_encoder
from graph.catalogue import Catalogue

NAMES = frozenset({"director", "actor", "writer"})
"""Facets whose values are names of people, which have no paraphrases."""

DESCRIBING = frozenset({"genre", "tag"})
"""Facets whose values stand before a noun: "horror film"."""

FROM, SURE = 0.4, 0.7
"""Lift from which a paraphrase is believed at all, and from which it is believed as much as it ever is."""

CHANCES = 0.5, 0.92
"""How sure a paraphrase is at these lifts: of 106 phrases written to find this out, 70 of which meant a genre, 26 of 26
above 0.7 were right, 15 of 24 between 0.4 and 0.7, and one in six below."""

SURER = 0.6
"""The same as :data:`FROM` where a message has named something else already."""

ASKED = 0.2
"""By how much an attribute counts as nearer that was asked about."""

MOST = 12_000
"""Attributes that are embedded at most, those of most items first."""


class Paraphrases:
    """Finds what a phrase comes nearest to.

    :param cache: folder in which embeddings are kept; None to keep nothing.
    """

    def __init__(self, catalogue: Catalogue, cache: Path | None = None) -> None:
        facets = [facet.name for facet in catalogue.facets]
        own = [
            attribute
            for attribute in np.argsort(-catalogue.attribute_items.degrees, kind="stable").tolist()
            if facets[catalogue.attribute_facet[attribute]] not in NAMES
        ]
        self.attributes = np.array(own[:MOST], np.int32)
        """Shape (A,)."""
        self._noun = noun_of(catalogue)
        texts = [
            _sentence(self._noun, facets[catalogue.attribute_facet[each]], catalogue.attribute_names[each])
            for each in self.attributes
        ]
        self._vectors = embed_texts(texts, cache) if texts else np.zeros((0, 384), np.float32)
        self._of = {attribute: place for place, attribute in enumerate(self.attributes.tolist())}
        described = [facets[catalogue.attribute_facet[each]] in DESCRIBING for each in self.attributes]
        self._usual = np.array(described if any(described) else [True] * len(self.attributes), bool)
        """Attributes whose nearness is what is to be expected of any phrase, shape (A,)."""

    def nearest(self, phrase: str, options: Sequence[int] = (), least: float = FROM) -> tuple[int, float] | None:
        """The attribute a phrase is nearest to, and the chance that it is meant; None where nothing is near.

        :param options: attributes that were asked about, which count as a little nearer.
        :param least: lift from which it counts.
        """
        if not len(self.attributes):
            return None
        # Said alone, and as what is looked for: "funny", "funny film".
        near = self._vectors @ (_embed(phrase, f"{phrase} {self._noun}").sum(axis=0))
        # Any film is near any other film: what counts is by how much one attribute is nearer than is usual, and than
        # the next one.
        near -= near[self._usual].mean()
        asked = np.zeros(len(near), np.float32)
        asked[[self._of[option] for option in options if option in self._of]] = ASKED
        best = int((near + asked).argmax())
        next_best = np.delete(near, best).max(initial=0.0)
        lift = near[best] + 2 * (near[best] - next_best) + asked[best]
        if lift < least:
            return None
        return int(self.attributes[best]), float(np.interp(lift, (FROM, SURE), CHANCES))


class Manners:
    """Finds which of a few plain things a phrase comes to, such as yes or "don't know", by likeness of meaning.

    :param phrases: ways to say each thing.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], cache: Path | None = None) -> None:
        self._kinds = [kind for kind, said in phrases.items() for _ in said]
        self._vectors = embed_texts([each for said in phrases.values() for each in said], cache)

    def nearest(self, phrase: str) -> tuple[str, float] | None:
        """What a phrase comes to, and the chance that it is meant; None where nothing is near, or two are alike."""
        cosines = self._vectors @ _embed(phrase)[0]
        by_kind: dict[str, float] = {}
        for kind, cosine in zip(self._kinds, cosines.tolist(), strict=True):
            by_kind[kind] = max(by_kind.get(kind, -1.0), cosine)
        (first, best), (_, second) = sorted(by_kind.items(), key=lambda pair: -pair[1])[:2]
        if best < PLAIN_FROM or best - second < PLAIN_MARGIN:
            return None
        return first, float(np.interp(best, (PLAIN_FROM, 0.9), (0.7, 0.95)))


PLAIN_FROM, PLAIN_MARGIN = 0.55, 0.04
"""Cosine from which a clause is taken for a plain answer, and by which the next kind of answer has to be farther."""


@lru_cache(maxsize=4096)
def _embed_kept(phrases: tuple[str, ...]) -> bytes:
    found = load_encoder().encode(list(phrases), batch_size=8, show_progress_bar=False, normalize_embeddings=True)
    return np.asarray(found, np.float32).tobytes()


def _embed(*phrases: str) -> NDArray[np.float32]:
    """Embeddings, shape (phrases, D)."""
    return np.frombuffer(_embed_kept(phrases), np.float32).reshape(len(phrases), -1)


def _sentence(noun: str, facet: str, name: str) -> str:
    """What an attribute is called when it stands alone."""
    return f"{name} {noun}" if facet in DESCRIBING else f"{facet}: {name}"
