"""The unified policy before it has learned anything, and what its network may look at."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from graph.answers import QuestionMode
from policy.bayes import BayesPolicy
from policy.unified.agent import PRUDENCE_ABROAD, UnifiedPolicy, tensors
from policy.unified.layout import RELATIONS, STEPS
from policy.unified.network import CLOSED, IDLE_PRUDENCE, WAIT_PRUDENCE, may_be_busy
from simulator.environments.observations import Observation
from simulator.history import Act
from simulator.protocol import Policy, State
from simulator.randomness import dialogue_keys
from tests.policy.contract import PolicyContract, about
from tests.policy.unified.conftest import RULE, shaken, untrained
from tests.worlds import MODES, city, setting_of


class TestUntrained(PolicyContract):
    beats = ("random", "abs-greedy", "max-entropy-yes", "max-entropy")
    succeeds = 0.97

    def make(self) -> Policy:
        return untrained()


def met(mode: QuestionMode, users: str, policy: Policy, count: int = 60) -> list[State]:
    """Copies of the states of some dialogues in which this policy decides."""
    items = (np.arange(count) % city().catalogue.n_items).astype(np.int32)
    talk = setting_of(city(), mode, users=users).begin(policy, about(items), dialogue_keys(3, np.arange(count)))
    seen = []
    while talk.n_dialogues:
        state = talk.state(np.arange(talk.n_dialogues))
        seen.append(state)
        talk.keep(np.flatnonzero(~talk.step(state, policy.choose(state)).over))
    return seen


def observed(policy: UnifiedPolicy, state: State) -> Observation:
    return policy.encoder.encode(state, policy.rules)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("users", ["classic", "mixture"])
def test_before_learning_it_does_what_the_rule_does(mode: QuestionMode, users: str) -> None:
    policy, bayes = untrained(mode), BayesPolicy(RULE)
    seen = met(mode, users, bayes)
    acts = {int(state.candidates.space.act_of(slot)) for state in seen for slot in bayes.choose(state).slots}
    assert acts >= {Act.ASK, Act.RECOMMEND}
    for state in seen:
        assert (policy.choose(state).slots == bayes.choose(state).slots).all()


def test_closed_slots_are_never_worth_taking() -> None:
    policy = shaken(untrained())
    for state in met(QuestionMode.BINARY, "burst", policy):
        values = policy.values(state)
        assert (values[~state.candidates.mask] == np.float32(CLOSED)).all()
        assert (values[state.candidates.mask] > -100).all()


def test_a_dialogue_is_valued_alike_alone_and_among_others() -> None:
    policy = shaken(untrained())
    state = max(met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE)), key=lambda each: each.history.n_dialogues)
    seen = observed(policy, state)
    together = policy.values(state)
    for row in range(0, state.history.n_dialogues, 7):
        alone = {name: part[row : row + 1] for name, part in seen.items()}
        with torch.inference_mode():
            values = policy.network.values(tensors(alone, state.catalogue)).numpy()
        assert values[0] == pytest.approx(together[row], abs=1e-5)


def test_states_of_several_are_valued_as_each_of_them() -> None:
    """Histories of any length, as people have them who talk at the same time."""
    policy = shaken(untrained())
    states = met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE))[:4]
    assert len({int(state.history.length.max()) for state in states}) == 4
    together = policy.values_of(states)
    alone = np.concatenate([policy.values(state) for state in states])
    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_a_dialogue_of_a_turn_or_two_is_seen_as_any_other(turns: int, mode: QuestionMode) -> None:
    policy = shaken(untrained(mode))
    count = 12
    items = (np.arange(count) % city().catalogue.n_items).astype(np.int32)
    setting = setting_of(city(), mode, turns=turns, users="mixture")
    talk = setting.begin(policy, about(items), dialogue_keys(3, np.arange(count)))
    while talk.n_dialogues:
        state = talk.state(np.arange(talk.n_dialogues))
        seen = observed(policy, state)
        space = policy.encoder.space(state.catalogue, policy.rules)
        assert all(seen[name].shape[1:] == part.shape for name, part in space.items())
        talk.keep(np.flatnonzero(~talk.step(state, policy.choose(state)).over))


def test_padding_of_the_history_says_nothing_and_its_order_does() -> None:
    policy = shaken(untrained())
    state = met(QuestionMode.BINARY, "noisy:0.3", BayesPolicy(RULE))[3]
    seen = observed(policy, state)

    def values(steps: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return policy.network.values(tensors({**seen, "steps": steps}, state.catalogue)).numpy()

    steps, n_steps = seen["steps"].copy(), seen["n_steps"][:, 0]
    assert (n_steps == 3).all()
    before = values(steps)
    filled = steps.copy()
    filled[:, 3:] = 5.0
    assert np.array_equal(values(filled), before)
    turned = steps.copy()
    turned[:, :3] = steps[:, 2::-1]
    assert not np.allclose(values(turned), before)


def test_steps_of_the_history_are_the_latest_and_oldest_first() -> None:
    state = met(QuestionMode.BINARY, "classic", BayesPolicy(RULE))[2]
    steps = observed(untrained(), state)["steps"]
    history = state.history
    for row in range(history.n_dialogues):
        assert steps[row, 0, STEPS.index("asks")] == (history.acts[row, 0] == Act.ASK)
        assert steps[row, 1, STEPS.index("chance")] == pytest.approx(history.chance[row, 1])
        assert not steps[row, 2:].any()


def test_what_is_seen_fits_its_space() -> None:
    for mode in MODES:
        policy = untrained(mode)
        space = policy.encoder.space(city().catalogue, policy.rules)
        for state in met(mode, "mixture", policy):
            seen = observed(policy, state)
            assert seen.keys() == set(space.spaces)
            for row in range(state.history.n_dialogues):
                assert space.contains({name: part[row] for name, part in seen.items()})


@pytest.mark.parametrize(
    ("config", "deaf_to"),
    [({"graph_layers": 0}, "edges"), ({"history_layers": 0}, "steps")],
)  # fmt: skip
def test_what_is_switched_off_is_not_looked_at(config: dict[str, int], deaf_to: str) -> None:
    state = met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE))[3]
    whole, without = shaken(untrained()), shaken(untrained(**config))  # type: ignore[arg-type]
    seen = tensors(observed(whole, state), state.catalogue)
    other = {**seen, deaf_to: torch.rand_like(seen[deaf_to])}
    with torch.inference_mode():
        assert not torch.equal(whole.network.values(seen), whole.network.values(other))
        assert torch.equal(without.network.values(seen), without.network.values(other))


def test_a_round_of_messages_is_the_sum_of_what_each_relation_brings() -> None:
    layer = untrained().network.graph[0]
    nodes, edges = torch.randn(3, 9, layer.norm.weight.shape[0]), torch.rand(3, len(RELATIONS), 9, 9)
    normed = layer.norm(nodes)
    one_by_one = [convolution(normed, edges[:, number]) for number, convolution in enumerate(layer.convolutions)]
    assert torch.allclose(layer(nodes, edges), nodes + torch.relu(sum(one_by_one)), atol=1e-5)
    assert not torch.allclose(layer(nodes, edges.flip(1)), layer(nodes, edges), atol=1e-3)


def test_prudence_is_what_another_act_has_to_promise_more() -> None:
    """None: the network's choice; some: the rule's wherever less than that lies between them; much: the rule's."""
    bold = shaken(untrained())
    seen = met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE))
    apart = 0
    for state in seen:
        values, rows = bold.values(state), np.arange(state.history.n_dialogues)
        values[:, -1] = np.where(state.candidates.mask[:, -1], -np.inf, values[:, -1])  # waiting has a test of its own
        ruled = BayesPolicy(RULE).choose(state).slots
        behind = values.max(axis=1) - values[rows, ruled]
        apart += int((behind > 0).sum())
        for prudence in (0.0, 0.3, 100.0):
            policy = untrained(prudence=prudence)
            policy.network.load_state_dict(bold.network.state_dict())
            policy.network.config = replace(policy.network.config, may_wait=False)
            expected = np.where(behind < prudence, ruled, values.argmax(axis=1)) if prudence else values.argmax(axis=1)
            clear = np.abs(behind - prudence) > 1e-4
            assert (policy.choose(state).slots == expected)[clear].all()
    assert apart > 50


def test_it_is_prudent_where_it_was_not_trained() -> None:
    bold, apart = shaken(untrained()), 0
    with torch.no_grad():
        bold.network.residual.weight *= 0.2  # now many acts promise a little more
    abroad = replace(bold, rates=replace(bold.rates, vocabulary="of another catalogue", n_items=1))
    prudent = untrained(prudence=PRUDENCE_ABROAD)
    prudent.network.load_state_dict(bold.network.state_dict())
    at_home = replace(abroad, rates=replace(abroad.rates, vocabulary=city().catalogue.vocabulary))
    for state in met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE)):
        assert (abroad.choose(state).slots == prudent.choose(state).slots).all()
        assert (at_home.choose(state).slots == bold.choose(state).slots).all()
        apart += int((abroad.choose(state).slots != bold.choose(state).slots).sum())
    assert apart > 10


@pytest.mark.parametrize("prudence", [0.02, 0.03])
def test_waiting_needs_little_prudence_where_somebody_may_be_busy_and_more_elsewhere(prudence: float) -> None:
    policy, seen_busy = untrained(prudence=prudence), np.zeros(2, np.int64)
    for state in met(QuestionMode.BINARY, "mixture", BayesPolicy(RULE)):
        seen = tensors(observed(policy, state), state.catalogue)
        ruled = torch.as_tensor(BayesPolicy(RULE).choose(state).slots)[:, None]
        may_wait, busy = seen["mask"][:, -1] > 0, may_be_busy(seen["moment"])
        for ahead in (0.5 * WAIT_PRUDENCE, 2 * WAIT_PRUDENCE, 0.9 * IDLE_PRUDENCE, 1.1 * IDLE_PRUDENCE):
            advantage = torch.full(seen["mask"].shape, -1.0).scatter(1, ruled, 0.0)
            advantage[:, -1] = ahead
            policy.network.forward = lambda _, found=advantage: (torch.zeros(len(found)), found)  # type: ignore[method-assign]
            waits = policy.network.values(seen).argmax(dim=1) == advantage.shape[1] - 1
            assert (waits == (may_wait & (ahead > torch.where(busy, WAIT_PRUDENCE, IDLE_PRUDENCE)))).all()
        seen_busy += np.bincount(busy[may_wait].numpy(), minlength=2)
    assert (seen_busy > 20).all()
