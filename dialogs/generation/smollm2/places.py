"""Where SmolLM2 is kept, and in which files."""

from pathlib import Path

CONFIG, ARRAYS, TOKENIZER, META = "config.json", "model.safetensors", "tokenizer.json", "smollm2.json"

GET = "get them: convrec data fetch smollm2"


def folder_in(cache: Path) -> Path:
    """The folder of the model in the user's cache."""
    return cache / "smollm2"
