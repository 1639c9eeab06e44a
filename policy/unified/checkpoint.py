"""A unified policy on disk: ``network.safetensors`` and ``agent.json`` in one folder.

The network and what goes with it know no catalogue.  A part of its own, which may be missing, is bound to one
vocabulary: how far answers about each of its attributes can be trusted.  Nothing read here can run code.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import torch

from graph.answers import QuestionMode
from graph.errors import DataError
from graph.item_codes import Origin
from graph.whole_file import written_whole
from policy.bayes import GainRule
from policy.unified.encoding import StateEncoder
from policy.unified.extras import CodeExtra, Extra, restore_extras
from policy.unified.layout import layout_hash
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.trust import RATES, AnswerRates
from policy.unified.unicorn import UnicornConfig, UnicornNetwork
from simulator.candidates import ActionSpace

NETWORKS: Mapping[str, tuple[Any, Any]] = {
    "unified": (NetworkConfig, UnifiedNetwork), "unicorn": (UnicornConfig, UnicornNetwork),
}  # fmt: skip
"""By kind of agent: what says how its network is made, and the network."""

SCHEMA_VERSION = 2
ARRAYS, META = "network.safetensors", "agent.json"
OF_ATTRIBUTE, OF_EXTRA = "rates of attributes", "extra "
LARGEST = 5_000_000
"""Bytes of an agent, at most."""


@dataclass(frozen=True)
class Agent:
    """Everything that was learned, and where it comes from."""

    network: UnifiedNetwork | UnicornNetwork
    encoder: StateEncoder
    rates: AnswerRates
    space: ActionSpace = field(default_factory=ActionSpace)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Command, commit, seed, data and their licence, figures on valid."""


def save(agent: Agent, folder: Path) -> None:
    """Write an agent, replacing what was there.

    :raises DataError: when the folder cannot be written.
    """
    state = {name: part.detach().cpu().numpy() for name, part in agent.network.state_dict().items()}
    if agent.rates.of_attribute is not None:
        state[OF_ATTRIBUTE] = agent.rates.of_attribute.astype(np.float32)
    for extra in agent.encoder.extras:
        state |= {f"{OF_EXTRA}{name}": part for name, part in extra.arrays().items()}
    arrays = safetensors.numpy.save({name: np.ascontiguousarray(part) for name, part in state.items()})
    meta = {
        "schema_version": SCHEMA_VERSION,
        "kind": next(kind for kind, (_, made) in NETWORKS.items() if isinstance(agent.network, made)),
        "layout": layout_hash(agent.space),
        "space": asdict(agent.space),
        "network": asdict(agent.network.config),
        "rules": {mode.name.lower(): asdict(rule) for mode, rule in agent.encoder.rules_of_mode},
        "doubted_weight": agent.encoder.doubted_weight,
        "rates": {
            "names": RATES,
            "everywhere": list(map(float, agent.rates.everywhere)),
            "of_facet": {name: list(map(float, rates)) for name, rates in agent.rates.of_facet.items()},
            "vocabulary": agent.rates.vocabulary,
            "doubt": agent.rates.doubt,
            "hears_no": agent.rates.hears_no,
            "n_items": agent.rates.n_items,
        },
        **_of_extras(agent.encoder.extras),
        **agent.provenance,
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / ARRAYS) as unfinished:
            unfinished.write_bytes(arrays)
        # Last: it names the arrays by their hash, so a reader never takes old and new together for whole.
        with written_whole(folder / META) as unfinished:
            unfinished.write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}); name a folder you own") from error


def _of_extras(extras: Sequence[Extra]) -> dict[str, Any]:
    """What is said of extras; nothing where there are none."""
    if not extras:
        return {}
    origins = [asdict(extra.codebook.origin) for extra in extras if isinstance(extra, CodeExtra)]
    return {"extras": [extra.name for extra in extras], "codebook": origins[0] if origins else None}


def load(folder: Path) -> Agent:
    """Read what :func:`save` wrote.

    :raises DataError: when it is missing or damaged, or is for other slots or features than this version has.
    """
    mend = "train it again: convrec train --policy unified --out FOLDER"
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        if (folder / ARRAYS).stat().st_size > LARGEST:
            raise DataError(f"{folder / ARRAYS}: larger than {LARGEST:,} bytes, so no agent; {mend}")
        raw = (folder / ARRAYS).read_bytes()
        if meta["schema_version"] != SCHEMA_VERSION or meta["kind"] not in NETWORKS:
            raise DataError(f"{folder}: schema {meta['schema_version']!r} of {meta['kind']!r}; {mend}")
        if meta["arrays_sha256"] != hashlib.sha256(raw).hexdigest():
            raise DataError(f"{folder / ARRAYS}: damaged, or not the one that {META} is about; {mend}")
        space = ActionSpace(**{each.name: _count(meta["space"], each.name) for each in fields(ActionSpace)})
        if meta["layout"] != layout_hash(space):
            raise DataError(f"{folder}: made for other slots or features (layout {meta['layout']!r}); {mend}")
        return _restore(meta, space, safetensors.numpy.load(raw))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); {mend}") from error
    except (
        ArithmeticError, AttributeError, IndexError, KeyError, RecursionError, RuntimeError, TypeError, ValueError,
        safetensors.SafetensorError,
    ) as error:  # fmt: skip
        lines = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{folder}: not an agent ({lines[0]}); {mend}") from error


def _restore(meta: dict[str, Any], space: ActionSpace, arrays: dict[str, Any]) -> Agent:
    of_attribute = arrays.pop(OF_ATTRIBUTE, None)
    of_extras = {name.removeprefix(OF_EXTRA): arrays.pop(name) for name in list(arrays) if name.startswith(OF_EXTRA)}
    if any(not np.isfinite(part).all() for part in arrays.values()):
        raise ValueError("a weight is not finite")
    make_config, make = NETWORKS[meta["kind"]]
    network = make(make_config(**meta["network"]))
    network.load_state_dict({name: torch.from_numpy(part) for name, part in arrays.items()})
    network.eval()
    rules = tuple(
        (QuestionMode[name.upper()], GainRule(**{each.name: _number(rule[each.name]) for each in fields(GainRule)}))
        for name, rule in meta["rules"].items()
    )
    stated = meta["rates"]
    if tuple(stated["names"]) != RATES:
        raise ValueError(f"rates {stated['names']}")
    rates = AnswerRates(
        _chances(stated["everywhere"]),
        {str(name): _chances(each) for name, each in stated["of_facet"].items()},
        None if of_attribute is None else _checked_table(of_attribute),
        str(stated["vocabulary"]),
        _share(stated["doubt"]),
        bool(stated["hears_no"]),
        _count(stated, "n_items", 0, 2**31),
    )
    known = {
        "network",
        "rules",
        "doubted_weight",
        "rates",
        "space",
        "layout",
        "arrays_sha256",
        "schema_version",
        "kind",
        "extras",
        "codebook",
    }
    extras = restore_extras(meta.get("extras", ()), _origin(meta.get("codebook")), of_extras)
    encoder = StateEncoder(rules, _number(meta["doubted_weight"]), extras)
    if getattr(network.config, "extra", 0) != encoder.n_extra:
        raise ValueError(f"a network for {network.config.extra} extra numbers, but there are {encoder.n_extra}")
    provenance = {name: value for name, value in meta.items() if name not in known}
    return Agent(network, encoder, rates, space, provenance)


def _origin(stated: Any) -> Origin | None:
    if stated is None:
        return None
    words = {name: str(stated[name]) for name in ("data", "fingerprint", "licence", "home")}
    return Origin(seed=int(stated["seed"]), adapted=tuple(map(str, stated["adapted"])), **words)


def _checked_table(table: Any) -> Any:
    if table.ndim != 2 or table.shape[1] != len(RATES) or not ((table >= 0) & (table < 1)).all():
        raise ValueError(f"{OF_ATTRIBUTE} of shape {table.shape}")
    return table.astype(np.float64)


def _chances(values: Any) -> tuple[float, ...]:
    numbers = tuple(map(_number, values))
    if len(numbers) != len(RATES) or max(numbers) >= 1:
        raise ValueError(f"rates {values}")
    return numbers


def _share(value: Any) -> float:
    if (number := _number(value)) > 1.0:
        raise ValueError(f"{value!r} is no chance")
    return number


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is not a number of 0 or more")
    return float(value)


def _count(stated: Mapping[str, Any], name: str, least: int = 1, most: int = 1000) -> int:
    value = stated[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} = {value!r}")
    return value
