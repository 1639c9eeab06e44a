"""docs/environments.md says what the code does."""

import inspect
import re
from dataclasses import asdict
from typing import Any

import pytest

from simulator.candidates import ActionSpace
from simulator.environments.batch import OPTIONS, Batch
from simulator.environments.observations import CONTEXT_FEATURES, KEYS, LONG_SILENCE, MOST_BITS, SLOT_FEATURES
from simulator.environments.setup import make_setting
from simulator.environments.single import MultiRoundEnv
from simulator.rewards import Rewards
from simulator.timing import CLOCK, MOST_WAITS, SILENCE_TIMER, TICK_SECONDS
from tests.test_documents import ROOT
from tests.worlds import town

PAGE = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first heading this is."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-:|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found, f"no table begins with {heading}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found[1].splitlines()]


def test_every_feature_is_explained_in_order():
    assert [row[0] for row in table("`slots`")] == list(SLOT_FEATURES)
    assert [row[0] for row in table("`context`")] == list(CONTEXT_FEATURES)
    assert all(row[1] for row in table("`slots`") + table("`context`"))


def test_the_parts_of_an_observation():
    rows = {row[0].strip("`"): row for row in table("key")}
    assert list(rows) == list(KEYS)
    env = MultiRoundEnv(data=town(), affinity="uniform", questions="multi")
    names = {"n_ask": 10, "n_recommend": 20, "K": 31, "m": 4}
    for key, value in env.reset()[0].items():
        sizes = [names.get(size) or int(size) for size in re.findall(r"\w+", rows[key][1])]
        assert (sizes, rows[key][2]) == (list(value.shape), str(value.dtype))


def test_every_part_of_the_reward_with_its_numbers():
    rows = table("part")
    assert {row[0].strip("`"): float(row[1]) for row in rows} == asdict(Rewards())
    assert {row[0].strip("`"): float(row[2]) for row in rows} == asdict(Rewards.unicorn())


def test_every_option_with_its_default():
    rows = {row[0].strip("`"): row[1].strip("`") for row in table("option")}
    assert rows.keys() == set(OPTIONS)
    defaults: dict[str, Any] = {
        name: parameter.default
        for maker in (make_setting, Batch)
        for name, parameter in inspect.signature(maker).parameters.items()
    }
    for name, default in rows.items():
        assert default == ("all" if defaults[name] == KEYS else repr(defaults[name]).replace("'", '"')), name


def test_slots():
    space = ActionSpace()
    assert [row[0] for row in table("slots")] == [
        f"0 … {space.n_ask - 1}", f"{space.n_ask} … {space.wait_slot - 1}", f"{space.wait_slot}",
    ]  # fmt: skip
    assert f"ActionSpace(n_ask={space.n_ask}, n_recommend={space.n_recommend}, list_length={space.list_length})" in PAGE


@pytest.mark.parametrize(
    "claim",
    [
        f"ticks of {'two' if TICK_SECONDS == 2 else TICK_SECONDS} seconds",
        f"rings after {'two' if SILENCE_TIMER == 2 else SILENCE_TIMER} ticks",
        f"After {'three' if MOST_WAITS == 3 else MOST_WAITS} waits in a row",
        f"reaches {CLOCK} ticks",
        f"| waits in a row | divided by {MOST_WAITS} |",
        f"divided by {MOST_BITS:g} bits",
        f"last message, divided by {LONG_SILENCE:g} |",
    ],
)
def test_numbers_of_the_clock(claim: str):
    assert claim in PAGE


def test_what_is_known_at_the_end():
    env = MultiRoundEnv(data=town(), affinity="uniform", turns=1)
    env.reset()
    info = env.step(0)[-1]
    said = PAGE.split('`info["invalid"]` comes with every step.')[1].split("- `gymnasium.make`")[0]
    assert set(re.findall(r"`(\w+)`", said)) | {"invalid"} == info.keys()
