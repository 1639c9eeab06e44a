import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph import kernels, option_kernels, question_kernels
from graph.answers import AnswerModel, answer_information, entropy_bits
from graph.catalogue import Catalogue
from tests.graph.catalogues import Facts, facts, padded, questions_about

compiled = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**16)


def beliefs(n_rows: int, n_items: int, seed: int) -> NDArray[np.float32]:
    """Random beliefs, of which some items have none."""
    rng = np.random.default_rng(seed)
    weights = rng.gamma(0.5, size=(n_rows, n_items)) * (rng.random((n_rows, n_items)) < 0.8)
    weights[:, 0] += 1e-3
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def logs_of(probability: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log-weights and their peaks."""
    with np.errstate(divide="ignore"):
        weights = np.log(probability)
    return weights, kernels.find_peaks(weights)


def has_matrix(catalogue: Catalogue) -> NDArray[np.float64]:
    """Which item has which attribute, shape (V, P)."""
    return catalogue.item_attributes.to_scipy().toarray().astype(float)


@compiled
@given(
    st.integers(1, 3),
    st.lists(st.sampled_from([-np.inf, -2.5, 0.0, 0.25, 1.0, 7.0, np.inf]), min_size=0, max_size=12),
    st.integers(0, 15),
    st.sampled_from([np.float32, np.float64]),
    seeds,
)
def test_largest_is_the_head_of_a_sort(n_rows: int, row: list[float], count: int, dtype: type, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.array([rng.permutation(row) for _ in range(n_rows)], dtype).reshape(n_rows, len(row))
    untouched = values.copy()
    some_closed = rng.random(values.shape) < 0.4
    order = np.argsort(-values, axis=1, kind="stable")  # of equal values the first comes first
    for closed in (np.zeros_like(some_closed), some_closed):
        places = kernels.largest(values, count, closed)
        assert places.shape == (n_rows, count)
        assert places.dtype == np.int32
        assert np.array_equal(values, untouched)
        for row in range(n_rows):
            is_open = (values[row] > -np.inf) & ~closed[row]
            wanted = [place for place in order[row] if is_open[place]][:count]
            assert places[row].tolist() == wanted + [-1] * (count - len(wanted))


def log_weights(n_rows: int, n_items: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Weights with ties, with items that may not be shown, contradictions out of reach, and whole blocks far down."""
    weights = rng.integers(-8, 9, (n_rows, n_items)) / 8 - 40.0 * rng.integers(0, 2, (n_rows, n_items))
    n_blocks = n_items // kernels.BLOCK + 1
    weights -= np.repeat(rng.choice([0, 25, 40], (n_rows, n_blocks)), kernels.BLOCK, axis=1)[:, :n_items]
    weights[rng.random(weights.shape) < 0.1] = -np.inf
    weights[:, rng.integers(n_items)] = 1.0
    return weights.astype(np.float32)


many = st.integers(1, 3 * kernels.BLOCK)
"""Items of up to three blocks."""


@compiled
@given(many, seeds)
def test_peaks_are_the_largest_of_each_block(n_items: int, seed: int) -> None:
    weights = log_weights(2, n_items, np.random.default_rng(seed))
    peaks = kernels.find_peaks(weights)
    starts = range(0, n_items, kernels.BLOCK)
    assert peaks.shape == (2, len(starts))
    for block, start in enumerate(starts):
        assert np.array_equal(peaks[:, block], weights[:, start : start + kernels.BLOCK].max(axis=1))


@compiled
@given(many, st.integers(0, 40), seeds)
def test_largest_but_is_the_largest_of_the_others(n_items: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = log_weights(3, n_items, rng)
    left_out = rng.integers(-1, n_items, (3, rng.integers(0, 20))).astype(np.int32)
    closed = np.zeros((3, n_items + 1), bool)
    closed[np.arange(3)[:, None], left_out] = True
    untouched = weights.copy()
    places = kernels.largest_but(weights, kernels.find_peaks(weights), count, left_out)
    assert places.dtype == np.int32
    assert np.array_equal(places, kernels.largest(weights, count, closed[:, :-1]))
    assert np.array_equal(weights, untouched)


@compiled
@given(st.integers(1, 3), st.integers(1, 9), st.sampled_from([1.0, 30.0, 3000.0]), seeds)
def test_normalise_is_the_softmax(n_rows: int, n_items: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = (rng.normal(size=(n_rows, n_items)) * scale).astype(np.float32)
    weights[:, 1:][rng.random((n_rows, n_items - 1)) < 0.3] = -np.inf
    untouched = weights.copy()
    probability = kernels.normalise(weights, kernels.find_peaks(weights))
    masses = np.exp((weights - weights.max(axis=1, keepdims=True)).astype(float))
    assert probability.dtype == np.float32
    assert probability == pytest.approx(masses / masses.sum(axis=1, keepdims=True), abs=1e-6)
    assert np.array_equal(weights, untouched)


@compiled
@given(many, seeds)
def test_normalise_passes_over_what_is_out_of_reach(n_items: int, seed: int) -> None:
    weights = log_weights(3, n_items, np.random.default_rng(seed))
    probability = kernels.normalise(weights, kernels.find_peaks(weights))
    distance = weights - weights.max(axis=1, keepdims=True)
    masses = np.where(distance > -30, np.exp(distance.astype(float)), 0.0)
    assert probability == pytest.approx(masses / masses.sum(axis=1, keepdims=True), abs=1e-6)
    assert np.array_equal(probability > 0, distance > -30)


@compiled
@given(facts(), st.integers(1, 4), seeds)
def test_sums_are_matrix_products(known: Facts, n_rows: int, seed: int) -> None:
    catalogue = known.catalogue()
    weights = log_weights(n_rows, known.n_items, np.random.default_rng(seed))
    peaks = kernels.find_peaks(weights)
    probability = kernels.normalise(weights, peaks)
    scales, has, unknown, entropy = sums_of(catalogue, weights)
    assert (has.dtype, unknown.dtype) == (np.float64, np.float64)
    assert has == pytest.approx(probability.astype(float) @ has_matrix(catalogue), abs=1e-7)
    assert unknown == pytest.approx(unknown_share(catalogue, probability), abs=1e-7)
    assert entropy == pytest.approx(entropy_bits(probability.astype(float)), abs=1e-5)
    assert (entropy >= 0).all()
    items = np.random.default_rng(seed).integers(-1, known.n_items, (5, 4)).astype(np.int32)
    rows = np.arange(5) % n_rows
    found = kernels.masses_of(weights, rows, items, scales)
    assert np.array_equal(found, np.where(items >= 0, probability[rows[:, None], items], 0.0))


def sums_of(catalogue: Catalogue, weights: NDArray[np.float32]) -> tuple[NDArray[np.floating], ...]:
    """Scales, the belief in each attribute and in each facet being unknown, and the entropy."""
    edges, unknown = catalogue.item_attributes, catalogue.unknown_items.transposed
    return kernels.sum_up(
        weights, kernels.find_peaks(weights), edges.indptr, edges.indices, edges.n_columns,
        unknown.indptr, unknown.indices, unknown.n_columns,
    )  # fmt: skip


def test_negligible_items_hold_next_to_nothing() -> None:
    n_items = 10_000
    weights = np.full((1, n_items), np.float32(np.log(kernels.NEGLIGIBLE / 2)))
    weights[0, 0] = 0.0
    indptr, indices = np.arange(n_items + 1), np.zeros(n_items, np.int32)
    peaks = kernels.find_peaks(weights)
    _, has, _, _ = kernels.sum_up(weights, peaks, indptr, indices, 1, np.zeros(n_items + 1, np.int64), indices[:0], 1)
    assert has[0, 0] == pytest.approx(1 / (1 + n_items * kernels.NEGLIGIBLE / 2), abs=1e-7)


@compiled
@given(facts(), st.data(), seeds)
def test_add_by_state_adds_what_each_state_adds(known: Facts, data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    catalogue, n_rows = known.catalogue(), 3
    questions = data.draw(st.lists(questions_about(known), max_size=5))
    options, rows = padded(questions, 4), rng.integers(n_rows, size=len(questions))
    facets = np.array([known.facet[own[0]] for own in questions], np.int16)
    deltas = rng.normal(size=(len(questions), 17)).astype(np.float32)
    deltas[:, 0] = 0.0
    before = rng.normal(size=(n_rows, known.n_items)).astype(np.float32)
    expected = before.astype(float)
    for question, row, facet, delta in zip(questions, rows, facets, deltas, strict=True):
        for item, own in enumerate(known.has):
            state = sum((option in own) << place for place, option in enumerate(question))
            expected[row, item] += delta[state] if known.knows_facet(item, facet) else delta[-1]
    weights = before.copy()
    items, unknown = catalogue.attribute_items, catalogue.unknown_items
    edges = items.indptr, items.indices, unknown.indptr, unknown.indices
    kernels.add_by_state(weights, rows, options, facets, deltas, *edges)
    assert weights == pytest.approx(expected, abs=1e-5)
    again = before.copy()
    kernels.add_by_state(again, rows, options, facets, deltas, *edges)
    assert np.array_equal(again, weights)


@compiled
@given(st.integers(1, 60), st.integers(0, 12), st.integers(1, 3), st.booleans(), st.booleans(), seeds)
def test_most_telling_are_the_largest_of_each_group(
    n_attributes: int, count: int, n_groups: int, is_open: bool, honest: bool, seed: int
) -> None:
    """As if the bits of every attribute had been worked out and sorted."""
    rng = np.random.default_rng(seed)
    n_rows = 3
    has = rng.beta(0.3, 0.3, (n_rows, n_attributes)).round(2) * (rng.random((n_rows, n_attributes)) < 0.8)
    facets = rng.integers(0, n_groups, n_attributes).astype(np.int16)
    unknown = rng.random((n_rows, n_groups)) * is_open
    has *= 1 - unknown[:, facets]
    spoken = np.tile([[1.0, 0.0], [0.0, 1.0], [0.25, 0.25]], (n_attributes, 1, 1))
    if not honest:
        spoken = rng.dirichlet(np.ones(4), (n_attributes, 3))[..., : rng.integers(2, 4)].copy()
    noise = entropy_bits(np.concatenate([spoken, 1 - spoken.sum(axis=-1, keepdims=True)], axis=-1))
    order = (rng.random(n_attributes) * 1e-7).astype(np.float32)
    asked = rng.integers(-1, n_attributes, (n_rows, rng.integers(0, 9))).astype(np.int32)
    closed = np.zeros((n_rows, n_attributes + 1), bool)
    closed[np.arange(n_rows)[:, None], asked] = True
    bits = question_kernels.binary_information(has, unknown, facets, spoken, noise)
    surprises = question_kernels.surprises(spoken)
    attributes, values = question_kernels.most_telling(
        has, unknown, facets, spoken, noise, surprises, order, facets, n_groups, count, asked
    )
    assert attributes.shape == values.shape == (n_rows, n_groups, count)
    for row, group in itertools.product(range(n_rows), range(n_groups)):
        own = np.flatnonzero((facets == group) & ~closed[row, :-1])
        wanted = own[np.argsort(-(bits + order)[row, own], kind="stable")][:count]
        assert attributes[row, group].tolist() == wanted.tolist() + [-1] * (count - len(wanted))
        assert np.array_equal(values[row, group, : len(wanted)], bits[row, wanted])
        assert not values[row, group, len(wanted) :].any()


@compiled
@given(st.booleans(), st.booleans(), seeds)
def test_no_answer_is_worth_more_than_its_surprise(honest: bool, is_open: bool, seed: int) -> None:
    """Whatever was expected and whatever is believed; and nothing is lost where just that is believed."""
    rng = np.random.default_rng(seed)
    n_attributes, references = 40, question_kernels.EXPECTED_UNKNOWN
    spoken = np.tile([[1.0, 0.0], [0.0, 1.0], [0.25, 0.25]], (n_attributes, 1, 1))
    if not honest:
        spoken = rng.dirichlet(np.ones(4), (n_attributes, 3))[..., : rng.integers(2, 4)].copy()
    noise = entropy_bits(np.concatenate([spoken, 1 - spoken.sum(axis=-1, keepdims=True)], axis=-1))
    surprises = question_kernels.surprises(spoken)
    assert surprises.shape == (len(references), n_attributes, 3)
    facet = np.zeros(n_attributes, np.int16)
    unknown = np.append(rng.random() * is_open, references)
    has = rng.beta(0.3, 0.3, (len(unknown), n_attributes)) * (1 - unknown)[:, None]
    has[1:, 0] = question_kernels.EXPECTED_HAS * (1 - references)
    bits = question_kernels.binary_information(has, unknown[:, None], facet, spoken, noise)
    states = np.stack([1 - has - unknown[:, None], has, np.broadcast_to(unknown[:, None], has.shape)], axis=2)
    bounds = np.einsum("nps,ups->nup", states, surprises)
    assert (bits[:, None] <= bounds + 1e-9).all()
    assert np.diagonal(bounds[1:, :, 0]) == pytest.approx(bits[1:, 0], abs=1e-9)


def naming_bits(cells: NDArray[np.float64]) -> float:
    """Bits from a truthful facet question about options whose 2**m cells have these masses."""
    n_options = len(cells).bit_length() - 1
    channel = np.zeros((len(cells), n_options + 1))
    channel[0, n_options] = 1.0
    for cell in range(1, len(cells)):
        held = [place for place in range(n_options) if cell >> place & 1]
        channel[cell, held] = 1 / len(held)
    joint = np.maximum(cells, 0.0)[:, None] * channel
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return float((joint[joint > 0] * np.log2(joint[joint > 0] / apart[joint > 0])).sum())


def partition_bits(cells: NDArray[np.float64]) -> float:
    """Bits from a truthful multi question about options whose 2**m cells have these masses."""
    held = cells[cells > 0]
    return float(-(held * np.log2(held)).sum())


def cells_of(options: list[int], belief: NDArray[np.float64], has: NDArray[np.float64]) -> NDArray[np.float64]:
    """Belief in each of the 2**m cells of the options."""
    cell = (has[:, options] @ (1 << np.arange(len(options)))).astype(int) if options else np.zeros(len(belief), int)
    return np.bincount(cell, belief, minlength=1 << len(options))


def weighed_in(known: Facts, rng: np.random.Generator, n_rows: int) -> NDArray[np.int32]:
    """Attributes of each facet in random order, some of them left out, shape (N, F, P)."""
    facets = range(len(known.open_world))
    orders = [[rng.permutation(known.attributes_in(facet)).tolist() for facet in facets] for _ in range(n_rows)]
    kept = [[order[: len(order) - len(order) // 3 * row] for order in own] for row, own in enumerate(orders)]
    return np.array([padded(own, known.n_attributes) for own in kept], np.int32)


@compiled
@given(facts(), st.integers(1, 4), st.booleans(), seeds)
def test_options_are_chosen_greedily(known: Facts, n_options: int, naming: bool, seed: int) -> None:
    catalogue, probability = known.catalogue(), beliefs(3, known.n_items, seed)
    has = has_matrix(catalogue)
    weighed = weighed_in(known, np.random.default_rng(seed), 3)
    unknown = unknown_share(catalogue, probability)
    rest = unknown, weighed, catalogue.attribute_facet, naming, n_options, *both_ways(catalogue)
    call = *logs_of(probability), *rest
    options, masses = option_kernels.choose_options(*call)
    assert options.shape == (3, len(known.open_world), n_options)
    for row, facet in itertools.product(range(3), range(len(known.open_world))):
        choices = [attribute for attribute in weighed[row, facet].tolist() if attribute >= 0]
        belief = probability[row].astype(float) * catalogue.known[:, facet]
        chosen = [option for option in options[row, facet].tolist() if option >= 0]
        assert options[row, facet].tolist() == chosen + [-1] * (n_options - len(chosen))
        assert len(set(chosen)) == len(chosen)
        assert set(chosen) <= set(choices)
        cells = cells_of(chosen, belief, has)
        assert masses[row, facet, : len(cells)] == pytest.approx(cells, abs=1e-6)
        assert not masses[row, facet, len(cells) :].any()
        assert_greedy(chosen, choices, n_options, naming, belief, has)
    again, masses_again = option_kernels.choose_options(*call)
    assert np.array_equal(again, options)
    assert np.array_equal(masses_again, masses)


@pytest.mark.parametrize("naming", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_options_are_the_same_by_item_and_by_attribute(naming: bool, seed: int) -> None:
    """Half the items have fewer edges than all attributes that are weighed, and more than those of one facet."""
    rng = np.random.default_rng(seed)
    n_items, n_facets, each = 40, 4, 10
    own = tuple(tuple(np.flatnonzero(rng.random(n_facets * each) < 0.3).tolist()) for _ in range(n_items))
    facet_of = tuple(np.repeat(np.arange(n_facets), each).tolist())
    known = Facts(own, facet_of, (False,) * n_facets, tuple(range(n_items)), tuple(range(len(facet_of))), frozenset())
    catalogue = known.catalogue()
    probability = np.zeros((1, n_items), np.float32)
    probability[0, ::2] = rng.dirichlet(np.ones(n_items // 2))
    weighed = np.arange(n_facets * each, dtype=np.int32).reshape(1, n_facets, each)
    by_item, by_attribute = catalogue.item_attributes.degrees[::2].sum(), catalogue.attribute_items.degrees
    assert by_attribute[:each].sum() < by_item < by_attribute.sum()
    rest = catalogue.attribute_facet, naming, 4, *both_ways(catalogue)
    call = *logs_of(probability), unknown_share(catalogue, probability)
    options, masses = option_kernels.choose_options(*call, weighed, *rest)
    assert (options >= 0).all()
    for facet in range(n_facets):
        only = np.full_like(weighed, -1)
        only[0, facet] = weighed[0, facet]
        alone = option_kernels.choose_options(*call, only, *rest)
        assert np.array_equal(alone[0][0, facet], options[0, facet])
        assert np.array_equal(alone[1][0, facet], masses[0, facet])


def both_ways(catalogue: Catalogue) -> tuple[tuple[NDArray[np.int64], NDArray[np.int32]], ...]:
    """Attributes of each item, and items of each attribute."""
    return tuple((edges.indptr, edges.indices) for edges in (catalogue.item_attributes, catalogue.attribute_items))


def unknown_share(catalogue: Catalogue, probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Belief in items for which each facet is unknown, shape (N, F)."""
    return probability.astype(float) @ ~catalogue.known


def assert_greedy(
    chosen: list[int],
    choices: list[int],
    n_options: int,
    naming: bool,
    belief: NDArray[np.float64],
    has: NDArray[np.float64],
) -> None:
    """Each option is worth as much as any other would be in its place, and none that is worth something is missing."""
    bits_of = naming_bits if naming else partition_bits
    for place in range(len(chosen) + 1):
        earlier = chosen[:place]
        rest = [attribute for attribute in choices if attribute not in earlier]
        best = max((bits_of(cells_of([*earlier, attribute], belief, has)) for attribute in rest), default=0.0)
        if place < len(chosen):
            assert bits_of(cells_of(chosen[: place + 1], belief, has)) == pytest.approx(best, abs=3e-6)
        elif place < n_options:
            assert best <= bits_of(cells_of(chosen, belief, has)) + 5e-6


@compiled
@given(facts(), st.booleans(), seeds)
def test_dialogues_and_facets_are_chosen_for_apart(known: Facts, naming: bool, seed: int) -> None:
    """What one question leaves in the scratch arrays does not reach the next."""
    catalogue, probability = known.catalogue(), beliefs(4, known.n_items, seed)
    weighed = weighed_in(known, np.random.default_rng(seed), 4)
    unknown = unknown_share(catalogue, probability)
    rest = catalogue.attribute_facet, naming, 4, *both_ways(catalogue)
    weights, peaks = logs_of(probability)
    options, masses = option_kernels.choose_options(weights, peaks, unknown, weighed, *rest)
    for row, facet in itertools.product(range(4), range(len(known.open_world))):
        only = np.full_like(weighed[[row]], -1)
        only[0, facet] = weighed[row, facet]
        alone = option_kernels.choose_options(weights[[row]], peaks[[row]], unknown[[row]], only, *rest)
        assert np.array_equal(alone[0][0, facet], options[row, facet])
        assert np.array_equal(alone[1][0, facet], masses[row, facet])


def test_as_rows() -> None:
    across = np.arange(6.0).reshape(2, 3).T
    rows = kernels.as_rows(across)
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    assert np.array_equal(rows, across)


def test_naming_bits_by_hand() -> None:
    assert naming_bits(np.array([0.5, 0.5])) == pytest.approx(1.0)
    assert naming_bits(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.0)  # either is named: only noise
    assert naming_bits(np.array([0.0, 0.5, 0.5, 0.0])) == pytest.approx(1.0)
    assert partition_bits(np.array([0.25] * 4)) == pytest.approx(2.0)


@compiled
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from([0.0, 0.3]), st.sampled_from([0.0, 0.2]), seeds)
def test_picking_information_is_that_of_the_whole_tables(
    n_options: int, n_facets: int, silence: float, graded: float, seed: int
) -> None:
    """As if every combination of answers had been written down for every state."""
    rng = np.random.default_rng(seed)
    n_rows, n_attributes = 3, 12

    def chances(most: float) -> NDArray[np.float64]:
        return rng.random(n_attributes) * most

    model = AnswerModel(
        chances(0.3), chances(0.3), chances(silence), chances(silence), np.full(n_attributes, 0.95), chances(graded),
        chances(graded), chances(1.0),
    )  # fmt: skip
    options = np.full((n_rows, n_facets, n_options), -1, np.int32)
    held = rng.random((n_rows, n_facets, 2**n_options))
    for row, facet in itertools.product(range(n_rows), range(n_facets)):
        count = rng.integers(0, n_options + 1)
        options[row, facet, :count] = rng.choice(n_attributes, count, replace=False)
        held[row, facet, 2**count :] = 0.0
    unknown = rng.random((n_rows, n_facets))
    total = held.sum(axis=2) + unknown
    held, unknown = held / total[:, :, None], unknown / total
    found = question_kernels.picking_information(held, unknown, options, *model.binary_channel)
    for facet in range(n_facets):
        states = np.concatenate([held[:, facet], unknown[:, facet, None]], axis=1)
        bits = answer_information(states, model.picking_channel(options[:, facet]))
        assert found[:, facet] == pytest.approx(np.where(options[:, facet, 0] >= 0, bits, 0.0), abs=1e-9)
