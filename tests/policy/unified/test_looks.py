"""How agents are chosen: by what they gain, and hardly at the cost of classic people."""

import pytest

from policy.unified.looks import HARMLESS, HDCG_PRICE, TURN_PRICE, Look

RULE = {
    "mixture, binary": {"reward": 0.7, "at": 4.0, "hdcg": 0.5},
    "classic, binary": {"reward": 0.9, "at": 3.0, "hdcg": 0.6},
}


def look(mixture: tuple[float, float], classic: tuple[float, float], hdcg: float = 0.6) -> Look:
    """An agent with this reward and AT, and this hDCG with classic people."""
    figures = zip(RULE, (mixture, classic), strict=True)
    return Look(
        0, 0.0, 0.0, {where: {"reward": reward, "at": at, "hdcg": hdcg} for where, (reward, at) in figures}, RULE
    )


def test_gain_is_reward_and_turns_at_their_price() -> None:
    assert look((0.8, 3.5), (0.9, 3.0)).gain == pytest.approx((0.1 + TURN_PRICE * 0.5) / 2)
    assert look((0.7, 4.0), (0.9, 3.0)).score == pytest.approx(0.0)


def test_what_classic_people_lose_counts_whole() -> None:
    unharmed, harmed = look((0.8, 3.5), (0.9, 3.0 + HARMLESS)), look((0.8, 3.5), (0.9, 3.1 + HARMLESS))
    assert harmed.harm == pytest.approx(0.1 + HARMLESS)
    assert unharmed.score == pytest.approx(unharmed.gain)
    assert harmed.score == pytest.approx(harmed.gain - 0.1)


def test_worse_ranks_for_classic_people_count_as_turns() -> None:
    allowed = HARMLESS / HDCG_PRICE
    unharmed, harmed = look((0.8, 3.5), (0.9, 3.0), 0.6 - allowed), look((0.8, 3.5), (0.9, 3.0), 0.59 - allowed)
    assert unharmed.score == pytest.approx(unharmed.gain)
    assert harmed.score == pytest.approx(harmed.gain - 0.01 * HDCG_PRICE)
