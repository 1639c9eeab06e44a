"""The default affinity in rehearsals."""

from dataclasses import replace

import numpy as np
import pytest

from graph.affinity import ANONYMOUS, rehearsals
from graph.affinity.cross_fitting import cross_fitted
from graph.affinity.hybrid import Hybrid
from graph.affinity.learning import draw_examples, learn
from graph.affinity.network import Network
from graph.affinity.signal_bank import SignalBank
from graph.interactions import Interactions
from tests.graph.affinity.contract import QUICK, FloatArray, gain, of_other_users, small


def test_every_rehearsal_is_scored_by_networks_that_have_not_met_the_user() -> None:
    parts = list(cross_fitted(small(), fitted_now()))
    assert len(parts) == len(list(rehearsals(small()))) > 1
    for rehearsal, affinity in parts:
        half = affinity._half_of_user
        assert set(half.tolist()) == {0, 1}
        halves = [each.scores(np.arange(400)) for each in affinity._halves]
        assert not np.allclose(*halves, atol=0.01)
        np.testing.assert_array_equal(affinity.scores(np.arange(400)), np.where(half[:, None] == 0, *halves))
        assert affinity.scores(np.array([ANONYMOUS])).shape == (1, 500)
        assert gain(rehearsal, affinity.scores) > gain(rehearsal, of_other_users(affinity, rehearsal)) + 0.3


def test_nobody_is_scored_by_what_learned_from_them() -> None:
    """With the signals of one half's contests turned upside down, the network that scores this half stays as it was."""
    asked = next(rehearsals(small()))
    bank = SignalBank(asked, QUICK.most_dense, lambda line: None)
    examples = draw_examples(asked, bank, QUICK, QUICK.contests, 0.25, 0)
    before = learn(examples, examples, 400, QUICK, lambda share: None)
    theirs = before.half_of_user[examples.contests.users] == 1
    signals = np.where(theirs[:, None, None], -examples.signals, examples.signals)
    after = learn(replace(examples, signals=signals), examples, 400, QUICK, lambda share: None)
    of_first, of_second = zip(before.by_others, after.by_others, strict=True)
    np.testing.assert_array_equal(before.half_of_user, after.half_of_user)
    assert relative_weights(of_second[0]) == pytest.approx(relative_weights(of_second[1]), rel=1e-4)
    assert relative_weights(of_first[0]) != pytest.approx(relative_weights(of_first[1]), rel=0.1)


def relative_weights(network: Network) -> FloatArray:
    """Output weights whatever the sharpness."""
    return network.out / np.abs(network.out).max()


def fitted_now() -> Hybrid:
    return Hybrid.fit(small(), QUICK)


def test_nobody_to_rehearse_with() -> None:
    alone = replace(small(), interactions=Interactions.none(500))
    assert list(cross_fitted(alone, Hybrid.fit(alone, QUICK))) == []
