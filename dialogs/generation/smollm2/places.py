"""Where SmolLM2 is kept, in which files, and whether they are what was fetched."""

import json
from pathlib import Path

from graph.file_hashes import sha256_of

CONFIG, ARRAYS, TOKENIZER, META = "config.json", "model.safetensors", "tokenizer.json", "smollm2.json"
SCHEMA_VERSION = 1

GET = "get them: convrec data fetch smollm2"


def folder_in(cache: Path) -> Path:
    """The folder of the model in the user's cache."""
    return cache / "smollm2"


def is_whole(folder: Path) -> bool:
    """Whether the model lies there, unharmed and of this version."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        found = {name: sha256_of(folder / name) for name in (CONFIG, ARRAYS, TOKENIZER)}
        return bool((meta["schema_version"], meta["sha256"]) == (SCHEMA_VERSION, found))
    except (OSError, KeyError, TypeError, ValueError):
        return False
