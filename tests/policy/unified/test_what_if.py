"""Forked dialogues: what is done in a fork is what would have happened, and nothing else changes."""

from pathlib import Path

import numpy as np
import pytest

from graph.answers import QuestionMode
from graph.errors import DataError
from policy.bayes import BayesPolicy
from policy.unified.layout import MOMENT
from policy.unified.what_if import Comparisons, compare_acts
from simulator.core import Conversations
from simulator.history import Act
from simulator.protocol import Decision
from simulator.randomness import dialogue_keys
from simulator.runs import draw_targets
from tests.policy.contract import about
from tests.policy.unified.conftest import RULE, untrained
from tests.worlds import MODES, city, setting_of

POLICY = BayesPolicy(RULE)


def talking(users: str, mode: QuestionMode = QuestionMode.BINARY, count: int = 40) -> Conversations:
    targets = about((np.arange(count) * 7 % city().catalogue.n_items).astype(np.int32))
    return setting_of(city(), mode, users=users).begin(POLICY, targets, dialogue_keys(5, np.arange(count)))


def go_on(talk: Conversations, rewards: np.ndarray) -> None:
    """To the end, writing down what each dialogue came to by its place at the beginning."""
    places = np.arange(talk.n_dialogues)
    while talk.n_dialogues:
        state = talk.state()
        over = talk.step(state, POLICY.choose(state)).over
        rewards[places] = talk.tally.reward
        places = places[~over]
        talk.keep(np.flatnonzero(~over))


@pytest.mark.parametrize("users", ["mixture", "mind-changer:0.3+nlu", "burst+deliberator+impatient:5"])
@pytest.mark.parametrize("mode", MODES)
def test_a_fork_goes_on_as_the_dialogue_would_have(users: str, mode: QuestionMode) -> None:
    talk = talking(users, mode)
    for _ in range(2):
        state = talk.state()
        talk.keep(np.flatnonzero(~talk.step(state, POLICY.choose(state)).over))
    n = talk.n_dialogues
    fork, turned = talk.take(np.arange(n)), talk.take(np.arange(n)[::-1])
    of_forks = np.zeros((2, n))
    go_on(fork, of_forks[0])
    go_on(turned, of_forks[1])
    original = np.zeros(n)
    go_on(talk, original)
    assert np.array_equal(of_forks[0], original)
    assert np.array_equal(of_forks[1][::-1], original)


def test_what_acts_come_to_is_what_they_come_to_when_done() -> None:
    """Held anew from the beginning, with the act in question forced at its step and the luck the same."""
    setting, encoder = setting_of(city(), users="burst+noisy:0.1"), untrained().encoder
    targets = draw_targets(city(), 12, 3)
    found = compare_acts(setting, POLICY, encoder, targets, 11, looked_at=1.0, strays=0.0)
    keys = dialogue_keys(11, np.arange(len(targets)))
    left = [MOMENT.index("turns left"), MOMENT.index("time left")]
    number, checked = 0, 0
    talk = setting.begin(POLICY, targets, keys)
    acts_so_far: list[np.ndarray] = []
    while talk.n_dialogues:
        state = talk.state()
        rows = talk.rows.copy()
        for row in rows:
            # Decisions without a choice are left out; the next one looked at shows the same moment.
            moment = encoder.encode(talk.state(np.flatnonzero(talk.rows == row)), setting.rules)["moment"][0]
            same = number < len(found) and np.allclose(found.seen["moment"][number][left], moment[left], atol=1e-3)
            if not same:
                continue
            for act, expected in zip(found.slots[number], found.returns[number], strict=True):
                if act >= 0 and checked < 60:
                    assert held_with(row, [acts[row] for acts in acts_so_far], int(act)) == pytest.approx(
                        expected, abs=1e-5
                    )
                    checked += 1
            number += 1
        slots = POLICY.choose(state).slots
        taken = np.full(len(targets), -1)
        taken[rows] = slots
        acts_so_far.append(taken)
        talk.keep(np.flatnonzero(~talk.step(state, Decision(slots)).over))
    assert checked == 60
    assert number > 20


def held_with(row: int, before: list[int], act: int) -> float:
    """What dialogue ``row`` comes to after the acts before, from this act on."""
    setting, targets = setting_of(city(), users="burst+noisy:0.1"), draw_targets(city(), 12, 3)
    alone = type(targets)(targets.users[[row]], targets.items[[row]])
    talk = setting.begin(POLICY, alone, dialogue_keys(11, np.array([row])))
    for slot in before:
        talk.step(talk.state(), Decision(np.array([slot])))
    start = float(talk.tally.reward[0])
    over = talk.step(talk.state(), Decision(np.array([act]))).over
    while not over[0]:
        state = talk.state()
        over = talk.step(state, POLICY.choose(state)).over
    return float(talk.tally.reward[0]) - start


def test_acts_compared_are_open_and_of_every_kind() -> None:
    found = compare_acts(
        setting_of(city(), users="burst"), POLICY, untrained().encoder, draw_targets(city(), 100, 0), 0
    )  # fmt: skip
    there = found.slots >= 0
    rows = np.arange(len(found))[:, None]
    assert found.seen["mask"][rows, np.maximum(found.slots, 0)][there].all()
    kinds = {int(kind) for kind in setting_of(city()).rules.space.act_of(found.slots[there])}
    assert kinds == {Act.ASK, Act.RECOMMEND, Act.WAIT}
    assert (there.sum(axis=1) >= 2).all()
    joined = Comparisons.join([found, found])
    assert len(joined) == 2 * len(found)
    assert len(joined.seen["slots"]) == len(joined)


def test_comparisons_are_kept_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    found = compare_acts(setting_of(city()), POLICY, untrained().encoder, draw_targets(city(), 40, 1), 1)
    path = tmp_path / "round-0.safetensors"
    found.save(path)
    again = Comparisons.load(path)
    assert again.seen.keys() == found.seen.keys()
    assert all(np.array_equal(again.seen[name], found.seen[name]) for name in found.seen)
    assert np.array_equal(again.slots, found.slots)
    assert np.array_equal(again.returns, found.returns)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="no comparisons of acts"):
        Comparisons.load(path)
