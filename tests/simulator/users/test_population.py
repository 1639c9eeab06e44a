"""Populations: what they are called, and that kinds compose in any order to the same people."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.answers import Answer, QuestionMode
from graph.errors import DataError, OptionError
from policy.bayes import BayesPolicy
from policy.hand_written import RandomPolicy
from policy.patience import patient
from simulator.people import Traits
from simulator.randomness import dialogue_keys
from simulator.runs import Dialogues, Targets, run_dialogues
from simulator.statistics import PairedBootstrap
from simulator.users import HELD_OUT, KINDS, parse_users, user_types
from tests.simulator.users.contract import CATALOGUE, begin, hold, named, same, some_number
from tests.worlds import MODES, Rambling, city, setting_of

SETS_OF_KINDS = st.lists(st.sampled_from(tuple(KINDS)), min_size=2, max_size=6, unique=True)


def test_kinds_of_users_by_name():
    assert user_types() == tuple(KINDS)
    assert set(HELD_OUT) < set(KINDS)
    assert parse_users("classic").parts == ((KINDS["classic"], 0.0),)
    assert parse_users("noisy:0.1 + impatient").parts == ((KINDS["noisy"], 0.1), (KINDS["impatient"], 1.0))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("clasic", r"no user type 'clasic'; did you mean classic\?$"),
        ("nobody at all", r"no user type 'nobody at all'; choose from classic, mixture, .*; join them with \+$"),
        ("noisy+", r"no user type ''; choose from classic"),
        ("noisy:0.1+noisy:0.2", r"users 'noisy:0.1\+noisy:0.2': noisy is named twice; name it once$"),
        ("noisy:0.6", r"'noisy': '0.6' is not a number from 0 to 0.5 \(chance .*\); write noisy:0.1$"),
        ("noisy:table.json", r"'noisy': 'table.json' is not a number"),
        ("multi-interest:2.5", r"'multi-interest': '2.5' is not a whole number from 2 to 5"),
    ],
)
def test_a_name_that_is_none_is_refused_in_one_line(name: str, complaint: str):
    with pytest.raises(OptionError, match=complaint) as refused:
        parse_users(name)
    assert "\n" not in str(refused.value)


def test_a_table_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"nowhere.json: cannot be read .*; name a confusion table$"):
        parse_users("noisy+nlu:nowhere.json")


def test_nothing_after_the_colon_is_the_default():
    assert parse_users("noisy:").parts == parse_users("noisy").parts


@settings(max_examples=60, deadline=None)
@given(kinds=SETS_OF_KINDS, order=st.randoms(use_true_random=False))
def test_kinds_change_traits_in_any_order_to_the_same(kinds: list[str], order):
    keys = dialogue_keys(0, np.arange(150))
    shuffled = order.sample(kinds, len(kinds))
    found = []
    for names in (kinds, shuffled):
        traits = Traits.classic(150)
        for name in names:
            KINDS[name].change(traits, some_number(KINDS[name]), keys)
        found.append(traits)
    for name in Traits.__dataclass_fields__:
        assert np.allclose(getattr(found[0], name), getattr(found[1], name), rtol=1e-12, atol=0), name
    one, two = (parse_users("+".join(named(KINDS[name]) for name in names)) for names in (kinds, shuffled))
    assert same(one.traits(keys), two.traits(keys))


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@settings(max_examples=8, deadline=None)
@given(kinds=SETS_OF_KINDS, order=st.randoms(use_true_random=False))
def test_people_of_several_kinds_say_the_same_in_whatever_order_they_are_named(
    mode: QuestionMode, kinds: list[str], order
):
    shuffled = order.sample(kinds, len(kinds))
    one, two = (
        hold(begin(parse_users("+".join(named(KINDS[name]) for name in names)), np.arange(12), mode))
        for names in (kinds, shuffled)
    )
    assert all(same(first, second) for first, second in zip(one, two, strict=True))


@pytest.mark.parametrize(
    ("name", "yes", "no", "dont_know"),
    [
        # A slip comes first and is then not known as often as anything else.
        ("noisy:0.2+dont-know:0.5", 0.5 * 0.8, 0.5 * 0.2, 0.5),
        ("noisy:0.2+weak-reject:0.5", 0.8 * 0.5, 0.2 + 0.8 * 0.5, 0.0),
        ("dont-know:0.4+dont-care:0.5", 0.6 * 0.5, 0.0, 0.4),
        ("dont-know:0.4+noisy:0.3+dont-care:0.5", 0.6 * 0.5 * 0.7, 0.6 * 0.5 * 0.3, 0.4),
    ],
)
def test_what_composed_people_say_of_what_is_true(name: str, yes: float, no: float, dont_know: float):
    """Of an attribute that more than a tenth of the items have, so that it is as well known as any."""
    n = 20_000
    common = int(CATALOGUE.attribute_items.degrees.argmax())
    item = CATALOGUE.attribute_items.row(common)[0]
    parts = name.split("+")
    for spelled in (name, "+".join(reversed(parts))):
        users = parse_users(spelled)(CATALOGUE, np.full(n, item, np.int32), dialogue_keys(0, np.arange(n)))
        said = users.answer(np.arange(n), np.full((n, 1), common, np.int32), QuestionMode.BINARY, np.zeros(n, int))
        for answer, share in ((Answer.YES, yes), (Answer.NO, no), (Answer.DONT_KNOW, dont_know)):
            assert (said == answer).mean() == pytest.approx(share, abs=3 * np.sqrt(0.25 / n)), (spelled, answer)


def run(policy: object, users: str, dialogues: int) -> Dialogues:
    """Dialogues in the city, with items any of its users might look for."""
    rng = np.random.default_rng(0)
    targets = Targets(np.zeros(dialogues, np.int32), rng.integers(0, 1500, dialogues).astype(np.int32))
    return run_dialogues(setting_of(city(), users=users), policy, targets, seed=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("users", [*user_types(), "noisy:0.2+burst+deliberator+impatient+multi-interest"])
def test_a_good_agent_beats_a_bad_one(users: str):
    """By reward and by success, beyond doubt; both meet the same people with the same luck."""
    n = 160
    good, bad = run(patient(BayesPolicy()), users, n), run(RandomPolicy(), users, n)
    bootstrap = PairedBootstrap(n, np.random.default_rng(0))
    for metric, values in {
        "reward": [each.tally.reward for each in (good, bad)],
        "sr": [(each.history.accepted_turn > 0).astype(float) for each in (good, bad)],
    }.items():
        found = bootstrap.compare(*values, a="good", b="bad", metric=metric)
        assert found.ci[0] > 0, f"{users}: {found}"


def test_waiting_for_people_who_are_busy_pays_and_waiting_for_others_does_not():
    """The same policy with patience and without: worth something where people write in pieces or think."""
    n = 300
    bootstrap = PairedBootstrap(n, np.random.default_rng(0))
    for users, pays in (("burst+deliberator+impatient", True), ("classic", False)):
        waits, goes_on = (run(policy, users, n) for policy in (patient(BayesPolicy()), BayesPolicy()))
        found = bootstrap.compare(waits.tally.reward, goes_on.tally.reward, a="patient", b="bayes", metric="reward")
        assert (found.ci[0] > 0) if pays else (found.diff == 0), f"{users}: {found}"


def test_any_act_brings_every_kind_to_an_end():
    for users in user_types():
        done = run(Rambling(np.random.default_rng(1)), users, 40)
        over = (done.history.accepted_turn > 0) | done.history.left | (done.history.turns >= 15)
        assert (over | (done.history.clock >= 60)).all(), users
