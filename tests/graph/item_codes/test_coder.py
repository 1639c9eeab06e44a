"""Codes of items."""

import numpy as np
import pytest

from graph.errors import DataError, OptionError
from graph.item_codes import ItemCoder
from tests.graph.item_codes.made_up import DIMENSIONS, KINDS, embeddings


def coder(items: int = 400, seed: int = 0) -> ItemCoder:
    return ItemCoder.fit(embeddings(items), seed, groups=8, centroids=16)


def test_codes_are_bytes_within_the_centroids_and_tell_kinds_apart() -> None:
    codes = coder().codes(embeddings(400))
    assert codes.shape == (400, 8)
    assert codes.dtype == np.uint8
    assert codes.max() < 16
    kinds = np.arange(400) % KINDS
    shared = (codes[:, None, :] == codes[None]).mean(axis=2)
    same = kinds[:, None] == kinds
    np.fill_diagonal(shared, np.nan)
    assert np.nanmean(shared[same]) > 2 * np.nanmean(shared[~same])


def test_the_nearest_centroid_is_named() -> None:
    fitted, items = coder(), embeddings(30, seed=5)
    centred = items - fitted.mean
    turned = (centred / np.linalg.norm(centred, axis=1, keepdims=True)) @ fitted.rotation
    parts = turned.reshape(30, 8, 1, -1)
    distances = ((parts - fitted.centroids[None]) ** 2).sum(axis=3)
    np.testing.assert_array_equal(fitted.codes(items), distances.argmin(axis=2))
    np.testing.assert_array_equal(
        fitted.decoded(fitted.codes(items))[:, :4], fitted.centroids[0][fitted.codes(items)[:, 0]]
    )


def test_the_rotation_keeps_lengths() -> None:
    rotation = coder().rotation
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(DIMENSIONS), atol=1e-5)


def test_what_was_not_there_is_coded_by_the_same_centroids_and_moves_nothing() -> None:
    fitted, known, unseen = coder(), embeddings(400), embeddings(200, seed=7)
    together = fitted.codes(np.concatenate([known, unseen]))
    np.testing.assert_array_equal(together[:400], fitted.codes(known))
    np.testing.assert_array_equal(together[400:], fitted.codes(unseen))
    # A coder that looked at the new items as well would code the old ones otherwise.
    refitted = ItemCoder.fit(np.concatenate([known, unseen]), 0, groups=8, centroids=16)
    assert (refitted.codes(known) != fitted.codes(known)).any()


def test_elsewhere_only_the_mean_is_another() -> None:
    fitted, shifted = coder(), embeddings(300, seed=3) + np.float32(0.4)
    moved = fitted.moved_to(shifted)
    assert moved.rotation is fitted.rotation
    assert moved.centroids is fitted.centroids
    np.testing.assert_allclose(moved.mean, shifted.mean(axis=0), rtol=1e-6)
    assert (moved.codes(shifted) != fitted.codes(shifted)).mean() > 0.1


def test_the_order_of_the_items_says_nothing_and_the_seed_does() -> None:
    items = embeddings(400)
    mixed = ItemCoder.fit(items[np.random.default_rng(1).permutation(400)], 0, groups=8, centroids=16)
    np.testing.assert_allclose(mixed.centroids, coder().centroids, rtol=1e-4, atol=1e-5)
    assert np.abs(coder(seed=1).centroids - coder().centroids).max() > 0.01


@pytest.mark.parametrize("items", [1, 2, 5])
def test_few_items_have_fewer_centroids(items: int, capfd: pytest.CaptureFixture[str]) -> None:
    fitted = ItemCoder.fit(embeddings(items), 0)
    assert fitted.n_centroids == {1: 2, 2: 2, 5: 4}[items]
    assert len(np.unique(fitted.codes(embeddings(items)), axis=0)) == items
    assert capfd.readouterr().err == ""


def test_groups_divide_the_dimensions() -> None:
    assert ItemCoder.fit(embeddings(40), 0, groups=11).n_groups == 8
    assert ItemCoder.fit(embeddings(40), 0, groups=500).n_groups == DIMENSIONS


@pytest.mark.parametrize("centroids", [0, 1, 48, 512])
def test_centroids_that_are_no_byte_are_refused(centroids: int) -> None:
    with pytest.raises(OptionError, match=f"{centroids} centroids"):
        ItemCoder.fit(embeddings(40), 0, centroids=centroids)


def test_no_items_and_other_models_are_refused() -> None:
    with pytest.raises(OptionError, match="no items"):
        ItemCoder.fit(np.zeros((0, 8), np.float32), 0)
    for method in (coder().codes, coder().moved_to):
        with pytest.raises(DataError, match="32 dimensions"):
            method(np.zeros((3, 16), np.float32))


def test_it_can_be_restored_and_what_is_none_is_refused() -> None:
    arrays = dict(coder().arrays())
    np.testing.assert_array_equal(ItemCoder.restore(arrays).codes(embeddings(50)), coder().codes(embeddings(50)))
    for key, wrong in (
        ("mean", np.zeros(5, np.float32)),
        ("rotation", arrays["rotation"][:4]),
        ("centroids", arrays["centroids"][:, :, :2]),
        ("centroids", np.full_like(arrays["centroids"], np.nan)),
        ("mean", arrays["mean"].astype(np.float64)),
    ):
        with pytest.raises(DataError, match="no item coder"):
            ItemCoder.restore({**arrays, key: wrong})
