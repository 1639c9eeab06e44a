"""Reads a text with a Llama and tells what may come next: quickly, on one core, without PyTorch.

At one token at a time the work is reading the weights, so they are bytes with a scale for each row, and are turned into
numbers within the product; what goes in stays exact.  (Bytes on both sides, as dynamic quantisation has it, fail here:
SmolLM2 has inputs a thousand times larger than the rest.)  Touvron et al. 2023, "LLaMA"; Allal et al. 2025, "SmolLM2".
Legend: D width, H heads, G heads of keys, E width of a head, V tokens, T tokens that are read, P positions so far.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numba import njit
from numpy.typing import NDArray

from dialogs.generation.smollm2.places import ARRAYS, CONFIG

Floats = NDArray[np.float32]

FEW = 4
"""Tokens up to which a product reads the weights as bytes; more are worth unpacking them for."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a Llama, called as in the configurations of transformers."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    rms_norm_eps: float
    rope_theta: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape":
        """Those of a ``config.json``."""
        theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
        return cls(
            config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"],
            config["num_key_value_heads"], config["rms_norm_eps"], theta,
        )  # fmt: skip

    @property
    def head_width(self) -> int:
        """E."""
        return self.hidden_size // self.num_attention_heads


class Bytes:
    """A matrix as bytes, with a scale for each row, shapes (rows, columns) and (rows,)."""

    def __init__(self, weights: NDArray[np.int8], scales: Floats) -> None:
        self.weights, self.scales = np.ascontiguousarray(weights), scales.astype(np.float32)

    @classmethod
    def of(cls, matrix: Floats) -> "Bytes":
        """Round each row to the 255 steps that its largest number asks for."""
        scales = np.maximum(np.abs(matrix).max(axis=1) / 127, np.finfo(np.float32).tiny)
        return cls(np.rint(matrix / scales[:, None]).astype(np.int8), scales)

    def __getitem__(self, rows: NDArray[np.intp] | Sequence[int]) -> Floats:
        return self.weights[rows].astype(np.float32) * self.scales[rows][:, None]

    def applied(self, x: Floats) -> Floats:
        """The product with each row of ``x``, shapes (T, columns) to (T, rows)."""
        if len(x) == 1:
            return _product(self.weights, self.scales, x[0])[None]
        if len(x) <= FEW:
            return np.stack([_product(self.weights, self.scales, row) for row in x])
        return (x @ self.weights.astype(np.float32).T) * self.scales


@njit(cache=True, fastmath=True)
def _product(weights, scales, x):  # type: ignore[no-untyped-def]
    made = np.empty(len(weights), np.float32)
    for row in range(len(weights)):
        total = np.float32(0.0)
        for column in range(len(x)):
            total += np.float32(weights[row, column]) * x[column]
        made[row] = total * scales[row]
    return made


@dataclass
class Read:
    """Keys and values of what was read, shapes (layers, G, room, E); the first ``length`` positions count."""

    keys: Floats
    values: Floats
    length: int

    def followed_by(self, room: int) -> "Read":
        """A copy to read on from, with room for so many tokens more; this one stays as it is."""
        layers, heads, _, width = self.keys.shape
        copies = [np.empty((layers, heads, self.length + room, width), np.float32) for _ in range(2)]
        for copy, own in zip(copies, (self.keys, self.values), strict=True):
            copy[:, :, : self.length] = own[:, :, : self.length]
        return Read(copies[0], copies[1], self.length)


@dataclass(frozen=True)
class _Layer:
    attends: Floats
    """Weights of the norm before attention, (D,)."""
    asked: Bytes
    """Queries, keys and values in one, (H + 2 G) E rows."""
    out: Bytes
    thinks: Floats
    gated: Bytes
    """Gate and what it lets through in one."""
    down: Bytes


class Llama:
    """A decoder whose last product shares its weights with the first."""

    def __init__(self, config: Mapping[str, Any], arrays: Mapping[str, Floats]) -> None:
        """Take the weights of a Llama, called as in transformers.

        :param arrays: exact ones, or bytes with their scales as :func:`packed` makes them.
        """
        self.shape = Shape.of(config)
        held = arrays if any(name.endswith(SCALE) for name in arrays) else packed(arrays)

        def joined(*names: str) -> Bytes:
            return Bytes(*(np.concatenate([held[f"model.{name}{end}"] for name in names]) for end in (WEIGHT, SCALE)))

        self.embedding = joined("embed_tokens")
        self._norm = held[f"model.norm{WEIGHT}"]
        self._layers = []
        for number in range(self.shape.num_hidden_layers):
            own = f"layers.{number}."
            self._layers.append(_Layer(
                held[f"model.{own}input_layernorm{WEIGHT}"],
                joined(*(f"{own}self_attn.{each}_proj" for each in "qkv")),
                joined(f"{own}self_attn.o_proj"),
                held[f"model.{own}post_attention_layernorm{WEIGHT}"],
                joined(f"{own}mlp.gate_proj", f"{own}mlp.up_proj"),
                joined(f"{own}mlp.down_proj"),
            ))  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> "Llama":
        """Read one that was kept."""
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return cls(config, safetensors.numpy.load_file(folder / ARRAYS))

    def nothing(self) -> Read:
        """What is known before the first token."""
        shape = self.shape
        empty = np.empty((shape.num_hidden_layers, shape.num_key_value_heads, 0, shape.head_width), np.float32)
        return Read(empty, empty, 0)

    def read(self, tokens: Sequence[int], after: Read) -> Floats:
        """Read on, and keep in ``after`` what was read.

        :param tokens: at least one; ``after`` needs room for them.
        :return: what the last of them says of the next, shape (D,), for :meth:`scores`.
        """
        shape, begin, end = self.shape, after.length, after.length + len(tokens)
        cosines, sines = self._turns(begin, end)
        x = self.embedding[np.asarray(tokens, np.intp)]
        for number, layer in enumerate(self._layers):
            asked = layer.asked.applied(self._normed(x, layer.attends))
            heads = asked.reshape(len(x), -1, shape.head_width).transpose(1, 0, 2)  # (H + 2 G, T, E)
            turned = heads[: shape.num_attention_heads + shape.num_key_value_heads]
            turned = turned * cosines + _rotated(turned) * sines
            keys, values = after.keys[number], after.values[number]
            keys[:, begin:end] = turned[shape.num_attention_heads :]
            values[:, begin:end] = heads[len(turned) :]
            seen = self._attended(turned[: shape.num_attention_heads], keys[:, :end], values[:, :end])
            x = x + layer.out.applied(seen)
            gated = layer.gated.applied(self._normed(x, layer.thinks))
            gate, through = gated[:, : gated.shape[1] // 2], gated[:, gated.shape[1] // 2 :]
            x = x + layer.down.applied((gate / (1 + np.exp(-gate)) * through).astype(np.float32))
        after.length = end
        return self._normed(x[-1:], self._norm)[0]

    def scores(self, said: Floats) -> Floats:
        """Logits of every token, shape (V,)."""
        return self.embedding.applied(said[None])[0]

    def _normed(self, x: Floats, weights: Floats) -> Floats:
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + np.float32(self.shape.rms_norm_eps)) * weights

    def _turns(self, begin: int, end: int) -> tuple[Floats, Floats]:
        """Cosines and sines of positions, shapes (T, E): rotary embeddings (Su et al. 2021)."""
        width = self.shape.head_width
        slowness = self.shape.rope_theta ** (-np.arange(0, width, 2) / width)
        angles = np.tile(np.outer(np.arange(begin, end), slowness), 2)
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def _attended(self, queries: Floats, keys: Floats, values: Floats) -> Floats:
        """What the heads see, shapes (H, T, E) and (G, P, E) to (T, H E)."""
        n_heads, length, width = queries.shape
        groups, positions = keys.shape[:2]
        by_group = queries.reshape(groups, -1, width)  # heads that share keys lie side by side
        scores = by_group @ keys.transpose(0, 2, 1) / np.float32(np.sqrt(width))
        if length > 1:
            later = np.triu(np.ones((length, positions), bool), positions - length + 1)
            scores = scores.reshape(n_heads, length, positions)
            scores[:, later] = -np.inf
            scores = scores.reshape(groups, -1, positions)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ values).reshape(n_heads, length, width).transpose(1, 0, 2).reshape(length, -1)


WEIGHT, SCALE = ".weight", ".scale"


def packed(arrays: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    """Every matrix as bytes and scales, under ``NAME.weight`` and ``NAME.scale``; what is no matrix as it is."""
    made: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if array.ndim == 2:
            matrix = Bytes.of(array)
            made[name], made[name.removesuffix(WEIGHT) + SCALE] = matrix.weights, matrix.scales
        else:
            made[name] = array
    return made


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """The numbers that packed arrays stand for, under the names of transformers."""
    return {
        name: array.astype(np.float32) * arrays.get(name.removesuffix(WEIGHT) + SCALE, np.ones(1, np.float32))[:, None]
        if array.ndim == 2 else array
        for name, array in arrays.items() if not name.endswith(SCALE)
    }  # fmt: skip


def _rotated(x: Floats) -> Floats:
    half = x.shape[-1] // 2
    return np.concatenate([-x[..., half:], x[..., :half]], axis=-1)
