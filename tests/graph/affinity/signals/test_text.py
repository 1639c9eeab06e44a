"""Embeddings of texts; the model is replaced by one that knows words and nothing of what they mean."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph.affinity.profiles import Profiles
from graph.affinity.signals import text
from graph.affinity.signals.text import MOST_ATTRIBUTES, TextCosine, embed_texts, sentences_of
from graph.catalogue import Catalogue, Facet
from graph.csr import CSR
from graph.synthetic import make_synthetic
from tests.graph.affinity.signals.contract import SignalContract, profiles, small


class BagOfWords:
    """A random direction for each word."""

    def encode(
        self, sentences: list[str], batch_size: int, show_progress_bar: bool, normalize_embeddings: bool
    ) -> np.ndarray:
        assert normalize_embeddings
        assert not show_progress_bar
        vectors = np.stack([self._of(sentence) for sentence in sentences])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _of(self, sentence: str) -> np.ndarray:
        words = sentence.replace(":", ",").replace(".", ",").split(",")
        return sum(np.random.default_rng(zlib.crc32(word.encode())).normal(size=128) for word in words)


@pytest.fixture(autouse=True)
def reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> list[int]:
    """How often the model was asked for, one entry each."""
    asked: list[int] = []

    def load() -> BagOfWords:
        asked.append(1)
        return BagOfWords()

    monkeypatch.setenv("CONVREC_CACHE", str(tmp_path))
    if request.node.name != "test_the_real_model_knows_what_words_mean":
        monkeypatch.setattr(text, "load_encoder", load)
    return asked


class TestTextCosine(SignalContract):
    fit = staticmethod(TextCosine.fit)
    restore = TextCosine.restore
    floor = 0.6


def films(names: list[str], of_items: list[list[int]], facets: list[int]) -> Catalogue:
    rows = np.repeat(np.arange(len(of_items)), [len(each) for each in of_items])
    return Catalogue(
        item_ids=np.arange(len(of_items)),
        titles=tuple(f"Film {chr(65 + item)}" for item in range(len(of_items))),
        years=np.array([1990, 0, 2001][: len(of_items)], np.int16),
        popularity=np.ones(len(of_items), np.float32),
        facets=(Facet("genre"), Facet("actor")),
        attribute_ids=np.arange(len(names)),
        attribute_names=tuple(names),
        attribute_facet=np.array(facets, np.int16),
        item_attributes=CSR.from_pairs(rows, np.concatenate(of_items), len(of_items), len(names)),
    )


def test_a_sentence_names_title_year_and_attributes_by_facet_from_rare_to_common() -> None:
    catalogue = films(["drama", "noir", "A. Actor"], [[0, 1, 2], [0], [0, 2]], [0, 0, 1])
    assert sentences_of(catalogue) == [
        "Film A (1990). genre: noir, drama. actor: A. Actor.",
        "Film B. genre: drama.",
        "Film C (2001). genre: drama. actor: A. Actor.",
    ]


def test_of_many_attributes_the_rarest_are_named() -> None:
    n_names = MOST_ATTRIBUTES + 4
    catalogue = films([f"n{name}" for name in range(n_names)], [list(range(n_names)), [0, 1, 2, 3]], [0] * n_names)
    named = sentences_of(catalogue)[0].split("genre: ")[1].rstrip(".").split(", ")
    assert named == [f"n{name}" for name in range(4, n_names)]


def test_embeddings_are_unit_vectors_kept_as_halves(tmp_path: Path, reads: list[int]) -> None:
    first = embed_texts(["a", "b, c"], tmp_path)
    again = embed_texts(["a", "b, c"], tmp_path)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-6)
    assert len(reads) == 1
    files = list((tmp_path / "text-embeddings").iterdir())
    assert len(files) == 1
    assert files[0].stat().st_size < 2 * 128 * 2 + 200


def test_other_texts_are_other_files(tmp_path: Path, reads: list[int]) -> None:
    for texts in (["a", "b"], ["b", "a"], ["a"], ["a", "b", ""]):
        assert len(embed_texts(texts, tmp_path)) == len(texts)
    assert len(reads) == 4


def test_without_a_cache_nothing_is_kept(tmp_path: Path, reads: list[int]) -> None:
    embed_texts(["a"], None)
    embed_texts(["a"], None)
    assert len(reads) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "empty", "other"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, reads: list[int], damage: str) -> None:
    first = embed_texts(["a", "b"], tmp_path)
    file = next((tmp_path / "text-embeddings").iterdir())
    whole = file.read_bytes()
    if damage == "other":
        embed_texts(["a", "b", "c"], tmp_path)
        other = next(each for each in (tmp_path / "text-embeddings").iterdir() if each != file)
        file.write_bytes(other.read_bytes())
    else:
        file.write_bytes(whole[:-50] if damage == "cut" else b"")
    before = len(reads)
    np.testing.assert_array_equal(embed_texts(["a", "b"], tmp_path), first)
    assert len(reads) == before + 1
    assert file.read_bytes() == whole


def test_fitting_again_reads_what_was_kept(reads: list[int]) -> None:
    TextCosine.fit(small())
    TextCosine.fit(small())
    assert len(reads) == 1


def test_likes_draw_near_and_dislikes_push_away() -> None:
    catalogue = films(["noir", "comedy", "A. Actor"], [[0], [0, 2], [1]], [0, 0, 1])
    dataset = replace(make_synthetic(users=0, items=3, attributes=3, facets=1), catalogue=catalogue)
    signal = TextCosine.fit(dataset)
    nobody = Profiles.unknown(1, catalogue)
    liked, disliked = (signal.of(nobody.and_then(0, **{said: [0]}))[0] for said in ("liked", "disliked"))
    assert liked[1] > liked[2]
    assert disliked[1] < disliked[2]
    np.testing.assert_allclose(liked[0], 2, rtol=1e-5)
    np.testing.assert_allclose(liked + disliked, 2, atol=1e-5)


def test_an_empty_catalogue_of_one_item_is_no_trouble() -> None:
    dataset = make_synthetic(users=2, items=1, attributes=1, facets=1, interactions=1)
    assert np.isfinite(TextCosine.fit(dataset).of(profiles(dataset))).all()


def test_the_real_model_knows_what_words_mean(capfd: pytest.CaptureFixture[str]) -> None:
    boat, ship, cake = embed_texts(["a boat at sea", "a ship on the ocean", "how to bake a cake"], None)
    assert boat @ ship > 0.5 > boat @ cake
    assert capfd.readouterr().err == ""
