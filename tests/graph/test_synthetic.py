import time

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.dataset import Dataset
from graph.errors import DataError
from graph.graph_checks import check_catalogue, check_interactions
from graph.interactions import Split
from graph.synthetic import SyntheticShape, draw, make_synthetic


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_synthetic(users=500, items=2_000, attributes=150)


def test_sizes_are_those_asked_for(dataset: Dataset) -> None:
    catalogue, history = dataset.catalogue, dataset.interactions
    assert (history.n_users, catalogue.n_items, catalogue.n_attributes, catalogue.n_facets) == (500, 2_000, 150, 5)
    assert catalogue.item_attributes.n_edges / 2_000 == pytest.approx(7, rel=0.05)
    assert history.n_edges / 500 == pytest.approx(50, rel=0.15)
    shares = np.bincount(history.split) / history.n_edges
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.03)


def test_nothing_is_wrong_with_it(dataset: Dataset) -> None:
    assert check_catalogue(dataset.catalogue) == ([], [])
    assert check_interactions(dataset.interactions, 2_000) == []
    assert (dataset.catalogue.item_attributes.degrees > 0).all()


def test_valid_and_test_are_later_than_train(dataset: Dataset) -> None:
    history = dataset.interactions
    latest = np.full((500, 3), -1)
    np.maximum.at(latest, (history.users, history.split), history.times)
    earliest = np.full((500, 3), np.iinfo(np.int64).max)
    np.minimum.at(earliest, (history.users, history.split), history.times)
    assert (latest[:, Split.TRAIN] <= earliest[:, Split.VALID]).all()
    assert (latest[:, Split.VALID] <= earliest[:, Split.TEST]).all()
    assert (latest[:, Split.TRAIN] > 0).all(), "everybody has something in train"


def test_popularity_falls_as_zipf_says(dataset: Dataset) -> None:
    held = np.sort(dataset.catalogue.attribute_items.degrees)[::-1]
    assert held[0] > 5 * np.median(held)
    chosen = np.sort(np.bincount(dataset.interactions.items, minlength=2_000))[::-1]
    assert chosen[:200].sum() > 0.35 * chosen.sum()


def test_there_is_taste_to_be_learned(dataset: Dataset) -> None:
    """What a user chose in train tells test items from items others chose, by attributes alone; a stranger's does not.

    The score is the mean log lift of an item's attributes: the user's share over everybody's, shrunk by 20 items.
    """
    catalogue, history = dataset.catalogue, dataset.interactions
    content = catalogue.item_attributes.to_scipy()
    held = (history.train_items.to_scipy() @ content).toarray()
    share = catalogue.attribute_items.degrees / catalogue.n_items
    lift = np.log((held + 20 * share) / (history.train_items.degrees[:, None] + 20) / share)
    users, items = history.pairs(Split.TEST)

    def score(by: NDArray[np.int32], of: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.asarray(content[of].multiply(lift[by]).sum(axis=1) / catalogue.item_attributes.degrees[of])

    rng = np.random.default_rng(0)
    others, strangers = rng.permutation(items), rng.permutation(users)
    assert np.mean(score(users, items) > score(users, others)) > 0.68
    assert np.mean(score(strangers, items) > score(strangers, others)) < 0.55


def test_ids_say_nothing(dataset: Dataset) -> None:
    chosen = np.bincount(dataset.interactions.items, minlength=2_000)
    for says in (chosen, dataset.catalogue.item_attributes.degrees, dataset.catalogue.popularity):
        assert abs(np.corrcoef(np.arange(2_000), says)[0, 1]) < 0.1


def test_the_seed_decides() -> None:
    shape = {"users": 30, "items": 60, "attributes": 20}
    assert make_synthetic(**shape, seed=1).fingerprint == make_synthetic(**shape, seed=1).fingerprint
    assert make_synthetic(**shape, seed=1).fingerprint != make_synthetic(**shape, seed=2).fingerprint


def test_an_open_world_has_unknown_facets() -> None:
    dataset = make_synthetic(users=10, items=3_000, attributes=100, open=0.4, per_item=40)
    assert all(facet.open_world for facet in dataset.catalogue.facets)
    # With 8 values a facet hardly any facet is empty of itself.
    assert (~dataset.catalogue.known).mean() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("shape", [
    SyntheticShape(users=0),
    SyntheticShape(users=1, items=1, attributes=1, facets=1),
    SyntheticShape(users=5, items=3, attributes=2, facets=2, per_item=50),
    SyntheticShape(users=3, items=2, interactions=500),
])  # fmt: skip
def test_extremes_can_be_drawn(shape: SyntheticShape) -> None:
    dataset = draw(shape)
    assert dataset.anonymous == (shape.users == 0)
    assert check_catalogue(dataset.catalogue)[0] == check_interactions(dataset.interactions, shape.items) == []
    # Nobody has more than half of the items, save where that is less than a user needs for three splits.
    most = dataset.interactions.train_items.degrees.max(initial=0)
    assert most <= max(shape.items // 2, 3)


def test_every_attribute_has_an_item() -> None:
    catalogue = make_synthetic(users=0, items=50, attributes=1_000).catalogue
    assert catalogue.attribute_items.degrees.min() == 1


def test_names_are_read_and_written() -> None:
    name = "synthetic:users=27675,items=70311,attributes=590,seed=3,open=0.25"
    shape = SyntheticShape.parse(name)
    assert shape == SyntheticShape(users=27_675, items=70_311, attributes=590, seed=3, open=0.25)
    assert SyntheticShape.parse(shape.name) == shape
    assert SyntheticShape.parse("synthetic") == SyntheticShape.parse("synthetic:") == SyntheticShape()
    assert SyntheticShape().name == "synthetic"


@pytest.mark.parametrize(("name", "says"), [
    ("synthetic:colour=3", "'colour=3' is not KEY=NUMBER with a key of users, items"),
    ("synthetic:users", "'users' is not KEY=NUMBER"),
    ("synthetic:users=many", "'many' is not a whole number for users"),
    ("synthetic:users=1.5", "'1.5' is not a whole number for users"),
    ("synthetic:users=1,users=2", "'users=2' is given twice"),
    ("synthetic:items=0", "items=0 is not between 1 and"),
    ("synthetic:items=99999999999", "items=99999999999 is not between"),
    ("synthetic:open=nan", "open=nan is not between"),
    ("synthetic:open=1", "open=1.0 is not between"),
    ("synthetic:seed=-1", "seed=-1 is not between"),
    ("synthetic:attributes=3,facets=4", "4 facets need as many attributes"),
    ("real:users=3", "a synthetic data set is called"),
])  # fmt: skip
def test_a_bad_name_is_refused(name: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        SyntheticShape.parse(name)
    assert says in str(caught.value)


def test_the_shape_of_yelp_takes_seconds() -> None:
    start = time.process_time()
    dataset = draw(SyntheticShape.parse("synthetic:users=27675,items=70311,attributes=590,seed=0"))
    assert time.process_time() - start < 8
    # Yelp: 477,012 item-attribute edges and 1,368,606 interactions.
    assert dataset.catalogue.item_attributes.n_edges == pytest.approx(477_012, rel=0.05)
    assert dataset.interactions.n_edges == pytest.approx(1_368_606, rel=0.05)
