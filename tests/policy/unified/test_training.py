"""How much doubt an agent is trained with."""

from dataclasses import replace

from policy.unified.training import TrainingConfig, choose_doubt

CONFIG = TrainingConfig(doubts=(0.1, 0.01, 0.001, 0.0), strengths=(1.0, 0.4), valid_dialogues=100)


def test_the_better_two_are_looked_at_for_longer_and_the_best_of_them_is_chosen() -> None:
    asked: list[tuple[tuple[float, float], int]] = []

    def score(choice: tuple[float, float], count: int) -> float:
        asked.append((choice, count))
        briefly = {(0.1, 1.0): 0.5, (0.01, 0.4): 0.4, (0.001, 1.0): 0.3}
        return briefly.get(choice, -1.0) if count < 100 else {(0.1, 1.0): 0.1, (0.01, 0.4): 0.2}[choice]

    assert choose_doubt(CONFIG, score) == (0.01, 0.4)
    assert len(asked) == 3 * 2 + 2


def test_nothing_is_doubted_where_no_doubt_gains() -> None:
    assert choose_doubt(CONFIG, lambda choice, count: -0.01) == (0.0, 1.0)
    assert choose_doubt(replace(CONFIG, doubts=(0.0,)), lambda choice, count: 1.0) == (0.0, 1.0)
    assert choose_doubt(replace(CONFIG, doubts=(0.1,), strengths=(1.0,)), lambda choice, count: -1.0) == (0.1, 1.0)
